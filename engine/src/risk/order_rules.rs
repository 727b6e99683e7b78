//! What a market asks of the orders it accepts: steps, least value, distance from the mark.

use super::{MarketRules, MarketRulesError};
use crate::types::{Money, Ppm, Price, Side};

/// Steps and bounds of a market's orders. The default asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRules {
    /// Limits are multiples of so many ticks.
    pub tick: u32,
    /// Quantities are multiples of so many lots.
    pub lot: u32,
    /// Least value of an order at its limit.
    pub notional_min: Money,
    /// How far through the mark a limit may reach; zero for as far as the domain.
    pub price_band: Ppm,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self { tick: 1, lot: 1, notional_min: Money::ZERO, price_band: Ppm::ZERO }
    }
}

impl MarketRules {
    /// The same market with steps and bounds for its orders.
    pub fn with_order_rules(mut self, rules: OrderRules) -> Result<Self, MarketRulesError> {
        if rules.tick < 1 {
            return Err(MarketRulesError::Tick);
        }
        if rules.lot < 1 {
            return Err(MarketRulesError::Lot);
        }
        if rules.notional_min.is_negative() {
            return Err(MarketRulesError::NotionalMin(rules.notional_min));
        }
        self.asks = rules != OrderRules::default();
        self.order_rules = rules;
        Ok(self)
    }

    /// What the market asks of its orders.
    pub const fn order_rules(&self) -> &OrderRules {
        &self.order_rules
    }

    /// Whether a limit stays within the band around the mark: a buy not too far above it, a sell
    /// not too far below. The passive side is free.
    pub(crate) fn in_band(&self, side: Side, price: Price, mark: Option<Price>) -> bool {
        let band = self.order_rules.price_band;
        let Some(mark) = mark.filter(|_| band > Ppm::ZERO) else { return true };
        let distance = band.of_ticks(mark);
        match side {
            Side::Buy => price.ticks() <= mark.ticks() + distance,
            Side::Sell => price.ticks() >= mark.ticks() - distance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules::tests::spec;

    fn with(rules: OrderRules) -> Result<MarketRules, MarketRulesError> {
        MarketRules::new(spec()).unwrap().with_order_rules(rules)
    }

    #[test]
    fn steps_of_nothing_and_values_below_nothing_are_refused() {
        let none = OrderRules::default();
        assert!(!with(none).unwrap().asks);
        assert!(with(OrderRules { tick: 2, ..none }).unwrap().asks);
        assert_eq!(with(OrderRules { tick: 0, ..none }), Err(MarketRulesError::Tick));
        assert_eq!(with(OrderRules { lot: 0, ..none }), Err(MarketRulesError::Lot));
        let owed = Money::new(-1);
        let refused = with(OrderRules { notional_min: owed, ..none });
        assert_eq!(refused, Err(MarketRulesError::NotionalMin(owed)));
    }

    #[test]
    fn a_band_holds_who_reaches_through_the_mark() {
        let price_band = Ppm::new(100_000).unwrap();
        let rules = with(OrderRules { price_band, ..OrderRules::default() }).unwrap();
        let mark = Price::new(100);
        let within = |side, ticks| rules.in_band(side, Price::new(ticks).unwrap(), mark);
        let buys = [1, 110, 111].map(|ticks| within(Side::Buy, ticks));
        let sells = [89, 90, 2_000].map(|ticks| within(Side::Sell, ticks));
        assert_eq!((buys, sells), ([true, true, false], [false, true, true]));
        let free = with(OrderRules::default()).unwrap();
        assert!(free.in_band(Side::Buy, Price::MAX, mark), "no band");
        assert!(rules.in_band(Side::Buy, Price::MAX, None), "no mark");
    }
}
