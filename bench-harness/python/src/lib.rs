//! The laboratory as a Python module: `seawall._seawall`, which the package `seawall` wraps.
//!
//! Everything that takes time gives up the interpreter's lock; a run looks for signals every
//! 16,384 inputs, so that it can be interrupted. Errors carry the messages of the command line.

#![allow(clippy::needless_pass_by_value, reason = "Python hands arguments over by value")]

mod engine;
mod error;
mod queue;
mod run;
mod sweep;
mod tables;
mod validate;

use pyo3::prelude::*;

/// The module.
#[pymodule]
fn _seawall(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("InputError", module.py().get_type::<error::InputError>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<queue::QueueStudy>()?;
    module.add_class::<run::Run>()?;
    module.add_class::<sweep::Sweep>()?;
    module.add_function(wrap_pyfunction!(run::run, module)?)?;
    module.add_function(wrap_pyfunction!(queue::queue_study, module)?)?;
    module.add_function(wrap_pyfunction!(run::scenarios, module)?)?;
    module.add_function(wrap_pyfunction!(run::venues, module)?)?;
    module.add_function(wrap_pyfunction!(sweep::answer, module)?)?;
    module.add_function(wrap_pyfunction!(validate::validate, module)?)?;
    Ok(())
}
