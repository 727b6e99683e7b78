//! Experiments whose answer is one ratio.

use std::hint::black_box;

use seawall_engine::ring::Transport;

use super::{Bar, Findings, Lab, LabError, Unit};
use crate::load::stages::{SAMPLE_EVERY, SAMPLE_RUN};
use crate::load::touched::touched;
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
    say("the core alone");
    let alone = lab.core_alone();
    let lines = [("engine", &engine), ("null shard", &null), ("core alone, no rings", &alone)];
    for (name, values) in lines {
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
    let share = |whole: Option<f64>| Some(whole? / median(&alone)?);
    if let Some((engine, null)) = share(median(&engine)).zip(share(median(&null))) {
        found.notes.push(format!(
            "the pipeline reaches {engine:.2} of what the core does alone, in one thread, with its \
             events dropped; the null shard's is {null:.2} times that, so no pipeline around this core \
             can come to more than {:.2} of it",
            1.0 / null
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

/// What is done for a sample in the measured threads, again and again.
pub(super) fn sample_cost() -> Findings {
    const SAMPLES: usize = 20_000;
    /// Short ones, so that most are not interrupted.
    const TRIES: usize = 201;
    let clock = RunClock::start();
    let mut histogram = nanoseconds();
    let mut notes = touched::<u64>(SAMPLES);
    let mut pairs = touched::<[u64; 3]>(SAMPLES);
    let time = |work: &mut dyn FnMut()| {
        let one = |_| {
            let start_ns = clock.now_ns();
            work();
            (clock.now_ns() - start_ns) as f64 / SAMPLES as f64
        };
        median(&(0..TRIES).map(one).collect::<Vec<f64>>())
    };
    let order = time(&mut || {
        for note in black_box(&mut notes[..]) {
            *note = clock.ticks();
        }
    });
    let service = time(&mut || {
        for (seq, pair) in (0..).zip(black_box(&mut pairs[..])) {
            let start = clock.ticks();
            *pair = [seq, black_box(start), clock.ticks()];
        }
    });
    let in_a_row = time(&mut || {
        let mut done = 0;
        for (seq, pair) in (0..).zip(black_box(&mut pairs[..])) {
            let start = if seq % SAMPLE_RUN == 0 { clock.ticks() } else { done };
            done = clock.ticks();
            *pair = [seq, black_box(start), done];
        }
    });
    let record = time(&mut || {
        for n in 0..SAMPLES as u64 {
            histogram.saturating_record(black_box(200 + n % 1_000));
        }
    });
    let columns = [("ns", "each", Unit::Ns), ("ns_per_input", "per input", Unit::Ns)];
    let question = "what is done in the measured threads for one sample";
    let mut found = Findings::new("sample-cost", question, &columns);
    let reading = Some(clock.cost_ns());
    let per_input = |each: Option<f64>| each.map(|ns| ns / SAMPLE_EVERY as f64);
    found.line("one reading of the clock", vec![reading, None]);
    found.line("an order: a reading and a note", vec![order, order]);
    let waited = "a service time behind others, 16 in a row: a reading and a note";
    found.line(waited, vec![in_a_row, per_input(in_a_row)]);
    let alone = "a service time of an input that comes alone: two readings and a note";
    found.line(alone, vec![service, per_input(service)]);
    found.line("a record in a histogram, when the run is over", vec![record, None]);
    found.bars.push(Bar::at_most("nanoseconds per sample of an order", order, 30.0));
    let what = "nanoseconds per sample of a service time under load, of one input in 16";
    found.bars.push(Bar::at_most(what, in_a_row, 30.0));
    found.notes.push(
        "where inputs wait, the end of one is the start of the next; before one that comes alone the engine \
         had nothing to do, and a second reading takes nothing from anybody"
            .to_owned(),
    );
    found
}
