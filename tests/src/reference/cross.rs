//! "Cross margin" and "Open interest" of `docs/MARGIN.md`: every account is summed up anew each time
//! somebody asks.

use seawall_engine::core::PositionOrder;
use seawall_engine::types::{AccountId, CancelCause, Event, FundCause, RejectReason, Side};

use super::forced::Served;
use super::market::{MILLION, Market, Position, ceil_div, floor_div};
use super::orders::Intent;
use super::{Reference, Refusal, account_id, price as to_price, qty, symbol_id};

/// A position of a cross account at its mark.
#[derive(Clone, Copy)]
struct Held {
    symbol: usize,
    position: Position,
    profit: i128,
    owed: i128,
    value: i128,
    maintenance: i128,
}

impl Reference {
    fn held(&self, account: usize) -> Vec<Held> {
        let mut all = Vec::new();
        for (symbol, market) in self.markets.iter().enumerate() {
            let position = market.positions[account];
            let (Some(mark), true) = (market.mark, position.lots != 0) else { continue };
            let value = market.value(mark, position.lots.abs());
            let tier = market.tier(value);
            all.push(Held {
                symbol,
                position,
                profit: market.profit_at(&position, mark),
                owed: market.owed(&position),
                value,
                maintenance: value * tier.maintenance - tier.deduction,
            });
        }
        all
    }

    pub(super) fn reserves(&self, account: usize) -> i128 {
        let orders = self.markets.iter().flat_map(|market| {
            let own = market.orders.iter().filter(|order| order.account == account);
            own.map(|order| market.reserve_of(order))
        });
        orders.sum()
    }

    pub(super) fn equity(&self, account: usize) -> i128 {
        let positions: i128 = self.held(account).iter().map(|held| held.profit + held.owed).sum();
        let money = self.cash[account].unwrap_or(0) + self.reserves(account);
        money + positions + self.collateral_value(account)
    }

    fn maintenance(&self, account: usize) -> i128 {
        self.held(account).iter().map(|held| held.maintenance).sum()
    }

    /// What neither positions nor orders need.
    pub(super) fn available(&self, account: usize) -> i128 {
        let initial = |held: &Held| ceil_div(held.value * held.position.initial, MILLION);
        let needed: i128 = self.held(account).iter().map(initial).sum();
        self.equity(account) - self.reserves(account) - needed
    }

    pub(super) fn is_cross_unhealthy(&self, account: usize) -> bool {
        let holds = !self.held(account).is_empty();
        holds && self.equity(account) * MILLION < self.maintenance(account)
    }

    /// Whether it would be triggered now.
    pub(super) fn cross_waits(&self, account: usize) -> bool {
        let locked = self.markets[0].positions[account].locked;
        let stale = self.held(account).iter().any(|held| {
            let market = &self.markets[held.symbol];
            market.halted || market.live_mark(self.time_ns).is_none()
        });
        self.cross[account] && !locked && !stale && self.is_cross_unhealthy(account)
    }

    pub(super) fn margin_mode(&mut self, account: AccountId, cross: bool) -> Result<(), Refusal> {
        let a = self.client(account)?;
        let busy = self.markets.iter().any(|market| {
            let position = &market.positions[a];
            position.locked
                || position.lots != 0
                || market.orders.iter().any(|order| order.account == a)
        });
        let holds = self.assets.iter().any(|asset| asset.lots[a] != 0);
        if busy || holds || *self.cash_of(a) < 0 {
            return Err((a, RejectReason::MarginModeInUse));
        }
        self.cross[a] = cross;
        self.out.push(Event::MarginModeSet { account, cross });
        Ok(())
    }

    /// What an account may withdraw.
    pub(super) fn withdrawable(&self, account: usize) -> i128 {
        let cash = self.cash[account].unwrap_or(0);
        if self.cross[account] { cash.min(self.available(account)) } else { cash }
    }

    /// The margin check of a cross account's order, `returned` being the reserve that it gives back.
    pub(super) fn cross_check(&self, intent: &Intent) -> Result<(), Refusal> {
        let Intent { account, side, lots, price, .. } = *intent;
        let market = &self.markets[intent.symbol];
        let refuse = |reason| Err((account, reason));
        let Some(mark) = market.mark else { return refuse(RejectReason::NoReference) };
        let better = market.profit(side, market.value(price, lots), market.value(mark, lots));
        let slip = (-better).max(0);
        let fits = if intent.reduce_only {
            let above = self.equity(account) * MILLION - self.maintenance(account);
            slip == 0 || slip * MILLION <= above
        } else {
            let needed = self.opening_cost(intent)?;
            self.reach_check(intent)?;
            self.available(account) >= needed + slip
        };
        if fits { Ok(()) } else { refuse(RejectReason::InsufficientMargin) }
    }

    /// Whether what the account's positions and orders reach in all symbols is bounded.
    fn reach_check(&self, intent: &Intent) -> Result<(), Refusal> {
        let (mut worth, mut shares) = (0, 0);
        for (symbol, market) in self.markets.iter().enumerate() {
            let on = |side| {
                let own = symbol == intent.symbol && side == intent.side;
                let more = if own { intent.lots } else { 0 };
                let position = &market.positions[intent.account];
                position.on(side) + market.resting_lots(intent.account, side) + more
            };
            let lots = on(Side::Buy).max(on(Side::Sell));
            worth += market.unit * lots * market.high;
            shares += (lots << 32) / market.position_lots_max;
        }
        if worth > 1 << 60 || shares > 4 << 32 {
            return Err((intent.account, RejectReason::PositionLimit));
        }
        Ok(())
    }

    /// Triggers cross accounts, or covers what one without positions lacks.
    pub(super) fn trigger_cross(&mut self, room: u32) {
        let mut room = room;
        for account in 1..self.cash.len() {
            if room == 0 {
                return;
            }
            let locked = self.markets[0].positions[account].locked;
            if self.cross[account] && !locked && self.held(account).is_empty() {
                self.cover_cross(account);
            }
            if self.rules.enabled && self.cross_waits(account) {
                room -= 1;
                self.lock_cross(account, true);
                self.realise_cross(account);
                let (symbol, position) = self.next_to_close(account).expect("it has a position");
                let market = &self.markets[symbol];
                let (bankruptcy, mark) = (market.bankruptcy(&position), market.mark);
                let now_ns = self.time_ns;
                self.enqueue_as(symbol, account, &position, (now_ns, now_ns));
                self.out.push(Event::Triggered {
                    symbol: symbol_id(symbol),
                    account: account_id(account),
                    side: position.side(),
                    qty: qty(position.lots.abs()),
                    mark: to_price(mark.expect("only a mark triggers")),
                    bankruptcy: to_price(bankruptcy),
                });
            }
        }
    }

    pub(super) fn cover_cross(&mut self, account: usize) {
        self.sell_collateral(account);
        let equity = self.equity(account);
        if self.cash[account].is_some() && equity < 0 {
            *self.cash_of(account) -= equity;
            self.fund(self.first_of(self.answering[account]), FundCause::Shortfall, equity);
        }
    }

    pub(super) fn lock_cross(&mut self, account: usize, locked: bool) {
        for market in &mut self.markets {
            market.positions[account].locked = locked;
        }
    }

    pub(super) fn realise_cross(&mut self, account: usize) {
        for symbol in 0..self.markets.len() {
            self.realise(symbol, account);
        }
    }

    /// The position to be closed next, with its part of the equity as its margin.
    pub(super) fn next_to_close(&self, account: usize) -> Option<(usize, Position)> {
        let mut all = self.held(account);
        // A stable sort: ties stay in the order of symbols.
        all.sort_by_key(|held| match self.position_order {
            PositionOrder::LargestLoss => held.profit,
            PositionOrder::LargestMaintenance => -held.maintenance,
            PositionOrder::LargestValue => -held.value,
            PositionOrder::Symbol => 0,
        });
        let held = *all.first()?;
        Some(self.isolated(account, &held))
    }

    /// The account's position in one symbol, with its part of the equity as its margin.
    pub(super) fn isolated_in(&self, symbol: usize, account: usize) -> Option<(usize, Position)> {
        let held = self.held(account).into_iter().find(|held| held.symbol == symbol)?;
        Some(self.isolated(account, &held))
    }

    fn isolated(&self, account: usize, held: &Held) -> (usize, Position) {
        let (equity, maintenance) = (self.equity(account), self.maintenance(account));
        let part = if maintenance == 0 {
            equity
        } else {
            // Of the upper and the lower part of the equity: their products fit.
            let (high, low) = (equity >> 32, equity & 0xFFFF_FFFF);
            let whole = floor_div(high * held.maintenance, maintenance);
            let rest = high * held.maintenance - whole * maintenance;
            (whole << 32) + floor_div((rest << 32) + low * held.maintenance, maintenance)
        };
        let position = Position { margin: part - held.profit, ..held.position };
        (held.symbol, position)
    }

    pub(super) fn serve_cross(&mut self, waited_in: usize, account: usize, first_ns: u64) {
        self.realise_cross(account);
        let name = account_id(account);
        let left_in = self.left_in(waited_in, account);
        let left = self.left_over.remove(&(waited_in, account));
        if !self.is_cross_unhealthy(account) {
            self.lock_cross(account, false);
            self.out.push(Event::Recovered { symbol: symbol_id(waited_in), account: name });
            return;
        }
        self.cancel_where(account, None, None, CancelCause::Liquidation);
        let next = left_in.or_else(|| self.next_to_close(account));
        let (symbol, position) = next.expect("it is unhealthy");
        if self.markets[symbol].halted {
            let now_ns = self.time_ns;
            self.enqueue_as(symbol, account, &position, (first_ns, now_ns));
            return;
        }
        if self.close_some(&Served { symbol, account, position, first_ns }, left) {
            return;
        }
        if let Some((symbol, position)) = self.next_to_close(account) {
            let again_ns = self.time_ns + self.rules.venue.order.again_ns;
            self.enqueue_as(symbol, account, &position, (first_ns, again_ns));
            return;
        }
        self.cover_cross(account);
        self.lock_cross(account, false);
        self.out.push(Event::Closed { symbol: symbol_id(symbol), account: name });
    }
}

impl Market {
    /// What open interest says of an order that would open something.
    pub(super) fn open_interest(
        &self,
        intent: &Intent,
        tier_initial: i128,
    ) -> Result<i128, RejectReason> {
        let rules = &self.history.rules.open_interest;
        let longs: i128 = self.positions.iter().map(|position| position.on(Side::Buy)).sum();
        let position = &self.positions[intent.account];
        let opening = intent.lots - intent.lots.min(position.on(intent.side.opposite()));
        let most = i128::from(rules.lots_max);
        if most > 0 && opening > 0 && longs + opening > most {
            return Err(RejectReason::OpenInterestCap);
        }
        let (from, to) = (rules.scale_from.wide(), rules.scale_to.wide());
        let Some(mark) = self.mark.filter(|_| to > 0) else { return Ok(tier_initial) };
        let beyond = (self.value(mark, longs) - from).max(0).min(to - from);
        Ok(tier_initial + ceil_div(beyond * (MILLION - tier_initial), to - from))
    }
}
