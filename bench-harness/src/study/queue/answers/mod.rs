//! From probes to answers, each with its interval over seeds.

mod curves;
mod groups;
mod rates;
mod scores;

pub use curves::{Curve, CurvePoint};
pub use groups::{Group, Worth};
pub use rates::{DelayPoint, HEAT_BIN_S, HeatCell, LoadAnswer, LoadPoint, MovedBy};
pub use scores::Score;

use std::collections::BTreeMap;

use serde::Serialize;

use super::causal::Causal;
use super::{Findings, Study};
use crate::measure::summary::Summary;
use crate::study::statistics::{Estimate, ratio_of_clusters};

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;
/// Names of the phases by number.
pub const PHASES: [&str; 4] = ["calm", "onset", "peak", "recovery"];

/// A number and how far its interval reaches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Half of the 95 % interval over seeds.
    pub half_width: f64,
    /// Observations.
    pub n: u64,
}

impl From<Estimate> for Measured {
    fn from(Estimate { value, half_width, n }: Estimate) -> Self {
        Self { value, half_width, n }
    }
}

/// One run, in a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLine {
    /// Seed.
    pub seed: u64,
    /// Hash of its events, which the replay with probes has reproduced.
    pub events_hash: String,
    /// Forced quantity, in lots.
    pub forced_qty: u64,
    /// Length of the peak; `null` if there was none.
    pub peak_ns: Option<u64>,
    /// Largest fall of the mark.
    pub drawdown_bp: f64,
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answers {
    /// Scenario.
    pub scenario: String,
    /// Hash of the scenario with its first seed.
    pub config_hash: String,
    /// First seed.
    pub first_seed: u64,
    /// Seeds.
    pub seeds: u64,
    /// When waits are cut.
    pub horizon_ns: u64,
    /// Ticks beyond which a probe is left behind.
    pub away_ticks: u32,
    /// Places of prices at which probes were to stand, 0 the best.
    pub levels: Vec<u32>,
    /// Places in a queue, in hundredths.
    pub ranks_percent: Vec<u32>,
    /// Probes placed, and decisions that arrived too late to be observed.
    pub probes: u64,
    /// Runs.
    pub runs: Vec<RunLine>,
    /// By rank and level.
    pub by_rank: Vec<Group>,
    /// The market's own orders that stood last in the best queue.
    pub orders: Vec<Group>,
    /// By lots ahead, all levels together.
    pub by_lots_ahead: Vec<Group>,
    /// Front minus back.
    pub worth: Vec<Worth>,
    /// Time to fill at the best price.
    pub curves: Vec<Curve>,
    /// What moves a queue.
    pub moved_by: Vec<MovedBy>,
    /// Latency.
    pub latency: Vec<DelayPoint>,
    /// Load.
    pub load: Vec<LoadAnswer>,
    /// Fill rate by place and time since the first trigger; best price.
    pub heat: Vec<HeatCell>,
    /// Estimators against the truth.
    pub estimators: Vec<Score>,
    /// Paired runs.
    pub causal: Causal,
}

pub(super) const fn flow_name(absorbs: bool) -> &'static str {
    if absorbs { "absorbing" } else { "other" }
}

/// Sums of one number by seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Clusters(BTreeMap<u64, (f64, u64)>);

impl Clusters {
    pub(super) fn add(&mut self, seed: u64, value: f64) {
        let cell = self.0.entry(seed).or_default();
        cell.0 += value;
        cell.1 += 1;
    }

    pub(super) fn measured(&self) -> Option<Measured> {
        let cells: Vec<(f64, u64)> = self.0.values().copied().collect();
        ratio_of_clusters(&cells, CONFIDENCE).map(Measured::from)
    }

    pub(super) fn totals(&self) -> (f64, u64) {
        self.0.values().fold((0.0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1))
    }

    pub(super) fn mean(&self) -> f64 {
        let (sum, n) = self.totals();
        if n == 0 { f64::NAN } else { sum / n as f64 }
    }
}

/// All answers of a study.
pub(super) fn answer(
    study: &Study,
    summaries: &[Summary],
    findings: &Findings,
    points: &[LoadPoint],
    causal: Causal,
) -> Answers {
    let Findings { probes, late, orders, estimates, .. } = findings;
    let line = |summary: &Summary| RunLine {
        seed: summary.seed,
        events_hash: summary.events_hash.clone(),
        forced_qty: summary.liquidation.forced_qty,
        peak_ns: summary.phases.peak.map(|phase| phase.end_ns - phase.start_ns),
        drawdown_bp: summary.market.drawdown_bp,
    };
    Answers {
        scenario: study.scenario.name.clone(),
        config_hash: study.scenario.config_hash(),
        first_seed: study.scenario.seed,
        seeds: study.seeds,
        horizon_ns: study.plan.horizon_ns,
        away_ticks: study.plan.away_ticks,
        levels: study.plan.levels.clone(),
        ranks_percent: study.plan.ranks_percent.clone(),
        probes: (probes.len() + late.len()) as u64,
        runs: summaries.iter().map(line).collect(),
        by_rank: groups::by_rank(probes),
        orders: groups::by_rank(orders),
        by_lots_ahead: groups::by_lots(probes),
        worth: groups::worth(probes),
        curves: curves::curves(probes, orders, study.plan.horizon_ns),
        moved_by: rates::moved_by(probes),
        latency: rates::latency(late),
        load: rates::load(points),
        heat: rates::heat(probes),
        estimators: scores::scores(estimates),
        causal,
    }
}
