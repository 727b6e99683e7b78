//! A plan of runs as independent tasks, for whatever runs tasks: processes here, or a cluster.

use std::path::Path;

use pyo3::prelude::*;
use seawall::measure::summary::Summary;
use seawall::report::Manifest;
use seawall::scenario;
use seawall::simulation::{self, RunOptions};
use seawall::sweep::plan::Job;
use seawall::sweep::workers::Question;
use seawall::sweep::{Plan, Store, merge};

use crate::error::{failed, refused};

/// A plan and the directory of its results.
#[pyclass(frozen, module = "seawall._seawall")]
pub(crate) struct Sweep {
    plan: Plan,
    store: Store,
}

#[pymethods]
impl Sweep {
    /// Reads a plan and opens the directory of its results.
    #[new]
    fn new(plan: &str, out: &str) -> PyResult<Self> {
        let plan = Plan::load(Path::new(plan)).map_err(refused)?;
        let manifest = Manifest::of_this_process();
        let store = Store::open(Path::new(out), &manifest.program()).map_err(refused)?;
        Ok(Self { plan, store })
    }

    /// Every run as its point and seed.
    fn jobs(&self) -> Vec<(usize, u64)> {
        self.plan.jobs().into_iter().map(|job| (job.point, job.seed)).collect()
    }

    /// Whether a run is finished.
    fn is_finished(&self, point: usize, seed: u64) -> PyResult<bool> {
        let found = self.store.get(&self.plan, Job { point, seed }).map_err(failed)?;
        Ok(found.is_some())
    }

    /// What a worker is asked for a run: plain text that any process can answer.
    fn question(&self, point: usize, seed: u64) -> PyResult<String> {
        let scenario = self.plan.scenario(Job { point, seed }).to_toml();
        let question = Question { scenario, paired: self.plan.paired };
        serde_json::to_string(&question).map_err(failed)
    }

    /// Keeps a worker's answer. Keeping one twice changes nothing.
    fn keep(&self, point: usize, seed: u64, answer: &str) -> PyResult<()> {
        let summary: Summary = serde_json::from_str(answer).map_err(refused)?;
        self.store.put(&self.plan, Job { point, seed }, &summary).map_err(failed)
    }

    /// Merges what is finished into `dataset/` and `sweep.json`; returns what that says, as JSON.
    fn merge(&self) -> PyResult<String> {
        merge(&self.plan, &self.store).map_err(failed)?;
        std::fs::read_to_string(self.store.path().join("sweep.json")).map_err(failed)
    }
}

/// Answers one question of a sweep: runs it and returns its summary as JSON.
#[pyfunction]
pub(crate) fn answer(py: Python<'_>, question: &str) -> PyResult<String> {
    let question: Question = serde_json::from_str(question).map_err(refused)?;
    let scenario = scenario::from_text(&question.scenario, "sweep", &[], None).map_err(refused)?;
    py.detach(|| {
        let mut options = RunOptions { paired: question.paired, ..RunOptions::default() };
        let result = simulation::run(&scenario, &mut options).map_err(failed)?;
        serde_json::to_string(&result.summary).map_err(failed)
    })
}
