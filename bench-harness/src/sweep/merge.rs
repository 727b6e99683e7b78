//! From the finished runs of a plan to its dataset and summary.

use std::fs;

use super::dataset;
use super::error::SweepError;
use super::plan::{Job, Plan};
use super::store::{Store, write_whole};
use crate::measure::summary::Summary;
use crate::report::ReportError;
use crate::study::comparison::{Comparison, compare};
use crate::study::measures::{self, Measures};

/// Merges what is finished: writes the dataset and `sweep.json`, and returns what that says.
pub fn merge(plan: &Plan, store: &Store) -> Result<Comparison, SweepError> {
    let mut runs: Vec<Vec<Summary>> = Vec::with_capacity(plan.points.len());
    for point in 0..plan.points.len() {
        let mut finished = Vec::with_capacity(plan.seeds.len());
        for seed in &plan.seeds {
            finished.extend(store.get(plan, Job { point, seed: *seed })?);
        }
        runs.push(finished);
    }
    let measured: Vec<Measures> = runs.iter().flatten().map(measures::of).collect();
    let paths = measures::paths(&measured);
    let mut keys: Vec<String> =
        plan.points.iter().flat_map(|point| &point.settings).map(|(key, _)| key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    let directory = store.path().join("dataset");
    // Points of a former plan are no part of this one's dataset.
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(|source| ReportError::write(&directory, &source))?;
    }
    for (number, (point, runs)) in plan.points.iter().zip(&runs).enumerate() {
        dataset::write_point(&directory, number, point, &keys, runs, &paths)?;
    }
    let comparison = compare(&plan.name, &plan.seeds, &plan.points, &runs);
    let mut text = serde_json::to_string_pretty(&comparison).expect("a comparison is plain data");
    text.push('\n');
    write_whole(&store.path().join("sweep.json"), text.as_bytes())?;
    Ok(comparison)
}
