//! A book during a call: orders join without trading, so its sides may cross.
//!
//! A level of the ladder holds one side only. For the time of a call the offers stand in a ladder
//! of their own, level by level as they were; the orders, their ids and their places in the
//! queues stay where they are. Nothing of this is looked at on the way of an ordinary order.

use super::id_table::IdTable;
use super::ladder::Ladder;
use super::orders::OrderStore;
use super::{OrderBook, RestingOrder, Slot};
use crate::types::{Price, Qty, Side};

/// Where the offers stand during a call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) offers: Ladder,
    pub(super) is_open: bool,
}

impl OrderBook {
    /// A book that can hold calls; otherwise as [`OrderBook::new`].
    pub fn with_calls(domain: (Price, Price), orders_max: u32) -> Self {
        let call = Call { offers: Ladder::new(domain), is_open: false };
        Self { call: Some(Box::new(call)), ..Self::new(domain, orders_max) }
    }

    /// Whether orders join without trading.
    #[inline]
    pub fn in_call(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.is_open)
    }

    /// From now on orders join without trading.
    ///
    /// Panics if the book cannot hold calls, or holds one.
    pub fn open_call(&mut self) {
        let call = self.call.as_mut().expect("a book that can hold calls");
        assert!(!call.is_open, "a call is opened once");
        call.is_open = true;
        self.ladder.hand_over(Side::Sell, &mut call.offers);
    }

    /// The book is an ordinary one again.
    ///
    /// Panics if no call is open or the sides cross.
    pub fn close_call(&mut self) {
        let (bid, offer) = (self.best_in_call(Side::Buy), self.best_in_call(Side::Sell));
        let crossed = bid.is_some_and(|bid| offer.is_some_and(|offer| bid >= offer));
        assert!(!crossed, "a call ends with sides that do not cross");
        let call = self.call.as_mut().expect("a book that can hold calls");
        assert!(call.is_open, "a call that is open is closed");
        call.is_open = false;
        call.offers.hand_over(Side::Sell, &mut self.ladder);
    }

    /// The ladder on which a side stands now.
    pub(super) fn ladder_of(&self, side: Side) -> &Ladder {
        match &self.call {
            Some(call) if call.is_open && side == Side::Sell => &call.offers,
            _ => &self.ladder,
        }
    }

    /// The ladder on which a side stands now, and what stands beside it.
    fn parts_of(&mut self, side: Side) -> (&mut Ladder, &mut OrderStore, &mut IdTable) {
        let ladder = match &mut self.call {
            Some(call) if call.is_open && side == Side::Sell => &mut call.offers,
            _ => &mut self.ladder,
        };
        (ladder, &mut self.orders, &mut self.ids)
    }

    /// The best price of a side, in a call or not.
    pub fn best_in_call(&self, side: Side) -> Option<Price> {
        self.ladder_of(side).best(side)
    }

    /// The first order at the best price of a side, in a call or not.
    pub(crate) fn front_in_call(&self, side: Side) -> Option<Slot> {
        self.ladder_of(side).front(side)
    }

    /// The lowest level of a side at or above a price, during a call.
    pub(crate) fn level_at_or_above(&self, side: Side, price: Price) -> Option<(Price, u64)> {
        self.ladder_of(side).level_at_or_above(side, price)
    }

    /// Adds an order at the end of its level's queue, whether or not it crosses.
    pub(crate) fn insert_in_call(&mut self, order: RestingOrder) -> Slot {
        let RestingOrder { id, side, price, qty, .. } = order;
        let (ladder, orders, ids) = self.parts_of(side);
        let slot = orders.reserve();
        let ahead = ladder.append(slot, side, price, qty);
        orders.fill(slot, order, ahead);
        ids.insert(id, slot, orders);
        slot
    }

    /// As [`OrderBook::remove`].
    pub(crate) fn remove_in_call(&mut self, slot: Slot) -> RestingOrder {
        let order = self.orders.get(slot);
        let (ladder, orders, ids) = self.parts_of(order.side);
        ladder.unlink(orders, slot, order);
        ids.remove(order.id, slot);
        orders.release(slot);
        order
    }

    /// As [`OrderBook::reduce`].
    pub(crate) fn reduce_in_call(&mut self, slot: Slot, qty: Qty) {
        let order = self.orders.get(slot);
        let (ladder, orders, _) = self.parts_of(order.side);
        orders.set_qty(slot, qty);
        ladder.shrink(order.price, order.qty.lots() - qty.lots());
    }

    /// As [`OrderBook::fill_front`].
    pub(crate) fn fill_front_in_call(&mut self, slot: Slot, order: &RestingOrder, lots: Qty) {
        match order.qty.minus(lots) {
            Some(leaves) => self.reduce_in_call(slot, leaves),
            None => {
                self.remove_in_call(slot);
            }
        }
    }

    /// As [`OrderBook::refill_front`].
    pub(crate) fn refill_front_in_call(&mut self, slot: Slot, qty: Qty) {
        let order = self.orders.get(slot);
        let (ladder, orders, _) = self.parts_of(order.side);
        ladder.pop_front(orders, slot, &order);
        let ahead = ladder.append(slot, order.side, order.price, qty);
        orders.reset(slot, order.price, qty, ahead);
    }

    /// Orders of one side at a price from first to last, in a call or not.
    pub fn queue_of(
        &self,
        side: Side,
        price: Price,
    ) -> impl Iterator<Item = (Slot, RestingOrder)> + '_ {
        let head = self.in_domain(price).then(|| self.ladder_of(side).head(price)).flatten();
        // A level holds one side: the first order tells, and the other side's is not walked.
        let mut next = head.filter(|slot| self.orders.get(*slot).side == side);
        ::core::iter::from_fn(move || {
            let slot = next?;
            next = self.orders.next(slot);
            Some((slot, self.orders.get(slot)))
        })
    }
}
