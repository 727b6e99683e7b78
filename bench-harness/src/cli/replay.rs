//! `seawall replay`: recorded order flow through the engine, and how far both agree.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use thiserror::Error;

use crate::feeds::follow::{
    Agreement, BookAgreement, Disagreement, MakerFill, ReplayOptions, replay_with_books,
};
use crate::feeds::lobster::BookReader;
use crate::feeds::{self, FeedError, Format, OpenOptions};
use crate::measure::peak_memory_bytes;

/// Replays recorded order flow through the engine's book and compares every execution, order by
/// order, with what was recorded.
///
/// The book follows the record. Each recorded aggressor is sent again as one immediate-or-cancel
/// order; where the engine fills other orders than the record did, that is listed with its line
/// and the class of its cause. A LOBSTER order-book file is held against the engine's book row by
/// row.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall replay AAPL_2012-06-21_34200000_37800000_message_50.csv --format lobster
  seawall replay message_10.csv.gz --book orderbook_10.csv.gz
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
    /// LOBSTER's order-book file. If it is not given, the one beside FILE under LOBSTER's name
    /// (…_message_N.csv, …_orderbook_N.csv) is taken, if there is one.
    #[arg(long, value_name = "ORDERBOOK_FILE", conflicts_with = "no_book")]
    pub book: Option<PathBuf>,
    /// Do not compare the book, even if there is an order-book file.
    #[arg(long)]
    pub no_book: bool,
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
    /// An order-book file for a format that has none.
    #[error("--book: {} is read as {format}; expected a LOBSTER message file (--format lobster)", file.display())]
    NoBooks {
        /// The recorded file.
        file: PathBuf,
        /// Its format.
        format: &'static str,
    },
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
    let books = books(args, format)?;
    let agreement = replay_with_books(reader, books, options)?;
    let replayed = Replayed { agreement, peak_memory_bytes: peak_memory_bytes() };
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &replayed).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&replayed, out)?;
    }
    out.flush()?;
    Ok(())
}

/// What is printed.
#[derive(Serialize)]
struct Replayed {
    #[serde(flatten)]
    agreement: Agreement,
    /// Most memory that this process has held, if the system says so.
    peak_memory_bytes: Option<u64>,
}

/// The order-book file that was named, or lies beside the messages.
fn books(args: &ReplayArgs, format: Format) -> Result<Option<BookReader>, ReplayError> {
    if format != Format::Lobster {
        return match args.book {
            Some(_) => Err(ReplayError::NoBooks { file: args.file.clone(), format: format.name() }),
            None => Ok(None),
        };
    }
    let beside = || if args.no_book { None } else { BookReader::beside(&args.file) };
    let path = args.book.clone().or_else(beside);
    Ok(path.map(|path| BookReader::open(&path)).transpose()?)
}

/// Disagreements that the terminal shows; `--json` has all of them.
const SHOWN_MAX: usize = 20;

fn print(replayed: &Replayed, out: &mut impl Write) -> io::Result<()> {
    let Replayed { agreement, peak_memory_bytes } = replayed;
    let Agreement { rows, trades, .. } = agreement;
    writeln!(out, "{}", agreement.file)?;
    writeln!(
        out,
        "  {} messages at {:.2} M/s ({:.2} M/s with decompression)",
        agreement.messages,
        agreement.msgs_per_s / 1e6,
        agreement.msgs_per_s_with_reading / 1e6,
    )?;
    if let Some(bytes) = peak_memory_bytes {
        writeln!(out, "  peak memory {:.1} MiB", *bytes as f64 / f64::from(1 << 20))?;
    }
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
    match &agreement.books {
        Some(books) => print_books(books, out)?,
        None => writeln!(out, "  books not compared: no order-book file was given")?,
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

fn print_books(books: &BookAgreement, out: &mut impl Write) -> io::Result<()> {
    let BookAgreement { rows, rows_identical, levels, .. } = books;
    let percent = if *rows > 0 { *rows_identical as f64 / *rows as f64 * 100.0 } else { 0.0 };
    writeln!(
        out,
        "  {rows_identical} of {rows} books identical to the order-book file ({percent:.2} %), \
         {levels} levels a side; {} of {} known levels identical",
        books.levels_identical, books.levels_compared,
    )?;
    writeln!(
        out,
        "  {} levels came into sight with orders that the messages lack, in {} rows: taken over",
        books.levels_taken_over, books.rows_taken_over,
    )
}

/// Levels of the order-book file that differ, where they begin to.
fn print_differing_books(books: &BookAgreement, out: &mut impl Write) -> io::Result<()> {
    for cause in &books.causes {
        writeln!(out, "  {} × book, {}", cause.count, cause_name(&cause.cause))?;
    }
    for one in books.disagreements.iter().take(SHOWN_MAX) {
        writeln!(
            out,
            "    line {}: {}, {} {}: recorded {}, engine {}",
            one.line,
            cause_name(&one.cause),
            one.side,
            one.price,
            one.recorded,
            one.engine,
        )?;
    }
    print_rest(books.disagreements.len(), out)
}

fn print_rest(listed: usize, out: &mut impl Write) -> io::Result<()> {
    if listed > SHOWN_MAX {
        writeln!(out, "    and {} more: see --json", listed - SHOWN_MAX)?;
    }
    Ok(())
}

fn print_disagreements(agreement: &Agreement, out: &mut impl Write) -> io::Result<()> {
    let books = agreement.books.as_ref().filter(|books| !books.causes.is_empty());
    if agreement.causes.is_empty() && books.is_none() {
        return writeln!(out, "  no disagreements");
    }
    if let Some(books) = books {
        print_differing_books(books, out)?;
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
    print_rest(agreement.disagreements.len(), out)
}

/// The name that the JSON uses.
fn cause_name(cause: &impl Serialize) -> String {
    let name = serde_json::to_value(cause).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or("unknown").to_owned()
}

fn fills(fills: &[MakerFill]) -> String {
    let parts: Vec<String> =
        fills.iter().map(|fill| format!("{} of {}", fill.size, fill.order)).collect();
    parts.join(" + ")
}
