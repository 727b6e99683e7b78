//! `seawall bench liquidation`: the liquidation engine against its bars.
//!
//! What costs time is timed ([`speed`]); what must be right is counted ([`shown`]).

mod shown;
mod speed;

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::{CliError, Output};
use crate::report::{Manifest, numbers};
use crate::study::parallel;

/// Measures the liquidation engine: cost, golden numbers, promises under every venue's rules
///
/// A row beyond its bar is a failure (exit code 1). Times are CPU time of one thread of this machine;
/// neighbours that share its caches still show.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench liquidation
  seawall bench liquidation --accounts 100000 --json
  seawall bench liquidation --only speed")]
pub(super) struct LiquidationArgs {
    /// Accounts that one mark triggers.
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(1_000..=4_000_000))]
    accounts: u32,
    /// One part alone.
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Marks, triggers, draining, new keys, in CPU time.
    Speed,
    /// Golden numbers and Cobham's waits.
    Golden,
    /// Zero-sum, never early and never late, under every venue.
    Promises,
    /// What the queue says of itself.
    Queue,
}

/// What a value is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Bar {
    AtMost(f64),
    AtLeast(f64),
    Equal { expected: f64, within: f64 },
    None,
}

impl Bar {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Equal { expected, within } => (value - expected).abs() <= within,
            Self::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", short(most)),
            Self::AtLeast(least) => format!("≥ {}", short(least)),
            Self::Equal { expected, within } if within <= expected.abs() * 1e-7 => short(expected),
            Self::Equal { expected, within } => format!("{} ± {}", short(expected), short(within)),
            Self::None => String::new(),
        }
    }
}

/// One measurement beside its bar.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    engine: &'static str,
    workload: String,
    value: f64,
    unit: &'static str,
    bar: Bar,
    verdict: &'static str,
}

impl Row {
    fn new(
        name: impl Into<String>,
        workload: String,
        value: (f64, &'static str),
        bar: Bar,
    ) -> Self {
        Self::judged(name, workload, value, bar, bar.holds(value.0))
    }

    /// A row that somebody else has judged.
    fn judged(
        name: impl Into<String>,
        workload: String,
        (value, unit): (f64, &'static str),
        bar: Bar,
        holds: bool,
    ) -> Self {
        let verdict = match bar {
            Bar::None => "no bar",
            _ if holds => "pass",
            _ => "fail",
        };
        Self { name: name.into(), engine: "seawall", workload, value, unit, bar, verdict }
    }
}

#[derive(Debug, Serialize)]
struct Bench {
    manifest: Manifest,
    rows: Vec<Row>,
}

/// Measures and prints; a row beyond its bar fails the check.
pub(super) fn run(args: &LiquidationArgs) -> Result<(), CliError> {
    let mut rows = Vec::new();
    let wanted = |part| args.only.is_none_or(|only| only == part);
    if wanted(Part::Speed) {
        args.output.note("marks that trigger nothing");
        speed::marks(args.accounts, &mut rows);
        args.output.note("one mark triggers everybody");
        speed::triggers(args.accounts, &mut rows);
        args.output.note("and the queue drains among a client's orders");
        speed::drain(args.accounts, &mut rows);
        args.output.note("new keys");
        speed::rekeying(&mut rows);
    }
    if wanted(Part::Golden) {
        args.output.note("golden numbers and waits");
        shown::theory(parallel::cores(), &mut rows);
    }
    if wanted(Part::Promises) {
        args.output.note("random streams under every venue");
        shown::promises(&mut rows)?;
    }
    if wanted(Part::Queue) {
        args.output.note("what the queue says of itself");
        shown::queue(&mut rows)?;
    }
    let bench = Bench { manifest: Manifest::of_this_process(), rows };
    args.output.result(&bench, || text(&bench.rows))?;
    let failed: Vec<&Row> = bench.rows.iter().filter(|row| row.verdict == "fail").collect();
    match failed.first() {
        None => Ok(()),
        Some(row) => Err(CliError::Check(format!(
            "{} of {} rows miss their bar, the first is {}: {} {}",
            failed.len(),
            bench.rows.len(),
            row.name,
            short(row.value),
            row.unit
        ))),
    }
}

/// Six digits at most, and no more places than a value of its size has a use for.
fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e5 {
        return numbers::decimal(value, 0);
    }
    let places = if size >= 100.0 {
        2
    } else if size >= 0.01 || size == 0.0 {
        4
    } else {
        7
    };
    let text = numbers::decimal(value, places);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn text(rows: &[Row]) -> String {
    let name = |row: &Row| row.name.replace("liquidation-golden/", "golden/");
    let width = rows.iter().map(|row| name(row).len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let (name, value, bar) = (name(row), short(row.value), row.bar.text());
        let (unit, verdict) = (row.unit, row.verdict);
        let _ = writeln!(text, "{name:width$} {value:>11} {unit:10} {bar:>19}  {verdict}");
    }
    let held = rows.iter().filter(|row| row.verdict == "pass").count();
    let barred = rows.iter().filter(|row| row.bar != Bar::None).count();
    let _ = writeln!(
        text,
        "\n{held} of {barred} bars are held. What each row was measured on is in --json, under \"workload\"."
    );
    text
}
