//! What the core costs beside the challenge's rates: by message type, by size of the book, by stage.
//!
//! Everything but the service times is thread CPU time, least, median and greatest of several
//! rounds. Waiting for memory is measured in the same run by a chase of pointers through as much
//! memory as the largest book takes, so that a book's growing cost can be counted in cache misses.

mod memory;
mod scale;
mod stages;

use serde::Serialize;

use super::Message;
use super::bench::{ServiceTime, service_times_by_kind};
use super::scenario::Scenario;
use super::stream::generate;

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// What it is the cost of.
    pub name: String,
    /// On which engine.
    pub engine: &'static str,
    /// Unit of the three figures.
    pub unit: &'static str,
    /// Least.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Greatest.
    pub max: f64,
    /// What the median may be at most, where there is a bar.
    pub bar: Option<f64>,
}

/// Service times of one kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindTime {
    /// The kind.
    pub name: &'static str,
    /// Its service times on `normal`.
    pub latency_ns: ServiceTime,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costs {
    /// Service times by kind of message.
    pub kinds: Vec<KindTime>,
    /// Costs by size and by stage.
    pub costs: Vec<Cost>,
}

impl Cost {
    fn of(name: impl Into<String>, unit: &'static str, mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let at = |index: usize| rounds.get(index).copied().unwrap_or(f64::NAN);
        let last = rounds.len().saturating_sub(1);
        Self {
            name: name.into(),
            engine: "seawall",
            unit,
            min: at(0),
            median: at(last / 2),
            max: at(last),
            bar: None,
        }
    }

    fn at_most(self, bar: f64) -> Self {
        Self { bar: Some(bar), ..self }
    }
}

/// Measures; `progress` hears of steps done and steps in all.
pub fn costs(seed: u32, rounds: u32, mut progress: impl FnMut(u64, u64)) -> Costs {
    const STEPS: u64 = 4;
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(done, STEPS);
    };
    let memory = memory::measure();
    step();
    let scenario = Scenario::named("normal").expect("it is one of the five");
    let messages: Vec<Message> = generate(scenario, seed);
    let kinds = service_times_by_kind(&messages)
        .into_iter()
        .map(|(name, latency_ns)| KindTime { name, latency_ns })
        .collect();
    step();
    let mut costs = stages::measure(&messages, rounds);
    step();
    costs.extend(memory);
    costs.extend(scale::measure(rounds));
    step();
    Costs { kinds, costs }
}
