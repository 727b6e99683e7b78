//! Trackers and probes against a recount after every command, over random commands.

use conformance::setup::Setup;
use conformance::watchers::{Tally, Watch};
use seawall_engine::core::{Engine, PositionOrder};
use seawall_engine::risk::{AuctionRules, OrderRules, PriceRules};
use seawall_engine::trackers::{End, QueueTrackers, TrackError};
use seawall_engine::types::{
    AccountId, Event, Input, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Seq, Sequenced,
    Side, SymbolId,
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
