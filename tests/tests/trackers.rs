//! Trackers and probes against a recount after every command, over random commands.

use conformance::setup::Setup;
use conformance::watchers::{Tally, Watch};
use seawall_engine::core::{Engine, PositionOrder, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{
    AuctionRules, MarginTier, MarketRules, MarketSpec, OrderRules, PriceRules,
};
use seawall_engine::trackers::{End, Probe, QueueTrackers, Rank, TrackError};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, NewOrder, NoEvents, OrderId, OrderKind,
    Ppm, Price, Qty, Seq, Sequenced, Side, SymbolId,
};

const COMMANDS: usize = 300_000;
const COMMANDS_PER_SEED: usize = 2_000;

#[test]
fn trackers_say_what_a_recount_says() {
    let asked = std::env::var("SEAWALL_COMMANDS").ok().and_then(|text| text.parse().ok());
    let commands: usize = asked.unwrap_or(COMMANDS);
    let mut total = Tally::default();
    for seed in 0..commands.div_ceil(COMMANDS_PER_SEED) as u64 {
        let (tally, outcome) = Watch::run(seed, COMMANDS_PER_SEED, Some);
        outcome.unwrap_or_else(|what| panic!("{what}"));
        total.recounts += tally.recounts;
        total.followed += tally.followed;
        for (sum, one) in total.steps.iter_mut().zip(tally.steps) {
            *sum += one;
        }
        for (sum, one) in total.ends.iter_mut().zip(tally.ends) {
            *sum += one;
        }
    }
    println!("{total:?}");
    assert!(total.followed > 1_000, "{total:?}");
    assert!(total.steps.iter().all(|steps| *steps > 50), "every cause occurs: {total:?}");
    assert!(total.ends.iter().all(|ends| *ends > 50), "every end occurs: {total:?}");
}

/// The first difference that a bug between the engine and the trackers makes.
fn found(bug: fn(Event) -> Option<Event>) -> String {
    (0..60)
        .find_map(|seed| Watch::run(seed, COMMANDS_PER_SEED, bug).1.err())
        .expect("the bug is found")
}

#[test]
fn a_lost_cancel_is_found() {
    let what = found(|event| match event {
        Event::Cancelled { .. } => None,
        other => Some(other),
    });
    assert!(what.contains("tracked") || what.contains("ended"), "{what}");
}

#[test]
fn a_lot_too_many_is_found() {
    let what = found(|event| match event {
        Event::Trade { maker_leaves_lots: left @ 1.., symbol, side, price, qty, taker, .. } => {
            let Event::Trade { taker_account, maker, maker_account, .. } = event else {
                unreachable!("it is a trade")
            };
            let maker_leaves_lots = left - 1;
            Some(Event::Trade {
                symbol,
                side,
                price,
                qty,
                taker,
                taker_account,
                maker,
                maker_account,
                maker_leaves_lots,
            })
        }
        other => Some(other),
    });
    assert!(!what.is_empty());
}

#[test]
fn a_reduction_that_passes_for_a_trade_is_found() {
    use seawall_engine::types::CancelCause;
    // The place is right, the reason is not.
    let what = found(|event| match event {
        Event::Reduced { symbol, account, order, qty, cause: CancelCause::SelfTrade } => {
            Some(Event::Reduced { symbol, account, order, qty, cause: CancelCause::ReduceOnly })
        }
        other => Some(other),
    });
    assert!(what.contains("without a reason"), "{what}");
}

/// One market that can be halted, with trackers beside it.
#[derive(Debug)]
struct Bench {
    engine: Engine,
    trackers: QueueTrackers,
    seq: u64,
    events: Vec<Event>,
}

impl Bench {
    fn new() -> Self {
        let auctions = AuctionRules { band: Ppm::ZERO, window_ns: 1, reopen_ns: 0 };
        let setup = Setup {
            accounts_max: 4,
            orders_max: 64,
            markets: vec![Setup::market()],
            order_rules: vec![OrderRules::default()],
            auctions: vec![Some(auctions)],
            price_rules: vec![PriceRules::default()],
            position_order: PositionOrder::default(),
            collateral: Vec::new(),
            baskets: Vec::new(),
            fund_groups: Vec::new(),
            liquidation: Setup::liquidation(),
        };
        let engine = Engine::new(&setup.build().expect("rules are valid"));
        let trackers = QueueTrackers::default();
        let mut bench = Self { engine, trackers, seq: 0, events: Vec::new() };
        for account in [1, 2] {
            let (account, amount) = (AccountId(account), Money::new(1_000_000));
            bench.send(Input::Deposit { account, amount });
        }
        bench
    }

    fn send(&mut self, input: Input) {
        self.seq += 1;
        let input = Sequenced { seq: Seq(self.seq), time_ns: self.seq, ingress_ns: 0, input };
        self.events.clear();
        self.trackers.apply(&mut self.engine, &input, &mut self.events);
    }

    fn order(&mut self, account: u32, order: u64, side: Side, lots: u32, kind: OrderKind) {
        let qty = Qty::new(lots).expect("some lots");
        let (symbol, account, order) = (SymbolId(0), AccountId(account), OrderId(order));
        let order = NewOrder { symbol, account, order, side, qty, kind, reduce_only: false };
        self.send(Input::Order(order));
    }
}

const SYMBOL: SymbolId = SymbolId(0);

fn at(ticks: u32) -> OrderKind {
    OrderKind::Limit(Price::new(ticks).expect("a price"))
}

#[test]
fn a_halt_ends_trackers_and_an_order_of_a_halted_market_is_not_followed() {
    let mut bench = Bench::new();
    bench.order(1, 1, Side::Buy, 5, at(99));
    let before = bench.trackers.follow(&bench.engine, SYMBOL, OrderId(1)).expect("it rests");
    bench.send(Input::Halt { symbol: SYMBOL });
    assert_eq!(bench.trackers.end(before), Some(End::Halted));
    let refused = bench.trackers.follow(&bench.engine, SYMBOL, OrderId(1));
    assert_eq!(refused, Err(TrackError::Halted(SYMBOL)));
    let joins = bench.trackers.follow_from_rest(SYMBOL, OrderId(2));
    bench.order(2, 2, Side::Sell, 3, at(98));
    assert_eq!(bench.trackers.end(joins), Some(End::Halted));
    // One that is only told of when it rests already ends when the auction moves it.
    let late = bench.trackers.follow_from_rest(SYMBOL, OrderId(1));
    assert_eq!(bench.trackers.end(late), None);
    bench.send(Input::Reopen { symbol: SYMBOL });
    assert!(bench.events.iter().any(|event| matches!(event, Event::AuctionTrade { .. })));
    assert_eq!(bench.trackers.end(late), Some(End::Halted));
    // What is left of it can be followed again.
    let after = bench.trackers.follow(&bench.engine, SYMBOL, OrderId(1)).expect("it rests");
    bench.order(2, 3, Side::Sell, 2, at(99));
    assert_eq!(bench.trackers.end(after), Some(End::Filled));
}

#[test]
fn an_order_that_shows_more_than_when_its_price_was_followed_is_no_surprise() {
    let mut bench = Bench::new();
    let kind = OrderKind::Iceberg {
        price: Price::new(99).expect("a price"),
        display: Qty::new(10).expect("lots"),
    };
    bench.order(1, 1, Side::Buy, 30, kind);
    bench.order(2, 2, Side::Sell, 5, at(99));
    let tracker = bench.trackers.follow(&bench.engine, SYMBOL, OrderId(1)).expect("it rests");
    bench.trackers.withdraw(tracker);
    // Nobody is followed while the next part shows; the order was known with five lots.
    bench.order(2, 3, Side::Sell, 5, at(99));
    bench.order(1, 4, Side::Buy, 1, at(98));
    bench.trackers.follow(&bench.engine, SYMBOL, OrderId(4)).expect("it rests");
    bench.order(2, 5, Side::Sell, 2, at(99));
    let again = bench.trackers.follow(&bench.engine, SYMBOL, OrderId(1)).expect("it rests");
    assert_eq!(bench.trackers.ahead(again).map(|ahead| ahead.orders), Some(0));
}

fn market() -> Engine {
    let rate = |parts| Ppm::new(parts).expect("a rate");
    let tier = MarginTier {
        notional_floor: Money::ZERO,
        initial: rate(20_000),
        maintenance: rate(10_000),
    };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 1 },
        reference: price(1_000),
        tiers: vec![tier],
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: 1_000,
        position_lots_max: 1_000,
        market_band: Ppm::ONE,
    })
    .expect("rules that make sense");
    let liquidation = LiquidationRules {
        enabled: true,
        key: PriorityKey::MarginRatio,
        discipline: Discipline::Strict { steps_max: 64 },
        plan: Plan::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 10, band: Ppm::ONE, interval_ns: 1 },
        triggers_max: 64,
        venue: VenueRules::default(),
    };
    Engine::new(&ShardConfig::new(8, 64, vec![market], liquidation).expect("a small shard"))
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn lots(lots: u32) -> Qty {
    Qty::new(lots).expect("a quantity")
}

/// Once nothing was followed, nothing was heard: an order grew meanwhile, and the trackers took
/// what it became from what it had been. Found by `seawall queue`, whose runs have such times.
#[test]
fn what_was_not_heard_is_not_remembered() {
    let (symbol, account) = (SymbolId(0), AccountId(1));
    let mut engine = market();
    let mut trackers = QueueTrackers::default();
    let mut seq = Seq(0);
    let mut send = |engine: &mut Engine, trackers: &mut QueueTrackers, input: Input| {
        seq = seq.next();
        let input = Sequenced { seq, time_ns: seq.0, ingress_ns: seq.0, input };
        trackers.apply(engine, &input, &mut NoEvents);
    };
    let bid = |order: u64, ticks: u32, qty: u32| {
        Input::Order(NewOrder {
            symbol,
            account,
            order: OrderId(order),
            side: Side::Buy,
            qty: lots(qty),
            kind: OrderKind::Limit(price(ticks)),
            reduce_only: false,
        })
    };
    let change = |ticks: u32, qty: u32| Input::Replace {
        symbol,
        account,
        order: OrderId(1),
        price: price(ticks),
        qty: lots(qty),
    };
    let place = |ticks: u32| Probe {
        symbol,
        side: Side::Buy,
        price: price(ticks),
        rank: Rank::Back,
        away: None,
    };
    send(&mut engine, &mut trackers, Input::Deposit { account, amount: Money::new(1 << 30) });
    send(&mut engine, &mut trackers, bid(1, 990, 5));
    send(&mut engine, &mut trackers, bid(2, 980, 5));
    let first = trackers.probe(&engine, place(990)).expect("somebody is there");
    trackers.withdraw(first);
    send(&mut engine, &mut trackers, change(985, 9));
    let second = trackers.probe(&engine, place(980)).expect("somebody is there");
    send(&mut engine, &mut trackers, change(985, 8));
    assert_eq!(trackers.ahead(second).map(|ahead| ahead.lots), Some(5));
}
