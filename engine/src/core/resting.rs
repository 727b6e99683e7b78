//! Forced orders that rest in the book at their limit (`docs/LIQUIDATION.md`, Resting orders).
//!
//! Whether one must leave is a question about the state alone. What is asked after an input are those
//! of which the answer may have changed: orders that traded, those whose time is over, and all of them
//! after an input that is not an order.

use super::Engine;
use super::audit::{ensure, ensure_eq};
use super::details::{Detail, flag};
use super::market::Market;
use super::settle::{Settlement, Taker, TakerKind};
use crate::book::RestingOrder;
use crate::liquidation::Resting;
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{
    AccountId, CancelCause, Event, EventSink, Input, Money, OrderId, Ppm, Price, Qty, SelfTrade,
    Side, SymbolId,
};

/// Whether a mark has reached the limit of an order that closes a position.
pub(super) fn reaches(mark: Price, side: Side, limit: Price) -> bool {
    match side {
        Side::Sell => mark <= limit,
        Side::Buy => mark >= limit,
    }
}

impl Market {
    /// What is left of a forced order joins the book.
    pub(super) fn rest_forced(
        &mut self,
        sink: &mut impl EventSink,
        (id, account): (OrderId, AccountId),
        (side, price): (Side, Price),
        qty: Qty,
    ) {
        let flags = flag::FORCED;
        let resting = RestingOrder { id, owner: account.0, side, price, qty, flags };
        let slot = self.book.insert_flagged(resting);
        self.details.add(slot, flags, Detail::NONE);
        self.open_orders.push(&mut self.positions[account.index()], slot);
        let (symbol, order) = (self.symbol, id);
        sink.event(Event::Rested { symbol, account, order, side, price, qty });
    }

    /// Checks a forced order that rests.
    pub(super) fn audit_forced(&self, order: &RestingOrder) -> Result<(), String> {
        let position = self.position(AccountId(order.owner));
        ensure(order.id.is_derived() && position.is_locked(), "a forced order is of liquidation")?;
        let closes = position.closing_lots(order.side, order.qty.lots().into());
        ensure_eq(&closes, &order.qty.lots().into(), "and closes its owner's position")
    }

    /// Forced orders that rest.
    fn forced_orders(&self) -> usize {
        let sides = [Side::Buy, Side::Sell].into_iter();
        let levels = sides.flat_map(|side| self.book.depth(side).map(move |(at, _)| (side, at)));
        let orders = levels.flat_map(|(side, at)| self.book.queue_of(side, at));
        orders.filter(|(_, order)| order.flags & flag::FORCED != 0).count()
    }
}

impl<S: EventSink> Settlement<'_, S> {
    /// What a fill books for an order that rested, of `order.qty` before it.
    pub(super) fn book_maker(&mut self, order: &RestingOrder, lots: u64, value: Money) {
        if order.flags & flag::FORCED == 0 {
            return self.maker_booking(AccountId(order.owner), order.side, lots, value);
        }
        let account = AccountId(order.owner);
        self.details.note_hit(account);
        let position = &self.positions[account.index()];
        let is_whole = u64::from(order.qty.lots()) == position.size();
        let terms = self.details.forced;
        let kind = if position.is_cross() {
            TakerKind::ForcedCross(terms.fee, order.price)
        } else {
            let fee = if terms.whole_forfeits && is_whole { Ppm::ONE } else { terms.fee };
            TakerKind::Forced { fee, keeps_margin: terms.keeps_margin }
        };
        let (side, self_trade) = (order.side, SelfTrade::Allow);
        self.taker_fill(&Taker { order: order.id, account, side, kind, self_trade }, lots, value);
        self.finish_taker(account);
    }
}

impl Engine {
    /// Whether a position whose forced order rests must be looked after: its order is gone, its time
    /// is over, the mark has reached its limit, or it is healthy.
    fn must_leave(&self, resting: &Resting) -> bool {
        let Resting { symbol, account, order, until_ns, .. } = *resting;
        let market = &self.markets[symbol.index()];
        if market.halted {
            return false;
        }
        let Some(slot) = market.book.find(order) else { return true };
        let order = market.book.order(slot);
        let mark = market.mark.expect("a triggered position has a mark");
        until_ns <= self.time_ns
            || reaches(mark, order.side, order.price)
            || !self.is_unhealthy(symbol, account)
    }

    /// Whether a position, or the cross account that it is of, is below maintenance.
    pub(super) fn is_unhealthy(&self, symbol: SymbolId, account: AccountId) -> bool {
        if self.ledger.account(account).is_cross() {
            return self.sum(account).is_unhealthy();
        }
        let market = &self.markets[symbol.index()];
        let mut position = *market.position(account);
        position.add_margin(market.owed(account));
        market.mark.is_some_and(|mark| market.rules.is_unhealthy(&position, mark))
    }

    /// Looks after positions whose forced orders rest, symbols and then accounts ascending.
    #[inline]
    pub(super) fn look_after_resting(&mut self, input: &Input, sink: &mut impl EventSink) {
        if !self.resting.is_empty() {
            self.look_after(input, sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn look_after(&mut self, input: &Input, sink: &mut impl EventSink) {
        let mut found = ::core::mem::take(&mut self.scratch_resting);
        found.clear();
        let place = |resting: &Resting| (resting.symbol, resting.account);
        let is_order = matches!(
            input,
            Input::Order(_) | Input::Cancel { .. } | Input::Replace { .. } | Input::Step
        );
        let all = ::core::mem::take(&mut self.resting.has_moved) || !is_order;
        if all {
            let leave = self.resting.iter().filter(|resting| self.must_leave(resting));
            found.extend(leave.map(place));
        } else {
            found.extend(self.resting.overdue(self.time_ns).map(place));
        }
        for market in &mut self.markets {
            let symbol = market.symbol;
            let hit = market.details.hit.drain(..).map(|account| (symbol, account));
            found.extend(hit);
        }
        found.sort_unstable();
        found.dedup();
        for (symbol, account) in &found {
            let resting = self.resting.get(*symbol, *account).copied();
            if let Some(resting) = resting.filter(|resting| self.must_leave(resting)) {
                self.leave_book(&resting, sink);
            }
        }
        self.scratch_resting = found;
    }

    /// Takes back what still rests of a position's forced order; the position is done, or waits
    /// in the queue again.
    fn leave_book(&mut self, resting: &Resting, sink: &mut impl EventSink) {
        let Resting { symbol, account, order, first_ns, .. } = *resting;
        self.resting.remove(symbol, account);
        let market = &mut self.markets[symbol.index()];
        let mut left = 0;
        if let Some(slot) = market.book.find(order) {
            left = market.book.order(slot).qty.lots();
            let (book, mut settlement) = market.split(&mut self.ledger, sink);
            settlement.cancel(book, slot, CancelCause::Liquidation);
        }
        let times = (first_ns, self.time_ns);
        if self.ledger.account(account).is_cross() {
            return self.leave_book_cross((symbol, account), left, times, sink);
        }
        market.realise(account, &mut self.ledger);
        let position = *market.position(account);
        let mark = market.mark.expect("a triggered position has a mark");
        if position.side().is_none() {
            self.unlock(symbol, account);
            sink.event(Event::Closed { symbol, account });
        } else if !self.is_unhealthy(symbol, account) {
            self.unlock(symbol, account);
            sink.event(Event::Recovered { symbol, account });
        } else {
            self.resting.leave(symbol, account, left);
            self.enqueue(symbol, account, &position, mark, times);
        }
    }

    /// The same of a cross account.
    fn leave_book_cross(
        &mut self,
        (symbol, account): (SymbolId, AccountId),
        left: u32,
        times: (u64, u64),
        sink: &mut impl EventSink,
    ) {
        self.realise_cross(account);
        let Some(next) = self.first_to_close(account) else {
            self.settle_cross(account, sink);
            self.lock_cross(account, false);
            sink.event(Event::Closed { symbol, account });
            return;
        };
        if !self.is_unhealthy(symbol, account) {
            self.lock_cross(account, false);
            sink.event(Event::Recovered { symbol, account });
            return;
        }
        self.resting.leave(symbol, account, left);
        let (symbol, position, mark) = self.left_in(symbol, account).unwrap_or(next);
        self.enqueue(symbol, account, &position, mark, times);
    }

    /// The position of a cross account whose order has left something there, as an isolated one.
    pub(super) fn left_in(
        &self,
        symbol: SymbolId,
        account: AccountId,
    ) -> Option<(SymbolId, crate::risk::Position, Price)> {
        let left = self.resting.left(symbol, account) > 0;
        left.then(|| self.as_isolated_in(symbol, account)).flatten()
    }

    /// When a `Step` would next look after a position whose order rests.
    pub(super) fn resting_ns(&self) -> Option<u64> {
        if self.resting.is_empty() {
            return None;
        }
        let hit = |market: &Market| !market.details.hit.is_empty();
        let asked = self.resting.has_moved || self.markets.iter().any(hit);
        if asked && self.resting.iter().any(|resting| self.must_leave(resting)) {
            return Some(self.time_ns);
        }
        let open = |resting: &&Resting| !self.is_halted(resting.symbol);
        self.resting.iter().find(open).map(|resting| resting.until_ns)
    }

    /// Positions whose forced orders rest in the book.
    #[inline]
    pub fn resting_forced(&self) -> usize {
        self.resting.len()
    }

    /// Checks that forced orders in the books and positions that wait for them agree.
    pub(super) fn audit_resting(&self) -> Result<(), String> {
        let mut found = 0;
        for resting in self.resting.iter() {
            let Resting { symbol, account, order, .. } = *resting;
            let market = &self.markets[symbol.index()];
            ensure(market.position(account).is_locked(), "what rests is of liquidation")?;
            let Some(slot) = market.book.find(order) else { continue };
            let order = market.book.order(slot);
            let is_its = order.owner == account.0 && order.flags == flag::FORCED;
            ensure(is_its, "a position's forced order is its own")?;
            found += 1;
        }
        let in_books: usize = self.markets.iter().map(Market::forced_orders).sum();
        ensure_eq(&in_books, &found, "forced orders in the books are those that are waited for")
    }

    /// Writes what rests and what such orders have left, where the rules let them.
    pub(super) fn put_resting(&self, out: &mut Encoder<'_>) {
        if !self.rules.venue.order.unfilled.rests() {
            return;
        }
        let mut all: Vec<Resting> = self.resting.iter().copied().collect();
        all.sort_unstable_by_key(|resting| (resting.symbol, resting.account));
        out.count(all.len());
        for Resting { symbol, account, order, until_ns, first_ns } in &all {
            put!(out; symbol, account, order, until_ns, first_ns);
        }
        out.count(self.resting.all_left().count());
        for (symbol, account, lots) in self.resting.all_left() {
            put!(out; &symbol, &account, &lots);
        }
    }

    /// Reads it back; `queued` are the positions of the queue.
    pub(super) fn restore_resting(
        &mut self,
        queued: &mut Vec<(SymbolId, AccountId)>,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let crate::liquidation::Unfilled::Rest(for_ns) = self.rules.venue.order.unfilled else {
            return Ok(());
        };
        let accounts_max = self.ledger.accounts().count();
        let most = accounts_max.saturating_mul(self.markets.len());
        let exists = |symbol: SymbolId, account: AccountId, markets: &[Market]| {
            symbol.index() < markets.len()
                && account.index() < accounts_max
                && markets[symbol.index()].position(account).is_locked()
                && markets[symbol.index()].mark.is_some()
        };
        let mut all: Vec<Resting> = Vec::new();
        for _ in 0..input.count(most, "forced orders that rest")? {
            let (symbol, account, order) = (input.get()?, input.get()?, input.get()?);
            let (until_ns, first_ns) = (input.get()?, input.get()?);
            let possible = exists(symbol, account, &self.markets)
                && until_ns <= self.time_ns.saturating_add(for_ns)
                && first_ns <= self.time_ns;
            input.check(possible, || "positions whose forced orders rest".to_owned())?;
            let cross = self.ledger.account(account).is_cross();
            queued.push((if cross { SymbolId(0) } else { symbol }, account));
            all.push(Resting { symbol, account, order, until_ns, first_ns });
        }
        let mut places: Vec<_> = all.iter().map(|one| (one.symbol, one.account)).collect();
        places.dedup();
        input.check(places.len() == all.len() && places.is_sorted(), || {
            "forced orders by symbol and account".to_owned()
        })?;
        all.sort_by_key(|resting| resting.until_ns);
        for resting in all {
            self.resting.push(resting);
        }
        self.resting.has_moved = true;
        for _ in 0..input.count(most, "what forced orders have left")? {
            let (symbol, account, lots): (SymbolId, AccountId, u32) =
                (input.get()?, input.get()?, input.get()?);
            let possible = exists(symbol, account, &self.markets)
                && self.resting.get(symbol, account).is_none()
                && u64::from(lots) <= self.markets[symbol.index()].position(account).size();
            input.check(possible, || "no more than positions in liquidation have".to_owned())?;
            self.resting.leave(symbol, account, lots);
        }
        Ok(())
    }
}
