//! The engine's book, kept in the record's priority.
//!
//! Most records enter an order when it takes its place, and then the engine's own rule, first in
//! first out, is the record's ([`Priority::Arrival`]). Inside, such an order goes by the number of
//! its arrival, because an exchange may let an order keep its id and lose its place. LOBSTER is
//! another matter ([`Priority::Id`]). Nasdaq numbers orders as it takes them, so at one price a smaller id stands ahead. A message
//! file is not in that order: LOBSTER shows a window of price levels, and an order that rested
//! outside the window gets its type-1 row only when the window reaches it, behind younger orders.
//! The engine's book is first in, first out by arrival, without exception. So when a late order
//! enters a level, the orders there with larger ids leave and enter again behind it, in id order:
//! every order of a level always stands by id, and the engine needs no second rule.

use std::collections::HashMap;

use seawall_engine::book::{OrderBook, RestingOrder};
use seawall_engine::matching::{Fill, sweep};
use seawall_engine::types::{OrderId, Price, Qty, Side};

use crate::feeds::Priority;

/// A resting order as a message file knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) id: OrderId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) qty: Qty,
}

/// Tag of an order that entered late, so that its place in the queue is inferred.
pub(super) const LATE: u32 = 1;
const ON_TIME: u32 = 0;

/// What it took to keep orders by id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Reordering {
    /// Orders that entered with an id below one seen before.
    pub(super) late_entries: u64,
    /// Those that found a larger id at their price.
    pub(super) late_entries_reordered: u64,
    /// Orders that were entered again behind one of them.
    pub(super) orders_reentered: u64,
}

/// Orders by arrival: the number inside the book for the record's id, and back.
#[derive(Debug, Default)]
struct Arrivals {
    next: u64,
    number: HashMap<OrderId, OrderId>,
    id: HashMap<OrderId, OrderId>,
}

/// An [`OrderBook`] whose levels stand in the record's priority.
#[derive(Debug)]
pub(super) struct OrderedBook {
    book: OrderBook,
    /// None where the record's own ids are the priority.
    arrivals: Option<Arrivals>,
    id_max: OrderId,
    behind: Vec<RestingOrder>,
    pub(super) reordering: Reordering,
}

impl OrderedBook {
    pub(super) fn new(domain: (Price, Price), orders_max: u32, priority: Priority) -> Self {
        Self {
            book: OrderBook::new(domain, orders_max),
            arrivals: (priority == Priority::Arrival).then(Arrivals::default),
            id_max: OrderId(0),
            behind: Vec::new(),
            reordering: Reordering::default(),
        }
    }

    pub(super) const fn book(&self) -> &OrderBook {
        &self.book
    }

    /// The order of that id, if it rests.
    pub(super) fn get(&self, id: OrderId) -> Option<RestingOrder> {
        self.book.find(self.number(id)?).map(|slot| self.book.order(slot))
    }

    /// What the book calls the order of that id, if it may rest.
    fn number(&self, id: OrderId) -> Option<OrderId> {
        match &self.arrivals {
            Some(arrivals) => arrivals.number.get(&id).copied(),
            None => Some(id),
        }
    }

    /// The record's id of an order that the book calls so.
    fn id(&self, number: OrderId) -> OrderId {
        let arrivals = self.arrivals.as_ref();
        arrivals.and_then(|arrivals| arrivals.id.get(&number).copied()).unwrap_or(number)
    }

    /// The record's id of the order at the head of a level, if there is one.
    pub(super) fn head(&self, price: Price) -> Option<OrderId> {
        self.book.queue(price).next().map(|(_, order)| self.id(order.id))
    }

    /// Enters an order at its place. The book must have room, the price be in its domain and the
    /// order not cross.
    pub(super) fn enter(&mut self, mut entry: Entry) {
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.next += 1;
            let number = OrderId(arrivals.next);
            arrivals.number.insert(entry.id, number);
            arrivals.id.insert(number, entry.id);
            entry.id = number;
        }
        let late = entry.id < self.id_max;
        self.id_max = self.id_max.max(entry.id);
        if late {
            self.reordering.late_entries += 1;
            let moved = self.enter_behind_smaller(entry, LATE);
            self.reordering.late_entries_reordered += u64::from(moved > 0);
            self.reordering.orders_reentered += moved;
        } else {
            self.append(entry, ON_TIME);
        }
    }

    /// Enters an order whose level may hold larger ids; says how many moved behind it.
    fn enter_behind_smaller(&mut self, entry: Entry, tag: u32) -> u64 {
        let mut behind = std::mem::take(&mut self.behind);
        behind.clear();
        behind.extend(self.book.queue(entry.price).map(|(_, order)| order));
        behind.retain(|order| order.id > entry.id);
        for order in &behind {
            self.take_out(order.id);
        }
        self.append(entry, tag);
        for order in &behind {
            let RestingOrder { id, owner, side, price, qty, .. } = *order;
            self.append(Entry { id, side, price, qty }, owner);
        }
        let moved = behind.len() as u64;
        self.behind = behind;
        moved
    }

    fn append(&mut self, Entry { id, side, price, qty }: Entry, tag: u32) {
        self.book.insert(id, tag, side, price, qty);
    }

    fn take_out(&mut self, id: OrderId) -> Option<RestingOrder> {
        self.book.find(id).map(|slot| self.book.remove(slot))
    }

    /// Removes an order, if it rests.
    pub(super) fn delete(&mut self, id: OrderId) -> Option<RestingOrder> {
        let order = self.take_out(self.number(id)?)?;
        self.forget(id);
        Some(order)
    }

    fn forget(&mut self, id: OrderId) {
        if let Some(arrivals) = &mut self.arrivals
            && let Some(number) = arrivals.number.remove(&id)
        {
            arrivals.id.remove(&number);
        }
    }

    /// Takes `lots` off an order, which leaves the book when nothing is left. It keeps its place.
    pub(super) fn reduce(&mut self, id: OrderId, lots: Qty) -> Option<RestingOrder> {
        let slot = self.book.find(self.number(id)?)?;
        let order = self.book.order(slot);
        let leaves = order.qty.lots().saturating_sub(lots.lots());
        match Qty::new(leaves) {
            Some(leaves) => self.book.reduce(slot, leaves),
            None => {
                self.book.remove(slot);
                self.forget(id);
            }
        }
        Some(order)
    }

    /// Sends an aggressor through the engine's own matching. The makers of the fills have the
    /// record's ids; [`Self::keep`] or [`Self::restore`] must follow.
    pub(super) fn sweep(&mut self, side: Side, limit: Price, qty: Qty, fills: &mut Vec<Fill>) {
        sweep(&mut self.book, side, limit, qty, |fill| fills.push(fill));
        for fill in fills {
            fill.maker = self.id(fill.maker);
        }
    }

    /// Accepts the fills of the last sweep: makers that are gone are forgotten.
    pub(super) fn keep(&mut self, fills: &[Fill]) {
        for fill in fills.iter().filter(|fill| fill.maker_leaves_lots == 0) {
            self.forget(fill.maker);
        }
    }

    /// Undoes the fills of the last sweep of `side`: the makers stand again as they stood.
    pub(super) fn restore(&mut self, side: Side, fills: &[Fill]) {
        for fill in fills {
            let number = self.number(fill.maker).expect("a maker was not forgotten yet");
            self.take_out(number);
            let lots = fill.qty.lots() + fill.maker_leaves_lots;
            let qty = Qty::new(lots).expect("it was a quantity before the sweep");
            let entry = Entry { id: number, side: side.opposite(), price: fill.price, qty };
            self.enter_behind_smaller(entry, fill.owner);
        }
    }
}
