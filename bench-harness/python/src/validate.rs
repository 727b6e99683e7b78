//! Theory that the real engine must reproduce.

use pyo3::prelude::*;
use seawall::study::parallel;
use seawall::study::theory::{self, Plan, TESTS};

use crate::error::{failed, refused};

/// Runs the named tests, or all, and returns their rows as JSON.
#[pyfunction]
#[pyo3(signature = (names, deep=false))]
pub(crate) fn validate(py: Python<'_>, names: Vec<String>, deep: bool) -> PyResult<String> {
    let found = names.iter().map(|name| {
        theory::find(name).map_err(|near| {
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            refused(format!("there is no test named {name:?}{hint}"))
        })
    });
    let mut tests = found.collect::<PyResult<Vec<_>>>()?;
    if tests.is_empty() {
        tests = TESTS.iter().collect();
    }
    let plan = Plan { deep, workers: parallel::cores() };
    let mut rows = Vec::new();
    for test in tests {
        rows.extend(py.detach(|| test.run(plan)));
        py.check_signals()?;
    }
    serde_json::to_string(&rows).map_err(failed)
}
