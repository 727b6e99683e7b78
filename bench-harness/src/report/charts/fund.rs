//! The insurance fund over time, and auto-deleveraging beside it.

use plotly::common::{Fill, Line, LineShape, Marker, Mode};
use plotly::layout::RangeMode;
use plotly::{Plot, Scatter};

use super::{Chart, DataTable, colour, key, panel_axis, panel_title, seconds};
use crate::measure::summary::{FundResult, Summary};
use crate::measure::tables::TimelineRow;
use crate::report::events::FundChanges;
use crate::report::run_directory::SavedRun;
use crate::report::{numbers, story};

const CASH: [f64; 2] = [0.60, 0.95];
const POSITION: [f64; 2] = [0.0, 0.46];

/// Points of a series at most.
const POINTS: usize = 900;

/// Causes of changes by their numbers in the table.
const CAUSES: [(u32, &str); 7] = [
    (0, "liquidation fees"),
    (1, "unwinding"),
    (2, "deleveraging"),
    (3, "shortfalls"),
    (4, "socialised"),
    (8, "funding"),
    (9, "collateral bought"),
];

pub(super) fn chart(run: &SavedRun) -> Option<Chart> {
    let tables = &run.tables;
    let has_adl = !run.events.deleverages.is_empty();
    if run.events.funds.is_empty() && !has_adl {
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
    if has_adl {
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
    let table = table(run);
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
    let own = u32::try_from(fund.number).ok().and_then(|number| run.events.funds.get(&number));
    let changes = own.map_or(&[][..], |own| &own.cash).iter().copied();
    let end_ns = run.tables.timeline.last().map_or(0, |row| row.time_ns);
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
    let points = &run.events.deleverages;
    let (x, y) = points.iter().map(|point| (seconds(point.time_ns), point.qty_lots)).unzip();
    Scatter::new(x, y)
        .name("ADL")
        .mode(Mode::Markers)
        .marker(Marker::new().color(colour::ADL).size(6))
        .y_axis("y2")
}

fn table(run: &SavedRun) -> DataTable {
    let mut table = DataTable::new(&["cause", "changes", "sum"]);
    let funds = story::funds(&run.summary);
    let of = |number: u64| u32::try_from(number).ok().and_then(|n| run.events.funds.get(&n));
    if let Some(changes) = of(0).filter(|_| funds.is_empty()) {
        add_changes(&mut table, &run.summary, "", changes);
    }
    for (name, fund) in funds {
        if let Some(changes) = of(fund.number) {
            add_changes(&mut table, &run.summary, &format!("{name}: "), changes);
        }
    }
    table
}

/// The changes of one fund by cause, and all of them.
fn add_changes(table: &mut DataTable, summary: &Summary, whose: &str, fund: &FundChanges) {
    let money = story::currency(summary);
    let mut row = |name: &str, count, sum| {
        let name = format!("{whose}{name}");
        table.rows.push(vec![name, numbers::count(count), money.full(sum)]);
    };
    for (cause, name) in CAUSES {
        if let Some((count, sum)) = fund.by_cause.get(&cause) {
            row(name, *count, *sum);
        }
    }
    row("all", fund.count(), fund.last.saturating_sub(fund.first));
}
