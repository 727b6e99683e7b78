//! The pictures of a calibration: the record against the run, one for each distribution.

use plotly::common::{DashType, Line, LineShape, Mode, Title};
use plotly::layout::{Axis, AxisType};
use plotly::{Layout, Plot, Scatter};

use super::Compared;
use super::tables::short;
use crate::calibrate::goodness::depth_shares;
use crate::calibrate::measure::{KINDS, Measured, depth_to};
use crate::calibrate::sample::Distribution;
use crate::calibrate::{life_curve, residuals};
use crate::report::charts::{Chart, DataTable, colour, key, layout, panel_title};
use crate::report::numbers;

/// Points of a line at most: more cannot be told apart.
const POINTS: usize = 400;
const RECORDED: &str = colour::MARK;
const SYNTHETIC: &str = colour::ASK;

type Points = Vec<(f64, f64)>;

/// One line.
struct Series {
    name: String,
    colour: &'static str,
    dashed: bool,
    points: Points,
}

/// What a picture is besides its lines.
struct Frame {
    id: &'static str,
    title: &'static str,
    caption: String,
    x: &'static str,
    y: &'static str,
    logs: [bool; 2],
}

/// All pictures, in reading order.
pub(super) fn charts(compared: &Compared<'_>) -> Vec<Chart> {
    let mut charts = vec![limit_gaps(compared), take_gaps(compared), cancel_gaps(compared)];
    charts.push(residual_chart(compared));
    let recorded = &compared.calibrated.recorded;
    let both = [recorded, compared.synthetic];
    let beyond = |id, title, caption: &str, x| Frame {
        id,
        title,
        caption: caption.to_owned(),
        x,
        y: "share beyond",
        logs: [true, true],
    };
    let sizes = both.map(Measured::sizes);
    charts.push(chart(
        &beyond("sizes", "Sizes of limit orders", "The scenario has a curve of them.", "lots"),
        pair(sizes.each_ref().map(survival)),
        quantiles(&["recorded", "synthetic"], &sizes),
    ));
    let takes = both.map(|of| of.takes.clone());
    charts.push(chart(
        &beyond("takes", "Sizes of orders that take", "What an order took at once.", "lots"),
        pair(takes.each_ref().map(survival)),
        quantiles(&["recorded", "synthetic"], &takes),
    ));
    charts.extend([distances(both), lives(both), depth(both), spread(both)]);
    charts
}

fn pair([recorded, synthetic]: [Points; 2]) -> Vec<Series> {
    let series = |name: &str, colour, points| Series {
        name: name.to_owned(),
        colour,
        dashed: false,
        points,
    };
    vec![series("recorded", RECORDED, recorded), series("synthetic", SYNTHETIC, synthetic)]
}

fn gaps(compared: &Compared<'_>, kinds: [usize; 2], frame: &Frame) -> Chart {
    let (mut series, mut gaps) = (Vec::new(), Vec::new());
    for (dashed, kind) in [(false, kinds[0]), (true, kinds[1])] {
        let of = [&compared.calibrated.recorded, compared.synthetic].map(|of| of.gaps(kind));
        for one in pair(of.each_ref().map(survival)) {
            series.push(Series { name: format!("{} {}", one.name, KINDS[kind]), dashed, ..one });
        }
        gaps.extend(of);
    }
    let names: Vec<String> = series.iter().map(|series| series.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    chart(frame, series, quantiles(&names, &gaps))
}

fn limit_gaps(compared: &Compared<'_>) -> Chart {
    let caption =
        "Both axes are logarithmic: a Poisson process would fall off as a knee. Dotted: sells.";
    let frame = gap_frame("limit-gaps", "Time between limit orders of a side", caption);
    gaps(compared, [0, 1], &frame)
}

fn take_gaps(compared: &Compared<'_>) -> Chart {
    let frame = gap_frame("take-gaps", "Time between market orders of a side", "Dotted: sells.");
    gaps(compared, [2, 3], &frame)
}

fn cancel_gaps(compared: &Compared<'_>) -> Chart {
    let caption = "No bound: they follow from arrivals and lives, which the model takes as independent. Dotted: offers.";
    let frame = gap_frame("cancel-gaps", "Time between cancels of a side", caption);
    gaps(compared, [4, 5], &frame)
}

fn gap_frame(id: &'static str, title: &'static str, caption: &str) -> Frame {
    let caption = caption.to_owned();
    Frame { id, title, caption, x: "seconds", y: "share beyond", logs: [true, true] }
}

/// Rescaled times of the processes against exponentials of mean one.
fn residual_chart(compared: &Compared<'_>) -> Chart {
    let frame = Frame {
        id: "residuals",
        title: "Market orders: rescaled times",
        caption: "Of the record, by time rescaling: on the dotted line if the process is true. The process with one \
                  memory is the usual one; the scenario has the one with several."
            .to_owned(),
        x: "integrated rate since the last order",
        y: "share beyond",
        logs: [false, true],
    };
    let [one, several] = residuals(compared.calibrated);
    let series = |name: &str, colour, dashed, points| Series {
        name: name.to_owned(),
        colour,
        dashed,
        points,
    };
    let exact = (0..=80).map(|n| f64::from(n) / 10.0).map(|x| (x, libm::exp(-x))).collect();
    let names = ["one memory", "several"];
    let table = quantiles(&names, &[one.clone(), several.clone()]);
    let all = vec![
        series("one memory", colour::FORCED, false, survival(&one)),
        series("several", colour::MARK, false, survival(&several)),
        series("exponential", colour::INDEX, true, exact),
    ];
    chart(&frame, all, table)
}

fn distances(both: [&Measured; 2]) -> Chart {
    let frame = Frame {
        id: "distances",
        title: "Distance from the best price of the side",
        caption: "Below zero is inside the spread. The middle 96 % are drawn.".to_owned(),
        x: "ticks behind",
        y: "share up to",
        logs: [false, false],
    };
    let of = both.map(Measured::distances);
    let ends = [0.02, 0.98].map(|share| of[0].quantile(share).unwrap_or(0.0));
    let points = of.each_ref().map(|of| {
        let shown = |point: &(f64, f64)| (ends[0]..=ends[1]).contains(&point.0);
        cumulative(of).into_iter().filter(shown).collect()
    });
    chart(&frame, pair(points), quantiles(&["recorded", "synthetic"], &of))
}

fn lives(both: [&Measured; 2]) -> Chart {
    let frame = Frame {
        id: "lives",
        title: "Lives of limit orders",
        caption: "Kaplan-Meier: the share not cancelled by then, executions and the end taken as censoring.".to_owned(),
        x: "seconds",
        y: "share alive",
        logs: [true, false],
    };
    let points = both.map(|of| {
        let curve = life_curve(of).into_iter().map(|(seconds, share)| (seconds, 1.0 - share));
        thinned(&curve.filter(|point| point.0 > 0.0).collect::<Points>())
    });
    let mut table = DataTable::new(&["seconds", "alive, recorded", "alive, synthetic"]);
    let curves = both.map(life_curve);
    for seconds in [1e-3, 1e-2, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0] {
        let alive = curves.each_ref().map(|curve| {
            let beyond = curve.last().is_none_or(|last| last.0 < seconds);
            if beyond {
                "not observed".to_owned()
            } else {
                short(1.0 - alive_until(curve, seconds))
            }
        });
        table.rows.push(std::iter::once(short(seconds)).chain(alive).collect());
    }
    chart(&frame, pair(points), table)
}

fn depth(both: [&Measured; 2]) -> Chart {
    let frame = Frame {
        id: "depth",
        title: "Depth profile",
        caption: "Mean over time of the lots that rest up to a distance from the best price, as a part of all; the \
                  table has the lots. One is added to the distance."
            .to_owned(),
        x: "ticks from the best price, and one",
        y: "share of resting lots",
        logs: [true, false],
    };
    let points = both.map(|of| {
        let shares = depth_shares(of);
        let last = shares.iter().position(|share| *share > 0.9999).unwrap_or(0) + 2;
        shares
            .into_iter()
            .take(last)
            .enumerate()
            .map(|(row, share)| (depth_to(row) as f64 + 1.0, share))
            .collect()
    });
    let mut table = DataTable::new(&[
        "up to ticks",
        "lots recorded",
        "lots synthetic",
        "orders recorded",
        "orders synthetic",
    ]);
    for row in 0..both[0].depth.lots.len() {
        let cells = [
            both[0].depth.lots[row],
            both[1].depth.lots[row],
            both[0].depth.orders[row],
            both[1].depth.orders[row],
        ];
        if cells.iter().any(|cell| *cell > 0.0) {
            let cells = cells.map(short);
            let row = std::iter::once(depth_to(row).to_string()).chain(cells).collect();
            table.rows.push(row);
        }
    }
    chart(&frame, pair(points), table)
}

fn spread(both: [&Measured; 2]) -> Chart {
    let frame = Frame {
        id: "spread",
        title: "Spread over time",
        caption: "No bound: it emerges from the flow.".to_owned(),
        x: "ticks",
        y: "share beyond",
        logs: [true, true],
    };
    let spreads = both.map(|of| of.spread.clone());
    let table = quantiles(&["recorded", "synthetic"], &spreads);
    chart(&frame, pair(spreads.each_ref().map(survival)), table)
}

/// The share cancelled by a time.
fn alive_until(curve: &[(f64, f64)], seconds: f64) -> f64 {
    let place = curve.partition_point(|point| point.0 <= seconds);
    place.checked_sub(1).map_or(0.0, |place| curve[place].1)
}

fn quantiles(names: &[&str], of: &[Distribution]) -> DataTable {
    let header: Vec<&str> = std::iter::once("share").chain(names.iter().copied()).collect();
    let mut table = DataTable::new(&header);
    for share in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] {
        let at = |of: &Distribution| of.quantile(share).map_or(String::new(), short);
        let row = std::iter::once(numbers::percent(share)).chain(of.iter().map(at));
        table.rows.push(row.collect());
    }
    table
}

/// The share beyond each value that is above zero.
fn survival(of: &Distribution) -> Points {
    let values = of.values();
    let n = values.len() as f64;
    let beyond = |(place, value): (usize, &f64)| (*value, 1.0 - (place + 1) as f64 / n);
    let points: Points = values.iter().enumerate().map(beyond).collect();
    // Of equal values the last has their share; the greatest has nothing beyond it.
    let last = |pair: &&[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].0 > 0.0;
    thinned(&points.windows(2).filter(last).map(|pair| pair[0]).collect::<Points>())
}

fn cumulative(of: &Distribution) -> Points {
    let values = of.values();
    let mut points: Points = values.iter().map(|value| (*value, of.share(*value))).collect();
    points.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    points
}

/// At most so many points, none near another on both logarithmic axes: the ends of a long tail
/// are kept, where points are few.
fn thinned(points: &[(f64, f64)]) -> Points {
    let log = |value: f64| libm::log(value.max(1e-12));
    let Some((first, last)) = points.first().zip(points.last()) else { return Vec::new() };
    let wide = (log(last.0) - log(first.0)).abs().max(1e-9);
    let high = (log(last.1) - log(first.1)).abs().max(1e-9);
    let mut kept: Points = Vec::new();
    for point in points {
        let is_far = kept.last().is_none_or(|before| {
            let across = (log(point.0) - log(before.0)).abs() / wide;
            let down = (log(point.1) - log(before.1)).abs() / high;
            across.max(down) * POINTS as f64 > 2.0
        });
        if is_far {
            // Seven digits: more only make the page longer.
            kept.push((point.0, (point.1 * 1e7).round() / 1e7));
        }
    }
    kept
}

fn chart(frame: &Frame, series: Vec<Series>, table: DataTable) -> Chart {
    let mut plot = Plot::new();
    let mut keys = Vec::new();
    for Series { name, colour, dashed, points } in series {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        if !dashed || name == "exponential" {
            keys.push(key(
                name.trim_end_matches(" limit buys")
                    .trim_end_matches(" market buys")
                    .trim_end_matches(" cancelled bids"),
                colour,
            ));
        }
        let dash = if dashed { DashType::Dot } else { DashType::Solid };
        let line = Line::new().color(colour).width(2.0).dash(dash).shape(LineShape::Linear);
        plot.add_trace(Scatter::new(x, y).name(name).mode(Mode::Lines).line(line));
    }
    plot.set_layout(framed(frame).annotations(vec![panel_title(1.0, &keys.join(", "))]));
    Chart {
        id: frame.id,
        title: frame.title,
        caption: frame.caption.clone(),
        height_px: 340,
        is_narrow: true,
        figure: plot.to_json(),
        table,
    }
}

fn framed(frame: &Frame) -> Layout {
    let axis = |title: &str, is_log: bool| {
        let axis = Axis::new().title(Title::with_text(title)).zero_line(false);
        if is_log {
            axis.type_(AxisType::Log)
                .n_ticks(7)
                .exponent_format(plotly::common::ExponentFormat::Power)
        } else {
            axis
        }
    };
    layout()
        .x_axis(axis(frame.x, frame.logs[0]))
        .y_axis(axis(frame.y, frame.logs[1]).fixed_range(true))
}
