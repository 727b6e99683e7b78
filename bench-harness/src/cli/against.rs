//! `seawall run --against`: the same noise under another setting, seed by seed.

use std::fs;
use std::path::Path;

use super::CliError;
use crate::measure::summary::Summary;
use crate::report::{Manifest, ReportError, comparison};
use crate::scenario::{self, Scenario};
use crate::simulation::{self, Background, RunOptions, SimulationError};
use crate::study::comparison::{Comparison, Point, compare};
use crate::study::parallel;

/// What is compared with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The scenario's name or file.
    pub(super) source: &'a str,
    /// The venue's preset.
    pub(super) venue: Option<&'a str>,
    /// What the run itself sets.
    pub(super) sets: &'a [String],
    /// What the other one sets besides.
    pub(super) against: &'a [String],
    /// Seeds, from the run's own.
    pub(super) seeds: u64,
    /// Whether each also runs without liquidations.
    pub(super) paired: bool,
}

/// Checks the other scenario, so that a mistake is told before anything runs.
pub(super) fn check(question: Question<'_>, seed: u64) -> Result<Scenario, CliError> {
    let sets: Vec<String> = question.sets.iter().chain(question.against).cloned().collect();
    Ok(scenario::load_under(question.source, question.venue, &sets, Some(seed))?)
}

/// Runs both over the seeds.
pub(super) fn run(
    question: Question<'_>,
    here: &Scenario,
    there: &Scenario,
    background: Option<&(dyn Background + Sync)>,
) -> Result<Comparison, SimulationError> {
    let seeds: Vec<u64> = (here.seed..here.seed + question.seeds).collect();
    let jobs: Vec<(&Scenario, u64)> =
        [here, there].into_iter().flat_map(|s| seeds.iter().map(move |seed| (s, *seed))).collect();
    let runs = parallel::map(parallel::cores(), jobs.len(), |number| {
        let (scenario, seed) = jobs[number];
        let scenario = Scenario { seed, ..scenario.clone() };
        let background = background.map(|background| background as &dyn Background);
        let mut options =
            RunOptions { paired: question.paired, background, ..RunOptions::default() };
        simulation::run(&scenario, &mut options).map(|result| result.summary)
    });
    let mut runs = runs.into_iter().collect::<Result<Vec<Summary>, _>>()?;
    let others = runs.split_off(seeds.len());
    let setting = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.trim().to_owned(), value.trim().to_owned())
    };
    let against = question.against.iter().map(setting).collect();
    let points = [Point::default(), Point { settings: against }];
    Ok(compare(&here.name, &seeds, &points, &[runs, others]))
}

/// Leaves `against.json` and `against.html` in the run directory.
pub(super) fn save(
    comparison: &Comparison,
    manifest: &Manifest,
    directory: &Path,
) -> Result<(), ReportError> {
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|source| ReportError::write(&path, &source))
    };
    let json = serde_json::to_string_pretty(comparison).expect("a comparison is plain data");
    write("against.json", json + "\n")?;
    let files = ["against.json".to_owned(), "report.html".to_owned()];
    write("against.html", comparison::render(comparison, manifest, &files))
}
