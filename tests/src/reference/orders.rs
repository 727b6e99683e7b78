//! "Order", "Margin check", "Cancel" and "Replace".

use seawall_engine::types::{
    AccountId, CancelCause, Event, NewOrder, OrderId, OrderKind, Price, Qty, RejectReason,
    SelfTrade, Side, SymbolId,
};

use super::auction::joins;
use super::bookings::{Role, Taker};
use super::expiry::begin_ns;
use super::market::{MILLION, Market, Resting, ceil_div, floor_div, sign};
use super::{Reference, Refusal, qty as to_qty};

/// What the margin check is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    pub(super) symbol: usize,
    pub(super) account: usize,
    pub(super) side: Side,
    pub(super) lots: i128,
    /// Limit, or cap of a market order.
    pub(super) price: i128,
    /// Where most of its value lies.
    pub(super) worst: i128,
    /// Fee rate that is reserved.
    pub(super) fee: i128,
    pub(super) reduce_only: bool,
}

/// How what is left of an order rests, if it may.
#[derive(Clone, Copy, Debug)]
struct Shape {
    rests: bool,
    expiry_s: Option<u32>,
    display: Option<i128>,
}

impl Reference {
    pub(super) fn order(&mut self, new: &NewOrder) -> Result<(), Refusal> {
        if matches!(new.kind, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. }) {
            return self.place_stop(new);
        }
        if new.symbol.index() < self.markets.len() {
            self.look(new.symbol.index());
        }
        let intent = self.admit(new)?;
        let Intent { symbol, account, side, lots, .. } = intent;
        self.out.push(Event::Accepted {
            symbol: new.symbol,
            account: new.account,
            order: new.order,
            side,
            price: new.kind.price(),
            qty: to_qty(lots),
        });
        let wanted = match new.kind {
            OrderKind::FillOrKill(_) => Some((lots, CancelCause::FillOrKill)),
            OrderKind::AtLeast { min, .. } => Some((i128::from(min.lots()), CancelCause::MinQty)),
            _ => None,
        };
        if let Some((least, cause)) = wanted
            && self.at_once(&intent) < least
        {
            self.say_cancelled(symbol, account, new.order, lots, cause);
            return Ok(());
        }
        let expiry_s = match new.kind {
            OrderKind::GoodTill { expiry_s, .. } => Some(expiry_s),
            _ => None,
        };
        let display = match new.kind {
            OrderKind::Iceberg { display, .. } => Some(i128::from(display.lots())),
            _ => None,
        };
        self.execute(&intent, new.order, Shape { rests: rests(new.kind), expiry_s, display });
        Ok(())
    }

    /// How many lots of an order would trade at once.
    fn at_once(&self, intent: &Intent) -> i128 {
        let mode = self.settings[intent.account].mode;
        let (mut had, mut left) = (0, intent.lots);
        let market = &self.markets[intent.symbol];
        let limit = market.within_band(intent.side, intent.price);
        let makers = market.within(intent.side, limit);
        // Level by level, what is shown and then what is hidden.
        let mut parts: Vec<(usize, i128, Resting)> = Vec::new();
        let mut level = 0;
        for (n, maker) in makers.iter().enumerate() {
            if n > 0 && makers[n - 1].price != maker.price {
                level += 1;
            }
            parts.push((2 * level, maker.lots, *maker));
            parts.push((2 * level + 1, maker.hidden, *maker));
        }
        parts.sort_by_key(|part| part.0);
        for (part, lots, maker) in parts {
            let mut both = lots.min(left);
            let may_prevent = mode != SelfTrade::Allow && !maker.is_forced();
            let own = may_prevent && self.same_party(intent.account, maker.account);
            match mode {
                _ if !own && maker.reduce_only => {}
                _ if !own && self.partner_rests(intent.symbol, maker.linked) => {}
                _ if !own => {
                    had += both;
                    left -= both;
                }
                SelfTrade::CancelNewest | SelfTrade::CancelBoth => left = 0,
                SelfTrade::Decrement if part % 2 == 0 => {
                    both = maker.total().min(left);
                    left -= both;
                }
                SelfTrade::Decrement | SelfTrade::CancelOldest | SelfTrade::Allow => {}
            }
        }
        had
    }

    /// The checks of an order, in the order written.
    fn admit(&self, new: &NewOrder) -> Result<Intent, Refusal> {
        let symbol = self.known_symbol(new.symbol, new.account)?;
        let refuse = |reason| Err((new.account.index(), reason));
        let account = self.trader(new.account)?;
        if !(1..1 << 63).contains(&new.order.0) {
            return refuse(RejectReason::OrderIdOutOfRange);
        }
        let market = &self.markets[symbol];
        let mut lots = i128::from(new.qty.lots());
        if lots > market.order_lots_max {
            return refuse(RejectReason::QtyTooLarge);
        }
        let client_price = new.kind.price().map(|price| i128::from(price.ticks()));
        if client_price.is_some_and(|price| price != market.held(price)) {
            return refuse(RejectReason::PriceOutOfDomain);
        }
        market.order_rules(account, client_price, new.side, (!new.reduce_only).then_some(lots))?;
        match new.kind {
            OrderKind::AtLeast { min, .. } if i128::from(min.lots()) > lots => {
                return refuse(RejectReason::MinAboveQty);
            }
            OrderKind::GoodTill { expiry_s, .. } if begin_ns(expiry_s) <= self.time_ns => {
                return refuse(RejectReason::ExpiryPassed);
            }
            OrderKind::Iceberg { display, .. } if i128::from(display.lots()) > lots => {
                return refuse(RejectReason::DisplayAboveQty);
            }
            _ => {}
        }
        if new.reduce_only && matches!(new.kind, OrderKind::Iceberg { .. }) {
            return refuse(RejectReason::ReduceOnlyMayNotRest);
        }
        if market.halted && !joins(new.kind) {
            return refuse(RejectReason::Halted);
        }
        if self.is_taken(symbol, new.order) {
            return refuse(RejectReason::DuplicateOrder);
        }
        let position = market.positions[account];
        if position.locked {
            return refuse(RejectReason::InLiquidation);
        }
        if new.reduce_only {
            let others = if rests(new.kind) { market.reduce_only_lots(account) } else { 0 };
            lots = lots.min(position.on(new.side.opposite()) - others);
            if lots <= 0 {
                return refuse(RejectReason::NothingToReduce);
            }
        }
        let opposite = market.best(new.side.opposite()).map(|order| order.price);
        let crosses = |price| opposite.is_some_and(|best| Market::meets(new.side, price, best));
        if matches!(new.kind, OrderKind::PostOnly(_)) && client_price.is_some_and(crosses) {
            return refuse(RejectReason::PostOnlyWouldCross);
        }
        let price = match (new.kind, client_price, opposite) {
            (OrderKind::PostOnlySlide(_), Some(price), Some(best)) if crosses(price) => {
                let slid = best - sign(new.side) * market.tick;
                if slid != market.held(slid) {
                    return refuse(RejectReason::PostOnlyWouldCross);
                }
                slid
            }
            (_, Some(price), _) => price,
            (OrderKind::MarketToLimit, None, Some(best)) => best,
            (_, None, Some(best)) => market.cap(new.side, best),
            (_, None, None) => return refuse(RejectReason::NoLiquidity),
        };
        if !new.reduce_only && market.value(price, lots) < market.notional_min {
            return refuse(RejectReason::BelowMinNotional);
        }
        if rests(new.kind) && market.orders.len() >= self.orders_max {
            return refuse(RejectReason::BookFull);
        }
        let worst = market.worst(new.side, price, lots);
        let fee = market.fee_reserved();
        let reduce_only = new.reduce_only;
        let side = new.side;
        let intent = Intent { symbol, account, side, lots, price, worst, fee, reduce_only };
        self.margin_check(&intent)?;
        Ok(intent)
    }

    /// Takes, then rests or drops what is left.
    fn execute(&mut self, intent: &Intent, order: OrderId, shape: Shape) {
        let Intent { symbol, account, side, lots, price, .. } = *intent;
        let taker = Taker { symbol, account, order, side, limit: price, role: Role::Client };
        let halted = self.markets[symbol].halted;
        let (left, stopped) = if halted { (lots, false) } else { self.take(&taker, lots) };
        if left == 0 {
            return;
        }
        if stopped {
            self.say_cancelled(symbol, account, order, left, CancelCause::SelfTrade);
            return;
        }
        let shown = shape.display.unwrap_or(left).min(left);
        let rest = Resting {
            id: order.0,
            account,
            side,
            price,
            lots: shown,
            joined: self.joins,
            expiry_s: shape.expiry_s,
            reduce_only: intent.reduce_only,
            display: shape.display,
            hidden: left - shown,
            linked: None,
        };
        let reserve = self.markets[symbol].reserve_of(&rest);
        if !shape.rests && self.markets[symbol].halted {
            self.say_cancelled(symbol, account, order, left, CancelCause::Halt);
            return;
        }
        let covered = self.cross[account] || *self.cash_of(account) >= reserve;
        if !shape.rests || !covered {
            self.say_cancelled(symbol, account, order, left, CancelCause::Unfilled);
            return;
        }
        self.joins += 1;
        self.markets[symbol].orders.push(rest);
        *self.cash_of(account) -= reserve;
        self.say_rested(symbol, &rest);
    }

    pub(super) fn margin_check(&self, intent: &Intent) -> Result<(), Refusal> {
        let Intent { account, side, lots, .. } = *intent;
        if self.cross[account] {
            return self.cross_check(intent);
        }
        let market = &self.markets[intent.symbol];
        let position = &market.positions[account];
        let refuse = |reason| Err((account, reason));
        let mut requirement = if intent.reduce_only { 0 } else { self.opening_cost(intent)? };
        let close = lots.min(position.on(side.opposite()));
        if close > 0 {
            let (margin, entry) = market.released(position, close);
            let value = market.value(intent.price, close);
            let profit = market.profit(position.side(), entry, value);
            requirement += (-(margin + profit)).max(0);
        }
        if self.cash[account].expect("it is open") < requirement {
            return refuse(RejectReason::InsufficientMargin);
        }
        Ok(())
    }

    /// Initial margin and fee of an order, if limits and leverage allow it.
    pub(super) fn opening_cost(&self, intent: &Intent) -> Result<i128, Refusal> {
        let Intent { account, side, lots, .. } = *intent;
        let market = &self.markets[intent.symbol];
        let position = &market.positions[account];
        let exposure = position.on(side) + market.resting_lots(account, side) + lots;
        if exposure > market.position_lots_max {
            return Err((account, RejectReason::PositionLimit));
        }
        let tier = market.tier(market.value(intent.worst, exposure));
        let least =
            market.open_interest(intent, tier.initial).map_err(|reason| (account, reason))?;
        if least > position.initial {
            return Err((account, RejectReason::LeverageTooHigh));
        }
        let rate = position.initial + intent.fee;
        Ok(ceil_div(market.value(intent.worst, lots) * rate, MILLION))
    }

    pub(super) fn cancel(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
    ) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, account)?;
        let a = self.known_account(account)?;
        if self.cancel_stop(s, a, order) {
            return Ok(());
        }
        self.own_order(s, a, order)?;
        let lots = self.withdraw_order(s, order.0);
        self.say_cancelled(s, a, order, lots, CancelCause::Client);
        Ok(())
    }

    fn own_order(&self, symbol: usize, account: usize, order: OrderId) -> Result<Resting, Refusal> {
        let mut orders = self.markets[symbol].orders.iter().filter(|order| !order.is_forced());
        match orders.find(|resting| resting.id == order.0 && resting.account == account) {
            Some(resting) => Ok(*resting),
            None => Err((account, RejectReason::UnknownOrder)),
        }
    }

    pub(super) fn replace(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        order: OrderId,
        price: Price,
        qty: Qty,
    ) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, account)?;
        let refuse = |reason| Err((account.index(), reason));
        let a = self.trader(account)?;
        self.look(s);
        let resting = self.own_order(s, a, order)?;
        let (ticks, lots) = (i128::from(price.ticks()), i128::from(qty.lots()));
        let market = &self.markets[s];
        if lots > market.order_lots_max {
            return refuse(RejectReason::QtyTooLarge);
        }
        if ticks != market.held(ticks) {
            return refuse(RejectReason::PriceOutOfDomain);
        }
        let asked = (!resting.reduce_only).then_some(lots);
        market.order_rules(a, Some(ticks), resting.side, asked)?;
        if !resting.reduce_only && market.value(ticks, lots) < market.notional_min {
            return refuse(RejectReason::BelowMinNotional);
        }
        if market.positions[a].locked {
            return refuse(RejectReason::InLiquidation);
        }
        let in_place = ticks == resting.price && lots <= resting.lots && resting.display.is_none();
        if !in_place && resting.linked.is_some() {
            return refuse(RejectReason::LinkedOrder);
        }
        if in_place {
            let rest = Resting { lots, ..resting };
            *self.cash_of(a) += {
                let market = &self.markets[s];
                market.reserve_of(&resting) - market.reserve_of(&rest)
            };
            let orders = &mut self.markets[s].orders;
            *orders.iter_mut().find(|o| o.id == order.0).expect("it rests") = rest;
            self.out.push(Event::Replaced { symbol, account, order, price, qty, in_place });
            return Ok(());
        }
        let mut lots = lots;
        if resting.reduce_only {
            let others = market.reduce_only_lots(a) - resting.lots;
            lots = lots.min(market.positions[a].on(resting.side.opposite()) - others);
            if lots <= 0 {
                return refuse(RejectReason::NothingToReduce);
            }
        }
        let qty = to_qty(lots);
        // The check looks at a copy of everything in which the order is gone.
        let mut without = self.clone();
        without.withdraw_order(s, order.0);
        let market = &without.markets[s];
        let side = resting.side;
        let worst = market.worst(side, ticks, lots);
        let fee = market.fee_reserved();
        let intent = Intent {
            symbol: s,
            account: a,
            side,
            lots,
            price: ticks,
            worst,
            fee,
            reduce_only: resting.reduce_only,
        };
        without.margin_check(&intent)?;
        self.withdraw_order(s, order.0);
        self.out.push(Event::Replaced { symbol, account, order, price, qty, in_place });
        let Resting { expiry_s, display, .. } = resting;
        self.execute(&intent, order, Shape { rests: true, expiry_s, display });
        Ok(())
    }
}

/// Whether what is left of an order joins the book.
fn rests(kind: OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::Limit(_)
            | OrderKind::PostOnly(_)
            | OrderKind::GoodTill { .. }
            | OrderKind::PostOnlySlide(_)
            | OrderKind::MarketToLimit
            | OrderKind::Iceberg { .. }
    )
}

impl Market {
    /// Steps of price and quantity, and the band; a reduce-only order has no lots to look at.
    fn order_rules(
        &self,
        account: usize,
        price: Option<i128>,
        side: Side,
        lots: Option<i128>,
    ) -> Result<(), Refusal> {
        if price.is_some_and(|price| price % self.tick != 0) {
            return Err((account, RejectReason::OffTick));
        }
        if lots.is_some_and(|lots| lots % self.lot != 0) {
            return Err((account, RejectReason::OffLot));
        }
        if let (Some(price), Some(mark)) = (price, self.mark)
            && self.price_band > 0
            && sign(side) * (price - mark) > floor_div(mark * self.price_band, MILLION)
        {
            return Err((account, RejectReason::PriceBand));
        }
        Ok(())
    }

    /// The worst price of a market order that finds this best opposite price.
    fn cap(&self, side: Side, best: i128) -> i128 {
        let distance = floor_div(best * self.band, MILLION);
        match side {
            Side::Buy => self.held(best + distance),
            Side::Sell => self.held(best - distance),
        }
    }

    /// Where an order's value is greatest: at its limit, or at the best price that it meets.
    fn worst(&self, side: Side, limit: i128, lots: i128) -> i128 {
        match self.best(side.opposite()) {
            Some(best)
                if !self.halted
                    && Self::meets(side, limit, best.price)
                    && self.value(best.price, lots) > self.value(limit, lots) =>
            {
                best.price
            }
            _ => limit,
        }
    }
}
