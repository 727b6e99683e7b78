//! Client orders: new, cancel, replace, block.

use ::core::ops::ControlFlow;

use super::Engine;
use super::admission::Admission;
use super::details::flag;
use super::fillable::Wanted;
use super::market::Market;
use super::meet::Crossing;
use super::settle::{Taker, TakerKind};
use crate::canary::{Canary, planted};
use crate::matching::sweep_with;
use crate::risk::{Ledger, Room};
use crate::types::{
    AccountId, CancelCause, Event, EventSink, HaltCause, Money, NewOrder, OrderId, OrderKind,
    Price, Qty, RejectReason, Side, SymbolId,
};

/// A client order that passed every check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    pub(super) order: OrderId,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) limit: Price,
    pub(super) qty: Qty,
    pub(super) kind: OrderKind,
    pub(super) reduce_only: bool,
}

pub(super) type Checked<T> = Result<T, RejectReason>;

impl Engine {
    pub(super) fn new_order(&mut self, order: &NewOrder, sink: &mut impl EventSink) -> Checked<()> {
        self.check_symbol(order.symbol)?;
        self.check_trader(order.account)?;
        if let OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } = order.kind {
            return self.place_stop(order, sink);
        }
        if self.has_cross && self.ledger.account(order.account).is_cross() {
            self.measure(order.account, 0);
        }
        let market = &mut self.markets[order.symbol.index()];
        market.look(self.time_ns);
        if let Some(price) = order.kind.price() {
            market.book.look_ahead(order.side, price);
        }
        let admitted = market.check_order(&self.ledger, order, self.time_ns)?;
        sink.event(Event::Accepted {
            symbol: order.symbol,
            account: order.account,
            order: order.order,
            side: order.side,
            price: order.kind.price(),
            qty: admitted.qty,
        });
        market.execute(&mut self.ledger, sink, &admitted);
        self.note_halt(order.symbol);
        self.cares |= order.reduce_only;
        if let OrderKind::GoodTill { .. } = order.kind {
            self.note_expiry(order.symbol, order.order);
        }
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_symbol(symbol)?;
        self.check_open(account)?;
        let market = &mut self.markets[symbol.index()];
        let qty = match market.find(account, order) {
            Some(slot) => market.withdraw(&mut self.ledger, slot),
            None => market.cancel_stop(account, order).ok_or(RejectReason::UnknownOrder)?,
        };
        sink.event(Event::Cancelled { symbol, account, order, qty, cause: CancelCause::Client });
        Ok(())
    }

    pub(super) fn replace(
        &mut self,
        symbol: SymbolId,
        (account, order): (AccountId, OrderId),
        price: Price,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_symbol(symbol)?;
        self.check_trader(account)?;
        if self.has_cross && self.ledger.account(account).is_cross() {
            self.measure(account, 0);
        }
        let market = &mut self.markets[symbol.index()];
        market.look(self.time_ns);
        let kind = market.replace(&mut self.ledger, (account, order), price, qty, sink)?;
        self.note_halt(symbol);
        if let OrderKind::GoodTill { .. } = kind {
            self.note_expiry(symbol, order);
        }
        Ok(())
    }

    pub(super) fn block(
        &mut self,
        symbol: SymbolId,
        (buyer, seller): (AccountId, AccountId),
        price: Price,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Result<(), (RejectReason, AccountId)> {
        self.check_symbol(symbol).map_err(|reason| (reason, buyer))?;
        let parties = [(buyer, Side::Buy), (seller, Side::Sell)];
        for (account, _) in parties {
            if self.ledger.is_fund(account) {
                return Err((RejectReason::FundAccount, account));
            }
        }
        for (account, _) in parties {
            self.check_open(account).map_err(|reason| (reason, account))?;
        }
        for (account, _) in parties {
            self.check_trader(account).map_err(|reason| (reason, account))?;
        }
        if self.is_halted(symbol) {
            return Err((RejectReason::Halted, buyer));
        }
        if self.has_cross {
            self.ledger.rooms = [Room::NONE; 2];
        }
        for (place, (account, _)) in parties.into_iter().enumerate() {
            if self.has_cross && self.ledger.account(account).is_cross() {
                self.measure(account, place);
            }
        }
        let market = &mut self.markets[symbol.index()];
        market.check_block(&self.ledger, parties, price, qty)?;
        sink.event(Event::Block { symbol, buyer, seller, price, qty });
        let lots = u64::from(qty.lots());
        let (_, mut settlement) = market.split(&mut self.ledger, sink);
        let value = settlement.value(price, lots);
        for (account, side) in parties {
            settlement.book(account, side, lots, value);
            settlement.finish_taker(account);
        }
        Ok(())
    }
}

impl Market {
    /// Matches an admitted order, then rests or drops what is left.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    fn execute(&mut self, ledger: &mut Ledger, sink: &mut impl EventSink, order: &Admitted) {
        let Admitted { order: id, account, side, limit, qty, kind, .. } = *order;
        let symbol = self.symbol;
        let dropped = |qty, cause| Event::Cancelled { symbol, account, order: id, qty, cause };
        if let Some(cause) = self.falls_short(ledger, order) {
            sink.event(dropped(qty, cause));
            return;
        }
        let (mut left, mut stopped) = (Some(qty), false);
        if !self.halted && self.book.crosses(side, limit) {
            let self_trade = ledger.account(account).self_trade();
            let taker = Taker { order: id, account, side, kind: TakerKind::Client, self_trade };
            (left, stopped) = self.take(ledger, sink, &taker, limit, qty);
        }
        let Some(left) = left else { return };
        if stopped {
            sink.event(dropped(left, CancelCause::SelfTrade));
        } else if !kind.may_rest() {
            let cause = if self.halted { CancelCause::Halt } else { CancelCause::Unfilled };
            sink.event(dropped(left, cause));
        } else if !self.rest(ledger, sink, order, left) {
            sink.event(dropped(left, CancelCause::Unfilled));
        }
    }

    /// Why an order that wants all or a least quantity at once cannot have it, if it cannot.
    #[inline]
    fn falls_short(&self, ledger: &Ledger, order: &Admitted) -> Option<CancelCause> {
        let (least, cause) = match order.kind {
            OrderKind::FillOrKill(_) => (order.qty, CancelCause::FillOrKill),
            OrderKind::AtLeast { min, .. } => (min, CancelCause::MinQty),
            _ => return None,
        };
        let Admitted { account, side, qty, .. } = *order;
        let limit = self.within_band(side, order.limit);
        let self_trade = ledger.account(account).self_trade();
        let wanted = Wanted { account, side, limit, qty, least, self_trade };
        let short = least > qty || !self.could_have(ledger, &wanted);
        (short && !planted(Canary::FillOrKillPartial)).then_some(cause)
    }

    /// Sweeps the opposite side and books every fill. Returns what is left, and whether the taker
    /// was stopped.
    pub(super) fn take(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        taker: &Taker,
        limit: Price,
        qty: Qty,
    ) -> (Option<Qty>, bool) {
        if self.watchdog.is_some() {
            return self.take_within_band(ledger, sink, taker, limit, qty);
        }
        self.take_freely(ledger, sink, taker, limit, qty)
    }

    #[inline]
    fn take_freely(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        taker: &Taker,
        limit: Price,
        qty: Qty,
    ) -> (Option<Qty>, bool) {
        let (book, mut settlement) = self.split(ledger, sink);
        let mut crossing = Crossing { settlement: &mut settlement, taker };
        let swept = sweep_with(book, taker.side, limit, qty, &mut crossing);
        settlement.finish_taker(taker.account);
        match swept {
            ControlFlow::Continue(left) => (left, false),
            ControlFlow::Break(left) => (left, true),
        }
    }

    /// Takes as far as the band goes; if that is not as far as the order would, the market halts.
    #[cold]
    #[inline(never)]
    fn take_within_band(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        taker: &Taker,
        limit: Price,
        qty: Qty,
    ) -> (Option<Qty>, bool) {
        let within = self.within_band(taker.side, limit);
        let (left, stopped) = self.take_freely(ledger, sink, taker, within, qty);
        if left.is_some() && !stopped && self.book.crosses(taker.side, limit) {
            self.halt(sink, HaltCause::Trade);
        }
        (left, stopped)
    }

    fn replace(
        &mut self,
        ledger: &mut Ledger,
        (account, order): (AccountId, OrderId),
        price: Price,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Checked<OrderKind> {
        let slot = self.find(account, order).ok_or(RejectReason::UnknownOrder)?;
        self.check_qty(qty)?;
        self.check_price(price)?;
        let old = self.book.order(slot);
        if self.rules.asks {
            self.check_replacement(&old, price, qty)?;
        }
        self.check_unlocked(account)?;
        let kind = self.kind_at(slot, &old, price);
        let total = self.details.total(slot, &old);
        let reduce_only = old.flags & flag::REDUCE_ONLY != 0;
        let iceberg = old.flags & flag::ICEBERG != 0;
        let grows = qty > total || planted(Canary::PriorityLost);
        let in_place = price == old.price && !grows && !iceberg;
        if !in_place && old.flags & flag::LINKED != 0 {
            return Err(RejectReason::LinkedOrder);
        }
        let symbol = self.symbol;
        if in_place {
            if self.halted {
                self.book.reduce_in_call(slot, qty);
            } else {
                self.book.reduce(slot, qty);
            }
            let (_, mut settlement) = self.split(ledger, sink);
            settlement.shrink(&old, total.lots(), qty.lots());
            sink.event(Event::Replaced { symbol, account, order, price, qty, in_place });
            return Ok(OrderKind::Limit(price));
        }
        let mut replaces = (Money::ZERO, 0);
        let mut qty = qty;
        if reduce_only {
            let others = self.position(account).reduce_lots - total.lots();
            qty = self.reducing(account, old.side, qty, others)?;
        } else {
            let initial = self.initial(account);
            replaces = (self.rules.reserve(old.price, total.lots(), initial), total.lots());
        }
        self.admit(
            ledger,
            &Admission {
                account,
                side: old.side,
                qty,
                limit: price,
                touch: self.touch(old.side, price),
                fee: self.rules.fee_max(),
                replaces,
                reduce_only,
            },
        )?;
        self.withdraw(ledger, slot);
        sink.event(Event::Replaced { symbol, account, order, price, qty, in_place });
        let side = old.side;
        let again = Admitted { order, account, side, limit: price, qty, kind, reduce_only };
        self.execute(ledger, sink, &again);
        Ok(kind)
    }
}
