//! Points of a comparison: a measure over seeds with its interval. Where one setting is a number that
//! takes several values, a line over it for each of the other settings; otherwise a row for each point.

use plotly::common::{DashType, ErrorData, ErrorType, Line, Marker, Mode, Title};
use plotly::layout::{Axis, AxisType};
use plotly::{Plot, Scatter};

use super::{Chart, DataTable, changes, colour, key, panel_title};
use crate::report::comparison::{figure, interval};
use crate::study::bootstrap::Mean;
use crate::study::comparison::Comparison;
use crate::study::measures::{HEADLINES, Headline};

/// Points that one picture can show.
const POINTS_MAX: usize = 40;

/// What changes, and a chart for each headline measure that has values.
pub(in crate::report) fn charts(comparison: &Comparison) -> Vec<Chart> {
    let axis = Swept::find(comparison);
    let of_measure = |headline: &Headline| match &axis {
        Some(swept) => swept.chart(comparison, *headline),
        None => chart(comparison, *headline),
    };
    let measures = HEADLINES.iter().filter_map(of_measure);
    changes::chart(comparison).into_iter().chain(measures).collect()
}

/// The colour of a series.
pub(super) fn hue(number: usize) -> &'static str {
    const HUES: [&str; 6] =
        [colour::MARK, colour::FORCED, colour::BID, colour::ASK, colour::FUND, colour::INDEX];
    HUES[number % HUES.len()]
}

/// Series that one picture can tell apart.
const SERIES_MAX: usize = 6;

/// A setting that is a number at every point, and the series over it.
struct Swept {
    key: String,
    logarithmic: bool,
    /// What the other settings are, and value and point in rising order.
    series: Vec<(String, Vec<(f64, usize)>)>,
}

impl Swept {
    /// The setting with the most values, where every point has the same settings.
    fn find(comparison: &Comparison) -> Option<Self> {
        let points = &comparison.points;
        points.first()?;
        let keys = |n: usize| points[n].settings.iter().map(|(key, _)| key);
        let is_grid = (1..points.len()).all(|n| keys(n).eq(keys(0)));
        if !is_grid {
            return None;
        }
        let values = |key: &str| -> Option<Vec<f64>> {
            let value = |settings: &[(String, String)]| {
                settings.iter().find(|(own, _)| own == key)?.1.parse::<f64>().ok()
            };
            points.iter().map(|point| value(&point.settings)).collect()
        };
        let distinct = |key: &String| {
            let mut all = values(key).unwrap_or_default();
            all.sort_unstable_by(f64::total_cmp);
            all.dedup();
            all.len()
        };
        let key = keys(0).max_by_key(|key| distinct(key)).filter(|key| distinct(key) >= 3)?.clone();
        let values = values(&key)?;
        let mut series: Vec<(String, Vec<(f64, usize)>)> = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let others = points[number].settings.iter().filter(|(own, _)| *own != key);
            let label: Vec<String> = others.map(|(own, value)| format!("{own}={value}")).collect();
            let label = label.join(", ");
            match series.iter_mut().find(|(own, _)| *own == label) {
                Some((_, of)) => of.push((*value, number)),
                None => series.push((label, vec![(*value, number)])),
            }
        }
        for (_, of) in &mut series {
            of.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        }
        let (low, high) = values
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
        let logarithmic = low > 0.0 && high / low >= 30.0;
        (series.len() <= SERIES_MAX).then_some(Self { key, logarithmic, series })
    }

    fn chart(&self, comparison: &Comparison, headline: Headline) -> Option<Chart> {
        let table = table(comparison, headline)?;
        let mut plot = Plot::new();
        let mut keys = Vec::new();
        for (number, (label, of)) in self.series.iter().enumerate() {
            let mean = |point: usize| comparison.points[point].measures.get(headline.path);
            let values: Vec<(f64, Mean)> =
                of.iter().filter_map(|(x, point)| Some((*x, *mean(*point)?))).collect();
            plot.add_trace(curve(&values, number));
            if !label.is_empty() {
                keys.push(key(&broken(label).replace("<br>", ", "), hue(number)));
            }
        }
        let axis = Axis::new().title(Title::with_text(leaf(&self.key))).zero_line(false);
        let axis = if self.logarithmic { axis.type_(AxisType::Log) } else { axis };
        plot.set_layout(
            super::layout()
                .x_axis(axis)
                .y_axis(Axis::new().auto_margin(true).zero_line(false))
                .annotations(vec![panel_title(1.01, &keys.join("   "))]),
        );
        Some(Chart {
            id: headline.id,
            title: headline.title,
            caption: "Mean over seeds and its 95 % bootstrap interval.".to_owned(),
            height_px: 320,
            is_narrow: true,
            figure: plot.to_json(),
            table,
        })
    }
}

/// Means over a number, each with its interval.
fn curve(values: &[(f64, Mean)], number: usize) -> Box<Scatter<f64, f64>> {
    // One line may cover another: every second one is dashed.
    let dash = if number.is_multiple_of(2) { DashType::Solid } else { DashType::Dash };
    let hue = hue(number);
    let reach = |end: fn(&Mean) -> Option<f64>| -> Vec<f64> {
        let length = |mean: &Mean| end(mean).map_or(0.0, |end| (end - mean.mean).abs());
        values.iter().map(|(_, mean)| length(mean)).collect()
    };
    Scatter::new(
        values.iter().map(|(x, _)| *x).collect(),
        values.iter().map(|(_, mean)| mean.mean).collect(),
    )
    .mode(Mode::LinesMarkers)
    .line(Line::new().color(hue).width(1.6).dash(dash))
    .marker(Marker::new().color(hue).size(7))
    .error_y(
        ErrorData::new(ErrorType::Data)
            .symmetric(false)
            .array(reach(|mean| mean.high))
            .array_minus(reach(|mean| mean.low))
            .color(hue)
            .thickness(1.5),
    )
}

/// A measure at every point; `None` where no point has it.
fn table(comparison: &Comparison, headline: Headline) -> Option<DataTable> {
    let mut table =
        DataTable::new(&["point", "mean", "95 % interval", "difference from the first"]);
    for point in &comparison.points {
        let Some(mean) = point.measures.get(headline.path) else { continue };
        let difference = point.differences.get(headline.path);
        table.rows.push(vec![
            point.label.clone(),
            figure(mean.mean),
            interval(mean),
            difference.map_or_else(String::new, |mean| {
                format!("{} {}", figure(mean.mean), interval(mean))
            }),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

fn chart(comparison: &Comparison, headline: Headline) -> Option<Chart> {
    let shown = &comparison.points[..comparison.points.len().min(POINTS_MAX)];
    let values: Vec<(&str, Mean)> = shown
        .iter()
        .filter_map(|point| Some((&*point.label, *point.measures.get(headline.path)?)))
        .collect();
    if values.is_empty() {
        return None;
    }
    // The axis grows upwards; the first point stands at the top.
    let values: Vec<(&str, Mean)> = values.into_iter().rev().collect();
    let table = table(comparison, headline)?;
    let reach = |end: fn(&Mean) -> Option<f64>| -> Vec<f64> {
        values
            .iter()
            .map(|(_, mean)| end(mean).map_or(0.0, |end| (end - mean.mean).abs()))
            .collect()
    };
    let mut plot = Plot::new();
    let labels: Vec<String> = values.iter().map(|(label, _)| broken(label)).collect();
    plot.add_trace(
        Scatter::new(values.iter().map(|(_, mean)| mean.mean).collect(), labels)
            .mode(Mode::Markers)
            .marker(Marker::new().color(colour::MARK).size(9))
            .error_x(
                ErrorData::new(ErrorType::Data)
                    .symmetric(false)
                    .array(reach(|mean| mean.high))
                    .array_minus(reach(|mean| mean.low))
                    .color(colour::MARK)
                    .thickness(1.5),
            ),
    );
    plot.set_layout(
        super::layout()
            .x_axis(Axis::new().zero_line(false).auto_margin(true))
            .y_axis(Axis::new().auto_margin(true).fixed_range(true)),
    );
    let rest = comparison.points.len() - shown.len();
    let caption = if rest == 0 {
        "Mean over seeds and its 95 % bootstrap interval.".to_owned()
    } else {
        format!("Mean over seeds and its 95 % bootstrap interval; {rest} more points in the table.")
    };
    Some(Chart {
        id: headline.id,
        title: headline.title,
        caption,
        height_px: 110 + 34 * u32::try_from(values.len()).unwrap_or(u32::MAX).min(60),
        is_narrow: true,
        figure: plot.to_json(),
        table,
    })
}

/// A label in lines of one setting each, without the tables' names.
pub(super) fn broken(label: &str) -> String {
    let one = |setting: &str| match setting.split_once('=') {
        Some((key, value)) => format!("{}={value}", leaf(key)),
        None => setting.to_owned(),
    };
    label.split(", ").map(one).collect::<Vec<_>>().join("<br>")
}

/// A key without its tables.
fn leaf(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(_, leaf)| leaf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::study::comparison::{Point, compare};

    fn comparison(settings: &[&[(&str, &str)]]) -> Comparison {
        let point = |settings: &&[(&str, &str)]| Point {
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let points: Vec<Point> = settings.iter().map(point).collect();
        let mut closed = 0;
        let mut runs = |_: &Point| {
            let mut run = Summary { seed: 1, ..Summary::default() };
            closed += 1;
            run.liquidation.accounts_closed = closed;
            vec![run]
        };
        let runs: Vec<Vec<Summary>> = points.iter().map(&mut runs).collect();
        compare("x", &[1], &points, &runs)
    }

    #[test]
    fn a_number_that_is_swept_is_an_axis_and_the_rest_are_lines() {
        let swept = Swept::find(&comparison(&[
            &[("a.size", "1"), ("b", "x")],
            &[("a.size", "100"), ("b", "x")],
            &[("a.size", "10"), ("b", "x")],
            &[("a.size", "1"), ("b", "y")],
            &[("a.size", "10"), ("b", "y")],
            &[("a.size", "100"), ("b", "y")],
        ]));
        let swept = swept.expect("size is a number");
        assert_eq!((swept.key.as_str(), swept.logarithmic), ("a.size", true));
        assert_eq!(swept.series.len(), 2);
        assert_eq!(swept.series[0].1, [(1.0, 0), (10.0, 2), (100.0, 1)]);
    }

    #[test]
    fn names_and_single_points_are_rows() {
        assert!(Swept::find(&comparison(&[&[("a", "x")], &[("a", "y")]])).is_none());
        assert!(Swept::find(&comparison(&[&[], &[("a", "1")]])).is_none());
        assert!(!charts(&comparison(&[&[], &[("a", "1")]])).is_empty());
    }
}
