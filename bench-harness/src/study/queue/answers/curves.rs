//! Time to fill: two curves that are not the same.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CONFIDENCE, PHASES, flow_name};
use crate::study::queue::observation::{Observation, end};
use crate::study::statistics::{Proportion, normal_reach};
use crate::study::survival::{End, Waits};

/// One point of the two curves that are not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Seconds since joining.
    pub seconds: f64,
    /// Share filled by then, other ends competing (Aalen-Johansen).
    pub filled: f64,
    /// Wilson's band of it: nothing is censored before the horizon.
    pub filled_band: [f64; 2],
    /// Share moved away by then.
    pub moved_away: f64,
    /// Share crossed by then.
    pub crossed: f64,
    /// Share that left by then, cancelled or put elsewhere: orders of the market only.
    pub cancelled: f64,
    /// Kaplan-Meier: share that would have filled by then were there no other end; `null` once
    /// nobody is at risk.
    pub kaplan_meier: Option<f64>,
    /// Half of its 95 % band by Greenwood.
    pub greenwood: Option<f64>,
    /// Those that had not ended by then.
    pub at_risk: usize,
}

/// Time to fill of one kind of probe, or of the market's own orders, at the best price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// `probes`, or `orders`: those of the market that stood last.
    pub of: &'static str,
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Place in the queue in hundredths.
    pub rank_percent: u32,
    /// Those it is made of.
    pub n: u64,
    /// Points.
    pub points: Vec<CurvePoint>,
}

/// Where curves begin: a forced order takes less than a millisecond.
const FIRST_S: f64 = 0.001;

/// Seconds at which curves are told.
fn curve_seconds(horizon_s: f64) -> Vec<f64> {
    (0..=40).map(|n| FIRST_S * libm::pow(horizon_s / FIRST_S, f64::from(n) / 40.0)).collect()
}

fn end_of(row: &Observation) -> End {
    match row.end {
        end::FILLED => End::Filled,
        end::MOVED_AWAY => End::MovedAway,
        // A crossing ends a probe's wait as a cancel ends an order's: by something else than a fill.
        end::CROSSED | end::CANCELLED => End::Cancelled,
        _ => End::Waiting,
    }
}

/// Curves of the front and the back of the best queue, and of the market's orders at its back.
pub(super) fn curves(
    probes: &[Observation],
    orders: &[Observation],
    horizon_ns: u64,
) -> Vec<Curve> {
    let chosen = |row: &&Observation| {
        row.is_observed()
            && row.has_phase()
            && row.level == 0
            && [0, 100].contains(&row.rank_percent)
    };
    let mut cells: BTreeMap<_, Vec<(f64, End)>> = BTreeMap::new();
    for (is_order, rows) in [(false, probes), (true, orders)] {
        for row in rows.iter().filter(chosen) {
            let key = (is_order, row.phase, !row.absorbs, row.rank_percent);
            cells.entry(key).or_default().push((row.wait_ns as f64 / 1e9, end_of(row)));
        }
    }
    let horizon_s = horizon_ns as f64 / 1e9;
    let mut curves = Vec::new();
    for ((is_order, phase, other, rank_percent), waits) in cells {
        curves.push(Curve {
            of: if is_order { "orders" } else { "probes" },
            phase: PHASES[phase as usize],
            flow: flow_name(!other),
            rank_percent,
            n: waits.len() as u64,
            points: points(waits, is_order, horizon_s),
        });
    }
    curves
}

fn points(waits: Vec<(f64, End)>, is_order: bool, horizon_s: f64) -> Vec<CurvePoint> {
    let reach = normal_reach(CONFIDENCE);
    let n = waits.len() as u64;
    let filled: Vec<f64> = waits.iter().filter(|w| w.1 == End::Filled).map(|w| w.0).collect();
    let waits = Waits::new(waits);
    let point = |seconds: f64| {
        let hits = filled.iter().filter(|at| **at <= seconds).count() as u64;
        let band = Proportion { hits, n }.wilson(CONFIDENCE);
        let share = |end| waits.cumulative_incidence(end, seconds).unwrap_or(f64::NAN);
        let (left, km) = (share(End::Cancelled), waits.kaplan_meier(seconds, reach));
        CurvePoint {
            seconds,
            filled: share(End::Filled),
            filled_band: [band.low, band.high],
            moved_away: share(End::MovedAway),
            crossed: if is_order { 0.0 } else { left },
            cancelled: if is_order { left } else { 0.0 },
            kaplan_meier: km.map(|km| km.value),
            greenwood: km.map(|km| km.half_width),
            at_risk: waits.at_risk(seconds),
        }
    };
    // At the horizon itself everybody's wait is cut.
    curve_seconds(horizon_s * 0.999).into_iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(end: u32, seconds: u64) -> Observation {
        Observation {
            absorbs: true,
            rank_percent: 100,
            end,
            wait_ns: seconds * 1_000_000_000,
            ..Observation::default()
        }
    }

    #[test]
    fn ends_compete_and_what_ended_otherwise_is_never_a_fill() {
        let ends = [
            (end::FILLED, 1),
            (end::CROSSED, 2),
            (end::MOVED_AWAY, 3),
            (end::FILLED, 4),
            (end::WAITING, 10),
        ];
        let rows = ends.map(|(end, seconds)| row(end, seconds));
        let mut left = rows.to_vec();
        left[1].end = end::CANCELLED;
        let curves = curves(&rows, &left, 10_000_000_000);
        assert_eq!(curves.iter().map(|curve| curve.of).collect::<Vec<_>>(), ["probes", "orders"]);
        for curve in &curves {
            let last = curve.points.last().expect("points");
            let shares = [last.filled, last.moved_away, last.crossed + last.cancelled];
            for (share, expected) in shares.into_iter().zip([0.4, 0.2, 0.2]) {
                assert!((share - expected).abs() < 1e-12, "{last:?}");
            }
            assert_eq!(last.at_risk, 1);
            // 1 − 4/5 · 1/2: two were censored before the second fill.
            let km = last.kaplan_meier.expect("one is at risk");
            assert!((km - 0.6).abs() < 1e-12, "{km}");
            let greenwood = 0.4 * (1.0_f64 / 20.0 + 1.0 / 2.0).sqrt() * normal_reach(CONFIDENCE);
            assert!((last.greenwood.expect("with its band") - greenwood).abs() < 1e-12);
        }
        let last = |curve: &Curve| curve.points.last().cloned().expect("points");
        assert!(last(&curves[0]).cancelled.abs() < 1e-12 && last(&curves[1]).crossed.abs() < 1e-12);
    }

    #[test]
    fn points_reach_from_a_millisecond_to_the_horizon() {
        let seconds = curve_seconds(10.0);
        assert!((seconds[0] - 0.001).abs() < 1e-12 && (seconds[40] - 10.0).abs() < 1e-9);
        assert!(seconds.is_sorted());
    }
}
