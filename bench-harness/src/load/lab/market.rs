//! The market of the experiments that make their own orders.

use seawall_engine::core::ShardConfig;
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::pipeline::{Inbound, Outbound, Shard, ShardLoop};
use seawall_engine::ring::{Reader, RingReceiver, RingSender};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{Contract, ContractKind, Input, Money, Ppm, Price, SymbolId};

/// Its only symbol.
pub(super) const SYMBOL: SymbolId = SymbolId(0);
/// Where prices start.
pub(super) const REFERENCE_TICKS: u32 = 10_000;
/// What an account has that cannot run out of money.
pub(super) const PLENTY: Money = Money::new(1 << 50);

/// A price in the domain.
pub(super) fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("in the domain")
}

/// A shard with one linear market of 50 times leverage, without trading fees.
pub(super) fn config(accounts_max: u32, orders_max: u32, discipline: Discipline) -> ShardConfig {
    config_of(1, REFERENCE_TICKS, accounts_max, orders_max, discipline)
}

/// The same with several such markets, whose prices start at `reference_ticks`.
pub(super) fn config_of(
    symbols: u16,
    reference_ticks: u32,
    accounts_max: u32,
    orders_max: u32,
    discipline: Discipline,
) -> ShardConfig {
    let rate = |parts| Ppm::new(parts).expect("at most one");
    let tier = MarginTier {
        notional_floor: Money::ZERO,
        initial: rate(20_000),
        maintenance: rate(10_000),
    };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 100 },
        reference: price(reference_ticks),
        tiers: vec![tier],
        maker_fee: rate(0),
        taker_fee: rate(0),
        order_lots_max: 1_000_000,
        position_lots_max: 10_000_000,
        market_band: rate(50_000),
    });
    let liquidation = LiquidationRules {
        enabled: true,
        key: PriorityKey::MarginRatio,
        discipline,
        plan: Plan::Full,
        fee: rate(1_000),
        unwind: Unwind { lots_max: 100, band: rate(20_000), interval_ns: 1_000_000 },
        triggers_max: 10_000,
        venue: VenueRules::default(),
    };
    let markets = vec![market.expect("valid rules"); usize::from(symbols)];
    ShardConfig::new(accounts_max, orders_max, markets, liquidation).expect("valid bounds")
}

/// Sends inputs one by one and forgets what the shard says of them, all in this thread.
pub(super) fn set_up<S: Shard, G: RingReceiver<Inbound>>(
    shard_loop: &mut ShardLoop<S, G>,
    sender: &mut impl RingSender<Inbound>,
    reader: &mut Reader<Outbound>,
    inputs: impl IntoIterator<Item = Input>,
) {
    for input in inputs {
        let message = Inbound { tag: 0, time_ns: 0, ingress_ns: 0, input };
        assert!(sender.push(message).is_ok(), "the ring is empty");
        shard_loop.turn();
        reader.drain(usize::MAX, |_| {});
    }
}
