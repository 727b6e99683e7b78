//! The calibration's tables, shared by the terminal and the page.

use super::Compared;
use crate::calibrate::goodness::{Goodness, Process, Row, Verdict};
use crate::calibrate::measure::{KINDS, Measured};
use crate::calibrate::tail::PowerLaw;
use crate::report::charts::DataTable;
use crate::report::numbers;

const NOTHING: &str = "–";

/// Four digits that count, whatever the size.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 1e-3 {
        return format!("{value:.2e}");
    }
    let places = match size {
        size if size >= 1e3 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        _ => 4,
    };
    if size >= 1e6 {
        return numbers::compact(value);
    }
    let text = numbers::decimal(value, places);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn or_nothing(value: Option<f64>) -> String {
    value.map_or(NOTHING.to_owned(), short)
}

fn distance(row: &Row, value: Option<f64>) -> String {
    value.map_or(NOTHING.to_owned(), |value| match row.measure {
        "KS" => format!("{value:.3}"),
        _ => format!("{:.1} %", value * 100.0),
    })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Within => "within",
        Verdict::Exceeded => "EXCEEDED",
        Verdict::Reported => "reported",
    }
}

/// Record against run, with its bounds.
pub(super) fn goodness(goodness: &Goodness) -> DataTable {
    let mut table = DataTable::new(&[
        "quantity",
        "recorded",
        "synthetic",
        "unit",
        "distance",
        "bound",
        "verdict",
    ]);
    for row in &goodness.rows {
        table.rows.push(vec![
            row.quantity.clone(),
            or_nothing(row.recorded),
            or_nothing(row.synthetic),
            row.figure.to_owned(),
            match row.measure {
                "KS" => format!("KS {}", distance(row, row.distance)),
                _ => distance(row, row.distance),
            },
            distance(row, row.bound),
            verdict(row.verdict).to_owned(),
        ]);
    }
    table
}

/// Where the bounds are from, and why there is none.
pub(super) fn reasons(goodness: &Goodness) -> Vec<(String, &'static str)> {
    let mut reasons: Vec<(String, &'static str)> = Vec::new();
    let unbounded = goodness.rows.iter().filter(|row| row.verdict == Verdict::Reported);
    for row in unbounded {
        match reasons.iter_mut().find(|(_, why)| *why == row.why) {
            Some((names, _)) => {
                names.push_str("; ");
                names.push_str(&row.quantity);
            }
            None => reasons.push((row.quantity.clone(), row.why)),
        }
    }
    reasons
}

/// The fitted processes.
pub(super) fn processes(processes: &[Process]) -> DataTable {
    let mut table = DataTable::new(&[
        "arrivals",
        "own, 1/s",
        "branching",
        "memory",
        "residual KS",
        "5 % level",
        "n",
    ]);
    for process in processes {
        let memory = process.decay_per_second.map(|decay| numbers::duration_ns(in_ns(1.0 / decay)));
        table.rows.push(vec![
            process.of.clone(),
            short(process.own_per_second),
            format!("{:.3}", process.branching_ratio),
            memory.unwrap_or_else(|| "several".to_owned()),
            process.residual_distance.map_or(NOTHING.to_owned(), |value| format!("{value:.3}")),
            process.residual_critical.map_or(NOTHING.to_owned(), |value| format!("{value:.3}")),
            numbers::count(process.n as u64),
        ]);
    }
    table
}

/// What paces do, in a sentence, where they were tried.
pub(super) fn paced(goodness: &Goodness) -> Option<String> {
    let paced = goodness.paced?;
    Some(format!(
        "The process alone draws gaps that are KS {:.3} from the record's, mean over orders; with paces (factors by how \
         long ago the last order of the kind came) {:.3}, so the scenario has {}.",
        paced.distance_without,
        paced.distance_with,
        if paced.used { "paces" } else { "none" },
    ))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a memory is shorter than a day"
)]
fn in_ns(seconds: f64) -> u64 {
    (seconds * 1e9).clamp(0.0, 1e15) as u64
}

/// The tails of the record's sizes.
pub(super) fn tails(tails: &[Option<PowerLaw>; 2]) -> DataTable {
    let mut table = DataTable::new(&["sizes", "exponent", "from lots", "KS in the tail", "n"]);
    for (of, tail) in ["limit orders", "orders that take"].iter().zip(tails) {
        let Some(tail) = tail else { continue };
        table.rows.push(vec![
            (*of).to_owned(),
            format!("{:.2} ± {:.2}", tail.exponent, tail.error),
            short(tail.from),
            format!("{:.3}", tail.distance),
            numbers::count(tail.n as u64),
        ]);
    }
    table
}

/// What came, by kind.
pub(super) fn arrivals(compared: &Compared<'_>) -> DataTable {
    let mut table = DataTable::new(&["arrivals", "recorded", "synthetic"]);
    let count = |of: &Measured, kind: usize| numbers::count(of.times_s[kind].len() as u64);
    let (recorded, synthetic) = (&compared.calibrated.recorded, compared.synthetic);
    for (kind, name) in KINDS.iter().enumerate() {
        table.rows.push(vec![(*name).to_owned(), count(recorded, kind), count(synthetic, kind)]);
    }
    table
}
