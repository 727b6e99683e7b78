//! Competing ends over time.

use plotly::common::{Fill, Line, Mode, Title};
use plotly::layout::{Axis, AxisType};
use plotly::{Plot, Scatter};

use super::super::{Chart, DataTable, colour, layout, panel_title};
use super::{axes, keys, line};
use crate::study::queue::answers::{Answers, Curve, CurvePoint};

fn band(x: &[f64], low: Vec<f64>, high: Vec<f64>, colour: &'static str) -> Box<Scatter<f64, f64>> {
    let there_and_back = x.iter().chain(x.iter().rev()).copied().collect();
    let edge = high.into_iter().chain(low.into_iter().rev()).collect();
    Scatter::new(there_and_back, edge)
        .mode(Mode::Lines)
        .line(Line::new().width(0.0).color(colour))
        .fill(Fill::ToSelf)
        .fill_color(colour)
        .hover_info(plotly::common::HoverInfo::Skip)
}

/// The competing ends of one kind: probes, or orders of the market.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    pub(super) of: &'static str,
    pub(super) phase: &'static str,
    pub(super) flow: &'static str,
    pub(super) id: &'static str,
    pub(super) title: &'static str,
}

impl Chosen {
    /// What ends a wait besides a fill and a price that moved away.
    fn other(self) -> (&'static str, fn(&CurvePoint) -> f64) {
        if self.of == "orders" {
            ("left by their owners", |point| point.cancelled)
        } else {
            ("crossed", |point| point.crossed)
        }
    }
}

/// Time to fill at the back of the best queue.
pub(super) fn curves(answers: &Answers, chosen: Chosen) -> Option<Chart> {
    let is_chosen = |curve: &&Curve| {
        (curve.of, curve.phase, curve.flow) == (chosen.of, chosen.phase, chosen.flow)
            && curve.rank_percent == 100
    };
    let curve = answers.curves.iter().find(is_chosen)?;
    Some(Chart {
        id: chosen.id,
        title: chosen.title,
        caption: format!(
            "{} {} of the {} side. Solid: cumulative incidence, the share \
             that has ended so by then (Wilson's band). Dotted: Kaplan-Meier with Greenwood's \
             band, the share that would have filled were there no other end: no fill rate. Bands \
             take them for independent. Numbers at risk are in the table.",
            curve.n,
            if chosen.of == "orders" { "orders of the market" } else { "probes" },
            if chosen.flow == "absorbing" { "hit" } else { "other" }
        ),
        height_px: 380,
        is_narrow: true,
        figure: figure(curve, chosen).to_json(),
        table: table(curve, chosen),
    })
}

fn table(curve: &Curve, chosen: Chosen) -> DataTable {
    let (other_name, other) = chosen.other();
    let mut table = DataTable::new(&[
        "seconds",
        "filled",
        "moved away",
        other_name,
        "Kaplan-Meier",
        "Greenwood ±",
        "at risk",
    ]);
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.4}"));
    for point in &curve.points {
        table.rows.push(vec![
            format!("{:.3}", point.seconds),
            number(Some(point.filled)),
            number(Some(point.moved_away)),
            number(Some(other(point))),
            number(point.kaplan_meier),
            number(point.greenwood),
            point.at_risk.to_string(),
        ]);
    }
    table
}

fn figure(curve: &Curve, chosen: Chosen) -> Plot {
    let (other_name, other) = chosen.other();
    let x: Vec<f64> = curve.points.iter().map(|point| point.seconds).collect();
    let column =
        |pick: fn(&CurvePoint) -> f64| -> Vec<f64> { curve.points.iter().map(pick).collect() };
    let mut figure = Plot::new();
    let (low, high) = (column(|p| p.filled_band[0]), column(|p| p.filled_band[1]));
    figure.add_trace(band(&x, low, high, "rgba(31,157,107,0.25)"));
    let km: Vec<_> = curve.points.iter().filter(|p| p.kaplan_meier.is_some()).collect();
    let km_x: Vec<f64> = km.iter().map(|p| p.seconds).collect();
    let edge = |sign: f64| -> Vec<f64> {
        km.iter()
            .map(|p| p.kaplan_meier.unwrap_or(0.0) + sign * p.greenwood.unwrap_or(0.0))
            .map(|value| value.clamp(0.0, 1.0))
            .collect()
    };
    figure.add_trace(band(&km_x, edge(-1.0), edge(1.0), "rgba(138,99,210,0.22)"));
    let mut lines = vec![("filled", column(|p| p.filled), colour::BID)];
    if chosen.of == "probes" {
        lines.push(("moved away", column(|p| p.moved_away), colour::ASK));
    }
    lines.push((other_name, column(other), colour::INDEX));
    let mut names: Vec<_> = lines.iter().map(|(name, _, colour)| (*name, *colour)).collect();
    for (name, y, colour) in lines {
        let trace = Scatter::new(x.clone(), y).name(name).mode(Mode::Lines);
        figure.add_trace(trace.line(line(colour, false)));
    }
    figure.add_trace(
        Scatter::new(km_x, km.iter().filter_map(|p| p.kaplan_meier).collect())
            .name("Kaplan-Meier")
            .mode(Mode::Lines)
            .line(line(colour::FUND, true)),
    );
    names.push(("Kaplan-Meier (no other end)", colour::FUND));
    let time = Axis::new().type_(AxisType::Log).title(Title::with_text("seconds since joining"));
    figure.set_layout(
        axes(layout(), "", "share")
            .x_axis(time.zero_line(false))
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    figure
}
