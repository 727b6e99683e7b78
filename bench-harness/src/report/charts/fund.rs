//! The insurance fund over time, and auto-deleveraging beside it.

use plotly::common::{Fill, Line, LineShape, Marker, Mode};
use plotly::layout::RangeMode;
use plotly::{Plot, Scatter};

use super::{Chart, DataTable, colour, key, panel_axis, panel_title, seconds};
use crate::measure::summary::{FundResult, Summary};
use crate::measure::tables::{FundRow, TimelineRow};
use crate::report::run_directory::SavedRun;
use crate::report::{numbers, story};

const CASH: [f64; 2] = [0.60, 0.95];
const POSITION: [f64; 2] = [0.0, 0.46];

/// Points of a series at most.
const POINTS: usize = 900;

const CAUSES: [&str; 5] =
    ["liquidation fees", "unwinding", "deleveraging", "shortfalls", "socialised"];

pub(super) fn chart(run: &SavedRun) -> Option<Chart> {
    let tables = &run.tables;
    if tables.fund.is_empty() && tables.deleverages.is_empty() {
        return None;
    }
    let mut figure = Plot::new();
    let funds = story::funds(&run.summary);
    if funds.is_empty() {
        figure.add_trace(cash(&run.summary, &tables.timeline));
    }
    for (name, fund) in &funds {
        figure.add_trace(cash_of(run, name, fund));
    }
    figure.add_trace(position(&tables.timeline));
    if !tables.deleverages.is_empty() {
        figure.add_trace(deleverages(run));
    }
    let keys: Vec<String> = funds.iter().map(|(name, fund)| key(name, hue(fund))).collect();
    let money = match &keys[..] {
        [] => format!("<b>Insurance fund, cash</b> ({})", run.summary.currency),
        _ => format!("<b>Funds, cash</b> ({}): {}", run.summary.currency, keys.join(", ")),
    };
    let held = format!(
        "<b>{}</b> (lots); closed by {} (dots)",
        key("Position it holds", colour::FUND),
        key("ADL", colour::ADL)
    );
    figure.set_layout(
        super::layout()
            .x_axis(super::time_axis().anchor("y2"))
            .y_axis(panel_axis(&CASH))
            .y_axis2(panel_axis(&POSITION).range_mode(RangeMode::ToZero))
            .annotations(vec![
                panel_title(CASH[1] + 0.01, &money),
                panel_title(POSITION[1] + 0.01, &held),
            ]),
    );
    let first = if funds.is_empty() { "" } else { "The position is that of the first one. " };
    let caption = first.to_owned()
        + "Fees come in with every forced fill; unwinding positions that were taken over \
           below the market costs cash. When it is gone, ADL and socialisation follow.";
    let table = table(&run.summary, &tables.fund);
    let title = "The insurance fund and auto-deleveraging";
    Some(Chart {
        id: "fund",
        title,
        caption,
        height_px: 480,
        is_narrow: false,
        figure: figure.to_json(),
        table,
    })
}

/// Every so many rows, and the last one.
fn thinned(timeline: &[TimelineRow]) -> impl Iterator<Item = &TimelineRow> {
    let stride = timeline.len().div_ceil(POINTS).max(1);
    let last = (timeline.len() % stride != 1).then(|| timeline.last()).flatten();
    timeline.iter().step_by(stride).chain(last)
}

fn cash(summary: &Summary, timeline: &[TimelineRow]) -> Box<Scatter<f64, f64>> {
    let money = story::currency(summary);
    let (x, y) =
        thinned(timeline).map(|row| (seconds(row.time_ns), money.units(row.fund_cash))).unzip();
    Scatter::new(x, y)
        .name("cash")
        .mode(Mode::Lines)
        .line(Line::new().color(colour::FUND).width(1.8).shape(LineShape::Hv))
}

/// The colour of one of several funds.
fn hue(fund: &FundResult) -> &'static str {
    super::points::hue(usize::try_from(fund.number).unwrap_or_default())
}

/// Cash of one of several funds, change by change.
fn cash_of(run: &SavedRun, name: &str, fund: &FundResult) -> Box<Scatter<f64, f64>> {
    let money = story::currency(&run.summary);
    let own: Vec<&FundRow> =
        run.tables.fund.iter().filter(|row| u64::from(row.fund) == fund.number).collect();
    let stride = own.len().div_ceil(POINTS).max(1);
    let end_ns = run.tables.timeline.last().map_or(0, |row| row.time_ns);
    let changes = own.iter().step_by(stride).map(|row| (row.time_ns, row.balance));
    let points = core::iter::once((0, fund.start)).chain(changes).chain([(end_ns, fund.cash)]);
    let (x, y) = points.map(|(time_ns, cash)| (seconds(time_ns), money.units(cash))).unzip();
    Scatter::new(x, y)
        .name(name)
        .mode(Mode::Lines)
        .line(Line::new().color(hue(fund)).width(1.8).shape(LineShape::Hv))
}

fn position(timeline: &[TimelineRow]) -> Box<Scatter<f64, i64>> {
    let (x, y) =
        thinned(timeline).map(|row| (seconds(row.time_ns), row.fund_position_lots)).unzip();
    Scatter::new(x, y)
        .name("position")
        .mode(Mode::Lines)
        .line(Line::new().color(colour::FUND).width(1.2).shape(LineShape::Hv))
        .fill(Fill::ToZeroY)
        .fill_color("rgba(138,99,210,0.25)")
        .y_axis("y2")
}

fn deleverages(run: &SavedRun) -> Box<Scatter<f64, u64>> {
    let rows = &run.tables.deleverages;
    let stride = rows.len().div_ceil(POINTS).max(1);
    // Neighbours are summed, so that thinning hides no quantity.
    let (x, y) = rows
        .chunks(stride)
        .map(|chunk| (seconds(chunk[0].time_ns), chunk.iter().map(|row| row.qty_lots).sum::<u64>()))
        .unzip();
    Scatter::new(x, y)
        .name("ADL")
        .mode(Mode::Markers)
        .marker(Marker::new().color(colour::ADL).size(6))
        .y_axis("y2")
}

fn table(summary: &Summary, rows: &[FundRow]) -> DataTable {
    let mut table = DataTable::new(&["cause", "changes", "sum"]);
    let funds = story::funds(summary);
    if funds.is_empty() {
        add_changes(&mut table, summary, "", rows);
    }
    for (name, fund) in funds {
        let is_own = |row: &&FundRow| u64::from(row.fund) == fund.number;
        let own: Vec<FundRow> = rows.iter().filter(is_own).copied().collect();
        add_changes(&mut table, summary, &format!("{name}: "), &own);
    }
    table
}

/// The changes of one fund by cause, and all of them.
fn add_changes(table: &mut DataTable, summary: &Summary, whose: &str, rows: &[FundRow]) {
    let money = story::currency(summary);
    for (cause, name) in (0..).zip(CAUSES) {
        let amounts: Vec<i64> =
            rows.iter().filter(|row| row.cause == cause).map(|row| row.amount).collect();
        if amounts.is_empty() {
            continue;
        }
        let sum = amounts.iter().fold(0_i64, |sum, amount| sum.saturating_add(*amount));
        table.rows.push(vec![
            format!("{whose}{name}"),
            numbers::count(amounts.len() as u64),
            money.full(sum),
        ]);
    }
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let change = last.balance.saturating_sub(first.balance.saturating_sub(first.amount));
        table.rows.push(vec![
            format!("{whose}all"),
            numbers::count(rows.len() as u64),
            money.full(change),
        ]);
    }
}
