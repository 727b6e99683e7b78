//! A plan: which scenario, which settings, which seeds.
//!
//! ```toml
//! scenario = "flash-crash"     # an embedded scenario, or a file beside the plan
//! seeds = 30                   # 30 if not given
//! first_seed = 1
//! paired = false               # also run each without liquidations, for drawdown_ratio
//! set = { "clock.duration_ms" = 60000 }   # holds at every point
//!
//! [grid]                       # every combination
//! "liquidation.discipline" = ["strict", "fifo"]
//! "latency.service_scale" = [1, 10]
//!
//! [[list]]                     # further points, one by one
//! "liquidation.enabled" = false
//! ```
//!
//! The first point is the baseline that the others are compared with, seed by seed.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::embedded;
use super::error::SweepError;
use crate::scenario::{self, Scenario};
use crate::study::comparison::{Point, Setting};

/// Runs of one plan, at most.
pub const RUNS_MAX: u128 = 1_000_000;
/// Seeds, where the plan names no number: enough for an interval.
pub const SEEDS: u64 = 30;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    scenario: Option<String>,
    #[serde(default = "seeds")]
    seeds: u64,
    #[serde(default = "first_seed")]
    first_seed: u64,
    #[serde(default)]
    paired: bool,
    #[serde(default)]
    set: Table,
    #[serde(default)]
    grid: Table,
    #[serde(default)]
    list: Vec<Table>,
}

const fn seeds() -> u64 {
    SEEDS
}

const fn first_seed() -> u64 {
    1
}

/// A checked plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Scenario's name.
    pub name: String,
    /// The points, the baseline first.
    pub points: Vec<Point>,
    /// Seeds of every point.
    pub seeds: Vec<u64>,
    /// Whether every run also has its pair without liquidations.
    pub paired: bool,
    /// The scenario of each point, with a seed of no meaning.
    scenarios: Vec<Scenario>,
}

/// One run of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Number of its point.
    pub point: usize,
    /// Its seed.
    pub seed: u64,
}

/// A part of a plan's runs: of every `of` in turn, the `number`-th, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Self = Self { number: 1, of: 1 };
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| {
            Some(Self { number: number.parse().ok()?, of: of.parse().ok()? })
        });
        parts
            .filter(|shard| (1..=shard.of).contains(&shard.number))
            .ok_or_else(|| "expected I/N with 1 <= I <= N, for example 2/4".to_owned())
    }
}

impl Plan {
    /// Reads a plan, a file or an embedded one by its name, and checks every point of it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let problem = |message: String| SweepError::Plan { path: path.to_owned(), message };
        let text = match path.to_str().and_then(embedded::find).filter(|_| !path.exists()) {
            Some(plan) => plan.text.to_owned(),
            None => fs::read_to_string(path).map_err(|error| problem(unreadable(path, &error)))?,
        };
        let text: Text = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(String::new(), |span| {
                let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
                format!("line {line}: ")
            });
            problem(format!("{line}{}", error.message().trim().replace('\n', ", ")))
        })?;
        Self::check(path, &text)
    }

    fn check(path: &Path, text: &Text) -> Result<Self, SweepError> {
        let problem = |message: String| SweepError::Plan { path: path.to_owned(), message };
        size(text).map_err(problem)?;
        let last = text.first_seed.checked_add(text.seeds).filter(|last| *last < 1 << 63);
        let Some(last) = last else {
            return Err(problem("first_seed + seeds must stay below 2^63".to_owned()));
        };
        let name = text.scenario.clone().unwrap_or_else(|| scenario::DEFAULT_NAME.to_owned());
        let beside = path.parent().map(|parent| parent.join(&name)).filter(|file| file.is_file());
        let source = beside.map_or(name, |file| file.display().to_string());
        let common = settings(&text.set, "set").map_err(problem)?;
        let points = points(text).map_err(problem)?;
        let scenarios = points.iter().enumerate().map(|(number, point)| {
            let sets: Vec<String> = common
                .iter()
                .chain(&point.settings)
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            scenario::load(&source, &sets, Some(0)).map_err(|source| SweepError::Point {
                path: path.to_owned(),
                point: number,
                settings: point.label(),
                source,
            })
        });
        let scenarios = scenarios.collect::<Result<Vec<_>, _>>()?;
        let name = scenarios.first().map_or(String::new(), |scenario| scenario.name.clone());
        let seeds = (text.first_seed..last).collect();
        Ok(Self { name, points, seeds, paired: text.paired, scenarios })
    }

    /// Every run, point by point.
    pub fn jobs(&self) -> Vec<Job> {
        let of_point = |point| self.seeds.iter().map(move |seed| Job { point, seed: *seed });
        (0..self.points.len()).flat_map(of_point).collect()
    }

    /// The runs of one part.
    pub fn shard(&self, shard: Shard) -> Vec<Job> {
        self.jobs().into_iter().skip(shard.number - 1).step_by(shard.of).collect()
    }

    /// The scenario of a run, resolved.
    pub fn scenario(&self, job: Job) -> Scenario {
        Scenario { seed: job.seed, ..self.scenarios[job.point].clone() }
    }
}

/// Why a plan cannot be read, and what there is by name.
fn unreadable(path: &Path, error: &std::io::Error) -> String {
    let names: Vec<&str> = embedded::PLANS.iter().map(|plan| plan.name).collect();
    let is_name = path.extension().is_none() && path.components().count() == 1;
    let known =
        if is_name { format!("; by name there are {}", names.join(", ")) } else { String::new() };
    format!("cannot read the plan: {error}{known}")
}

/// Refuses plans without a run and plans that nobody would wait for.
fn size(text: &Text) -> Result<(), String> {
    if text.seeds == 0 {
        return Err("seeds = 0: the plan has no runs, expected at least 1".to_owned());
    }
    let mut combinations: u128 = 1;
    for (key, values) in &text.grid {
        let Some(values) = values.as_array() else {
            return Err(format!("grid.\"{key}\": expected a list of values"));
        };
        if values.is_empty() {
            return Err(format!("grid.\"{key}\" is empty, so the grid has no points"));
        }
        combinations = combinations.saturating_mul(values.len() as u128);
    }
    let alone = if text.grid.is_empty() && !text.list.is_empty() { 0 } else { combinations };
    let points = alone + text.list.len() as u128;
    let runs = points.saturating_mul(u128::from(text.seeds));
    if runs > RUNS_MAX {
        return Err(format!(
            "the plan has {points} points × {} seeds = {runs} runs, at most {RUNS_MAX} are taken; \
             leave values out or split the plan",
            text.seeds
        ));
    }
    Ok(())
}

/// Every combination of the grid, the last key turning fastest, then the list.
fn points(text: &Text) -> Result<Vec<Point>, String> {
    let mut points = vec![Point::default()];
    for (key, values) in &text.grid {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        let texts = values.iter().map(|value| plain(value, "grid", key));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let extend = |point: &Point| {
            let point = point.clone();
            let key = key.clone();
            texts.clone().into_iter().map(move |value| {
                let mut point = point.clone();
                point.settings.push((key.clone(), value));
                point
            })
        };
        points = points.iter().flat_map(extend).collect();
    }
    if text.grid.is_empty() && !text.list.is_empty() {
        points.clear();
    }
    for table in &text.list {
        points.push(Point { settings: settings(table, "list")? });
    }
    Ok(points)
}

fn settings(table: &Table, name: &str) -> Result<Vec<Setting>, String> {
    table.iter().map(|(key, value)| Ok((key.clone(), plain(value, name, key)?))).collect()
}

/// A single value as `--set` takes it.
fn plain(value: &Value, table: &str, key: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Ok(value.to_string()),
        _ => Err(format!("{table}.\"{key}\": expected single values, found {}", value.type_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Result<Plan, String> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("plan.toml");
        fs::write(&path, text).unwrap();
        Plan::load(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn grids_multiply_and_lists_add() {
        let plan = plan(
            "seeds = 2\n[grid]\n\"liquidation.discipline\" = [\"strict\", \"fifo\"]\n\
             \"latency.service_scale\" = [1, 10, 100]\n[[list]]\n\"liquidation.enabled\" = false\n",
        )
        .expect("it is a plan");
        assert_eq!(plan.points.len(), 7);
        assert_eq!(plan.points[6].label(), "liquidation.enabled=false");
        assert_eq!(plan.jobs().len(), 14);
        let parts: Vec<Job> =
            (1..=3).flat_map(|number| plan.shard(Shard { number, of: 3 })).collect();
        assert_eq!(parts.len(), 14, "shards cover the plan");
        let off = plan.scenario(Job { point: 6, seed: 2 });
        assert!(!off.liquidation.enabled);
        assert_eq!(off.seed, 2);
    }

    #[test]
    fn a_plan_without_settings_is_the_scenario_thirty_times() {
        let plan = plan("").expect("it is a plan");
        assert_eq!((plan.points.len(), plan.seeds.len()), (1, 30));
    }

    #[test]
    fn bad_plans_say_what_is_wrong_and_how_large_they_are() {
        let refused = |text: &str| plan(text).expect_err("it is refused");
        assert!(refused("seeds = 0").contains("no runs"));
        assert!(
            refused("[grid]\n\"shock.sell_lots\" = []").contains("\"shock.sell_lots\" is empty")
        );
        let huge = refused("seeds = 2000000\n[grid]\n\"shock.sell_lots\" = [1, 2]");
        assert!(huge.contains("2 points × 2000000 seeds = 4000000 runs"), "{huge}");
        assert!(refused("[grid]\n\"shock.sell_lot\" = [1]").contains("did you mean"));
        assert!(refused("sedes = 3").contains("line 1"));
        assert!(refused("[grid]\n\"shock.sell_lots\" = [[1]]").contains("single values"));
        assert!(refused("scenario = \"flash-crush\"").contains("flash-crash"));
    }

    #[test]
    fn shards_are_parts() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for bad in ["0/4", "5/4", "2", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
