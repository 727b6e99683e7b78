//! Execution risk of a position in a cascade: how often it is closed beyond its bankruptcy price,
//! and how far, over severities, depths and latencies.
//!
//! A handful of equal positions, apart but for their entry prices, is put into the scenario and
//! watched, over seeds. They are few beside the crowd, but they are part of it.

use std::num::NonZeroUsize;

use serde::Serialize;

use super::bootstrap::{Bootstrap, Mean};
use super::execution_risk::{Assumptions, ExecutionRisk};
use super::parallel;
use crate::measure::tables::{LiquidationRow, Tables};
use crate::scenario::{Defence, Scenario};
use crate::simulation::{self, RunOptions, SimulationError};

/// The position in question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Position {
    /// Its size.
    pub lots: u64,
    /// Its leverage.
    pub leverage: f64,
    /// Whether it is long.
    pub long: bool,
    /// Whether its account is cross; with a hedge it always is.
    pub cross: bool,
    /// What it does about its risk.
    pub defence: Defence,
}

/// One corner of the surface: multiples of what the scenario says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Of the metaorder and of the fall of the index.
    pub severity: f64,
    /// Of the makers' sizes.
    pub depth: f64,
    /// Of the engine's service times.
    pub latency: u64,
}

impl Cell {
    /// The scenario as it is.
    pub const BASE: Self = Self { severity: 1.0, depth: 1.0, latency: 1 };
}

/// What happened to the position in one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellRisk {
    /// The cell.
    pub cell: Cell,
    /// The position.
    pub position: Position,
    /// Seeds.
    pub seeds: usize,
    /// Positions watched at each seed.
    pub watched: u64,
    /// Probability that it is liquidated.
    pub liquidated: Option<Mean>,
    /// Probability that it is closed beyond its bankruptcy price.
    pub beyond_bankruptcy: Option<Mean>,
    /// Mean loss beyond the bankruptcy price in the worst 5 % of its liquidations, in basis points;
    /// negative if even those gained.
    pub es95_bp: Option<f64>,
    /// The same in the worst 1 %.
    pub es99_bp: Option<f64>,
    /// The closed form, given that it is liquidated.
    pub closed_form: ExecutionRisk,
    /// What the closed form was told.
    pub assumptions: Assumptions,
    /// Share of the position's liquidations that were beyond bankruptcy, to compare it with.
    pub beyond_given_liquidated: Option<f64>,
}

/// Why closed form and cascade differ.
pub const GAP: &str = "the closed form knows neither the drift of a cascade, nor that makers leave, \
     nor the forced orders ahead in the queue; it is a lower bound where the market falls on";

/// One run's answer.
struct Answer {
    liquidated: f64,
    beyond: f64,
    losses_bp: Vec<f64>,
    depth_50bp_lots: f64,
    half_spread: f64,
    wait_s: f64,
}

/// The scenario of a cell, with the position in it.
fn scenario_of(base: &Scenario, cell: Cell, position: Position, seed: u64) -> Scenario {
    let mut scenario = Scenario { seed, ..base.clone() };
    if !scenario.agents.iter().any(|agent| agent == "probe") {
        scenario.agents.push("probe".to_owned());
    }
    let probe = &mut scenario.probe;
    (probe.lots, probe.leverage) = (position.lots, position.leverage);
    (probe.long, probe.cross, probe.defence) = (position.long, position.cross, position.defence);
    let times = |value: u64, factor: f64| whole(value as f64 * factor);
    scenario.shock.sell_lots = times(scenario.shock.sell_lots, cell.severity);
    scenario.shock.index_drop_bp = (scenario.shock.index_drop_bp * cell.severity).min(9_000.0);
    scenario.makers.level_lots = times(scenario.makers.level_lots, cell.depth).max(1);
    scenario.latency.service_scale *= cell.latency;
    scenario
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "scenario values times small factors"
)]
fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

fn answer(scenario: &Scenario) -> Result<Answer, SimulationError> {
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    let result = simulation::run(scenario, &mut options)?;
    let probes = scenario.roles().probes;
    let rows: Vec<&LiquidationRow> =
        result.tables.liquidations.iter().filter(|row| probes.contains(&row.account)).collect();
    let closed: Vec<&&LiquidationRow> =
        rows.iter().filter(|row| row.disposal_ticks > 0.0).collect();
    let losses_bp: Vec<f64> = closed.iter().map(|row| loss_bp(row)).collect();
    let mut accounts: Vec<u32> = closed.iter().map(|row| row.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut beyond: Vec<u32> =
        closed.iter().filter(|row| loss_bp(row) > 0.0).map(|row| row.account).collect();
    beyond.sort_unstable();
    beyond.dedup();
    let of = scenario.probe.count as f64;
    let (depth_50bp_lots, half_spread) = calm_book(scenario, &result.tables);
    let wait = result.summary.liquidation.queue.wait_ns;
    Ok(Answer {
        liquidated: accounts.len() as f64 / of,
        beyond: beyond.len() as f64 / of,
        losses_bp,
        depth_50bp_lots,
        half_spread,
        wait_s: if wait.count > 0 { wait.p50 as f64 / 1e9 } else { 0.0 },
    })
}

/// How far beyond the bankruptcy price a position was closed, in basis points.
fn loss_bp(row: &LiquidationRow) -> f64 {
    let bankruptcy = f64::from(row.bankruptcy_ticks);
    let loss = bankruptcy - row.disposal_ticks;
    (if row.long { loss } else { -loss }) / bankruptcy * 1e4
}

/// Median depth within 50 bp and median half-spread between warm-up and shock.
fn calm_book(scenario: &Scenario, tables: &Tables) -> (f64, f64) {
    let calm = scenario.clock.warmup_ms * 1_000_000..scenario.shock.start_ms * 1_000_000;
    let rows = tables.timeline.iter().filter(|row| calm.contains(&row.time_ns));
    let rows = rows.filter(|row| row.bid_ticks > 0 && row.ask_ticks > 0);
    let (mut depths, mut spreads): (Vec<f64>, Vec<f64>) = rows
        .map(|row| {
            let mid = f64::midpoint(f64::from(row.bid_ticks), f64::from(row.ask_ticks));
            let spread = f64::from(row.ask_ticks.saturating_sub(row.bid_ticks));
            (row.bid_depth_50bp_lots as f64, spread / 2.0 / mid)
        })
        .unzip();
    (median(&mut depths), median(&mut spreads))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// What the closed form is told of a cell: buffer and fee by the rules, impact of the size in a
/// book of even depth as the calm one is within 50 bp, and the index's volatility over half a mark
/// period and the wait in the queue.
fn assumptions(scenario: &Scenario, answers: &[Answer]) -> Assumptions {
    let n = answers.len().max(1) as f64;
    let mean = |value: fn(&Answer) -> f64| answers.iter().map(value).sum::<f64>() / n;
    let depth = mean(|answer| answer.depth_50bp_lots);
    let value = scenario.contract().value(scenario.reference(), scenario.probe.lots);
    let tiers = scenario.market.tiers.iter().rev();
    let tier = tiers.clone().find(|tier| scenario.money(tier.floor_currency) <= value);
    let maintenance = tier.map_or(0, |tier| tier.maintenance_ppm);
    let latency_s = scenario.mark.period_ms as f64 / 2_000.0 + mean(|answer| answer.wait_s);
    Assumptions {
        buffer: maintenance as f64 / 1e6,
        impact: scenario.probe.lots as f64 / depth.max(1.0) * 0.005 / 2.0,
        half_spread: mean(|answer| answer.half_spread),
        fee: scenario.liquidation.fee_ppm as f64 / 1e6,
        deviation: scenario.index.volatility_bp / 1e4 * latency_s.sqrt(),
    }
}

/// Runs the position through every cell at every seed, on so many workers.
pub fn surface(
    base: &Scenario,
    cells: &[(Cell, Position)],
    seeds: &[u64],
    workers: NonZeroUsize,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<CellRisk>, SimulationError> {
    let jobs = cells.len() * seeds.len();
    let answers = parallel::map(workers, jobs, |job| {
        let (cell, position) = cells[job / seeds.len()];
        let scenario = scenario_of(base, cell, position, seeds[job % seeds.len()]);
        let answer = answer(&scenario);
        progress();
        answer
    });
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut bootstrap = Bootstrap::new();
    let results =
        cells.iter().zip(answers.chunks(seeds.len())).map(|((cell, position), answers)| {
            let scenario = scenario_of(base, *cell, *position, 0);
            let values =
                |value: fn(&Answer) -> f64| answers.iter().map(value).collect::<Vec<f64>>();
            let mut losses: Vec<f64> =
                answers.iter().flat_map(|answer| answer.losses_bp.iter().copied()).collect();
            losses.sort_unstable_by(f64::total_cmp);
            let worst = |part: usize| {
                let tail = &losses[losses.len() - losses.len().div_ceil(part)..];
                (!tail.is_empty()).then(|| tail.iter().sum::<f64>() / tail.len() as f64)
            };
            let beyond = losses.iter().filter(|loss| **loss > 0.0).count();
            let assumptions = assumptions(&scenario, answers);
            CellRisk {
                cell: *cell,
                position: *position,
                seeds: seeds.len(),
                watched: scenario.probe.count,
                liquidated: bootstrap.mean(&values(|answer| answer.liquidated)),
                beyond_bankruptcy: bootstrap.mean(&values(|answer| answer.beyond)),
                es95_bp: worst(20),
                es99_bp: worst(100),
                closed_form: assumptions.closed(),
                assumptions,
                beyond_given_liquidated: (!losses.is_empty())
                    .then(|| beyond as f64 / losses.len() as f64),
            }
        });
    Ok(results.collect())
}
