//! Times the challenge's scenarios on the engine's book, one message per call.
//!
//! Every repetition runs each scenario once on a fresh book, so that a disturbance of the machine
//! falls on all of them; time is the thread's own CPU time. Reports go to a small ring that stays in
//! cache and that nobody reads. The hash is taken in a run of its own, and so is the service time
//! of single messages, whose clock would cost more than the work.

use std::hint::black_box;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::ChallengeBook;
use super::report::{Report, ReportHasher, ReportKind, ReportSink};
use super::scenario::{SCENARIOS, Scenario};
use super::stream::{Message, MessageKind, generate};
use crate::measure::cpu_time::thread_cpu_time;

/// What to run.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// Seed of the streams.
    pub seed: u32,
    /// Timed runs of each scenario.
    pub repetitions: u32,
    /// Scenarios by name; all of them if empty.
    pub scenarios: Vec<&'static Scenario>,
}

/// Least, median and greatest of the timed runs, in messages per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Slowest run.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Fastest run.
    pub max: f64,
}

/// Service time of single messages, in nanoseconds, with the cost of reading the clock taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceTime {
    /// The clock: `monotonic`.
    pub clock: &'static str,
    /// What reading it costs, already taken off.
    pub clock_cost_ns: u64,
    /// Messages.
    pub count: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p99_9: u64,
    /// 99.99th percentile.
    pub p99_99: u64,
    /// Greatest; on a shared machine, a preemption.
    pub max: u64,
}

/// Whether the report stream is what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// It has the published hash.
    #[serde(rename = "match")]
    Match,
    /// It has another hash: the engine does not match as it should.
    #[serde(rename = "mismatch")]
    Mismatch,
    /// No hash is published for this seed.
    #[serde(rename = "no reference")]
    NoReference,
}

/// The result of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was run.
    pub name: String,
    /// On which engine.
    pub engine: &'static str,
    /// Scenario.
    pub workload: &'static str,
    /// Seed of the stream.
    pub seed: u32,
    /// Messages of the stream.
    pub messages: u64,
    /// Reports that answer them.
    pub reports: u64,
    /// Trades among them.
    pub trades: u64,
    /// Timed runs.
    pub repetitions: u32,
    /// Messages per second of CPU time.
    pub msgs_per_s: Rate,
    /// CPU time of a message in the median run, in nanoseconds.
    pub ns_per_msg: f64,
    /// Service time of single messages.
    pub latency_ns: ServiceTime,
    /// SHA-256 of the report stream, in hexadecimal.
    pub stream_sha256: String,
    /// How it compares with the published one.
    pub verdict: Verdict,
}

/// Runs the scenarios; `progress` hears of steps done and steps in all.
pub fn bench(options: &BenchOptions, mut progress: impl FnMut(u64, u64)) -> Vec<Row> {
    let scenarios: Vec<&Scenario> = if options.scenarios.is_empty() {
        SCENARIOS.iter().collect()
    } else {
        options.scenarios.clone()
    };
    let repetitions = options.repetitions.max(1);
    // Per scenario: generate, hash, service times, and the timed runs.
    let total = scenarios.len() as u64 * (3 + u64::from(repetitions));
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(done, total);
    };
    let streams: Vec<Vec<Message>> = scenarios
        .iter()
        .map(|scenario| {
            let messages = generate(scenario, options.seed);
            step();
            messages
        })
        .collect();
    let mut runs = vec![Vec::new(); scenarios.len()];
    for _ in 0..repetitions {
        for (messages, rates) in streams.iter().zip(&mut runs) {
            rates.push(timed_run(messages));
            step();
        }
    }
    let mut rows = Vec::new();
    for ((scenario, messages), rates) in scenarios.iter().zip(&streams).zip(runs) {
        let (reports, trades, hash) = hashed_run(messages);
        step();
        let latency_ns = service_times(messages);
        step();
        let msgs_per_s = Rate::of(rates);
        rows.push(Row {
            name: format!("core/{}", scenario.name),
            engine: "seawall",
            workload: scenario.name,
            seed: options.seed,
            messages: messages.len() as u64,
            reports,
            trades,
            repetitions,
            msgs_per_s,
            ns_per_msg: 1e9 / msgs_per_s.median,
            latency_ns,
            verdict: Verdict::of(scenario.reference(options.seed), &hash),
            stream_sha256: hash,
        });
    }
    rows
}

impl Verdict {
    fn of(reference: Option<&str>, hash: &str) -> Self {
        match reference {
            None => Self::NoReference,
            Some(reference) if reference == hash => Self::Match,
            Some(_) => Self::Mismatch,
        }
    }
}

impl Rate {
    pub(super) fn of(mut rates: Vec<f64>) -> Self {
        rates.sort_by(f64::total_cmp);
        let at = |index: usize| rates.get(index).copied().unwrap_or(f64::NAN);
        let last = rates.len().saturating_sub(1);
        Self {
            min: at(0),
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            max: at(last),
        }
    }
}

/// Takes reports into a ring that stays in cache and that nobody reads.
struct ScratchRing {
    slots: Box<[Report]>,
    count: usize,
}

const SCRATCH_SLOTS: usize = 4096;

impl ScratchRing {
    fn new() -> Self {
        let empty = Report::new(ReportKind::OrderAck, 0, 0);
        Self { slots: vec![empty; SCRATCH_SLOTS].into_boxed_slice(), count: 0 }
    }
}

impl ReportSink for ScratchRing {
    #[inline]
    fn report(&mut self, report: &Report) {
        self.slots[self.count % SCRATCH_SLOTS] = *report;
        self.count += 1;
    }
}

/// One message per call: the compiler may not look beyond it.
#[inline(never)]
fn answer(book: &mut ChallengeBook, seq: u64, message: &Message, sink: &mut ScratchRing) {
    book.message(seq, message, sink);
}

/// Messages per second of CPU time.
pub(super) fn timed_run(messages: &[Message]) -> f64 {
    let mut book = ChallengeBook::new();
    let mut ring = ScratchRing::new();
    let started = thread_cpu_time();
    for (seq, message) in (0..).zip(messages) {
        answer(&mut book, seq, message, &mut ring);
    }
    let elapsed = thread_cpu_time().saturating_sub(started);
    black_box((&book, &ring.slots));
    messages.len() as f64 / elapsed.as_secs_f64()
}

/// Reports, trades and hash of a stream's answers.
pub(super) fn hashed_run(messages: &[Message]) -> (u64, u64, String) {
    let mut book = ChallengeBook::new();
    let mut hasher = ReportHasher::default();
    for (seq, message) in (0..).zip(messages) {
        book.message(seq, message, &mut hasher);
    }
    hasher.finish()
}

fn service_times(messages: &[Message]) -> ServiceTime {
    let [all] = service_times_of(messages, |_| 0);
    all
}

/// Service times of new orders, immediate-or-cancel orders, cancels and modifies.
pub(super) fn service_times_by_kind(messages: &[Message]) -> [(&'static str, ServiceTime); 4] {
    let [new, ioc, cancel, modify] = service_times_of(messages, |kind| match kind {
        MessageKind::New { ioc: false } => 0,
        MessageKind::New { ioc: true } => 1,
        MessageKind::Cancel => 2,
        MessageKind::Modify => 3,
    });
    [("new", new), ("immediate-or-cancel", ioc), ("cancel", cancel), ("modify", modify)]
}

/// Service times by class of message.
fn service_times_of<const N: usize>(
    messages: &[Message],
    class: impl Fn(MessageKind) -> usize,
) -> [ServiceTime; N] {
    let mut book = ChallengeBook::new();
    let mut ring = ScratchRing::new();
    let clock_cost_ns = clock_cost_ns();
    let mut histograms: [Histogram<u64>; N] = std::array::from_fn(|_| {
        Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("bounds are in order")
    });
    for (seq, message) in (0..).zip(messages) {
        let started = Instant::now();
        answer(&mut book, seq, message, &mut ring);
        let elapsed = nanoseconds(started).saturating_sub(clock_cost_ns);
        histograms[class(message.kind)].saturating_record(elapsed);
    }
    black_box((&book, &ring.slots));
    histograms.map(|histogram| ServiceTime::of(&histogram, clock_cost_ns))
}

impl ServiceTime {
    fn of(histogram: &Histogram<u64>, clock_cost_ns: u64) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            clock: "monotonic",
            clock_cost_ns,
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            p99_99: at(0.9999),
            max: histogram.max(),
        }
    }
}

/// Median time between two readings of the clock with nothing between them.
fn clock_cost_ns() -> u64 {
    let mut costs: Vec<u64> = (0..10_001).map(|_| nanoseconds(Instant::now())).collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Rate, Verdict};

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        let rate = Rate::of(vec![4.0, 1.0, 2.0, 3.0]);
        assert_eq!(rate, Rate { min: 1.0, median: 2.5, max: 4.0 });
        assert_eq!(Rate::of(vec![5.0]), Rate { min: 5.0, median: 5.0, max: 5.0 });
    }

    #[test]
    fn a_hash_without_a_reference_is_no_verdict() {
        assert_eq!(Verdict::of(None, "ab"), Verdict::NoReference);
        assert_eq!(Verdict::of(Some("ab"), "ab"), Verdict::Match);
        assert_eq!(Verdict::of(Some("ab"), "ac"), Verdict::Mismatch);
    }
}
