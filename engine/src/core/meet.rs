//! What happens between a taker and a maker about which something is special
//! (`docs/ORDERS.md`): orders of one party do not trade, a reduce-only order trades no more than
//! its owner's position, an iceberg order shows its next part.

use ::core::ops::ControlFlow;

use super::details::flag;
use super::settle::{Settlement, Taker};
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::canary::{Canary, planted};
use crate::matching::{Fill, Makers};
use crate::risk::Ledger;
use crate::types::{AccountId, CancelCause, Event, EventSink, OrderId, Qty, SelfTrade};

/// What a taker has left, and whether it goes on.
type Left = ControlFlow<Option<Qty>, Option<Qty>>;

/// A taker's way through the book.
pub(super) struct Crossing<'a, 'b, S> {
    pub(super) settlement: &'a mut Settlement<'b, S>,
    pub(super) taker: &'a Taker,
}

impl<S: EventSink> Makers for Crossing<'_, '_, S> {
    #[inline]
    fn guarded(&self) -> bool {
        self.taker.self_trade != SelfTrade::Allow
    }

    #[inline]
    fn fill(&mut self, fill: Fill) {
        self.settlement.fill(self.taker, &fill);
    }

    #[inline(never)]
    fn meet(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        wanted: Qty,
    ) -> Left {
        let mode = self.taker.self_trade;
        if mode != SelfTrade::Allow
            && maker.flags & flag::FORCED == 0
            && same_party(self.settlement.ledger, self.taker.account, AccountId(maker.owner))
        {
            return self.prevent(book, slot, maker, wanted);
        }
        let mut most = wanted;
        if maker.flags & flag::REDUCE_ONLY != 0 && !planted(Canary::ReduceOnlyOvershoots) {
            let Some(allowed) = self.settlement.may_reduce(maker) else {
                self.settlement.cancel(book, slot, CancelCause::ReduceOnly);
                return ControlFlow::Continue(Some(wanted));
            };
            most = wanted.min(allowed);
        }
        let (maker, linked) = self.settlement.untie(book, slot, *maker);
        let traded = self.settlement.trade_flagged(book, slot, &maker, self.taker, most);
        if let Some(other) = linked {
            self.settlement.cancel_linked(book, other);
        }
        ControlFlow::Continue(wanted.minus(traded))
    }
}

impl<S: EventSink> Crossing<'_, '_, S> {
    /// Two orders of one party met.
    fn prevent(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        wanted: Qty,
    ) -> Left {
        let cause = CancelCause::SelfTrade;
        match self.taker.self_trade {
            SelfTrade::Allow => unreachable!("they would trade"),
            SelfTrade::CancelNewest => ControlFlow::Break(Some(wanted)),
            SelfTrade::CancelOldest => {
                self.settlement.cancel(book, slot, cause);
                ControlFlow::Continue(Some(wanted))
            }
            SelfTrade::CancelBoth => {
                self.settlement.cancel(book, slot, cause);
                ControlFlow::Break(Some(wanted))
            }
            SelfTrade::Decrement => {
                let cut = wanted.min(self.settlement.details.total(slot, maker));
                self.settlement.cut(book, slot, maker, cut, cause);
                let left = wanted.minus(cut);
                let Taker { order, account, .. } = *self.taker;
                self.settlement.say_cut((order, account), cut, left, cause);
                ControlFlow::Continue(left)
            }
        }
    }
}

impl<S: EventSink> Settlement<'_, S> {
    /// Takes an order out of the book, gives its reserve back and says so.
    pub(super) fn cancel(&mut self, book: &mut OrderBook, slot: Slot, cause: CancelCause) {
        let (order, qty) = self.withdraw(book, slot);
        self.sink.event(Event::Cancelled {
            symbol: self.symbol,
            account: AccountId(order.owner),
            order: order.id,
            qty,
            cause,
        });
    }

    /// Takes an order out of the book and gives its reserve back. Returns it with its whole open
    /// quantity.
    pub(super) fn withdraw(&mut self, book: &mut OrderBook, slot: Slot) -> (RestingOrder, Qty) {
        let order = if book.in_call() { book.remove_in_call(slot) } else { book.remove(slot) };
        let total = self.details.total(slot, &order);
        let account = AccountId(order.owner);
        self.open_orders.remove(&mut self.positions[account.index()], slot);
        if order.flags != 0 {
            self.details.forget(order.flags);
            self.free_partner(book, slot, &order);
        }
        self.shrink(&order, total.lots(), 0);
        (order, total)
    }

    /// An order's whole open quantity falls: so do its owner's open lots and its reserve.
    pub(super) fn shrink(&mut self, order: &RestingOrder, before: u32, after: u32) {
        let account = AccountId(order.owner);
        let position = &mut self.positions[account.index()];
        if order.flags & (flag::REDUCE_ONLY | flag::FORCED) != 0 {
            // It reserves nothing.
            if order.flags & flag::REDUCE_ONLY != 0 {
                position.reduce_lots -= before - after;
            }
            return;
        }
        position.open_lots[order.side.index()] -= before - after;
        let initial = self.initial(account);
        let released = self.rules.reserve(order.price, before, initial)
            - self.rules.reserve(order.price, after, initial);
        self.ledger.release(account, released);
    }

    /// Cuts an order by so much, what is hidden first; it keeps its place, or goes if nothing is
    /// left.
    pub(super) fn cut(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        order: &RestingOrder,
        cut: Qty,
        cause: CancelCause,
    ) {
        let total = self.details.total(slot, order);
        if cut == total {
            self.cancel(book, slot, cause);
            return;
        }
        let hidden_cut = cut.lots().min(self.details.hidden_lots(slot, order));
        if hidden_cut > 0 {
            self.details.get_mut(slot).hidden_lots -= hidden_cut;
        }
        let shown = order.qty.lots() - (cut.lots() - hidden_cut);
        let shown = Qty::new(shown).expect("what is hidden is cut first");
        if shown != order.qty {
            if book.in_call() {
                book.reduce_in_call(slot, shown);
            } else {
                book.reduce(slot, shown);
            }
        }
        self.shrink(order, total.lots(), total.lots() - cut.lots());
        self.say_cut((order.id, AccountId(order.owner)), cut, Some(shown), cause);
    }

    /// How much of a reduce-only maker may trade, if any.
    pub(super) fn may_reduce(&self, maker: &RestingOrder) -> Option<Qty> {
        let position = &self.positions[AccountId(maker.owner).index()];
        let lots = position.closing_lots(maker.side, u64::from(maker.qty.lots()));
        u32::try_from(lots).ok().and_then(Qty::new)
    }

    /// Trades with the first order of a level, which has flags; returns how much. An iceberg order
    /// whose shown part is used up shows the next one, at the back of the level's queue.
    fn trade_flagged(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        taker: &Taker,
        most: Qty,
    ) -> Qty {
        let qty = most.min(maker.qty);
        let total = self.details.total(slot, maker).lots();
        let next = self.draw(book, slot, maker, qty);
        self.fill_flagged(taker, maker, qty, total);
        if let Some(part) = next {
            self.say_part(maker, part);
        }
        qty
    }

    /// Takes lots of the first order of a level out of the book. Returns the next part of an
    /// iceberg order whose shown part is used up.
    pub(super) fn draw(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        qty: Qty,
    ) -> Option<Qty> {
        let hidden = self.details.hidden_lots(slot, maker);
        let used_up = qty == maker.qty;
        let position = &mut self.positions[AccountId(maker.owner).index()];
        if used_up && hidden > 0 {
            let detail = self.details.get_mut(slot);
            let part = hidden.min(detail.display_lots);
            detail.hidden_lots -= part;
            let part = Qty::new(part).expect("a part of what is hidden");
            if book.in_call() {
                book.refill_front_in_call(slot, part);
            } else {
                book.refill_front(slot, part);
            }
            self.open_orders.remove(position, slot);
            self.open_orders.push(position, slot);
            return Some(part);
        }
        if book.in_call() {
            book.fill_front_in_call(slot, maker, qty);
        } else {
            book.fill_front(slot, maker, qty);
        }
        if used_up {
            self.open_orders.remove(position, slot);
            if maker.flags != 0 {
                self.details.forget(maker.flags);
            }
        }
        None
    }

    /// Says that the next part of an iceberg order is shown.
    pub(super) fn say_part(&mut self, order: &RestingOrder, qty: Qty) {
        let RestingOrder { id: order, side, price, owner, .. } = *order;
        let (symbol, account) = (self.symbol, AccountId(owner));
        self.sink.event(Event::Rested { symbol, account, order, side, price, qty });
    }

    /// Books a fill with a maker that has flags; `total` is its whole quantity before it.
    fn fill_flagged(&mut self, taker: &Taker, maker: &RestingOrder, qty: Qty, total: u32) {
        let account = AccountId(maker.owner);
        self.say_trade(taker, maker.price, qty, (maker.id, account, maker.qty.lots() - qty.lots()));
        let lots = u64::from(qty.lots());
        let value = self.value(maker.price, lots);
        self.shrink(maker, total, total - qty.lots());
        self.book_maker(maker, lots, value);
        self.taker_fill(taker, lots, value);
    }

    /// Says that an order shrank by so much, or is gone.
    fn say_cut(
        &mut self,
        (order, account): (OrderId, AccountId),
        cut: Qty,
        left: Option<Qty>,
        cause: CancelCause,
    ) {
        let symbol = self.symbol;
        self.sink.event(match left {
            Some(qty) => Event::Reduced { symbol, account, order, qty, cause },
            None => Event::Cancelled { symbol, account, order, qty: cut, cause },
        });
    }
}

/// Whether two accounts count as one for self-trade prevention.
#[inline]
pub(super) fn same_party(ledger: &Ledger, one: AccountId, other: AccountId) -> bool {
    let group = ledger.account(one).group;
    let same = one == other || (group != 0 && group == ledger.account(other).group);
    same && !planted(Canary::SelfTradeIgnored)
}
