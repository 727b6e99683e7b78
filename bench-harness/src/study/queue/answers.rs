//! From probes to answers, each with its interval over seeds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::causal::Causal;
use super::observation::{EstimateRow, Observation, end};
use super::run::RecordedRun;
use super::{Findings, Study};
use crate::measure::summary::Summary;
use crate::study::statistics::{Estimate, Proportion, ratio_of_clusters};
use crate::study::survival::{End, Waits};

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

/// Probes of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Phase at the choice.
    pub phase: &'static str,
    /// `absorbing`: the side that forced orders hit; `other`.
    pub flow: &'static str,
    /// Place of the price, 0 the best; `null` for all levels together.
    pub level: Option<u32>,
    /// Place in the queue in hundredths, or the least of the lots ahead in this bin.
    pub place: u64,
    /// Observed probes.
    pub n: u64,
    /// Share that filled within the horizon; `null` if fewer than two seeds saw any.
    pub fill: Option<Measured>,
    /// Wilson's interval of the same share, as if probes were independent.
    pub fill_wilson: [f64; 2],
    /// Share whose price moved away first.
    pub moved_away: f64,
    /// Share whose price was crossed: not known.
    pub crossed: f64,
    /// Share still waiting at the horizon.
    pub waiting: f64,
    /// Mean lots ahead at the start.
    pub lots_ahead: f64,
    /// Mark-out of the fills after 1 s, in ticks.
    pub mark_out_1s: Option<Measured>,
    /// After 10 s.
    pub mark_out_10s: Option<Measured>,
    /// After 60 s.
    pub mark_out_60s: Option<Measured>,
    /// At the end of the peak.
    pub mark_out_cascade_end: Option<Measured>,
    /// Mark-out after 10 s if filled, else nothing: what the place is worth, in ticks. Probes
    /// whose price was crossed are left out.
    pub value: Option<Measured>,
}

/// What the front is worth against the back of the same queue at the same instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Level.
    pub level: u32,
    /// Fill probability, front minus back.
    pub fill: Option<Measured>,
    /// Value, front minus back, in ticks.
    pub value: Option<Measured>,
    /// Mark-out after 10 s where both filled, front minus back, in ticks.
    pub mark_out_both: Option<Measured>,
}

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
    /// Kaplan-Meier: share that would have filled by then were there no other end; `null` once
    /// nobody is at risk.
    pub kaplan_meier: Option<f64>,
    /// Half of its 95 % band by Greenwood.
    pub greenwood: Option<f64>,
    /// Probes that had not ended by then.
    pub at_risk: usize,
}

/// Time to fill of one kind of probe, at the best price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Place in the queue in hundredths.
    pub rank_percent: u32,
    /// Points.
    pub points: Vec<CurvePoint>,
}

/// What moved probes forward, as shares of the lots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedBy {
    /// Phase.
    pub phase: &'static str,
    /// Side.
    pub flow: &'static str,
    /// Lots in all.
    pub lots: u64,
    /// By trades.
    pub trades: f64,
    /// By cancels.
    pub cancels: f64,
    /// Of those, cancels because the owner was liquidated.
    pub liquidation_cancels: f64,
    /// By orders ahead that were repriced.
    pub reprices: f64,
    /// By reductions.
    pub reductions: f64,
    /// By self-trade prevention.
    pub self_trade: f64,
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
    /// Share filled.
    pub fill: Option<Measured>,
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

/// How good an estimator is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Model.
    pub model: String,
    /// `calm`, `cascade` (onset and peak) or `recovery`.
    pub during: &'static str,
    /// Shadow orders.
    pub n: u64,
    /// Share that truly filled.
    pub true_fill: f64,
    /// Share said to have filled, less that.
    pub bias: Option<Measured>,
    /// Mean estimated less true lots ahead.
    pub error: Option<Measured>,
    /// Root of the mean square error, in lots.
    pub rmse: f64,
    /// Calibration: of those said to fill, the share that did; `null` if none was.
    pub filled_if_said: Option<f64>,
    /// Of those said not to, the share that did all the same.
    pub filled_if_not: Option<f64>,
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
    /// Probes placed, and decisions that arrived too late to be observed.
    pub probes: u64,
    /// Runs.
    pub runs: Vec<RunLine>,
    /// By rank and level.
    pub by_rank: Vec<Group>,
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
    /// Fill rate by place and time since the first trigger; absorbing side, best price.
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

    fn totals(&self) -> (f64, u64) {
        self.0.values().fold((0.0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1))
    }

    pub(super) fn mean(&self) -> f64 {
        let (sum, n) = self.totals();
        if n == 0 { f64::NAN } else { sum / n as f64 }
    }
}

/// What a probe was worth after 10 s: nothing if it did not fill; `None` where that is not known.
fn value(row: &Observation) -> Option<f64> {
    match row.end {
        end::FILLED => row.mark_out_10s,
        end::CROSSED | end::NO_QUEUE => None,
        _ => Some(0.0),
    }
}

#[derive(Default)]
struct Gathered {
    ends: [Clusters; 4],
    lots: Clusters,
    mark_outs: [Clusters; 4],
    value: Clusters,
}

impl Gathered {
    fn add(&mut self, row: &Observation) {
        for (code, clusters) in (0..).zip(&mut self.ends) {
            clusters.add(row.seed, f64::from(u8::from(row.end == code)));
        }
        self.lots.add(row.seed, row.lots_ahead as f64);
        let outs = [row.mark_out_1s, row.mark_out_10s, row.mark_out_60s, row.mark_out_cascade_end];
        for (out, clusters) in outs.into_iter().zip(&mut self.mark_outs) {
            if let Some(out) = out {
                clusters.add(row.seed, out);
            }
        }
        if let Some(value) = value(row) {
            self.value.add(row.seed, value);
        }
    }

    fn group(&self, (phase, absorbs): (u32, bool), level: Option<u32>, place: u64) -> Group {
        let (hits, n) = self.ends[0].totals();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of ones")]
        let wilson = Proportion { hits: hits as u64, n }.wilson(CONFIDENCE);
        Group {
            phase: PHASES[phase as usize],
            flow: flow_name(absorbs),
            level,
            place,
            n,
            fill: self.ends[0].measured(),
            fill_wilson: [wilson.low, wilson.high],
            moved_away: self.ends[1].mean(),
            crossed: self.ends[2].mean(),
            waiting: self.ends[3].mean(),
            lots_ahead: self.lots.mean(),
            mark_out_1s: self.mark_outs[0].measured(),
            mark_out_10s: self.mark_outs[1].measured(),
            mark_out_60s: self.mark_outs[2].measured(),
            mark_out_cascade_end: self.mark_outs[3].measured(),
            value: self.value.measured(),
        }
    }
}

/// Lower ends of the bins of lots ahead.
const LOTS_BINS: [u64; 7] = [0, 1, 50, 100, 200, 400, 800];

fn by_rank(rows: &[Observation]) -> Vec<Group> {
    let mut cells: BTreeMap<_, Gathered> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed()) {
        let key = (row.phase, !row.absorbs, row.level, row.rank_percent);
        cells.entry(key).or_default().add(row);
    }
    cells
        .iter()
        .map(|((phase, other, level, rank), cell)| {
            cell.group((*phase, !other), Some(*level), u64::from(*rank))
        })
        .collect()
}

fn by_lots(rows: &[Observation]) -> Vec<Group> {
    let mut cells: BTreeMap<_, Gathered> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed()) {
        let bin = LOTS_BINS.partition_point(|low| *low <= row.lots_ahead) - 1;
        cells.entry((row.phase, !row.absorbs, LOTS_BINS[bin])).or_default().add(row);
    }
    cells
        .iter()
        .map(|((phase, other, low), cell)| cell.group((*phase, !other), None, *low))
        .collect()
}

fn worth(rows: &[Observation]) -> Vec<Worth> {
    // Front and back of one queue at one instant.
    let mut queues: BTreeMap<_, [Option<&Observation>; 2]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed()) {
        let place = match row.rank_percent {
            0 => 0,
            100 => 1,
            _ => continue,
        };
        let key = (row.phase, !row.absorbs, row.level, row.seed, row.time_ns);
        queues.entry(key).or_default()[place] = Some(row);
    }
    let mut cells: BTreeMap<_, [Clusters; 3]> = BTreeMap::new();
    for ((phase, other, level, seed, _), pair) in &queues {
        let [Some(front), Some(back)] = *pair else { continue };
        // A queue of nobody has no front and back.
        if back.orders_ahead == 0 {
            continue;
        }
        let cell = cells.entry((*phase, *other, *level)).or_default();
        let filled = |row: &Observation| f64::from(u8::from(row.is_filled()));
        cell[0].add(*seed, filled(front) - filled(back));
        if let (Some(front), Some(back)) = (value(front), value(back)) {
            cell[1].add(*seed, front - back);
        }
        if let (Some(front), Some(back)) = (front.mark_out_10s, back.mark_out_10s) {
            cell[2].add(*seed, front - back);
        }
    }
    let answer = |((phase, other, level), cell): (&(u32, bool, u32), &[Clusters; 3])| Worth {
        phase: PHASES[*phase as usize],
        flow: flow_name(!other),
        level: *level,
        fill: cell[0].measured(),
        value: cell[1].measured(),
        mark_out_both: cell[2].measured(),
    };
    cells.iter().map(answer).collect()
}

/// Seconds at which curves are told.
fn curve_seconds(horizon_s: f64) -> Vec<f64> {
    (0..=30).map(|n| 0.01 * libm::pow(horizon_s / 0.01, f64::from(n) / 30.0)).collect()
}

fn curves(rows: &[Observation], horizon_ns: u64) -> Vec<Curve> {
    let mut cells: BTreeMap<_, Vec<(f64, End)>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_observed() && row.level == 0) {
        if row.rank_percent == 0 || row.rank_percent == 100 {
            let how = match row.end {
                end::FILLED => End::Filled,
                end::MOVED_AWAY => End::MovedAway,
                // A crossing ends the wait as a cancel would: by something else than a fill.
                end::CROSSED => End::Cancelled,
                _ => End::Waiting,
            };
            let key = (row.phase, !row.absorbs, row.rank_percent);
            cells.entry(key).or_default().push((row.wait_ns as f64 / 1e9, how));
        }
    }
    let reach = crate::study::statistics::normal_reach(CONFIDENCE);
    let horizon_s = horizon_ns as f64 / 1e9;
    let mut curves = Vec::new();
    for ((phase, other, rank_percent), waits) in cells {
        let n = waits.len() as u64;
        let filled: Vec<f64> = waits.iter().filter(|w| w.1 == End::Filled).map(|w| w.0).collect();
        let waits = Waits::new(waits);
        let point = |seconds: f64| {
            let hits = filled.iter().filter(|at| **at <= seconds).count() as u64;
            let band = Proportion { hits, n }.wilson(CONFIDENCE);
            let share = |end| waits.cumulative_incidence(end, seconds).unwrap_or(f64::NAN);
            let km = waits.kaplan_meier(seconds, reach);
            CurvePoint {
                seconds,
                filled: share(End::Filled),
                filled_band: [band.low, band.high],
                moved_away: share(End::MovedAway),
                crossed: share(End::Cancelled),
                kaplan_meier: km.map(|km| km.value),
                greenwood: km.map(|km| km.half_width),
                at_risk: waits.at_risk(seconds),
            }
        };
        // At the horizon itself everybody's wait is cut.
        let seconds = curve_seconds(horizon_s * 0.999);
        curves.push(Curve {
            phase: PHASES[phase as usize],
            flow: flow_name(!other),
            rank_percent,
            points: seconds.into_iter().map(point).collect(),
        });
    }
    curves
}

fn moved_by(rows: &[Observation]) -> Vec<MovedBy> {
    let mut cells: BTreeMap<_, [u64; 6]> = BTreeMap::new();
    for row in rows {
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
        let share = |part: usize| cell[part] as f64 / lots.max(1) as f64;
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

fn latency(rows: &[Observation]) -> Vec<DelayPoint> {
    let mut cells: BTreeMap<_, [Clusters; 2]> = BTreeMap::new();
    for row in rows {
        let cell = cells.entry((row.phase, !row.absorbs, row.delay_ns)).or_default();
        cell[0].add(row.seed, f64::from(u8::from(row.is_filled())));
        cell[1].add(row.seed, f64::from(u8::from(!row.is_observed())));
    }
    let answer = |((phase, other, delay_ns), cell): ((u32, bool, u64), [Clusters; 2])| DelayPoint {
        phase: PHASES[phase as usize],
        flow: flow_name(!other),
        delay_ns,
        fill: cell[0].measured(),
        no_queue: cell[1].mean(),
        n: cell[0].totals().1,
    };
    cells.into_iter().map(answer).collect()
}

fn load(points: &[LoadPoint]) -> Vec<LoadAnswer> {
    let mut cells: BTreeMap<_, Clusters> = BTreeMap::new();
    let mut busy: BTreeMap<u64, Clusters> = BTreeMap::new();
    for point in points {
        busy.entry(point.scale).or_default().add(point.seed, point.utilisation);
        for row in point.probes.iter().filter(|row| row.is_observed()) {
            let key = (point.scale, row.phase, !row.absorbs, row.rank_percent);
            let filled = f64::from(u8::from(row.is_filled()));
            cells.entry(key).or_default().add(row.seed, filled);
        }
    }
    let answer =
        |((scale, phase, other, rank_percent), cell): ((u64, u32, bool, u32), Clusters)| {
            LoadAnswer {
                scale,
                utilisation: busy[&scale].mean(),
                phase: PHASES[phase as usize],
                flow: flow_name(!other),
                rank_percent,
                fill: cell.measured(),
            }
        };
    cells.into_iter().map(answer).collect()
}

fn heat(rows: &[Observation]) -> Vec<HeatCell> {
    let mut cells: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    let chosen = |row: &&Observation| row.is_observed() && row.absorbs && row.level == 0;
    for row in rows.iter().filter(chosen) {
        let Some(since_ns) = row.since_trigger_ns else { continue };
        let second = since_ns.div_euclid(HEAT_BIN_S * 1_000_000_000) * HEAT_BIN_S;
        if (-10..60).contains(&second) {
            let cell = cells.entry((second, row.rank_percent)).or_default();
            cell.0 += u64::from(row.is_filled());
            cell.1 += 1;
        }
    }
    let answer = |((since_trigger_s, rank_percent), (hits, n)): ((i64, u32), (u64, u64))| {
        HeatCell { since_trigger_s, rank_percent, fill: hits as f64 / n as f64, n }
    };
    cells.into_iter().map(answer).collect()
}

fn scores(rows: &[EstimateRow]) -> Vec<Score> {
    #[derive(Default)]
    struct Cell {
        truth: Clusters,
        bias: Clusters,
        error: Clusters,
        square: Clusters,
        said: [u64; 2],
        unsaid: [u64; 2],
    }
    let mut order: Vec<&str> = Vec::new();
    let mut cells: BTreeMap<_, Cell> = BTreeMap::new();
    for row in rows {
        let during = match row.phase {
            0 => 0,
            1 | 2 => 1,
            _ => 2,
        };
        let model = order.iter().position(|name| *name == row.model).unwrap_or_else(|| {
            order.push(&row.model);
            order.len() - 1
        });
        let cell: &mut Cell = cells.entry((during, model)).or_default();
        let (truth, said) = (u8::from(row.truly_filled), u8::from(row.said_filled));
        cell.truth.add(row.seed, f64::from(truth));
        cell.bias.add(row.seed, f64::from(said) - f64::from(truth));
        if row.changes > 0 {
            cell.error.add(row.seed, row.error_mean);
            cell.square.add(row.seed, row.error_square);
        }
        let tally = if row.said_filled { &mut cell.said } else { &mut cell.unsaid };
        tally[0] += u64::from(truth);
        tally[1] += 1;
    }
    let share = |[hits, n]: [u64; 2]| (n > 0).then(|| hits as f64 / n as f64);
    let answer = |((during, model), cell): ((usize, usize), Cell)| Score {
        model: order[model].to_owned(),
        during: ["calm", "cascade", "recovery"][during],
        n: cell.truth.totals().1,
        true_fill: cell.truth.mean(),
        bias: cell.bias.measured(),
        error: cell.error.measured(),
        rmse: cell.square.mean().sqrt(),
        filled_if_said: share(cell.said),
        filled_if_not: share(cell.unsaid),
    };
    cells.into_iter().map(answer).collect()
}

/// All answers of a study.
pub(super) fn answer(
    study: &Study,
    summaries: &[Summary],
    findings: &Findings,
    points: &[LoadPoint],
    causal: Causal,
) -> Answers {
    let Findings { probes, late, estimates, .. } = findings;
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
        probes: (probes.len() + late.len()) as u64,
        runs: summaries.iter().map(line).collect(),
        by_rank: by_rank(probes),
        by_lots_ahead: by_lots(probes),
        worth: worth(probes),
        curves: curves(probes, study.plan.horizon_ns),
        moved_by: moved_by(probes),
        latency: latency(late),
        load: load(points),
        heat: heat(probes),
        estimators: scores(estimates),
        causal,
    }
}
