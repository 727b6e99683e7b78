//! What latency and load cost.

use plotly::Plot;
use plotly::common::Title;
use plotly::layout::{Axis, AxisType};

use super::super::{Chart, DataTable, layout, panel_title};
use super::{KINDS, axes, kind_keys, pm, series};
use crate::study::queue::answers::{Answers, DelayPoint, Measured};

/// What latency does to fills.
pub(super) fn latency(answers: &Answers) -> Option<Chart> {
    let caption = "Decide on the best price, join the back of its queue later. A decision whose \
                   queue is gone at its arrival counts as not filled; the table has its share.";
    let about = ("queue-latency", "What latency does to fills", caption);
    by_delay(answers, about, "filled (%)", |point| point.fill, 100.0)
}

/// What latency does to profits.
pub(super) fn latency_value(answers: &Answers) -> Option<Chart> {
    let caption = "Mark-out ten seconds after the fill, nothing without one, per decision. Against \
                   the forced flow being late means not being filled, and that is a gain.";
    let about = ("queue-latency-value", "What latency does to a decision's worth", caption);
    by_delay(answers, about, "expected profit (ticks)", |point| point.value, 1.0)
}

fn by_delay(
    answers: &Answers,
    (id, title, caption): (&'static str, &'static str, &str),
    y: &str,
    pick: fn(&DelayPoint) -> Option<Measured>,
    scale: f64,
) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&["delay (ms)", "phase", "side", "decisions", y, "queue gone"]);
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for point in answers.latency.iter().filter(|p| p.phase == phase && p.flow == flow) {
            let ms = point.delay_ns as f64 / 1e6;
            let picked = pick(point);
            if let Some(m) = picked {
                // A logarithmic axis has no place for no delay.
                let value =
                    Measured { value: m.value * scale, half_width: m.half_width * scale, n: m.n };
                points.push((ms.max(0.3), value));
            }
            table.rows.push(vec![
                format!("{ms}"),
                phase.to_owned(),
                flow.to_owned(),
                point.n.to_string(),
                pm(picked, scale, 2),
                format!("{:.1} %", point.no_queue * 100.0),
            ]);
        }
        figure.add_trace(series(name, colour, dashed, &points));
    }
    let delay = Axis::new()
        .type_(AxisType::Log)
        .title(Title::with_text("delay between decision and arrival (ms; leftmost: none)"));
    figure.set_layout(
        axes(layout(), "", y)
            .x_axis(delay.zero_line(false))
            .annotations(vec![panel_title(1.01, &kind_keys())]),
    );
    (!table.rows.is_empty()).then(|| Chart {
        id,
        title,
        caption: caption.to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

pub(super) fn load(answers: &Answers) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&[
        "service time",
        "engine busy",
        "phase",
        "side",
        "place",
        "filled in 1 s (%)",
    ]);
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for point in answers.load.iter().filter(|p| p.phase == phase && p.flow == flow) {
            if let Some(m) = point.fill_1s.filter(|_| point.rank_percent == 100) {
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
                pm(point.fill_1s, 100.0, 2),
            ]);
        }
        figure.add_trace(series(name, colour, dashed, &points));
    }
    figure.set_layout(
        axes(layout(), "engine busy, whole run (%)", "filled in 1 s (%)")
            .annotations(vec![panel_title(1.01, &kind_keys())]),
    );
    (!table.rows.is_empty()).then(|| Chart {
        id: "queue-load",
        title: "What load does to fills",
        caption: "The same cascades with a slower engine: the table has each multiple of the \
                  service time, and the front as well. Within a second, back of the best queue. \
                  The peak is busier than the run."
            .to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}
