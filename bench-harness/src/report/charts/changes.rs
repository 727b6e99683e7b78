//! What the points of a comparison change against the first one, all measures in one picture: each
//! difference as a part of the first point's value, with its interval.

use plotly::common::{ErrorData, ErrorType, Marker, MarkerSymbol, Mode, Orientation};
use plotly::layout::{Axis, AxisRange, Legend};
use plotly::{Plot, Scatter};

use super::points::{broken, hue};
use super::{Chart, DataTable};
use crate::report::comparison::{figure, interval};
use crate::study::bootstrap::Mean;
use crate::study::comparison::{Comparison, PointResult};
use crate::study::measures::HEADLINES;

/// Points that one picture can tell apart.
const POINTS_MAX: usize = 6;
/// What lies further out than this, in per cent of the first point, is cut off.
const REACH: f64 = 150.0;

/// Points are told apart by more than colour.
const SYMBOLS: [MarkerSymbol; POINTS_MAX] = [
    MarkerSymbol::Circle,
    MarkerSymbol::Square,
    MarkerSymbol::Diamond,
    MarkerSymbol::Cross,
    MarkerSymbol::X,
    MarkerSymbol::TriangleUp,
];

/// One difference, in per cent of the first point's mean, and the row it stands in.
struct Change {
    row: usize,
    percent: Mean,
}

pub(super) fn chart(comparison: &Comparison) -> Option<Chart> {
    let base = comparison.points.first()?;
    let others = &comparison.points[1..comparison.points.len().min(POINTS_MAX + 1)];
    let mut table = DataTable::new(&["measure", "point", "first", "difference", "95 % interval"]);
    let (mut plot, mut reach) = (Plot::new(), 0.0_f64);
    let titles: Vec<&str> = HEADLINES
        .iter()
        .rev()
        .filter(|headline| base.measures.get(headline.path).is_some_and(|mean| mean.mean != 0.0))
        .map(|headline| headline.title)
        .collect();
    for (number, point) in others.iter().enumerate() {
        let changes = changes(base, point, &titles, &mut table);
        reach = changes.iter().fold(reach, |reach, change| reach.max(change.percent.mean.abs()));
        let name = broken(&point.label).replace("<br>", ", ");
        plot.add_trace(trace(&changes, (number, others.len()), &name));
    }
    if reach == 0.0 && table.rows.is_empty() {
        return None;
    }
    table.rows.reverse();
    let end = REACH.min(1.15 * reach.max(1.0));
    plot.set_layout(
        super::layout()
            .x_axis(Axis::new().tick_suffix(" %").range(AxisRange::new(-end, end)).zero_line(true))
            .y_axis(
                Axis::new()
                    .auto_margin(true)
                    .fixed_range(true)
                    .zero_line(false)
                    .tick_values((0..titles.len()).map(|row| row as f64).collect())
                    .tick_text(
                        titles.iter().map(|title| (*title).to_owned()).collect::<Vec<String>>(),
                    ),
            )
            .show_legend(true)
            .legend(Legend::new().orientation(Orientation::Horizontal).x(0.0).y(-0.1)),
    );
    let cut =
        if reach > REACH { format!(" Beyond {REACH} % it is cut off.") } else { String::new() };
    let left = comparison.points.len() - 1 - others.len();
    let more = if left > 0 { format!(" {left} more points below.") } else { String::new() };
    Some(Chart {
        id: "changes",
        title: "What each setting changes",
        caption: format!(
            "Difference from the first point ({}), seed by seed, as a part of its mean, with the 95 % \
             bootstrap interval. What the first point has none of is in the table alone.{cut}{more}",
            base.label
        ),
        height_px: 170 + u32::try_from(titles.len() * (16 + 9 * others.len())).unwrap_or(900),
        is_narrow: false,
        figure: plot.to_json(),
        table,
    })
}

/// What a point changes, and the rows of the table that say so.
fn changes(
    base: &PointResult,
    point: &PointResult,
    titles: &[&str],
    table: &mut DataTable,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for headline in HEADLINES.iter().rev() {
        let first = base.measures.get(headline.path);
        let (Some(first), Some(change)) = (first, point.differences.get(headline.path)) else {
            continue;
        };
        table.rows.push(vec![
            headline.title.to_owned(),
            point.label.clone(),
            figure(first.mean),
            figure(change.mean),
            interval(change),
        ]);
        if let Some(row) = titles.iter().position(|title| *title == headline.title) {
            let part = |value: f64| value / first.mean.abs() * 100.0;
            let percent = Mean {
                mean: part(change.mean),
                low: change.low.map(part),
                high: change.high.map(part),
                ..*change
            };
            changes.push(Change { row, percent });
        }
    }
    changes
}

/// One point's differences, each a little below the point's before.
fn trace(changes: &[Change], (number, of): (usize, usize), name: &str) -> Box<Scatter<f64, f64>> {
    let reach = |end: fn(&Mean) -> Option<f64>| -> Vec<f64> {
        let length = |change: &Change| {
            end(&change.percent).map_or(0.0, |end| (end - change.percent.mean).abs())
        };
        changes.iter().map(length).collect()
    };
    let x = changes.iter().map(|change| change.percent.mean).collect();
    let place = 0.7 * ((number as f64 + 0.5) / of as f64 - 0.5);
    let y = changes.iter().map(|change| change.row as f64 - place).collect();
    let symbol = SYMBOLS[number % SYMBOLS.len()].clone();
    Scatter::new(x, y)
        .name(name)
        .mode(Mode::Markers)
        .marker(Marker::new().color(hue(number)).size(9).symbol(symbol))
        .error_x(
            ErrorData::new(ErrorType::Data)
                .symmetric(false)
                .array(reach(|mean| mean.high))
                .array_minus(reach(|mean| mean.low))
                .color(hue(number))
                .thickness(1.5),
        )
}
