//! `seawall replay`: recorded order flow through the engine, and how far both agree.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use crate::feeds::follow::{Agreement, Disagreement, MakerFill, ReplayOptions, replay};
use crate::feeds::{self, FeedError, Format, OpenOptions};

/// Replays recorded order flow through the engine's book and compares every execution, order by
/// order, with what was recorded.
///
/// The book follows the record. Each recorded aggressor is sent again as one immediate-or-cancel
/// order; where the engine fills other orders than the record did, that is listed with its line
/// and the class of its cause.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall replay AAPL_2012-06-21_34200000_37800000_message_50.csv --format lobster
  seawall replay message_50.csv.xz --json | jq .sweeps_identical_fraction
  seawall replay 01302020.NASDAQ_ITCH50.gz --format itch --instrument AAPL
  seawall replay xnas-itch-20240102.mbo.dbn.zst --instrument MSFT
  seawall replay orders.csv.xz --format bitstamp")]
pub struct ReplayArgs {
    /// Recorded file, plain or compressed with gzip, xz or zstd.
    pub file: PathBuf,
    /// Its format; told by its name or its first line if it is not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The instrument, where a file has several: a stock's symbol (itch), a symbol or a number (dbn).
    #[arg(long, value_name = "NAME")]
    pub instrument: Option<String>,
    /// Price step of displayed orders, in price units of the format (1e-4 of the currency; 1e-2 in
    /// bitstamp files); one cent if it is not given.
    #[arg(long, value_name = "UNITS")]
    pub tick: Option<NonZeroU32>,
    /// Most orders resting at once.
    #[arg(long, value_name = "N", default_value_t = ReplayOptions::default().orders_max,
          value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    pub orders_max: u32,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
}

/// Why a replay could not be done or printed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file is not what it claims to be: exit 2.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The result could not be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

/// Replays and prints.
pub fn run(args: &ReplayArgs, out: &mut impl Write) -> Result<(), ReplayError> {
    let format = args.format.map_or_else(|| feeds::detect(&args.file), Ok)?;
    let options = ReplayOptions { tick: args.tick, orders_max: args.orders_max };
    let instrument = args.instrument.clone();
    let reader = feeds::open(&args.file, format, &OpenOptions { instrument })?;
    let agreement = replay(reader, options)?;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &agreement).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&agreement, out)?;
    }
    out.flush()?;
    Ok(())
}

/// Disagreements that the terminal shows; `--json` has all of them.
const SHOWN_MAX: usize = 20;

fn print(agreement: &Agreement, out: &mut impl Write) -> io::Result<()> {
    let Agreement { rows, trades, .. } = agreement;
    writeln!(out, "{}", agreement.file)?;
    writeln!(
        out,
        "  {} messages at {:.2} M/s ({:.2} M/s with decompression)",
        agreement.messages,
        agreement.msgs_per_s / 1e6,
        agreement.msgs_per_s_with_reading / 1e6,
    )?;
    writeln!(
        out,
        "  {} adds, {} reductions, {} deletions, {} executions, {} hidden executions, {} crosses, \
         {} halts",
        rows.adds,
        rows.reductions,
        rows.deletions,
        rows.executions,
        rows.hidden_executions,
        rows.crosses,
        rows.halts,
    )?;
    writeln!(
        out,
        "  {} shares executed, {:.1} % of them hidden",
        trades.visible_shares + trades.hidden_shares,
        trades.hidden_fraction * 100.0,
    )?;
    if let Some(vwap) = trades.vwap_dollars {
        writeln!(out, "  average price {vwap:.4} dollars")?;
    }
    if rows.beyond > 0 {
        writeln!(out, "  {} orders beyond any price or size of the engine, left out", rows.beyond)?;
    }
    if let Some(pairing) = agreement.pairing {
        writeln!(
            out,
            "  {} of {} trades have both their orders ({} a resting one from before the record)",
            pairing.paired, pairing.trades, pairing.paired_with_older,
        )?;
    }
    writeln!(out)?;
    print_agreement(agreement, out)?;
    writeln!(out)?;
    print_disagreements(agreement, out)
}

fn print_agreement(agreement: &Agreement, out: &mut impl Write) -> io::Result<()> {
    let percent = agreement.sweeps_identical_fraction.map_or(0.0, |fraction| fraction * 100.0);
    writeln!(
        out,
        "  {} of {} sweeps identical, order by order ({percent:.2} %); {} took several orders, {} \
         several prices",
        agreement.sweeps_identical,
        agreement.sweeps,
        agreement.sweeps_multi_fill,
        agreement.sweeps_multi_level,
    )?;
    writeln!(
        out,
        "  {} further sweeps touched orders from before the record ({} seeded): {} identical",
        agreement.sweeps_seeded, agreement.orders_seeded, agreement.sweeps_seeded_identical,
    )?;
    writeln!(
        out,
        "  {} of {} executions at the best displayed price; {} shares went to another order",
        agreement.executions_at_best, agreement.executions, agreement.trades.misallocated_shares,
    )?;
    match (agreement.book_states, agreement.book_states_identical) {
        (Some(states), Some(identical)) => {
            writeln!(out, "  {identical} of {states} book states identical")?;
        }
        _ => writeln!(out, "  book states {}", agreement.book_states_note.unwrap_or("unknown"))?,
    }
    writeln!(
        out,
        "  {} orders entered the window late, {} of them ahead of others at their price ({} \
         entered again behind them)",
        agreement.late_entries, agreement.late_entries_reordered, agreement.orders_reentered,
    )?;
    writeln!(
        out,
        "  {} rows about orders from before the record; {} orders resting at the end",
        agreement.rows_of_unknown_orders, agreement.orders_resting,
    )
}

fn print_disagreements(agreement: &Agreement, out: &mut impl Write) -> io::Result<()> {
    if agreement.causes.is_empty() {
        return writeln!(out, "  no disagreements");
    }
    for cause in &agreement.causes {
        writeln!(out, "  {} × {}", cause.count, cause_name(&cause.cause))?;
    }
    for Disagreement { line, cause, order, recorded, engine, .. } in
        agreement.disagreements.iter().take(SHOWN_MAX)
    {
        write!(out, "    line {line}: {}", cause_name(cause))?;
        if let Some(order) = order {
            write!(out, ", order {order}")?;
        }
        if !recorded.is_empty() {
            write!(out, "; recorded {}, engine {}", fills(recorded), fills(engine))?;
        }
        writeln!(out)?;
    }
    let listed = agreement.disagreements.len();
    if listed > SHOWN_MAX {
        writeln!(out, "    and {} more: see --json", listed - SHOWN_MAX)?;
    }
    Ok(())
}

/// The name that the JSON uses.
fn cause_name(cause: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(cause).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or("unknown").to_owned()
}

fn fills(fills: &[MakerFill]) -> String {
    let parts: Vec<String> =
        fills.iter().map(|fill| format!("{} of {}", fill.size, fill.order)).collect();
    parts.join(" + ")
}
