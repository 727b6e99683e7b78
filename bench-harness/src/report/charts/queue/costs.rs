//! What latency and load cost.

use plotly::Plot;
use plotly::common::Title;
use plotly::layout::{Axis, AxisType};

use super::super::{Chart, DataTable, layout, panel_title};
use super::{KINDS, axes, kind_keys, pm, series};
use crate::study::queue::answers::{Answers, Measured};

pub(super) fn latency(answers: &Answers) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table =
        DataTable::new(&["delay (ms)", "phase", "side", "decisions", "filled (%)", "queue gone"]);
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for point in answers.latency.iter().filter(|p| p.phase == phase && p.flow == flow) {
            let ms = point.delay_ns as f64 / 1e6;
            if let Some(m) = point.fill {
                // A logarithmic axis has no place for no delay.
                let value =
                    Measured { value: m.value * 100.0, half_width: m.half_width * 100.0, n: m.n };
                points.push((ms.max(0.3), value));
            }
            table.rows.push(vec![
                format!("{ms}"),
                phase.to_owned(),
                flow.to_owned(),
                point.n.to_string(),
                pm(point.fill, 100.0, 2),
                format!("{:.1} %", point.no_queue * 100.0),
            ]);
        }
        figure.add_trace(series(name, colour, dashed, &points));
    }
    let delay = Axis::new()
        .type_(AxisType::Log)
        .title(Title::with_text("delay between decision and arrival (ms; leftmost: none)"));
    figure.set_layout(
        axes(layout(), "", "filled (%)")
            .x_axis(delay.zero_line(false))
            .annotations(vec![panel_title(1.01, &kind_keys())]),
    );
    (!table.rows.is_empty()).then(|| Chart {
        id: "queue-latency",
        title: "What latency costs",
        caption: "Decide on the best price, join the back of its queue later. A decision whose \
                  queue is gone at its arrival counts as not filled here; the table has its share."
            .to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

pub(super) fn load(answers: &Answers) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table =
        DataTable::new(&["service time", "engine busy", "phase", "side", "place", "filled (%)"]);
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for point in answers.load.iter().filter(|p| p.phase == phase && p.flow == flow) {
            if let Some(m) = point.fill.filter(|_| point.rank_percent == 100) {
                let value =
                    Measured { value: m.value * 100.0, half_width: m.half_width * 100.0, n: m.n };
                points.push((point.utilisation * 100.0, value));
            }
            table.rows.push(vec![
                format!("× {}", point.scale),
                format!("{:.1} %", point.utilisation * 100.0),
                phase.to_owned(),
                flow.to_owned(),
                format!("{} %", point.rank_percent),
                pm(point.fill, 100.0, 2),
            ]);
        }
        figure.add_trace(series(name, colour, dashed, &points));
    }
    figure.set_layout(
        axes(layout(), "engine busy, whole run (%)", "filled (%)")
            .annotations(vec![panel_title(1.01, &kind_keys())]),
    );
    (!table.rows.is_empty()).then(|| Chart {
        id: "queue-load",
        title: "What load costs",
        caption: "The same cascades with a slower engine: service time times 1, 4, 8 … Back of \
                  the best queue; the table has the front as well. The peak is busier than the run."
            .to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}
