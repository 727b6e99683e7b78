//! Ranges of single values, and values that contradict each other.

use core::fmt::Display;

use seawall_engine::liquidation::{AdlPolicy, AdlPrice};
use seawall_engine::risk::{FUNDING_CAP_PPB_MAX, LAG_WINDOWS_MAX, MEAN_POINTS_MAX, TAU_NS_MAX};
use toml::Table;

use super::error::{Fault, Hint, ScenarioError};
use super::spec::{ContractName, DisciplineName, Manipulation, Scenario, Tier};
use super::text::{Places, nearest};
use super::venue;
use crate::agents::KINDS;

/// Reads a complete table and checks every value.
pub(super) fn scenario(
    table: Table,
    places: &Places,
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    names(&table, places)?;
    let mut scenario: Scenario = toml::Value::Table(table).try_into().map_err(
        // Keys and types were checked against the schema, so this says what a name may be.
        |error: toml::de::Error| Fault::NotToml {
            place: places.whole(),
            message: error.message().to_owned(),
        },
    )?;
    if let Some(seed) = seed {
        scenario.seed = seed;
    }
    let check = Check { places, prefix: String::new() };
    check.within("seed", scenario.seed, 0, SEED_MAX)?;
    check.liquidation(&scenario)?;
    check.latency(&scenario)?;
    check.lane(&scenario)?;
    check.further(&scenario)?;
    check.funds(&scenario)?;
    check.whole(&scenario)?;
    Ok(scenario)
}

const ADL: [&str; AdlPolicy::ALL.len()] = {
    let mut names = [""; AdlPolicy::ALL.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = AdlPolicy::ALL[n].name();
        n += 1;
    }
    names
};
const ADL_PRICES: [&str; AdlPrice::ALL.len()] = {
    let mut names = [""; AdlPrice::ALL.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = AdlPrice::ALL[n].name();
        n += 1;
    }
    names
};

/// Inputs that a median mark may have.
const INPUTS: &[&str] =
    &["given", "index", "last", "mid", "book-median", "decaying-basis", "smoothed-basis"];
/// Keys whose values are one of a few names: table, key, names.
const NAMES: [(&str, &str, &[&str]); 19] = [
    ("probe", "defence", &["none", "stop", "deleverage", "hedge"]),
    ("", "venue", &venue::NAMES),
    ("market", "contract", &["linear", "inverse"]),
    (
        "liquidation",
        "key",
        &[
            "trigger-time",
            "margin-ratio",
            "bankruptcy-distance",
            "notional",
            "fillable-distance",
            "expected-shortfall",
            "c-mu",
        ],
    ),
    ("liquidation", "fund_scope", &["symbol", "group", "venue"]),
    ("liquidation", "adl", &ADL),
    ("liquidation", "adl_price", &ADL_PRICES),
    ("liquidation", "discipline", &["strict", "weighted", "fifo", "rate-limited"]),
    (
        "liquidation",
        "plan",
        &["full", "fraction", "step-down", "part-then-all", "minimal", "throttled", "close-factor"],
    ),
    ("liquidation", "forced_limit", &["bankruptcy", "band", "fillable"]),
    ("liquidation", "unfilled", &["dispose", "keep", "rest"]),
    ("liquidation", "backstop_price", &["bankruptcy", "mark"]),
    ("liquidation", "residual", &["cash", "open-interest", "winners", "gate"]),
    (
        "mark",
        "rule",
        &[
            "given",
            "index",
            "last",
            "mid",
            "book-median",
            "decaying-basis",
            "smoothed-basis",
            "median",
            "oracle",
        ],
    ),
    ("mark", "median_of", INPUTS),
    ("mark", "fair", &["last", "mid", "book-median"]),
    ("mark", "smoothing", &["average", "weighted", "mean"]),
    ("collateral", "haircut", &["fixed", "volatility", "depth"]),
    ("funding", "fair", &["last", "mid", "book-median", "mark"]),
];

/// Values that are one of a few names.
fn names(table: &Table, places: &Places) -> Result<(), ScenarioError> {
    for (parent, key, expected) in NAMES {
        let (inner, path) = match table.get(parent).and_then(toml::Value::as_table) {
            Some(inner) => (inner, format!("{parent}.{key}")),
            None => (table, key.to_owned()),
        };
        let values = match inner.get(key) {
            Some(toml::Value::Array(values)) => &values[..],
            Some(value) => core::slice::from_ref(value),
            None => &[],
        };
        let mut values = values.iter().filter_map(toml::Value::as_str);
        if let Some(found) = values.find(|value| !expected.contains(value)) {
            return Err(Fault::OutOfRange {
                place: places.of(&path),
                key: path,
                found: format!("`{found}`"),
                expected: format!("one of {}", expected.join(", ")),
                hint: Hint(nearest(found, expected.iter().copied())),
            }
            .into());
        }
    }
    Ok(())
}

/// A limit of the market binds a population that takes part; one that does not may keep values
/// that were meant for a larger market.
pub(super) fn bound(s: &Scenario, population: &str, limit_lots: u64) -> u64 {
    if s.agents.iter().any(|name| name == population) { limit_lots } else { u64::from(u32::MAX) }
}

pub(super) struct Check<'a> {
    pub(super) places: &'a Places,
    /// What stands before the keys of the market under check.
    pub(super) prefix: String,
}

/// Checked values, so that no product of two of them overflows 64 bits.
pub(super) const TIME_MS_MAX: u64 = 86_400_000;
pub(super) const PPM: u64 = 1_000_000;
pub(super) const COUNT_MAX: u64 = 4_000_000;
pub(super) const LATENCY_MAX_NS: u64 = 60_000_000_000;
/// A TOML integer has 63 bits.
const SEED_MAX: u64 = (1 << 63) - 1;

impl Check<'_> {
    pub(super) fn refuse<T>(
        &self,
        key: &str,
        found: &dyn Display,
        expected: &dyn Display,
    ) -> Result<T, ScenarioError> {
        let key = format!("{}{key}", self.prefix);
        Err(Fault::OutOfRange {
            place: self.places.of(&key),
            key,
            found: found.to_string(),
            expected: expected.to_string(),
            hint: Hint::default(),
        }
        .into())
    }

    /// One market, its prices and its people.
    pub(super) fn lane(&self, s: &Scenario) -> Result<(), ScenarioError> {
        self.clock(s)?;
        self.market(s)?;
        self.prices(s)?;
        self.makers(s)?;
        self.takers(s)?;
        self.holders(s)?;
        self.agents(s)
    }

    pub(super) fn within(
        &self,
        key: &str,
        value: u64,
        low: u64,
        high: u64,
    ) -> Result<(), ScenarioError> {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        self.refuse(key, &value, &format!("{low} to {high}"))
    }

    pub(super) fn between(
        &self,
        key: &str,
        value: f64,
        low: f64,
        high: f64,
    ) -> Result<(), ScenarioError> {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        // Nobody counts three hundred digits.
        let found = if value < 1e15 { format!("{value}") } else { format!("{value:e}") };
        self.refuse(key, &found, &format!("{low} to {high}"))
    }

    fn clock(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let c = &s.clock;
        self.within("clock.duration_ms", c.duration_ms, 1_000, TIME_MS_MAX)?;
        self.within("clock.warmup_ms", c.warmup_ms, 1, c.duration_ms - 1)?;
        self.within("clock.sample_ms", c.sample_ms, 1, c.duration_ms)?;
        if c.duration_ms / c.sample_ms > 1_000_000 {
            let least = c.duration_ms / 1_000_000 + 1;
            return self.refuse("clock.sample_ms", &c.sample_ms, &format!("at least {least}"));
        }
        self.within("clock.horizon_ms", c.horizon_ms, 1, TIME_MS_MAX)?;
        self.within("shock.start_ms", s.shock.start_ms, c.warmup_ms + c.sample_ms, TIME_MS_MAX)
    }

    fn market(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let m = &s.market;
        self.within("market.money_scale", m.money_scale, 1, 1_000_000_000)?;
        self.within("market.contract_unit", m.contract_unit, 1, 1 << 53)?;
        self.within("market.reference_ticks", m.reference_ticks, 100, (1 << 28) / 20)?;
        self.within("market.order_max_lots", m.order_max_lots, 1, 1 << 31)?;
        self.within("market.position_max_lots", m.position_max_lots, 1, 1 << 31)?;
        self.within("market.orders_max", m.orders_max, 1, 1 << 26)?;
        self.within("market.maker_fee_ppm", m.maker_fee_ppm, 0, PPM)?;
        self.within("market.taker_fee_ppm", m.taker_fee_ppm, 0, PPM)?;
        self.within("market.market_band_ppm", m.market_band_ppm, 0, PPM)?;
        self.within("market.open_interest_max_lots", m.open_interest_max_lots, 0, 1 << 40)?;
        let (from, to) = (m.open_interest_scale_from_currency, m.open_interest_scale_to_currency);
        self.within("market.open_interest_scale_from_currency", from, 0, 1 << 40)?;
        if to != 0 {
            let key = "market.open_interest_scale_to_currency";
            self.within(key, to, from + 1, 1 << 41)?;
        }
        if m.tiers.is_empty() {
            return self.refuse("market.tiers", &"empty", &"at least one tier");
        }
        for (n, tier) in m.tiers.iter().enumerate() {
            let key = |name: &str| format!("market.tiers[{n}].{name}");
            self.within(&key("initial_ppm"), tier.initial_ppm, 2, PPM)?;
            let most = tier.initial_ppm - 1;
            self.within(&key("maintenance_ppm"), tier.maintenance_ppm, 1, most)?;
            self.within(&key("floor_currency"), tier.floor_currency, 0, 1 << 40)?;
        }
        self.tiers(&m.tiers)
    }

    fn liquidation(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let l = &s.liquidation;
        let steps = 65_536;
        self.within("liquidation.steps_max", l.steps_max, 1, steps)?;
        self.within("liquidation.weighted_forced", l.weighted_forced, 1, steps)?;
        self.within("liquidation.weighted_client", l.weighted_client, 1, u64::from(u32::MAX))?;
        self.within("liquidation.rate_steps", l.rate_steps, 1, steps)?;
        self.within("liquidation.rate_window_ms", l.rate_window_ms, 1, TIME_MS_MAX)?;
        self.within("liquidation.fraction_ppm", l.fraction_ppm, 1, PPM)?;
        self.within("liquidation.fraction_min_lots", l.fraction_min_lots, 1, 1 << 31)?;
        self.within("liquidation.fee_ppm", l.fee_ppm, 0, PPM)?;
        self.within("liquidation.triggers_max", l.triggers_max, 1, 1 << 24)?;
        self.within("liquidation.fund_currency", l.fund_currency, 0, 1 << 40)?;
        self.within("liquidation.unwind_max_lots", l.unwind_max_lots, 1, 1 << 31)?;
        self.within("liquidation.unwind_band_bp", l.unwind_band_bp, 0, 10_000)?;
        self.within("liquidation.unwind_interval_ms", l.unwind_interval_ms, 1, TIME_MS_MAX)?;
        self.within("liquidation.key_sigma_ppm", l.key_sigma_ppm, 1, PPM)?;
        self.within("liquidation.key_cost_ppm", l.key_cost_ppm, 0, PPM)?;
        let factor = 10 * PPM;
        self.within("liquidation.fillable_adjustment_ppm", l.fillable_adjustment_ppm, 0, factor)?;
        self.within("liquidation.fillable_spread_ppm", l.fillable_spread_ppm, 0, factor)?;
        self.within("liquidation.adl_max_accounts", l.adl_max_accounts, 0, COUNT_MAX)?;
        self.plan(s)?;
        self.waterfall(s)
    }

    fn plan(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let l = &s.liquidation;
        self.within("liquidation.plan_tiers", l.plan_tiers, 1, 64)?;
        self.within("liquidation.plan_above_currency", l.plan_above_currency, 0, 1 << 40)?;
        self.within("liquidation.plan_window_ms", l.plan_window_ms, 1, TIME_MS_MAX)?;
        self.within("liquidation.plan_cost_ppm", l.plan_cost_ppm, 0, PPM)?;
        self.within("liquidation.plan_impact", l.plan_impact, 0, 1 << 30)?;
        self.within("liquidation.plan_buffer_ppm", l.plan_buffer_ppm, 0, PPM)?;
        self.within("liquidation.plan_health_ppm", l.plan_health_ppm, 0, PPM)?;
        self.within("liquidation.plan_least_currency", l.plan_least_currency, 0, 1 << 40)?;
        self.within("liquidation.forced_band_bp", l.forced_band_bp, 0, 10_000)?;
        self.within("liquidation.again_ms", l.again_ms, 0, TIME_MS_MAX)?;
        if l.unfilled == "keep" && l.again_ms == 0 {
            let expected = "at least 1 where liquidation.unfilled is `keep`: what is kept would be \
                            tried again and again at one instant";
            return self.refuse("liquidation.again_ms", &0, &expected);
        }
        self.within("liquidation.rest_ms", l.rest_ms, 1, TIME_MS_MAX)?;
        if l.unfilled == "rest" && l.forced_limit != "bankruptcy" {
            let expected = "`bankruptcy` where liquidation.unfilled is `rest`: an order rests at \
                            its bankruptcy price, and the mark that reaches it ends that";
            return self.refuse("liquidation.forced_limit", &l.forced_limit, &expected);
        }
        Ok(())
    }

    fn waterfall(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let l = &s.liquidation;
        self.within("liquidation.backstop_below_ppm", l.backstop_below_ppm, 0, 10 * PPM)?;
        self.within("liquidation.backstop_discount_ppm", l.backstop_discount_ppm, 0, PPM)?;
        self.within("liquidation.backstop_max_currency", l.backstop_max_currency, 0, 1 << 40)?;
        self.within("liquidation.fund_drawdown_ppm", l.fund_drawdown_ppm, 0, PPM)?;
        self.within("liquidation.fund_resume_ppm", l.fund_resume_ppm, 0, l.fund_drawdown_ppm)?;
        self.within("liquidation.fund_window_ms", l.fund_window_ms, 1, TIME_MS_MAX)?;
        self.within("liquidation.gate_ms", l.gate_ms, 0, TIME_MS_MAX)?;
        self.within("liquidation.draw_max_positions", l.draw_max_positions, 0, COUNT_MAX)?;
        if l.draw_max_positions > 0 && l.discipline != DisciplineName::RateLimited {
            let expected =
                "0 unless liquidation.discipline is `rate-limited`: a draw is for a window";
            return self.refuse("liquidation.draw_max_positions", &l.draw_max_positions, &expected);
        }
        Ok(())
    }

    fn latency(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let l = &s.latency;
        let most = LATENCY_MAX_NS;
        // At least one nanosecond each way: nobody sees an event before it happened.
        for (key, value) in [
            ("maker_gateway_ns", l.maker_gateway_ns),
            ("maker_cancel_ns", l.maker_cancel_ns),
            ("maker_ack_ns", l.maker_ack_ns),
            ("taker_gateway_ns", l.taker_gateway_ns),
            ("oracle_gateway_ns", l.oracle_gateway_ns),
            ("egress_ns", l.egress_ns),
            ("maker_feed_ns", l.maker_feed_ns),
            ("taker_feed_ns", l.taker_feed_ns),
        ] {
            self.within(&format!("latency.{key}"), value, 1, most)?;
        }
        self.within("latency.service_input_ns", l.service_input_ns, 1, most)?;
        self.within("latency.service_event_ns", l.service_event_ns, 0, most)?;
        self.within("latency.service_scale", l.service_scale, 1, 1_000)
    }

    fn prices(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let shock = &s.shock;
        self.within("index.step_ms", s.index.step_ms, 1, s.clock.duration_ms)?;
        self.index(s)?;
        self.within("mark.period_ms", s.mark.period_ms, 1, s.clock.duration_ms)?;
        self.within("mark.book_weight_ppm", s.mark.book_weight_ppm, 0, PPM)?;
        self.within("mark.lag_ms", s.mark.lag_ms, 0, TIME_MS_MAX)?;
        self.within("mark.freeze_start_ms", s.mark.freeze_start_ms, 0, TIME_MS_MAX)?;
        self.within("mark.freeze_ms", s.mark.freeze_ms, 0, TIME_MS_MAX)?;
        self.within("mark.spike_start_ms", s.mark.spike_start_ms, 0, TIME_MS_MAX)?;
        self.within("mark.spike_ms", s.mark.spike_ms, 0, TIME_MS_MAX)?;
        self.within("mark.spike_down_bp", s.mark.spike_down_bp, 0, 9_000)?;
        self.marks(s)?;
        self.collateral(s)?;
        self.within("shock.sell_duration_ms", shock.sell_duration_ms, 1, TIME_MS_MAX)?;
        self.within("shock.sell_lots", shock.sell_lots, 0, s.market.position_max_lots)?;
        self.within("shock.sell_interval_ms", shock.sell_interval_ms, 1, shock.sell_duration_ms)?;
        self.child_orders(s)?;
        self.between("shock.index_drop_bp", shock.index_drop_bp, 0.0, 9_000.0)?;
        self.within("shock.index_drop_after_ms", shock.index_drop_after_ms, 0, TIME_MS_MAX)?;
        self.within("shock.index_drop_ms", shock.index_drop_ms, 1, TIME_MS_MAX)?;
        self.within("shock.index_rebound_ppm", shock.index_rebound_ppm, 0, PPM)?;
        self.within("shock.index_rebound_after_ms", shock.index_rebound_after_ms, 0, TIME_MS_MAX)?;
        self.within("shock.index_rebound_ms", shock.index_rebound_ms, 1, TIME_MS_MAX)
    }

    fn marks(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let (mark, funding) = (&s.mark, &s.funding);
        if mark.median_of.is_empty() {
            return self.refuse("mark.median_of", &"empty", &"at least one price");
        }
        self.within("mark.smoothing_ms", mark.smoothing_ms, 1, TAU_NS_MAX / 1_000_000)?;
        self.within("mark.smoothing_points", mark.smoothing_points, 1, MEAN_POINTS_MAX.into())?;
        self.within("mark.oracle_interval_ms", mark.oracle_interval_ms, 1, TIME_MS_MAX)?;
        let most = LAG_WINDOWS_MAX * mark.oracle_interval_ms - 1;
        self.within("mark.oracle_lag_ms", mark.oracle_lag_ms, 0, most)?;
        self.within("mark.stale_ms", mark.stale_ms, 0, TIME_MS_MAX)?;
        self.within("funding.interval_ms", funding.interval_ms, 1, TIME_MS_MAX)?;
        let most = FUNDING_CAP_PPB_MAX.cast_unsigned();
        self.within("funding.cap_ppb", funding.cap_ppb, 1, most)?;
        self.within("funding.interest_ppb", funding.interest_ppb, 0, funding.cap_ppb)?;
        self.within("funding.clamp_ppb", funding.clamp_ppb, 0, u32::MAX.into())?;
        self.within("funding.divisor", funding.divisor, 1, 1_000)
    }

    fn collateral(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let c = &s.collateral;
        self.within("holders.cross_ppm", s.holders.cross_ppm, 0, PPM)?;
        if c.enabled && s.market.contract != ContractName::Linear {
            let key = "collateral.enabled";
            return self.refuse(
                key,
                &true,
                &"false, or a linear contract: an inverse one is settled in the coin itself",
            );
        }
        self.within("collateral.posted_ppm", c.posted_ppm, 0, PPM)?;
        self.within("collateral.cap_ppm", c.cap_ppm, 0, PPM)?;
        self.within("collateral.floor_ppm", c.floor_ppm, 0, c.cap_ppm)?;
        self.within("collateral.interval_ms", c.interval_ms, 1, TIME_MS_MAX)?;
        self.within("collateral.lag_ms", c.lag_ms, 0, LAG_WINDOWS_MAX * c.interval_ms - 1)?;
        self.within("collateral.step_ppm", c.step_ppm, 1, PPM)?;
        self.within("collateral.volatility_ms", c.volatility_ms, 1, TAU_NS_MAX / 1_000_000)?;
        let most = u64::from(u32::MAX);
        self.within("collateral.volatility_factor_ppm", c.volatility_factor_ppm, 0, most)?;
        self.within("collateral.depth_band_ppm", c.depth_band_ppm, 0, PPM)?;
        self.within("collateral.depth_full_currency", c.depth_full_currency, 1, 1 << 40)
    }

    /// Tiers by rising floor, and rates that do not fall.
    fn tiers(&self, tiers: &[Tier]) -> Result<(), ScenarioError> {
        let first = tiers[0].floor_currency;
        if first != 0 {
            let key = "market.tiers[0].floor_currency";
            return self.refuse(key, &first, &"0: a first tier that begins where positions do");
        }
        for (n, pair) in (1..).zip(tiers.windows(2)) {
            let key = |name: &str| format!("market.tiers[{n}].{name}");
            let (before, tier) = (&pair[0], &pair[1]);
            if tier.floor_currency <= before.floor_currency {
                let least = format!("above {}, the tier's before it", before.floor_currency);
                return self.refuse(&key("floor_currency"), &tier.floor_currency, &least);
            }
            if tier.maintenance_ppm < before.maintenance_ppm {
                let least = format!("at least {}, the tier's before it", before.maintenance_ppm);
                return self.refuse(&key("maintenance_ppm"), &tier.maintenance_ppm, &least);
            }
            if tier.initial_ppm < before.initial_ppm {
                let least = format!("at least {}, the tier's before it", before.initial_ppm);
                return self.refuse(&key("initial_ppm"), &tier.initial_ppm, &least);
            }
        }
        Ok(())
    }

    /// The venue would refuse every child order that is too large, and there would be no shock.
    fn child_orders(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let (shock, most) = (&s.shock, s.market.order_max_lots);
        let children = shock.sell_duration_ms / shock.sell_interval_ms;
        if shock.sell_lots.div_ceil(children) <= most {
            return Ok(());
        }
        let found = format!("{}, in {children} orders", shock.sell_lots);
        let expected = format!("orders of at most market.order_max_lots = {most} lots");
        self.refuse("shock.sell_lots", &found, &expected)
    }

    fn makers(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let m = &s.makers;
        if m.count == 0 {
            return self.refuse("makers.count", &0, &"at least 1: nobody else fills the book");
        }
        if m.level_lots == 0 {
            return self.refuse(
                "makers.level_lots",
                &0,
                &"at least 1: an empty book fills nothing",
            );
        }
        self.within("makers.count", m.count, 1, 4_000)?;
        self.within("makers.deposit_currency", m.deposit_currency, 1, 1 << 40)?;
        self.within("makers.levels", m.levels, 1, 64)?;
        self.within("makers.half_spread_ticks", m.half_spread_ticks, 1, 1 << 20)?;
        self.within("makers.level_step_ticks", m.level_step_ticks, 1, 1 << 20)?;
        self.within("makers.level_lots", m.level_lots, 1, s.market.order_max_lots)?;
        self.within("makers.level_growth_ppm", m.level_growth_ppm, 0, 100 * PPM)?;
        self.within("makers.requote_ms", m.requote_ms, 1, TIME_MS_MAX)?;
        self.within("makers.requote_jitter_ppm", m.requote_jitter_ppm, 0, 900_000)?;
        let most = s.market.position_max_lots;
        self.within("makers.inventory_limit_lots", m.inventory_limit_lots, 1, most)?;
        self.within("makers.skew_at_limit_bp", m.skew_at_limit_bp, 0, 9_000)?;
        self.within("makers.inventory_half_life_ms", m.inventory_half_life_ms, 1, TIME_MS_MAX)?;
        self.within("makers.volatility_memory_ms", m.volatility_memory_ms, 1, TIME_MS_MAX)?;
        self.within("makers.widen_ppm", m.widen_ppm, 0, 100 * PPM)?;
        self.within("makers.thin_ppm", m.thin_ppm, 0, 100 * PPM)?;
        self.within("makers.thin_floor_ppm", m.thin_floor_ppm, 0, PPM)?;
        // At one the book would have nothing to come back to.
        self.within("makers.premium_weight_ppm", m.premium_weight_ppm, 0, 950_000)?;
        self.within("makers.premium_memory_ms", m.premium_memory_ms, 1, TIME_MS_MAX)?;
        self.within("makers.withdraw_multiple", m.withdraw_multiple, 1, PPM)
    }

    fn takers(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let t = &s.takers;
        self.within("takers.count", t.count, 1, COUNT_MAX)?;
        self.within("takers.deposit_currency", t.deposit_currency, 1, 1 << 40)?;
        self.between("takers.orders_per_second", t.orders_per_second, 0.001, 1e6)?;
        self.within("takers.excitation_ppm", t.excitation_ppm, 0, 950_000)?;
        self.within("takers.excitation_memory_ms", t.excitation_memory_ms, 1, TIME_MS_MAX)?;
        self.within("takers.size_max_lots", t.size_max_lots, 1, s.market.order_max_lots)?;
        self.within("takers.size_min_lots", t.size_min_lots, 1, t.size_max_lots)?;
        self.between("takers.size_exponent", t.size_exponent, 0.1, 10.0)?;
        self.within("takers.market_ppm", t.market_ppm, 0, PPM)?;
        self.within("takers.tolerance_bp", t.tolerance_bp, 0, 10_000)?;
        self.within("takers.value_tilt_ppm", t.value_tilt_ppm, 0, PPM)
    }

    fn holders(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let h = &s.holders;
        self.within("holders.longs", h.longs, 0, COUNT_MAX)?;
        self.within("holders.shorts", h.shorts, 0, COUNT_MAX)?;
        self.within("holders.hedgers", h.hedgers, 1, COUNT_MAX)?;
        let initial = s.market.tiers.first().map_or(1, |tier| tier.initial_ppm);
        let most = 1e6 / initial as f64;
        self.between("holders.leverage_cap", h.leverage_cap, 1.0, most)?;
        self.between("holders.hedger_leverage", h.hedger_leverage, 1.0, most)?;
        self.between("holders.long_leverage_max", h.long_leverage_max, 1.0, most)?;
        let (low, high) = (1.0, h.long_leverage_max);
        self.between("holders.long_leverage_min", h.long_leverage_min, low, high)?;
        self.between("holders.short_leverage_max", h.short_leverage_max, 1.0, most)?;
        let (low, high) = (1.0, h.short_leverage_max);
        self.between("holders.short_leverage_min", h.short_leverage_min, low, high)?;
        self.between("holders.long_leverage_exponent", h.long_leverage_exponent, 0.01, 10.0)?;
        self.between("holders.short_leverage_exponent", h.short_leverage_exponent, 0.01, 10.0)?;
        let lots = s.market.order_max_lots;
        self.within("holders.size_max_lots", h.size_max_lots, 1, lots)?;
        self.within("holders.size_min_lots", h.size_min_lots, 1, h.size_max_lots)?;
        self.between("holders.size_exponent", h.size_exponent, 0.1, 10.0)?;
        self.between("holders.entry_dispersion_bp", h.entry_dispersion_bp, 0.0, 2_000.0)?;
        self.between("holders.trigger_distance_min_bp", h.trigger_distance_min_bp, 1.0, 5_000.0)
    }

    fn index(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let i = &s.index;
        self.between("index.volatility_bp", i.volatility_bp, 0.0, 1_000.0)?;
        self.between("index.volatility_spread", i.volatility_spread, 0.0, 2.0)?;
        self.within("index.volatility_half_life_ms", i.volatility_half_life_ms, 1, TIME_MS_MAX)?;
        self.between("index.jumps_per_hour", i.jumps_per_hour, 0.0, 36_000.0)?;
        self.between("index.jump_bp", i.jump_bp, 0.0, 2_000.0)?;
        if i.path.is_empty() {
            return self.refuse("index.path", &"empty", &"at least one point");
        }
        for (n, point) in i.path.iter().enumerate() {
            let key = format!("index.path[{n}]");
            self.within(&format!("{key}.level_ppm"), point.level_ppm, 100_000, 10 * PPM)?;
            let least = if n == 0 { 0 } else { i.path[n - 1].time_ms + 1 };
            self.within(&format!("{key}.time_ms"), point.time_ms, least, TIME_MS_MAX)?;
        }
        Ok(())
    }

    /// The populations listed, and the tables of those that only some scenarios list.
    fn agents(&self, s: &Scenario) -> Result<(), ScenarioError> {
        for (n, name) in s.agents.iter().enumerate() {
            let known = KINDS.iter().map(|kind| kind.name);
            if known.clone().all(|kind| kind != name) {
                let expected = known.clone().collect::<Vec<_>>().join(", ");
                let key = format!("{}agents", self.prefix);
                return Err(Fault::OutOfRange {
                    place: self.places.of(&key),
                    key,
                    found: format!("`{name}`"),
                    expected: format!("names among {expected}"),
                    hint: Hint(nearest(name, known)),
                }
                .into());
            }
            if s.agents[..n].contains(name) {
                return self.refuse("agents", &format!("`{name}` twice"), &"each name once");
            }
        }
        self.arbitrageurs(s)?;
        self.defenders(s)?;
        self.manipulation("hunter", &s.hunter, s)?;
        self.manipulation("spoofer", &s.spoofer, s)?;
        self.keepers(s)?;
        self.flow(s)?;
        let p = &s.probe;
        let initial = s.market.tiers.first().map_or(1, |tier| tier.initial_ppm);
        self.within("probe.count", p.count, 1, 10_000)?;
        self.within("probe.lots", p.lots, 1, bound(s, "probe", s.market.order_max_lots))?;
        self.between("probe.leverage", p.leverage, 1.0, 1e6 / initial as f64)?;
        let r = &s.reentry;
        self.within("reentry.share_ppm", r.share_ppm, 0, PPM)?;
        self.within("reentry.part_ppm", r.part_ppm, 0, 10 * PPM)?;
        self.within("reentry.delay_ms", r.delay_ms, 0, TIME_MS_MAX)
    }

    fn arbitrageurs(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let a = &s.arbitrageurs;
        self.within("arbitrageurs.count", a.count, 1, 256)?;
        self.within("arbitrageurs.deposit_currency", a.deposit_currency, 1, 1 << 40)?;
        self.within("arbitrageurs.period_ms", a.period_ms, 1, TIME_MS_MAX)?;
        self.within("arbitrageurs.threshold_bp", a.threshold_bp, 0, 9_000)?;
        let half = bound(s, "arbitrageurs", s.market.order_max_lots / 2);
        self.within("arbitrageurs.order_lots", a.order_lots, 1, half)?;
        let most = bound(s, "arbitrageurs", s.market.position_max_lots);
        self.within("arbitrageurs.inventory_limit_lots", a.inventory_limit_lots, 1, most)?;
        let half_life = a.inventory_half_life_ms;
        self.within("arbitrageurs.inventory_half_life_ms", half_life, 1, TIME_MS_MAX)?;
        self.within("arbitrageurs.gateway_ns", a.gateway_ns, 1, LATENCY_MAX_NS)?;
        self.within("arbitrageurs.ack_ns", a.ack_ns, 1, LATENCY_MAX_NS)?;
        self.within("arbitrageurs.feed_ns", a.feed_ns, 1, LATENCY_MAX_NS)
    }

    fn defenders(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let d = &s.defenders;
        self.within("defenders.stop_ppm", d.stop_ppm, 0, PPM)?;
        let most = PPM - d.stop_ppm;
        self.within("defenders.deleverage_ppm", d.deleverage_ppm, 0, most)?;
        self.within("defenders.stages", d.stages, 1, 16)?;
        self.within("defenders.distance_bp", d.distance_bp, 1, 5_000)?;
        self.within("defenders.period_ms", d.period_ms, 1, TIME_MS_MAX)?;
        self.within("defenders.reaction_ms", d.reaction_ms, 0, TIME_MS_MAX)
    }

    fn manipulation(
        &self,
        table: &str,
        m: &Manipulation,
        s: &Scenario,
    ) -> Result<(), ScenarioError> {
        let most = bound(s, table, s.market.position_max_lots);
        let order_most = bound(s, table, s.market.order_max_lots);
        for (key, value, low, high) in [
            ("deposit_currency", m.deposit_currency, 1, 1 << 40),
            ("start_ms", m.start_ms, s.clock.warmup_ms, TIME_MS_MAX),
            ("build_ms", m.build_ms, 1, TIME_MS_MAX),
            ("build_lots", m.build_lots, 0, most),
            ("press_ms", m.press_ms, 1, TIME_MS_MAX),
            ("press_lots", m.press_lots, 0, most.min(order_most)),
            ("cover_after_ms", m.cover_after_ms, 0, TIME_MS_MAX),
            ("cover_ms", m.cover_ms, 1, TIME_MS_MAX),
            ("interval_ms", m.interval_ms, 1, TIME_MS_MAX),
            ("gateway_ns", m.gateway_ns, 1, LATENCY_MAX_NS),
            ("cancel_ns", m.cancel_ns, 1, LATENCY_MAX_NS),
            ("ack_ns", m.ack_ns, 1, LATENCY_MAX_NS),
            ("feed_ns", m.feed_ns, 1, LATENCY_MAX_NS),
        ] {
            self.within(&format!("{table}.{key}"), value, low, high)?;
        }
        Ok(())
    }

    fn keepers(&self, s: &Scenario) -> Result<(), ScenarioError> {
        let k = &s.keepers;
        self.within("keepers.block_ms", k.block_ms, 1, TIME_MS_MAX)?;
        self.within("keepers.attempts_per_block", k.attempts_per_block, 1, 65_536)?;
        self.within("keepers.inclusion_blocks", k.inclusion_blocks, 0, 1_000_000)?;
        self.within("keepers.failure_ppm", k.failure_ppm, 0, PPM)?;
        self.between("keepers.fee_deviation", k.fee_deviation, 0.0, 10.0)?;
        self.within("keepers.fee_persistence_ppm", k.fee_persistence_ppm, 0, PPM)?;
        self.between("keepers.fee_with_backlog", k.fee_with_backlog, 0.0, 10.0)?;
        self.between("keepers.bid_deviation", k.bid_deviation, 0.0, 10.0)
    }

    /// What only the scenario as a whole can break: the engine's own bounds.
    fn whole(&self, s: &Scenario) -> Result<(), ScenarioError> {
        self.within("background.deposit_currency", s.background.deposit_currency, 1, 1 << 40)?;
        self.between("background.lots_per_unit", s.background.lots_per_unit, 1e-9, 1e9)?;
        self.between("background.speed", s.background.speed, 1e-3, 1e3)?;
        let deposits = u128::from(s.market.money_scale) * s.deposits_currency();
        let most = 1_u128 << 59;
        if deposits > most {
            let limit = most / u128::from(s.market.money_scale);
            return self.refuse(
                "market.money_scale",
                &format!("{}, with deposits of {}", s.market.money_scale, s.deposits_currency()),
                &format!("deposits of at most {limit} in all"),
            );
        }
        match s.try_shard_config() {
            Ok(_) => Ok(()),
            Err(message) => {
                let table =
                    if message.starts_with("liquidation") { "liquidation" } else { "market" };
                let place = self.places.of_table(table);
                Err(Fault::Contradiction { place, table: table.to_owned(), message }.into())
            }
        }
    }
}
