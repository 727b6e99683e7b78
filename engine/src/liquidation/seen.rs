//! A position as keys, ranks and plans see it: at a mark.

use crate::risk::{MarketRules, Position};
use crate::types::{Contract, ContractKind, Money, Ppm, Price, Side, div_floor};

pub(crate) const SCALE: i128 = Ppm::SCALE as i128;

/// One position at one mark, in wide money units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    rules: &'a MarketRules,
    position: &'a Position,
    pub(crate) mark: Price,
    pub(crate) side: Side,
    pub(crate) lots: u64,
    pub(crate) value: i128,
    pub(crate) profit: i128,
    pub(crate) equity: i128,
}

impl<'a> Seen<'a> {
    /// `None` for a flat position.
    pub(crate) fn at(rules: &'a MarketRules, position: &'a Position, mark: Price) -> Option<Self> {
        let side = position.side()?;
        let value = rules.contract.value(mark, position.size());
        let profit = rules.contract.profit(side, position.entry(), value);
        Some(Self {
            rules,
            position,
            mark,
            side,
            lots: position.size(),
            value: value.wide(),
            profit: profit.wide(),
            equity: (position.margin() + profit).wide(),
        })
    }

    pub(crate) fn entry(&self) -> i128 {
        self.position.entry().wide()
    }

    pub(crate) fn margin(&self) -> i128 {
        self.position.margin().wide()
    }

    /// Maintenance margin, rounded towards −∞.
    pub(crate) fn maintenance(&self) -> i128 {
        let value = self.rules.contract.value(self.mark, self.lots);
        let (tier, deduction) = self.rules.tier(value);
        div_floor(self.value * i128::from(tier.maintenance.parts()) - deduction, SCALE)
    }

    /// The maintenance rate of its tier.
    pub(crate) fn maintenance_rate(&self) -> Ppm {
        self.rules.tier(self.rules.contract.value(self.mark, self.lots)).0.maintenance
    }

    /// The most lots of it that lie in a tier so many below its own; none from the lowest.
    pub(crate) fn lots_below_tier(&self, tiers: u32) -> u64 {
        let value = self.rules.contract.value(self.mark, self.lots);
        let all = self.rules.tiers().iter();
        let own = all.take_while(|(tier, _)| tier.notional_floor <= value).count();
        if own <= 1 {
            return 0;
        }
        // The floor of the tier just above the one it steps down to.
        let above = own.saturating_sub(tiers as usize).max(1);
        let floor = self.rules.tiers()[above].0.notional_floor;
        lots_worth(self.rules.contract, self.mark, Money::new(floor.units() - 1)).min(self.lots)
    }

    /// Whether its equity is below a part of maintenance margin: never for no part of it, always
    /// for `u32::MAX`.
    pub(crate) fn is_below(&self, parts: u32) -> bool {
        match parts {
            0 => false,
            u32::MAX => true,
            _ => self.equity * SCALE < self.maintenance() * i128::from(parts),
        }
    }

    /// How far the mark is on the good side of the bankruptcy price, in ppm of the mark, rounded
    /// towards −∞.
    pub(crate) fn buffer_ppm(&self) -> i128 {
        let bankruptcy = i128::from(self.rules.bankruptcy_price(self.position).ticks());
        let mark = i128::from(self.mark.ticks());
        let distance = match self.side {
            Side::Buy => mark - bankruptcy,
            Side::Sell => bankruptcy - mark,
        };
        div_floor(distance * SCALE, mark)
    }

    /// Value over equity, in ppm, with an equity of at least one unit.
    pub(crate) fn leverage_ppm(&self) -> i128 {
        div_floor(self.value * SCALE, self.equity.max(1))
    }

    /// Whether a rising value is a profit.
    pub(crate) fn gains_with_value(&self) -> bool {
        self.rules.contract.direction(self.side) > 0
    }
}

/// The most lots that are worth no more than `value` at a price; none for a negative value.
pub(crate) fn lots_worth(contract: Contract, price: Price, value: Money) -> u64 {
    if value.is_negative() {
        return 0;
    }
    let (unit, price) = (i128::from(contract.unit), i128::from(price.ticks()));
    let lots = match contract.kind {
        ContractKind::Linear => value.wide() / (price * unit),
        // floor(q · unit / price) ≤ v  <=>  q · unit < (v + 1) · price
        ContractKind::Inverse => ((value.wide() + 1) * price - 1) / unit,
    };
    u64::try_from(lots.min(i128::from(u64::MAX))).expect("not negative, and held")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::tests::{linear, market, position};

    #[test]
    fn maintenance_is_that_of_its_tiers() {
        let rules = linear(1_000, &[(0, 10_000), (10_000, 20_000), (30_000, 50_000)]);
        let long = position(Side::Buy, 50, 50_000, 1_500);
        let seen = Seen::at(&rules, &long, Price::new(1_000).unwrap()).unwrap();
        // 100 of the first 10,000, 400 of the next 20,000, 1,000 of the rest.
        assert_eq!((seen.maintenance(), seen.maintenance_rate().parts()), (1_500, 50_000));
        assert!(!seen.is_below(0) && !seen.is_below(1_000_000) && seen.is_below(1_000_001));
        let rich = position(Side::Buy, 50, 50_000, 1 << 40);
        let seen = Seen::at(&rules, &rich, Price::new(1_000).unwrap()).unwrap();
        assert!(seen.is_below(u32::MAX) && !seen.is_below(u32::MAX - 1));
    }

    #[test]
    fn the_most_lots_that_a_value_pays_are_the_most() {
        for kind in [ContractKind::Linear, ContractKind::Inverse] {
            let contract = Contract { kind, unit: 7 };
            for (ticks, value) in (1..40).flat_map(|ticks| (0..60).map(move |value| (ticks, value)))
            {
                let (price, value) = (Price::new(ticks).unwrap(), Money::new(value));
                let lots = lots_worth(contract, price, value);
                assert!(contract.value(price, lots) <= value, "{kind:?} {ticks} {value}");
                assert!(contract.value(price, lots + 1) > value, "{kind:?} {ticks} {value}");
            }
            assert_eq!(lots_worth(contract, Price::MIN, Money::new(-1)), 0);
        }
    }

    #[test]
    fn a_rising_value_is_a_profit_of_a_linear_long_and_an_inverse_short() {
        for (kind, side, gains) in [
            (ContractKind::Linear, Side::Buy, true),
            (ContractKind::Linear, Side::Sell, false),
            (ContractKind::Inverse, Side::Buy, false),
            (ContractKind::Inverse, Side::Sell, true),
        ] {
            let rules = market(Contract { kind, unit: 7 }, 100, &[(0, 10_000)]);
            let one = position(side, 1, 1, 1);
            let seen = Seen::at(&rules, &one, Price::new(100).unwrap()).unwrap();
            assert_eq!(seen.gains_with_value(), gains, "{kind:?} {side:?}");
        }
    }
}
