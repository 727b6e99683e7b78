//! `seawall bench omission`: the same overload by two clocks.

use std::io::Write;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use seawall_engine::ring::SeqSlotRing;
use serde::Serialize;

use super::CliError;
use super::bench_ring::two_cores;
use crate::load::omission::{SLOTS, two_clocks};
use crate::measure::histogram::percentiles;
use crate::measure::summary::Percentiles;
use crate::report::Manifest;
use crate::report::numbers::{compact, duration_ns};

/// Loads, as parts of what the consumer can do.
const LOADS: [f64; 4] = [0.2, 0.8, 1.5, 1.5];

/// Shows coordinated omission: one overload, latency from the scheduled and from the actual send.
///
/// A sender that waits while the ring is full stamps its messages late. From that stamp, latency
/// cannot exceed ring size times service time: an overload looks healthy. From the scheduled send
/// it grows for as long as the run lasts, which is what a client would see.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench omission
  seawall bench omission --service-ns 2000 --seconds 3 --json

Exit status: 0 done, 2 bad input or no second core.")]
pub(super) struct OmissionArgs {
    /// What the consumer takes for a message.
    #[arg(long, value_name = "NS", default_value_t = 400,
          value_parser = clap::value_parser!(u64).range(50..=1_000_000))]
    service_ns: u64,
    /// Length of a row's schedule; the second overload row is twice as long.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = seconds)]
    seconds: f64,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let expected = || "expected seconds from 0.01 to 60".to_owned();
    let value: f64 = text.parse().map_err(|_| expected())?;
    if (0.01..=60.0).contains(&value) { Ok(value) } else { Err(expected()) }
}

#[derive(Serialize)]
struct Row {
    offered_msgs_per_s: f64,
    msgs_per_s: f64,
    load: f64,
    seconds: f64,
    from_scheduled_send_ns: Percentiles,
    from_actual_send_ns: Percentiles,
}

#[derive(Serialize)]
struct Report {
    manifest: Manifest,
    service_ns: u64,
    slots: usize,
    rows: Vec<Row>,
}

/// Runs and prints.
pub(super) fn run(args: &OmissionArgs, out: &mut impl Write) -> Result<(), CliError> {
    let cores = two_cores(&[])?;
    // The consumer also takes the message and records it twice: measured, not guessed.
    let flat_out = two_clocks::<SeqSlotRing>(cores, 1e9, args.service_ns, 200_000);
    let capacity = flat_out.msgs_per_s;
    let mut rows = Vec::new();
    for (place, load) in LOADS.into_iter().enumerate() {
        let seconds = if place + 1 == LOADS.len() { 2.0 * args.seconds } else { args.seconds };
        let rate = load * capacity;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a minute of at most 1e9 a second"
        )]
        let count = (rate * seconds) as u64;
        let both = two_clocks::<SeqSlotRing>(cores, rate, args.service_ns, count);
        rows.push(Row {
            offered_msgs_per_s: rate,
            msgs_per_s: both.msgs_per_s,
            load,
            seconds,
            from_scheduled_send_ns: percentiles(&both.scheduled),
            from_actual_send_ns: percentiles(&both.sent),
        });
    }
    if args.json {
        let manifest = Manifest::of_this_process();
        let report = Report { manifest, service_ns: args.service_ns, slots: SLOTS, rows };
        serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    print(args, capacity, &rows, out)
}

fn print(
    args: &OmissionArgs,
    capacity: f64,
    rows: &[Row],
    out: &mut impl Write,
) -> Result<(), CliError> {
    writeln!(
        out,
        "a ring of {SLOTS} in front of a consumer that works {} ns on each message and manages {} \
         a second\nthe sender waits while the ring is full\n",
        args.service_ns,
        compact(capacity)
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "load",
        "offered",
        "for",
        "from SCHEDULED send p50",
        "p99",
        "max",
        "from ACTUAL send p50",
        "p99",
        "max",
    ]);
    for row in rows {
        let (a, b) = (row.from_scheduled_send_ns, row.from_actual_send_ns);
        let times = [a.p50, a.p99, a.max, b.p50, b.p99, b.max].map(duration_ns);
        let head = [
            format!("{:.0} %", row.load * 100.0),
            format!("{}/s", compact(row.offered_msgs_per_s)),
            format!("{} s", row.seconds),
        ];
        table.add_row(head.into_iter().chain(times));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let limit_ns = 1e9 / capacity * SLOTS as f64;
    writeln!(
        out,
        "{table}\n\nfrom the actual send an undisturbed run cannot show more than {SLOTS} services \
         = {:.0} us, however long the overload lasts",
        limit_ns / 1e3
    )?;
    Ok(())
}
