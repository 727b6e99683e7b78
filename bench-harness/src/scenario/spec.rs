//! The keys of a scenario, one structure per table of its file.
//!
//! Every key ends in its unit: `_ns`, `_ms`, `_bp` (hundredths of a percent), `_ppm` (parts per
//! million), `_lots`, `_ticks`, `_currency` (whole units of the settlement currency). What has no
//! unit is a count, a ratio or a name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::funds::{FundScope, FundSpec};
use super::further::{FurtherMarket, Griefer, Lane, Portfolios};
use super::order_flow::OrderFlow;

/// One experiment, fully resolved and checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The family of scenarios it belongs to: `S1` to `S16`, or `control`.
    pub family: String,
    /// What it shows, in one line.
    pub about: String,
    /// What it shows, and what to vary, in a paragraph.
    pub description: String,
    /// Where the idea and its numbers come from.
    pub source: String,
    /// Name of the venue whose rules it uses.
    pub venue: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Populations that take part, by name; inputs that arrive together are taken in this order.
    pub agents: Vec<String>,
    /// How long it runs and on what grids.
    pub clock: Clock,
    /// The contract and its margin rules.
    pub market: Market,
    /// How unhealthy positions are disposed of.
    pub liquidation: Liquidation,
    /// What messages and the engine take in time.
    pub latency: Latency,
    /// The exogenous price.
    pub index: Index,
    /// How the mark follows index and book.
    pub mark: Mark,
    /// What longs pay to shorts, and when.
    pub funding: Funding,
    /// What cross accounts may post beside money.
    pub collateral: Collateral,
    /// What starts the cascade.
    pub shock: Shock,
    /// Who quotes.
    pub makers: Makers,
    /// Who takes.
    pub takers: Takers,
    /// Who holds leveraged positions.
    pub holders: Holders,
    /// How recorded order flow is fitted in, where a run is given one.
    pub background: BackgroundSpec,
    /// Who trades the book back to the index, if listed.
    pub arbitrageurs: Arbitrageurs,
    /// Which holders defend themselves, if listed.
    pub defenders: Defenders,
    /// Who hunts liquidations, if listed.
    pub hunter: Manipulation,
    /// Who spoofs, if listed.
    pub spoofer: Manipulation,
    /// Who liquidates on a chain, if listed.
    pub keepers: Keepers,
    /// Who comes back after auto-deleveraging, if listed.
    pub reentry: Reentry,
    /// Positions whose fate is watched, if listed.
    pub probe: Probe,
    /// Order flow by its distributions, if listed.
    pub flow: OrderFlow,
    /// Further markets of the shard, by name; their symbols follow in that order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub markets: BTreeMap<String, FurtherMarket>,
    /// What each of several insurance funds has of its own, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub funds: BTreeMap<String, FundSpec>,
    /// Who holds several markets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portfolios: Option<Portfolios>,
    /// Who griefs the backstop, if listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub griefer: Option<Griefer>,
    /// Which market this is a view of.
    #[serde(skip)]
    pub lane: Lane,
}

/// Positions whose fate is watched: equal but for their entry prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// How many.
    pub count: u64,
    /// Size of each.
    pub lots: u64,
    /// Leverage of each.
    pub leverage: f64,
    /// Whether they are long.
    pub long: bool,
    /// Whether their accounts are cross: all that one has stands behind all that it holds.
    pub cross: bool,
    /// What they do about it.
    pub defence: Defence,
}

/// What a watched position does about its risk; distances and times are the defenders'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defence {
    /// Nothing.
    None,
    /// A stop at the venue.
    Stop,
    /// It deleverages in stages.
    Deleverage,
    /// It shares its margin with a position of the same value on the other side of the next market,
    /// from the start.
    Hedge,
}

/// How long the run is and on what grids it is drawn and sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Virtual time at which the run ends.
    pub duration_ms: u64,
    /// Before this only makers are active, and nothing is measured.
    pub warmup_ms: u64,
    /// Grid of the timeline and of the phases.
    pub sample_ms: u64,
    /// Horizon of the fill rates.
    pub horizon_ms: u64,
}

/// The contract and its margin rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// The settlement currency.
    pub currency: String,
    /// Money units per unit of the currency.
    pub money_scale: u64,
    /// `linear` or `inverse`.
    pub contract: ContractName,
    /// Money units per tick and lot (linear); money units times ticks per lot (inverse).
    pub contract_unit: u64,
    /// Price at the start.
    pub reference_ticks: u64,
    /// Largest order.
    pub order_max_lots: u64,
    /// Largest position.
    pub position_max_lots: u64,
    /// Most resting orders.
    pub orders_max: u64,
    /// Fee of a maker.
    pub maker_fee_ppm: u64,
    /// Fee of a taker.
    pub taker_fee_ppm: u64,
    /// How far from the best opposite price a market order may execute.
    pub market_band_ppm: u64,
    /// Most lots of all longs together; 0 for no bound.
    pub open_interest_max_lots: u64,
    /// Open interest from which initial margin grows.
    pub open_interest_scale_from_currency: u64,
    /// Open interest from which initial margin is everything; 0 for no such rule.
    pub open_interest_scale_to_currency: u64,
    /// The group whose insurance fund answers for it, where there is one for each group.
    pub fund_group: String,
    /// Margin rates by notional.
    pub tiers: Vec<Tier>,
}

/// Kinds of contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContractName {
    /// Settled in the quote currency.
    Linear,
    /// Settled in the base currency.
    Inverse,
}

/// Margin rates from a notional upwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Notional from which the tier applies.
    pub floor_currency: u64,
    /// Least initial margin rate.
    pub initial_ppm: u64,
    /// Maintenance margin rate.
    pub maintenance_ppm: u64,
}

/// How unhealthy positions are disposed of.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liquidation {
    /// Off: marks trigger nothing.
    pub enabled: bool,
    /// By what the queue is ordered.
    pub key: KeyName,
    /// How forced flow shares the engine with clients.
    pub discipline: DisciplineName,
    /// Strict and FIFO: most forced steps of one input.
    pub steps_max: u64,
    /// Weighted: forced steps per turn.
    pub weighted_forced: u64,
    /// Weighted: client inputs per turn.
    pub weighted_client: u64,
    /// Rate-limited: forced steps per window.
    pub rate_steps: u64,
    /// Rate-limited: length of a window.
    pub rate_window_ms: u64,
    /// Size of a forced order.
    pub plan: PlanName,
    /// Fraction plan: part of what is left.
    pub fraction_ppm: u64,
    /// Fraction plan: least size of a step.
    pub fraction_min_lots: u64,
    /// Fee on forced fills, to the fund.
    pub fee_ppm: u64,
    /// Most positions that one input moves into the queue.
    pub triggers_max: u64,
    /// Whether each market has an insurance fund, each group of them, or the venue.
    pub fund_scope: FundScope,
    /// What an insurance fund has at the start, if `funds` does not say otherwise.
    pub fund_currency: u64,
    /// Largest order with which the fund unwinds.
    pub unwind_max_lots: u64,
    /// Worst price of such an order, from the mark.
    pub unwind_band_bp: u64,
    /// Least time between two of them.
    pub unwind_interval_ms: u64,
    /// Whether a new mark gives waiting positions new keys.
    pub rekey: bool,
    /// Expected-shortfall and c-mu keys: deviation of the price until a position is served.
    pub key_sigma_ppm: u64,
    /// Expected-shortfall and c-mu keys: what execution costs beside.
    pub key_cost_ppm: u64,
    /// Fillable price: by what the lack of margin is multiplied.
    pub fillable_adjustment_ppm: u64,
    /// Fillable price: its furthest distance as a part of maintenance margin.
    pub fillable_spread_ppm: u64,
    /// Who gives how much when positions are deleveraged: a name of `seawall list adl`.
    pub adl: String,
    /// At what price: bankruptcy, mark, previous-mark or oracle.
    pub adl_price: String,
    /// Most accounts of one deleveraging; 0 for a venue without it.
    pub adl_max_accounts: u64,
    /// Step-down plan: tiers per step.
    pub plan_tiers: u64,
    /// Part-then-all plan: positions worth no more close at once.
    pub plan_above_currency: u64,
    /// Part-then-all plan: for how long after a part an order is for all.
    /// Throttled plan: after so long all that is needed closes.
    pub plan_window_ms: u64,
    /// Minimal and throttled plan: what closing costs.
    pub plan_cost_ppm: u64,
    /// Minimal and throttled plan: by what each lot moves the price, in 10^-12 of it.
    pub plan_impact: u64,
    /// Minimal and throttled plan: what must be left above maintenance.
    pub plan_buffer_ppm: u64,
    /// Close-factor plan: health factor above which a part is enough.
    pub plan_health_ppm: u64,
    /// Close-factor plan: value and debt below which all of it closes.
    pub plan_least_currency: u64,
    /// Worst price of a forced order: bankruptcy, band or fillable.
    pub forced_limit: String,
    /// The band, from the mark.
    pub forced_band_bp: u64,
    /// What becomes of what a forced order leaves: dispose, keep or rest.
    pub unfilled: String,
    /// For how long it rests at most, if it does.
    pub rest_ms: u64,
    /// Whether what closing a part of a position releases stays with the rest as its margin.
    pub part_keeps_margin: bool,
    /// Whether an order for a part is fill-or-kill; if it is killed all is disposed of.
    pub part_is_fok: bool,
    /// Whether what an order for all leaves of the margin goes to the fund.
    pub whole_forfeits: bool,
    /// How long a position that is not flat waits before it is served again.
    pub again_ms: u64,
    /// Whether the book is passed by altogether.
    pub backstop_always: bool,
    /// Below this part of maintenance margin the book is passed by.
    pub backstop_below_ppm: u64,
    /// Whether all of the position is taken over then, whatever the plan says.
    pub backstop_whole: bool,
    /// Price of a takeover: bankruptcy or mark.
    pub backstop_price: String,
    /// Takeover at the mark: in the taker's favour.
    pub backstop_discount_ppm: u64,
    /// Largest value that the fund holds; 0 for no bound.
    pub backstop_max_currency: u64,
    /// Whether the fund takes anything over before positions are deleveraged.
    pub backstop_takes: bool,
    /// Fall from its peak at which the fund stops paying; a million for none.
    pub fund_drawdown_ppm: u64,
    /// Fall from its peak above which it pays again.
    pub fund_resume_ppm: u64,
    /// Its peak is that of the current and the previous window.
    pub fund_window_ms: u64,
    /// Who bears what nobody covered: cash, open-interest, winners or gate.
    pub residual: String,
    /// Gate: how long nobody withdraws after the fund was last short.
    pub gate_ms: u64,
    /// Positions drawn for each window of a rate limit; 0 for all.
    pub draw_max_positions: u64,
}

/// Queue orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyName {
    /// First triggered, first served.
    TriggerTime,
    /// Lowest equity over notional first.
    MarginRatio,
    /// Nearest to its bankruptcy price first.
    BankruptcyDistance,
    /// Largest notional first.
    Notional,
    /// Furthest fillable price first.
    FillableDistance,
    /// Largest expected loss beyond margin first.
    ExpectedShortfall,
    /// Fastest growth of that loss per forced step first.
    CMu,
}

/// Queue disciplines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisciplineName {
    /// Forced flow first.
    Strict,
    /// Turns.
    Weighted,
    /// By time of arrival and trigger.
    Fifo,
    /// So many steps per window.
    RateLimited,
}

/// Sizes of a forced order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanName {
    /// All of the position.
    Full,
    /// A part, then health is checked again.
    Fraction,
    /// Down by tiers of maintenance margin.
    StepDown,
    /// Of a large position a part first, then all of it.
    PartThenAll,
    /// The least that makes it healthy.
    Minimal,
    /// A share of that least which grows with time.
    Throttled,
    /// A part while it is near its threshold, then all of it.
    CloseFactor,
}

/// What messages and the engine take in virtual time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// From a maker to the venue.
    pub maker_gateway_ns: u64,
    /// From a maker to the venue: cancels.
    pub maker_cancel_ns: u64,
    /// From the venue to a maker: what happened to its orders.
    pub maker_ack_ns: u64,
    /// From a taker to the venue.
    pub taker_gateway_ns: u64,
    /// From the sender of the mark to the venue.
    pub oracle_gateway_ns: u64,
    /// From the venue to an account: acknowledgements and fills.
    pub egress_ns: u64,
    /// From the venue to a maker's view of the book.
    pub maker_feed_ns: u64,
    /// From the venue to a taker's view of the book.
    pub taker_feed_ns: u64,
    /// What the engine takes for an input.
    pub service_input_ns: u64,
    /// What it takes for each event of the input.
    pub service_event_ns: u64,
    /// Multiplies both: 1 to 100 asks what load costs.
    pub service_scale: u64,
}

/// The exogenous price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Grid on which it moves.
    pub step_ms: u64,
    /// Standard deviation of its return over one second.
    pub volatility_bp: f64,
    /// Standard deviation of the logarithm of that; 0 holds it constant.
    pub volatility_spread: f64,
    /// Half-life of its departures from the mean.
    pub volatility_half_life_ms: u64,
    /// Jumps, on average.
    pub jumps_per_hour: f64,
    /// Standard deviation of a jump.
    pub jump_bp: f64,
    /// A path that the rest is multiplied by, for instance a recorded one.
    pub path: Vec<PathPoint>,
}

/// One point of a given path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathPoint {
    /// When.
    pub time_ms: u64,
    /// The price as a part of the price at the start.
    pub level_ppm: u64,
}

/// How the mark follows index and book (`docs/MARGIN.md`, Mark).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Time between two mark inputs.
    pub period_ms: u64,
    /// The price that they bring: weight of the book (the median of best bid, best offer and
    /// last) against the index.
    pub book_weight_ppm: u64,
    /// How old the index is that the sender of the mark reads.
    pub lag_ms: u64,
    /// When marks stop for a while.
    pub freeze_start_ms: u64,
    /// How long they stop; 0 for not at all.
    pub freeze_ms: u64,
    /// When marks are wrong for a while.
    pub spike_start_ms: u64,
    /// How long they are wrong; 0 for not at all.
    pub spike_ms: u64,
    /// By what a wrong mark is too low.
    pub spike_down_bp: u64,
    /// How the venue makes its mark of it.
    pub rule: MarkName,
    /// Rule `median`: of what.
    pub median_of: Vec<MarkInputName>,
    /// What `smoothed-basis` smooths.
    pub fair: FairName,
    /// How it smooths it.
    pub smoothing: SmoothingName,
    /// Time constant of `average` and `weighted`.
    pub smoothing_ms: u64,
    /// Samples of `mean`.
    pub smoothing_points: u64,
    /// Rule `oracle`: the given price is taken at most once in each window of this length.
    pub oracle_interval_ms: u64,
    /// Rule `oracle`: from when it is taken to when it is in force.
    pub oracle_lag_ms: u64,
    /// A mark triggers nothing any more when it is older; 0 for never.
    pub stale_ms: u64,
}

/// Rules of the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkName {
    /// The given price.
    Given,
    /// The index.
    Index,
    /// The last trade.
    Last,
    /// Half-way between best bid and best offer.
    Mid,
    /// Median of best bid, best offer and last trade.
    BookMedian,
    /// Index and decaying funding basis.
    DecayingBasis,
    /// Index and smoothed distance of the book from it.
    SmoothedBasis,
    /// Median of several.
    Median,
    /// The given price, in windows and late.
    Oracle,
}

/// Prices that a mark can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkInputName {
    /// The given price.
    Given,
    /// The index.
    Index,
    /// The last trade.
    Last,
    /// Half-way between best bid and best offer.
    Mid,
    /// Median of best bid, best offer and last trade.
    BookMedian,
    /// Index and decaying funding basis.
    DecayingBasis,
    /// Index and smoothed distance of the book from it.
    SmoothedBasis,
}

/// Prices that are compared with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FairName {
    /// The last trade.
    Last,
    /// Half-way between best bid and best offer.
    Mid,
    /// Median of best bid, best offer and last trade.
    BookMedian,
    /// The mark; of a funding premium only.
    Mark,
}

/// Averages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmoothingName {
    /// Exponential.
    Average,
    /// Exponential, samples weighted by the time between them.
    Weighted,
    /// Mean of the last samples.
    Mean,
}

/// What longs pay to shorts, and when (`docs/MARGIN.md`, Funding).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funding {
    /// Whether there is any.
    pub enabled: bool,
    /// Time between two payments.
    pub interval_ms: u64,
    /// Whose premium over the index is sampled, at mark inputs.
    pub fair: FairName,
    /// Interest rate per `divisor` intervals.
    pub interest_ppb: u64,
    /// How far interest less premium may move the rate, either way.
    pub clamp_ppb: u64,
    /// The rate's greatest size.
    pub cap_ppb: u64,
    /// What is paid at a time is the rate over this.
    pub divisor: u64,
    /// Charged on the value at the index instead of the mark.
    pub on_index: bool,
    /// Paid an interval later than it was made.
    pub later: bool,
}

/// The coin that the contract is on, as collateral of cross holders (`docs/MARGIN.md`,
/// Collateral). Its price is the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collateral {
    /// Whether the venue takes it.
    pub enabled: bool,
    /// How much of a cross holder's initial margin is in it at the start, after the least haircut.
    pub posted_ppm: u64,
    /// What moves the haircut.
    pub haircut: HaircutName,
    /// The least haircut.
    pub floor_ppm: u64,
    /// The greatest haircut.
    pub cap_ppm: u64,
    /// A new one is made at most once in each window of this length.
    pub interval_ms: u64,
    /// From when it is made to when it is in force.
    pub lag_ms: u64,
    /// Most that it moves when a new one comes into force.
    pub step_ppm: u64,
    /// Haircut `volatility`: time constant of the average move between two prices.
    pub volatility_ms: u64,
    /// Haircut `volatility`: what that move is multiplied by.
    pub volatility_factor_ppm: u64,
    /// Haircut `depth`: how far from the best bid bids count.
    pub depth_band_ppm: u64,
    /// Haircut `depth`: what they are worth where nothing is added to the floor.
    pub depth_full_currency: u64,
}

/// What moves a haircut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HaircutName {
    /// Nothing.
    Fixed,
    /// How much the price moves.
    Volatility,
    /// How much the book's bids would take.
    Depth,
}

/// What starts the cascade: a sell metaorder and a fall of the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shock {
    /// When it starts.
    pub start_ms: u64,
    /// How long the metaorder sells.
    pub sell_duration_ms: u64,
    /// How much it sells in all.
    pub sell_lots: u64,
    /// Time between its child orders.
    pub sell_interval_ms: u64,
    /// How far the index falls.
    pub index_drop_bp: f64,
    /// When it starts to fall, from the start of the shock.
    pub index_drop_after_ms: u64,
    /// How long it falls.
    pub index_drop_ms: u64,
    /// What part of the fall comes back.
    pub index_rebound_ppm: u64,
    /// When it starts to come back, from the start of the shock.
    pub index_rebound_after_ms: u64,
    /// How long it takes to come back.
    pub index_rebound_ms: u64,
}

/// Who quotes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Makers {
    /// How many.
    pub count: u64,
    /// Cash of each.
    pub deposit_currency: u64,
    /// Quotes on each side.
    pub levels: u64,
    /// Distance of the first quote from the fair price.
    pub half_spread_ticks: u64,
    /// Distance of the second quote from the first; each further distance grows by as much.
    pub level_step_ticks: u64,
    /// Size of the first quote.
    pub level_lots: u64,
    /// By what each further quote is larger, as a part of the first.
    pub level_growth_ppm: u64,
    /// Time between two requotes.
    pub requote_ms: u64,
    /// Jitter of that time, either way.
    pub requote_jitter_ppm: u64,
    /// Inventory at which it stops quoting the side that adds to it.
    pub inventory_limit_lots: u64,
    /// By what it shades its fair price at that inventory.
    pub skew_at_limit_bp: u64,
    /// Half-life of an inventory, as it is hedged elsewhere.
    pub inventory_half_life_ms: u64,
    /// Memory of its volatility estimate.
    pub volatility_memory_ms: u64,
    /// By how much of the calm spread it widens when volatility is twice the calm one.
    pub widen_ppm: u64,
    /// By how much of one size it thins then.
    pub thin_ppm: u64,
    /// What it still quotes of its calm size when it has thinned as far as it will.
    pub thin_floor_ppm: u64,
    /// How much of the book's distance from the index, as it has seen it, it takes for fair.
    pub premium_weight_ppm: u64,
    /// Memory of that distance.
    pub premium_memory_ms: u64,
    /// Volatility, in multiples of the calm one, at which it leaves; makers differ by half of it
    /// either way.
    pub withdraw_multiple: u64,
}

/// Who takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Takers {
    /// How many accounts.
    pub count: u64,
    /// Cash of each.
    pub deposit_currency: u64,
    /// Orders of all of them together per second.
    pub orders_per_second: f64,
    /// Orders that one order sets off on average; 0 is a Poisson process.
    pub excitation_ppm: u64,
    /// Mean time after which it does.
    pub excitation_memory_ms: u64,
    /// Smallest order.
    pub size_min_lots: u64,
    /// Largest order.
    pub size_max_lots: u64,
    /// Exponent of the size's power law.
    pub size_exponent: f64,
    /// What part of them sends market orders; the rest is limited.
    pub market_ppm: u64,
    /// How far beyond the best price they see the others still trade.
    pub tolerance_bp: u64,
    /// By what the probability of a buy rises for each basis point that the book is below the index.
    pub value_tilt_ppm: u64,
}

/// Who holds leveraged positions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holders {
    /// Long accounts.
    pub longs: u64,
    /// Short accounts.
    pub shorts: u64,
    /// Accounts that take the other side at low leverage.
    pub hedgers: u64,
    /// Nobody has more leverage than this, whatever was drawn; at 1 nobody is leveraged.
    pub leverage_cap: f64,
    /// Leverage of the hedgers.
    pub hedger_leverage: f64,
    /// Least leverage of a long.
    pub long_leverage_min: f64,
    /// Greatest leverage of a long.
    pub long_leverage_max: f64,
    /// Exponent of the longs' leverage: larger means less of it.
    pub long_leverage_exponent: f64,
    /// Least leverage of a short.
    pub short_leverage_min: f64,
    /// Greatest leverage of a short.
    pub short_leverage_max: f64,
    /// Exponent of the shorts' leverage.
    pub short_leverage_exponent: f64,
    /// Smallest position.
    pub size_min_lots: u64,
    /// Largest position.
    pub size_max_lots: u64,
    /// Exponent of the size's power law.
    pub size_exponent: f64,
    /// Standard deviation of entry prices around the price at the start.
    pub entry_dispersion_bp: f64,
    /// Least distance of a trigger price from the price at the start.
    pub trigger_distance_min_bp: f64,
    /// How many of them share margin over their account (`docs/MARGIN.md`, Cross margin): their
    /// cash and their collateral, not only the position's margin.
    pub cross_ppm: u64,
}

/// How recorded order flow is fitted in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundSpec {
    /// Cash of its account.
    pub deposit_currency: u64,
    /// Lots per unit of the recorded instrument: a share, a coin.
    pub lots_per_unit: f64,
    /// Recorded time over virtual time: 2 plays it twice as fast.
    pub speed: f64,
}

/// Who trades the book back to the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arbitrageurs {
    /// How many.
    pub count: u64,
    /// Cash of each.
    pub deposit_currency: u64,
    /// Mean time between two looks.
    pub period_ms: u64,
    /// How far from the index a price must be to be taken.
    pub threshold_bp: u64,
    /// Mean size of an order.
    pub order_lots: u64,
    /// Inventory at which they stop adding to it.
    pub inventory_limit_lots: u64,
    /// Half-life of an inventory, as it is hedged elsewhere.
    pub inventory_half_life_ms: u64,
    /// From them to the venue.
    pub gateway_ns: u64,
    /// From the venue to them: what happened to their orders.
    pub ack_ns: u64,
    /// From the venue to them: the market.
    pub feed_ns: u64,
}

/// Which holders defend themselves, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defenders {
    /// What part of the leveraged holders has a stop-loss at the venue.
    pub stop_ppm: u64,
    /// What part deleverages by hand.
    pub deleverage_ppm: u64,
    /// In how many stages.
    pub stages: u64,
    /// Mean distance of stop or first stage from the trigger price; each is drawn within half of
    /// it either way.
    pub distance_bp: u64,
    /// Time between two looks at the mark.
    pub period_ms: u64,
    /// Mean time to react.
    pub reaction_ms: u64,
}

/// Somebody who moves the mark on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manipulation {
    /// Its cash.
    pub deposit_currency: u64,
    /// When it begins to build its short position.
    pub start_ms: u64,
    /// How long it builds.
    pub build_ms: u64,
    /// How much it sells meanwhile.
    pub build_lots: u64,
    /// How long it then presses the price.
    pub press_ms: u64,
    /// A hunter: how much it sells meanwhile. A spoofer: the size of each order.
    pub press_lots: u64,
    /// When it begins to buy back, from the end of the building.
    pub cover_after_ms: u64,
    /// How long it buys back.
    pub cover_ms: u64,
    /// Time between two orders.
    pub interval_ms: u64,
    /// From it to the venue: orders.
    pub gateway_ns: u64,
    /// From it to the venue: cancels.
    pub cancel_ns: u64,
    /// From the venue to it: what happened to its orders.
    pub ack_ns: u64,
    /// From the venue to it: the market.
    pub feed_ns: u64,
}

/// Who liquidates on a chain. With them nobody is liquidated but by their steps: use the weighted
/// discipline with one forced step for a `weighted_client` that is never reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keepers {
    /// Time between two blocks.
    pub block_ms: u64,
    /// Attempts that a block takes.
    pub attempts_per_block: u64,
    /// Blocks from an attempt to its effect.
    pub inclusion_blocks: u64,
    /// What part of the included attempts fails.
    pub failure_ppm: u64,
    /// Standard deviation of the logarithm of the price of blockspace.
    pub fee_deviation: f64,
    /// What part of its departure from the mean is left after a block.
    pub fee_persistence_ppm: u64,
    /// By what it rises for each natural logarithm of one more than the waiting liquidations.
    pub fee_with_backlog: f64,
    /// Standard deviation of the logarithm of keepers' bids.
    pub bid_deviation: f64,
}

/// Who comes back after auto-deleveraging.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reentry {
    /// What part of those who are hit.
    pub share_ppm: u64,
    /// With what part of what was closed.
    pub part_ppm: u64,
    /// Mean time until then.
    pub delay_ms: u64,
}
