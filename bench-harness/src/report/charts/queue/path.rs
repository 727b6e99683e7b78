//! The path of one order.

use plotly::common::{Line, LineShape, Marker, MarkerSymbol, Mode};
use plotly::{Plot, Scatter};

use super::super::{Chart, DataTable, colour, layout, panel_title};
use super::{axes, keys};
use crate::study::queue::why::Why;

/// Causes in the order of the key.
const CAUSES: [&str; 9] = [
    "own rest",
    "trade",
    "cancel",
    "repriced",
    "reduction",
    "self-trade",
    "own fill",
    "own reduction",
    "own requeue",
];

/// Colour of a cause.
fn cause_colour(cause: &str) -> &'static str {
    match cause {
        "trade" => colour::FORCED,
        "cancel" => colour::MARK,
        "repriced" => colour::FUND,
        "reduction" => colour::ASK,
        "self-trade" => colour::INDEX,
        _ => colour::BID,
    }
}

/// Its own changes share a colour: their marks differ, and the key names those.
fn mark(cause: &str) -> (MarkerSymbol, &'static str) {
    match cause {
        "own fill" => (MarkerSymbol::Diamond, " ◆"),
        "own requeue" => (MarkerSymbol::Square, " ■"),
        "own reduction" => (MarkerSymbol::TriangleDown, " ▼"),
        _ => (MarkerSymbol::Circle, ""),
    }
}

/// A cause as the reason of a move forward.
fn reason(cause: &str) -> &str {
    match cause {
        "trade" => "trades",
        "cancel" => "cancels ahead",
        "repriced" => "orders ahead that were put elsewhere",
        "reduction" => "reductions ahead",
        "self-trade" => "self-trade prevention",
        other => other,
    }
}

/// The path of one order.
pub(in crate::report) fn trajectory(why: &Why) -> Option<Chart> {
    let first_ns = why.steps.first()?.time_ns;
    let moved: Vec<String> = why
        .moved_by
        .iter()
        .map(|(cause, lots)| format!("{lots} lots by {}", reason(cause)))
        .collect();
    Some(Chart {
        id: "queue-path",
        title: "Why one order was filled",
        caption: format!(
            "Order {}: {}; moved forward {}.",
            why.order,
            why.end,
            if moved.is_empty() { "by nothing".to_owned() } else { moved.join(", ") }
        ),
        height_px: 380,
        is_narrow: true,
        figure: figure(why, first_ns).to_json(),
        table: table(why, first_ns),
    })
}

fn seconds_since(first_ns: u64, time_ns: u64) -> f64 {
    time_ns.saturating_sub(first_ns) as f64 / 1e9
}

fn table(why: &Why, first_ns: u64) -> DataTable {
    let mut table =
        DataTable::new(&["ms since it rested", "cause", "lots", "lots ahead", "orders ahead"]);
    for step in &why.steps {
        let detail = step.detail.map_or(String::new(), |detail| format!(" ({detail})"));
        table.rows.push(vec![
            format!("{:.3}", seconds_since(first_ns, step.time_ns) * 1e3),
            format!("{}{detail}", step.cause),
            step.lots.to_string(),
            step.lots_ahead.to_string(),
            step.orders_ahead.to_string(),
        ]);
    }
    table
}

fn figure(why: &Why, first_ns: u64) -> Plot {
    let seconds = |time_ns| seconds_since(first_ns, time_ns);
    let mut figure = Plot::new();
    let x: Vec<f64> = why.steps.iter().map(|step| seconds(step.time_ns)).collect();
    let y: Vec<f64> = why.steps.iter().map(|step| step.lots_ahead as f64).collect();
    figure.add_trace(
        Scatter::new(x, y)
            .mode(Mode::Lines)
            .line(Line::new().color(colour::INDEX).width(1.5).shape(LineShape::Hv))
            .hover_info(plotly::common::HoverInfo::Skip),
    );
    let mut names: Vec<(String, &'static str)> = Vec::new();
    for cause in CAUSES {
        let steps: Vec<_> = why.steps.iter().filter(|step| step.cause == cause).collect();
        if steps.is_empty() {
            continue;
        }
        let (symbol, said) = mark(cause);
        names.push((format!("{cause}{said}"), cause_colour(cause)));
        figure.add_trace(
            Scatter::new(
                steps.iter().map(|step| seconds(step.time_ns)).collect(),
                steps.iter().map(|step| step.lots_ahead as f64).collect(),
            )
            .name(cause)
            .mode(Mode::Markers)
            .marker(Marker::new().color(cause_colour(cause)).symbol(symbol).size(9)),
        );
    }
    let names: Vec<_> = names.iter().map(|(name, colour)| (name.as_str(), *colour)).collect();
    figure.set_layout(
        axes(layout(), "seconds since it rested", "lots ahead")
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    figure
}
