//! Where the time of an order goes: late sending, waiting in front, service, the way out.

use hdrhistogram::Histogram;

use crate::measure::histogram::nanoseconds;

/// One input in so many is followed: clock readings on each would cost more than a tenth of the
/// engine's work.
pub(super) const SAMPLE_EVERY: u64 = 16;
/// As many in a row: where one input waits behind another, the end of one is the start of the next,
/// and a sample costs one reading instead of two.
pub(super) const SAMPLE_RUN: u64 = 16;

/// Whether an input of that sequence number is followed.
#[inline]
pub(super) const fn is_followed(seq: u64) -> bool {
    (seq / SAMPLE_RUN).is_multiple_of(SAMPLE_EVERY)
}

/// What the engine's side knows of a followed input, in ticks of the clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub(super) seq: u64,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// What the recorder knows of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    pub(super) seq: u64,
    pub(super) n: usize,
    pub(super) done: u64,
}

/// Time by stage, in nanoseconds, of one input in sixteen, sixteen in a row. The stages of an input
/// add up to its latency, up to the disagreement of the cores' clocks.
#[derive(Clone, Debug)]
pub struct Stages {
    /// From the scheduled to the actual send: the generator was late.
    pub send_lag: Histogram<u64>,
    /// From there until the shard takes it: the ring and the queue in it.
    pub ingress_wait: Histogram<u64>,
    /// Inside the engine.
    pub service: Histogram<u64>,
    /// From there until the recorder has the answer.
    pub egress: Histogram<u64>,
}

impl Stages {
    /// Joins both sides; both come by sequence number. `ns` says what a clock's ticks mean, `send`
    /// gives the due and the actual send of an input.
    pub(super) fn join(
        served: &[Served],
        answered: &[Answered],
        ns: impl Fn(u64) -> u64,
        send: impl Fn(usize) -> (u64, u64),
    ) -> Self {
        let mut stages = Self {
            send_lag: nanoseconds(),
            ingress_wait: nanoseconds(),
            service: nanoseconds(),
            egress: nanoseconds(),
        };
        let mut served = served.iter().peekable();
        for answer in answered {
            while served.next_if(|input| input.seq < answer.seq).is_some() {}
            let Some(input) = served.next_if(|input| input.seq == answer.seq) else { continue };
            let (due_ns, sent_ns) = send(answer.n);
            let record = |histogram: &mut Histogram<u64>, from: u64, to: u64| {
                histogram.saturating_record(to.saturating_sub(from).max(1));
            };
            record(&mut stages.send_lag, due_ns, sent_ns);
            let (start_ns, end_ns) = (ns(input.start), ns(input.end));
            record(&mut stages.ingress_wait, sent_ns, start_ns);
            record(&mut stages.service, start_ns, end_ns);
            record(&mut stages.egress, end_ns, ns(answer.done));
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_input_in_sixteen_is_followed_sixteen_in_a_row() {
        let followed: Vec<u64> = (1..=1_024).filter(|seq| is_followed(*seq)).collect();
        assert_eq!(followed.len() as u64, 1_024 / SAMPLE_EVERY);
        assert_eq!(followed[..17], [&(1..16).collect::<Vec<u64>>()[..], &[256, 257]].concat());
    }

    #[test]
    fn both_sides_meet_by_sequence_number() {
        let served = [(16, 100, 150), (32, 200, 260), (48, 300, 370)]
            .map(|(seq, start, end)| Served { seq, start: start / 10, end: end / 10 });
        // Number 32 had no answer (a step), number 64 was not followed.
        let answered = [(16, 3, 180), (48, 7, 400), (64, 9, 500)].map(|(seq, n, done)| Answered {
            seq,
            n,
            done: done / 10,
        });
        let send = |n| (n as u64, 10 * n as u64);
        let stages = Stages::join(&served, &answered, |ticks| 10 * ticks, send);
        let all = [&stages.send_lag, &stages.ingress_wait, &stages.service, &stages.egress];
        assert_eq!(all.map(Histogram::len), [2; 4]);
        assert_eq!(all.map(Histogram::min), [27, 70, 50, 30]);
        assert_eq!(all.map(Histogram::max), [63, 230, 70, 30]);
    }
}
