//! The real engine against the reference, event by event, over a million random commands.
//!
//! `SEAWALL_SEED=N` runs one seed, `SEAWALL_COMMANDS=N` another number of commands, and
//! `SEAWALL_FIRST_SEED=N` begins at that seed: a long run can be done in parts. It says every ten million
//! commands how far it is.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use conformance::coverage::Coverage;
use conformance::differential::{Failure, run_seed};
use seawall_engine::core::Engine;

const COMMANDS: usize = 3_300_000;
const COMMANDS_PER_SEED: usize = 2_000;

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, expected a number")))
}

/// Seeds between two words about how far a long run is.
const SEEDS_PER_WORD: u64 = 5_000;

/// Runs seeds on two threads until one fails.
fn run_seeds(seeds: Range<u64>) -> (Coverage, Option<Box<Failure>>) {
    let next = AtomicU64::new(seeds.start);
    let result = Mutex::new((Coverage::default(), None::<Box<Failure>>));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut coverage = Coverage::default();
                let mut failure = None;
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if seed > seeds.start && seed.is_multiple_of(SEEDS_PER_WORD) {
                        told(format_args!("at seed {seed} of {}", seeds.end));
                    }
                    if let Err(found) = run_seed::<Engine>(seed, COMMANDS_PER_SEED, &mut coverage) {
                        next.store(seeds.end, Ordering::Relaxed);
                        failure = Some(found);
                    }
                }
                let mut result = result.lock().expect("the other thread did not panic");
                result.0.add(&coverage);
                result.1 = result.1.take().or(failure);
            });
        }
    });
    result.into_inner().expect("no thread panicked")
}

#[test]
fn the_engine_says_what_the_reference_says() {
    if let Some(seed) = from_environment("SEAWALL_SEED") {
        let mut coverage = Coverage::default();
        if let Err(failure) = run_seed::<Engine>(seed, COMMANDS_PER_SEED, &mut coverage) {
            panic!("{}", failure.report::<Engine>());
        }
        told(format_args!("seed {seed} agrees: {coverage}"));
        return;
    }
    let commands = from_environment("SEAWALL_COMMANDS").unwrap_or(COMMANDS);
    let seeds = commands.div_ceil(COMMANDS_PER_SEED) as u64;
    let first = from_environment("SEAWALL_FIRST_SEED").unwrap_or(0);
    let (coverage, failure) = run_seeds(first..first + seeds);
    if let Some(failure) = failure {
        panic!("{}", failure.report::<Engine>());
    }
    told(format_args!("compared event by event, {seeds} seeds from {first} on: {coverage}"));
    let missing = coverage.missing();
    assert!(commands < COMMANDS || missing.is_empty(), "the run has not reached {missing:?}");
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
