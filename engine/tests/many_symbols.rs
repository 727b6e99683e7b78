//! Ten thousand symbols in one shard: memory follows the prices that are used.

#![allow(clippy::disallowed_types, reason = "a test may wait for another")]

use std::sync::LazyLock;

use seawall_engine::core::{Engine, EventHasher, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm,
    Price, Qty, Reference, Seq, Sequenced, Side, SymbolId, Trail,
};

const SYMBOLS: u16 = 10_000;

/// What a symbol's shard took of memory, measured before any other test of this process begins: what
/// others hold, or gave back, would be counted or used again.
static BYTES_PER_SYMBOL: LazyLock<Option<u64>> = LazyLock::new(|| {
    let before = resident_bytes()?;
    let traded = Traded::new();
    let after = resident_bytes()?;
    drop(traded);
    Some((after - before) / u64::from(SYMBOLS))
});

fn ppm(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a rate")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn shard() -> Engine {
    shard_of(SYMBOLS)
}

fn shard_of(symbols: u16) -> Engine {
    let spec = MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 1 },
        reference: price(1_000),
        tiers: vec![MarginTier {
            notional_floor: Money::ZERO,
            initial: ppm(20_000),
            maintenance: ppm(10_000),
        }],
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: 1_000,
        position_lots_max: 1_000,
        market_band: ppm(50_000),
    };
    let rules = MarketRules::new(spec).expect("rules that make sense");
    let liquidation = LiquidationRules {
        enabled: true,
        key: PriorityKey::TriggerTime,
        discipline: Discipline::Strict { steps_max: 64 },
        plan: Plan::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 10, band: ppm(50_000), interval_ns: 1 },
        triggers_max: 1_000,
        venue: VenueRules::default(),
    };
    let markets = vec![rules; usize::from(symbols)];
    Engine::new(&ShardConfig::new(8, 64, markets, liquidation).expect("a shard"))
}

/// The resident memory of this process, in bytes, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// A shard in which every symbol has traded once, and what it said.
struct Traded {
    engine: Engine,
    events: Vec<Event>,
    seq: u64,
}

impl Traded {
    fn new() -> Self {
        let mut traded = Self { engine: shard(), events: Vec::new(), seq: 0 };
        for account in [AccountId(1), AccountId(2)] {
            traded.apply(Input::Deposit { account, amount: Money::new(1 << 40) });
        }
        for number in 0..SYMBOLS {
            let symbol = SymbolId(number);
            let sides = [(AccountId(1), Side::Sell, 3), (AccountId(2), Side::Buy, 2)];
            for (account, side, lots) in sides {
                let qty = Qty::new(lots).expect("a quantity");
                let kind = OrderKind::Limit(price(1_000 + u32::from(number) % 7));
                let (order, reduce_only) = (OrderId(u64::from(account.0)), false);
                let new = NewOrder { symbol, account, order, side, qty, kind, reduce_only };
                traded.apply(Input::Order(new));
            }
        }
        traded
    }

    fn apply(&mut self, input: Input) {
        self.seq += 1;
        let (time_ns, ingress_ns) = (self.seq, self.seq);
        let input = Sequenced { seq: Seq(self.seq), time_ns, ingress_ns, input };
        self.engine.apply(&input, &mut self.events);
    }
}

#[test]
fn ten_thousand_symbols_trade_side_by_side() {
    if let Some(bytes) = *BYTES_PER_SYMBOL {
        println!("{bytes} bytes resident per symbol");
        // A ladder of this domain alone would be 320,000 bytes if all of it were touched.
        assert!(bytes < 130_000, "memory follows the prices that are used");
    }
    let mut traded = Traded::new();
    let Traded { engine, events, .. } = &traded;
    let trades = events.iter().filter(|event| matches!(event, Event::Trade { .. })).count();
    assert_eq!(trades, usize::from(SYMBOLS), "every symbol traded");
    engine.assert_consistent();
    for number in 0..SYMBOLS {
        let symbol = SymbolId(number);
        assert_eq!(engine.position(symbol, AccountId(2)).lots, 2);
        assert_eq!(engine.best_ask(symbol), Some(price(1_000 + u32::from(number) % 7)));
        assert_eq!(engine.best_bid(symbol), None);
    }
    traded.apply(Input::MassCancel { account: AccountId(1), symbol: None, side: None });
    let cancelled = Event::MassCancelled { account: AccountId(1), orders: u32::from(SYMBOLS) };
    assert_eq!(traded.events.last(), Some(&cancelled));
}

/// What happens in each symbol, whatever shard it is in: orders that rest, hide, wait and trade.
fn story(symbol: SymbolId, number: u32) -> Vec<Input> {
    let base = 1_000 + number % 13;
    let order = |account: u32, id: u64, side, lots, kind| {
        let (account, order) = (AccountId(account), OrderId(id));
        let qty = Qty::new(lots).expect("a quantity");
        Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only: false })
    };
    vec![
        Input::Mark { symbol, price: price(base) },
        order(
            1,
            1,
            Side::Sell,
            9,
            OrderKind::Iceberg { price: price(base), display: Qty::new(2).expect("two") },
        ),
        order(1, 2, Side::Sell, 1 + number % 5, OrderKind::Limit(price(base + 1))),
        order(2, 3, Side::Buy, 4, OrderKind::Limit(price(base - 1))),
        order(
            2,
            4,
            Side::Sell,
            2,
            OrderKind::TrailingStop { watch: Reference::Mark, by: Trail::Ticks(3) },
        ),
        order(2, 5, Side::Buy, 8 + number % 3, OrderKind::ImmediateOrCancel(price(base + 1))),
        Input::Mark { symbol, price: price(base + 5) },
        Input::Mark { symbol, price: price(base + 2) },
        Input::Cancel { symbol, account: AccountId(1), order: OrderId(2) },
        order(1, 6, Side::Sell, 100, OrderKind::Limit(price(20))),
    ]
}

/// Plays the stories of so many symbols, dealt to so many shards; one digest per symbol.
fn digests(shards: u16) -> Vec<u128> {
    let mut engines: Vec<(Engine, EventHasher, u64)> =
        (0..shards).map(|_| (shard_of(SYMBOLS / shards), EventHasher::default(), 0)).collect();
    let mut apply = |at: usize, input| {
        let (engine, hasher, seq) = &mut engines[at];
        *seq += 1;
        let (time_ns, ingress_ns) = (*seq, *seq);
        engine.apply(&Sequenced { seq: Seq(*seq), time_ns, ingress_ns, input }, hasher);
    };
    for at in 0..usize::from(shards) {
        for account in [AccountId(1), AccountId(2)] {
            apply(at, Input::Deposit { account, amount: Money::new(1 << 50) });
        }
    }
    // Round by round, so that the symbols of a shard alternate.
    for step in 0..story(SymbolId(0), 0).len() {
        for number in 0..SYMBOLS {
            let local = SymbolId(number / shards);
            apply(usize::from(number % shards), story(local, u32::from(number))[step]);
        }
    }
    let digest = |number: u16| {
        engines[usize::from(number % shards)].1.symbol_digest(SymbolId(number / shards))
    };
    (0..SYMBOLS).map(digest).collect()
}

#[test]
fn one_shard_and_many_say_the_same_of_every_symbol() {
    LazyLock::force(&BYTES_PER_SYMBOL);
    let one = digests(1);
    assert_eq!(one, digests(5));
    let mut distinct = one;
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 100, "the symbols have stories of their own: {}", distinct.len());
}
