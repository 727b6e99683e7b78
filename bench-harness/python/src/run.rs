//! One cascade in virtual time.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;
use seawall::measure::tables::Tables;
use seawall::scenario;
use seawall::simulation::{self, Progress, RunOptions, SimulationError};

use crate::error::{failed, refused};
use crate::tables::{batch, unknown};

/// Names of the tables of a run.
const TABLES: [&str; 4] = ["timeline", "liquidations", "deleverages", "fund"];

/// A finished run.
#[pyclass(frozen, module = "seawall._seawall")]
pub(crate) struct Run {
    summary: String,
    scenario: String,
    tables: Tables,
}

#[pymethods]
impl Run {
    /// `summary.json` as text.
    fn summary_json(&self) -> &str {
        &self.summary
    }

    /// The resolved scenario, as TOML.
    fn scenario_toml(&self) -> &str {
        &self.scenario
    }

    /// Names of the tables.
    #[staticmethod]
    fn table_names() -> Vec<&'static str> {
        TABLES.to_vec()
    }

    /// A table as an Arrow record batch, which other libraries read without copying.
    fn table(&self, name: &str) -> PyResult<PyRecordBatch> {
        match name {
            "timeline" => batch(&self.tables.timeline),
            "liquidations" => batch(&self.tables.liquidations),
            "deleverages" => batch(&self.tables.deleverages),
            "fund" => batch(&self.tables.fund),
            _ => Err(unknown(name, &TABLES)),
        }
    }
}

/// Names of the embedded scenarios and what each shows.
#[pyfunction]
pub(crate) fn scenarios() -> Vec<(String, String)> {
    scenario::embedded().into_iter().map(|listed| (listed.name, listed.about)).collect()
}

/// Names of the embedded venues and what each does.
#[pyfunction]
pub(crate) fn venues() -> Vec<(&'static str, &'static str)> {
    scenario::venue::PRESETS.iter().map(|preset| (preset.name, preset.about)).collect()
}

/// Runs a scenario, under a venue's rules if one is named. `progress`, if given, is called with the done part of the run, from 0 to 1.
#[pyfunction]
#[pyo3(signature = (scenario, sets, seed=None, venue=None, paired=true, progress=None))]
pub(crate) fn run(
    py: Python<'_>,
    scenario: &str,
    sets: Vec<String>,
    seed: Option<u64>,
    venue: Option<&str>,
    paired: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Run> {
    let scenario = scenario::load_under(scenario, venue, &sets, seed).map_err(refused)?;
    py.detach(|| simulate(&scenario, paired, progress.as_ref()))
}

/// Runs without the interpreter's lock, which is taken back for signals and progress.
fn simulate(
    scenario: &scenario::Scenario,
    paired: bool,
    progress: Option<&Py<PyAny>>,
) -> PyResult<Run> {
    let stop = AtomicBool::new(false);
    let mut raised = None;
    let mut look = |at: Progress| {
        let looked = Python::attach(|py| {
            py.check_signals()?;
            let Some(progress) = progress else { return Ok(()) };
            progress.call1(py, (part_done(at, paired),)).map(drop)
        });
        if let Err(error) = looked {
            raised = Some(error);
            stop.store(true, Ordering::Relaxed);
        }
    };
    let mut options = RunOptions { paired, stop: Some(&stop), ..RunOptions::default() };
    options.progress = Some(&mut look);
    let result = simulation::run(scenario, &mut options);
    match (result, raised) {
        (_, Some(error)) => Err(error),
        (Ok(result), None) => Ok(Run {
            summary: serde_json::to_string(&result.summary).map_err(failed)?,
            scenario: scenario.to_toml(),
            tables: result.tables,
        }),
        (Err(error @ SimulationError::Opening { .. }), None) => Err(refused(error)),
        (Err(error), None) => Err(failed(error)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a part done is for looking at")]
fn part_done(at: Progress, paired: bool) -> f64 {
    let part = at.time_ns as f64 / at.end_ns.max(1) as f64;
    match (paired, at.paired) {
        (false, _) => part,
        (true, false) => part / 2.0,
        (true, true) => f64::midpoint(part, 1.0),
    }
}
