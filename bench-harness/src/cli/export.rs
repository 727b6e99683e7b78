//! `seawall export`: a saved run's market data in the formats of others.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CliError, Output};
use crate::export::{self, ExportOptions, Exported};

/// Writes a saved run's market data as LOBSTER files and as hftbacktest's events
///
/// The command log is applied again; after every input the book that the records give is held against
/// the engine's. LOBSTER: a message file and an order-book file. hftbacktest: an npz of
/// order-by-order events. Tables are Parquet and latencies HdrHistogram logs in the run directory.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall export runs/flash-crash-1
  seawall export runs/flash-crash-1 --format lobster --levels 50 --out /tmp/lobster
  seawall export runs/flash-crash-1 --tick 1 --json")]
pub(super) struct ExportArgs {
    /// A run directory of `seawall run`.
    #[arg(value_name = "DIR")]
    run: PathBuf,
    /// Formats.
    #[arg(long, value_delimiter = ',', value_enum, default_value = "lobster,hftbacktest")]
    format: Vec<ExportFormat>,
    /// Price levels of LOBSTER's order-book file.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    levels: u16,
    /// What a tick is worth in currency, a multiple of 0.0001.
    #[arg(long, value_name = "PRICE", default_value = "0.01", value_parser = tick)]
    tick: u32,
    /// Where the files go; DIR/export if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Message file and order-book file as CSV.
    Lobster,
    /// Order-by-order events as npz.
    Hftbacktest,
}

/// A price as a number of 1e-4.
fn tick(text: &str) -> Result<u32, String> {
    let expected = || format!("{text:?}; expected a price from 0.0001 to 10000, say 0.01");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if decimals.len() > 4 || !is_number(decimals) || !is_number(whole) {
        return Err(expected());
    }
    let units: u32 = format!("{whole}{decimals:0<4}").parse().map_err(|_| expected())?;
    if (1..=100_000_000).contains(&units) { Ok(units) } else { Err(expected()) }
}

/// Writes, and says what.
pub(super) fn run(args: &ExportArgs) -> Result<(), CliError> {
    let options = ExportOptions {
        lobster: args.format.contains(&ExportFormat::Lobster),
        hftbacktest: args.format.contains(&ExportFormat::Hftbacktest),
        levels: usize::from(args.levels),
        tick: args.tick,
    };
    let out = args.out.clone().unwrap_or_else(|| args.run.join("export"));
    let exported = export::export(&args.run, &out, &options)?;
    Ok(args.output.result(&exported, || text(&exported))?)
}

fn text(exported: &Exported) -> String {
    let Exported { inputs, records, .. } = exported;
    let mut lines =
        format!("{records} records of {inputs} inputs, the book the engine's after each\n");
    for file in &exported.files {
        let (path, rows, bytes) = (file.path.display(), file.rows, file.bytes);
        let _ = writeln!(lines, "  {path}: {rows} rows, {bytes} bytes");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_a_decimal() {
        assert_eq!(tick("0.01"), Ok(100));
        assert_eq!(tick("1"), Ok(10_000));
        assert_eq!(tick("12.5"), Ok(125_000));
        for text in ["0", "-1", "1e3", "0.00001", "", "10001", "a"] {
            assert!(tick(text).is_err(), "{text}");
        }
    }
}
