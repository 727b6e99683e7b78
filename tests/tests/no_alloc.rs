//! The engine allocates nothing once it is built: not in the calm, not in the cascade, not when the
//! fund is exhausted and accounts are deleveraged.

use std::alloc::System;

use seawall::scenario;
use seawall::simulation::{self, RunOptions};
use seawall_engine::core::Engine;
use seawall_engine::types::{Event, EventSink, Sequenced};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts what a cascade went through.
#[derive(Default)]
struct Seen {
    trades: u64,
    triggered: u64,
    deleveraged: u64,
}

impl EventSink for Seen {
    fn event(&mut self, event: Event) {
        match event {
            Event::Trade { .. } => self.trades += 1,
            Event::Triggered { .. } => self.triggered += 1,
            Event::Deleveraged { .. } => self.deleveraged += 1,
            _ => {}
        }
    }
}

#[test]
fn a_whole_cascade_allocates_nothing() {
    let scenario = scenario::load("flash-crash", &[], None).expect("the embedded scenario");
    let mut inputs: Vec<Sequenced> = Vec::new();
    let mut options =
        RunOptions { commands: Some(&mut inputs), paired: false, ..RunOptions::default() };
    simulation::run(&scenario, &mut options).expect("the run that is recorded");

    let mut engine = Engine::new(&scenario.shard_config());
    let mut seen = Seen::default();
    let region = Region::new(ALLOCATOR);
    for input in &inputs {
        engine.apply(input, &mut seen);
    }
    let change = region.change();
    told(format_args!(
        "{} inputs, {} trades, {} triggered, {} deleveraged: {} allocations",
        inputs.len(),
        seen.trades,
        seen.triggered,
        seen.deleveraged,
        change.allocations + change.reallocations
    ));
    assert!(inputs.len() > 1_000_000 && seen.triggered > 0 && seen.deleveraged > 0);
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
