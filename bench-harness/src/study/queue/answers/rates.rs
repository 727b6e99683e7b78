//! What moves a queue, and what latency, load and time do to fill rates.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Clusters, Measured, PHASES, flow_name, groups};
use crate::study::queue::observation::Observation;
use crate::study::queue::run::RecordedRun;

/// What moved probes forward, as shares of the lots; `null` where nothing moved any.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedBy {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Lots in all.
    pub lots: u64,
    /// By trades.
    pub trades: Option<f64>,
    /// By cancels.
    pub cancels: Option<f64>,
    /// Of those, cancels because the owner was liquidated.
    pub liquidation_cancels: Option<f64>,
    /// By orders ahead that were repriced.
    pub reprices: Option<f64>,
    /// By reductions.
    pub reductions: Option<f64>,
    /// By self-trade prevention.
    pub self_trade: Option<f64>,
}

/// What a delay costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelayPoint {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Delay, in nanoseconds.
    pub delay_ns: u64,
    /// Share of decisions that filled.
    pub fill: Option<Measured>,
    /// Share whose queue was gone at the arrival: not observed further.
    pub no_queue: f64,
    /// What a decision was worth, in ticks: mark-out 10 s after the fill, nothing without one.
    pub value: Option<Measured>,
    /// Decisions.
    pub n: u64,
}

/// What load costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadAnswer {
    /// Multiple of the scenario's service time.
    pub scale: u64,
    /// Share of the time that the engine is busy, over the whole run.
    pub utilisation: f64,
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Place in hundredths.
    pub rank_percent: u32,
    /// Share filled within the horizon.
    pub fill: Option<Measured>,
    /// Share filled within a second.
    pub fill_1s: Option<Measured>,
}

/// One run of a load, counted.
#[derive(Clone, Debug)]
pub struct LoadPoint {
    scale: u64,
    utilisation: f64,
    seed: u64,
    probes: Vec<Observation>,
}

impl LoadPoint {
    /// Of one run.
    pub fn new(scale: u64, run: &RecordedRun, probes: Vec<Observation>) -> Self {
        let latency = &run.scenario.latency;
        let busy_ns = (latency.service_input_ns as f64 * run.summary.commands as f64
            + latency.service_event_ns as f64 * run.summary.events as f64)
            * latency.service_scale as f64;
        let utilisation = busy_ns / (run.summary.sim_seconds * 1e9);
        Self { scale, utilisation, seed: run.scenario.seed, probes }
    }
}

/// One cell of the heat map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatCell {
    /// `absorbing`: the side that forced orders hit; `other`.
    pub flow: &'static str,
    /// Seconds since the first trigger, lower end of a bin of [`HEAT_BIN_S`].
    pub since_trigger_s: i64,
    /// Place in hundredths.
    pub rank_percent: u32,
    /// Share filled.
    pub fill: f64,
    /// Probes.
    pub n: u64,
}

/// Width of a bin of the heat map, in seconds.
pub const HEAT_BIN_S: i64 = 2;

pub(super) fn moved_by(rows: &[Observation]) -> Vec<MovedBy> {
    let mut cells: BTreeMap<_, [u64; 6]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.has_phase()) {
        let cell = cells.entry((row.phase, !row.absorbs)).or_default();
        let lots = [
            row.by_trades,
            row.by_cancels,
            row.by_liquidation_cancels,
            row.by_reprices,
            row.by_reductions,
            row.by_self_trade,
        ];
        cell.iter_mut().zip(lots).for_each(|(sum, lots)| *sum += lots);
    }
    let answer = |((phase, other), cell): ((u32, bool), [u64; 6])| {
        let lots = cell.iter().sum::<u64>() - cell[2];
        let share = |part: usize| (lots > 0).then(|| cell[part] as f64 / lots as f64);
        MovedBy {
            phase: PHASES[phase as usize],
            flow: flow_name(!other),
            lots,
            trades: share(0),
            cancels: share(1),
            liquidation_cancels: share(2),
            reprices: share(3),
            reductions: share(4),
            self_trade: share(5),
        }
    };
    cells.into_iter().map(answer).collect()
}

pub(super) fn latency(rows: &[Observation]) -> Vec<DelayPoint> {
    let mut cells: BTreeMap<_, [Clusters; 3]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.has_phase()) {
        let cell = cells.entry((row.phase, !row.absorbs, row.delay_ns)).or_default();
        cell[0].add(row.seed, f64::from(u8::from(row.is_filled())));
        cell[1].add(row.seed, f64::from(u8::from(!row.is_observed())));
        // A decision whose queue is gone comes to nothing.
        let value = if row.is_observed() { groups::value(row) } else { Some(0.0) };
        if let Some(value) = value {
            cell[2].add(row.seed, value);
        }
    }
    let answer = |((phase, other, delay_ns), cell): ((u32, bool, u64), [Clusters; 3])| DelayPoint {
        phase: PHASES[phase as usize],
        flow: flow_name(!other),
        delay_ns,
        fill: cell[0].measured(),
        no_queue: cell[1].mean(),
        value: cell[2].measured(),
        n: cell[0].totals().1,
    };
    cells.into_iter().map(answer).collect()
}

pub(super) fn load(points: &[LoadPoint]) -> Vec<LoadAnswer> {
    let mut cells: BTreeMap<_, [Clusters; 2]> = BTreeMap::new();
    let mut busy: BTreeMap<u64, Clusters> = BTreeMap::new();
    for point in points {
        busy.entry(point.scale).or_default().add(point.seed, point.utilisation);
        for row in point.probes.iter().filter(|row| row.is_observed() && row.has_phase()) {
            let key = (point.scale, row.phase, !row.absorbs, row.rank_percent);
            let cell = cells.entry(key).or_default();
            cell[0].add(row.seed, f64::from(u8::from(row.is_filled())));
            cell[1].add(row.seed, f64::from(u8::from(row.is_filled_by(1_000_000_000))));
        }
    }
    let answer =
        |((scale, phase, other, rank_percent), cell): ((u64, u32, bool, u32), [Clusters; 2])| {
            LoadAnswer {
                scale,
                utilisation: busy[&scale].mean(),
                phase: PHASES[phase as usize],
                flow: flow_name(!other),
                rank_percent,
                fill: cell[0].measured(),
                fill_1s: cell[1].measured(),
            }
        };
    cells.into_iter().map(answer).collect()
}

pub(super) fn heat(rows: &[Observation]) -> Vec<HeatCell> {
    let mut cells: BTreeMap<(bool, i64, u32), (u32, u32)> = BTreeMap::new();
    let chosen = |row: &&Observation| row.is_observed() && row.level == 0;
    for row in rows.iter().filter(chosen) {
        let Some(since_ns) = row.since_trigger_ns else { continue };
        let second = since_ns.div_euclid(HEAT_BIN_S * 1_000_000_000) * HEAT_BIN_S;
        if (-10..60).contains(&second) {
            let cell = cells.entry((!row.absorbs, second, row.rank_percent)).or_default();
            cell.0 += u32::from(row.is_filled());
            cell.1 += 1;
        }
    }
    let mut found = Vec::new();
    for ((other, since_trigger_s, rank_percent), (hits, n)) in cells {
        let fill = f64::from(hits) / f64::from(n);
        let flow = flow_name(!other);
        found.push(HeatCell { flow, since_trigger_s, rank_percent, fill, n: u64::from(n) });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::queue::observation::end;

    fn row(seed: u64, end: u32, out: Option<f64>) -> Observation {
        Observation { seed, absorbs: true, end, mark_out_10s: out, ..Observation::default() }
    }

    #[test]
    fn a_decision_that_comes_too_late_is_worth_nothing() {
        let mut rows = Vec::new();
        for seed in [1, 2] {
            rows.push(row(seed, end::FILLED, Some(-6.0)));
            rows.push(row(seed, end::NO_QUEUE, None));
            rows.push(row(seed, end::MOVED_AWAY, None));
            rows.push(row(seed, end::CROSSED, None));
        }
        let points = latency(&rows);
        assert_eq!(points.len(), 1);
        let point = &points[0];
        assert_eq!(point.n, 8);
        assert!((point.no_queue - 0.25).abs() < 1e-12);
        assert!((point.fill.expect("two seeds").value - 0.25).abs() < 1e-12);
        // −6, nothing, nothing; the crossed one is not known.
        assert!((point.value.expect("two seeds").value + 2.0).abs() < 1e-12);
    }

    #[test]
    fn times_before_the_trigger_have_bins_of_their_own() {
        let at =
            |since: i64, end| Observation { since_trigger_ns: Some(since), ..row(1, end, None) };
        let cells = heat(&[
            at(-1, end::FILLED),
            at(0, end::MOVED_AWAY),
            at(1_999_999_999, end::FILLED),
            at(-10_000_000_001, end::FILLED),
            row(1, end::FILLED, None),
        ]);
        let found: Vec<_> = cells.iter().map(|cell| (cell.since_trigger_s, cell.n)).collect();
        assert_eq!(found, [(-2, 1), (0, 2)], "without a trigger there is no time since");
        assert!((cells[1].fill - 0.5).abs() < 1e-12);
    }

    #[test]
    fn lots_are_shared_out_among_their_causes() {
        let moved = Observation {
            by_trades: 60,
            by_cancels: 25,
            by_liquidation_cancels: 5,
            by_reprices: 10,
            by_reductions: 4,
            by_self_trade: 1,
            ..row(1, end::FILLED, None)
        };
        let answer = &moved_by(&[moved])[0];
        assert_eq!(answer.lots, 100, "cancels of the liquidated are among the cancels");
        let parts =
            [answer.trades, answer.cancels, answer.reprices, answer.reductions, answer.self_trade];
        assert!((parts.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((answer.liquidation_cancels.expect("some lots") - 0.05).abs() < 1e-12);
        let still = &moved_by(&[row(1, end::WAITING, None)])[0];
        assert_eq!((still.lots, still.trades), (0, None), "no share of nothing");
    }
}
