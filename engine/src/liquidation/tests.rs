//! What the tests of this room share.

use zerocopy::FromZeros;

use crate::risk::{MarginTier, MarketRules, MarketSpec, Position};
use crate::types::{Contract, ContractKind, Money, Ppm, Price, Side};

pub(super) fn ppm(parts: u32) -> Ppm {
    Ppm::new(parts).unwrap()
}

/// A market around a price with tiers of a floor and a maintenance rate each.
pub(super) fn market(contract: Contract, reference: u32, tiers: &[(i64, u32)]) -> MarketRules {
    let tier = |(floor, maintenance): &(i64, u32)| MarginTier {
        notional_floor: Money::new(*floor),
        initial: ppm(2 * maintenance),
        maintenance: ppm(*maintenance),
    };
    MarketRules::new(MarketSpec {
        contract,
        reference: Price::new(reference).unwrap(),
        tiers: tiers.iter().map(tier).collect(),
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: 1_000_000,
        position_lots_max: 1_000_000,
        market_band: Ppm::ONE,
    })
    .unwrap()
}

pub(super) fn linear(reference: u32, tiers: &[(i64, u32)]) -> MarketRules {
    market(Contract { kind: ContractKind::Linear, unit: 1 }, reference, tiers)
}

pub(super) fn position(side: Side, lots: u64, entry: i64, margin: i64) -> Position {
    let mut position = Position::new_zeroed();
    position.open(side, lots, Money::new(entry), Money::new(margin));
    position
}
