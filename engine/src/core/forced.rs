//! Triggers and forced steps: from an unhealthy position to a flat one.
//!
//! The rules are in `docs/LIQUIDATION.md`; the numbers in the comments are its.

use super::Engine;
use super::fillable::Wanted;
use super::market::Watch;
use super::resting::reaches;
use super::settle::{Taker, TakerKind};
use crate::canary::{Canary, planted};
use crate::liquidation::{
    Discipline, ForcedLimit, Moment, Pace, Plan, Resting, Seen, Unfilled, Waiting, priority,
};
use crate::risk::Position;
use crate::types::{
    AccountId, CancelCause, Event, EventSink, OrderId, Ppm, Price, Qty, SelfTrade, Sequenced, Side,
    SymbolId,
};

/// A liquidated position's part that the book did not take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remainder {
    pub(super) symbol: SymbolId,
    pub(super) account: AccountId,
    /// The position's side.
    pub(super) side: Side,
    pub(super) lots: u64,
    /// The bankruptcy price (of the fund its zero price).
    pub(super) price: Price,
}

/// A position whose turn has come; of a cross account with its part of the equity as its margin.
#[derive(Clone, Copy, Debug)]
struct Served {
    symbol: SymbolId,
    account: AccountId,
    position: Position,
    mark: Price,
    side: Side,
    /// When it was triggered.
    first_ns: u64,
}

/// A forced order on its way to the book.
#[derive(Clone, Copy, Debug)]
struct ForcedOrder {
    symbol: SymbolId,
    account: AccountId,
    side: Side,
    limit: Price,
    qty: Qty,
    kind: TakerKind,
    /// Whether it is filled in full or not at all.
    fok: bool,
    /// Whether what is left of it may rest.
    rests: bool,
}

/// What became of a forced order.
enum Sent {
    Filled,
    /// It is gone and has left so much.
    Left(Qty),
    /// What it left rests.
    Rests(OrderId),
}

/// What becomes of what a plan has left.
enum Rest {
    /// So many lots are to be disposed of.
    Lots(u64),
    /// It waits in the book.
    InBook,
}

impl Engine {
    /// Moves positions that the mark has made unhealthy into the queue, at most `triggers_max`.
    #[inline]
    pub(super) fn trigger(&mut self, time_ns: u64, sink: &mut impl EventSink) {
        let mut budget = self.rules.triggers_max as usize;
        let mut kept = 0;
        for n in 0..self.hot.len() {
            let symbol = self.hot[n];
            if self.trigger_symbol(symbol, &mut budget, time_ns, sink) {
                self.hot[kept] = symbol;
                kept += 1;
            }
        }
        self.hot.truncate(kept);
        if self.has_cross && !self.ledger.due.is_empty() {
            self.trigger_cross(&mut budget, time_ns, sink);
        }
    }

    /// Triggers in one symbol. Returns whether more wait than the budget allowed.
    #[inline]
    fn trigger_symbol(
        &mut self,
        symbol: SymbolId,
        budget: &mut usize,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) -> bool {
        if let (true, Some(mark)) = (self.has_cross, self.markets[symbol.index()].mark) {
            self.pull_cross(symbol, mark);
        }
        let market = &self.markets[symbol.index()];
        let alive = market.mark.filter(|_| !market.is_stale(time_ns) && !market.halted);
        let Some(mark) = alive else {
            if self.has_cross && market.watch == Watch::Keys {
                self.pull_funded(symbol);
            }
            return false;
        };
        if market.watch == Watch::Keys {
            return self.trigger_funded(symbol, mark, budget, time_ns, sink);
        }
        if market.index.reached(mark).is_none() {
            return false;
        }
        self.trigger_reached(symbol, mark, budget, time_ns, sink)
    }

    /// Triggers what the mark has reached in one symbol.
    #[inline(never)]
    fn trigger_reached(
        &mut self,
        symbol: SymbolId,
        mark: Price,
        budget: &mut usize,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) -> bool {
        let mut bucket = ::core::mem::take(&mut self.scratch_accounts);
        let mut more = false;
        while let Some(side) = self.markets[symbol.index()].index.reached(mark) {
            let market = &self.markets[symbol.index()];
            market.index.bucket(&market.positions, side, &mut bucket);
            let taken = bucket.len().min(*budget);
            for account in &bucket[..taken] {
                self.enqueue_triggered(symbol, *account, mark, time_ns, sink);
            }
            *budget -= taken;
            if *budget == 0 {
                more = self.markets[symbol.index()].index.reached(mark).is_some();
                break;
            }
        }
        self.scratch_accounts = bucket;
        more
    }

    /// Where a symbol with funding triggers nothing now, its mark still makes cross accounts due.
    #[cold]
    fn pull_funded(&mut self, symbol: SymbolId) {
        let market = &self.markets[symbol.index()];
        let Some(mark) = market.mark else { return };
        let mut looked = ::core::mem::take(&mut self.scratch_accounts);
        market.funded_reached(mark, &mut looked);
        self.pull_found(symbol, &looked);
        self.scratch_accounts = looked;
    }

    /// Triggers in a symbol with funding.
    #[cold]
    fn trigger_funded(
        &mut self,
        symbol: SymbolId,
        mark: Price,
        budget: &mut usize,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) -> bool {
        let mut looked = ::core::mem::take(&mut self.scratch_accounts);
        let mut found = ::core::mem::take(&mut self.scratch_ranked);
        self.markets[symbol.index()].funded_unhealthy(mark, &mut looked, &mut found);
        if self.has_cross {
            self.pull_found(symbol, &looked);
        }
        self.rechecks += looked.len() as u64;
        self.scratch_accounts = looked;
        let taken = found.len().min(*budget);
        for (_, account) in &found[..taken] {
            self.markets[symbol.index()].realise(*account, &mut self.ledger);
            self.enqueue_triggered(symbol, *account, mark, time_ns, sink);
        }
        *budget -= taken;
        let more = taken < found.len();
        self.scratch_ranked = found;
        more
    }

    fn enqueue_triggered(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        mark: Price,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) {
        let market = &mut self.markets[symbol.index()];
        let position = market.position(account);
        let side = position.side().expect("only positions are in the index");
        let lots = u32::try_from(position.size()).expect("a position fits its bound");
        let qty = Qty::new(lots).expect("only positions are in the index");
        let bankruptcy = market.rules.bankruptcy_price(position);
        market.positions[account.index()].set_locked(true);
        market.refresh(account);
        let position = *market.position(account);
        self.enqueue(symbol, account, &position, mark, (time_ns, time_ns));
        sink.event(Event::Triggered { symbol, account, side, qty, mark, bankruptcy });
    }

    /// Under FIFO: steps whose work is older than the input's arrival.
    #[inline]
    pub(super) fn steps_before(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let mut granted = Pace::steps_before(&self.rules.discipline, input);
        while granted > 0 && self.may_step(input.ingress_ns) {
            self.step(input, sink);
            granted -= 1;
        }
    }

    /// The steps that the discipline grants after an input, while there is work.
    #[inline]
    pub(super) fn steps_after(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let mut granted = self.pace.steps_after(&self.rules.discipline, input);
        while granted > 0 && self.may_step(input.time_ns) {
            self.step(input, sink);
            self.pace.took_step(&self.rules.discipline);
            granted -= 1;
        }
    }

    /// Whether there is work that was ready at a time, and room for another forced order.
    #[inline]
    fn may_step(&self, time_ns: u64) -> bool {
        self.ready_ns().is_some_and(|ready| ready <= time_ns)
            && self.forced_orders < OrderId::DERIVED_PER_INPUT_MAX
    }

    /// Since when the next forced step has been waiting, or from when it may run.
    #[inline]
    pub(super) fn ready_ns(&self) -> Option<u64> {
        match self.queue.head() {
            Some(head) => Some(head.since_ns),
            None => {
                let unwind = self.unwind_symbol().map(|_| self.next_unwind_ns);
                unwind.into_iter().chain(self.queue.later_ns()).min()
            }
        }
    }

    /// Lets positions whose time has come into the queue, and draws who a window may serve.
    #[inline]
    pub(super) fn advance_queue(&mut self, time_ns: u64) {
        // Almost always nobody waits for a time, and few venues draw.
        if self.queue.later_ns().is_some() || self.rules.venue.draw.is_some() {
            self.advance_waiting(time_ns);
        }
    }

    #[inline(never)]
    fn advance_waiting(&mut self, time_ns: u64) {
        self.queue.advance(time_ns);
        if let (Some(draw), Discipline::RateLimited { interval_ns, .. }) =
            (self.rules.venue.draw, self.rules.discipline)
        {
            self.queue.draw(draw, time_ns / interval_ns);
        }
    }

    /// When the next window draws, if any wait for it.
    pub(super) fn next_draw_ns(&self) -> Option<u64> {
        let Discipline::RateLimited { interval_ns, .. } = self.rules.discipline else {
            return None;
        };
        self.queue.has_undrawn().then(|| (self.time_ns / interval_ns + 1) * interval_ns)
    }

    /// One forced step, and the fund's solvency after it.
    #[cold]
    #[inline(never)]
    fn step(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        match self.queue.pop(input.time_ns) {
            Some(waiting) => self.liquidate(&waiting, input, sink),
            None => self.unwind(input, sink),
        }
        self.check_funds(sink);
    }

    /// Serves the head of the queue.
    fn liquidate(&mut self, waiting: &Waiting, input: &Sequenced, sink: &mut impl EventSink) {
        let Waiting { symbol, account, .. } = *waiting;
        if self.ledger.account(account).is_cross() {
            return self.liquidate_cross(waiting, input, sink);
        }
        self.heat(symbol);
        let left = self.resting.take_left(symbol, account);
        let market = &mut self.markets[symbol.index()];
        let mark = market.mark.expect("a triggered position has a mark");
        market.realise(account, &mut self.ledger);
        let position = *market.position(account);
        let unhealthy =
            market.rules.is_unhealthy(&position, mark) || planted(Canary::HealthNotChecked);
        let (true, Some(side)) = (unhealthy, position.side()) else {
            self.unlock(symbol, account); // 1
            sink.event(Event::Recovered { symbol, account });
            return;
        };
        let cause = CancelCause::Liquidation;
        market.cancel_side(&mut self.ledger, sink, account, None, cause); // 2
        let served = Served { symbol, account, position, mark, side, first_ns: waiting.first_ns };
        if !self.close_some(&served, left, input, sink) {
            self.leave_or_return(waiting, mark, input.time_ns, sink); // 6
        }
    }

    /// The plan, the order, and what is left of it; where an order has rested, what that has left.
    /// Returns whether the position waits in the book.
    fn close_some(
        &mut self,
        served: &Served,
        left: u32,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) -> bool {
        let Served { symbol, account, position, mark, side, .. } = *served;
        let price = self.markets[symbol.index()].rules.bankruptcy_price(&position);
        let rest = if left > 0 {
            Rest::Lots(position.size().min(left.into()))
        } else {
            let planned = self.plan(served, input.time_ns); // 3
            self.fill_or_keep(served, planned, price, input, sink) // 4
        };
        match rest {
            Rest::InBook => return true,
            Rest::Lots(0) => {}
            Rest::Lots(lots) => {
                self.dispose(Remainder { symbol, account, side, lots, price }, mark, sink); // 5
            }
        }
        false
    }

    /// How much of the position the next order closes.
    fn plan(&mut self, served: &Served, now_ns: u64) -> u32 {
        let Served { symbol, account, position, mark, first_ns, .. } = *served;
        let market = &self.markets[symbol.index()];
        let seen = Seen::at(&market.rules, &position, mark).expect("it is not flat");
        let whole_until_ns = match self.whole_until_ns.get(symbol.index()) {
            Some(by_account) => by_account[account.index()],
            None => 0,
        };
        let planned = self.rules.plan.lots(&seen, Moment { now_ns, first_ns, whole_until_ns });
        if let Plan::PartThenAll { window_ns, .. } = self.rules.plan
            && u64::from(planned) < position.size()
            && !seen.is_below(self.rules.venue.backstop.below_ppm)
        {
            self.whole_until_ns[symbol.index()][account.index()] = now_ns + window_ns;
        }
        planned
    }

    /// Sends the planned order to the book, unless the book is passed by.
    fn fill_or_keep(
        &mut self,
        served: &Served,
        planned: u32,
        bankruptcy: Price,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) -> Rest {
        let Served { symbol, account, position, mark, .. } = *served;
        let market = &self.markets[symbol.index()];
        let seen = Seen::at(&market.rules, &position, mark).expect("it is not flat");
        let venue = &self.rules.venue;
        if seen.is_below(venue.backstop.below_ppm) {
            let whole = venue.backstop.whole;
            return Rest::Lots(if whole { position.size() } else { u64::from(planned) });
        }
        let side = seen.side.opposite();
        let limit = match venue.order.limit {
            ForcedLimit::Bankruptcy => bankruptcy,
            ForcedLimit::Band(band) => market.beyond(mark, side, band),
            ForcedLimit::Fillable(fillable) => {
                market.apart(mark, side, fillable.distance_ticks(&seen))
            }
        };
        let is_part = u64::from(planned) < position.size();
        let fok = venue.order.part_is_fok && is_part;
        let qty = Qty::new(planned).expect("a plan closes something");
        let is_cross = position.is_cross();
        let kind = if is_cross {
            TakerKind::ForcedCross(self.rules.fee, bankruptcy)
        } else {
            let forfeits = venue.order.whole_forfeits && !is_part;
            let fee = if forfeits { Ppm::ONE } else { self.rules.fee };
            TakerKind::Forced { fee, keeps_margin: venue.order.keeps_margin }
        };
        let unfilled = venue.order.unfilled;
        let rests = unfilled.rests() && !fok && !reaches(mark, side, limit);
        let order = ForcedOrder { symbol, account, side, limit, qty, kind, fok, rests };
        let left = match self.force(&order, input, sink) {
            Sent::Filled => return Rest::Lots(0),
            Sent::Left(_) if fok => return Rest::Lots(position.size()),
            // What a halt has left waits with the position: it is served again after the auction.
            Sent::Left(_) if self.is_halted(symbol) => return Rest::Lots(0),
            // What is healthy by now waits in the queue again, where such orders would rest.
            Sent::Left(_) if unfilled.rests() && !self.is_unhealthy(symbol, account) => {
                return Rest::Lots(0);
            }
            Sent::Left(left) => u64::from(left.lots()),
            Sent::Rests(order) => {
                self.wait_in_book(served, order);
                return Rest::InBook;
            }
        };
        if unfilled != Unfilled::Keep {
            return Rest::Lots(left);
        }
        let market = &self.markets[symbol.index()];
        let is_bankrupt = if is_cross {
            self.sum(account).equity < 0
        } else {
            Seen::at(&market.rules, market.position(account), mark)
                .is_some_and(|seen| seen.equity < 0)
        };
        Rest::Lots(if is_bankrupt { left } else { 0 })
    }

    /// A position's order rests: it waits apart from the queue.
    fn wait_in_book(&mut self, served: &Served, order: OrderId) {
        let Served { symbol, account, first_ns, .. } = *served;
        let Unfilled::Rest(for_ns) = self.rules.venue.order.unfilled else {
            unreachable!("only orders of such a rule rest")
        };
        let until_ns = self.time_ns.saturating_add(for_ns);
        self.resting.push(Resting { symbol, account, order, until_ns, first_ns });
        self.cares = true;
    }

    /// Serves a cross account: one of its positions, then it waits again or is done.
    fn liquidate_cross(&mut self, waiting: &Waiting, input: &Sequenced, sink: &mut impl EventSink) {
        let Waiting { symbol: waited_in, account, first_ns, .. } = *waiting;
        self.realise_cross(account);
        let left_in = self.left_in(waited_in, account);
        let left = self.resting.take_left(waited_in, account);
        let sum = self.sum(account);
        if !sum.is_unhealthy() {
            self.lock_cross(account, false);
            sink.event(Event::Recovered { symbol: waited_in, account });
            return;
        }
        for market in &mut self.markets {
            market.cancel_side(&mut self.ledger, sink, account, None, CancelCause::Liquidation);
        }
        let next = left_in.or_else(|| self.first_to_close(account));
        let (symbol, position, mark) = next.expect("it is unhealthy");
        if self.is_halted(symbol) {
            self.enqueue(symbol, account, &position, mark, (first_ns, input.time_ns));
            return;
        }
        self.heat(symbol);
        let side = position.side().expect("it is a position");
        let served = Served { symbol, account, position, mark, side, first_ns };
        if self.close_some(&served, left, input, sink) {
            return;
        }
        let Some((symbol, position, mark)) = self.first_to_close(account) else {
            self.settle_cross(account, sink);
            self.lock_cross(account, false);
            sink.event(Event::Closed { symbol, account });
            return;
        };
        let again_ns = input.time_ns + self.rules.venue.order.again_ns;
        self.enqueue(symbol, account, &position, mark, (first_ns, again_ns));
    }

    /// A flat position leaves the queue; another one enters it again.
    fn leave_or_return(
        &mut self,
        waiting: &Waiting,
        mark: Price,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) {
        let Waiting { symbol, account, first_ns, .. } = *waiting;
        if self.markets[symbol.index()].position(account).side().is_none() {
            self.unlock(symbol, account);
            sink.event(Event::Closed { symbol, account });
            return;
        }
        let again_ns = time_ns + self.rules.venue.order.again_ns;
        let position = *self.markets[symbol.index()].position(account);
        self.enqueue(symbol, account, &position, mark, (first_ns, again_ns));
    }

    /// Puts a position that is not flat into the queue; one of a cross account with its part of
    /// the equity as its margin.
    pub(super) fn enqueue(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        position: &Position,
        mark: Price,
        (first_ns, since_ns): (u64, u64),
    ) {
        let market = &self.markets[symbol.index()];
        let key = priority((self.rules.key, self.rules.plan), &market.rules, position, mark);
        let key = key.expect("only positions are queued");
        let equity = position.margin() + position.profit(market.rules.contract, mark);
        let bankrupt = equity.is_negative();
        self.enter(Waiting { key, entry: 0, symbol, account, since_ns, first_ns, bankrupt });
    }

    /// Something enters the queue, or waits apart while its market is halted.
    pub(super) fn enter(&mut self, waiting: Waiting) {
        if self.is_halted(waiting.symbol) {
            self.parked.push(self.queue.numbered(waiting));
        } else {
            self.queue.push(waiting, self.time_ns);
        }
    }

    pub(super) fn unlock(&mut self, symbol: SymbolId, account: AccountId) {
        let market = &mut self.markets[symbol.index()];
        market.positions[account.index()].set_locked(false);
        market.refresh(account);
    }

    /// Sends a forced order through the book like anybody's.
    fn force(
        &mut self,
        forced: &ForcedOrder,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) -> Sent {
        let ForcedOrder { symbol, account, side, limit, qty, kind, fok, rests } = *forced;
        let order = OrderId::derived(input.seq, self.forced_orders);
        self.forced_orders += 1;
        sink.event(Event::Forced { symbol, account, order, side, limit, qty });
        let self_trade = SelfTrade::Allow;
        let market = &mut self.markets[symbol.index()];
        market.look(input.time_ns);
        let within = market.within_band(side, limit);
        let wanted = Wanted { account, side, limit: within, qty, least: qty, self_trade };
        if fok && !market.could_have(&self.ledger, &wanted) {
            let cause = CancelCause::FillOrKill;
            sink.event(Event::Cancelled { symbol, account, order, qty, cause });
            return Sent::Left(qty);
        }
        let taker = Taker { order, account, side, kind, self_trade };
        let (left, _) = market.take(&mut self.ledger, sink, &taker, limit, qty);
        if let Some(qty) = left {
            let can_rest = rests && !market.halted && !market.book.is_full();
            if can_rest && self.is_unhealthy(symbol, account) {
                let market = &mut self.markets[symbol.index()];
                market.rest_forced(sink, (order, account), (side, limit), qty);
                return Sent::Rests(order);
            }
            let halted = self.is_halted(symbol);
            let cause = if halted { CancelCause::Halt } else { CancelCause::Unfilled };
            sink.event(Event::Cancelled { symbol, account, order, qty, cause });
        }
        self.note_halt(symbol);
        left.map_or(Sent::Filled, Sent::Left)
    }

    /// One forced order of the fund, in the first symbol where it holds something.
    fn unwind(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let symbol = self.unwind_symbol().expect("there is work");
        self.heat(symbol);
        let market = &self.markets[symbol.index()];
        let mark = market.mark.expect("the fund takes over at a mark");
        let account = market.fund;
        let position = market.position(account);
        let side = position.side().expect("a symbol of the fund's is one with a position");
        let side = side.opposite();
        let limit = market.beyond(mark, side, self.rules.unwind.band);
        let lots = position.size().min(u64::from(self.rules.unwind.lots_max));
        let lots = u32::try_from(lots).expect("bounded by the largest forced order");
        let qty = Qty::new(lots).expect("the fund has a position here");
        let kind = TakerKind::Fund;
        let order =
            ForcedOrder { symbol, account, side, limit, qty, kind, fok: false, rests: false };
        self.force(&order, input, sink);
        self.note_fund_symbol(symbol);
        self.next_unwind_ns = input.time_ns.saturating_add(self.rules.unwind.interval_ns);
    }
}
