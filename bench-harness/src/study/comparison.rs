//! Points over seeds: means with intervals, and differences from the first point, seed by seed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Bootstrap, Mean};
use super::measures::{self, Measures};
use crate::measure::summary::Summary;

/// One setting: a key of the scenario and the text of its value.
pub type Setting = (String, String);

/// One point: what it sets besides what holds everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Its settings, by key.
    pub settings: Vec<Setting>,
}

impl Point {
    /// As a person reads it.
    pub fn label(&self) -> String {
        if self.settings.is_empty() {
            return "as it is".to_owned();
        }
        let one = |(key, value): &Setting| format!("{key}={value}");
        self.settings.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// What the runs of one point came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// What it is called.
    pub label: String,
    /// What it sets.
    pub settings: Vec<(String, String)>,
    /// Finished runs.
    pub runs: usize,
    /// Every measure over its seeds.
    pub measures: BTreeMap<String, Mean>,
    /// Its difference from the first point over the seeds both have: this one minus the first.
    pub differences: BTreeMap<String, Mean>,
}

/// `sweep.json`, and what `--against` adds to a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Scenario's name.
    pub scenario: String,
    /// Seeds of every point.
    pub seeds: Vec<u64>,
    /// Two-sided confidence of the intervals.
    pub confidence: f64,
    /// Resamples of an interval.
    pub resamples: usize,
    /// Runs of the plan that are not finished.
    pub missing: usize,
    /// The points; the first is the baseline.
    pub points: Vec<PointResult>,
}

/// Some measures of one point over its runs: a column for each measure.
#[derive(Clone, Debug, Default)]
pub struct Block {
    seeds: Vec<u64>,
    /// NaN where a run has no value: a summary holds no NaN.
    columns: Vec<Vec<f64>>,
}

impl Block {
    /// Nothing yet of so many measures.
    pub fn new(measures: usize) -> Self {
        Self { seeds: Vec::new(), columns: vec![Vec::new(); measures] }
    }

    /// A run: of each measure its value, if it has one.
    pub fn push(&mut self, run: &Measures, seed: u64, paths: &[String]) {
        assert_eq!(paths.len(), self.columns.len(), "a run has a value for each column");
        self.seeds.push(seed);
        for (column, path) in self.columns.iter_mut().zip(paths) {
            column.push(run.get(path).copied().flatten().unwrap_or(f64::NAN));
        }
    }

    /// The values of each measure, run by run.
    pub fn columns(&self) -> impl Iterator<Item = impl Iterator<Item = Option<f64>> + Clone> {
        let value = |value: &f64| (!value.is_nan()).then_some(*value);
        self.columns.iter().map(move |column| column.iter().map(value))
    }
}

impl PointResult {
    /// A point before anything was measured.
    pub fn new(point: &Point, runs: usize) -> Self {
        let (label, settings) = (point.label(), point.settings.clone());
        Self { label, settings, runs, ..Self::default() }
    }

    /// Adds some measures; `baseline` holds those of the first point.
    pub fn add(
        &mut self,
        paths: &[String],
        block: &Block,
        baseline: &Block,
        bootstrap: &mut Bootstrap,
    ) {
        let rows: BTreeMap<u64, usize> =
            baseline.seeds.iter().enumerate().map(|(row, seed)| (*seed, row)).collect();
        let of_baseline: Vec<Option<usize>> =
            block.seeds.iter().map(|seed| rows.get(seed).copied()).collect();
        for ((path, own), base) in paths.iter().zip(block.columns()).zip(&baseline.columns) {
            let values: Vec<f64> = own.clone().flatten().collect();
            if let Some(mean) = bootstrap.mean(&values) {
                self.measures.insert(path.clone(), mean);
            }
            let difference = |(value, row): (Option<f64>, &Option<usize>)| {
                let base = base[(*row)?];
                Some(value? - (!base.is_nan()).then_some(base)?)
            };
            let differences: Vec<f64> = own.zip(&of_baseline).filter_map(difference).collect();
            if let Some(mean) = bootstrap.mean(&differences) {
                self.differences.insert(path.clone(), mean);
            }
        }
    }
}

impl Comparison {
    /// A comparison without its points.
    pub fn new(scenario: &str, seeds: &[u64]) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seeds: seeds.to_vec(),
            confidence: bootstrap::CONFIDENCE,
            resamples: bootstrap::RESAMPLES,
            missing: 0,
            points: Vec::new(),
        }
    }
}

/// Compares points; `runs[p]` holds the finished runs of `points[p]`.
pub fn compare(
    scenario: &str,
    seeds: &[u64],
    points: &[Point],
    runs: &[Vec<Summary>],
) -> Comparison {
    let measured: Vec<Vec<(u64, Measures)>> = runs
        .iter()
        .map(|runs| runs.iter().map(|run| (run.seed, measures::of(run))).collect())
        .collect();
    let paths = measures::paths(measured.iter().flatten().map(|(_, measures)| measures));
    let block = |runs: &Vec<(u64, Measures)>| {
        let mut block = Block::new(paths.len());
        for (seed, run) in runs {
            block.push(run, *seed, &paths);
        }
        block
    };
    let baseline = measured.first().map(block).unwrap_or_default();
    let mut bootstrap = Bootstrap::new();
    let mut comparison = Comparison::new(scenario, seeds);
    for (point, runs) in points.iter().zip(&measured) {
        let mut result = PointResult::new(point, runs.len());
        result.add(&paths, &block(runs), &baseline, &mut bootstrap);
        comparison.points.push(result);
    }
    let finished: usize = comparison.points.iter().map(|point| point.runs).sum();
    comparison.missing = comparison.points.len() * seeds.len() - finished;
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(closed: &[u64]) -> Vec<Summary> {
        let run = |(seed, closed): (u64, &u64)| {
            let mut summary = Summary { seed, ..Summary::default() };
            summary.liquidation.accounts_closed = *closed;
            summary
        };
        (1..).zip(closed).map(run).collect()
    }

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let points = vec![Point::default(), Point { settings: vec![("a".into(), "1".into())] }];
        // Noise far larger than the difference, and shared.
        let (a, b) = (runs(&[10, 200, 3_000]), runs(&[11, 201, 3_001]));
        let comparison = compare("x", &[1, 2, 3], &points, &[a, b]);
        let closed = "liquidation.accounts_closed";
        let difference = comparison.points[1].differences[closed];
        assert_eq!((difference.mean, difference.low, difference.high), (1.0, Some(1.0), Some(1.0)));
        assert!(comparison.points[0].differences.values().all(|d| d.mean == 0.0));
        assert_eq!(comparison.missing, 0);
    }

    #[test]
    fn a_missing_run_drops_its_pair() {
        let points = vec![Point::default(), Point::default()];
        let (a, mut b) = (runs(&[1, 2, 3]), runs(&[1, 2, 9]));
        b.truncate(2);
        let comparison = compare("x", &[1, 2, 3], &points, &[a, b]);
        assert_eq!(comparison.missing, 1);
        let difference = comparison.points[1].differences["liquidation.accounts_closed"];
        assert_eq!((difference.n, difference.mean), (2, 0.0));
    }
}
