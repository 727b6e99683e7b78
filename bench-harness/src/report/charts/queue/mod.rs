//! Pictures of the queue-position study.

mod costs;
mod curves;
mod estimators;
mod exact;
mod heat;
mod path;
mod places;

pub(in crate::report) use exact::cell;
pub(in crate::report) use path::trajectory;

use plotly::common::{DashType, ErrorData, ErrorType, Line, Marker, Mode, Title};
use plotly::layout::Axis;
use plotly::{Layout, Scatter};

use super::{Chart, colour, key};
use crate::study::queue::answers::{Answers, Measured};
use crate::study::queue::why::Why;
use crate::study::theory::Row;
use curves::Chosen;

/// Phase and side, the name on the picture, colour, and whether the line is dashed.
const KINDS: [(&str, &str, &str, &str, bool); 4] = [
    ("calm", "absorbing", "calm, hit side", colour::MARK, false),
    ("calm", "other", "other", colour::MARK, true),
    ("peak", "absorbing", "peak, hit side", colour::FORCED, false),
    ("peak", "other", "other", colour::FORCED, true),
];

/// Whose ends are drawn.
const CURVES: [Chosen; 5] = [
    Chosen {
        of: "probes",
        phase: "calm",
        flow: "absorbing",
        id: "queue-curves-calm",
        title: "Time to fill, calm, back of the best queue",
    },
    Chosen {
        of: "probes",
        phase: "peak",
        flow: "absorbing",
        id: "queue-curves-peak",
        title: "Time to fill, peak, back of the best queue",
    },
    Chosen {
        of: "probes",
        phase: "peak",
        flow: "other",
        id: "queue-curves-peak-other",
        title: "Time to fill, peak, the other side",
    },
    Chosen {
        of: "orders",
        phase: "calm",
        flow: "absorbing",
        id: "queue-orders-calm",
        title: "The market's own orders, calm",
    },
    Chosen {
        of: "orders",
        phase: "peak",
        flow: "absorbing",
        id: "queue-orders-peak",
        title: "The market's own orders, peak",
    },
];

/// All pictures of a study, in reading order.
pub(in crate::report) fn charts(
    answers: &Answers,
    theory: &[Row],
    path: Option<&Why>,
) -> Vec<Chart> {
    let charts = [
        places::by_place(answers),
        places::by_place_soon(answers),
        places::by_lots(answers),
        exact::exact(theory),
        places::mark_out(answers),
        places::value(answers),
        path.and_then(trajectory),
    ];
    let ends = CURVES.map(|chosen| curves::curves(answers, chosen));
    let rest = [
        heat::heat(answers, "absorbing"),
        heat::heat(answers, "other"),
        costs::latency(answers),
        costs::latency_value(answers),
        costs::load(answers),
        estimators::estimators(answers),
    ];
    charts.into_iter().chain(ends).chain(rest).flatten().collect()
}

fn line(colour: &'static str, dashed: bool) -> Line {
    Line::new().color(colour).width(2.0).dash(if dashed { DashType::Dot } else { DashType::Solid })
}

/// Means with their intervals, joined by a line.
fn series(
    name: &str,
    colour: &'static str,
    dashed: bool,
    points: &[(f64, Measured)],
) -> Box<Scatter<f64, f64>> {
    Scatter::new(
        points.iter().map(|(x, _)| *x).collect(),
        points.iter().map(|(_, y)| y.value).collect(),
    )
    .name(name)
    .mode(Mode::LinesMarkers)
    .line(line(colour, dashed))
    .marker(Marker::new().color(colour).size(7))
    .error_y(
        ErrorData::new(ErrorType::Data)
            .array(points.iter().map(|(_, y)| y.half_width).collect())
            .color(colour)
            .thickness(1.2),
    )
}

fn keys(kinds: &[(&str, &'static str)]) -> String {
    kinds.iter().map(|(name, colour)| key(name, colour)).collect::<Vec<_>>().join(", ")
}

fn kind_keys() -> String {
    let all = KINDS.map(|(_, _, name, colour, dashed)| {
        (if dashed { format!("{name} (dotted)") } else { name.to_owned() }, colour)
    });
    all.iter().map(|(name, colour)| key(name, colour)).collect::<Vec<_>>().join(", ")
}

fn axes(layout: Layout, x: &str, y: &str) -> Layout {
    layout
        .x_axis(Axis::new().title(Title::with_text(x)).zero_line(false))
        .y_axis(Axis::new().title(Title::with_text(y)).zero_line(false).fixed_range(true))
}

fn pm(value: Option<Measured>, scale: f64, places: usize) -> String {
    value.map_or_else(
        || "not observed".to_owned(),
        |m| format!("{:.places$} ± {:.places$}", m.value * scale, m.half_width * scale),
    )
}
