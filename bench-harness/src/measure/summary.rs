//! `summary.json`: the numbers of one run, in the house's keys and units.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Mean and percentiles of a signed quantity. In JSON all but the count are null when nothing was
/// observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "optional::Distribution", into = "optional::Distribution")]
pub struct Distribution {
    /// Observations.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// 1st percentile.
    pub p1: f64,
    /// 5th percentile.
    pub p5: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Greatest.
    pub max: f64,
}

/// Percentiles of a latency, in nanoseconds. In JSON all but the count are null when nothing was
/// observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "optional::Percentiles", into = "optional::Percentiles")]
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

/// The shapes in JSON: what was not observed is null, not zero.
mod optional {
    use serde::{Deserialize, Serialize};

    macro_rules! shape {
        ($name:ident, $value:ty, $($field:ident),+) => {
            #[derive(Serialize, Deserialize)]
            pub(super) struct $name {
                count: u64,
                $($field: Option<$value>),+
            }

            impl From<super::$name> for $name {
                fn from(from: super::$name) -> Self {
                    let is_some = from.count > 0;
                    Self { count: from.count, $($field: is_some.then_some(from.$field)),+ }
                }
            }

            impl From<$name> for super::$name {
                fn from(from: $name) -> Self {
                    Self { count: from.count, $($field: from.$field.unwrap_or_default()),+ }
                }
            }
        };
    }

    shape!(Distribution, f64, mean, min, p1, p5, p50, p95, p99, max);
    shape!(Percentiles, u64, p50, p90, p99, p99_9, p99_99, max);
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
    /// From trigger until the position is healthy or flat, whichever came.
    pub time_to_compliant_ns: Percentiles,
    /// Disposal price against the liquidation price, in basis points; positive is better. Linear
    /// contracts only.
    pub slippage_vs_liquidation_price_bp: Distribution,
    /// What part of each liquidation the book filled.
    pub filled_fraction: Distribution,
    /// Execution beyond the bankruptcy price, over liquidations.
    pub beyond_bankruptcy: BeyondBankruptcy,
    /// Slippage at risk against the mark at the trigger.
    pub slippage_at_risk: SlippageAtRisk,
    /// Lots closed beyond the least that would have cured each account at its trigger mark. Linear
    /// contracts only.
    pub over_liquidated_lots: Option<u64>,
    /// That over all lots closed.
    pub over_liquidated_fraction: Option<f64>,
    /// Lots short of it, where less was closed.
    pub under_liquidated_lots: Option<u64>,
    /// The queue.
    pub queue: QueueSummary,
    /// What auto-deleveraging took from whom.
    #[serde(default)]
    pub adl: AdlSummary,
}

/// What auto-deleveraging took from whom (Chitra, arXiv:2512.01112). Amounts in money units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdlSummary {
    /// What winners gave up, against the mark of the moment.
    pub given: i64,
    /// What the closed positions lacked at that mark.
    pub needed: i64,
    /// The first less the second: 0 where the price is the bankruptcy price.
    pub overshoot: i64,
    /// What the winner who gave most gave, over all that was lacking (PTSR).
    pub top_winner_share: Option<f64>,
    /// That, over what the position that lacked most lacked (PMR).
    pub top_winner_to_loser: Option<f64>,
    /// Largest part of its equity that a winner gave with one input.
    pub haircut_max: Option<f64>,
    /// Largest leverage that a winner was left with: value at the mark over equity.
    pub leverage_after_max: Option<f64>,
}

/// Execution beyond the bankruptcy price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BeyondBankruptcy {
    /// Share of liquidations whose disposal price was beyond their bankruptcy price.
    pub probability: Option<f64>,
    /// Mean loss against it in the worst 5 %, in basis points; negative if even those gained.
    pub es95_bp: Option<f64>,
    /// The same in the worst 1 %.
    pub es99_bp: Option<f64>,
}

/// Slippage at risk (Sepper, arXiv:2603.09164): losses against the mark at the trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlippageAtRisk {
    /// 95th percentile, in basis points.
    pub sar95_bp: Option<f64>,
    /// 99th percentile, in basis points.
    pub sar99_bp: Option<f64>,
    /// Mean of the worst 5 %, in basis points.
    pub esar95_bp: Option<f64>,
    /// Mean of the worst 1 %, in basis points.
    pub esar99_bp: Option<f64>,
    /// The 99th percentile times all liquidated notional, in money units.
    pub tsar99: Option<f64>,
    /// Herfindahl index of liquidated notional by liquidation.
    pub hhi: Option<f64>,
    /// `esar99_bp` times one plus the index to the power of 1.5.
    pub adjusted_esar99_bp: Option<f64>,
}

/// The liquidation queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueSummary {
    /// From trigger to first service.
    pub wait_ns: Percentiles,
    /// Share of first services that came before that of somebody triggered earlier.
    pub overtaking: Option<f64>,
    /// Most positions waiting after an input.
    pub backlog_max: u64,
    /// Most liquidations that ended within one second of virtual time.
    pub closed_per_second_max: u64,
    /// Little's law: the backlog's area less the sum of the waits. Always 0; anything else means
    /// that the queue and its events disagree.
    pub littles_law_residual_ns: i64,
    /// What the engine's queue has counted of itself.
    #[serde(default)]
    pub own: QueueOwn,
}

/// The queue by its own counters: every service of a position, not only the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueOwn {
    /// Positions that were solvent when they entered.
    pub solvent: QueueClass,
    /// Positions that were beyond their bankruptcy price when they entered.
    pub bankrupt: QueueClass,
    /// Positions taken out while one with a smaller key waited: only a draw does that.
    pub inversions: u64,
    /// Most positions that ever waited.
    pub backlog_max: u64,
}

/// Waits of one class of positions, from when they could be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueClass {
    /// Positions taken out.
    pub served: u64,
    /// Mean wait.
    pub wait_mean_ns: Option<f64>,
    /// Longest wait: the greatest starvation age.
    pub wait_max_ns: Option<u64>,
}

/// Who was solvent, and how much room was left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Solvency {
    /// Largest fall of the fund's cash from its former peak, in money units.
    pub fund_drawdown: i64,
    /// That over the peak (eight hours are longer than any run: the peak is the run's).
    pub fund_drawdown_ratio: Option<f64>,
    /// From the shock until the fund's cash was gone; null if it never was.
    pub fund_exhausted_after_ns: Option<u64>,
    /// Largest position of the fund, in lots.
    pub backstop_position_max_lots: u64,
    /// Worth of that position at the mark over the most that the backstop may hold, at its greatest; null
    /// where it may hold anything or nothing.
    #[serde(default)]
    pub backstop_capacity_use: Option<f64>,
    /// Deleveraged over all liquidated notional.
    pub adl_share: Option<f64>,
    /// Bursts of auto-deleveraging, a second or more apart.
    pub adl_episodes: u64,
}

/// What makers did with their orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MakerQuotes {
    /// Orders cancelled.
    pub cancels: u64,
    /// Cancels and changes that came after their order was gone, and were rejected.
    pub late: u64,
    /// Orders changed.
    pub replaces: u64,
    /// Orders sent.
    pub orders: u64,
    /// Fills of resting orders.
    pub fills: u64,
    /// Cancelled and changed orders for each fill.
    pub cancel_to_fill: Option<f64>,
    /// Cancelled and changed orders for each order sent or changed.
    #[serde(default)]
    pub cancel_to_add: Option<f64>,
    /// Lots sent, in new and in changed orders.
    #[serde(default)]
    pub added_lots: u64,
    /// Lots cancelled, and of changed orders what they were changed to.
    #[serde(default)]
    pub moved_lots: u64,
    /// The second over the first.
    #[serde(default)]
    pub moved_to_added_lots: Option<f64>,
    /// Share of the timeline's rows, after the warm-up, with both sides quoted.
    pub two_sided_fraction: Option<f64>,
}

/// What one who is scored did, and what it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trading {
    /// Bought, in lots.
    pub bought_lots: u64,
    /// For so much, in money units.
    pub bought_value: i64,
    /// Sold, in lots.
    pub sold_lots: u64,
    /// For so much, in money units.
    pub sold_value: i64,
    /// Fees paid, in money units.
    pub fees: i64,
}

/// One population.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Population {
    /// Accounts.
    pub accounts: u64,
    /// Equity at the end, at the mark, less deposits; in money units, from the ledger.
    pub profit: i64,
    /// What it traded, for the hunter and the spoofer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trading: Option<Trading>,
    /// What its agents counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub counters: BTreeMap<String, u64>,
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
    /// One minus the reciprocal of the amplification: forced lots for each lot sold, if the cascade
    /// were a branching process.
    pub branching: Option<f64>,
    /// From the widest spread on the grid until half of what it was above the calm median is gone.
    pub spread_half_recovery_ns: Option<u64>,
    /// As `depth_trough_fraction`, within 10 bp.
    pub depth_trough_fraction_10bp: Option<f64>,
    /// As `depth_trough_fraction`, within 100 bp.
    pub depth_trough_fraction_100bp: Option<f64>,
    /// As `depth_half_recovery_ns`, within 10 bp.
    pub depth_half_recovery_10bp_ns: Option<u64>,
    /// As `depth_half_recovery_ns`, within 100 bp.
    pub depth_half_recovery_100bp_ns: Option<u64>,
    /// Largest distance of mark and index on the grid, in basis points.
    pub mark_index_divergence_bp: Option<f64>,
    /// Largest distance of mark and mid on the grid, in basis points.
    pub mark_mid_divergence_bp: Option<f64>,
    /// Largest distance of mark and last trade's price on the grid, in basis points.
    #[serde(default)]
    pub mark_last_divergence_bp: Option<f64>,
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

/// One of several markets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MarketResult {
    /// Its number.
    pub symbol: u64,
    /// Trades in it.
    pub trades: u64,
    /// Accounts triggered by a position in it.
    pub triggered: u64,
    /// Quantity of forced orders in it, in lots.
    pub forced_qty: u64,
    /// What of it filled in its book, in lots.
    pub forced_filled_qty: u64,
    /// Quantity that the fund took over, in lots.
    pub taken_over_qty: u64,
    /// Quantity closed by auto-deleveraging, in lots.
    pub deleveraged_qty: u64,
    /// Largest position of the fund in it, in lots.
    pub backstop_position_max_lots: u64,
    /// Realised correlation of its returns with the first market's over one second, before the shock.
    pub correlation_calm: Option<f64>,
    /// The same from the shock to the end of the peak.
    pub correlation_cascade: Option<f64>,
    /// The second less the first.
    pub correlation_jump: Option<f64>,
    /// What the cascade did to it.
    pub market: MarketSummary,
}

/// One of several insurance funds. Amounts in money units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundResult {
    /// Its number, which is that of its account.
    pub number: u64,
    /// The markets that it answers for.
    pub markets: Vec<String>,
    /// What it had at the start.
    pub start: i64,
    /// Its cash at the end.
    pub cash: i64,
    /// Largest fall of its cash from its former peak, change by change.
    pub drawdown: i64,
    /// Its realised loss on what it took over, and shortfalls it paid.
    pub paid: i64,
    /// Liquidation fees it took in.
    pub fees: i64,
    /// Notional it took over.
    pub backstop_notional: i64,
    /// Notional closed by auto-deleveraging in its markets.
    pub adl_notional: i64,
    /// Loss of its markets that others shared.
    pub socialised: i64,
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
    /// Latencies by flow.
    pub latency_ns: Latency,
    /// Fill rates by flow and phase.
    pub fill_rate: FillRates,
    /// What the cascade did to the market.
    pub market: MarketSummary,
    /// Who was solvent.
    #[serde(default)]
    pub solvency: Solvency,
    /// What makers did with their orders.
    #[serde(default)]
    pub maker_quotes: MakerQuotes,
    /// What every population gained or lost.
    #[serde(default)]
    pub populations: BTreeMap<String, Population>,
    /// Every market by name, where there are several. Phases, latencies, fill rates and `market` are
    /// the first one's; what was liquidated and who was solvent are of all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub markets: BTreeMap<String, MarketResult>,
    /// Every insurance fund by name, where there are several. What the others call the fund is all of
    /// them together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub funds: BTreeMap<String, FundResult>,
    /// Money created or destroyed, in money units: always 0.
    pub conservation_error: i128,
}
