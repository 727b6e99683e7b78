//! What a resting order takes of memory, and a ladder, by the anonymous pages that the process has.
//!
//! Measured before anything else of size is allocated: memory that was used and freed earlier could
//! be used again, and would not count.

use std::hint::black_box;

use seawall_engine::book::OrderBook;
use seawall_engine::core::Engine;
use seawall_engine::types::{
    AccountId, Input, Money, NewOrder, NoEvents, OrderId, OrderKind, Price, Qty, Seq, Sequenced,
    Side, SymbolId,
};

use super::Cost;
use super::stages::config;

const ORDERS_MAX: u32 = 1 << 20;
/// The table of ids doubles with the order that makes these numbers: what an order takes is most
/// there. The last is a book that is nearly full.
const ORDERS: [u32; 5] = [49_153, 196_609, 393_217, 786_433, 1_000_000];
/// Numbers of orders from which on the bar holds, of a book: what accounts keep beside it is shown.
const ORDERS_MIN: u32 = 1 << 16;
/// Bytes beyond the ladder.
const BAR: f64 = 64.0;
const PAGE: f64 = 4_096.0;

/// Bytes of this process that are its own and in memory, counted page by page; nothing where the
/// system does not say.
fn anonymous() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find(|line| line.starts_with("Anonymous:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}

/// Bytes per resting order, by how many rest; bytes of a ladder.
pub(super) fn measure() -> Vec<Cost> {
    // Nothing is given back before the last is measured: what was used and freed would be used again
    // uncounted, and the allocator would keep what it otherwise returns.
    let (ladder, _kept) = ladder().unzip();
    let (book, _kept_too) = book().unzip();
    [ladder, book, engine()].into_iter().flatten().flatten().collect()
}

/// Bytes that each order after the first adds, at the numbers of orders above.
fn grown(name: &str, mut insert: impl FnMut(u32)) -> Option<Vec<Cost>> {
    insert(1);
    let (before, mut live) = (anonymous()?, 1);
    let mut costs = Vec::new();
    for orders in ORDERS {
        while live < orders {
            live += 1;
            insert(live);
        }
        let bytes = (anonymous()? - before) / f64::from(orders);
        let cost = Cost::of(format!("{name}/memory-{orders}"), "bytes per order", vec![bytes]);
        let judged = name == "book" && orders >= ORDERS_MIN;
        costs.push(if judged { cost.at_most(BAR) } else { cost });
    }
    Some(costs)
}

/// A book at one price, so that its ladder takes one page.
fn book() -> Option<(Vec<Cost>, OrderBook)> {
    let price = Price::new(1_000)?;
    let mut book = OrderBook::new((Price::MIN, Price::new(1 << 20)?), ORDERS_MAX);
    let costs = grown("book", |n| {
        black_box(book.insert(OrderId(u64::from(n)), 0, Side::Buy, price, Qty::MAX));
    });
    Some((costs?, book))
}

/// The same orders through the whole engine: of one account, so that positions take one page.
fn engine() -> Option<Vec<Cost>> {
    let (symbol, account) = (SymbolId(0), AccountId(1));
    let (price, qty) = (Price::new(33_000)?, Qty::new(1)?);
    let mut engine = Engine::new(&config(true, ORDERS_MAX));
    let mut seq = 0;
    let mut send = |input| {
        seq += 1;
        let input = Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: seq, input };
        engine.apply(&input, &mut NoEvents);
    };
    send(Input::Deposit { account, amount: Money::new(1 << 52) });
    let costs = grown("engine", |n| {
        let kind = OrderKind::Limit(price);
        let (order, side) = (OrderId(u64::from(n)), Side::Buy);
        let order = NewOrder { symbol, account, order, side, qty, kind, reduce_only: false };
        send(Input::Order(order));
    });
    let resting = engine.depth(symbol, Side::Buy).next();
    assert_eq!(resting, Some((price, 1_000_000)), "every order rests");
    costs
}

/// A ladder of 2^26 prices: what a thousand neighbouring prices take of it, each with an order.
fn ladder() -> Option<(Vec<Cost>, OrderBook)> {
    const PRICES: u32 = 1_000;
    let middle = 1 << 25;
    let before = anonymous()?;
    let mut book = OrderBook::new((Price::MIN, Price::new(1 << 26)?), PRICES);
    for n in 0..PRICES {
        let price = Price::new(middle + n)?;
        book.insert(OrderId(u64::from(n) + 1), 0, Side::Buy, price, Qty::MAX);
    }
    let pages = (anonymous()? - before) / PAGE;
    black_box(&book);
    // Four pages of levels, which need not begin with one, one of each of five ranks of the
    // occupancy, the young orders' two, what a thousand orders take, and the four pages of the smaller
    // tables of ids that they have grown out of.
    let most = 5.0 + 5.0 + 2.0 + f64::from(PRICES) * BAR / PAGE + 4.0;
    let cost = Cost::of("ladder/memory-1000-prices", "pages of 4096", vec![pages]).at_most(most);
    Some((vec![cost], book))
}
