//! "Resting orders": forced orders that wait in the book at their limit. All of them are looked at
//! after every input.

use seawall_engine::liquidation::Unfilled;
use seawall_engine::types::{CancelCause, Event, OrderId, Side};

use super::forced::Served;
use super::market::{MILLION, Position, Resting};
use super::{Reference, account_id, symbol_id};

/// A position whose forced order rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    symbol: usize,
    account: usize,
    order: OrderId,
    until_ns: u64,
    first_ns: u64,
}

impl Reference {
    /// Whether the mark has reached the limit of an order of that side.
    fn reached(&self, symbol: usize, side: Side, limit: i128) -> bool {
        let mark = self.markets[symbol].mark.expect("only a mark triggers");
        match side {
            Side::Sell => mark <= limit,
            Side::Buy => mark >= limit,
        }
    }

    /// What a forced order left joins the book, if the rule and the mark let it. Says whether.
    pub(super) fn stands(
        &mut self,
        served: &Served,
        order: OrderId,
        limit: i128,
        left: i128,
    ) -> bool {
        let Served { symbol, account, position, first_ns } = *served;
        let Unfilled::Rest(for_ns) = self.rules.venue.order.unfilled else { return false };
        let side = position.side().opposite();
        let full = self.markets[symbol].orders.len() >= self.orders_max;
        if full || self.reached(symbol, side, limit) {
            return false;
        }
        let resting = Resting {
            id: order.0,
            account,
            side,
            price: limit,
            lots: left,
            joined: self.joins,
            expiry_s: None,
            reduce_only: false,
            display: None,
            hidden: 0,
            linked: None,
        };
        self.joins += 1;
        self.markets[symbol].orders.push(resting);
        self.say_rested(symbol, &resting);
        let until_ns = self.time_ns.saturating_add(for_ns);
        self.standing.push(Standing { symbol, account, order, until_ns, first_ns });
        true
    }

    /// A fill of a forced order that rests.
    pub(super) fn forced_maker_side(
        &mut self,
        symbol: usize,
        maker: &Resting,
        fill: i128,
        value: i128,
    ) {
        let (account, position) = (maker.account, self.markets[symbol].positions[maker.account]);
        let whole = maker.lots == position.lots.abs();
        let forfeits = self.rules.venue.order.whole_forfeits && whole && !self.cross[account];
        let rate = if forfeits { MILLION } else { i128::from(self.rules.fee.parts()) };
        let whose = (symbol, account, maker.side);
        self.liquidation_side(whose, fill, value, (rate, maker.price));
        self.shortfall(symbol, account);
    }

    /// Whether a position is below maintenance, or the cross account that it is of.
    pub(super) fn needs_liquidation(&self, symbol: usize, account: usize) -> bool {
        if self.cross[account] {
            return self.is_cross_unhealthy(account);
        }
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        market.unhealthy(&market.positions[account], mark)
    }

    fn must_leave(&self, standing: &Standing) -> bool {
        let market = &self.markets[standing.symbol];
        let order = market.orders.iter().find(|order| order.id == standing.order.0);
        let Some(order) = order else { return !market.halted };
        let over = standing.until_ns <= self.time_ns
            || self.reached(standing.symbol, order.side, order.price)
            || !self.needs_liquidation(standing.symbol, standing.account);
        over && !market.halted
    }

    /// Looks after every position whose forced order rests.
    pub(super) fn look_after_standing(&mut self) {
        let mut all = self.standing.clone();
        all.sort_by_key(|standing| (standing.symbol, standing.account));
        for standing in all {
            if self.must_leave(&standing) {
                self.standing.retain(|other| other.order != standing.order);
                self.leave_book(&standing);
            }
        }
    }

    fn leave_book(&mut self, standing: &Standing) {
        let Standing { symbol, account, order, first_ns, .. } = *standing;
        let mut left = 0;
        if self.markets[symbol].orders.iter().any(|resting| resting.id == order.0) {
            left = self.withdraw_order(symbol, order.0);
            self.say_cancelled(symbol, account, order, left, CancelCause::Liquidation);
        }
        let cross = self.cross[account];
        if cross {
            self.realise_cross(account);
        } else {
            self.realise(symbol, account);
        }
        let position = self.markets[symbol].positions[account];
        let next = if cross {
            self.next_to_close(account)
        } else {
            Some((symbol, position)).filter(|_| position.lots != 0)
        };
        let (symbol_name, account_name) = (symbol_id(symbol), account_id(account));
        let done = match next {
            None => Some(Event::Closed { symbol: symbol_name, account: account_name }),
            Some(_) if !self.needs_liquidation(symbol, account) => {
                Some(Event::Recovered { symbol: symbol_name, account: account_name })
            }
            Some(_) => None,
        };
        if let Some(done) = done {
            if cross && next.is_none() {
                self.cover_cross(account);
            }
            if cross {
                self.lock_cross(account, false);
            } else {
                self.markets[symbol].positions[account].locked = false;
            }
            self.out.push(done);
            return;
        }
        if left > 0 {
            self.left_over.insert((symbol, account), left);
        }
        let next = self.left_in(symbol, account).or(next);
        let (symbol, position) = next.expect("it is unhealthy");
        self.enqueue_as(symbol, account, &position, (first_ns, self.time_ns));
    }

    /// The position of a cross account whose order has left something there.
    pub(super) fn left_in(&self, symbol: usize, account: usize) -> Option<(usize, Position)> {
        let left = self.left_over.contains_key(&(symbol, account)) && self.cross[account];
        left.then(|| self.isolated_in(symbol, account)).flatten()
    }

    /// When one of them must be looked after next.
    pub(super) fn next_standing_ns(&self) -> Option<u64> {
        if self.standing.iter().any(|standing| self.must_leave(standing)) {
            return Some(self.time_ns);
        }
        let open = |standing: &&Standing| !self.markets[standing.symbol].halted;
        self.standing.iter().filter(open).map(|standing| standing.until_ns).min()
    }
}
