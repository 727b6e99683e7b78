//! Pictures of the queue-position study.

use plotly::color::NamedColor;
use plotly::common::{
    ColorScale, ColorScaleElement, DashType, ErrorData, ErrorType, Fill, Line, LineShape, Marker,
    Mode, Title,
};
use plotly::layout::{Axis, AxisType};
use plotly::{HeatMap, Layout, Plot, Scatter};

use super::{Chart, DataTable, colour, key, layout, panel_title};
use crate::study::queue::answers::{Answers, Curve, Group, HEAT_BIN_S, Measured};
use crate::study::queue::why::Why;
use crate::study::theory::Row;

/// Phase and side, the name on the picture, colour, and whether the line is dashed.
const KINDS: [(&str, &str, &str, &str, bool); 4] = [
    ("calm", "absorbing", "calm, bids", colour::MARK, false),
    ("calm", "other", "calm, offers", colour::MARK, true),
    ("peak", "absorbing", "peak, against the forced flow", colour::FORCED, false),
    ("peak", "other", "peak, with it", colour::FORCED, true),
];

/// All pictures of a study, in reading order.
pub(in crate::report) fn charts(
    answers: &Answers,
    theory: &[Row],
    path: Option<&Why>,
) -> Vec<Chart> {
    let charts = [
        by_place(answers),
        by_lots(answers),
        exact(theory),
        curves(answers, "calm", "queue-curves-calm", "Time to fill, calm, back of the best queue"),
        curves(answers, "peak", "queue-curves-peak", "Time to fill, peak, back of the best queue"),
        mark_out(answers),
        value(answers),
        path.and_then(trajectory),
        heat(answers),
        latency(answers),
        load(answers),
        estimators(answers),
    ];
    charts.into_iter().flatten().collect()
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

/// Groups of one kind, at the best price, by place.
fn of_kind<'a>(groups: &'a [Group], (phase, flow): (&str, &str)) -> Vec<&'a Group> {
    let is_kind = |group: &&Group| {
        group.phase == phase && group.flow == flow && group.level.unwrap_or(0) == 0
    };
    groups.iter().filter(is_kind).collect()
}

/// One picture of the four kinds over places.
fn four(
    groups: &[Group],
    (id, title, caption): (&'static str, &'static str, &str),
    (x, y): (&str, &str),
    pick: fn(&Group) -> Option<Measured>,
    scale: f64,
) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&[x, "phase", "side", "probes", y, "lots ahead"]);
    let mut any = false;
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for group in of_kind(groups, (phase, flow)) {
            let picked = pick(group);
            if let Some(m) = picked {
                let scaled =
                    Measured { value: m.value * scale, half_width: m.half_width * scale, n: m.n };
                points.push((group.place as f64, scaled));
            }
            table.rows.push(vec![
                group.place.to_string(),
                phase.to_owned(),
                flow.to_owned(),
                group.n.to_string(),
                pm(picked, scale, 3),
                format!("{:.1}", group.lots_ahead),
            ]);
        }
        any |= !points.is_empty();
        figure.add_trace(series(name, colour, dashed, &points));
    }
    figure.set_layout(axes(layout(), x, y).annotations(vec![panel_title(1.01, &kind_keys())]));
    any.then(|| Chart {
        id,
        title,
        caption: caption.to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

fn by_place(answers: &Answers) -> Option<Chart> {
    let caption = "Share of probes that filled within the horizon, best price; bars are 95 % \
                   intervals over seeds. 0 is the front of the queue, 100 the back.";
    let about = ("queue-fill", "Fill probability by place in the queue", caption);
    let axes = ("place in the queue (%)", "filled (%)");
    four(&answers.by_rank, about, axes, |group| group.fill, 100.0)
}

fn by_lots(answers: &Answers) -> Option<Chart> {
    let caption = "The same by the lots ahead (least of a bin), all levels together. Not a curve \
                   of one queue: many lots ahead stand in other markets than few.";
    let about = ("queue-lots", "Fill probability by volume ahead", caption);
    let axes = ("lots ahead (from)", "filled (%)");
    four(&answers.by_lots_ahead, about, axes, |group| group.fill, 100.0)
}

fn mark_out(answers: &Answers) -> Option<Chart> {
    let caption = "Mid less price ten seconds after the fill, signed: below zero the fill was at a \
                   loss. Given the fill; best price.";
    let about = ("queue-mark-out", "Adverse selection by place in the queue", caption);
    let axes = ("place in the queue (%)", "mark-out after 10 s (ticks)");
    four(&answers.by_rank, about, axes, |group| group.mark_out_10s, 1.0)
}

fn value(answers: &Answers) -> Option<Chart> {
    let caption = "Mark-out after ten seconds if filled, nothing otherwise: the expected profit of \
                   standing there, before fees. Probes that were crossed are left out.";
    let about = ("queue-value", "What a place is worth", caption);
    let axes = ("place in the queue (%)", "expected profit (ticks)");
    four(&answers.by_rank, about, axes, |group| group.value, 1.0)
}

/// The exact curve of the theory and what the real book did.
fn exact(rows: &[Row]) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&["own place", "orders at the ask", "exact", "measured"]);
    let shades = [(1, colour::FORCED), (3, colour::FUND), (5, colour::MARK)];
    for (asks, colour) in shades {
        let mut points = Vec::new();
        let mut curve = (Vec::new(), Vec::new());
        for row in rows {
            let Some((place, of)) = cell(&row.name) else { continue };
            let (Some(expected), Some(measured)) = (row.expected, row.measured) else { continue };
            if of != asks {
                continue;
            }
            curve.0.push(f64::from(place));
            curve.1.push(expected);
            points.push((
                f64::from(place),
                Measured { value: measured, half_width: row.half_width, n: row.n },
            ));
            table.rows.push(vec![
                place.to_string(),
                of.to_string(),
                format!("{expected:.5}"),
                format!("{measured:.5} ± {:.5}", row.half_width),
            ]);
        }
        figure.add_trace(
            Scatter::new(curve.0, curve.1)
                .name(format!("exact, {asks} at the ask"))
                .mode(Mode::Lines)
                .line(line(colour, false)),
        );
        let measured = series(&format!("measured, {asks} at the ask"), colour, false, &points);
        figure.add_trace(measured.mode(Mode::Markers));
    }
    if table.rows.is_empty() {
        return None;
    }
    let names = [
        ("1 at the ask", colour::FORCED),
        ("3 at the ask", colour::FUND),
        ("5 at the ask", colour::MARK),
    ];
    figure.set_layout(
        axes(
            layout(),
            "own place in the queue (orders, the own one counted)",
            "P(fill before the mid moves)",
        )
        .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    Some(Chart {
        id: "queue-exact",
        title: "Theory: exact curve and the real book",
        caption: "Cont, Stoikov and Talreja's flow played into the engine's own book: lines are \
                  the exact curve (Proposition 5), marks what the book did, with 99.9 % intervals \
                  for all together."
            .to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

/// Place and orders at the ask of a row `cst-fill/b2-a3`.
fn cell(name: &str) -> Option<(u32, u32)> {
    let (place, asks) = name.split_once('/')?.1.split_once('-')?;
    Some((place.strip_prefix('b')?.parse().ok()?, asks.strip_prefix('a')?.parse().ok()?))
}

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

fn curves(answers: &Answers, phase: &str, id: &'static str, title: &'static str) -> Option<Chart> {
    let chosen = |curve: &&Curve| {
        curve.phase == phase && curve.flow == "absorbing" && curve.rank_percent == 100
    };
    let curve = answers.curves.iter().find(chosen)?;
    let mut table = DataTable::new(&[
        "seconds",
        "filled",
        "moved away",
        "crossed",
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
            number(Some(point.crossed)),
            number(point.kaplan_meier),
            number(point.greenwood),
            point.at_risk.to_string(),
        ]);
    }
    let x: Vec<f64> = curve.points.iter().map(|point| point.seconds).collect();
    let column = |pick: fn(&crate::study::queue::answers::CurvePoint) -> f64| -> Vec<f64> {
        curve.points.iter().map(pick).collect()
    };
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
    let lines = [
        ("filled", column(|p| p.filled), colour::BID),
        ("moved away", column(|p| p.moved_away), colour::ASK),
        ("crossed", column(|p| p.crossed), colour::INDEX),
    ];
    for (name, y, colour) in lines {
        let trace = Scatter::new(x.clone(), y).name(name).mode(Mode::Lines);
        figure.add_trace(trace.line(line(colour, false)));
    }
    figure.add_trace(
        Scatter::new(km_x.clone(), km.iter().filter_map(|p| p.kaplan_meier).collect())
            .name("Kaplan-Meier")
            .mode(Mode::Lines)
            .line(line(colour::FUND, true)),
    );
    let names = [
        ("filled", colour::BID),
        ("moved away", colour::ASK),
        ("crossed", colour::INDEX),
        ("Kaplan-Meier (no other end)", colour::FUND),
    ];
    let time = Axis::new().type_(AxisType::Log).title(Title::with_text("seconds since joining"));
    figure.set_layout(
        axes(layout(), "", "share")
            .x_axis(time.zero_line(false))
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    let n = curve.points.first().map_or(0, |point| point.at_risk);
    Some(Chart {
        id,
        title,
        caption: format!(
            "{n} probes of the side against the forced flow. Solid: cumulative incidence, the \
             share that has ended so by then (Wilson's band). Dotted: Kaplan-Meier with Greenwood's \
             band, the share that would have filled were there no other end: no fill rate. Bands \
             take probes for independent. Numbers at risk are in the table."
        ),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

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

/// The path of one order.
pub(in crate::report) fn trajectory(why: &Why) -> Option<Chart> {
    let first_ns = why.steps.first()?.time_ns;
    let seconds = |time_ns: u64| time_ns.saturating_sub(first_ns) as f64 / 1e9;
    let mut table =
        DataTable::new(&["ms since it rested", "cause", "lots", "lots ahead", "orders ahead"]);
    for step in &why.steps {
        let detail = step.detail.map_or(String::new(), |detail| format!(" ({detail})"));
        table.rows.push(vec![
            format!("{:.3}", seconds(step.time_ns) * 1e3),
            format!("{}{detail}", step.cause),
            step.lots.to_string(),
            step.lots_ahead.to_string(),
            step.orders_ahead.to_string(),
        ]);
    }
    let mut figure = Plot::new();
    let x: Vec<f64> = why.steps.iter().map(|step| seconds(step.time_ns)).collect();
    let y: Vec<f64> = why.steps.iter().map(|step| step.lots_ahead as f64).collect();
    figure.add_trace(
        Scatter::new(x, y)
            .mode(Mode::Lines)
            .line(Line::new().color(colour::INDEX).width(1.5).shape(LineShape::Hv))
            .hover_info(plotly::common::HoverInfo::Skip),
    );
    let mut names: Vec<(&str, &'static str)> = Vec::new();
    for cause in [
        "own rest",
        "trade",
        "cancel",
        "repriced",
        "reduction",
        "self-trade",
        "own fill",
        "own reduction",
        "own requeue",
    ] {
        let steps: Vec<_> = why.steps.iter().filter(|step| step.cause == cause).collect();
        if steps.is_empty() {
            continue;
        }
        names.push((cause, cause_colour(cause)));
        figure.add_trace(
            Scatter::new(
                steps.iter().map(|step| seconds(step.time_ns)).collect(),
                steps.iter().map(|step| step.lots_ahead as f64).collect(),
            )
            .name(cause)
            .mode(Mode::Markers)
            .marker(Marker::new().color(cause_colour(cause)).size(9)),
        );
    }
    figure.set_layout(
        axes(layout(), "seconds since it rested", "lots ahead")
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    let moved: Vec<String> =
        why.moved_by.iter().map(|(cause, lots)| format!("{lots} lots by {cause}")).collect();
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
        figure: figure.to_json(),
        table,
    })
}

fn heat(answers: &Answers) -> Option<Chart> {
    let mut times: Vec<i64> = answers.heat.iter().map(|cell| cell.since_trigger_s).collect();
    let mut ranks: Vec<u32> = answers.heat.iter().map(|cell| cell.rank_percent).collect();
    times.sort_unstable();
    times.dedup();
    ranks.sort_unstable();
    ranks.dedup();
    if times.is_empty() {
        return None;
    }
    let at = |rank: u32, time: i64| {
        let found =
            answers.heat.iter().find(|c| c.rank_percent == rank && c.since_trigger_s == time);
        found.map(|cell| (cell.fill, cell.n))
    };
    let z: Vec<Vec<Option<f64>>> = ranks
        .iter()
        .map(|rank| times.iter().map(|time| at(*rank, *time).map(|cell| cell.0)).collect())
        .collect();
    let mut header = vec!["seconds since the first trigger".to_owned()];
    header.extend(ranks.iter().map(|rank| format!("place {rank} %")));
    let rows = times
        .iter()
        .map(|time| {
            let cells = ranks.iter().map(|rank| {
                at(*rank, *time).map_or("not observed".to_owned(), |(fill, n)| {
                    format!("{:.1} % of {n}", fill * 100.0)
                })
            });
            std::iter::once(format!("{time} to {}", time + HEAT_BIN_S)).chain(cells).collect()
        })
        .collect();
    let middle = |time: &i64| (*time + HEAT_BIN_S / 2) as f64;
    let mut figure = Plot::new();
    let scale = ColorScale::Vector(vec![
        ColorScaleElement(0.0, "#f2f4f7".to_owned()),
        ColorScaleElement(0.5, "#7fb0ff".to_owned()),
        ColorScaleElement(1.0, "#b3261e".to_owned()),
    ]);
    let names: Vec<String> = ranks.iter().map(|rank| format!("{rank} %")).collect();
    let trace = HeatMap::new(times.iter().map(middle).collect::<Vec<f64>>(), names, z)
        .color_scale(scale)
        .zmin(0.0)
        .zmax(1.0);
    figure.add_trace(trace);
    figure.set_layout(
        layout()
            .x_axis(Axis::new().title(Title::with_text("seconds since the first trigger")))
            .y_axis(
                Axis::new()
                    .title(Title::with_text("place in the queue"))
                    .type_(AxisType::Category)
                    .auto_margin(true),
            ),
    );
    Some(Chart {
        id: "queue-heat",
        title: "Fill rate by place and time",
        caption: "Best price, side against the forced flow. Share of probes that filled within \
                  the horizon, by when they joined."
            .to_owned(),
        height_px: 340,
        is_narrow: false,
        figure: figure.to_json(),
        table: DataTable { header, rows },
    })
}

fn latency(answers: &Answers) -> Option<Chart> {
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

fn load(answers: &Answers) -> Option<Chart> {
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

fn estimators(answers: &Answers) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&[
        "model",
        "during",
        "shadows",
        "truly filled",
        "bias (points)",
        "error (lots)",
        "rmse (lots)",
        "filled, if said",
        "filled, if not",
    ]);
    let share =
        |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{:.1} %", v * 100.0));
    for score in &answers.estimators {
        table.rows.push(vec![
            score.model.clone(),
            score.during.to_owned(),
            score.n.to_string(),
            share(Some(score.true_fill)),
            pm(score.bias, 100.0, 2),
            pm(score.error, 1.0, 1),
            format!("{:.1}", score.rmse),
            share(score.filled_if_said),
            share(score.filled_if_not),
        ]);
    }
    for (during, colour) in [("calm", colour::MARK), ("cascade", colour::FORCED)] {
        let scores: Vec<_> = answers
            .estimators
            .iter()
            .filter(|score| score.during == during)
            .filter_map(|score| Some((score.model.clone(), score.bias?)))
            .collect();
        figure.add_trace(
            Scatter::new(
                scores.iter().map(|(_, bias)| bias.value * 100.0).collect(),
                scores.iter().map(|(model, _)| model.clone()).collect::<Vec<String>>(),
            )
            .name(during)
            .mode(Mode::Markers)
            .marker(Marker::new().color(colour).size(9))
            .error_x(
                ErrorData::new(ErrorType::Data)
                    .array(scores.iter().map(|(_, bias)| bias.half_width * 100.0).collect())
                    .color(colour)
                    .thickness(1.2),
            ),
        );
    }
    let names = [("calm", colour::MARK), ("onset and peak", colour::FORCED)];
    figure.set_layout(
        layout()
            .x_axis(
                Axis::new()
                    .title(Title::with_text(
                        "fill rate said less true fill rate (percentage points)",
                    ))
                    .zero_line(true)
                    .zero_line_color(NamedColor::Gray),
            )
            .y_axis(Axis::new().auto_margin(true).fixed_range(true))
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    (!table.rows.is_empty()).then(|| Chart {
        id: "queue-estimators",
        title: "Estimators against the truth",
        caption: "Every model sees the level's quantity and the trades of the same run; the truth \
                  is a probe at the same place. Back of the best queue, both sides."
            .to_owned(),
        height_px: 460,
        is_narrow: false,
        figure: figure.to_json(),
        table,
    })
}
