//! What happens between a taker and a maker about which something is special
//! (`docs/ORDERS.md`): orders of one account or group do not trade.

use ::core::ops::ControlFlow;

use super::settle::{Settlement, Taker};
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::matching::{Fill, Makers, trade};
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
            && same_party(self.settlement.ledger, self.taker.account, AccountId(maker.owner))
        {
            return self.prevent(book, slot, maker, wanted);
        }
        let (left, fill) = trade(book, slot, maker, wanted);
        self.fill(fill);
        ControlFlow::Continue(left)
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
                let cut = wanted.min(maker.qty);
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
        let order = self.withdraw(book, slot);
        self.sink.event(Event::Cancelled {
            symbol: self.symbol,
            account: AccountId(order.owner),
            order: order.id,
            qty: order.qty,
            cause,
        });
    }

    /// Takes an order out of the book and gives its reserve back.
    pub(super) fn withdraw(&mut self, book: &mut OrderBook, slot: Slot) -> RestingOrder {
        let order = book.remove(slot);
        let account = AccountId(order.owner);
        let initial = self.initial(account);
        let reserve = self.rules.reserve(order.price, order.qty.lots(), initial);
        let position = &mut self.positions[account.index()];
        self.open_orders.remove(position, slot);
        position.open_lots[order.side.index()] -= order.qty.lots();
        self.ledger.release(account, reserve);
        order
    }

    /// Cuts an order by so much; it keeps its place, or goes if nothing is left.
    pub(super) fn cut(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        order: &RestingOrder,
        cut: Qty,
        cause: CancelCause,
    ) {
        let Some(left) = order.qty.minus(cut) else {
            self.cancel(book, slot, cause);
            return;
        };
        book.reduce(slot, left);
        let account = AccountId(order.owner);
        let initial = self.initial(account);
        let released = self.rules.reserve(order.price, order.qty.lots(), initial)
            - self.rules.reserve(order.price, left.lots(), initial);
        self.positions[account.index()].open_lots[order.side.index()] -= cut.lots();
        self.ledger.release(account, released);
        self.say_cut((order.id, account), cut, Some(left), cause);
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
    one == other || (group != 0 && group == ledger.account(other).group)
}
