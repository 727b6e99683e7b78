//! What is asked of an order before it is accepted, in the order of the specification
//! (`docs/MATCHING.md`, Order; `docs/ORDERS.md`). Checks read; they change nothing.

use super::admission::Admission;
use super::details::flag;
use super::expiry::is_over;
use super::halt::joins_call;
use super::market::Market;
use super::orders::{Admitted, Checked};
use crate::book::RestingOrder;
use crate::risk::Ledger;
use crate::types::{
    AccountId, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, RejectReason, Side,
};

impl Market {
    /// Every check of a new order, in the order of the specification.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub(super) fn check_order(
        &self,
        ledger: &Ledger,
        order: &NewOrder,
        time_ns: u64,
    ) -> Checked<Admitted> {
        if !order.order.is_client() {
            return Err(RejectReason::OrderIdOutOfRange);
        }
        self.check_qty(order.qty)?;
        if let Some(price) = order.kind.price() {
            self.check_price(price)?;
        }
        if self.rules.asks {
            self.check_order_rules(order)?;
        }
        check_kind(order, time_ns)?;
        if order.reduce_only && matches!(order.kind, OrderKind::Iceberg { .. }) {
            return Err(RejectReason::ReduceOnlyMayNotRest);
        }
        if self.halted && !joins_call(order.kind) {
            return Err(RejectReason::Halted);
        }
        self.check_new_id(order.order)?;
        self.check_unlocked(order.account)?;
        let qty = self.clipped(order)?;
        let limit = self.limit_of(order)?;
        if self.rules.asks && !order.reduce_only {
            self.check_notional(limit, qty)?;
        }
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
                replaces: (Money::ZERO, 0),
                reduce_only: order.reduce_only,
            },
        )?;
        let NewOrder { order, account, side, kind, reduce_only, .. } = *order;
        Ok(Admitted { order, account, side, limit, qty, kind, reduce_only })
    }

    #[inline]
    pub(super) fn check_new_id(&self, order: OrderId) -> Checked<()> {
        if self.book.find(order).is_some() || (!self.stops.is_empty() && self.stops.has(order)) {
            return Err(RejectReason::DuplicateOrder);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn check_qty(&self, qty: Qty) -> Checked<()> {
        if qty.lots() > self.rules.order_lots_max {
            return Err(RejectReason::QtyTooLarge);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn check_price(&self, price: Price) -> Checked<()> {
        if self.book.in_domain(price) { Ok(()) } else { Err(RejectReason::PriceOutOfDomain) }
    }

    #[inline]
    pub(super) fn check_unlocked(&self, account: AccountId) -> Checked<()> {
        if self.position(account).is_locked() { Err(RejectReason::InLiquidation) } else { Ok(()) }
    }

    /// The quantity, clipped to the position if the order may only reduce it.
    #[inline]
    fn clipped(&self, order: &NewOrder) -> Checked<Qty> {
        if !order.reduce_only {
            return Ok(order.qty);
        }
        let resting =
            if order.kind.may_rest() { self.position(order.account).reduce_lots } else { 0 };
        self.reducing(order.account, order.side, order.qty, resting)
    }

    /// How much of a quantity reduces the position beside what rests to reduce it.
    #[inline(never)]
    pub(super) fn reducing(
        &self,
        account: AccountId,
        side: Side,
        qty: Qty,
        resting: u32,
    ) -> Checked<Qty> {
        let position = self.position(account);
        let closing = position.closing_lots(side, position.size());
        let room = closing.saturating_sub(u64::from(resting)).min(u64::from(qty.lots()));
        let lots = u32::try_from(room).expect("no more than the order's own quantity");
        Qty::new(lots).ok_or(RejectReason::NothingToReduce)
    }

    /// The worst price at which the order may trade: its limit, or a market order's cap.
    #[inline]
    fn limit_of(&self, order: &NewOrder) -> Checked<Price> {
        // What most orders are: nothing is searched for.
        if let OrderKind::Limit(price) | OrderKind::ImmediateOrCancel(price) = order.kind {
            return Ok(price);
        }
        self.limit_by_kind(order)
    }

    #[inline(never)]
    fn limit_by_kind(&self, order: &NewOrder) -> Checked<Price> {
        let opposite = || self.book.best(order.side.opposite()).ok_or(RejectReason::NoLiquidity);
        match order.kind {
            OrderKind::PostOnly(price) if self.book.crosses(order.side, price) => {
                Err(RejectReason::PostOnlyWouldCross)
            }
            OrderKind::Limit(price)
            | OrderKind::PostOnly(price)
            | OrderKind::ImmediateOrCancel(price)
            | OrderKind::FillOrKill(price)
            | OrderKind::GoodTill { price, .. }
            | OrderKind::AtLeast { price, .. }
            | OrderKind::Iceberg { price, .. } => Ok(price),
            OrderKind::PostOnlySlide(price) if !self.book.crosses(order.side, price) => Ok(price),
            OrderKind::PostOnlySlide(_) => {
                self.one_step_short(order.side).ok_or(RejectReason::PostOnlyWouldCross)
            }
            OrderKind::Market => Ok(self.beyond(opposite()?, order.side, self.rules.market_band)),
            OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => {
                unreachable!("a stop order is not admitted, it waits")
            }
            OrderKind::MarketToLimit => opposite(),
        }
    }

    /// The price one tick step short of the best opposite price, if the domain has it.
    fn one_step_short(&self, side: Side) -> Option<Price> {
        let best = self.book.best(side.opposite())?;
        let tick = self.rules.order_rules.tick;
        let ticks = match side {
            Side::Buy => best.ticks().checked_sub(tick),
            Side::Sell => best.ticks().checked_add(tick),
        };
        ticks.and_then(Price::new).filter(|price| self.book.in_domain(*price))
    }

    /// Steps and band of a market that has any.
    #[cold]
    fn check_order_rules(&self, order: &NewOrder) -> Checked<()> {
        let rules = &self.rules.order_rules;
        if let Some(price) = order.kind.price() {
            self.check_tick(price)?;
        }
        if !order.reduce_only && !order.qty.lots().is_multiple_of(rules.lot) {
            return Err(RejectReason::OffLot);
        }
        match order.kind.price() {
            Some(price) if !self.rules.in_band(order.side, price, self.mark) => {
                Err(RejectReason::PriceBand)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_tick(&self, price: Price) -> Checked<()> {
        let on_tick = price.ticks().is_multiple_of(self.rules.order_rules.tick);
        if on_tick { Ok(()) } else { Err(RejectReason::OffTick) }
    }

    #[cold]
    fn check_notional(&self, limit: Price, qty: Qty) -> Checked<()> {
        let value = self.rules.contract.value(limit, u64::from(qty.lots()));
        if value < self.rules.order_rules.notional_min {
            return Err(RejectReason::BelowMinNotional);
        }
        Ok(())
    }

    /// Steps, band and least value of what a resting order is to become.
    #[cold]
    pub(super) fn check_replacement(
        &self,
        old: &RestingOrder,
        price: Price,
        qty: Qty,
    ) -> Checked<()> {
        let reduce_only = old.flags & flag::REDUCE_ONLY != 0;
        self.check_tick(price)?;
        if !reduce_only && !qty.lots().is_multiple_of(self.rules.order_rules.lot) {
            return Err(RejectReason::OffLot);
        }
        if !self.rules.in_band(old.side, price, self.mark) {
            return Err(RejectReason::PriceBand);
        }
        if reduce_only { Ok(()) } else { self.check_notional(price, qty) }
    }

    /// A price that is worse for `side` by a part of it, within the domain.
    pub(super) fn beyond(&self, price: Price, side: Side, part: Ppm) -> Price {
        self.apart(price, side, part.of_ticks(price))
    }

    /// A price so many ticks on the worse side of another, within the domain.
    pub(super) fn apart(&self, price: Price, side: Side, distance: u32) -> Price {
        let (low, high) = self.rules.domain();
        let ticks = match side {
            Side::Buy => price.ticks().saturating_add(distance).min(high.ticks()),
            Side::Sell => price.ticks().saturating_sub(distance).max(low.ticks()),
        };
        Price::new(ticks).expect("a price between two prices of the domain")
    }

    /// The best opposite price, if an order of that limit would trade with it.
    #[inline]
    pub(super) fn touch(&self, side: Side, limit: Price) -> Option<Price> {
        // In a call nothing trades at once.
        if !self.halted && self.book.crosses(side, limit) {
            self.book.best(side.opposite())
        } else {
            None
        }
    }

    pub(super) fn check_block(
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
                replaces: (Money::ZERO, 0),
                reduce_only: false,
            };
            self.admit(ledger, &admission).map_err(|reason| (reason, account))?;
        }
        Ok(())
    }
}

/// What is asked of single kinds of order.
#[inline]
fn check_kind(order: &NewOrder, time_ns: u64) -> Checked<()> {
    match order.kind {
        OrderKind::AtLeast { min, .. } if min > order.qty => Err(RejectReason::MinAboveQty),
        OrderKind::GoodTill { expiry_s, .. } if is_over(expiry_s, time_ns) => {
            Err(RejectReason::ExpiryPassed)
        }
        OrderKind::Iceberg { display, .. } if display > order.qty => {
            Err(RejectReason::DisplayAboveQty)
        }
        _ => Ok(()),
    }
}
