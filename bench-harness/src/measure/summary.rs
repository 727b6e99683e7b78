//! `summary.json`: the numbers of one run, in the house's keys and units.

use seawall_engine::liquidation::QueueStats;
use serde::{Deserialize, Serialize};

/// Mean and percentiles of a signed quantity; all zero with `count` 0 when nothing was observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Observations.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Greatest.
    pub max: f64,
}

/// Percentiles of a latency, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Observations.
    pub count: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p99_9: u64,
    /// 99.99th percentile.
    pub p99_99: u64,
    /// Greatest.
    pub max: u64,
}

/// Latencies of one flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLatency {
    /// From the client's send (forced: from the trigger) to the acknowledgement.
    pub order_to_ack: Percentiles,
    /// From the same moment to the first fill, of aggressive and forced orders.
    pub order_to_fill: Percentiles,
    /// From the same moment to the first fill, of orders that rested first.
    pub time_to_first_fill: Percentiles,
}

/// Latencies by flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// `virtual` or `tsc`.
    pub clock: String,
    /// Orders of makers.
    pub maker: FlowLatency,
    /// Orders of takers.
    pub taker: FlowLatency,
    /// Orders of the liquidation engine.
    pub forced: FlowLatency,
}

/// Fill rate of one flow by phase: filled over submitted quantity within the horizon. `None` where
/// the phase is empty or nothing was submitted in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FillRate {
    /// Before the shock. For forced flow: what the calm book would have filled of the same sizes
    /// and limits.
    pub calm: Option<f64>,
    /// From the shock to the peak.
    pub onset: Option<f64>,
    /// The shortest interval that holds 80 % of the forced quantity.
    pub peak: Option<f64>,
    /// After the peak.
    pub recovery: Option<f64>,
    /// One minus the ratio of the peak's rate to the calm one's.
    pub degradation: Option<f64>,
}

/// Fill rates by flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FillRates {
    /// Orders of makers.
    pub maker: FillRate,
    /// Orders of takers.
    pub taker: FillRate,
    /// Orders of the liquidation engine.
    pub forced: FillRate,
}

/// What was liquidated, how well, and who paid. Quantities in lots, amounts in money units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiquidationSummary {
    /// Accounts that entered the queue at least once.
    pub accounts_triggered: u64,
    /// Accounts that liquidation closed.
    pub accounts_closed: u64,
    /// Quantity of forced orders of liquidated accounts.
    pub forced_qty: u64,
    /// What of it filled in the book.
    pub forced_filled_qty: u64,
    /// The ratio of the two.
    pub fill_rate: Option<f64>,
    /// Loss beyond margin at the mark, summed over what the book did not fill.
    pub deficit: i64,
    /// The fund's realised loss on what it took over, and shortfalls it paid.
    pub insurance_paid: i64,
    /// Liquidation fees the fund took in.
    pub insurance_fees: i64,
    /// Notional the fund took over.
    pub backstop_notional: i64,
    /// Notional closed by auto-deleveraging.
    pub adl_notional: i64,
    /// Accounts hit by auto-deleveraging.
    pub adl_accounts: u64,
    /// Loss that everybody shared.
    pub socialised: i64,
    /// Liquidated accounts whose mark was beyond their bankruptcy price when served.
    pub bankrupt_accounts: u64,
    /// Disposal price against bankruptcy price, in basis points; positive is better.
    pub slippage_vs_bankruptcy_bp: Distribution,
    /// Disposal price against the mark at the trigger, in basis points; positive is better.
    pub slippage_vs_trigger_mark_bp: Distribution,
    /// From trigger to first fill.
    pub time_to_first_fill_ns: Percentiles,
    /// From trigger to flat.
    pub time_to_flat_ns: Percentiles,
}

/// Waits of one class of positions in the liquidation queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassWaits {
    /// Positions taken out of the queue.
    pub served: u64,
    /// Mean wait from when they could be served, in nanoseconds.
    pub mean_ns: f64,
    /// Longest: the greatest starvation age.
    pub max_ns: u64,
}

/// What the liquidation queue has seen of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueSummary {
    /// Positions that had equity when they entered.
    pub solvent: ClassWaits,
    /// Positions that had none.
    pub bankrupt: ClassWaits,
    /// Positions served while one with a smaller key waited, as under a random draw.
    pub inversions: u64,
    /// The most that ever waited.
    pub backlog_max: u64,
}

impl QueueSummary {
    /// In the keys of `summary.json`.
    pub fn new(stats: &QueueStats) -> Self {
        let class = |number: usize| {
            let served = stats.served[number];
            let mean_ns = stats.wait_ns[number] as f64 / served.max(1) as f64;
            ClassWaits { served, mean_ns, max_ns: stats.wait_max_ns[number] }
        };
        let (solvent, bankrupt) = (class(0), class(1));
        let QueueStats { inversions, backlog_max, .. } = *stats;
        Self { solvent, bankrupt, inversions, backlog_max }
    }
}

/// What a chain did to liquidations. Fees are in units of the mean fee that others offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChainSummary {
    /// Blocks.
    pub blocks: u64,
    /// Of them those with something to liquidate.
    pub blocks_waiting: u64,
    /// Liquidations that could have been submitted.
    pub attempts: u64,
    /// Not submitted: the keeper failed.
    pub keeper_failures: u64,
    /// Submitted, and outbid by other transactions.
    pub outbid: u64,
    /// Included.
    pub included: u64,
    /// Mean fee of the last one in, over all blocks.
    pub fee_mean: f64,
    /// The same over blocks with something to liquidate.
    pub fee_mean_waiting: f64,
    /// Greatest.
    pub fee_max: f64,
    /// Correlation of that fee with the number of positions that wait; `None` where one of the two
    /// never changes.
    pub fee_backlog_correlation: Option<f64>,
}

/// What the cascade did to the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MarketSummary {
    /// (Exogenous + forced quantity) over exogenous quantity of the shock; `None` without a shock.
    pub amplification: Option<f64>,
    /// Largest fall of the mark from its price at the shock, in basis points.
    pub drawdown_bp: f64,
    /// That over the paired run's without liquidations; `None` without a paired run.
    pub drawdown_ratio: Option<f64>,
    /// Least bid depth within 50 bp of the mid during the cascade, over the calm median.
    pub depth_trough_fraction: Option<f64>,
    /// From the trough until half the lost depth was back; `None` if it never was.
    pub depth_half_recovery_ns: Option<u64>,
    /// Widest spread.
    pub spread_max_ticks: u64,
}

/// One phase of the run, in virtual time, with the mark at its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Start, in nanoseconds.
    pub start_ns: u64,
    /// End, in nanoseconds.
    pub end_ns: u64,
    /// Mark at the start, in ticks.
    pub mark_start: u32,
    /// Mark at the end, in ticks.
    pub mark_end: u32,
    /// Lowest mark in it, in ticks.
    pub mark_low: u32,
    /// Commands taken in it.
    pub commands: u64,
    /// Traded quantity, in lots.
    pub traded_qty: u64,
    /// Quantity of forced orders, in lots.
    pub forced_qty: u64,
}

/// The four phases; an empty one is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Before the shock.
    pub calm: Option<Phase>,
    /// From the shock to the peak.
    pub onset: Option<Phase>,
    /// The shortest interval that holds 80 % of the forced quantity.
    pub peak: Option<Phase>,
    /// After the peak.
    pub recovery: Option<Phase>,
}

/// The numbers of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Scenario's name.
    pub scenario: String,
    /// Venue preset's name.
    pub venue: String,
    /// Seed.
    pub seed: u64,
    /// Hash of the resolved scenario, hexadecimal.
    pub config_hash: String,
    /// Hash of the event stream, hexadecimal.
    pub events_hash: String,
    /// Hash of the engine's final state, hexadecimal.
    pub state_hash: String,
    /// Inputs applied.
    pub commands: u64,
    /// Inputs rejected.
    pub rejected: u64,
    /// Events emitted.
    pub events: u64,
    /// Trades.
    pub trades: u64,
    /// Virtual time, in seconds.
    pub sim_seconds: f64,
    /// Wall time of the whole command, in seconds.
    pub wall_seconds: f64,
    /// CPU time of the loop: agents, engine, hashes, measures; no files, no paired run.
    pub loop_cpu_seconds: f64,
    /// Horizon of the fill rates, in nanoseconds.
    pub horizon_ns: u64,
    /// Money units per unit of the settlement currency, to print amounts.
    pub money_scale: i64,
    /// The settlement currency's name.
    pub currency: String,
    /// Accounts with a leveraged position at the start.
    pub leveraged_accounts: u64,
    /// Phases of the run.
    pub phases: Phases,
    /// What was liquidated, and who paid.
    pub liquidation: LiquidationSummary,
    /// What the liquidation queue has seen of itself.
    #[serde(default)]
    pub queue: QueueSummary,
    /// What a chain did to liquidations, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainSummary>,
    /// Latencies by flow.
    pub latency_ns: Latency,
    /// Fill rates by flow and phase.
    pub fill_rate: FillRates,
    /// What the cascade did to the market.
    pub market: MarketSummary,
    /// Money created or destroyed, in money units: always 0.
    pub conservation_error: i128,
}
