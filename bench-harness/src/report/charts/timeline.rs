//! The cascade on one time axis: price, depth, forced flow, fill rate, backlog.

use plotly::common::{Anchor, Fill, Font, HoverInfo, Line, LineShape, Marker, Mode};
use plotly::layout::update_menu::{Button, ButtonBuilder, UpdateMenu};
use plotly::layout::update_menu::{UpdateMenuDirection, UpdateMenuType};
use plotly::layout::{Annotation, AxisRange, Shape, ShapeLayer, ShapeType};
use plotly::{Layout, Plot, Scatter};
use serde::Serialize;

use super::{Chart, DataTable, colour, key, panel_axis, panel_title, seconds};
use crate::measure::summary::Summary;
use crate::measure::tables::TimelineRow;
use crate::report::downsample::{self, Flow};
use crate::report::numbers;
use crate::report::run_directory::SavedRun;
use crate::report::story;

/// Panels from the top: where each begins and ends on the paper.
const PRICE: [f64; 2] = [0.715, 0.965];
const DEPTH: [f64; 2] = [0.545, 0.670];
const FORCED: [f64; 2] = [0.365, 0.500];
const RATE: [f64; 2] = [0.185, 0.320];
const BACKLOG: [f64; 2] = [0.0, 0.140];

/// Points per phase that a screen can show; quiet phases need fewer.
const LEVELS: [usize; 4] = [150, 200, 400, 400];
const FLOWS: [usize; 4] = [60, 60, 120, 240];

/// Rows of the table beside the chart.
const TABLE_ROWS: usize = 8;

pub(super) fn chart(run: &SavedRun) -> Option<Chart> {
    let rows = &run.tables.timeline;
    if rows.is_empty() {
        return None;
    }
    let levels = downsample::levels(rows, LEVELS);
    let flows = downsample::flows(rows, FLOWS);
    let mut figure = Plot::new();
    add_price(&mut figure, &levels);
    add_depth(&mut figure, &levels);
    add_flows(&mut figure, &flows);
    add_backlog(&mut figure, &flows, downsample::waiting(&run.events.spans_ns, &flows));
    figure.set_layout(layout(&run.summary, rows));
    let caption =
        "Five views of the same seconds; drag across any of them to zoom, double-click to \
                   return. Shaded: onset, peak (the shortest interval with 80 % of the forced \
                   quantity) and recovery."
            .to_owned();
    let table = table(rows, &run.events.spans_ns);
    let title = "The cascade, second by second";
    Some(Chart {
        id: "timeline",
        title,
        caption,
        height_px: 860,
        is_narrow: false,
        figure: figure.to_json(),
        table,
    })
}

/// A line on one of the panels; `None` leaves a gap.
fn line<Y: Serialize + Clone + 'static>(
    levels: &[TimelineRow],
    name: &str,
    colour: &'static str,
    axis: &str,
    value: impl Fn(&TimelineRow) -> Y,
) -> Box<Scatter<f64, Y>> {
    let x = levels.iter().map(|row| seconds(row.time_ns)).collect();
    let y = levels.iter().map(value).collect();
    Scatter::new(x, y)
        .name(name)
        .mode(Mode::Lines)
        .line(Line::new().color(colour).width(1.6))
        .y_axis(axis)
}

fn price(ticks: u32) -> Option<u32> {
    (ticks > 0).then_some(ticks)
}

/// The area between bid and offer: one outline for each stretch of the run with both sides, because an
/// area between two lines goes astray where one of them has a gap.
fn spread(levels: &[TimelineRow]) -> Box<Scatter<Option<f64>, Option<u32>>> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let stretches = levels.split(|row| row.bid_ticks == 0 || row.ask_ticks == 0);
    for stretch in stretches.filter(|stretch| !stretch.is_empty()) {
        let there = stretch.iter().map(|row| (row.time_ns, row.ask_ticks));
        let back = stretch.iter().rev().map(|row| (row.time_ns, row.bid_ticks));
        for (time_ns, ticks) in there.chain(back) {
            x.push(Some(seconds(time_ns)));
            y.push(Some(ticks));
        }
        x.push(None);
        y.push(None);
    }
    Scatter::new(x, y)
        .name("bid to offer")
        .mode(Mode::Lines)
        .line(Line::new().width(0.0))
        .fill(Fill::ToSelf)
        .fill_color(colour::SPREAD)
        .hover_info(HoverInfo::Skip)
        .y_axis("y")
}

fn add_price(figure: &mut Plot, levels: &[TimelineRow]) {
    let thin = || Line::new().color("rgba(59,125,221,0.35)").width(0.5);
    figure
        .add_trace(line(levels, "bid", colour::MARK, "y", |row| price(row.bid_ticks)).line(thin()));
    figure.add_trace(
        line(levels, "offer", colour::MARK, "y", |row| price(row.ask_ticks)).line(thin()),
    );
    figure.add_trace(spread(levels));
    figure.add_trace(line(levels, "index", colour::INDEX, "y", |row| price(row.index_ticks)));
    figure.add_trace(line(levels, "mark", colour::MARK, "y", |row| price(row.mark_ticks)));
}

fn add_depth(figure: &mut Plot, levels: &[TimelineRow]) {
    figure.add_trace(line(levels, "bid depth", colour::BID, "y2", |row| row.bid_depth_50bp_lots));
    figure.add_trace(line(levels, "offer depth", colour::ASK, "y2", |row| row.ask_depth_50bp_lots));
}

fn add_backlog(figure: &mut Plot, flows: &[Flow], waiting: Vec<u64>) {
    let x = flows.iter().map(|flow| seconds(flow.start_ns)).collect();
    figure.add_trace(
        Scatter::new(x, waiting)
            .name("waiting")
            .mode(Mode::Lines)
            .line(Line::new().color(colour::FORCED).width(1.6).shape(LineShape::Hv))
            .fill(Fill::ToZeroY)
            .fill_color(colour::FORCED_FAINT)
            .y_axis("y5"),
    );
}

fn add_flows(figure: &mut Plot, flows: &[Flow]) {
    let x: Vec<f64> = flows.iter().map(|flow| seconds(flow.start_ns)).collect();
    let steps = |name: &str, axis: &str, colour: &'static str, y: Vec<Option<f64>>| {
        Scatter::new(x.clone(), y)
            .name(name)
            .mode(Mode::Lines)
            .line(Line::new().color(colour).width(1.6).shape(LineShape::Hv))
            .y_axis(axis)
    };
    let rate = |value: fn(&Flow) -> u64| -> Vec<Option<f64>> {
        flows.iter().map(|flow| Some(round(flow.per_second(value(flow)), 1.0))).collect()
    };
    let ratio = |filled: fn(&Flow) -> u64, sent: fn(&Flow) -> u64| -> Vec<Option<f64>> {
        let ratio = |flow: &Flow| downsample::ratio(filled(flow), sent(flow));
        flows.iter().map(|flow| ratio(flow).map(|ratio| round(ratio, 1e-4))).collect()
    };
    figure.add_trace(
        steps("submitted", "y3", colour::FORCED, rate(|flow| flow.forced_lots))
            .line(Line::new().color(colour::FORCED).width(0.8).shape(LineShape::Hv))
            .fill(Fill::ToZeroY)
            .fill_color(colour::FORCED_FAINT),
    );
    figure.add_trace(
        steps("filled", "y3", colour::BID, rate(|flow| flow.forced_filled_lots))
            .fill(Fill::ToZeroY)
            .fill_color("rgba(31,157,107,0.35)"),
    );
    let maker = ratio(|flow| flow.maker_filled_lots, |flow| flow.maker_lots);
    let taker = ratio(|flow| flow.taker_filled_lots, |flow| flow.taker_lots);
    let forced = ratio(|flow| flow.forced_filled_lots, |flow| flow.forced_lots);
    figure.add_trace(steps("maker", "y4", colour::MAKER, maker));
    figure.add_trace(steps("taker", "y4", colour::TAKER, taker));
    // Forced flow comes in bursts: a bucket between two empty ones shows as a dot.
    figure.add_trace(
        steps("forced", "y4", colour::FORCED, forced)
            .mode(Mode::LinesMarkers)
            .marker(Marker::new().color(colour::FORCED).size(4)),
    );
}

fn round(value: f64, unit: f64) -> f64 {
    // Dividing by the reciprocal prints short decimals: 0.1234, not 0.12340000000000001.
    let per_unit = (1.0 / unit).round();
    (value * per_unit).round() / per_unit
}

fn layout(summary: &Summary, rows: &[TimelineRow]) -> Layout {
    let whole = [seconds(rows[0].time_ns), seconds(rows[rows.len() - 1].time_ns)];
    let shown = first_range(summary, whole);
    super::layout()
        .x_axis(super::time_axis().anchor("y5").range(AxisRange::new(shown[0], shown[1])))
        .y_axis(panel_axis(&PRICE).tick_format(",d"))
        .y_axis2(panel_axis(&DEPTH).range_mode(plotly::layout::RangeMode::ToZero))
        .y_axis3(panel_axis(&FORCED).range_mode(plotly::layout::RangeMode::ToZero))
        .y_axis4(panel_axis(&RATE).tick_format(".0%").range(AxisRange::new(0.0, 1.05)))
        .y_axis5(panel_axis(&BACKLOG).range_mode(plotly::layout::RangeMode::ToZero))
        .annotations(titles(summary))
        .shapes(phase_shades(summary))
        .update_menus(zoom_buttons(summary, whole))
}

fn titles(summary: &Summary) -> Vec<Annotation> {
    let horizon = numbers::duration_ns(summary.horizon_ns);
    let price = format!(
        "<b>Price</b> (ticks): {}, {}, bid to offer shaded",
        key("mark", colour::MARK),
        key("index", colour::INDEX)
    );
    let depth = format!(
        "<b>Depth</b> within 50 bp (lots): {}, {}",
        key("bid", colour::BID),
        key("offer", colour::ASK)
    );
    let forced = format!(
        "<b>Forced flow</b> (lots/s): {}, {}",
        key("submitted", colour::FORCED),
        key("filled", colour::BID)
    );
    let rate = format!(
        "<b>Fill rate</b> within {horizon}: {}, {}, {}",
        key("maker", colour::MAKER),
        key("taker", colour::TAKER),
        key("forced", colour::FORCED)
    );
    let panels = [PRICE, DEPTH, FORCED, RATE, BACKLOG];
    let texts =
        [price, depth, forced, rate, "<b>Liquidation queue</b> (most positions waiting)".into()];
    let titles = panels.iter().zip(texts).map(|(panel, text)| panel_title(panel[1] + 0.004, &text));
    titles.chain(phase_names(summary)).collect()
}

/// The names of the shaded phases, upright at the start of each.
fn phase_names(summary: &Summary) -> impl Iterator<Item = Annotation> {
    story::phases(summary).into_iter().filter(|(name, _)| *name != "calm").map(|(name, phase)| {
        Annotation::new()
            .text(name)
            .text_angle(-90.0)
            .x_ref("x")
            .y_ref("paper")
            .x(seconds(phase.start_ns))
            .y(PRICE[1] - 0.004)
            .x_anchor(Anchor::Left)
            .y_anchor(Anchor::Top)
            .show_arrow(false)
            .opacity(0.75)
            .font(Font::new().size(11))
    })
}

fn phase_shades(summary: &Summary) -> Vec<Shape> {
    let colours = |name| match name {
        "onset" => colour::PHASES[1],
        "peak" => colour::PHASES[2],
        "recovery" => colour::PHASES[3],
        _ => colour::PHASES[0],
    };
    let cascade = story::phases(summary).into_iter().filter(|(name, _)| *name != "calm");
    cascade
        .map(|(name, phase)| {
            Shape::new()
                .shape_type(ShapeType::Rect)
                .layer(ShapeLayer::Below)
                .x_ref("x")
                .y_ref("paper")
                .x0(seconds(phase.start_ns))
                .x1(seconds(phase.end_ns))
                .y0(0.0)
                .y1(PRICE[1])
                .fill_color(colours(name))
                .line(plotly::layout::ShapeLine::new().width(0.0))
        })
        .collect()
}

/// Sets the range of the time axis and nothing else of it.
#[derive(Serialize)]
struct TimeRange {
    #[serde(rename = "xaxis.range")]
    range: [f64; 2],
}

impl plotly::Relayout for TimeRange {}

fn zoom_buttons(summary: &Summary, whole: [f64; 2]) -> Vec<UpdateMenu> {
    let Some(cascade) = cascade_range(summary, whole) else { return Vec::new() };
    let buttons: Vec<Button> = [("Whole run", whole), ("Cascade", cascade)]
        .into_iter()
        .filter_map(|(label, range)| {
            ButtonBuilder::new().label(label).push_relayout(TimeRange { range }).build().ok()
        })
        .collect();
    vec![
        UpdateMenu::new()
            .ty(UpdateMenuType::Buttons)
            .direction(UpdateMenuDirection::Right)
            .buttons(buttons)
            .x(1.0)
            .x_anchor(Anchor::Right)
            .y(1.03)
            .y_anchor(Anchor::Bottom)
            .show_active(true),
    ]
}

/// What is shown first: all of a short run, of a long one the cascade and a good deal around it.
fn first_range(summary: &Summary, whole: [f64; 2]) -> [f64; 2] {
    let Some([start, end]) = cascade_span(summary) else { return whole };
    let length = end - start;
    let around = [(start - length).max(whole[0]), (end + 4.0 * length).min(whole[1])];
    let is_long = whole[1] - whole[0] > 1.5 * (around[1] - around[0]);
    if is_long && length > 0.0 { around } else { whole }
}

/// The cascade with a third of its length before it and its length after it.
fn cascade_range(summary: &Summary, whole: [f64; 2]) -> Option<[f64; 2]> {
    let [start, end] = cascade_span(summary)?;
    let length = end - start;
    Some([(start - length / 3.0).max(whole[0]), (end + length).min(whole[1])])
}

/// From the shock to the end of the peak, in seconds.
fn cascade_span(summary: &Summary) -> Option<[f64; 2]> {
    let phases = [summary.phases.onset, summary.phases.peak];
    let start_ns = phases.iter().flatten().map(|phase| phase.start_ns).min()?;
    let end_ns = phases.iter().flatten().map(|phase| phase.end_ns).max()?;
    Some([seconds(start_ns), seconds(end_ns)])
}

fn table(rows: &[TimelineRow], spans_ns: &[(u64, u64)]) -> DataTable {
    let mut table = DataTable::new(&[
        "time",
        "phase",
        "mark (ticks)",
        "bid",
        "offer",
        "bid depth 50 bp",
        "forced (lots/s)",
        "forced filled",
        "taker filled",
        "most waiting",
    ]);
    let flows = downsample::flows(rows, [TABLE_ROWS; 4]);
    let waiting = downsample::waiting(spans_ns, &flows);
    for (flow, waiting) in flows.iter().zip(waiting) {
        let row = &flow.first;
        let price =
            |ticks| price(ticks).map_or(numbers::NONE.to_owned(), |t| numbers::count(t.into()));
        let ratio = |filled, sent| numbers::percent_or_none(downsample::ratio(filled, sent));
        table.rows.push(vec![
            format!("{} s", numbers::decimal(seconds(row.time_ns), 2)),
            phase_name(row.phase).to_owned(),
            numbers::count(row.mark_ticks.into()),
            price(row.bid_ticks),
            price(row.ask_ticks),
            numbers::count(row.bid_depth_50bp_lots),
            numbers::decimal(flow.per_second(flow.forced_lots), 0),
            ratio(flow.forced_filled_lots, flow.forced_lots),
            ratio(flow.taker_filled_lots, flow.taker_lots),
            numbers::count(waiting),
        ]);
    }
    table
}

fn phase_name(phase: u32) -> &'static str {
    match phase {
        0 => "calm",
        1 => "onset",
        2 => "peak",
        _ => "recovery",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_without_a_side_parts_the_spread() {
        let row = |(n, bid_ticks): (u64, u32)| TimelineRow {
            time_ns: n * 1_000_000_000,
            bid_ticks,
            ask_ticks: 12,
            ..TimelineRow::default()
        };
        let levels = [(0, 10), (1, 11), (2, 0), (3, 0), (4, 9)].map(row);
        let drawn = serde_json::to_value(spread(&levels)).expect("a trace is JSON");
        let x = serde_json::json!([0.0, 1.0, 1.0, 0.0, null, 4.0, 4.0, null]);
        let y = serde_json::json!([12, 12, 11, 10, null, 12, 9, null]);
        assert_eq!((&drawn["x"], &drawn["y"]), (&x, &y));
    }
}
