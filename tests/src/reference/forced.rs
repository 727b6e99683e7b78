//! "Triggers", "Queue", "Discipline", "A forced step from the queue" and "Unwinding".

use seawall_engine::liquidation::{Discipline, Unfilled};
use seawall_engine::types::{CancelCause, Event, Input, OrderId, Seq, Sequenced, Side};

use super::adl::scramble;
use super::bookings::{Role, Taker};
use super::market::{MILLION, Market, Position, Resting, floor_div, sign};
use super::{Queued, Reference, account_id, price as to_price, qty, symbol_id};

const FORCED_PER_INPUT_MAX: u32 = 65_536;

/// A position whose turn has come; of a cross account with its part of the equity as its margin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) symbol: usize,
    pub(super) account: usize,
    pub(super) position: Position,
    pub(super) first_ns: u64,
}

impl Reference {
    /// Moves unhealthy positions into the queue.
    pub(super) fn triggers(&mut self) {
        if !self.rules.enabled {
            self.trigger_cross(self.rules.triggers_max);
            return;
        }
        let mut room = self.rules.triggers_max;
        for symbol in 0..self.markets.len() {
            let Some(mark) = self.markets[symbol].live_mark(self.time_ns) else { continue };
            if self.markets[symbol].halted {
                continue;
            }
            for account in self.unhealthy(symbol, mark) {
                if room == 0 {
                    return;
                }
                room -= 1;
                self.trigger(symbol, account, mark);
            }
        }
        self.trigger_cross(room);
    }

    /// Unlocked accounts of a symbol that are unhealthy at the mark, in the order of entry.
    fn unhealthy(&self, symbol: usize, mark: i128) -> Vec<usize> {
        let market = &self.markets[symbol];
        let mut found = Vec::new();
        for (account, position) in market.positions.iter().enumerate() {
            let isolated = !self.is_fund(account) && !self.cross[account];
            if isolated && !position.locked && market.unhealthy(position, mark) {
                let trigger = market.trigger(position);
                // Longs first from the highest trigger price, then shorts from the lowest.
                let rank = match position.side() {
                    Side::Buy => (0, -trigger),
                    Side::Sell => (1, trigger),
                };
                found.push((rank, account));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, account)| account).collect()
    }

    /// Whether the bound on triggers has left some for the next input.
    pub(super) fn any_unhealthy(&self) -> bool {
        let live = |market: &Market| market.live_mark(self.time_ns).filter(|_| !market.halted);
        let marks = self.markets.iter().map(live).enumerate();
        let mut marked = marks.filter_map(|(symbol, mark)| Some((symbol, mark?)));
        let isolated = marked.any(|(symbol, mark)| !self.unhealthy(symbol, mark).is_empty());
        let cross = (1..self.cash.len()).any(|account| self.cross_waits(account));
        self.rules.enabled && (isolated || cross)
    }

    fn trigger(&mut self, symbol: usize, account: usize, mark: i128) {
        self.realise(symbol, account);
        let market = &mut self.markets[symbol];
        market.positions[account].locked = true;
        let position = market.positions[account];
        let bankruptcy = market.bankruptcy(&position);
        self.enqueue(symbol, account, (self.time_ns, self.time_ns));
        self.out.push(Event::Triggered {
            symbol: symbol_id(symbol),
            account: account_id(account),
            side: position.side(),
            qty: qty(position.lots.abs()),
            mark: to_price(mark),
            bankruptcy: to_price(bankruptcy),
        });
    }

    fn enqueue(&mut self, symbol: usize, account: usize, times: (u64, u64)) {
        let position = self.markets[symbol].positions[account];
        self.enqueue_as(symbol, account, &position, times);
    }

    /// Puts a position into the queue that was triggered first at a time and may be served from another.
    pub(super) fn enqueue_as(
        &mut self,
        symbol: usize,
        account: usize,
        position: &Position,
        (first_ns, trigger_ns): (u64, u64),
    ) {
        let key = self.key(symbol, position);
        let entered = self.entries;
        self.entries += 1;
        let drawn = self.rules.venue.draw.is_none();
        self.queue.push(Queued { key, entered, symbol, account, trigger_ns, first_ns, drawn });
    }

    /// In a new window, draws which of those that may be served it serves.
    pub(super) fn draw(&mut self) {
        let Some(draw) = self.rules.venue.draw else { return };
        let Discipline::RateLimited { interval_ns, .. } = self.rules.discipline else { return };
        let window = self.time_ns / interval_ns;
        if window == self.draw_window {
            return;
        }
        self.draw_window = window;
        let mut ready: Vec<usize> =
            (0..self.queue.len()).filter(|&n| self.may_be_served(&self.queue[n])).collect();
        ready.sort_by_key(|&n| (self.queue[n].symbol, self.queue[n].account));
        let most = usize::try_from(draw.most).expect("an index fits");
        if ready.len() > most {
            let count = u64::try_from(ready.len()).expect("a length fits");
            for _ in 0..scramble(draw.seed ^ scramble(window)) % count {
                let first = ready.remove(0);
                ready.push(first);
            }
        }
        for (place, n) in ready.into_iter().enumerate() {
            self.queue[n].drawn = place < most;
        }
    }

    /// The mark of a symbol has moved: what waits there takes new keys, if the venue does that.
    pub(super) fn rekey(&mut self, symbol: usize) {
        if !self.rules.venue.rekey || self.markets[symbol].halted {
            return;
        }
        for place in 0..self.queue.len() {
            let Queued { symbol: of, account, .. } = self.queue[place];
            let position = self.markets[symbol].positions[account];
            if of == symbol && position.lots != 0 && !self.cross[account] {
                self.queue[place].key = self.key(symbol, &position);
            }
        }
    }

    /// Whether its time has come and its market trades.
    pub(super) fn may_be_served(&self, queued: &Queued) -> bool {
        queued.trigger_ns <= self.time_ns && !self.markets[queued.symbol].halted
    }

    /// Where the head of the queue is.
    pub(super) fn head(&self) -> Option<usize> {
        let open = |i: &usize| self.queue[*i].drawn && self.may_be_served(&self.queue[*i]);
        (0..self.queue.len())
            .filter(open)
            .min_by_key(|&i| (self.queue[i].key, self.queue[i].entered))
    }

    /// First symbol with a mark in which the fund has something to unwind.
    pub(super) fn unwind_symbol(&self) -> Option<usize> {
        self.markets
            .iter()
            .position(|m| m.mark.is_some() && m.positions[m.fund].lots != 0 && !m.halted)
    }

    /// Since when the next step could have been taken, if there is work.
    fn ready_ns(&self) -> Option<u64> {
        if self.forced == FORCED_PER_INPUT_MAX {
            return None;
        }
        if let Some(head) = self.head() {
            return Some(self.queue[head].trigger_ns);
        }
        let due = self.time_ns >= self.next_unwind_ns && self.unwind_symbol().is_some();
        due.then_some(self.next_unwind_ns)
    }

    /// Steps that a discipline puts before the input.
    pub(super) fn steps_before(&mut self, sequenced: &Sequenced) {
        let Discipline::Fifo { steps_max } = self.rules.discipline else { return };
        if sequenced.input == Input::Step {
            return;
        }
        for _ in 0..steps_max {
            match self.ready_ns() {
                Some(ready_ns) if ready_ns <= sequenced.ingress_ns => self.step(),
                _ => break,
            }
        }
    }

    /// Steps that a discipline grants after the input.
    pub(super) fn steps_after(&mut self, input: &Input) {
        let step_input = *input == Input::Step;
        match self.rules.discipline {
            Discipline::Strict { steps_max } => self.steps(steps_max),
            Discipline::Weighted { forced, client } => {
                if step_input {
                    self.steps(forced);
                    return;
                }
                self.counted += 1;
                if self.counted >= client {
                    self.counted = 0;
                    self.steps(forced);
                }
            }
            Discipline::Fifo { steps_max } => {
                if step_input {
                    self.steps(steps_max);
                }
            }
            Discipline::RateLimited { steps, interval_ns } => {
                let window = self.time_ns / interval_ns;
                if self.window.0 != window {
                    self.window = (window, 0);
                }
                while self.window.1 < steps && self.ready_ns().is_some() {
                    self.window.1 += 1;
                    self.step();
                }
            }
        }
    }

    /// At most so many steps, while there is work.
    fn steps(&mut self, most: u32) {
        for _ in 0..most {
            if self.ready_ns().is_none() {
                break;
            }
            self.step();
        }
    }

    /// One step, and the solvency check that follows each.
    fn step(&mut self) {
        match self.head() {
            Some(head) => {
                let queued = self.queue.remove(head);
                self.serve(queued);
            }
            None => self.unwind(),
        }
        self.solvency();
    }

    fn serve(&mut self, queued: Queued) {
        let Queued { symbol, account, first_ns, .. } = queued;
        if self.cross[account] {
            self.serve_cross(symbol, account, first_ns);
            return;
        }
        self.realise(symbol, account);
        let left = self.left_over.remove(&(symbol, account));
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let position = market.positions[account];
        let (symbol_name, account_name) = (symbol_id(symbol), account_id(account));
        if !market.unhealthy(&position, mark) {
            self.markets[symbol].positions[account].locked = false;
            self.out.push(Event::Recovered { symbol: symbol_name, account: account_name });
            return;
        }
        self.cancel_where(account, Some(symbol), None, CancelCause::Liquidation);
        if self.close_some(&Served { symbol, account, position, first_ns }, left) {
            return;
        }
        if self.markets[symbol].positions[account].lots == 0 {
            self.markets[symbol].positions[account].locked = false;
            self.out.push(Event::Closed { symbol: symbol_name, account: account_name });
        } else {
            let again_ns = self.time_ns + self.rules.venue.order.again_ns;
            self.enqueue(symbol, account, (first_ns, again_ns));
        }
    }

    /// Steps 3 to 5: the plan, the order, and what is left of it; or what an order that rested has
    /// left. Says whether the order rests.
    pub(super) fn close_some(&mut self, served: &Served, left: Option<i128>) -> bool {
        let Served { symbol, account, position, .. } = *served;
        let bankruptcy = self.markets[symbol].bankruptcy(&position);
        let rest = match left {
            Some(left) => Some(left.min(position.lots.abs())),
            None => {
                let planned = self.planned(served);
                self.through_the_book(served, planned, bankruptcy)
            }
        };
        let Some(rest) = rest else { return true };
        if rest > 0 {
            self.dispose(symbol, account, position.side(), rest, bankruptcy);
        }
        false
    }

    /// The forced order, where there is one; returns what is to be disposed of, or nothing if it
    /// rests.
    fn through_the_book(
        &mut self,
        served: &Served,
        planned: i128,
        bankruptcy: i128,
    ) -> Option<i128> {
        let Served { symbol, account, position, .. } = *served;
        let venue = self.rules.venue;
        let held = position.lots.abs();
        if self.is_below(symbol, &position) {
            return Some(if venue.backstop.whole { held } else { planned });
        }
        let (side, limit) = (position.side().opposite(), self.forced_limit(symbol, &position));
        let order = self.next_forced(symbol, account, side, limit, planned);
        self.look(symbol);
        if venue.order.part_is_fok && planned < held {
            let within_band = self.markets[symbol].within_band(side, limit);
            let within = self.markets[symbol].within(side, within_band);
            let counted = within
                .iter()
                .filter(|maker| !maker.reduce_only && !self.partner_rests(symbol, maker.linked));
            if counted.map(Resting::total).sum::<i128>() < planned {
                self.say_cancelled(symbol, account, order, planned, CancelCause::FillOrKill);
                return Some(held);
            }
        }
        let forfeits = venue.order.whole_forfeits && planned == held && !self.cross[account];
        let fee = if forfeits { MILLION } else { i128::from(self.rules.fee.parts()) };
        let role = Role::Liquidation { fee, bankruptcy };
        let taker = Taker { symbol, account, order, side, limit, role };
        let (left, _) = self.take(&taker, planned);
        if left == 0 {
            return Some(0);
        }
        if self.markets[symbol].halted {
            self.say_cancelled(symbol, account, order, left, CancelCause::Halt);
            return Some(0);
        }
        if venue.order.unfilled.rests() && !self.needs_liquidation(symbol, account) {
            self.say_cancelled(symbol, account, order, left, CancelCause::Unfilled);
            return Some(0);
        }
        if self.stands(served, order, limit, left) {
            return None;
        }
        self.say_cancelled(symbol, account, order, left, CancelCause::Unfilled);
        let solvent = if self.cross[account] {
            self.equity(account) >= 0
        } else {
            let market = &self.markets[symbol];
            let position = market.positions[account];
            let mark = market.mark.expect("only a mark triggers");
            position.margin + market.profit_at(&position, mark) >= 0
        };
        Some(if venue.order.unfilled == Unfilled::Keep && solvent { 0 } else { left })
    }

    /// Derives the next forced order and says that it goes to the book.
    pub(super) fn next_forced(
        &mut self,
        symbol: usize,
        account: usize,
        side: Side,
        limit: i128,
        lots: i128,
    ) -> OrderId {
        let order = OrderId::derived(Seq(self.seq), self.forced);
        self.forced += 1;
        self.out.push(Event::Forced {
            symbol: symbol_id(symbol),
            account: account_id(account),
            order,
            side,
            limit: to_price(limit),
            qty: qty(lots),
        });
        order
    }

    /// The fund sends one order to the book to get rid of what it took over.
    fn unwind(&mut self) {
        let symbol = self.unwind_symbol().expect("there is work");
        let market = &self.markets[symbol];
        let mark = market.mark.expect("a symbol with a mark was looked for");
        let (fund, position) = (market.fund, market.positions[market.fund]);
        let side = position.side().opposite();
        let lots = position.lots.abs().min(i128::from(self.rules.unwind.lots_max));
        let band = i128::from(self.rules.unwind.band.parts());
        let limit = market.held(mark + sign(side) * floor_div(mark * band, MILLION));
        let order = self.next_forced(symbol, fund, side, limit, lots);
        let taker = Taker { symbol, account: fund, order, side, limit, role: Role::Unwind };
        self.look(symbol);
        let (left, _) = self.take(&taker, lots);
        if left > 0 {
            let halted = self.markets[symbol].halted;
            let cause = if halted { CancelCause::Halt } else { CancelCause::Unfilled };
            self.say_cancelled(symbol, fund, order, left, cause);
        }
        self.next_unwind_ns = self.time_ns.saturating_add(self.rules.unwind.interval_ns);
    }
}
