//! Coordinated omission, shown: one overload, two clocks.
//!
//! A sender that waits for a full ring stamps its messages late, and a latency that counts from
//! that stamp cannot exceed the ring's size times the service time, whatever the overload. Counted
//! from the time at which the message should have been sent it grows as long as the run lasts.

use std::hint::spin_loop;
use std::thread;

use hdrhistogram::Histogram;
use seawall_engine::pipeline::pin_to;
use seawall_engine::ring::{RingReceiver, RingSender, Transport};

use super::{Pace, RunClock};
use crate::measure::histogram::nanoseconds;

/// Slots of the ring: what hides the overload.
pub const SLOTS: usize = 1024;
/// Time between the start and the first due message.
const LEAD_NS: u64 = 2_000_000;

/// The same messages by two clocks.
#[derive(Clone, Debug)]
pub struct TwoClocks {
    /// From the scheduled send.
    pub scheduled: Histogram<u64>,
    /// From the actual send.
    pub sent: Histogram<u64>,
    /// Messages per second that came through.
    pub msgs_per_s: f64,
}

/// A message: when it was due and when it was sent.
type Stamps = [u64; 2];

/// Sends `count` messages at a constant rate to a consumer that works `service_ns` on each.
///
/// Panics unless the rate is possible ([`Pace::open`]); callers check what they were given.
pub fn two_clocks<R: Transport>(
    cores: [usize; 2],
    msgs_per_s: f64,
    service_ns: u64,
    count: u64,
) -> TwoClocks {
    let clock = RunClock::start();
    let (mut sender, mut receiver) = R::channel::<Stamps>(SLOTS);
    let start_ns = clock.now_ns() + LEAD_NS;
    let pace = Pace::open(msgs_per_s, start_ns).expect("the caller checked the rate");
    let send_clock = clock.clone();
    let send = move || {
        pin_to(cores[0]);
        for n in 0..count {
            let due_ns = pace.scheduled_ns(n);
            let mut now_ns = send_clock.now_ns();
            while now_ns < due_ns {
                spin_loop();
                now_ns = send_clock.now_ns();
            }
            // The mistake: it waits, and stamps the message when there is room.
            while sender.push([due_ns, now_ns]).is_err() {
                spin_loop();
                now_ns = send_clock.now_ns();
            }
        }
    };
    let receive = move || {
        pin_to(cores[1]);
        let (mut scheduled, mut sent) = (nanoseconds(), nanoseconds());
        let mut end_ns = start_ns;
        while !receiver.is_finished() {
            let Some([due_ns, sent_ns]) = receiver.pop() else {
                spin_loop();
                continue;
            };
            let begin_ns = clock.now_ns();
            end_ns = begin_ns;
            while end_ns < begin_ns + service_ns {
                end_ns = clock.now_ns();
            }
            scheduled.saturating_record(end_ns.saturating_sub(due_ns).max(1));
            sent.saturating_record(end_ns.saturating_sub(sent_ns).max(1));
        }
        let msgs_per_s = count as f64 * 1e9 / (end_ns - start_ns).max(1) as f64;
        TwoClocks { scheduled, sent, msgs_per_s }
    };
    thread::scope(|scope| {
        scope.spawn(send);
        scope.spawn(receive).join().expect("the thread ends")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seawall_engine::ring::SeqSlotRing;

    #[test]
    fn the_late_stamp_hides_the_overload() {
        // Twice as much as comes through at 20 microseconds each: half of the run's length late
        // at the end. The other clock cannot see more than a ring of 1,024 such services, unless
        // the machine takes the consumer away.
        let both = two_clocks::<SeqSlotRing>([0, 1], 100_000.0, 20_000, 6_000);
        assert_eq!((both.scheduled.len(), both.sent.len()), (6_000, 6_000));
        assert!(both.scheduled.max() >= both.sent.max());
        assert!(both.scheduled.max() > 55_000_000, "{}", both.scheduled.max());
    }
}
