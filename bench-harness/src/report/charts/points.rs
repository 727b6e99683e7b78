//! Points of a comparison: a measure over seeds with its interval, one row for each point.

use plotly::common::{ErrorData, ErrorType, Marker, Mode};
use plotly::layout::Axis;
use plotly::{Plot, Scatter};

use super::{Chart, DataTable, colour};
use crate::report::comparison::{figure, interval};
use crate::study::bootstrap::Mean;
use crate::study::comparison::Comparison;
use crate::study::measures::{HEADLINES, Headline};

/// Points that one picture can show.
const POINTS_MAX: usize = 40;

/// A chart for each headline measure that has values.
pub(in crate::report) fn charts(comparison: &Comparison) -> Vec<Chart> {
    HEADLINES.iter().filter_map(|headline| chart(comparison, *headline)).collect()
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
fn broken(label: &str) -> String {
    let short =
        |setting: &str| setting.rsplit_once('.').map_or(setting, |(_, leaf)| leaf).to_owned();
    let one = |setting: &str| match setting.split_once('=') {
        Some((key, value)) => format!("{}={value}", short(key)),
        None => setting.to_owned(),
    };
    label.split(", ").map(one).collect::<Vec<_>>().join("<br>")
}
