//! `seawall bench core`: the public challenge's workload on the engine's own book.

use std::io::{self, Write};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use thiserror::Error;

use crate::challenge::{
    BenchOptions, Cost, Costs, REFERENCE_SEED, Row, Scenario, Verdict, bench, costs,
};
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
  seawall bench core --scenario normal --scenario static --repetitions 11
  seawall bench core --costs                  by message type, size of the book and stage
  cargo run --release --features peers -- bench core --peers
                                              beside the engines of crates.io")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
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
    /// Instead: service times by message type, cost against resting orders and occupied levels,
    /// bytes per order, and what accounts, margin and the liquidation index add.
    #[arg(long, conflicts_with = "scenarios")]
    pub costs: bool,
    /// Instead: this engine beside those that crates.io offers, in turns, on the same streams. Only
    /// in a binary that was built with the feature `peers`.
    #[arg(long, conflicts_with = "costs")]
    pub peers: bool,
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
    /// The other engines are not in this binary.
    #[error(
        "--peers: this binary was built without the other engines; \
         expected one built with them: cargo run --release --features peers -- bench core --peers"
    )]
    WithoutPeers,
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
    let manifest = Manifest { seed: Some(u64::from(args.seed)), ..Manifest::of_this_process() };
    if args.costs {
        let costs = costs(args.seed, args.repetitions, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        return Ok(write_costs(manifest, costs, args.json, out)?);
    }
    if args.peers {
        return run_peers(args, manifest, &bar, out);
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
        serde_json::to_writer_pretty(&mut *out, &Bench { manifest, rows })
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&rows, out)?;
    }
    out.flush()?;
    mismatch.map_or(Ok(()), |workload| Err(BenchCoreError::Mismatch(workload)))
}

#[cfg(not(feature = "peers"))]
fn run_peers(
    _args: &BenchCoreArgs,
    _manifest: Manifest,
    _bar: &ProgressBar,
    _out: &mut impl Write,
) -> Result<(), BenchCoreError> {
    Err(BenchCoreError::WithoutPeers)
}

#[cfg(feature = "peers")]
fn run_peers(
    args: &BenchCoreArgs,
    manifest: Manifest,
    bar: &ProgressBar,
    out: &mut impl Write,
) -> Result<(), BenchCoreError> {
    let all: Vec<_> = crate::challenge::SCENARIOS.iter().collect();
    let scenarios = if args.scenarios.is_empty() { &all } else { &args.scenarios };
    let rows = crate::challenge::peers(args.seed, args.repetitions, scenarios, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(super::bench_core_peers::write(manifest, &rows, args.json, out)?)
}

#[derive(Serialize)]
struct CostBench {
    manifest: Manifest,
    #[serde(flatten)]
    costs: Costs,
}

fn write_costs(
    manifest: Manifest,
    costs: Costs,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, &CostBench { manifest, costs })?;
        writeln!(out)?;
        return out.flush();
    }
    let mut table = comfy_table::Table::new();
    table.set_header(["message on `normal`", "count", "p50 ns", "p90", "p99", "p99.9", "p99.99"]);
    for kind in &costs.kinds {
        let time = &kind.latency_ns;
        let figures = [time.count, time.p50, time.p90, time.p99, time.p99_9, time.p99_99];
        table.add_row(
            std::iter::once(kind.name.to_owned()).chain(figures.map(|figure| figure.to_string())),
        );
    }
    writeln!(out, "{table}")?;
    let mut table = comfy_table::Table::new();
    table.set_header(["cost", "median", "[min - max]", "unit", "at most"]);
    for Cost { name, unit, min, median, max, bar, .. } in &costs.costs {
        let range = format!("[{min:.1} - {max:.1}]");
        let bar = bar.map_or_else(String::new, |bar| {
            let within = if *median <= bar { "met" } else { "NOT MET" };
            format!("{bar:.1} ({within})")
        });
        table.add_row([name.clone(), format!("{median:.1}"), range, (*unit).to_owned(), bar]);
    }
    writeln!(out, "{table}")?;
    writeln!(
        out,
        "allocations per command are no figure but a test: cargo test -p conformance --test no_alloc"
    )?;
    out.flush()
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
