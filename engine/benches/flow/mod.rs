//! A market maker's stream, for whatever times or counts the engine.

use seawall_engine::core::ShardConfig;
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty,
    Seq, Sequenced, Side, SymbolId,
};

const ACCOUNTS: u32 = 1_000;
/// Inputs of [`stream`].
pub(crate) const INPUTS: usize = 200_000;

/// One market and a thousand accounts, with or without liquidation.
pub(crate) fn config(liquidation_enabled: bool) -> ShardConfig {
    config_for(ACCOUNTS, liquidation_enabled)
}

/// The same for so many accounts.
pub(crate) fn config_for(accounts_max: u32, liquidation_enabled: bool) -> ShardConfig {
    let ppm = |parts| Ppm::new(parts).expect("below one");
    let tier =
        MarginTier { notional_floor: Money::ZERO, initial: ppm(20_000), maintenance: ppm(10_000) };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 10_000 },
        reference: Price::new(30_000).expect("a price"),
        tiers: vec![tier],
        maker_fee: ppm(100),
        taker_fee: ppm(500),
        order_lots_max: 100_000,
        position_lots_max: 50_000_000,
        market_band: ppm(50_000),
    })
    .expect("rules that make sense");
    let liquidation = LiquidationRules {
        enabled: liquidation_enabled,
        key: PriorityKey::MarginRatio,
        discipline: Discipline::Strict { steps_max: 64 },
        plan: Plan::Full,
        fee: ppm(5_000),
        unwind: Unwind { lots_max: 1_000, band: ppm(50_000), interval_ns: 1_000_000 },
        triggers_max: 4_096,
        venue: VenueRules::default(),
    };
    ShardConfig::new(accounts_max, 65_536, vec![market], liquidation).expect("a shard")
}

/// A splitmix64 step: enough for a benchmark's stream, and in the dev-dependencies of nobody.
pub(crate) fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// New orders around a price, most of them cancelled or replaced later, some taking.
pub(crate) fn stream() -> Vec<Sequenced> {
    let symbol = SymbolId(0);
    let mut inputs: Vec<Input> = (1..ACCOUNTS)
        .map(|id| Input::Deposit { account: AccountId(id), amount: Money::new(1 << 45) })
        .collect();
    let mut state = 7;
    let mut live: Vec<(OrderId, AccountId, Side)> = Vec::new();
    let mut next = 1;
    while inputs.len() < INPUTS {
        let roll = draw(&mut state);
        let pick = usize::try_from(roll >> 40).expect("24 bits") % live.len().max(1);
        let offset = u32::try_from((roll >> 8) % 40).expect("below 40");
        let qty = Qty::new(1 + u32::try_from((roll >> 20) % 50).expect("small")).expect("positive");
        match roll % 10 {
            0..=3 if live.len() > 400 => {
                let (order, account, _) = live.swap_remove(pick);
                inputs.push(Input::Cancel { symbol, account, order });
            }
            4..=5 if live.len() > 100 => {
                let (order, account, side) = live[pick];
                let ticks = if side == Side::Buy { 29_999 - offset } else { 30_001 + offset };
                let price = Price::new(ticks).expect("a price");
                inputs.push(Input::Replace { symbol, account, order, price, qty });
            }
            n => {
                let account =
                    AccountId(1 + u32::try_from(roll % u64::from(ACCOUNTS - 1)).expect("small"));
                let side = if roll & (1 << 50) == 0 { Side::Buy } else { Side::Sell };
                let ticks = if side == Side::Buy { 29_999 - offset } else { 30_001 + offset };
                let kind = match n {
                    9 => OrderKind::Market,
                    _ => OrderKind::Limit(Price::new(ticks).expect("a price")),
                };
                let order = OrderId(next);
                next += 1;
                if kind != OrderKind::Market {
                    live.push((order, account, side));
                }
                let reduce_only = false;
                inputs.push(Input::Order(NewOrder {
                    symbol,
                    account,
                    order,
                    side,
                    qty,
                    kind,
                    reduce_only,
                }));
            }
        }
    }
    let sequenced = |(n, input)| Sequenced { seq: Seq(n), time_ns: n, ingress_ns: n, input };
    (1..).zip(inputs).map(sequenced).collect()
}
