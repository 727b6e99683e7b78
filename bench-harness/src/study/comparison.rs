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

/// Compares points; `runs[p]` holds the finished runs of `points[p]`.
pub fn compare(
    scenario: &str,
    seeds: &[u64],
    points: &[Point],
    runs: &[Vec<Summary>],
) -> Comparison {
    let mut bootstrap = Bootstrap::new();
    let measured: Vec<Vec<(u64, Measures)>> = runs
        .iter()
        .map(|runs| runs.iter().map(|run| (run.seed, measures::of(run))).collect())
        .collect();
    let all = measured.iter().flatten().map(|(_, measures)| measures);
    let paths = measures::paths(all);
    let baseline: BTreeMap<u64, &Measures> = measured
        .first()
        .map(|runs| runs.iter().map(|(seed, measures)| (*seed, measures)).collect())
        .unwrap_or_default();
    let result = |(point, runs): (&Point, &Vec<(u64, Measures)>)| {
        let mut result = PointResult {
            label: point.label(),
            settings: point.settings.clone(),
            runs: runs.len(),
            ..PointResult::default()
        };
        for path in &paths {
            let value = |run: &Measures| run.get(path).copied().flatten();
            let values: Vec<f64> = runs.iter().filter_map(|(_, run)| value(run)).collect();
            if let Some(mean) = bootstrap.mean(&values) {
                result.measures.insert(path.clone(), mean);
            }
            let difference =
                |(seed, run): &(u64, Measures)| Some(value(run)? - value(baseline.get(seed)?)?);
            let differences: Vec<f64> = runs.iter().filter_map(difference).collect();
            if let Some(mean) = bootstrap.mean(&differences) {
                result.differences.insert(path.clone(), mean);
            }
        }
        result
    };
    let points: Vec<PointResult> = points.iter().zip(&measured).map(result).collect();
    let finished: usize = points.iter().map(|point| point.runs).sum();
    Comparison {
        scenario: scenario.to_owned(),
        seeds: seeds.to_vec(),
        confidence: bootstrap::CONFIDENCE,
        resamples: bootstrap::RESAMPLES,
        missing: points.len() * seeds.len() - finished,
        points,
    }
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
