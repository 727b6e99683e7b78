//! The engine thread of the real pipeline takes no memory and is never put to sleep once it is at work:
//! not for a lock, not for the system.
//!
//! The allocator counts for the whole process. That is more than is asked: generator and recorder
//! take no memory either. A sleeping thread is seen by the system's own count of how often it was
//! taken off its core because it waited; being taken off for others is not counted there.

use std::alloc::System;
use std::fs::File;
use std::io::Read as _;
use std::thread;
use std::time::Duration;

use seawall::load::{Arrivals, DriverOptions, Outcome, Plan, Stream, drive};
use seawall::scenario;
use seawall_engine::core::Engine;
use seawall_engine::pipeline::{Layout, Shard, Topology, our_cores};
use seawall_engine::ring::{SeqSlotRing, WaitStrategy};
use seawall_engine::types::{EventSink, Sequenced};
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};

/// Inputs on the engine thread before it counts as at work. More than the events that wait behind it, so
/// that the recorder has seen its first ones.
const START_UP: usize = 20_000;

/// The case whose reader has no room for the events of one input.
const GATES: &str = "a reader that gates";

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the thread and the process did so far.
#[derive(Clone, Copy)]
struct Mark {
    allocations: usize,
    waits: u64,
}

impl Mark {
    fn now() -> Self {
        let waits = voluntary_switches();
        let Stats { allocations, reallocations, .. } = ALLOCATOR.stats();
        Self { allocations: allocations + reallocations, waits }
    }
}

/// How often the calling thread went to sleep; asked without taking memory.
fn voluntary_switches() -> u64 {
    let mut bytes = [0; 8_192];
    let mut file =
        File::open("/proc/thread-self/status").expect("Linux says how often a thread slept");
    let len = file.read(&mut bytes).expect("readable");
    let status = str::from_utf8(&bytes[..len]).expect("plain text");
    let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches:"));
    let count = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    count.expect("a count")
}

/// A bug to plant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Planted {
    Nothing,
    /// Memory is taken for one input of a thousand.
    Allocation,
    /// The thread sleeps now and then, as it would for a lock that another holds.
    Sleep,
}

/// A shard that marks when its thread is at work and when it has applied everything.
struct Watched {
    engine: Engine,
    planted: Planted,
    inputs: usize,
    /// Inputs applied on the engine thread.
    applied: usize,
    /// When it was at work, and at the end.
    marks: [Option<Mark>; 2],
}

impl Shard for Watched {
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        self.engine.apply(input, sink);
        if input.seq.0.is_multiple_of(1_000) {
            match self.planted {
                Planted::Nothing => {}
                Planted::Allocation => drop(std::hint::black_box(Box::new(input.seq))),
                Planted::Sleep => thread::sleep(Duration::from_micros(1)),
            }
        }
    }

    fn turned(&mut self, applied: usize, _: u64) {
        if applied == 0 || thread::current().name() != Some("engine") {
            return;
        }
        let before = self.applied;
        self.applied += applied;
        if before < START_UP && self.applied >= START_UP {
            self.marks[0] = Some(Mark::now());
        }
        if self.applied == self.inputs && self.marks[1].is_none() {
            self.marks[1] = Some(Mark::now());
        }
    }
}

/// Allocations of the process and sleeps of the engine thread while it was at work.
fn watch(stream: &Stream, planted: Planted, options: &DriverOptions) -> (usize, u64, Outcome) {
    let plan = Plan::new(&stream.inputs, |input| stream.flow(input), &stream.phases);
    let plan = plan.expect("a plan");
    let watched = Watched {
        engine: Engine::new(&stream.config),
        planted,
        inputs: stream.inputs.len() - plan.setup(),
        applied: 0,
        marks: [None; 2],
    };
    let (outcome, watched) = drive::<SeqSlotRing, _>(&plan, watched, options).expect("a clean end");
    assert!(outcome.counts.reconciles(), "{:?}", outcome.counts);
    assert_eq!(outcome.counts.refused, 0, "the ring holds the whole stream");
    let [Some(start), Some(end)] = watched.marks else { panic!("the engine had its own thread") };
    (end.allocations - start.allocations, end.waits - start.waits, outcome)
}

/// A cascade in a ring that holds all of it, with one gateway and with several, at a rate and as fast
/// as it goes, behind readers that gate.
#[test]
fn the_engine_thread_takes_no_memory_and_no_lock() {
    let [edge, engine, ..] = our_cores()[..] else {
        told(format_args!("SKIPPED: {} cores are ours, two are needed", our_cores().len()));
        return;
    };
    let topology = Topology { layout: Layout::Shared { edge, engine }, cores: 2 };
    let stream = stream();
    let usual = DriverOptions {
        ingress_slots: stream.inputs.len(),
        wait: Some(WaitStrategy::SpinYield),
        ..DriverOptions::new(topology, None)
    };
    let cases = [
        ("as fast as it goes", usual),
        // Room for two events: one forced order's are more, so that it gates whoever is faster.
        (GATES, DriverOptions { egress_slots: 2, ..usual }),
        (
            "Poisson",
            DriverOptions {
                msgs_per_s: Some(400_000.0),
                arrivals: Arrivals::Poisson { seed: 1 },
                ..usual
            },
        ),
        (
            "four gateways",
            DriverOptions { gateways: 4, ingress_slots: 4 * stream.inputs.len(), ..usual },
        ),
        ("yielding", DriverOptions { wait: Some(WaitStrategy::Yielding), ..usual }),
    ];
    for (name, options) in cases {
        let (allocations, sleeps, outcome) = watch(&stream, Planted::Nothing, &options);
        told(format_args!(
            "{name}: {} inputs, {} forced orders, {} gated turns: {allocations} allocations, \
             {sleeps} sleeps",
            outcome.applied, outcome.counts.forced_orders, outcome.shard.gated_turns
        ));
        assert!(outcome.counts.forced_orders > 10);
        assert!(name != GATES || outcome.shard.gated_turns > 0, "it gated");
        assert_eq!((allocations, sleeps), (0, 0), "{name}");
    }
    for planted in [Planted::Allocation, Planted::Sleep] {
        let (allocations, sleeps, outcome) = watch(&stream, planted, &usual);
        // One in a thousand of those between the marks, which a turn may move.
        let expected = (outcome.applied - START_UP as u64) / 1_000 - 1;
        let caught = if planted == Planted::Sleep { sleeps } else { allocations as u64 };
        assert!(caught >= expected, "{caught} of {expected}");
    }
}

fn stream() -> Stream {
    let sets = ["clock.duration_ms=70000".to_owned()];
    let scenario = scenario::load("flash-crash", &sets, None).expect("the embedded scenario");
    Stream::simulated(&scenario).expect("the run that is recorded")
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
