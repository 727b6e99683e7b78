//! Recorded order flow through the book, where the record is at hand.

use std::env;
use std::path::PathBuf;

use super::row::Row;
use super::sampling::Plan;
use crate::feeds::follow::{ReplayOptions, replay};
use crate::feeds::{Format, OpenOptions, open};

const FILE: &str = "lobster_AAPL_2012-06-21_0930-1030_message_50.csv.xz";

/// Where recordings are looked for: `SEAWALL_DATA`, or a folder beside the checkout.
fn folder() -> PathBuf {
    env::var_os("SEAWALL_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from)
}

/// An hour of one share, each recorded sweep repeated by the book.
pub(super) fn lobster(_plan: Plan, test: &'static str) -> Vec<Row> {
    /// Rows that enter the recorded window late cannot be ranked: the record itself is at fault.
    const TOLERANCE: f64 = 0.004;
    let name = format!("{test}/sweeps-identical");
    let path = folder().join(FILE);
    if !path.is_file() {
        let why = format!("no {FILE} in {}; set SEAWALL_DATA", folder().display());
        return vec![Row::skipped(name, why)];
    }
    let replayed = open(&path, Format::Lobster, &OpenOptions::default())
        .and_then(|reader| replay(reader, ReplayOptions::default()));
    let row = match replayed {
        Ok(agreement) => {
            let (sweeps, same) = (agreement.sweeps, agreement.sweeps_identical);
            let share = same as f64 / sweeps as f64;
            Row::within(name, 1.0, share, TOLERANCE, sweeps).noted(format!(
                "{} differ; `seawall replay` lists them, each with its cause",
                sweeps - same
            ))
        }
        Err(error) => Row::within(name, 1.0, f64::NAN, TOLERANCE, 0).noted(error.to_string()),
    };
    vec![row]
}
