//! The shard with a stopwatch around it.

use hdrhistogram::Histogram;
use seawall_engine::pipeline::Shard;
use seawall_engine::types::{EventSink, Sequenced};

use super::RunClock;
use super::stages::{SAMPLE_EVERY, SAMPLE_RUN, Served, is_followed};
use super::stalls::StallLog;
use super::touched::room;
use crate::measure::histogram::nanoseconds;

/// What an input or an event may take before the time counts as a stall. Some five times the mean: an allowance
/// that is wide hides the stalls of a busy turn, and their wait is then taken for the engine's.
const WORK_NS: u64 = 250;

/// Times one in [`SAMPLE_EVERY`] inputs after the first `skip`, [`SAMPLE_RUN`] in a row. It only notes
/// what the clock said: histograms are made of that when the run is over, and do not evict the book.
#[derive(Debug)]
pub(super) struct TimedShard<S> {
    pub(super) shard: S,
    pub(super) served: Vec<Served>,
    pub(super) stalls: StallLog,
    /// The order in which inputs were taken, if it is kept.
    pub(super) taken: Option<Vec<Sequenced>>,
    clock: RunClock,
    skip: u64,
    pad_ns: u64,
    published: u64,
    /// When the input before was done, if the next one follows without a pause.
    done: Option<u64>,
}

impl<S: Shard> TimedShard<S> {
    /// `inputs` is how many may come, `pad_ns` the least time that each takes.
    pub(super) fn new(shard: S, clock: RunClock, skip: usize, inputs: usize, pad_ns: u64) -> Self {
        let [every, run] = [SAMPLE_EVERY, SAMPLE_RUN].map(|n| usize::try_from(n).expect("small"));
        Self {
            shard,
            served: room(inputs / every + run),
            stalls: StallLog::new(),
            taken: None,
            clock,
            skip: skip as u64,
            pad_ns,
            published: 0,
            done: None,
        }
    }

    /// The same, keeping the order in which up to `inputs` are taken.
    pub(super) fn keeping_order(mut self, inputs: usize) -> Self {
        self.taken = Some(Vec::with_capacity(inputs));
        self
    }

    /// Time inside the shard, of the inputs that were followed.
    pub(super) fn service(&self) -> Histogram<u64> {
        let mut service = nanoseconds();
        for input in &self.served {
            let ns = self.clock.ns(input.end).saturating_sub(self.clock.ns(input.start));
            service.saturating_record(ns.max(1));
        }
        service
    }

    fn timed(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let start = match self.done.take() {
            Some(done) if self.pad_ns == 0 => done,
            _ => self.clock.ticks(),
        };
        // Before the work: the answer leaves while the input is applied, and must not leave early.
        if self.pad_ns > 0 {
            let until_ns = self.clock.ns(start) + self.pad_ns;
            while self.clock.now_ns() < until_ns {}
        }
        self.shard.apply(input, sink);
        let end = self.clock.ticks();
        if is_followed(input.seq.0) && self.served.len() < self.served.capacity() {
            self.served.push(Served { seq: input.seq.0, start, end });
            self.done = Some(end);
        }
    }
}

impl<S: Shard> Shard for TimedShard<S> {
    #[inline]
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        if let Some(taken) = &mut self.taken {
            taken.push(*input);
        }
        let followed = input.seq.0 > self.skip && (self.pad_ns > 0 || is_followed(input.seq.0));
        if followed {
            self.timed(input, sink);
        } else {
            self.done = None;
            self.shard.apply(input, sink);
        }
    }

    #[inline]
    fn turned(&mut self, applied: usize, published: u64) {
        self.done = None;
        let events = published - self.published;
        self.published = published;
        let work_ns = applied as u64 * (WORK_NS + self.pad_ns) + events * WORK_NS;
        self.stalls.here(self.clock.now_ns(), work_ns);
        self.shard.turned(applied, published);
    }
}
