//! Fill rate by place and time.

use plotly::common::{ColorScale, ColorScaleElement, Title};
use plotly::layout::{Axis, AxisType};
use plotly::{HeatMap, Plot};

use super::super::{Chart, DataTable, layout};
use crate::study::queue::answers::{Answers, HEAT_BIN_S};

/// The heat map of one side.
pub(super) fn heat(answers: &Answers, flow: &'static str) -> Option<Chart> {
    let cells: Vec<_> = answers.heat.iter().filter(|cell| cell.flow == flow).collect();
    let mut times: Vec<i64> = cells.iter().map(|cell| cell.since_trigger_s).collect();
    let mut ranks: Vec<u32> = cells.iter().map(|cell| cell.rank_percent).collect();
    times.sort_unstable();
    times.dedup();
    ranks.sort_unstable();
    ranks.dedup();
    if times.is_empty() {
        return None;
    }
    let at = |rank: u32, time: i64| {
        let found = cells.iter().find(|c| c.rank_percent == rank && c.since_trigger_s == time);
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
        id: if flow == "absorbing" { "queue-heat" } else { "queue-heat-other" },
        title: if flow == "absorbing" {
            "Fill rate by place and time, the side that forced orders hit"
        } else {
            "Fill rate by place and time, the other side"
        },
        caption: "Best price. Share of probes that filled within \
                  the horizon, by when they joined."
            .to_owned(),
        height_px: 340,
        is_narrow: false,
        figure: figure.to_json(),
        table: DataTable { header, rows },
    })
}
