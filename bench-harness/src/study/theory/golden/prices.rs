//! Bankruptcy and liquidation prices that are published, each to the tick.

use seawall_engine::types::{Contract, ContractKind, Side};

use super::stage::Market;

/// A position and what is known of it. Prices in ticks of `tick`.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) market: Market,
    pub(super) tick: f64,
    pub(super) side: Side,
    pub(super) entry: u32,
    /// Bankruptcy and liquidation price, in money.
    pub(super) bankruptcy: f64,
    pub(super) liquidation: Option<f64>,
}

/// Whether the holder is triggered at a mark, and its bankruptcy price.
fn triggered_at(known: &Known, mark: u32) -> Option<u32> {
    let mut venue = known.market.open();
    let lots = if known.market.contract.kind == ContractKind::Inverse { 1 } else { 100 };
    venue.hold(known.side, known.entry, lots);
    venue.mark(mark);
    venue.bankruptcy()
}

/// The mark that triggers first on the way from the entry to the end of the domain, by bisection,
/// and the bankruptcy price there; a fresh engine for every mark.
pub(super) fn trigger_price(known: &Known) -> (u32, u32) {
    let reference = known.market.reference;
    let (mut healthy, mut unhealthy) = match known.side {
        Side::Buy => (reference, reference / 20),
        Side::Sell => (reference, reference * 20),
    };
    while healthy.abs_diff(unhealthy) > 1 {
        let middle = u32::midpoint(healthy, unhealthy);
        if triggered_at(known, middle).is_some() {
            unhealthy = middle;
        } else {
            healthy = middle;
        }
    }
    let bankruptcy = triggered_at(known, unhealthy).expect("found by bisection");
    (unhealthy, bankruptcy)
}

/// Prices that are published, each to the tick.
pub(super) fn known() -> Vec<Known> {
    let chitra = |name, side, initial_ppm, bankruptcy, liquidation| Known {
        name,
        market: Market::linear(10_000, initial_ppm, 100_000),
        tick: 1e-4,
        side,
        entry: 10_000,
        bankruptcy,
        liquidation: Some(liquidation),
    };
    let bybit = Market {
        contract: Contract { kind: ContractKind::Inverse, unit: 1 << 37 },
        ..Market::linear(197_252, 20_000, 5_000)
    };
    vec![
        Known {
            name: "bybit-inverse-long-50x",
            market: bybit,
            tick: 0.04,
            side: Side::Buy,
            entry: 197_252,
            bankruptcy: 7_735.372_549,
            liquidation: None,
        },
        chitra("chitra-long-1.5x", Side::Buy, 666_667, 1.0 / 3.0, 0.370_4),
        chitra("chitra-short-1.5x", Side::Sell, 666_667, 5.0 / 3.0, 1.515_2),
        chitra("chitra-long-9.5x", Side::Buy, 105_263, 0.894_7, 0.994_2),
        // 1.0009 to the digit that is printed, 1.0010 as the first whole tick beyond.
        chitra("chitra-short-9.9x", Side::Sell, 101_010, 1.101_0, 1.001_0),
        // Three ether short with 10,000 of entry value and margin together: 1,000 of equity at
        // 3,000, which is the docs' account.
        Known {
            name: "dydx-docs-short",
            market: Market::linear(266_667, 250_000, 50_000),
            tick: 0.01,
            side: Side::Sell,
            entry: 266_667,
            bankruptcy: 10_000.0 / 3.0,
            liquidation: Some(3_174.603_175),
        },
    ]
}
