//! Placing stop orders, and turning those that were reached into client orders
//! (`docs/ORDERS.md`, Stops).

use super::Engine;
use super::market::Market;
use super::orders::Checked;
use super::stops::Waits;
use crate::types::{
    Event, EventSink, NewOrder, OrderKind, Price, Reference, RejectReason, SymbolId,
};

/// Most stop orders that become orders after one input; the rest follow with the next ones.
pub const STOPS_PER_INPUT_MAX: u32 = 64;

impl Engine {
    /// Accepts a stop order to wait.
    #[cold]
    pub(super) fn place_stop(
        &mut self,
        order: &NewOrder,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        let market = &mut self.markets[order.symbol.index()];
        let waits = market.check_stop(order)?;
        // Forced steps before the input may have moved the reference past others.
        self.reach(order.symbol, sink);
        let market = &mut self.markets[order.symbol.index()];
        market.stops.place(order, &waits);
        self.cares = true;
        let NewOrder { symbol, account, order, side, qty, .. } = *order;
        let trigger = waits.trigger;
        sink.event(Event::StopPlaced { symbol, account, order, side, trigger, qty });
        Ok(())
    }

    pub(super) fn set_index(
        &mut self,
        symbol: SymbolId,
        price: Price,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_symbol(symbol)?;
        if self.baskets.iter().any(|basket| basket.symbol == symbol) {
            return Err(RejectReason::IndexIsMade);
        }
        let market = &mut self.markets[symbol.index()];
        market.check_price(price)?;
        market.index_price = Some(price);
        sink.event(Event::Indexed { symbol, price });
        Ok(())
    }

    /// Turns stops whose references have reached them into orders, the first to trigger first.
    #[inline]
    pub(super) fn fire(&mut self, sink: &mut impl EventSink) {
        if !self.moved.is_empty() || !self.fired.is_empty() {
            self.fire_moved(sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn fire_moved(&mut self, sink: &mut impl EventSink) {
        self.moved.sort_unstable();
        for n in 0..self.moved.len() {
            self.reach(self.moved[n], sink);
        }
        self.moved.clear();
        for _ in 0..STOPS_PER_INPUT_MAX {
            let Some(order) = self.fired.pop_front() else { return };
            let NewOrder { symbol, account, order: id, .. } = order;
            if self.is_halted(symbol) {
                self.held.push_back(order);
                continue;
            }
            self.heat(symbol);
            if let Err(reason) = self.new_order(&order, sink) {
                sink.event(Event::StopRejected { symbol, account, order: id, reason });
            }
            self.reach(symbol, sink);
        }
    }

    /// Takes out what a symbol's references have reached.
    fn reach(&mut self, symbol: SymbolId, sink: &mut impl EventSink) {
        let market = &mut self.markets[symbol.index()];
        if market.halted {
            return;
        }
        for watch in Reference::ALL {
            let Some(price) = market.reference(watch) else { continue };
            while let Some((order, linked)) = market.stops.pop_reached(watch, price) {
                let (account, id) = (order.account, order.order);
                self.fired.push_back(order);
                sink.event(Event::StopTriggered { symbol, account, order: id, price });
                if let Some(other) = linked {
                    let (book, mut settlement) = market.split(&mut self.ledger, sink);
                    settlement.cancel_linked(book, other);
                }
            }
            // A trigger that follows is not reached: what stands on the other side of the
            // reference must be gone before it comes near.
            market.stops.follow(watch, price);
        }
    }
}

impl Market {
    /// A price that a stop order may watch.
    fn reference(&self, watch: Reference) -> Option<Price> {
        match watch {
            Reference::Last => self.last,
            Reference::Mark => self.mark,
            Reference::Index => self.index_price,
        }
    }

    /// What is asked of a stop order before it waits, in the order of the specification, and what
    /// it waits for.
    fn check_stop(&self, order: &NewOrder) -> Checked<Waits> {
        if !order.order.is_client() {
            return Err(RejectReason::OrderIdOutOfRange);
        }
        self.check_qty(order.qty)?;
        let (watch, prices) = match order.kind {
            OrderKind::Stop { watch, trigger, limit, .. } => (watch, [Some(trigger), limit]),
            OrderKind::TrailingStop { watch, .. } => (watch, [None, None]),
            _ => unreachable!("only stop orders wait"),
        };
        for price in prices.into_iter().flatten() {
            self.check_price(price)?;
        }
        if self.rules.asks {
            for price in prices.into_iter().flatten() {
                self.check_tick(price)?;
            }
            if !order.reduce_only && !order.qty.lots().is_multiple_of(self.rules.order_rules.lot) {
                return Err(RejectReason::OffLot);
            }
        }
        if self.halted {
            return Err(RejectReason::Halted);
        }
        self.check_new_id(order.order)?;
        self.check_unlocked(order.account)?;
        let price = self.reference(watch).ok_or(RejectReason::NoReference)?;
        let waits = self.waits_for(order, price)?;
        if waits.is_reached(price) {
            return Err(RejectReason::WouldTriggerAtOnce);
        }
        if self.stops.is_full(watch) {
            return Err(RejectReason::TooManyStops);
        }
        Ok(waits)
    }

    /// What a stop order waits for, with its reference at `price`.
    fn waits_for(&self, order: &NewOrder, price: Price) -> Checked<Waits> {
        match order.kind {
            OrderKind::Stop { watch, take_profit, trigger, limit } => {
                Ok(Waits::stop(order, watch, take_profit, (trigger, limit)))
            }
            OrderKind::TrailingStop { watch, by } => Waits::trailing(order, watch, by, price)
                .filter(|waits| self.book.in_domain(waits.trigger))
                .ok_or(RejectReason::TrailOutOfRange),
            _ => unreachable!("only stop orders wait"),
        }
    }
}
