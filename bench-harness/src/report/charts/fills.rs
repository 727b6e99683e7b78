//! Fill rate by phase and flow.

use plotly::common::{HoverInfo, Marker, TextPosition};
use plotly::layout::{Axis, AxisRange, BarMode};
use plotly::{Bar, Plot};

use super::{Chart, DataTable, flow_colour, key, panel_title};
use crate::measure::summary::{FillRate, Summary};
use crate::report::numbers;
use crate::report::run_directory::SavedRun;

const PHASES: [&str; 4] = ["calm", "onset", "peak", "recovery"];

pub(super) fn chart(run: &SavedRun) -> Option<Chart> {
    let flows = flows(&run.summary);
    let shown: Vec<_> =
        flows.iter().filter(|(_, rate)| by_phase(rate).iter().any(Option::is_some)).collect();
    if shown.is_empty() {
        return None;
    }
    let mut figure = Plot::new();
    let mut table =
        DataTable::new(&["flow", "calm", "onset", "peak", "recovery", "degradation at the peak"]);
    for (flow, rate) in &shown {
        figure.add_trace(bars(flow, rate));
        let mut row = vec![(*flow).to_owned()];
        row.extend(by_phase(rate).map(numbers::percent_or_none));
        row.push(numbers::degradation(rate.degradation));
        table.rows.push(row);
    }
    let keys: Vec<String> = shown.iter().map(|(flow, _)| key(flow, flow_colour(flow))).collect();
    figure.set_layout(
        super::layout()
            .bar_mode(BarMode::Group)
            .x_axis(Axis::new().fixed_range(true))
            .y_axis(
                Axis::new()
                    .tick_format(".0%")
                    .range(AxisRange::new(0.0, 1.12))
                    .fixed_range(true)
                    .zero_line(false),
            )
            .annotations(vec![panel_title(1.01, &keys.join(", "))]),
    );
    let caption = format!(
        "Filled over submitted quantity within {}. The calm rate of forced flow is what the calm \
         book would have filled of the same sizes and limits.",
        numbers::duration_ns(run.summary.horizon_ns)
    );
    let title = "Fill rate by phase";
    Some(Chart {
        id: "fill-rate",
        title,
        caption,
        height_px: 340,
        is_narrow: false,
        figure: figure.to_json(),
        table,
    })
}

/// Fill rates by flow, in the order of the report.
pub(crate) fn flows(summary: &Summary) -> [(&'static str, FillRate); 3] {
    let rates = &summary.fill_rate;
    [("maker", rates.maker), ("taker", rates.taker), ("forced", rates.forced)]
}

fn by_phase(rate: &FillRate) -> [Option<f64>; 4] {
    [rate.calm, rate.onset, rate.peak, rate.recovery]
}

fn bars(flow: &'static str, rate: &FillRate) -> Box<Bar<&'static str, Option<f64>>> {
    let rates = by_phase(rate);
    let labels = rates
        .iter()
        .map(|rate| rate.map_or(String::new(), |rate| format!("{:.0}%", rate * 100.0)))
        .collect();
    let hover = PHASES
        .iter()
        .zip(rates)
        .map(|(phase, rate)| format!("{flow}, {phase}: {}", numbers::percent_or_none(rate)))
        .collect();
    Bar::new(PHASES.to_vec(), rates.to_vec())
        .name(flow)
        .marker(Marker::new().color(flow_colour(flow)))
        .text_array(labels)
        .text_position_array(vec![TextPosition::Outside; PHASES.len()])
        .hover_text_array(hover)
        .hover_info(HoverInfo::Text)
}
