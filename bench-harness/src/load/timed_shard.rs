//! The shard with a stopwatch around it.

use hdrhistogram::Histogram;
use seawall_engine::pipeline::Shard;
use seawall_engine::types::{EventSink, Sequenced};

use super::RunClock;

/// One input in so many is timed: two clock readings on each would cost more than a tenth of the
/// engine's work.
pub(super) const SAMPLE_EVERY: u32 = 16;

/// Longest service time that is told apart: a minute.
const SERVICE_NS_MAX: u64 = 60_000_000_000;

/// Times one in [`SAMPLE_EVERY`] inputs after the first `skip`. The histogram has two digits, so
/// that it does not evict the book.
#[derive(Debug)]
pub(super) struct TimedShard<S> {
    pub(super) shard: S,
    pub(super) service: Histogram<u64>,
    clock: RunClock,
    countdown: u64,
}

impl<S: Shard> TimedShard<S> {
    pub(super) fn new(shard: S, clock: RunClock, skip: usize) -> Self {
        let service =
            Histogram::new_with_bounds(1, SERVICE_NS_MAX, 2).expect("the bounds are valid");
        Self { shard, service, clock, countdown: skip as u64 }
    }
}

impl<S: Shard> Shard for TimedShard<S> {
    #[inline]
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        if self.countdown > 0 {
            self.countdown -= 1;
            self.shard.apply(input, sink);
            return;
        }
        self.countdown = u64::from(SAMPLE_EVERY) - 1;
        let start_ns = self.clock.now_ns();
        self.shard.apply(input, sink);
        self.service.saturating_record(self.clock.now_ns() - start_ns);
    }
}
