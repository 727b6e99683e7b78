//! The pictures' points as one long table, so that anybody can draw them anew.

use parquet_derive::ParquetRecordWriter;

use super::super::charts::theory_cell;
use super::QueuePage;
use crate::study::queue::answers::{Answers, Group, Measured};
use crate::study::queue::why::Why;
use crate::study::theory::Row;

/// One point of one line of one picture.
#[derive(Clone, Debug, Default, PartialEq, ParquetRecordWriter)]
pub(super) struct PicturePoint {
    /// Id of the picture on the page.
    pub(super) picture: String,
    /// The line.
    pub(super) series: String,
    /// Where it stands.
    pub(super) x: f64,
    /// What was found; null is not observed.
    pub(super) y: Option<f64>,
    /// Lower end of its interval.
    pub(super) low: Option<f64>,
    /// Upper end of its interval.
    pub(super) high: Option<f64>,
    /// Observations.
    pub(super) n: u64,
}

struct Points(Vec<PicturePoint>);

impl Points {
    fn measured(&mut self, picture: &str, series: &str, x: f64, found: Option<Measured>) {
        self.0.push(PicturePoint {
            picture: picture.to_owned(),
            series: series.to_owned(),
            x,
            y: found.map(|m| m.value),
            low: found.map(|m| m.value - m.half_width),
            high: found.map(|m| m.value + m.half_width),
            n: found.map_or(0, |m| m.n),
        });
    }

    fn bare(&mut self, picture: &str, series: &str, (x, y): (f64, f64), n: u64) {
        let (picture, series) = (picture.to_owned(), series.to_owned());
        self.0.push(PicturePoint { picture, series, x, y: Some(y), low: None, high: None, n });
    }
}

/// All points of a page's pictures.
pub(super) fn points(page: &QueuePage<'_>) -> Vec<PicturePoint> {
    let answers = &page.findings.answers;
    let mut points = Points(Vec::new());
    places(&mut points, answers);
    exact(&mut points, page.theory);
    curves(&mut points, answers);
    costs(&mut points, answers);
    if let Some(why) = page.path {
        path(&mut points, why);
    }
    points.0
}

fn places(points: &mut Points, answers: &Answers) {
    type Pick = fn(&Group) -> Option<Measured>;
    let picks: [(&str, Pick); 7] = [
        ("queue-fill", |group| group.fill),
        ("queue-fill-1s", |group| group.fill_1s),
        ("queue-mark-out-1s", |group| group.mark_out_1s),
        ("queue-mark-out", |group| group.mark_out_10s),
        ("queue-mark-out-60s", |group| group.mark_out_60s),
        ("queue-mark-out-cascade-end", |group| group.mark_out_cascade_end),
        ("queue-value", |group| group.value),
    ];
    for (picture, pick) in picks {
        for group in answers.by_rank.iter().filter(|group| group.level == Some(0)) {
            let series = format!("{} {}", group.phase, group.flow);
            points.measured(picture, &series, group.place as f64, pick(group));
        }
    }
    for group in &answers.by_lots_ahead {
        let series = format!("{} {}", group.phase, group.flow);
        points.measured("queue-lots", &series, group.place as f64, group.fill);
    }
}

fn exact(points: &mut Points, rows: &[Row]) {
    for row in rows {
        let Some((place, asks)) = theory_cell(&row.name) else { continue };
        let (Some(expected), Some(value)) = (row.expected, row.measured) else { continue };
        let x = f64::from(place);
        points.bare("queue-exact", &format!("exact, {asks} at the ask"), (x, expected), 0);
        let found = Measured { value, half_width: row.half_width, n: row.n };
        points.measured("queue-exact", &format!("measured, {asks} at the ask"), x, Some(found));
    }
}

fn curves(points: &mut Points, answers: &Answers) {
    for curve in &answers.curves {
        let whose =
            format!("{} {} {} place {} %", curve.of, curve.phase, curve.flow, curve.rank_percent);
        for point in &curve.points {
            let n = point.at_risk as u64;
            points.0.push(PicturePoint {
                picture: "queue-curves".to_owned(),
                series: format!("{whose}: filled"),
                x: point.seconds,
                y: Some(point.filled),
                low: Some(point.filled_band[0]),
                high: Some(point.filled_band[1]),
                n,
            });
            let others = [
                ("moved away", point.moved_away),
                ("crossed", point.crossed),
                ("left", point.cancelled),
            ];
            for (end, share) in others {
                points.bare("queue-curves", &format!("{whose}: {end}"), (point.seconds, share), n);
            }
            let km = point.kaplan_meier.zip(point.greenwood);
            let km = km.map(|(value, half_width)| Measured { value, half_width, n });
            points.measured("queue-curves", &format!("{whose}: Kaplan-Meier"), point.seconds, km);
        }
    }
}

fn costs(points: &mut Points, answers: &Answers) {
    for cell in &answers.heat {
        let series = format!("{} place {} %", cell.flow, cell.rank_percent);
        points.bare("queue-heat", &series, (cell.since_trigger_s as f64, cell.fill), cell.n);
    }
    for point in &answers.latency {
        let series = format!("{} {}", point.phase, point.flow);
        points.measured("queue-latency", &series, point.delay_ns as f64 / 1e6, point.fill);
    }
    for point in &answers.latency {
        let series = format!("{} {}", point.phase, point.flow);
        points.measured("queue-latency-value", &series, point.delay_ns as f64 / 1e6, point.value);
    }
    for point in &answers.load {
        let series = format!("{} {} place {} %", point.phase, point.flow, point.rank_percent);
        points.measured("queue-load", &series, point.utilisation, point.fill_1s);
    }
    for (place, score) in answers.estimators.iter().enumerate() {
        let series = format!("{}: {}", score.during, score.model);
        points.measured("queue-estimators", &series, place as f64, score.bias);
    }
}

fn path(points: &mut Points, why: &Why) {
    for step in &why.steps {
        let at = (step.time_ns as f64 / 1e9, step.lots_ahead as f64);
        points.bare("queue-path", step.cause, at, step.lots);
    }
}
