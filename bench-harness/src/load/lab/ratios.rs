//! Experiments whose answer is one ratio.

use std::hint::black_box;

use seawall_engine::ring::Transport;

use super::{Bar, Findings, Lab, LabError, Unit};
use crate::load::{RunClock, ring_bench};
use crate::measure::histogram::nanoseconds;
use crate::study::two_samples::{median, two_samples};

/// With and without the engine, in turns.
pub(super) fn capacity<R: Transport>(
    lab: &Lab<'_>,
    say: &dyn Fn(&str),
) -> Result<Findings, LabError> {
    say("capacity with the engine and without, in turns");
    let [engine, null] = lab.capacities::<R>(true)?;
    let columns = [
        ("min", "min", Unit::PerSecond),
        ("median", "median", Unit::PerSecond),
        ("max", "max", Unit::PerSecond),
    ];
    let question = "how much of the pipeline's own capacity is left with the engine in it";
    let mut found = Findings::new("capacity", question, &columns);
    for (name, values) in [("engine", &engine), ("null shard", &null)] {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        found.line(name, vec![Some(least), median(values), Some(most)]);
    }
    let compared = two_samples(&null, &engine);
    let what = "capacity, engine / null shard (one event per command)";
    found.bars.push(Bar::at_least(what, compared.and_then(|c| c.ratio), 0.7));
    if let Some((low, high)) = compared.and_then(|c| c.ratio_low.zip(c.ratio_high)) {
        found.notes.push(format!(
            "95 % interval of the ratio of medians {low:.2} to {high:.2}, {} runs each",
            engine.len()
        ));
    }
    let events = "the null shard answers each command with one event; the engine's inputs cause \
                  more, and the edge reads and hashes all of them";
    found.notes.push(events.to_owned());
    Ok(found)
}

/// Order to ack with hardly any queueing.
pub(super) fn light_load<R: Transport>(
    lab: &Lab<'_>,
    say: &dyn Fn(&str),
) -> Result<Findings, LabError> {
    let cores = lab.two_cores("light-load")?;
    let capacity = lab.capacity::<R>(say)?;
    let clock = RunClock::start();
    let columns = [
        ("order_to_ack_p50_ns", "order to ack p50", Unit::Ns),
        ("round_trip_p50_ns", "ring round trip p50", Unit::Ns),
        ("service_p50_ns", "core service p50", Unit::Ns),
        ("line_bounce_p50_ns", "bare line p50", Unit::Ns),
    ];
    let question = "what a quiet pipeline adds to a ring round trip and the core's own time";
    let mut found = Findings::new("light-load", question, &columns);
    let mut ratios = Vec::new();
    for run in 1..=lab.runs {
        say(&format!("10 % of capacity, run {run} of {}", lab.runs));
        let bounce = ring_bench::bounce_p50_ns(cores, &clock) as f64;
        let trip = ring_bench::round_trip_p50_ns::<R>(cores, &clock) as f64;
        let outcome = lab.drive::<R>(&lab.options(Some(0.1 * capacity)))?;
        found.sound &= outcome.counts.reconciles();
        let ack = outcome.undisturbed.raw.value_at_quantile(0.5) as f64;
        let service = outcome.stages.service.value_at_quantile(0.5) as f64;
        ratios.push(ack / (trip + service));
        let cells = [ack, trip, service, bounce].map(Some).to_vec();
        found.line(format!("run {run}"), cells);
    }
    let what = "order to ack p50 / (round trip p50 + service p50), median of the runs";
    found.bars.push(Bar::at_most(what, median(&ratios), 1.3));
    Ok(found)
}

/// The tail at half of capacity, without what the machine took away.
pub(super) fn half_load<R: Transport>(
    lab: &Lab<'_>,
    say: &dyn Fn(&str),
) -> Result<Findings, LabError> {
    let capacity = lab.capacity::<R>(say)?;
    let columns = [
        ("p50_ns", "p50", Unit::Ns),
        ("p99_ns", "p99", Unit::Ns),
        ("undisturbed_p50_ns", "undisturbed p50", Unit::Ns),
        ("undisturbed_p99_ns", "undisturbed p99", Unit::Ns),
        ("excluded", "left out", Unit::Part),
    ];
    let question = "the tail at 50 % of capacity, without busy periods that a stall overlaps";
    let mut found = Findings::new("half-load", question, &columns);
    let mut ratios = Vec::new();
    for run in 1..=lab.runs {
        say(&format!("50 % of capacity, run {run} of {}", lab.runs));
        let outcome = lab.drive::<R>(&lab.options(Some(0.5 * capacity)))?;
        found.sound &= outcome.counts.reconciles();
        let (raw, clean) = (&outcome.undisturbed.raw, &outcome.undisturbed.undisturbed);
        let at =
            |histogram: &hdrhistogram::Histogram<u64>, q| histogram.value_at_quantile(q) as f64;
        let excluded = outcome.undisturbed.excluded();
        let cells =
            [at(raw, 0.5), at(raw, 0.99), at(clean, 0.5), at(clean, 0.99), excluded].map(Some);
        found.line(format!("run {run}"), cells.to_vec());
        if !clean.is_empty() {
            ratios.push(at(clean, 0.99) / at(clean, 0.5));
        }
    }
    let what = "undisturbed p99 / undisturbed p50, median of the runs";
    found.bars.push(Bar::at_most(what, median(&ratios), 5.0));
    Ok(found)
}

/// Two readings of the clock and a record in a histogram: a sample taken in one thread.
pub(super) fn sample_cost() -> Findings {
    const SAMPLES: u64 = 20_000;
    /// Short ones, so that most are not interrupted.
    const TRIES: usize = 201;
    let clock = RunClock::start();
    let mut histogram = nanoseconds();
    let mut one = || {
        let start_ns = clock.now_ns();
        for _ in 0..SAMPLES {
            let from_ns = clock.now_ns();
            let to_ns = black_box(clock.now_ns());
            histogram.saturating_record((to_ns - from_ns).max(1));
        }
        (clock.now_ns() - start_ns) as f64 / SAMPLES as f64
    };
    let tries: Vec<f64> = (0..TRIES).map(|_| one()).collect();
    let columns = [("ns", "each", Unit::Ns)];
    let question = "what one sample costs: two readings of the clock and a record";
    let mut found = Findings::new("sample-cost", question, &columns);
    found.line("one reading", vec![Some(clock.cost_ns())]);
    found.line("one sample", vec![median(&tries)]);
    found.bars.push(Bar::at_most("nanoseconds per sample", median(&tries), 30.0));
    let sampled = "the engine is timed once in 16 inputs, so its thread pays a sixteenth of this per \
                   input; the recorder reads the clock once for each answer";
    found.notes.push(sampled.to_owned());
    found
}
