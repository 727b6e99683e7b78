//! What a hand-off between two cores costs: the bare cache line, and a ring over it.
//!
//! One call measures one ring in one process; `seawall bench ring` starts many processes in turns
//! and compares their medians.

use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use hdrhistogram::Histogram;
use seawall_engine::pipeline::pin_to;
use seawall_engine::ring::{RingReceiver, RingSender, Transport};
use serde::{Deserialize, Serialize};

use super::RunClock;

/// Slots of the rings.
const SLOTS: usize = 1024;
/// Round trips before the measured ones.
const WARM_UP: u64 = 5_000;
/// Messages of a batch.
pub const BATCH: usize = 64;
/// Longest round trip told apart: ten milliseconds.
const LONGEST_NS: u64 = 10_000_000;

/// A message as large as an input, so that it fills our slot.
type Message = [u64; 7];
/// The word of the last message of a stream.
const LAST: u64 = u64::MAX;

/// How long a process measures.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Round trips of each kind.
    pub round_trips: u64,
    /// Messages of the stream.
    pub messages: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { round_trips: 60_000, messages: 6_000_000 }
    }
}

/// Round trips of one kind, in nanoseconds. Each includes one reading of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundTrips {
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
}

/// What one process measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RingProcess {
    /// The ring.
    pub ring: String,
    /// A cache line to the other core and back, polled without pause.
    pub bounce_spin_ns: RoundTrips,
    /// The same with a pause instruction between polls.
    pub bounce_pause_ns: RoundTrips,
    /// A message to the other core and back through two rings, polled without pause.
    pub round_trip_spin_ns: RoundTrips,
    /// The same with pauses.
    pub round_trip_pause_ns: RoundTrips,
    /// Messages per second in batches of [`BATCH`].
    pub batch_msgs_per_s: f64,
    /// What one reading of the clock costs, in nanoseconds.
    pub clock_cost_ns: f64,
    /// Whether both threads were pinned.
    pub pinned: bool,
}

/// Measures ring `R` between two cores.
pub fn measure<R: Transport>(cores: [usize; 2], effort: Effort) -> RingProcess {
    let clock = RunClock::start();
    let pair = Pair { cores, clock: &clock };
    let (bounce_spin_ns, _) = pair.bounce::<false>(effort.round_trips);
    let (round_trip_spin_ns, _) = pair.round_trip::<R, false>(effort.round_trips);
    let (bounce_pause_ns, _) = pair.bounce::<true>(effort.round_trips);
    let (round_trip_pause_ns, pinned) = pair.round_trip::<R, true>(effort.round_trips);
    RingProcess {
        ring: R::NAME.to_owned(),
        bounce_spin_ns,
        bounce_pause_ns,
        round_trip_spin_ns,
        round_trip_pause_ns,
        batch_msgs_per_s: pair.stream::<R>(effort.messages),
        clock_cost_ns: clock.cost_ns(),
        pinned,
    }
}

/// Median round trip of a bare cache line with pauses, for a preflight.
pub fn bounce_p50_ns(cores: [usize; 2], clock: &RunClock) -> u64 {
    Pair { cores, clock }.bounce::<true>(20_000).0.p50
}

/// Median round trip of a message through two rings with pauses, measured the same minute.
pub fn round_trip_p50_ns<R: Transport>(cores: [usize; 2], clock: &RunClock) -> u64 {
    Pair { cores, clock }.round_trip::<R, true>(20_000).0.p50
}

#[inline]
fn wait_for<const PAUSE: bool, T>(mut poll: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(value) = poll() {
            return value;
        }
        if PAUSE {
            spin_loop();
        }
    }
}

/// Two cores and a clock.
#[derive(Clone, Copy)]
struct Pair<'a> {
    cores: [usize; 2],
    clock: &'a RunClock,
}

impl Pair<'_> {
    /// Times `trip` again and again, one clock reading each.
    fn time_trips(self, count: u64, mut trip: impl FnMut(u64)) -> RoundTrips {
        let mut trips = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 3).expect("valid bounds");
        let mut before_ns = 0;
        for n in 1..=WARM_UP + count {
            trip(n);
            let now_ns = self.clock.now_ns();
            if n > WARM_UP {
                trips.saturating_record(now_ns - before_ns);
            }
            before_ns = now_ns;
        }
        let at = |quantile| trips.value_at_quantile(quantile);
        RoundTrips { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
    }

    /// Runs `there` on the second core and `here` on the first; says whether both were pinned.
    fn on_both<T: Send>(
        self,
        here: impl FnOnce() -> T + Send,
        there: impl FnOnce() + Send,
    ) -> (T, bool) {
        let [first, second] = self.cores;
        thread::scope(|scope| {
            let peer = scope.spawn(move || {
                let pinned = pin_to(second);
                there();
                pinned
            });
            let body = scope.spawn(move || {
                let pinned = pin_to(first);
                (here(), pinned)
            });
            let (value, pinned) = body.join().expect("the thread ends");
            (value, peer.join().expect("the thread ends") && pinned)
        })
    }

    fn bounce<const PAUSE: bool>(self, count: u64) -> (RoundTrips, bool) {
        #[repr(align(128))]
        struct LineOfItsOwn(AtomicU64);
        let line = Arc::new(LineOfItsOwn(AtomicU64::new(0)));
        let theirs = Arc::clone(&line);
        // Odd: there; even: back.
        let here = move || {
            self.time_trips(count, |n| {
                line.0.store(2 * n - 1, Ordering::Release);
                wait_for::<PAUSE, _>(|| (line.0.load(Ordering::Acquire) == 2 * n).then_some(()));
            })
        };
        let there = move || {
            for n in 1..=WARM_UP + count {
                wait_for::<PAUSE, _>(|| {
                    (theirs.0.load(Ordering::Acquire) == 2 * n - 1).then_some(())
                });
                theirs.0.store(2 * n, Ordering::Release);
            }
        };
        self.on_both(here, there)
    }

    fn round_trip<R: Transport, const PAUSE: bool>(self, count: u64) -> (RoundTrips, bool) {
        let (mut sender, mut peer_receiver) = R::channel::<Message>(SLOTS);
        let (mut peer_sender, mut receiver) = R::channel::<Message>(SLOTS);
        let here = move || {
            self.time_trips(count, |n| {
                let sent = sender.push([n; 7]);
                assert!(sent.is_ok(), "one message is on its way");
                let answer = wait_for::<PAUSE, _>(|| receiver.pop());
                assert_eq!(answer[6], n, "the answer to what was sent");
            })
        };
        let there = move || {
            for _ in 0..WARM_UP + count {
                let message = wait_for::<PAUSE, _>(|| peer_receiver.pop());
                let sent = peer_sender.push(message);
                assert!(sent.is_ok(), "one message is on its way");
            }
        };
        self.on_both(here, there)
    }

    /// Messages per second in batches, from the first batch to the moment the last message was
    /// taken on the other side.
    fn stream<R: Transport>(self, count: u64) -> f64 {
        let (mut sender, mut peer_receiver) = R::channel::<Message>(SLOTS);
        let (mut peer_sender, mut receiver) = R::channel::<Message>(2);
        let here = move || {
            let mut batch = vec![[0; 7]; BATCH];
            let start_ns = self.clock.now_ns();
            for _ in 0..count / BATCH as u64 {
                let mut sent = 0;
                while sent < BATCH {
                    let more = sender.push_batch(&batch[sent..]);
                    sent += more;
                    if more == 0 {
                        spin_loop();
                    }
                }
            }
            batch[0][0] = LAST;
            wait_for::<true, _>(|| sender.push(batch[0]).ok());
            wait_for::<true, _>(|| receiver.pop());
            (count / BATCH as u64 * BATCH as u64) as f64 * 1e9
                / (self.clock.now_ns() - start_ns) as f64
        };
        let there = move || {
            let mut last = false;
            while !last {
                let taken = peer_receiver.drain(BATCH, |message| {
                    last |= black_box(message)[0] == LAST;
                });
                if taken == 0 {
                    spin_loop();
                }
            }
            let sent = peer_sender.push([0; 7]);
            assert!(sent.is_ok(), "the ring is empty");
        };
        self.on_both(here, there).0
    }
}
