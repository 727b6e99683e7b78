//! `seawall calibrate`: a scenario from recorded order flow, and how far its run is from the record.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::progress::RunBar;
use super::{CliError, Output, output};
use crate::calibrate::goodness::Goodness;
use crate::calibrate::measure::{KINDS, Measured};
use crate::calibrate::{CalibrateError, Calibrated, Request, calibrate};
use crate::feeds::Format;
use crate::report::{Manifest, calibrate as pages};
use crate::scenario::Scenario;

/// Turns recorded order flow into a scenario, runs it, and compares the run with the record
///
/// Fitted are the arrivals of orders (a Hawkes process of limit and market orders by side), their
/// sizes, their distances from the best price by the spread they meet, their lives until they are
/// cancelled, and the book at the start. The scenario is the record's calm market: add holders and
/// a shock for a cascade in it. Exit 1 if a stated bound is exceeded; the scenario is written all
/// the same.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall calibrate message_50.csv.xz --out calm.toml --page calm.html
  seawall calibrate orders.csv.xz --format bitstamp --seconds 3600
  seawall calibrate 01302020.NASDAQ_ITCH50.gz --instrument AAPL --json | jq .goodness.within
  seawall run calm.toml --set holders.longs=2000 --set shock.sell_lots=60000")]
pub(super) struct CalibrateArgs {
    /// Recorded file, plain or compressed with gzip, xz or zstd.
    file: PathBuf,
    /// Where the scenario goes.
    #[arg(long, value_name = "FILE", default_value = "calibrated.toml")]
    out: PathBuf,
    /// Also draw record and run, as a page.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Its format; told by its name or its first line if it is not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The instrument, where a file has several: a stock's symbol (itch), a symbol or a number (dbn).
    #[arg(long, value_name = "NAME")]
    instrument: Option<String>,
    /// Price step of displayed orders, in price units of the format (1e-4 of the currency; 1e-2 in
    /// bitstamp files); one cent if it is not given.
    #[arg(long, value_name = "UNITS")]
    tick: Option<NonZeroU32>,
    /// How long the run is watched, in seconds; as long as the record if it is not given.
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Seed of the run.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..1 << 63))]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

fn seconds(text: &str) -> Result<f64, String> {
    let parsed = text.parse::<f64>().ok().filter(|seconds| (1.0..=86_340.0).contains(seconds));
    parsed.ok_or_else(|| "expected a number of seconds from 1 to 86340".to_owned())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    format: &'static str,
    scenario: &'a Path,
    page: Option<&'a Path>,
    seed: u64,
    recorded: Flow,
    synthetic: Flow,
    goodness: &'a Goodness,
}

/// How much was seen of a flow.
#[derive(Serialize)]
struct Flow {
    seconds: f64,
    arrivals: Vec<(&'static str, usize)>,
    reductions: u64,
    late: u64,
    stale: u64,
    cut: bool,
}

impl Flow {
    fn of(measured: &Measured) -> Self {
        let counts = measured.times_s.iter().map(Vec::len);
        Self {
            seconds: measured.seconds,
            arrivals: KINDS.into_iter().zip(counts).collect(),
            reductions: measured.reductions,
            late: measured.late,
            stale: measured.stale,
            cut: measured.cut,
        }
    }
}

/// Calibrates, writes, runs, compares.
pub(super) fn run(args: &CalibrateArgs) -> Result<(), CliError> {
    args.output.note(format_args!("measuring {}, twice through", args.file.display()));
    let calibrated = calibrate(&Request {
        file: args.file.clone(),
        format: args.format,
        instrument: args.instrument.clone(),
        tick: args.tick,
        seconds: args.seconds,
    })?;
    write(&args.out, &calibrated.text)?;
    args.output.note(format_args!("wrote {}; running it", args.out.display()));
    let scenario = calibrated.scenario(&args.out, args.seed)?;
    let bar = RunBar::new(args.output);
    let synthetic = Calibrated::run(&scenario, &mut |progress| bar.show(progress))?;
    bar.clear();
    let goodness = calibrated.goodness(&synthetic);
    let compared = pages::Compared {
        file: &args.file,
        scenario: &args.out,
        calibrated: &calibrated,
        synthetic: &synthetic,
        goodness: &goodness,
    };
    if let Some(path) = &args.page {
        write(path, &pages::page(&compared, &manifest(args.seed, &scenario)))?;
    }
    let report = Report {
        file: &args.file,
        format: calibrated.format.name(),
        scenario: &args.out,
        page: args.page.as_deref(),
        seed: args.seed,
        recorded: Flow::of(&calibrated.recorded),
        synthetic: Flow::of(&synthetic),
        goodness: &goodness,
    };
    args.output.result(&report, || pages::text(&compared, output::style()))?;
    let exceeded = goodness.exceeded();
    if exceeded.is_empty() {
        return Ok(());
    }
    Err(CliError::Check(format!("beyond their bounds: {}", exceeded.join("; "))))
}

fn manifest(seed: u64, scenario: &Scenario) -> Manifest {
    Manifest::of_this_process().of_input(seed, &scenario.config_hash())
}

fn write(path: &Path, text: &str) -> Result<(), CalibrateError> {
    fs::write(path, text).map_err(|source| CalibrateError::Write { path: path.to_owned(), source })
}
