//! Maintenance margin, trigger prices, bankruptcy prices. Sources: `docs/LIQUIDATION.md`, Health.
//!
//! Nothing is divided in the health test, so nothing is rounded. Trigger and bankruptcy prices
//! are exact: each is the last tick on its side of an inequality that is solved in integers.

use super::{MarginTier, MarketRules, Position};
use crate::types::{ContractKind, Money, Ppm, Price, Side, div_floor, parts_ceil};

const SCALE: i128 = Ppm::SCALE as i128;

impl MarketRules {
    /// The tier of a notional, with its deduction in money units times a million.
    #[inline]
    pub(crate) fn tier(&self, value: Money) -> &(MarginTier, i128) {
        let above = self.tiers.iter().skip(1).take_while(|(tier, _)| tier.notional_floor <= value);
        &self.tiers[above.count()]
    }

    /// The larger of the maker's and the taker's fee: what an order reserves.
    #[inline]
    pub(crate) fn fee_max(&self) -> Ppm {
        self.maker_fee.max(self.taker_fee)
    }

    /// What an order of `lots` resting at `price` keeps out of free cash, rounded up.
    #[inline]
    pub(crate) fn reserve(&self, price: Price, lots: u32, initial: Ppm) -> Money {
        if lots == 0 {
            return Money::ZERO;
        }
        let value = self.contract.value(price, u64::from(lots));
        parts_ceil(value, initial.parts() + self.fee_max().parts())
    }

    /// Whether a position is below maintenance margin at a price, strictly.
    #[inline]
    pub(crate) fn is_unhealthy(&self, position: &Position, price: Price) -> bool {
        let Some(side) = position.side() else { return false };
        let value = self.contract.value(price, position.size());
        let equity = position.margin() + self.contract.profit(side, position.entry(), value);
        let (tier, deduction) = self.tier(value);
        let maintenance = value.wide() * i128::from(tier.maintenance.parts()) - deduction;
        equity.wide() * SCALE < maintenance
    }

    /// The first price of the domain, coming from the healthy side, at which a position is
    /// unhealthy: the highest for a long, the lowest for a short.
    ///
    /// Maintenance is the greatest of its tiers' lines (rates rise with the notional and the
    /// deductions make it continuous), so the trigger price is the outermost of theirs.
    #[inline]
    pub(crate) fn trigger_price(&self, position: &Position) -> Option<Price> {
        let side = position.side()?;
        let of_tier = |(tier, deduction): &(MarginTier, i128)| {
            self.tier_trigger(position, side, tier, *deduction)
        };
        let ticks = match side {
            Side::Buy => self.tiers.iter().map(of_tier).max()?,
            Side::Sell => self.tiers.iter().map(of_tier).min()?,
        };
        let (low, high) = self.domain;
        let (low, high) = (i128::from(low.ticks()), i128::from(high.ticks()));
        let within = match side {
            Side::Buy if ticks < low => None,
            Side::Buy => Some(ticks.min(high)),
            Side::Sell if ticks > high => None,
            Side::Sell => Some(ticks.max(low)),
        };
        within.map(price_of)
    }

    /// The trigger price if one tier's line held everywhere, unbounded.
    #[inline]
    fn tier_trigger(
        &self,
        position: &Position,
        side: Side,
        tier: &MarginTier,
        deduction: i128,
    ) -> i128 {
        let rate = i128::from(tier.maintenance.parts());
        let (margin, entry) = (position.margin().wide(), position.entry().wide());
        let scaled_lots = i128::from(position.size()) * i128::from(self.contract.unit);
        // A gain with the value:  (margin + V - entry) S < V r - d  <=>  V (S - r) < short_of
        // A loss with the value:  (margin + entry - V) S < V r - d  <=>  V (S + r) > enough
        let short_of = (entry - margin) * SCALE - deduction;
        let enough = (entry + margin) * SCALE + deduction;
        match (self.contract.kind, side) {
            (ContractKind::Linear, Side::Buy) => below(short_of, scaled_lots * (SCALE - rate)),
            (ContractKind::Linear, Side::Sell) => {
                div_floor(enough, scaled_lots * (SCALE + rate)) + 1
            }
            (ContractKind::Inverse, Side::Buy) => {
                let value = div_floor(enough, SCALE + rate) + 1;
                if value <= 0 { i128::MAX } else { scaled_lots / value }
            }
            (ContractKind::Inverse, Side::Sell) => {
                let value = below(short_of, SCALE - rate);
                if value < 0 { i128::MAX } else { scaled_lots / (value + 1) + 1 }
            }
        }
    }

    /// The worst price of the domain at which `base` plus the profit of a position of `lots` on
    /// `side`, entered for `entry`, is not negative; if there is none, the best price for it.
    pub(crate) fn zero_price(&self, side: Side, lots: u64, entry: Money, base: Money) -> Price {
        let scaled_lots = i128::from(lots) * i128::from(self.contract.unit);
        let (low, high) = self.domain;
        let (low, high) = (i128::from(low.ticks()), i128::from(high.ticks()));
        let (gain_needs, loss_allows) = (entry.wide() - base.wide(), entry.wide() + base.wide());
        let ticks = match (self.contract.kind, side) {
            (ContractKind::Linear, Side::Buy) => -div_floor(-gain_needs, scaled_lots),
            (ContractKind::Linear, Side::Sell) => div_floor(loss_allows, scaled_lots),
            (ContractKind::Inverse, Side::Buy) if loss_allows < 0 => high,
            (ContractKind::Inverse, Side::Buy) => scaled_lots / (loss_allows + 1) + 1,
            (ContractKind::Inverse, Side::Sell) if gain_needs <= 0 => high,
            (ContractKind::Inverse, Side::Sell) => scaled_lots / gain_needs,
        };
        price_of(ticks.clamp(low, high))
    }

    /// The bankruptcy price of a position.
    pub(crate) fn bankruptcy_price(&self, position: &Position) -> Price {
        let side = position.side().expect("only a position has a bankruptcy price");
        self.zero_price(side, position.size(), position.entry(), position.margin())
    }
}

/// The greatest integer strictly below `numerator / denominator`, for a positive denominator.
#[inline]
fn below(numerator: i128, denominator: i128) -> i128 {
    div_floor(numerator - 1, denominator)
}

fn price_of(ticks: i128) -> Price {
    u32::try_from(ticks).ok().and_then(Price::new).expect("a price of the domain")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::MarketSpec;
    use crate::types::Contract;
    use proptest::prelude::*;
    use zerocopy::FromZeros;

    fn rules(kind: ContractKind) -> MarketRules {
        let tier = |floor, initial, maintenance| MarginTier {
            notional_floor: Money::new(floor),
            initial: Ppm::new(initial).unwrap(),
            maintenance: Ppm::new(maintenance).unwrap(),
        };
        MarketRules::new(MarketSpec {
            contract: Contract {
                kind,
                unit: if kind == ContractKind::Linear { 3 } else { 70_000 },
            },
            reference: Price::new(100).unwrap(),
            tiers: vec![
                tier(0, 20_000, 10_000),
                tier(5_000, 50_000, 25_000),
                tier(40_000, 200_000, 100_000),
            ],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1000,
            position_lots_max: 1000,
            market_band: Ppm::new(50_000).unwrap(),
        })
        .unwrap()
    }

    fn position(side: Side, lots: u64, entry: i64, margin: i64) -> Position {
        let mut position = Position::new_zeroed();
        position.open(side, lots, Money::new(entry), Money::new(margin));
        position
    }

    fn prices(rules: &MarketRules) -> impl DoubleEndedIterator<Item = Price> + use<> {
        let (low, high) = rules.domain();
        (low.ticks()..=high.ticks()).map(|ticks| Price::new(ticks).unwrap())
    }

    proptest! {
        #[test]
        fn trigger_and_zero_prices_agree_with_trying_every_price(
            inverse in any::<bool>(),
            long in any::<bool>(),
            lots in 1_u64..1000,
            entry_ticks in 5_u32..2000,
            off in -40_i64..40,
            margin_ppm in 0_i64..400_000,
            base_off in -3000_i64..3000,
        ) {
            let kind = if inverse { ContractKind::Inverse } else { ContractKind::Linear };
            let rules = rules(kind);
            let side = if long { Side::Buy } else { Side::Sell };
            let entry = (rules.contract.value(Price::new(entry_ticks).unwrap(), lots).units() + off).max(0);
            let position = position(side, lots, entry, entry * margin_ppm / 1_000_000);
            let unhealthy = |price: &Price| rules.is_unhealthy(&position, *price);
            let expected = if long {
                prices(&rules).rev().find(unhealthy)
            } else {
                prices(&rules).find(unhealthy)
            };
            prop_assert_eq!(rules.trigger_price(&position), expected);

            let base = position.margin() + Money::new(base_off);
            let solvent = |price: &Price| !(base + position.profit(rules.contract, *price)).is_negative();
            let expected = if long {
                prices(&rules).find(solvent).or(prices(&rules).next_back())
            } else {
                prices(&rules).rev().find(solvent).or(prices(&rules).next())
            };
            prop_assert_eq!(
                Some(rules.zero_price(side, lots, position.entry(), base)),
                expected
            );
        }
    }

    #[test]
    fn a_short_may_be_triggered_at_the_last_price() {
        let rules = rules(ContractKind::Linear);
        let trigger = |all: i64| {
            rules.trigger_price(&position(Side::Sell, 1, all - 100, 100)).map(Price::ticks)
        };
        // At 2,000 ticks it is worth 6,000 and must keep 75.
        assert_eq!(
            [6_071, 6_072, 6_074, 6_075].map(trigger),
            [Some(1_999), Some(2_000), Some(2_000), None]
        );
    }

    #[test]
    fn a_short_that_cannot_lose_what_it_has_is_solvent_at_every_price() {
        let rules = rules(ContractKind::Inverse);
        for base in [40, 41] {
            let price = rules.zero_price(Side::Sell, 1, Money::new(40), Money::new(base));
            assert_eq!(price, rules.domain.1, "{base}");
        }
    }
}
