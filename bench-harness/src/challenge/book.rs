//! Answers the challenge's messages from the engine's own book.

use seawall_engine::book::OrderBook;
use seawall_engine::matching::sweep;
use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::report::{Report, ReportKind, ReportSink};
use super::stream::{Message, MessageKind};

/// Prices from one tick up to 31 times the starting mid.
const PRICE_TICKS_MAX: u32 = 1 << 20;
/// Room at the start; the book doubles when it is full.
const ORDERS_MAX: u32 = 1 << 16;

/// An [`OrderBook`] that speaks the challenge's language. It keeps no state of its own beside it.
#[derive(Debug)]
pub struct ChallengeBook {
    book: OrderBook,
    orders_max: u32,
}

impl Default for ChallengeBook {
    fn default() -> Self {
        Self::new()
    }
}

impl ChallengeBook {
    /// An empty book.
    pub fn new() -> Self {
        Self { book: empty_book(ORDERS_MAX), orders_max: ORDERS_MAX }
    }

    /// Answers one message.
    #[inline]
    pub fn message(&mut self, seq: u64, message: &Message, sink: &mut impl ReportSink) {
        let Message { side, qty, order, price, .. } = *message;
        match message.kind {
            MessageKind::New { ioc } => self.new_order(seq, order, (side, price, qty), ioc, sink),
            MessageKind::Cancel => self.cancel(seq, order, sink),
            MessageKind::Modify => self.modify(seq, order, price, qty, sink),
        }
    }

    /// Takes in an order, matches it, and lets what is left rest or drops it.
    #[allow(clippy::inline_always, reason = "a call would pass the order through memory")]
    #[inline(always)]
    pub fn new_order(
        &mut self,
        seq: u64,
        order: u64,
        terms: (Side, i64, u32),
        ioc: bool,
        sink: &mut impl ReportSink,
    ) {
        let (side, price, _) = terms;
        let ack = Report::of_order(ReportKind::OrderAck, seq, order, terms);
        let rest_gone = || Report::of_order(ReportKind::CancelAck, seq, order, (side, price, 0));
        let Some((limit, qty)) = placeable(terms) else {
            sink.report(&ack);
            sink.report(&rest_gone());
            return;
        };
        if ioc {
            if self.book.crosses(side, limit) {
                self.immediate(seq, order, (side, limit, qty), sink);
            } else {
                sink.report(&ack);
                sink.report(&rest_gone());
            }
            return;
        }
        // Most orders meet nobody. They enter the book first and are acknowledged as the last thing
        // done: a call in the middle of the work would empty every register.
        let rests = !self.book.is_full()
            && self.book.insert_apart(OrderId(order), 0, side, limit, qty).is_some();
        sink.report(&ack);
        if !rests && let Some(left) = self.take(seq, order, (side, limit, qty), sink) {
            self.let_rest(order, side, limit, left);
        }
    }

    /// As [`Self::new_order`], of an order that meets somebody and whose rest is dropped.
    #[inline(never)]
    fn immediate(
        &mut self,
        seq: u64,
        order: u64,
        (side, limit, qty): (Side, Price, Qty),
        sink: &mut impl ReportSink,
    ) {
        let price = i64::from(limit.ticks());
        let report = |kind, lots| Report::of_order(kind, seq, order, (side, price, lots));
        sink.report(&report(ReportKind::OrderAck, qty.lots()));
        if self.take(seq, order, (side, limit, qty), sink).is_some() {
            sink.report(&report(ReportKind::CancelAck, 0));
        }
    }

    /// Cancels a resting order.
    #[allow(clippy::inline_always, reason = "a call would pass the order through memory")]
    #[inline(always)]
    pub fn cancel(&mut self, seq: u64, order: u64, sink: &mut impl ReportSink) {
        match self.book.take_out(OrderId(order)) {
            Some(gone) => {
                let terms = (gone.side, i64::from(gone.price.ticks()), 0);
                sink.report(&Report::of_order(ReportKind::CancelAck, seq, order, terms));
            }
            None => sink.report(&Report::new(ReportKind::CancelReject, seq, order)),
        }
    }

    /// Removes a resting order and enters it again as a new one of that price and quantity.
    #[allow(clippy::inline_always, reason = "a call would pass the order through memory")]
    #[inline(always)]
    pub fn modify(
        &mut self,
        seq: u64,
        order: u64,
        price: i64,
        qty: u32,
        sink: &mut impl ReportSink,
    ) {
        let Some(slot) = self.book.find(OrderId(order)) else {
            sink.report(&Report::new(ReportKind::ModifyReject, seq, order));
            return;
        };
        let side = self.book.order(slot).side;
        let terms = (side, price, qty);
        let Some((limit, lots)) = placeable(terms) else {
            sink.report(&Report::new(ReportKind::ModifyReject, seq, order));
            return;
        };
        if self.book.crosses(side, limit) {
            self.book.remove(slot);
            if let Some(left) = self.take(seq, order, (side, limit, lots), sink) {
                self.let_rest(order, side, limit, left);
            }
        } else {
            self.book.requeue(slot, limit, lots);
        }
        sink.report(&Report::of_order(ReportKind::ModifyAck, seq, order, terms));
    }

    /// Matches an order and reports its trades; says what is left of it.
    #[inline(never)]
    fn take(
        &mut self,
        seq: u64,
        taker: u64,
        (side, limit, qty): (Side, Price, Qty),
        sink: &mut impl ReportSink,
    ) -> Option<Qty> {
        sweep(&mut self.book, side, limit, qty, |fill| {
            let price = i64::from(fill.price.ticks());
            let maker = fill.maker.0;
            let report =
                Report::of_order(ReportKind::Trade, seq, 0, (side, price, fill.qty.lots()));
            sink.report(&Report { maker, taker, ..report });
        })
    }

    /// Lets what is left of an order rest.
    #[inline(never)]
    fn let_rest(&mut self, order: u64, side: Side, price: Price, qty: Qty) {
        self.insert(order, side, price, qty);
    }

    #[inline]
    fn insert(&mut self, order: u64, side: Side, price: Price, qty: Qty) {
        if self.book.is_full() {
            self.grow();
        }
        self.book.insert(OrderId(order), 0, side, price, qty);
    }

    /// Moves every order, in its priority, into a book of twice the room.
    #[cold]
    fn grow(&mut self) {
        self.orders_max *= 2;
        let mut larger = empty_book(self.orders_max);
        for side in [Side::Buy, Side::Sell] {
            for (price, _) in self.book.depth(side) {
                for (_, order) in self.book.queue(price) {
                    larger.insert(order.id, order.owner, side, price, order.qty);
                }
            }
        }
        self.book = larger;
    }

    /// Best price of a side, in ticks.
    pub fn best(&self, side: Side) -> Option<i64> {
        self.book.best(side).map(|price| i64::from(price.ticks()))
    }

    /// Quantity resting at a price on that side.
    pub fn lots_at(&self, side: Side, price: i64) -> u64 {
        let Some(price) = u32::try_from(price).ok().and_then(Price::new) else { return 0 };
        match self.book.queue(price).next() {
            Some((_, first)) if first.side == side => self.book.lots_at(price),
            _ => 0,
        }
    }
}

fn empty_book(orders_max: u32) -> OrderBook {
    let highest = Price::new(PRICE_TICKS_MAX).expect("a price within the engine's bounds");
    OrderBook::new((Price::MIN, highest), orders_max)
}

/// Price and quantity if the book can hold them. The challenge has no way to refuse a new order,
/// so what cannot be placed is acknowledged and cancelled; its streams never come near the bounds.
#[inline]
fn placeable((_, price, qty): (Side, i64, u32)) -> Option<(Price, Qty)> {
    let price = u32::try_from(price).ok().filter(|ticks| *ticks <= PRICE_TICKS_MAX)?;
    Some((Price::new(price)?, Qty::new(qty)?))
}
