//! The shard with a stopwatch around it.

use hdrhistogram::Histogram;
use seawall_engine::pipeline::Shard;
use seawall_engine::types::{EventSink, Sequenced};

use super::RunClock;
use super::stages::{SAMPLE_EVERY, Served};
use super::stalls::StallLog;

/// Longest service time that is told apart: a minute.
const SERVICE_NS_MAX: u64 = 60_000_000_000;
/// What an input or an event may take before the time counts as a stall. Ten times the mean.
const WORK_NS: u64 = 1_000;

/// Times one in [`SAMPLE_EVERY`] inputs after the first `skip`. The histogram has two digits, so
/// that it does not evict the book.
#[derive(Debug)]
pub(super) struct TimedShard<S> {
    pub(super) shard: S,
    pub(super) service: Histogram<u64>,
    pub(super) served: Vec<Served>,
    pub(super) stalls: StallLog,
    /// The order in which inputs were taken, if it is kept.
    pub(super) taken: Option<Vec<Sequenced>>,
    clock: RunClock,
    skip: u64,
    pad_ns: u64,
    published: u64,
}

impl<S: Shard> TimedShard<S> {
    /// `inputs` is how many may come, `pad_ns` the least time that each takes.
    pub(super) fn new(shard: S, clock: RunClock, skip: usize, inputs: usize, pad_ns: u64) -> Self {
        let service =
            Histogram::new_with_bounds(1, SERVICE_NS_MAX, 2).expect("the bounds are valid");
        let every = usize::try_from(SAMPLE_EVERY).expect("small");
        Self {
            shard,
            service,
            served: Vec::with_capacity(inputs / every + 1),
            stalls: StallLog::new(),
            taken: None,
            clock,
            skip: skip as u64,
            pad_ns,
            published: 0,
        }
    }

    /// The same, keeping the order in which up to `inputs` are taken.
    pub(super) fn keeping_order(mut self, inputs: usize) -> Self {
        self.taken = Some(Vec::with_capacity(inputs));
        self
    }

    fn timed(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let start_ns = self.clock.now_ns();
        // Before the work: the answer leaves while the input is applied, and must not leave early.
        while self.pad_ns > 0 && self.clock.now_ns() < start_ns + self.pad_ns {}
        self.shard.apply(input, sink);
        let end_ns = self.clock.now_ns();
        if input.seq.0.is_multiple_of(SAMPLE_EVERY) {
            self.service.saturating_record(end_ns - start_ns);
            if self.served.len() < self.served.capacity() {
                self.served.push(Served { seq: input.seq.0, start_ns, end_ns });
            }
        }
    }
}

impl<S: Shard> Shard for TimedShard<S> {
    #[inline]
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        if let Some(taken) = &mut self.taken {
            taken.push(*input);
        }
        let followed = input.seq.0 > self.skip
            && (self.pad_ns > 0 || input.seq.0.is_multiple_of(SAMPLE_EVERY));
        if followed {
            self.timed(input, sink);
        } else {
            self.shard.apply(input, sink);
        }
    }

    #[inline]
    fn turned(&mut self, applied: usize, published: u64) {
        let events = published - self.published;
        self.published = published;
        let work_ns = applied as u64 * (WORK_NS + self.pad_ns) + events * WORK_NS;
        self.stalls.here(self.clock.now_ns(), work_ns);
    }
}
