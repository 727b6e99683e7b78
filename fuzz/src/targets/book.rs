//! Any operations on a book against a sorted map of queues.

use std::collections::{BTreeMap, VecDeque};

use crate::Bytes;
use crate::marks::reach;
use seawall_engine::book::OrderBook;
use seawall_engine::matching::sweep;
use seawall_engine::types::{OrderId, Price, Qty, Side};

type Queues = BTreeMap<Price, VecDeque<(OrderId, u32)>>;

fn best(queues: &Queues, side: Side) -> Option<Price> {
    match side {
        Side::Buy => queues.keys().next_back().copied(),
        Side::Sell => queues.keys().next().copied(),
    }
}

/// The model's sweep: fills in priority order, and what is left.
fn model_sweep(
    queues: &mut Queues,
    side: Side,
    limit: Price,
    mut lots: u32,
) -> (Vec<(OrderId, u32)>, u32) {
    let mut fills = Vec::new();
    while lots > 0 {
        let Some(price) = best(queues, side.opposite()) else { break };
        let allowed = if side == Side::Buy { price <= limit } else { price >= limit };
        if !allowed {
            break;
        }
        let queue = queues.get_mut(&price).expect("a level of the model");
        let (id, open) = queue.front_mut().expect("a level holds an order");
        let traded = lots.min(*open);
        fills.push((*id, traded));
        lots -= traded;
        *open -= traded;
        if *open == 0 {
            queue.pop_front();
        }
        if queue.is_empty() {
            queues.remove(&price);
        }
    }
    (fills, lots)
}

/// What a run of many cases must reach.
pub const MARKS: &[&str] =
    &["a cancel", "a maker is left in part", "a sweep over levels", "the book is full"];

/// Runs one case.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let low = Price::new(1).expect("positive");
    let high = Price::new(5_000).expect("positive");
    let mut book = OrderBook::new((low, high), 64);
    let mut model = [Queues::new(), Queues::new()];
    let mut next = 1;
    while !bytes.is_empty() {
        let side = if bytes.byte() & 1 == 0 { Side::Buy } else { Side::Sell };
        let price = Price::new(1 + bytes.below(5_000)).expect("positive");
        let qty = Qty::new(1 + bytes.below(100)).expect("positive");
        if bytes.byte() % 4 == 0 {
            let id = OrderId(1 + u64::from(bytes.below(64)) % next);
            let Some(slot) = book.find(id) else { continue };
            let order = book.remove(slot);
            reach("a cancel");
            let queue =
                model[order.side.index()].get_mut(&order.price).expect("a level of the model");
            queue.retain(|(other, _)| *other != id);
            if queue.is_empty() {
                model[order.side.index()].remove(&order.price);
            }
        } else {
            let levels_before = model[side.opposite().index()].len();
            let mut fills = Vec::new();
            let left = sweep(&mut book, side, price, qty, |fill| {
                fills.push((fill.maker, fill.qty.lots()))
            });
            let (expected, lots) =
                model_sweep(&mut model[side.opposite().index()], side, price, qty.lots());
            assert_eq!(fills, expected, "fills in price-time priority");
            assert_eq!(left.map_or(0, Qty::lots), lots, "what is left of the taker");
            if fills.last().is_some_and(|(maker, _)| book.find(*maker).is_some()) {
                reach("a maker is left in part");
            }
            if levels_before > model[side.opposite().index()].len() + 1 {
                reach("a sweep over levels");
            }
            if book.is_full() {
                reach("the book is full");
            }
            if let Some(left) = left.filter(|_| !book.is_full()) {
                book.insert(OrderId(next), 0, side, price, left);
                model[side.index()]
                    .entry(price)
                    .or_default()
                    .push_back((OrderId(next), left.lots()));
                next += 1;
            }
        }
        book.assert_consistent();
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(book.best(side), best(&model[side.index()], side), "best price");
        }
    }
}
