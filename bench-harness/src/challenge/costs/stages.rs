//! What accounts, margin, the liquidation index and trackers add to the book on the challenge's
//! stream.

use std::hint::black_box;

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::trackers::QueueTrackers;
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Input, Money, NewOrder, NoEvents, OrderId, OrderKind, Ppm,
    Price, Qty, Seq, Sequenced, SymbolId,
};

use super::Cost;
use crate::challenge::report::{Report, ReportSink};
use crate::challenge::{ChallengeBook, Message, MessageKind};
use crate::measure::cpu_time::thread_cpu_time;

/// Owners: an order's is its id modulo this.
const OWNERS: u32 = 10_000;
/// One in so many orders is followed.
const FOLLOWED: u64 = 100;
/// Most that all stages together may add to a message.
const BAR: f64 = 60.0;

/// Drops reports, as the engine's runs drop their events.
struct NoReports;

impl ReportSink for NoReports {
    #[inline]
    fn report(&mut self, report: &Report) {
        black_box(report.seq);
    }
}

pub(super) fn measure(messages: &[Message], rounds: u32) -> Vec<Cost> {
    let inputs = inputs(messages);
    let deposits = deposits();
    let [mut book, mut risk, mut liquidation] = [const { Vec::new() }; 3];
    let [mut unused, mut followed] = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        book.push(book_ns(messages));
        risk.push(engine_ns(&deposits, &inputs, false));
        liquidation.push(engine_ns(&deposits, &inputs, true));
        unused.push(tracked_ns(&deposits, &inputs, None));
        followed.push(tracked_ns(&deposits, &inputs, Some(FOLLOWED)));
    }
    let pairs = |more: &[f64], less: &[f64]| -> Vec<f64> {
        more.iter().zip(less).map(|(more, less)| more - less).collect()
    };
    let unit = "ns per message";
    vec![
        Cost::of("stages/accounts-and-margin", unit, pairs(&risk, &book)),
        Cost::of("stages/liquidation-index", unit, pairs(&liquidation, &risk)),
        Cost::of("stages/all-over-the-book", unit, pairs(&liquidation, &book)).at_most(BAR),
        Cost::of("stages/trackers-following-nobody", unit, pairs(&unused, &liquidation)),
        Cost::of("stages/trackers-of-1-percent", unit, pairs(&followed, &liquidation)),
        Cost::of("stages/book-alone", unit, book),
        Cost::of("stages/whole-engine", unit, liquidation),
    ]
}

fn per_message(messages: usize, work: impl FnOnce()) -> f64 {
    let started = thread_cpu_time();
    work();
    thread_cpu_time().saturating_sub(started).as_secs_f64() * 1e9 / messages as f64
}

fn book_ns(messages: &[Message]) -> f64 {
    let mut book = ChallengeBook::new();
    per_message(messages.len(), || {
        for (seq, message) in (0..).zip(messages) {
            book.message(seq, message, &mut NoReports);
        }
    })
}

/// An engine whose owners have money.
fn funded(deposits: &[Sequenced], liquidation: bool) -> Engine {
    let mut engine = Engine::new(&config(liquidation, 1 << 16));
    for input in deposits {
        engine.apply(input, &mut NoEvents);
    }
    engine
}

/// With trackers, of one in so many orders, from when it rests to its end.
fn tracked_ns(deposits: &[Sequenced], inputs: &[Sequenced], one_in: Option<u64>) -> f64 {
    let mut engine = funded(deposits, true);
    let mut trackers = QueueTrackers::default();
    per_message(inputs.len(), || {
        for input in inputs {
            if let (Some(one_in), Input::Order(new)) = (one_in, &input.input)
                && new.order.0.is_multiple_of(one_in)
            {
                trackers.follow_from_rest(new.symbol, new.order);
            }
            trackers.apply(&mut engine, input, &mut NoEvents);
            black_box(trackers.drain().count());
        }
    })
}

fn engine_ns(deposits: &[Sequenced], inputs: &[Sequenced], liquidation: bool) -> f64 {
    let mut engine = funded(deposits, liquidation);
    per_message(inputs.len(), || {
        for input in inputs {
            engine.apply(input, &mut NoEvents);
        }
    })
}

/// The account of an order; account 0 is the fund's.
fn owner(order: u64) -> AccountId {
    AccountId(1 + u32::try_from(order % u64::from(OWNERS)).unwrap_or(0))
}

fn sequenced(first: u64, inputs: impl Iterator<Item = Input>) -> Vec<Sequenced> {
    let at = |(n, input)| Sequenced { seq: Seq(n), time_ns: n, ingress_ns: n, input };
    (first..).zip(inputs).map(at).collect()
}

fn deposits() -> Vec<Sequenced> {
    let amount = Money::new(1 << 45);
    sequenced(1, (1..=OWNERS).map(|id| Input::Deposit { account: AccountId(id), amount }))
}

/// The stream in the engine's own language.
fn inputs(messages: &[Message]) -> Vec<Sequenced> {
    let symbol = SymbolId(0);
    let inputs = messages.iter().map(|message| {
        let (account, order) = (owner(message.order), OrderId(message.order));
        let price = u32::try_from(message.price).ok().and_then(Price::new).unwrap_or(Price::MIN);
        let qty = Qty::new(message.qty).unwrap_or(Qty::MAX);
        match message.kind {
            MessageKind::New { ioc } => Input::Order(NewOrder {
                symbol,
                account,
                order,
                side: message.side,
                qty,
                kind: if ioc {
                    OrderKind::ImmediateOrCancel(price)
                } else {
                    OrderKind::Limit(price)
                },
                reduce_only: false,
            }),
            MessageKind::Cancel => Input::Cancel { symbol, account, order },
            MessageKind::Modify => Input::Replace { symbol, account, order, price, qty },
        }
    });
    sequenced(u64::from(OWNERS) + 1, inputs)
}

pub(super) fn config(liquidation: bool, orders_max: u32) -> ShardConfig {
    let ppm = |parts| Ppm::new(parts).expect("below one");
    let tier =
        MarginTier { notional_floor: Money::ZERO, initial: ppm(20_000), maintenance: ppm(10_000) };
    let market = MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: 10_000 },
        reference: Price::new(33_504).expect("a price"),
        tiers: vec![tier],
        maker_fee: ppm(100),
        taker_fee: ppm(500),
        order_lots_max: 100_000,
        position_lots_max: 1_000_000,
        market_band: ppm(50_000),
    })
    .expect("rules that make sense");
    let rules = LiquidationRules {
        enabled: liquidation,
        key: PriorityKey::MarginRatio,
        discipline: Discipline::Strict { steps_max: 64 },
        plan: Plan::Full,
        fee: ppm(5_000),
        unwind: Unwind { lots_max: 1_000, band: ppm(50_000), interval_ns: 1_000_000 },
        triggers_max: 4_096,
        venue: VenueRules::default(),
    };
    ShardConfig::new(OWNERS + 1, orders_max, vec![market], rules).expect("a shard")
}
