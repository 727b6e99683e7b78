//! One cancels other: two live orders of an account, of which at most one comes to anything
//! (`docs/ORDERS.md`, One cancels other).
//!
//! Each of the two knows the other's id: a resting order in its details, under a flag that takes
//! its fills off the plain path, a waiting stop in its note.

use super::Engine;
use super::details::{Detail, flag};
use super::market::Market;
use super::settle::Settlement;
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::types::{
    AccountId, CancelCause, Event, EventSink, OrderId, Qty, RejectReason, SymbolId,
};

impl Engine {
    /// Links two live orders. A refusal names the order that it is about.
    pub(super) fn link(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        (order, other): (OrderId, OrderId),
        sink: &mut impl EventSink,
    ) -> Result<(), (RejectReason, OrderId)> {
        let about = |id| move |reason| (reason, id);
        self.check_symbol(symbol).map_err(about(order))?;
        self.check_trader(account).map_err(about(order))?;
        if order == other {
            return Err((RejectReason::LinkToItself, order));
        }
        let market = &mut self.markets[symbol.index()];
        for id in [order, other] {
            if !market.is_live(account, id) {
                return Err((RejectReason::UnknownOrder, id));
            }
        }
        for id in [order, other] {
            if market.is_linked(id) {
                return Err((RejectReason::AlreadyLinked, id));
            }
        }
        market.tie(order, other);
        market.tie(other, order);
        sink.event(Event::Linked { symbol, account, order, other });
        Ok(())
    }
}

impl Market {
    /// Whether an order of that id rests or waits, and is the account's.
    fn is_live(&self, account: AccountId, id: OrderId) -> bool {
        self.find(account, id).is_some() || self.stops.owner(id) == Some(account)
    }

    fn is_linked(&mut self, id: OrderId) -> bool {
        match self.book.find(id) {
            Some(slot) => self.book.order(slot).flags & flag::LINKED != 0,
            None => self.stops.linked_mut(id).is_some_and(|linked| *linked != 0),
        }
    }

    /// Notes with one order that it is linked to another.
    fn tie(&mut self, id: OrderId, to: OrderId) {
        let Some(slot) = self.book.find(id) else {
            *self.stops.linked_mut(id).expect("a live order rests or waits") = to.0;
            return;
        };
        let flags = self.book.order(slot).flags;
        if flags == 0 {
            *self.details.get_mut(slot) = Detail::NONE;
        }
        self.details.get_mut(slot).linked = to.0;
        self.details.reflag(flags, flags | flag::LINKED);
        self.book.set_flags(slot, flags | flag::LINKED);
    }

    /// Takes an account's waiting stop out; the order that it was linked to stays, on its own.
    pub(super) fn cancel_stop(&mut self, account: AccountId, id: OrderId) -> Option<Qty> {
        let gone = self.stops.cancel(account, id)?;
        if let Some(other) = gone.linked {
            match self.book.find(other) {
                Some(slot) => untie(&mut self.book, &mut self.details, slot),
                None => *self.stops.linked_mut(other).expect("a partner rests or waits") = 0,
            }
        }
        Some(gone.qty)
    }

    /// Owner and link, 0 for none, of an order that rests or waits.
    fn leg(&self, id: OrderId) -> Option<(u32, u64)> {
        let Some(slot) = self.book.find(id) else { return self.stops.leg(id) };
        let order = self.book.order(slot);
        let linked = order.flags & flag::LINKED != 0;
        Some((order.owner, if linked { self.details.get(slot).linked } else { 0 }))
    }

    /// Whether an order's link, if it has one, leads to another order of its owner and back.
    pub(super) fn link_holds(&self, owner: u32, id: OrderId) -> bool {
        match self.leg(id) {
            Some((_, 0)) => true,
            Some((_, other)) => other != id.0 && self.leg(OrderId(other)) == Some((owner, id.0)),
            None => false,
        }
    }
}

impl<S: EventSink> Settlement<'_, S> {
    /// A resting order is about to trade: its link, if it has one, ends. Returns the order as it is
    /// then, and the one that it was linked to.
    pub(super) fn untie(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        order: RestingOrder,
    ) -> (RestingOrder, Option<OrderId>) {
        if order.flags & flag::LINKED == 0 {
            return (order, None);
        }
        let other = OrderId(self.details.get(slot).linked);
        untie(book, self.details, slot);
        (RestingOrder { flags: order.flags & !flag::LINKED, ..order }, Some(other))
    }

    /// A linked order has traded or triggered: the other one is cancelled.
    pub(super) fn cancel_linked(&mut self, book: &mut OrderBook, other: OrderId) {
        let cause = CancelCause::Linked;
        if let Some(slot) = book.find(other) {
            untie(book, self.details, slot);
            self.cancel(book, slot, cause);
            return;
        }
        let gone = self.stops.take_out(other).expect("a partner rests or waits");
        let (symbol, account) = (self.symbol, gone.account);
        self.sink.event(Event::Cancelled { symbol, account, order: other, qty: gone.qty, cause });
    }

    /// An order has left the book otherwise: the one that it was linked to stays, on its own.
    pub(super) fn free_partner(&mut self, book: &mut OrderBook, slot: Slot, order: &RestingOrder) {
        if order.flags & flag::LINKED == 0 {
            return;
        }
        let other = OrderId(self.details.get(slot).linked);
        match book.find(other) {
            Some(slot) => untie(book, self.details, slot),
            None => *self.stops.linked_mut(other).expect("a partner rests or waits") = 0,
        }
    }
}

/// Takes the mark of a link off a resting order.
fn untie(book: &mut OrderBook, details: &mut super::details::Details, slot: Slot) {
    let flags = book.order(slot).flags;
    details.get_mut(slot).linked = 0;
    details.reflag(flags, flags & !flag::LINKED);
    book.set_flags(slot, flags & !flag::LINKED);
}
