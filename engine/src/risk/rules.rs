//! The rules of one market: its contract, its price domain, its tiers and fees.

use thiserror::Error;

use super::{AuctionRules, OrderRules, PriceRules};
use crate::types::{
    Contract, MONEY_MAX_UNITS, Money, POSITION_LOTS_MAX, PRICE_TICKS_MAX, Ppm, Price, QTY_LOTS_MAX,
};

/// Margin rates from a notional upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginTier {
    /// Notional from which the tier applies (the first tier's is zero).
    pub notional_floor: Money,
    /// Least initial margin rate in the tier.
    pub initial: Ppm,
    /// Maintenance margin rate in the tier.
    pub maintenance: Ppm,
}

/// Rules of one market, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketRules {
    /// What a position is worth.
    pub(crate) contract: Contract,
    /// Lowest and highest price: 1/20 and 20 times the reference price.
    pub(crate) domain: (Price, Price),
    /// Tiers by rising notional, with the deduction that makes maintenance continuous.
    pub(crate) tiers: Vec<(MarginTier, i128)>,
    /// Fee of a maker, of its notional.
    pub(crate) maker_fee: Ppm,
    /// Fee of a taker, of its notional.
    pub(crate) taker_fee: Ppm,
    /// Largest order, in lots.
    pub(crate) order_lots_max: u32,
    /// Largest position, in lots.
    pub(crate) position_lots_max: u32,
    /// How far from the best opposite price a market order may execute.
    pub(crate) market_band: Ppm,
    /// What it asks of orders.
    pub(crate) order_rules: OrderRules,
    /// Whether it asks anything of them.
    pub(crate) asks: bool,
    /// How it is halted and reopened, if it can be.
    pub(crate) auctions: Option<AuctionRules>,
    /// Its mark, its funding, its open interest.
    pub(crate) price_rules: PriceRules,
    /// Whether a mark input's price is the mark and nothing follows from it.
    pub(crate) marks_given: bool,
}

/// What [`MarketRules::new`] is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// What a position is worth.
    pub contract: Contract,
    /// Price around which the price domain lies.
    pub reference: Price,
    /// Tiers by rising notional.
    pub tiers: Vec<MarginTier>,
    /// Fee of a maker, of its notional.
    pub maker_fee: Ppm,
    /// Fee of a taker, of its notional.
    pub taker_fee: Ppm,
    /// Largest order, in lots.
    pub order_lots_max: u32,
    /// Largest position, in lots.
    pub position_lots_max: u32,
    /// How far from the best opposite price a market order may execute.
    pub market_band: Ppm,
}

/// Why a market's rules were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MarketRulesError {
    /// The contract's unit is not positive.
    #[error("contract unit is {0}, expected at least 1")]
    Unit(i64),
    /// The reference price is too high for a domain of 20 times.
    #[error("reference price is {0} ticks, expected at most {max}", max = PRICE_TICKS_MAX / 20)]
    Reference(u32),
    /// There is no tier.
    #[error("no margin tier, expected at least one")]
    NoTier,
    /// The first tier does not start at zero, or floors do not rise.
    #[error("margin tier {0} does not start above the one before it (the first starts at 0)")]
    TierFloor(usize),
    /// Maintenance is zero or not below initial margin, or a rate falls as the notional rises.
    #[error(
        "margin tier {0}: expected 0 < maintenance < initial <= 1, neither below the tier before"
    )]
    TierRate(usize),
    /// A lot bound is zero or too large.
    #[error("order_lots_max is {0}, expected 1 to {QTY_LOTS_MAX}")]
    OrderLots(u32),
    /// A lot bound is zero or too large.
    #[error("position_lots_max is {0}, expected 1 to {POSITION_LOTS_MAX}")]
    PositionLots(u32),
    /// The largest position at the worst price exceeds the bound on money.
    #[error("the largest position would be worth more than {MONEY_MAX_UNITS} money units")]
    PositionValue,
    /// Prices cannot move in steps of nothing.
    #[error("tick step is 0, expected at least 1")]
    Tick,
    /// Quantities cannot move in steps of nothing.
    #[error("lot step is 0, expected at least 1")]
    Lot,
    /// No order is worth less than nothing.
    #[error("least notional is {0}, expected at least 0")]
    NotionalMin(Money),
    /// A band without a time to which it applies.
    #[error("the window of the volatility halt is 0 ns, expected at least 1")]
    HaltWindow,
    /// The mark's rules contradict themselves.
    #[error("mark: expected {0}")]
    Mark(&'static str),
    /// The funding rules contradict themselves.
    #[error("funding: expected {0}")]
    Funding(&'static str),
    /// The range over which open interest scales initial margin is empty.
    #[error("open interest: expected a scale that starts at 0 or above and ends above its start")]
    OpenInterest,
}

/// How far the price domain reaches from the reference price, either way.
pub const DOMAIN_FACTOR: u32 = 20;

/// The domain around a reference price, unless that is too high for one.
pub(super) fn domain_around(reference: Price) -> Option<(Price, Price)> {
    let low = Price::new((reference.ticks() / DOMAIN_FACTOR).max(1))?;
    let high = reference.ticks().checked_mul(DOMAIN_FACTOR).and_then(Price::new)?;
    Some((low, high))
}

impl MarketRules {
    /// Checks the rules and derives the price domain and the tiers' deductions.
    pub fn new(spec: MarketSpec) -> Result<Self, MarketRulesError> {
        let unit = spec.contract.unit;
        if unit < 1 {
            return Err(MarketRulesError::Unit(unit));
        }
        let Some((low, high)) = domain_around(spec.reference) else {
            return Err(MarketRulesError::Reference(spec.reference.ticks()));
        };
        if !(1..=QTY_LOTS_MAX).contains(&spec.order_lots_max) {
            return Err(MarketRulesError::OrderLots(spec.order_lots_max));
        }
        if !(1..=POSITION_LOTS_MAX).contains(&spec.position_lots_max) {
            return Err(MarketRulesError::PositionLots(spec.position_lots_max));
        }
        // The larger of the linear and inverse worst cases bounds both kinds.
        let worst =
            i128::from(unit) * i128::from(spec.position_lots_max) * i128::from(high.ticks());
        if worst > i128::from(MONEY_MAX_UNITS) {
            return Err(MarketRulesError::PositionValue);
        }
        Ok(Self {
            contract: spec.contract,
            domain: (low, high),
            tiers: with_deductions(spec.tiers)?,
            maker_fee: spec.maker_fee,
            taker_fee: spec.taker_fee,
            order_lots_max: spec.order_lots_max,
            position_lots_max: spec.position_lots_max,
            market_band: spec.market_band,
            order_rules: OrderRules::default(),
            asks: false,
            auctions: None,
            price_rules: PriceRules::default(),
            marks_given: true,
        })
    }

    /// What so many lots are worth at the top of the price domain, in money units: no contract makes
    /// them worth more at any price of it.
    pub(crate) fn worth_max(&self, lots: u64) -> i128 {
        let (_, high) = self.domain;
        i128::from(self.contract.unit) * i128::from(lots) * i128::from(high.ticks())
    }

    /// Lowest and highest price.
    pub const fn domain(&self) -> (Price, Price) {
        self.domain
    }

    /// What a position is worth.
    pub const fn contract(&self) -> Contract {
        self.contract
    }

    /// Tiers by rising notional, each with its deduction in money units times a million.
    pub fn tiers(&self) -> &[(MarginTier, i128)] {
        &self.tiers
    }

    /// Fee of a maker, of its notional.
    pub const fn maker_fee(&self) -> Ppm {
        self.maker_fee
    }

    /// Fee of a taker, of its notional.
    pub const fn taker_fee(&self) -> Ppm {
        self.taker_fee
    }

    /// Largest order, in lots.
    pub const fn order_lots_max(&self) -> u32 {
        self.order_lots_max
    }

    /// Largest position, in lots.
    pub const fn position_lots_max(&self) -> u32 {
        self.position_lots_max
    }

    /// How far from the best opposite price a market order may execute.
    pub const fn market_band(&self) -> Ppm {
        self.market_band
    }

    /// The initial margin rate of an account that has not chosen one: the first tier's.
    pub fn initial_default(&self) -> Ppm {
        self.tiers[0].0.initial
    }
}

/// Pairs each tier with its deduction in money units times a million (Hyperliquid's and Binance's
/// form): d_n = d_{n-1} + floor_n × (rate_n − rate_{n-1}), so that maintenance is continuous.
fn with_deductions(tiers: Vec<MarginTier>) -> Result<Vec<(MarginTier, i128)>, MarketRulesError> {
    if tiers.is_empty() {
        return Err(MarketRulesError::NoTier);
    }
    let mut deduction = 0_i128;
    let mut out: Vec<(MarginTier, i128)> = Vec::with_capacity(tiers.len());
    for (n, tier) in tiers.into_iter().enumerate() {
        let previous = out.last().map(|(tier, _)| *tier);
        let floor_rises = match previous {
            None => tier.notional_floor == Money::ZERO,
            Some(previous) => tier.notional_floor > previous.notional_floor,
        };
        if !floor_rises {
            return Err(MarketRulesError::TierFloor(n));
        }
        let rates_ordered = Ppm::ZERO < tier.maintenance && tier.maintenance < tier.initial;
        let rates_rise =
            previous.is_none_or(|p| p.maintenance <= tier.maintenance && p.initial <= tier.initial);
        if !rates_ordered || !rates_rise {
            return Err(MarketRulesError::TierRate(n));
        }
        if let Some(previous) = previous {
            let step = tier.maintenance.parts() - previous.maintenance.parts();
            deduction += tier.notional_floor.wide() * i128::from(step);
        }
        out.push((tier, deduction));
    }
    Ok(out)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::types::ContractKind;

    pub(in crate::risk) fn tier(floor: i64, initial: u32, maintenance: u32) -> MarginTier {
        MarginTier {
            notional_floor: Money::new(floor),
            initial: Ppm::new(initial).unwrap(),
            maintenance: Ppm::new(maintenance).unwrap(),
        }
    }

    pub(in crate::risk) fn spec() -> MarketSpec {
        MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 7 },
            reference: Price::new(100).unwrap(),
            tiers: vec![
                tier(0, 20_000, 10_000),
                tier(5_000, 50_000, 25_000),
                tier(8_000, 50_000, 40_000),
            ],
            maker_fee: Ppm::new(100).unwrap(),
            taker_fee: Ppm::new(300).unwrap(),
            order_lots_max: 30,
            position_lots_max: 40,
            market_band: Ppm::new(50_000).unwrap(),
        }
    }

    fn refused(change: impl FnOnce(&mut MarketSpec)) -> Option<MarketRulesError> {
        let mut spec = spec();
        change(&mut spec);
        MarketRules::new(spec).err()
    }

    #[test]
    fn a_market_is_what_was_asked_for() {
        let rules = MarketRules::new(spec()).unwrap();
        let of = |n: usize| rules.tiers()[n];
        assert_eq!(of(0), (tier(0, 20_000, 10_000), 0));
        assert_eq!(of(1), (tier(5_000, 50_000, 25_000), 5_000 * 15_000));
        assert_eq!(of(2), (tier(8_000, 50_000, 40_000), 5_000 * 15_000 + 8_000 * 15_000));
        assert_eq!(rules.domain(), (Price::new(5).unwrap(), Price::new(2_000).unwrap()));
        assert_eq!(rules.contract(), spec().contract);
        assert_eq!((rules.maker_fee().parts(), rules.taker_fee().parts()), (100, 300));
        assert_eq!((rules.order_lots_max(), rules.position_lots_max()), (30, 40));
        assert_eq!(rules.market_band().parts(), 50_000);
        assert_eq!(rules.initial_default().parts(), 20_000);
        assert_eq!(rules.worth_max(3), 7 * 3 * 2_000);
    }

    #[test]
    fn a_domain_starts_at_a_tick_and_ends_at_the_highest_price() {
        let reference =
            |ticks| move |spec: &mut MarketSpec| spec.reference = Price::new(ticks).unwrap();
        assert_eq!(domain_around(Price::new(19).unwrap()).unwrap().0, Price::MIN);
        let most = PRICE_TICKS_MAX / DOMAIN_FACTOR;
        assert_eq!(refused(reference(most)), None);
        assert_eq!(refused(reference(most + 1)), Some(MarketRulesError::Reference(most + 1)));
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        assert_eq!(refused(|spec| spec.contract.unit = 1), None);
        assert_eq!(refused(|spec| spec.contract.unit = 0), Some(MarketRulesError::Unit(0)));
        for (lots, fits) in [(0, false), (1, true), (1 << 31, true), ((1 << 31) + 1, false)] {
            let order = refused(|spec| spec.order_lots_max = lots);
            assert_eq!(order, (!fits).then_some(MarketRulesError::OrderLots(lots)));
            let position = refused(|spec| spec.position_lots_max = lots);
            assert_eq!(position, (!fits).then_some(MarketRulesError::PositionLots(lots)));
        }
        let worth = |units: i64| {
            refused(|spec| (spec.contract.unit, spec.position_lots_max) = (units / 2_000, 1))
        };
        assert_eq!(worth(MONEY_MAX_UNITS), None);
        assert_eq!(worth(MONEY_MAX_UNITS + 2_000), Some(MarketRulesError::PositionValue));
    }

    #[test]
    fn tiers_rise() {
        let tiers = |tiers: &[MarginTier]| refused(|spec| spec.tiers = tiers.to_vec());
        assert_eq!(tiers(&[]), Some(MarketRulesError::NoTier));
        let first = tier(0, 20_000, 10_000);
        assert_eq!(tiers(&[tier(1, 20_000, 10_000)]), Some(MarketRulesError::TierFloor(0)));
        assert_eq!(tiers(&[first, tier(0, 30_000, 20_000)]), Some(MarketRulesError::TierFloor(1)));
        assert_eq!(tiers(&[first, tier(1, 20_000, 10_000)]), None, "rates may stay");
        for (initial, maintenance) in [(20_000, 0), (20_000, 20_000), (20_000, 20_001)] {
            let rates = tiers(&[tier(0, initial, maintenance)]);
            assert_eq!(rates, Some(MarketRulesError::TierRate(0)), "{initial} and {maintenance}");
        }
        for (initial, maintenance) in [(20_000, 9_999), (19_999, 10_000)] {
            let rates = tiers(&[first, tier(1, initial, maintenance)]);
            assert_eq!(rates, Some(MarketRulesError::TierRate(1)), "{initial} and {maintenance}");
        }
    }
}
