//! Every number of a summary by its path, and which of the measures it belongs to.

use serde_json::Value;

use crate::measure::catalogue;
use crate::measure::summary::Summary;
use crate::measure::tables::MeasureRow;

/// Times that the machine took: two runs of one scenario differ in them.
const OF_THE_MACHINE: [&str; 2] = ["wall_seconds", "loop_cpu_seconds"];

/// A number or a text of `summary.json`.
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) value: Value,
    /// Of the measures M1 to M24, if it is one.
    pub(super) number: Option<u32>,
}

impl Leaf {
    /// The value as the page shows it.
    pub(super) fn shown(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }
}

/// Every leaf of `summary.json`, in its order.
pub(super) fn of(summary: &Summary) -> Vec<Leaf> {
    let value = serde_json::to_value(summary).expect("a summary is plain data");
    let mut leaves = Vec::new();
    collect("", value, &mut leaves);
    leaves
}

fn collect(path: &str, value: Value, leaves: &mut Vec<Leaf>) {
    let Value::Object(fields) = value else {
        let number = catalogue::number_of(path);
        leaves.push(Leaf { path: path.to_owned(), value, number });
        return;
    };
    for (name, field) in fields {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        collect(&path, field, leaves);
    }
}

/// A text, or a list in JSON.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The rows of `measures.parquet`.
pub(super) fn rows(summary: &Summary) -> Vec<MeasureRow> {
    let leaves = of(summary).into_iter();
    let measured = leaves.filter(|leaf| !OF_THE_MACHINE.contains(&leaf.path.as_str()));
    measured
        .map(|Leaf { path, value, number }| MeasureRow {
            number: number.unwrap_or(0),
            value: value.as_f64(),
            text: text(&value),
            path,
        })
        .collect()
}
