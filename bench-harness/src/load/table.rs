//! Rows as text for a terminal, at most a hundred columns wide.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{FlowRow, Row};
use crate::measure::summary::Percentiles;
use crate::report::numbers::{compact, count, duration_ns};

const WIDTH_MAX: u16 = 100;

/// Everything a row says: rates, latencies by flow and phase, the reckoning, the verdict.
pub fn render(row: &Row) -> String {
    let mut text = String::new();
    let rate = row.msgs_per_s;
    let offered = row.offered_msgs_per_s.map_or_else(
        || "as fast as the ring takes them".to_owned(),
        |rate| format!("offered {} a second", compact(rate)),
    );
    let _ = writeln!(
        text,
        "{}: {offered}; applied {} a second (min {}, max {}), {:.0} ns each",
        row.name,
        compact(rate.median),
        compact(rate.min),
        compact(rate.max),
        row.ns_per_msg
    );
    if row.latency_ns.is_some() {
        text.push('\n');
        text.push_str(&latencies(row));
        text.push('\n');
    }
    text.push_str(&reckoning(row));
    text
}

fn latencies(row: &Row) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH_MAX)
        .force_no_tty()
        .set_header(["", "phase", "count", "p50", "p90", "p99", "p99.9", "p99.99", "max"]);
    if let Some(latency) = &row.latency_ns {
        let phases = latency.phases.iter().filter(|_| latency.phases.len() > 1);
        let named = phases.map(|(name, rows)| (name.as_str(), rows));
        for (phase, flows) in [("all", &latency.total)].into_iter().chain(named) {
            for (flow, measures) in
                [("maker", &flows.maker), ("taker", &flows.taker), ("forced", &flows.forced)]
            {
                add_flow(&mut table, flow, phase, measures);
            }
        }
    }
    add(&mut table, "service", "", &row.service_ns);
    add(&mut table, "send lag", "", &row.send_lag_ns);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn add_flow(table: &mut Table, flow: &str, phase: &str, measures: &FlowRow) {
    add(table, &format!("{flow} order to ack"), phase, &measures.order_to_ack);
    add(table, &format!("{flow} order to fill"), phase, &measures.order_to_fill);
}

fn add(table: &mut Table, name: &str, phase: &str, values: &Percentiles) {
    if values.count == 0 {
        return;
    }
    let times = [values.p50, values.p90, values.p99, values.p99_9, values.p99_99, values.max];
    let mut cells = vec![name.to_owned(), phase.to_owned(), count(values.count)];
    cells.extend(times.map(duration_ns));
    table.add_row(cells);
}

fn reckoning(row: &Row) -> String {
    let counts = &row.counts;
    let answered = counts.acknowledged + counts.rejected + counts.refused;
    let relation = if row.reconciled { "=" } else { "DOES NOT EQUAL" };
    let mut text = format!(
        "sent {} {relation} acknowledged {} + rejected {} + refused at the ring {} (= {}); \
         {} steps\n",
        count(counts.sent),
        count(counts.acknowledged),
        count(counts.rejected),
        count(counts.refused),
        count(answered),
        count(counts.steps),
    );
    let _ = writeln!(
        text,
        "{} events, {} trades, {} forced orders; events_hash {}: {}",
        count(counts.events),
        count(counts.trades),
        count(counts.forced_orders),
        row.events_hash,
        match row.verdict {
            "match" => "the same as the run that recorded the stream",
            "mismatch" => "NOT THE SAME as the run that recorded the stream",
            _ => "nothing to compare with",
        }
    );
    text
}
