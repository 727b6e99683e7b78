//! The book against sorted lists.

use proptest::prelude::*;

use super::{OrderBook, RestingOrder};
use crate::matching::sweep;
use crate::types::{OrderId, Price, Qty, Side};

const LOW: u32 = 50;
const HIGH: u32 = 1050;

#[derive(Clone, Debug)]
enum Op {
    /// Matches an order and lets the rest join.
    Enter { side: Side, price: u32, lots: u32 },
    /// Takes out one of the live orders, by id or by slot.
    Leave { which: usize, by_id: bool },
    /// Shrinks one of the live orders.
    Shrink { which: usize, lots: u32 },
    /// Moves one of the live orders to the back of the queue at a price, if it does not cross.
    Requeue { which: usize, price: u32, lots: u32 },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let price = prop_oneof![4 => 530_u32..570, 1 => LOW..=HIGH];
    let requeue = (any::<usize>(), price.clone(), 1_u32..50)
        .prop_map(|(which, price, lots)| Op::Requeue { which, price, lots });
    let enter =
        (side, price, 1_u32..50).prop_map(|(side, price, lots)| Op::Enter { side, price, lots });
    let leave =
        (any::<usize>(), any::<bool>()).prop_map(|(which, by_id)| Op::Leave { which, by_id });
    let shrink = (any::<usize>(), 1_u32..50).prop_map(|(which, lots)| Op::Shrink { which, lots });
    let step = prop_oneof![4 => enter, 2 => leave, 1 => shrink, 1 => requeue];
    // An interpreter takes a minute for a hundred of them.
    prop::collection::vec(step, 1..if cfg!(miri) { 100 } else { 400 })
}

/// Live orders by priority: better price first, then earlier arrival.
#[derive(Default)]
struct Model(Vec<RestingOrder>);

impl Model {
    fn best(&self, side: Side) -> Option<RestingOrder> {
        let orders = self.0.iter().filter(|order| order.side == side);
        let rank = |order: &&RestingOrder| match side {
            Side::Buy => Price::MAX.ticks() - order.price.ticks(),
            Side::Sell => order.price.ticks(),
        };
        // The first of equals is the earliest: orders are kept in order of arrival.
        orders.min_by_key(rank).copied()
    }

    fn sweep(&mut self, side: Side, limit: Price, mut lots: u32) -> (Vec<(OrderId, u32)>, u32) {
        let mut fills = Vec::new();
        while lots > 0 {
            let Some(maker) = self.best(side.opposite()) else { break };
            let allowed = match side {
                Side::Buy => maker.price <= limit,
                Side::Sell => maker.price >= limit,
            };
            if !allowed {
                break;
            }
            let fill = lots.min(maker.qty.lots());
            lots -= fill;
            fills.push((maker.id, fill));
            let at = self.0.iter().position(|order| order.id == maker.id).expect("it is live");
            match Qty::new(maker.qty.lots() - fill) {
                Some(leaves) => self.0[at].qty = leaves,
                None => drop(self.0.remove(at)),
            }
        }
        (fills, lots)
    }
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

fn qty(lots: u32) -> Qty {
    Qty::new(lots).expect("a quantity")
}

proptest! {
    #[test]
    fn agrees_with_sorted_lists(ops in ops()) {
        let mut book = OrderBook::new((price(LOW), price(HIGH)), 400);
        let mut model = Model::default();
        for (id, op) in (1..).map(OrderId).zip(ops) {
            match op {
                Op::Enter { side, price: ticks, lots } => {
                    let limit = price(ticks);
                    let mut fills = Vec::new();
                    let left = sweep(&mut book, side, limit, qty(lots), |fill| {
                        fills.push((fill.maker, fill.qty.lots()));
                    });
                    let (expected, lots_left) = model.sweep(side, limit, lots);
                    prop_assert_eq!(fills, expected);
                    prop_assert_eq!(left.map_or(0, Qty::lots), lots_left);
                    if let Some(qty) = left {
                        book.insert(id, 7, side, limit, qty);
                        model.0.push(RestingOrder { id, owner: 7, side, price: limit, qty, flags: 0 });
                    }
                }
                Op::Leave { which, by_id } if !model.0.is_empty() => {
                    let order = model.0.remove(which % model.0.len());
                    let slot = book.find(order.id).expect("it is live");
                    let gone = if by_id { book.take_out(order.id) } else { Some(book.remove(slot)) };
                    prop_assert_eq!(gone, Some(order));
                    prop_assert_eq!(book.take_out(order.id), None);
                }
                Op::Shrink { which, lots } if !model.0.is_empty() => {
                    let at = which % model.0.len();
                    let order = &mut model.0[at];
                    order.qty = order.qty.min(qty(lots));
                    book.reduce(book.find(order.id).expect("it is live"), order.qty);
                }
                Op::Requeue { which, price: ticks, lots } if !model.0.is_empty() => {
                    let at = which % model.0.len();
                    if !book.crosses(model.0[at].side, price(ticks)) {
                        let order = model.0.remove(at);
                        let moved = RestingOrder { price: price(ticks), qty: qty(lots), ..order };
                        let slot = book.find(order.id).expect("it is live");
                        book.requeue(slot, moved.price, moved.qty);
                        prop_assert_eq!(book.order(book.find(order.id).expect("as before")), moved);
                        model.0.push(moved);
                    }
                }
                Op::Leave { .. } | Op::Shrink { .. } | Op::Requeue { .. } => {}
            }
            book.assert_consistent();
            for side in [Side::Buy, Side::Sell] {
                prop_assert_eq!(book.best(side), model.best(side).map(|order| order.price));
            }
            prop_assert_eq!(book.len() as usize, model.0.len());
        }
    }
}

fn book_of(orders: &[(u64, Side, u32)]) -> OrderBook {
    let mut book = OrderBook::new((price(LOW), price(HIGH)), 8);
    for (id, side, ticks) in orders {
        book.insert(OrderId(*id), 0, *side, price(*ticks), qty(5));
    }
    book
}

/// Two bids and two offers.
fn two_sides() -> OrderBook {
    book_of(&[(1, Side::Buy, 90), (2, Side::Buy, 100), (3, Side::Sell, 110), (4, Side::Sell, 120)])
}

#[test]
fn an_order_joins_only_where_it_does_not_cross() {
    for (side, ticks, apart) in [
        (Side::Sell, 99, false),
        (Side::Sell, 100, false),
        (Side::Sell, 101, true),
        (Side::Buy, 109, true),
        (Side::Buy, 110, false),
        (Side::Buy, 111, false),
    ] {
        let mut book = two_sides();
        let slot = book.insert_apart(OrderId(9), 0, side, price(ticks), qty(1));
        assert_eq!((slot.is_some(), book.find(OrderId(9))), (apart, slot), "{side:?} at {ticks}");
        assert_eq!(two_sides().crosses(side, price(ticks)), !apart, "{side:?} at {ticks}");
    }
}

#[test]
fn a_best_order_that_left_crosses_nothing() {
    for (side, gone, ticks) in [(Side::Sell, 2, 95), (Side::Buy, 3, 115)] {
        let mut book = two_sides();
        book.take_out(OrderId(gone));
        assert!(book.insert_apart(OrderId(9), 0, side, price(ticks), qty(1)).is_some());
        book.assert_consistent();
    }
}

#[test]
#[should_panic(expected = "an order that joins the book does not cross it")]
fn an_order_that_crosses_is_no_order_of_the_book() {
    two_sides().insert(OrderId(9), 0, Side::Sell, price(100), qty(1));
}

#[test]
#[should_panic(expected = "an order that joins the book does not cross it")]
fn an_order_is_not_moved_to_where_it_crosses() {
    let mut book = two_sides();
    let slot = book.find(OrderId(4)).expect("it is live");
    book.requeue(slot, price(100), qty(1));
}

#[test]
fn a_book_says_what_stands_at_a_price() {
    let mut book = two_sides();
    book.insert(OrderId(5), 0, Side::Buy, price(100), qty(2));
    let lots = [LOW - 1, 90, 100, 105, 110, HIGH + 1].map(|ticks| book.lots_at(price(ticks)));
    assert_eq!(lots, [0, 5, 7, 0, 5, 0]);
    assert!(!book.is_empty() && book_of(&[]).is_empty());
    let second = book.find(OrderId(5)).expect("it is live");
    assert_eq!(book.ahead(second), (1, 5));
}

#[test]
#[should_panic(expected = "a level's total is the sum of its orders")]
fn a_book_that_contradicts_itself_is_found_out() {
    let mut book = two_sides();
    book.ladder.shrink(price(90), 1);
    book.assert_consistent();
}
