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
    /// Points.
    pub points: Vec<CurvePoint>,
}

/// Seconds at which curves are told.
fn curve_seconds(horizon_s: f64) -> Vec<f64> {
    (0..=30).map(|n| 0.01 * libm::pow(horizon_s / 0.01, f64::from(n) / 30.0)).collect()
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
