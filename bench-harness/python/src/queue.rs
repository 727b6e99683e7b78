//! The queue-position study.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;
use seawall::scenario;
use seawall::study::parallel;
use seawall::study::queue::request::Request;
use seawall::study::queue::{self, Findings};

use crate::error::{failed, refused};
use crate::tables::{batch, unknown};

const TABLES: [&str; 4] = ["probes", "late", "orders", "estimates"];

/// How often signals are looked for while a study goes on.
const LOOK: Duration = Duration::from_millis(100);

/// A finished study.
#[pyclass(frozen, module = "seawall._seawall")]
pub(crate) struct QueueStudy {
    answers: String,
    scenario: String,
    findings: Findings,
}

#[pymethods]
impl QueueStudy {
    /// `queue.json` as text.
    fn answers_json(&self) -> &str {
        &self.answers
    }

    /// The resolved scenario of the first seed, as TOML.
    fn scenario_toml(&self) -> &str {
        &self.scenario
    }

    /// Names of the tables.
    #[staticmethod]
    fn table_names() -> Vec<&'static str> {
        TABLES.to_vec()
    }

    /// A table as an Arrow record batch.
    fn table(&self, name: &str) -> PyResult<PyRecordBatch> {
        match name {
            "probes" => batch(&self.findings.probes),
            "late" => batch(&self.findings.late),
            "orders" => batch(&self.findings.orders),
            "estimates" => batch(&self.findings.estimates),
            _ => Err(unknown(name, &TABLES)),
        }
    }
}

/// Does the study. `request` is a JSON object with any of the fields of a request; `progress`, if given,
/// is called with what is being done, how many of it are done, and of how many.
#[pyfunction]
#[pyo3(signature = (scenario, sets, seed=None, request="{}", progress=None))]
pub(crate) fn queue_study(
    py: Python<'_>,
    scenario: &str,
    sets: Vec<String>,
    seed: Option<u64>,
    request: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<QueueStudy> {
    let scenario = scenario::load(scenario, &sets, seed).map_err(refused)?;
    let request: Request = serde_json::from_str(request).map_err(refused)?;
    let toml = scenario.to_toml();
    let study = request.study(scenario).map_err(refused)?;
    let stop = AtomicBool::new(false);
    let findings = py.detach(|| {
        let (told, tell) = channel();
        thread::scope(|scope| {
            let work = scope.spawn(|| {
                // Owned by the work: that it is gone tells the listener that the work is over.
                let told = told;
                let say = |what: &str, done: usize, of: usize| {
                    let _ = told.send((what.to_owned(), done, of));
                };
                queue::run(&study, parallel::cores(), &stop, &say)
            });
            let heard = listen(&tell, &stop, progress.as_ref());
            let findings = work.join().map_err(|_| failed("the study panicked"))?;
            heard?;
            findings.map_err(failed)
        })
    })?;
    let answers = serde_json::to_string(&findings.answers).map_err(failed)?;
    Ok(QueueStudy { answers, scenario: toml, findings })
}

/// Hands progress on and looks for signals until the work is over; one of them may stop it.
fn listen(
    tell: &Receiver<(String, usize, usize)>,
    stop: &AtomicBool,
    progress: Option<&Py<PyAny>>,
) -> PyResult<()> {
    let mut heard = Ok(());
    loop {
        let told = match tell.recv_timeout(LOOK) {
            Ok(told) => Some(told),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return heard,
        };
        if heard.is_err() {
            continue;
        }
        heard = Python::attach(|py| {
            py.check_signals()?;
            let (Some(progress), Some(told)) = (progress, told) else { return Ok(()) };
            progress.call1(py, told).map(drop)
        });
        if heard.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
