//! Client orders: new, cancel, replace, block.

use super::Engine;
use super::admission::Admission;
use super::market::Market;
use super::settle::{Taker, TakerKind};
use crate::matching::{can_fill, sweep};
use crate::risk::Ledger;
use crate::types::{
    AccountId, CancelCause, Event, EventSink, NewOrder, OrderId, OrderKind, Ppm, Price, Qty,
    RejectReason, Side, SymbolId,
};

/// A client order that passed every check.
#[derive(Clone, Copy, Debug)]
struct Admitted {
    order: OrderId,
    account: AccountId,
    side: Side,
    limit: Price,
    qty: Qty,
    kind: OrderKind,
}

type Checked<T> = Result<T, RejectReason>;

impl Engine {
    pub(super) fn new_order(&mut self, order: &NewOrder, sink: &mut impl EventSink) -> Checked<()> {
        self.check_symbol(order.symbol)?;
        self.check_client(order.account)?;
        let market = &mut self.markets[order.symbol.index()];
        let admitted = market.check_order(&self.ledger, order)?;
        sink.event(Event::Accepted {
            symbol: order.symbol,
            account: order.account,
            order: order.order,
            side: order.side,
            price: order.kind.price(),
            qty: admitted.qty,
        });
        market.execute(&mut self.ledger, sink, &admitted);
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
        let slot = market.find(account, order).ok_or(RejectReason::UnknownOrder)?;
        let qty = market.book.order(slot).qty;
        market.withdraw(&mut self.ledger, slot);
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
        self.check_client(account)?;
        let market = &mut self.markets[symbol.index()];
        market.replace(&mut self.ledger, (account, order), price, qty, sink)
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
            if account == AccountId::FUND {
                return Err((RejectReason::FundAccount, account));
            }
        }
        for (account, _) in parties {
            self.check_open(account).map_err(|reason| (reason, account))?;
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
    /// Every check of a new order, in the order of the specification.
    fn check_order(&self, ledger: &Ledger, order: &NewOrder) -> Checked<Admitted> {
        if !order.order.is_client() {
            return Err(RejectReason::OrderIdOutOfRange);
        }
        self.check_qty(order.qty)?;
        if let Some(price) = order.kind.price() {
            self.check_price(price)?;
        }
        if order.reduce_only && order.kind.may_rest() {
            return Err(RejectReason::ReduceOnlyMayNotRest);
        }
        if self.book.find(order.order).is_some() {
            return Err(RejectReason::DuplicateOrder);
        }
        self.check_unlocked(order.account)?;
        let qty = self.clipped(order)?;
        let limit = self.limit_of(order)?;
        if order.kind.may_rest() && self.book.is_full() {
            return Err(RejectReason::BookFull);
        }
        self.admit(
            ledger,
            &Admission {
                account: order.account,
                side: order.side,
                qty,
                limit,
                touch: self.touch(order.side, limit),
                fee: self.rules.fee_max(),
                replaces: (crate::types::Money::ZERO, 0),
                reduce_only: order.reduce_only,
            },
        )?;
        let NewOrder { order, account, side, kind, .. } = *order;
        Ok(Admitted { order, account, side, limit, qty, kind })
    }

    fn check_qty(&self, qty: Qty) -> Checked<()> {
        if qty.lots() > self.rules.order_lots_max {
            return Err(RejectReason::QtyTooLarge);
        }
        Ok(())
    }

    fn check_price(&self, price: Price) -> Checked<()> {
        if self.book.in_domain(price) { Ok(()) } else { Err(RejectReason::PriceOutOfDomain) }
    }

    fn check_unlocked(&self, account: AccountId) -> Checked<()> {
        if self.position(account).is_locked() { Err(RejectReason::InLiquidation) } else { Ok(()) }
    }

    /// The quantity, clipped to the position if the order may only reduce it.
    fn clipped(&self, order: &NewOrder) -> Checked<Qty> {
        if !order.reduce_only {
            return Ok(order.qty);
        }
        let closing =
            self.position(order.account).closing_lots(order.side, u64::from(order.qty.lots()));
        let lots = u32::try_from(closing).expect("no more than the order's own quantity");
        Qty::new(lots).ok_or(RejectReason::NothingToReduce)
    }

    /// The worst price at which the order may trade: its limit, or a market order's cap.
    fn limit_of(&self, order: &NewOrder) -> Checked<Price> {
        match order.kind {
            OrderKind::PostOnly(price) if self.book.crosses(order.side, price) => {
                Err(RejectReason::PostOnlyWouldCross)
            }
            OrderKind::Limit(price)
            | OrderKind::PostOnly(price)
            | OrderKind::ImmediateOrCancel(price)
            | OrderKind::FillOrKill(price) => Ok(price),
            OrderKind::Market => {
                let best =
                    self.book.best(order.side.opposite()).ok_or(RejectReason::NoLiquidity)?;
                Ok(self.beyond(best, order.side, self.rules.market_band))
            }
        }
    }

    /// A price that is worse for `side` by a part of it, within the domain.
    pub(super) fn beyond(&self, price: Price, side: Side, part: Ppm) -> Price {
        let (low, high) = self.rules.domain();
        let distance = part.of_ticks(price);
        let ticks = match side {
            Side::Buy => (price.ticks() + distance).min(high.ticks()),
            Side::Sell => (price.ticks() - distance).max(low.ticks()),
        };
        Price::new(ticks).expect("a price between two prices of the domain")
    }

    /// The best opposite price, if an order of that limit would trade with it.
    fn touch(&self, side: Side, limit: Price) -> Option<Price> {
        if self.book.crosses(side, limit) { self.book.best(side.opposite()) } else { None }
    }

    /// Matches an admitted order, then rests or drops what is left.
    fn execute(&mut self, ledger: &mut Ledger, sink: &mut impl EventSink, order: &Admitted) {
        let Admitted { order: id, account, side, limit, qty, kind } = *order;
        let dropped =
            |qty, cause| Event::Cancelled { symbol: self.symbol, account, order: id, qty, cause };
        if matches!(kind, OrderKind::FillOrKill(_)) && !can_fill(&self.book, side, limit, qty) {
            sink.event(dropped(qty, CancelCause::FillOrKill));
            return;
        }
        let mut left = Some(qty);
        if self.book.crosses(side, limit) {
            let taker = Taker { order: id, account, side, kind: TakerKind::Client };
            left = self.take(ledger, sink, &taker, limit, qty);
        }
        let Some(left) = left else { return };
        if !kind.may_rest() || !self.rest(ledger, sink, (id, account), side, limit, left) {
            let symbol = self.symbol;
            let cause = CancelCause::Unfilled;
            sink.event(Event::Cancelled { symbol, account, order: id, qty: left, cause });
        }
    }

    /// Sweeps the opposite side and books every fill. Returns what is left.
    pub(super) fn take(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        taker: &Taker,
        limit: Price,
        qty: Qty,
    ) -> Option<Qty> {
        let (book, mut settlement) = self.split(ledger, sink);
        let left = sweep(book, taker.side, limit, qty, |fill| settlement.fill(taker, &fill));
        settlement.finish_taker(taker.account);
        left
    }

    fn replace(
        &mut self,
        ledger: &mut Ledger,
        (account, order): (AccountId, OrderId),
        price: Price,
        qty: Qty,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        let slot = self.find(account, order).ok_or(RejectReason::UnknownOrder)?;
        self.check_qty(qty)?;
        self.check_price(price)?;
        self.check_unlocked(account)?;
        let old = self.book.order(slot);
        let initial = self.initial(account);
        let reserve = self.rules.reserve(old.price, old.qty.lots(), initial);
        let symbol = self.symbol;
        let in_place = price == old.price && qty <= old.qty;
        let event = Event::Replaced { symbol, account, order, price, qty, in_place };
        if in_place {
            self.book.reduce(slot, qty);
            let cut = old.qty.lots() - qty.lots();
            self.positions[account.index()].open_lots[old.side.index()] -= cut;
            ledger.release(account, reserve - self.rules.reserve(price, qty.lots(), initial));
            sink.event(event);
            return Ok(());
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
                replaces: (reserve, old.qty.lots()),
                reduce_only: false,
            },
        )?;
        self.withdraw(ledger, slot);
        sink.event(event);
        let kind = OrderKind::Limit(price);
        self.execute(
            ledger,
            sink,
            &Admitted { order, account, side: old.side, limit: price, qty, kind },
        );
        Ok(())
    }

    fn check_block(
        &self,
        ledger: &Ledger,
        parties: [(AccountId, Side); 2],
        price: Price,
        qty: Qty,
    ) -> Result<(), (RejectReason, AccountId)> {
        let [(buyer, _), (seller, _)] = parties;
        let for_buyer = |reason| (reason, buyer);
        if buyer == seller {
            return Err(for_buyer(RejectReason::SelfBlock));
        }
        self.check_qty(qty).map_err(for_buyer)?;
        self.check_price(price).map_err(for_buyer)?;
        for (account, _) in parties {
            self.check_unlocked(account).map_err(|reason| (reason, account))?;
        }
        for (account, side) in parties {
            let admission = Admission {
                account,
                side,
                qty,
                limit: price,
                touch: None,
                fee: Ppm::ZERO,
                replaces: (crate::types::Money::ZERO, 0),
                reduce_only: false,
            };
            self.admit(ledger, &admission).map_err(|reason| (reason, account))?;
        }
        Ok(())
    }
}
