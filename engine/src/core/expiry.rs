//! Orders with a last second: a shard-wide heap of when they expire.
//!
//! An order that leaves otherwise leaves its entry behind. Stale entries are dropped when they
//! come to the top after an input, so the top is always a live order; the heap is cleared of the
//! rest when it would have to grow.

use ::core::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Engine;
use super::details::flag;
use super::market::Market;
use crate::types::{CancelCause, EventSink, OrderId, SymbolId};

/// Most orders that expire before one input; the rest follow with the next ones.
pub const EXPIRIES_PER_INPUT_MAX: u32 = 64;

/// When which order expires: the order in which they do.
type Entry = Reverse<(u32, SymbolId, OrderId)>;

const NS_PER_S: u64 = 1_000_000_000;

/// Everything that will expire.
#[derive(Debug)]
pub(super) struct Expiries {
    heap: BinaryHeap<Entry>,
}

impl Expiries {
    pub(super) fn new(room: usize) -> Self {
        Self { heap: BinaryHeap::with_capacity(room) }
    }

    /// Adds a resting order.
    pub(super) fn push(
        &mut self,
        markets: &[Market],
        expiry_s: u32,
        symbol: SymbolId,
        order: OrderId,
    ) {
        let entry = Reverse((expiry_s, symbol, order));
        if self.heap.len() == self.heap.capacity() {
            self.make_room(markets);
            if self.heap.len() == self.heap.capacity() && self.heap.iter().any(|e| *e == entry) {
                return;
            }
        }
        self.heap.push(entry);
    }

    /// Drops entries of orders that are gone, and all but one of an order that was replaced, or
    /// whose id and second were used again.
    #[cold]
    fn make_room(&mut self, markets: &[Market]) {
        self.heap.retain(|entry| is_live(markets, entry));
        let mut entries = ::core::mem::take(&mut self.heap).into_vec();
        entries.sort_unstable();
        entries.dedup();
        self.heap = entries.into();
    }

    /// How many entries there are, those of orders that are gone included.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// When the next order expires.
    #[inline]
    pub(super) fn next_ns(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((expiry_s, ..))| u64::from(*expiry_s) * NS_PER_S)
    }

    /// Drops entries of orders that are gone, as far as they stand at the top.
    #[inline]
    pub(super) fn prune(&mut self, markets: &[Market]) {
        while self.heap.peek().is_some_and(|entry| !is_live(markets, entry)) {
            self.heap.pop();
        }
    }
}

fn is_live(markets: &[Market], Reverse((expiry_s, symbol, order)): &Entry) -> bool {
    let market = &markets[symbol.index()];
    market.book.find(*order).is_some_and(|slot| {
        market.book.order(slot).flags & flag::GOOD_TILL != 0
            && market.details.get(slot).expiry_s == *expiry_s
    })
}

/// Whether an order with that last second is over.
pub(super) fn is_over(expiry_s: u32, time_ns: u64) -> bool {
    u64::from(expiry_s) * NS_PER_S <= time_ns
}

impl Engine {
    /// Cancels what has expired by now.
    #[inline]
    pub(super) fn expire(&mut self, sink: &mut impl EventSink) {
        if self.expiries.next_ns().is_some_and(|at_ns| at_ns <= self.time_ns) {
            self.expire_due(sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn expire_due(&mut self, sink: &mut impl EventSink) {
        for _ in 0..EXPIRIES_PER_INPUT_MAX {
            let due = self.expiries.next_ns().is_some_and(|at_ns| at_ns <= self.time_ns);
            let Some(Reverse((_, symbol, order))) = due.then(|| self.expiries.heap.pop()).flatten()
            else {
                return;
            };
            let market = &mut self.markets[symbol.index()];
            let slot = market.book.find(order).expect("the top of the heap is a live order");
            let (book, mut settlement) = market.split(&mut self.ledger, sink);
            settlement.cancel(book, slot, CancelCause::Expired);
            self.expiries.prune(&self.markets);
        }
    }

    /// Notes the last second of an order that joined the book.
    pub(super) fn note_expiry(&mut self, symbol: SymbolId, order: OrderId) {
        let market = &self.markets[symbol.index()];
        let Some(slot) = market.book.find(order) else { return };
        let expiry_s = market.details.get(slot).expiry_s;
        self.expiries.push(&self.markets, expiry_s, symbol, order);
    }
}
