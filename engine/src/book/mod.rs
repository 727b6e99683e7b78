//! The limit order book: a price ladder with a queue of orders at each price.
//!
//! Invariants: a level is occupied if and only if it holds an order; `lots` of a level is the sum
//! of its orders; the best bid lies below the best offer; ids of live orders are unique.
//! [`OrderBook::assert_consistent`] checks them in tests and fuzzing.
//!
//! This module knows nothing of accounts, margin or time; `owner` is a tag it carries.

mod call;
mod id_table;
mod ladder;
mod occupancy;
mod orders;
#[cfg(test)]
mod tests;

pub(crate) use occupancy::Occupancy;
pub use orders::{RestingOrder, Slot};

use call::Call;
use id_table::IdTable;
use ladder::Ladder;
use orders::OrderStore;

use crate::types::{OrderId, Price, Qty, Side};

/// One symbol's resting orders.
#[derive(Debug)]
pub struct OrderBook {
    ladder: Ladder,
    orders: OrderStore,
    ids: IdTable,
    /// Where the offers stand during a call, of a book that can hold calls.
    call: Option<Box<Call>>,
}

impl OrderBook {
    /// An empty book for prices within `domain`, with room for `orders_max` resting orders.
    ///
    /// Memory for the ladder is reserved but touched only where prices are used.
    pub fn new(domain: (Price, Price), orders_max: u32) -> Self {
        Self {
            ladder: Ladder::new(domain),
            orders: OrderStore::new(orders_max),
            ids: IdTable::new(orders_max),
            call: None,
        }
    }

    /// The best price of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.ladder.best(side)
    }

    /// Whether a price lies in the domain.
    #[inline]
    pub fn in_domain(&self, price: Price) -> bool {
        self.ladder.in_domain(price)
    }

    /// Resting orders.
    #[inline]
    pub fn len(&self) -> u32 {
        self.orders.len()
    }

    /// Whether nothing rests.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for another order.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.orders.is_full()
    }

    /// The slot of a live order.
    #[inline]
    pub fn find(&self, id: OrderId) -> Option<Slot> {
        self.ids.find(id, &self.orders)
    }

    /// The order in a slot.
    #[inline]
    pub fn order(&self, slot: Slot) -> RestingOrder {
        self.orders.get(slot)
    }

    /// Adds an order at the end of its level's queue.
    ///
    /// Panics if the book is full, the price lies outside the domain or the order would cross:
    /// callers have matched it first. The id must not be live; that is not checked again here.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub fn insert(&mut self, id: OrderId, owner: u32, side: Side, price: Price, qty: Qty) -> Slot {
        self.insert_flagged(RestingOrder { id, owner, side, price, qty, flags: 0 })
    }

    /// As [`OrderBook::insert`], with what the caller keeps beside the order noted in its flags.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub fn insert_flagged(&mut self, order: RestingOrder) -> Slot {
        assert!(
            !self.ladder.crosses_after_search(order.side, order.price),
            "an order that joins the book does not cross it"
        );
        self.join(order)
    }

    /// As [`OrderBook::insert`], if the order does not cross; otherwise nothing happens.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub fn insert_apart(
        &mut self,
        id: OrderId,
        owner: u32,
        side: Side,
        price: Price,
        qty: Qty,
    ) -> Option<Slot> {
        let apart = !self.ladder.crosses_after_search(side, price);
        apart.then(|| self.join(RestingOrder { id, owner, side, price, qty, flags: 0 }))
    }

    /// Adds an order that does not cross.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    fn join(&mut self, order: RestingOrder) -> Slot {
        let RestingOrder { id, side, price, qty, .. } = order;
        let slot = self.orders.reserve();
        let ahead = self.ladder.append(slot, side, price, qty);
        self.orders.fill(slot, order, ahead);
        self.ids.insert(id, slot, &self.orders);
        slot
    }

    /// Removes an order wherever it stands in its queue.
    #[inline]
    pub fn remove(&mut self, slot: Slot) -> RestingOrder {
        let order = self.orders.get(slot);
        self.ladder.unlink(&mut self.orders, slot, order);
        self.ids.remove(order.id, slot);
        self.orders.release(slot);
        order
    }

    /// Removes the order of that id, if it rests: [`Self::find`] and [`Self::remove`] with one
    /// search.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub fn take_out(&mut self, id: OrderId) -> Option<RestingOrder> {
        let slot = self.ids.take(id, &self.orders)?;
        let order = self.orders.get(slot);
        self.ladder.unlink(&mut self.orders, slot, order);
        self.orders.release(slot);
        Some(order)
    }

    /// Shrinks an order in place; it keeps its position in the queue.
    ///
    /// Panics if `qty` exceeds what rests: growing loses priority and is a removal and an insert.
    #[inline]
    pub fn reduce(&mut self, slot: Slot, qty: Qty) {
        let order = self.orders.get(slot);
        let cut = order.qty.lots() - qty.lots();
        self.orders.set_qty(slot, qty);
        self.ladder.shrink(order.price, cut);
    }

    /// Changes what the owner of the book keeps in an order's flags.
    pub fn set_flags(&mut self, slot: Slot, flags: u8) {
        self.orders.set_flags(slot, flags);
    }

    /// Moves an order to the back of the queue at a price, with a new quantity: a removal and an
    /// insert that keep its slot and its place among the ids.
    ///
    /// Panics if the price lies outside the domain or the order would cross there.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub fn requeue(&mut self, slot: Slot, price: Price, qty: Qty) {
        let order = self.orders.get(slot);
        assert!(
            !self.ladder.crosses_after_search(order.side, price),
            "an order that joins the book does not cross it"
        );
        self.ladder.unlink(&mut self.orders, slot, order);
        let ahead = self.ladder.append(slot, order.side, price, qty);
        self.orders.reset(slot, price, qty, ahead);
    }

    /// Whether an order of that side and price would meet the opposite side.
    #[inline]
    pub fn crosses(&self, side: Side, price: Price) -> bool {
        self.ladder.crosses(side, price)
    }

    /// Searches for the best opposite price if an order of that side and price may meet it, so that
    /// whoever asks next need not.
    #[inline]
    pub(crate) fn look_ahead(&mut self, side: Side, price: Price) {
        self.ladder.crosses_after_search(side, price);
    }

    /// The first order at the best price of a side.
    #[inline]
    pub(crate) fn front(&self, side: Side) -> Option<Slot> {
        self.ladder.front(side)
    }

    /// Takes `lots` from the first order of its level; it leaves the book when nothing is left.
    #[inline]
    pub(crate) fn fill_front(&mut self, slot: Slot, order: &RestingOrder, lots: Qty) {
        match order.qty.minus(lots) {
            Some(leaves) => {
                self.orders.set_qty(slot, leaves);
                self.ladder.shrink(order.price, lots.lots());
            }
            None => {
                self.ladder.pop_front(&mut self.orders, slot, order);
                self.ids.remove(order.id, slot);
                self.orders.release(slot);
            }
        }
    }

    /// Gives the first order of its level, whose quantity is used up, a new one, at the back of
    /// the queue.
    pub(crate) fn refill_front(&mut self, slot: Slot, qty: Qty) {
        let order = self.orders.get(slot);
        self.ladder.pop_front(&mut self.orders, slot, &order);
        let ahead = self.ladder.append(slot, order.side, order.price, qty);
        self.orders.reset(slot, order.price, qty, ahead);
    }

    /// Levels of one side from the best outwards: price and total quantity in lots.
    pub fn depth(&self, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        self.ladder_of(side).levels(side)
    }

    /// Total quantity at a price, in lots.
    pub fn lots_at(&self, price: Price) -> u64 {
        if self.in_domain(price) { self.ladder.lots_at(price) } else { 0 }
    }

    /// Orders at a price from first to last; in a call, bids before offers.
    pub fn queue(&self, price: Price) -> impl Iterator<Item = (Slot, RestingOrder)> + '_ {
        let side = [Side::Buy, Side::Sell].into_iter();
        side.flat_map(move |side| self.queue_of(side, price))
    }

    /// Orders and lots ahead of an order at its price: a walk towards the front of the queue, one
    /// step per order ahead.
    pub fn ahead(&self, slot: Slot) -> (u32, u64) {
        let mut orders = 0;
        let mut lots = 0;
        let mut cursor = self.orders.prev(slot);
        while let Some(slot) = cursor {
            orders += 1;
            lots += u64::from(self.orders.get(slot).qty.lots());
            cursor = self.orders.prev(slot);
        }
        (orders, lots)
    }

    /// Checks every invariant of the book, in time proportional to its content.
    pub fn assert_consistent(&self) {
        if let (Some(bid), Some(ask)) = (self.best(Side::Buy), self.best(Side::Sell)) {
            assert!(bid < ask, "the book is not crossed: bid {bid}, offer {ask}");
        }
        let mut live = 0;
        for side in [Side::Buy, Side::Sell] {
            for (price, lots) in self.depth(side) {
                let mut sum = 0;
                for (slot, order) in self.queue_of(side, price) {
                    assert_eq!(
                        (order.side, order.price),
                        (side, price),
                        "an order stands at its level"
                    );
                    assert_eq!(self.find(order.id), Some(slot), "a live order is found by its id");
                    sum += u64::from(order.qty.lots());
                    live += 1;
                }
                assert_eq!(sum, lots, "a level's total is the sum of its orders");
                assert!(sum > 0, "an occupied level holds an order");
            }
        }
        assert_eq!(live, self.len(), "every live order stands at a level");
        assert_eq!(self.ids.count(), self.len() as usize, "every live order has one id");
    }
}
