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
