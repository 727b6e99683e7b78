//! `seawall bench core`: the public challenge's workload on the engine's own book.

use std::io::{self, Write};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use thiserror::Error;

use crate::challenge::{BenchOptions, REFERENCE_SEED, Row, Scenario, Verdict, bench};
use crate::report::Manifest;

/// Runs the public matching-engine challenge: five scenarios of about two million messages each,
/// one message per call, on one thread.
///
/// The report stream's SHA-256 is compared with the published one (seed 23); a mismatch means that
/// the engine does not match by price and time, and ends with exit code 1. Rates are messages per
/// second of the thread's own CPU time.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench core                          all five scenarios
  seawall bench core --seed 7 --json          another stream, which has no reference
  seawall bench core --scenario normal --scenario static --repetitions 11")]
pub struct BenchCoreArgs {
    /// Seed of the streams; hashes are published for 23.
    #[arg(long, value_name = "N", default_value_t = REFERENCE_SEED)]
    pub seed: u32,
    /// Timed runs of each scenario, interleaved.
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repetitions: u32,
    /// Only this scenario; may be given more than once.
    #[arg(long = "scenario", value_name = "NAME", value_parser = scenario)]
    pub scenarios: Vec<&'static Scenario>,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// No progress on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

fn scenario(name: &str) -> Result<&'static Scenario, String> {
    Scenario::named(name)
        .ok_or_else(|| "expected static, normal, swing-25, swing-40 or flash-crash".to_owned())
}

/// Why the bench did not end well.
#[derive(Debug, Error)]
pub enum BenchCoreError {
    /// A report stream is not the published one: exit 1.
    #[error("the report stream of {0} is not the published one")]
    Mismatch(&'static str),
    /// The result could not be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

#[derive(Serialize)]
struct Bench {
    manifest: Manifest,
    rows: Vec<Row>,
}

/// Runs and prints; an error if a hash does not match, after everything is printed.
pub fn run(args: &BenchCoreArgs, out: &mut impl Write) -> Result<(), BenchCoreError> {
    let bar = if args.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) = ProgressStyle::with_template("bench core {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let options = BenchOptions {
        seed: args.seed,
        repetitions: args.repetitions,
        scenarios: args.scenarios.clone(),
    };
    let rows = bench(&options, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let mismatch = rows.iter().find(|row| row.verdict == Verdict::Mismatch).map(|row| row.workload);
    if args.json {
        let manifest = Manifest { seed: Some(u64::from(args.seed)), ..Manifest::of_this_process() };
        serde_json::to_writer_pretty(&mut *out, &Bench { manifest, rows })
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&rows, out)?;
    }
    out.flush()?;
    mismatch.map_or(Ok(()), |workload| Err(BenchCoreError::Mismatch(workload)))
}

fn print(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let mut table = comfy_table::Table::new();
    table.set_header([
        "scenario",
        "M msgs/s",
        "[min - max]",
        "ns/msg",
        "p50 ns",
        "p99",
        "p99.9",
        "p99.99",
        "reports",
        "trades",
        "hash",
    ]);
    for row in rows {
        let Row { msgs_per_s: rate, latency_ns: latency, .. } = row;
        let verdict = match row.verdict {
            Verdict::Match => "match",
            Verdict::Mismatch => "MISMATCH",
            Verdict::NoReference => "no reference",
        };
        table.add_row([
            row.workload.to_owned(),
            format!("{:.2}", rate.median / 1e6),
            format!("[{:.2} - {:.2}]", rate.min / 1e6, rate.max / 1e6),
            format!("{:.1}", row.ns_per_msg),
            latency.p50.to_string(),
            latency.p99.to_string(),
            latency.p99_9.to_string(),
            latency.p99_99.to_string(),
            row.reports.to_string(),
            row.trades.to_string(),
            verdict.to_owned(),
        ]);
    }
    writeln!(out, "{table}")?;
    for row in rows {
        writeln!(out, "{}  {}", row.stream_sha256, row.workload)?;
    }
    writeln!(
        out,
        "one message per call, thread CPU time, {} interleaved runs per scenario; service times \
         from a run of their own, {} ns of clock taken off",
        rows.first().map_or(0, |row| row.repetitions),
        rows.first().map_or(0, |row| row.latency_ns.clock_cost_ns),
    )
}
