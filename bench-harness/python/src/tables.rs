//! Rows as Arrow.

use arrow_array::RecordBatch;
use arrow_schema::FieldRef;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::schema::{SchemaLike, TracingOptions};

use crate::error::failed;

/// Rows as a record batch, which other libraries read without copying.
pub(crate) fn batch<R>(rows: &[R]) -> PyResult<PyRecordBatch>
where
    R: Serialize + DeserializeOwned,
{
    Ok(PyRecordBatch::new(columns(rows).map_err(failed)?))
}

fn columns<R>(rows: &[R]) -> Result<RecordBatch, serde_arrow::Error>
where
    R: Serialize + DeserializeOwned,
{
    let fields = Vec::<FieldRef>::from_type::<R>(TracingOptions::default())?;
    serde_arrow::to_record_batch(&fields, &rows)
}

/// There is no table of that name.
pub(crate) fn unknown(name: &str, names: &[&str]) -> PyErr {
    let names = names.join(", ");
    PyKeyError::new_err(format!("no table {name:?}; there are {names}"))
}
