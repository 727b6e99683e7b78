//! Errors as Python exceptions.

use std::fmt::Display;

use pyo3::PyErr;
use pyo3::create_exception;
use pyo3::exceptions::{PyRuntimeError, PyValueError};

create_exception!(seawall, InputError, PyValueError, "A scenario, plan or value was refused.");

/// What the command line would exit with 2 for.
pub(crate) fn refused(error: impl Display) -> PyErr {
    InputError::new_err(error.to_string())
}

/// Anything else that went wrong.
pub(crate) fn failed(error: impl Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}
