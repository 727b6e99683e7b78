//! Percentile plots: latency over 1/(1−p), the way HdrHistogram draws them.

use hdrhistogram::Histogram;
use plotly::common::{Line, Mode, Title};
use plotly::layout::{Axis, AxisRange, AxisType, HoverMode};
use plotly::{Layout, Plot, Scatter};

use super::{Chart, DataTable, flow_colour, key, panel_title};
use crate::measure::summary::{FlowLatency, Percentiles, Summary};
use crate::report::numbers;
use crate::report::run_directory::SavedRun;

/// Points per halving of the distance to 100 %.
const TICKS_PER_HALF_DISTANCE: u32 = 4;

/// Powers of ten that label the latency axis, with their names.
const UNITS: [(f64, &str); 12] = [
    (1.0, "1 ns"),
    (1e1, "10 ns"),
    (1e2, "100 ns"),
    (1e3, "1 µs"),
    (1e4, "10 µs"),
    (1e5, "100 µs"),
    (1e6, "1 ms"),
    (1e7, "10 ms"),
    (1e8, "100 ms"),
    (1e9, "1 s"),
    (1e10, "10 s"),
    (1e11, "100 s"),
];

const RANKS: [(f64, &str); 6] = [
    (1.0, "0 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
];

/// One flow's histogram and percentiles.
type Series<'a> = (&'static str, &'a Histogram<u64>, Percentiles);

pub(super) fn order_to_ack(run: &SavedRun) -> Option<Chart> {
    let series = series(run, |flow| flow.order_to_ack, |histograms| &histograms.order_to_ack);
    let caption = format!(
        "From the client's send (forced orders: from the trigger) to the acknowledgement, {} time.",
        run.summary.latency_ns.clock
    );
    chart("order-to-ack", "Order to acknowledgement", caption, &series)
}

pub(super) fn order_to_fill(run: &SavedRun) -> Option<Chart> {
    let series = series(run, |flow| flow.order_to_fill, |histograms| &histograms.order_to_fill);
    let caption = format!(
        "From the same moment to the first fill, of orders that trade at once, {} time.",
        run.summary.latency_ns.clock
    );
    chart("order-to-fill", "Order to first fill", caption, &series)
}

fn flow_latency(summary: &Summary, flow: &str) -> FlowLatency {
    match flow {
        "maker" => summary.latency_ns.maker,
        "taker" => summary.latency_ns.taker,
        _ => summary.latency_ns.forced,
    }
}

fn series<'a>(
    run: &'a SavedRun,
    measure: fn(&FlowLatency) -> Percentiles,
    histogram: fn(&'a crate::measure::tables::FlowHistograms) -> &'a Histogram<u64>,
) -> Vec<Series<'a>> {
    let flows = run.tables.histograms.iter();
    flows
        .map(|flow| (flow.flow, histogram(flow), measure(&flow_latency(&run.summary, flow.flow))))
        .filter(|(_, histogram, _)| !histogram.is_empty())
        .collect()
}

fn chart(
    id: &'static str,
    title: &'static str,
    caption: String,
    series: &[Series<'_>],
) -> Option<Chart> {
    if series.is_empty() {
        return None;
    }
    let mut figure = Plot::new();
    for &(flow, histogram, _) in series {
        figure.add_trace(curve(flow, histogram));
    }
    figure.set_layout(layout(series));
    let table = table(series);
    Some(Chart {
        id,
        title,
        caption,
        height_px: 360,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

fn curve(flow: &'static str, histogram: &Histogram<u64>) -> Box<Scatter<f64, u64>> {
    let (mut x, mut y, mut text) = (Vec::new(), Vec::new(), Vec::new());
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        let quantile = step.quantile_iterated_to();
        if quantile >= 1.0 {
            break;
        }
        let value = step.value_iterated_to();
        x.push((1e3 / (1.0 - quantile)).round() / 1e3);
        y.push(value);
        text.push(format!("{flow} {:.5} %: {}", quantile * 100.0, numbers::duration_ns(value)));
    }
    // The greatest observation stands at the rank of one in all of them.
    x.push(histogram.len() as f64);
    y.push(histogram.max());
    text.push(format!("{flow} greatest: {}", numbers::duration_ns(histogram.max())));
    Scatter::new(x, y)
        .name(flow)
        .mode(Mode::Lines)
        .line(Line::new().color(flow_colour(flow)).width(2.0))
        .hover_text_array(text)
        .hover_info(plotly::common::HoverInfo::Text)
}

fn layout(series: &[Series<'_>]) -> Layout {
    let keys: Vec<String> =
        series.iter().map(|(flow, _, _)| key(flow, flow_colour(flow))).collect();
    let most = series.iter().map(|(_, histogram, _)| histogram.len()).max().unwrap_or(1);
    let (rank_values, rank_names) =
        RANKS.iter().map(|&(value, name)| (value, name.to_owned())).unzip();
    let (unit_values, unit_names) =
        UNITS.iter().map(|&(value, name)| (value, name.to_owned())).unzip();
    super::layout()
        .hover_mode(HoverMode::Closest)
        .x_axis(
            Axis::new()
                .type_(AxisType::Log)
                .title(Title::with_text("percentile"))
                .tick_values(rank_values)
                .tick_text(rank_names)
                .range(AxisRange::new(0.0, libm::log10(most.max(10) as f64)))
                .zero_line(false),
        )
        .y_axis(
            Axis::new()
                .type_(AxisType::Log)
                .tick_values(unit_values)
                .tick_text(unit_names)
                .zero_line(false),
        )
        .annotations(vec![panel_title(1.01, &keys.join(", "))])
}

fn table(series: &[Series<'_>]) -> DataTable {
    let mut table = DataTable::new(&[
        "flow", "orders", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "greatest",
    ]);
    for (flow, _, percentiles) in series {
        let values = [
            percentiles.p50,
            percentiles.p90,
            percentiles.p99,
            percentiles.p99_9,
            percentiles.p99_99,
            percentiles.max,
        ];
        let mut row = vec![(*flow).to_owned(), numbers::count(percentiles.count)];
        row.extend(values.map(numbers::duration_ns));
        table.rows.push(row);
    }
    table
}
