//! Trades and what they book: "Bookings of one fill" and the taking side of "Order".

use seawall_engine::types::{CancelCause, Event, FundCause, HaltCause, OrderId, SelfTrade, Side};

use super::market::{MILLION, Market, Resting, floor_div, sign};
use super::{Reference, account_id, price as to_price, qty, symbol_id};

/// In which role an order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A client's order: pays the taker's fee.
    Client,
    /// A liquidation: pays a fee of that rate, in ppm, to the fund; of a cross account out of what
    /// it does better than its bankruptcy price.
    Liquidation { fee: i128, bankruptcy: i128 },
    /// The fund gets rid of a position: pays nothing.
    Unwind,
}

/// An order that takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) symbol: usize,
    pub(super) account: usize,
    pub(super) order: OrderId,
    pub(super) side: Side,
    pub(super) limit: i128,
    pub(super) role: Role,
}

/// What the closing part of a booking gave back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closed {
    pub(super) margin: i128,
    pub(super) profit: i128,
}

impl Reference {
    /// Fills an order against the opposite side, best first; returns what is left of it, and
    /// whether self-trade prevention stopped it.
    pub(super) fn take(&mut self, taker: &Taker, lots: i128) -> (i128, bool) {
        let market = &self.markets[taker.symbol];
        let limit = market.within_band(taker.side, taker.limit);
        let (left, stopped) = self.take_to(&Taker { limit, ..*taker }, lots);
        let market = &self.markets[taker.symbol];
        let best = market.best(taker.side.opposite());
        let more = best.is_some_and(|best| Market::meets(taker.side, taker.limit, best.price));
        if left > 0 && !stopped && more && limit != taker.limit {
            self.halt(taker.symbol, HaltCause::Trade);
        }
        (left, stopped)
    }

    fn take_to(&mut self, taker: &Taker, lots: i128) -> (i128, bool) {
        let mut left = lots;
        let mut stopped = false;
        while left > 0 {
            let best = self.markets[taker.symbol].best(taker.side.opposite()).copied();
            let Some(maker) = best else { break };
            if !Market::meets(taker.side, taker.limit, maker.price) {
                break;
            }
            let mode = match taker.role {
                Role::Client => self.settings[taker.account].mode,
                Role::Liquidation { .. } | Role::Unwind => SelfTrade::Allow,
            };
            let may_prevent = mode != SelfTrade::Allow && !maker.is_forced();
            if may_prevent && self.same_party(taker.account, maker.account) {
                stopped = self.prevent(mode, taker, &maker, &mut left);
                if stopped {
                    break;
                }
                continue;
            }
            let mut fill = left.min(maker.lots);
            if maker.reduce_only {
                let position = self.markets[taker.symbol].positions[maker.account];
                fill = fill.min(position.on(maker.side.opposite()));
            }
            if fill == 0 {
                self.cut_order(taker.symbol, maker.id, maker.total(), CancelCause::ReduceOnly);
                continue;
            }
            left -= fill;
            self.trade(taker, maker.id, fill);
        }
        if !self.is_fund(taker.account) {
            self.shortfall(taker.symbol, taker.account);
        }
        (left, stopped)
    }

    /// Two orders of one party meet; says whether the taker is stopped.
    fn prevent(
        &mut self,
        mode: SelfTrade,
        taker: &Taker,
        maker: &Resting,
        left: &mut i128,
    ) -> bool {
        let symbol = taker.symbol;
        let cause = CancelCause::SelfTrade;
        if mode == SelfTrade::CancelOldest || mode == SelfTrade::CancelBoth {
            self.cut_order(symbol, maker.id, maker.total(), cause);
        }
        if mode == SelfTrade::Decrement {
            let cut = maker.total().min(*left);
            self.cut_order(symbol, maker.id, cut, cause);
            *left -= cut;
            if *left == 0 {
                self.say_cancelled(symbol, taker.account, taker.order, cut, cause);
            } else {
                self.say_reduced(symbol, taker.account, taker.order, *left, cause);
            }
        }
        mode == SelfTrade::CancelNewest || mode == SelfTrade::CancelBoth
    }

    /// One fill, with all its bookings except the taker's shortfall.
    fn trade(&mut self, taker: &Taker, maker_id: u64, fill: i128) {
        let symbol = taker.symbol;
        let market = &mut self.markets[symbol];
        let maker = *market.orders.iter().find(|order| order.id == maker_id).expect("it rests");
        let value = market.value(maker.price, fill);
        market.last = Some(maker.price);
        let taker_fee = market.taker_fee;
        self.out.push(Event::Trade {
            symbol: symbol_id(symbol),
            side: taker.side,
            price: to_price(maker.price),
            qty: qty(fill),
            taker: taker.order,
            taker_account: account_id(taker.account),
            maker: OrderId(maker.id),
            maker_account: account_id(maker.account),
            maker_leaves_lots: u32::try_from(maker.lots - fill).expect("leaves fit"),
        });
        let part = self.draw_lots(symbol, maker_id, fill);
        self.maker_side(symbol, &maker, fill, value);

        match taker.role {
            Role::Liquidation { fee, bankruptcy } => {
                let whose = (symbol, taker.account, taker.side);
                self.liquidation_side(whose, fill, value, (fee, bankruptcy));
            }
            Role::Client => {
                self.book(symbol, taker.account, taker.side, fill, value);
                self.charge(taker.account, value, taker_fee);
            }
            Role::Unwind => {
                let closed = self.book(symbol, taker.account, taker.side, fill, value);
                self.say_fund_profit(symbol, FundCause::Unwind, closed);
            }
        }
        if let Some(part) = part {
            self.say_rested(symbol, &part);
        }
        if let Some(other) = maker.linked {
            self.cancel_linked(symbol, other);
        }
    }

    /// What a fill books for a forced order, whether it takes or rests.
    pub(super) fn liquidation_side(
        &mut self,
        (symbol, account, side): (usize, usize, Side),
        fill: i128,
        value: i128,
        (rate, bankruptcy): (i128, i128),
    ) {
        let closed = self.book(symbol, account, side, fill, value);
        let market = &self.markets[symbol];
        let kept = if self.cross[account] {
            market.profit(side, value, market.value(bankruptcy, fill))
        } else {
            closed.margin + closed.profit
        };
        let fee = floor_div(value * rate, MILLION).min(kept.max(0));
        self.charge_liquidation(symbol, account, fee);
        self.give_back(symbol, account, closed.margin + closed.profit - fee);
    }

    /// Takes lots of an order out of the book, with the reserve that they had; says the next part
    /// of an iceberg order whose shown part is used up.
    pub(super) fn draw_lots(&mut self, symbol: usize, id: u64, fill: i128) -> Option<Resting> {
        let market = &mut self.markets[symbol];
        let index = market.orders.iter().position(|order| order.id == id).expect("it rests");
        let maker = market.orders.remove(index);
        let mut rest = Resting { linked: None, ..maker };
        rest.lots -= fill;
        let released = market.reserve_of(&maker) - market.reserve_of(&rest);
        let next_part = rest.lots == 0 && rest.hidden > 0;
        if next_part {
            rest.lots = rest.hidden.min(rest.display.expect("only an iceberg order hides"));
            rest.hidden -= rest.lots;
            rest.joined = self.joins;
            self.joins += 1;
        }
        if rest.lots > 0 {
            market.orders.push(rest);
        }
        *self.cash_of(maker.account) += released;
        next_part.then_some(rest)
    }

    /// What a fill books for an order that rested.
    pub(super) fn maker_side(&mut self, symbol: usize, maker: &Resting, fill: i128, value: i128) {
        if maker.is_forced() {
            return self.forced_maker_side(symbol, maker, fill, value);
        }
        let fee = self.markets[symbol].maker_fee;
        self.book(symbol, maker.account, maker.side, fill, value);
        self.charge(maker.account, value, fee);
        self.shortfall(symbol, maker.account);
    }

    /// Says that an order, or its next part, joined the end of a queue.
    pub(super) fn say_rested(&mut self, symbol: usize, order: &Resting) {
        self.out.push(Event::Rested {
            symbol: symbol_id(symbol),
            account: account_id(order.account),
            order: OrderId(order.id),
            side: order.side,
            price: to_price(order.price),
            qty: qty(order.lots),
        });
    }

    /// Closing and opening part of `lots` for the value `value` on one side of an account.
    pub(super) fn book(
        &mut self,
        symbol: usize,
        account: usize,
        side: Side,
        lots: i128,
        value: i128,
    ) -> Closed {
        self.realise(symbol, account);
        let market = &self.markets[symbol];
        let mut position = market.positions[account];
        let close = lots.min(position.on(side.opposite()));
        let mut closed = Closed::default();
        let mut closing_value = 0;
        let mut cash = 0;
        if close > 0 {
            closing_value = floor_div(value * close, lots);
            let (margin, entry) = market.released(&position, close);
            let profit = market.profit(position.side(), entry, closing_value);
            closed = Closed { margin, profit };
            cash += margin + profit;
            position.margin -= margin;
            position.entry -= entry;
            position.lots += close * sign(side);
        }
        let open = lots - close;
        if open > 0 {
            let opening_value = value - closing_value;
            let rate = if self.cross[account] { 0 } else { position.initial };
            let margin = floor_div(opening_value * rate, MILLION);
            cash -= margin;
            position.margin += margin;
            position.entry += opening_value;
            position.lots += open * sign(side);
        }
        self.markets[symbol].positions[account] = position;
        *self.cash_of(account) += cash;
        if self.cross[account] {
            self.answering[account] = self.markets[symbol].fund;
        }
        self.sweep_pool(symbol);
        closed
    }

    /// A trading fee, cut to what there is.
    fn charge(&mut self, account: usize, value: i128, rate: i128) {
        let cross = self.cross[account];
        let cash = self.cash_of(account);
        let fee = floor_div(value * rate, MILLION);
        let fee = if cross { fee } else { fee.min((*cash).max(0)) };
        *cash -= fee;
        self.fees += fee;
    }

    /// The liquidation fee of one fill, to the fund.
    fn charge_liquidation(&mut self, symbol: usize, account: usize, fee: i128) {
        if fee > 0 {
            *self.cash_of(account) -= fee;
            self.fund(symbol, FundCause::LiquidationFee, fee);
        }
    }

    /// By a venue's rule what a closed part released is margin again, while there is a position;
    /// a loss takes from margin, which does not fall below nothing.
    pub(super) fn give_back(&mut self, symbol: usize, account: usize, released: i128) {
        let position = &mut self.markets[symbol].positions[account];
        if !self.rules.venue.order.keeps_margin || position.lots == 0 || self.cross[account] {
            return;
        }
        let moved = released.max(-position.margin.max(0));
        position.margin += moved;
        *self.cash_of(account) -= moved;
    }

    /// A booking on the fund's account has already moved its cash; this says so.
    pub(super) fn say_fund_profit(&mut self, symbol: usize, cause: FundCause, closed: Closed) {
        if closed.profit != 0 {
            self.say_fund(symbol, cause, closed.profit);
        }
    }

    /// The fund pays what an account owes.
    pub(super) fn shortfall(&mut self, symbol: usize, account: usize) {
        assert!(!self.is_fund(account), "the fund's own bookings run no shortfall check");
        let owed = *self.cash_of(account);
        if owed < 0 && !self.cross[account] {
            *self.cash_of(account) = 0;
            self.fund(symbol, FundCause::Shortfall, owed);
        }
    }

    /// Takes an order out of the book; its reserve returns to its owner's cash.
    pub(super) fn withdraw_order(&mut self, symbol: usize, id: u64) -> i128 {
        let market = &mut self.markets[symbol];
        let index = market.orders.iter().position(|order| order.id == id).expect("it rests");
        let order = market.orders.remove(index);
        let reserve = market.reserve_of(&order);
        *self.cash_of(order.account) += reserve;
        self.free(symbol, order.linked);
        order.total()
    }

    /// Says that an order, or what was left of it, is gone.
    pub(super) fn say_cancelled(
        &mut self,
        symbol: usize,
        account: usize,
        order: OrderId,
        lots: i128,
        cause: CancelCause,
    ) {
        let (symbol, account) = (symbol_id(symbol), account_id(account));
        self.out.push(Event::Cancelled { symbol, account, order, qty: qty(lots), cause });
    }
}
