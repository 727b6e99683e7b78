//! Rows as text for a terminal, at most a hundred columns wide.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{FlowRows, LatencyRow, Row};
use crate::measure::summary::Percentiles;
use crate::report::numbers::{NONE, compact, count, duration_ns};

const WIDTH_MAX: u16 = 100;

type Measure = fn(&FlowRows) -> &Percentiles;

/// The lines of a table and where their numbers are.
const MEASURES: [(&str, Measure); 6] = [
    ("maker order to ack", |rows| &rows.maker.order_to_ack),
    ("maker order to fill", |rows| &rows.maker.order_to_fill),
    ("taker order to ack", |rows| &rows.taker.order_to_ack),
    ("taker order to fill", |rows| &rows.taker.order_to_fill),
    ("forced order to ack", |rows| &rows.forced.order_to_ack),
    ("forced order to fill", |rows| &rows.forced.order_to_fill),
];

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
    if let Some(latency) = &row.latency_ns {
        let tables = [Some(latencies(row, latency)), by_phase(latency, &row.phases)];
        for table in tables.into_iter().flatten() {
            text.push('\n');
            text.push_str(&table);
        }
        text.push('\n');
    }
    if row.latency_ns.is_some() {
        let _ = writeln!(
            text,
            "undisturbed leaves out {:.1} % of the orders: busy periods that a stall overlaps\n\
             stages are those of one input in 16",
            row.excluded * 100.0
        );
    }
    if let Some(log) = &row.log {
        let _ = writeln!(
            text,
            "log, durability {}: {} batches, {:.1} inputs each (most {})",
            row.durability,
            count(log.batches),
            log.batch_mean,
            count(log.batch_max)
        );
    }
    if let Some(faults) = row.memory.page_faults {
        let locked = if row.memory.locked { "memory locked before" } else { "memory not locked" };
        let _ = writeln!(
            text,
            "{} pages touched for the first time meanwhile, {locked}",
            count(faults)
        );
    }
    text.push_str(&reckoning(row));
    text
}

fn latencies(row: &Row, latency: &LatencyRow) -> String {
    let header = ["", "count", "p50", "p90", "p99", "p99.9", "p99.99", "max"];
    let mut table = table(&header.map(str::to_owned));
    let mut add = |name: &str, values: &Percentiles| {
        if values.count > 0 {
            let times =
                [values.p50, values.p90, values.p99, values.p99_9, values.p99_99, values.max];
            let cells = [name.to_owned(), count(values.count)];
            table.add_row(cells.into_iter().chain(times.map(duration_ns)));
        }
    };
    for (name, measure) in MEASURES {
        add(name, measure(&latency.total));
    }
    add("all orders to ack", &row.order_to_ack_ns);
    add("undisturbed", &row.undisturbed_ns);
    let stages = &row.stages_ns;
    add("stage: send lag", &stages.send_lag);
    add("stage: ingress wait", &stages.ingress_wait);
    add("stage: service", &stages.service);
    add("stage: egress", &stages.egress);
    add("stalls of threads", &row.stalls_ns);
    drawn(&mut table)
}

/// Median and 99th percentile by phase, if there are several.
fn by_phase(latency: &LatencyRow, order: &[String]) -> Option<String> {
    let phases: Vec<(&String, &FlowRows)> =
        order.iter().filter_map(|name| latency.phases.get_key_value(name)).collect();
    if phases.len() < 2 {
        return None;
    }
    let names = phases.iter().map(|(name, _)| (*name).clone());
    let mut table =
        table(&std::iter::once("p50 / p99".to_owned()).chain(names).collect::<Vec<_>>());
    for (name, measure) in MEASURES {
        let cell = |rows: &FlowRows| {
            let values = measure(rows);
            if values.count == 0 {
                return NONE.to_owned();
            }
            format!("{} / {}", duration_ns(values.p50), duration_ns(values.p99))
        };
        let cells = phases.iter().map(|(_, rows)| cell(rows));
        table.add_row(std::iter::once(name.to_owned()).chain(cells));
    }
    Some(drawn(&mut table))
}

fn table(header: &[String]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH_MAX)
        .force_no_tty()
        .set_header(header);
    table
}

fn drawn(table: &mut Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
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
            "match" if row.replayed => "the same as a replay of the order of taking",
            "mismatch" if row.replayed => "NOT THE SAME as a replay of the order of taking",
            "match" => "the same as the run that recorded the stream",
            "mismatch" => "NOT THE SAME as the run that recorded the stream",
            _ => "nothing to compare with",
        }
    );
    text
}
