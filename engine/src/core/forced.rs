//! Triggers and forced steps: from an unhealthy position to a flat one.
//!
//! The rules are in `docs/LIQUIDATION.md`; the numbers in the comments are its.

use super::Engine;
use super::market::Watch;
use super::settle::{Taker, TakerKind};
use crate::canary::{Canary, planted};
use crate::liquidation::{Pace, Waiting, priority};
use crate::types::{
    AccountId, CancelCause, Event, EventSink, OrderId, Price, Qty, SelfTrade, Sequenced, Side,
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
    /// The bankruptcy price.
    pub(super) price: Price,
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
        let Some(mark) = market.mark.filter(|_| !market.is_stale(time_ns)) else { return false };
        if market.watch == Watch::Keys {
            return self.trigger_funded(symbol, mark, budget, time_ns, sink);
        }
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
        let market = &self.markets[symbol.index()];
        let found = market.funded_unhealthy(mark, &mut looked);
        if self.has_cross {
            self.pull_found(symbol, &looked);
        }
        self.rechecks += looked.len() as u64;
        self.scratch_accounts = looked;
        let taken = found.len().min(*budget);
        for account in &found[..taken] {
            self.markets[symbol.index()].realise(*account, &mut self.ledger);
            self.enqueue_triggered(symbol, *account, mark, time_ns, sink);
        }
        *budget -= taken;
        taken < found.len()
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
        let key = priority((self.rules.key, self.rules.plan), &market.rules, position, mark);
        let key = key.expect("only positions are in the index");
        market.positions[account.index()].set_locked(true);
        market.refresh(account);
        self.queue.push(key, symbol, account, time_ns);
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
            None if self.fund_symbols.is_empty() => None,
            None => Some(self.next_unwind_ns),
        }
    }

    /// One forced step, and the fund's solvency after it.
    #[cold]
    #[inline(never)]
    fn step(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        match self.queue.pop() {
            Some(waiting) => self.liquidate(&waiting, input, sink),
            None => self.unwind(input, sink),
        }
        self.note_fund_symbols();
        self.check_fund(sink);
    }

    /// Serves the head of the queue.
    fn liquidate(&mut self, waiting: &Waiting, input: &Sequenced, sink: &mut impl EventSink) {
        let Waiting { symbol, account, .. } = *waiting;
        if self.ledger.account(account).is_cross() {
            return self.liquidate_cross(symbol, account, input, sink);
        }
        self.heat(symbol);
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
        let planned = self.rules.plan.lots(position.size()); // 3
        let limit = market.rules.bankruptcy_price(&position);
        let qty = Qty::new(planned).expect("a plan closes something");
        let kind = TakerKind::Forced(self.rules.fee);
        let left = self.force(symbol, (account, side.opposite()), limit, qty, kind, input, sink); // 4
        if let Some(left) = left {
            let lots = u64::from(left.lots());
            self.dispose(Remainder { symbol, account, side, lots, price: limit }, mark, sink); // 5
        }
        self.leave_or_return(symbol, account, mark, input.time_ns, sink); // 6
    }

    /// Serves a cross account: one of its positions, then it waits again or is done.
    fn liquidate_cross(
        &mut self,
        waited_in: SymbolId,
        account: AccountId,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) {
        self.realise_cross(account);
        let sum = self.sum(account);
        if !sum.is_unhealthy() {
            self.lock_cross(account, false);
            sink.event(Event::Recovered { symbol: waited_in, account });
            return;
        }
        for market in &mut self.markets {
            market.cancel_side(&mut self.ledger, sink, account, None, CancelCause::Liquidation);
        }
        let (symbol, position, mark) = self.first_to_close(account).expect("it is unhealthy");
        self.heat(symbol);
        let market = &self.markets[symbol.index()];
        let side = position.side().expect("it is a position");
        let limit = market.rules.bankruptcy_price(&position);
        let qty = Qty::new(self.rules.plan.lots(position.size())).expect("a plan closes something");
        let kind = TakerKind::ForcedCross(self.rules.fee, limit);
        let left = self.force(symbol, (account, side.opposite()), limit, qty, kind, input, sink);
        if let Some(left) = left {
            let lots = u64::from(left.lots());
            self.dispose(Remainder { symbol, account, side, lots, price: limit }, mark, sink);
        }
        let Some((symbol, position, mark)) = self.first_to_close(account) else {
            let sum = self.sum(account);
            self.cover_cross(account, &sum, sink);
            self.lock_cross(account, false);
            sink.event(Event::Closed { symbol, account });
            return;
        };
        let rules = &self.markets[symbol.index()].rules;
        let key = priority((self.rules.key, self.rules.plan), rules, &position, mark);
        let key = key.expect("it is a position");
        self.queue.push(key, symbol, account, input.time_ns);
    }

    /// A flat position leaves the queue; another one enters it again.
    fn leave_or_return(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        mark: Price,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) {
        let market = &self.markets[symbol.index()];
        let position = market.position(account);
        if position.side().is_none() {
            self.unlock(symbol, account);
            sink.event(Event::Closed { symbol, account });
            return;
        }
        let key = priority((self.rules.key, self.rules.plan), &market.rules, position, mark);
        let key = key.expect("it is not flat");
        self.queue.push(key, symbol, account, time_ns);
    }

    /// A mark has moved: positions that wait in its symbol take their keys at the new one.
    pub(super) fn rekey(&mut self, symbol: SymbolId) {
        if !self.rules.venue.rekey || self.queue.len() == 0 {
            return;
        }
        let market = &self.markets[symbol.index()];
        let Some(mark) = market.mark else { return };
        let rule = (self.rules.key, self.rules.plan);
        self.queue.rekey(|waiting| {
            let position = market.position(waiting.account);
            (waiting.symbol == symbol && !position.is_cross())
                .then(|| priority(rule, &market.rules, position, mark))
                .flatten()
        });
    }

    fn unlock(&mut self, symbol: SymbolId, account: AccountId) {
        let market = &mut self.markets[symbol.index()];
        market.positions[account.index()].set_locked(false);
        market.refresh(account);
    }

    /// Sends a forced order through the book like anybody's. Returns what it did not fill.
    #[allow(clippy::too_many_arguments, reason = "one forced order, said in full")]
    fn force(
        &mut self,
        symbol: SymbolId,
        (account, side): (AccountId, Side),
        limit: Price,
        qty: Qty,
        kind: TakerKind,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) -> Option<Qty> {
        let order = OrderId::derived(input.seq, self.forced_orders);
        self.forced_orders += 1;
        sink.event(Event::Forced { symbol, account, order, side, limit, qty });
        let taker = Taker { order, account, side, kind, self_trade: SelfTrade::Allow };
        let market = &mut self.markets[symbol.index()];
        let (left, _) = market.take(&mut self.ledger, sink, &taker, limit, qty);
        if let Some(qty) = left {
            let cause = CancelCause::Unfilled;
            sink.event(Event::Cancelled { symbol, account, order, qty, cause });
        }
        left
    }

    /// One forced order of the fund, in the first symbol where it holds something.
    fn unwind(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        let symbol = self.fund_symbols[0];
        self.heat(symbol);
        let market = &self.markets[symbol.index()];
        let mark = market.mark.expect("the fund takes over at a mark");
        let position = market.position(AccountId::FUND);
        let side = position.side().expect("a symbol of the fund's is one with a position");
        let side = side.opposite();
        let limit = market.beyond(mark, side, self.rules.unwind.band);
        let lots = position.size().min(u64::from(self.rules.unwind.lots_max));
        let lots = u32::try_from(lots).expect("bounded by the largest forced order");
        let qty = Qty::new(lots).expect("the fund has a position here");
        self.force(symbol, (AccountId::FUND, side), limit, qty, TakerKind::Fund, input, sink);
        self.next_unwind_ns = input.time_ns + self.rules.unwind.interval_ns;
    }
}
