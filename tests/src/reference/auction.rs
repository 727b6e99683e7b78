//! "Halts" and "Call auction" of `docs/ORDERS.md`.

use seawall_engine::core::Clearing;
use seawall_engine::types::{
    CancelCause, Event, HaltCause, OrderId, OrderKind, RejectReason, Side, SymbolId,
};

use super::market::{MILLION, Market, Resting, floor_div, sign};
use super::{FUND, Queued, Reference, Refusal, account_id, price as to_price, qty, symbol_id};

/// Halts of a market that can be halted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Halts {
    pub(super) band: i128,
    pub(super) window_ns: u64,
    pub(super) reopen_ns: u64,
    /// Price around which the band lies, and the window in which it was taken.
    pub(super) reference: Option<(i128, u64)>,
    /// When a halted market reopens by itself.
    pub(super) due_ns: Option<u64>,
}

/// What an auction would do.
#[derive(Clone, Copy, Debug)]
struct Found {
    price: i128,
    lots: i128,
    surplus: i128,
}

impl Market {
    fn standing(&self) -> Option<i128> {
        self.mark.or(self.last)
    }

    /// Lowest and highest price at which it trades now; `None` for no bound.
    pub(super) fn halt_band(&self) -> Option<(i128, i128)> {
        let halts = self.halts?;
        let (reference, _) = halts.reference?;
        let distance = floor_div(reference * halts.band, MILLION);
        (halts.band > 0).then_some((reference - distance, reference + distance))
    }

    /// A limit, held to where the band lets trades happen.
    pub(super) fn within_band(&self, side: Side, limit: i128) -> i128 {
        match (self.halt_band(), side) {
            (None, _) => limit,
            (Some((_, high)), Side::Buy) => limit.min(high),
            (Some((low, _)), Side::Sell) => limit.max(low),
        }
    }

    /// Of every price at which an order rests: greatest volume, least surplus, nearest the
    /// standing price, lowest.
    fn found(&self) -> Option<Found> {
        let total = |side: Side, at: i128| -> i128 {
            let own = self.orders.iter().filter(|order| order.side == side);
            own.filter(|order| sign(side) * (order.price - at) >= 0).map(Resting::total).sum()
        };
        let mut all: Vec<Found> = Vec::new();
        for order in &self.orders {
            let (bids, offers) = (total(Side::Buy, order.price), total(Side::Sell, order.price));
            let lots = bids.min(offers);
            if lots > 0 {
                all.push(Found { price: order.price, lots, surplus: bids - offers });
            }
        }
        all.sort_by_key(|found| {
            let distance = self.standing().map_or(0, |price| (price - found.price).abs());
            (-found.lots, found.surplus.abs(), distance, found.price)
        });
        all.first().copied()
    }

    pub(super) fn clearing(&self) -> Option<Clearing> {
        self.found().map(|found| Clearing {
            price: to_price(found.price),
            lots: u64::try_from(found.lots).expect("it fits"),
            surplus_lots: i64::try_from(found.surplus).expect("it fits"),
        })
    }
}

/// Whether an order of that kind may join a halted market.
pub(super) fn joins(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::Limit(_) | OrderKind::GoodTill { .. } | OrderKind::Iceberg { .. })
}

impl Reference {
    /// Takes the price around which the band lies, if a new window has begun.
    pub(super) fn look(&mut self, s: usize) {
        let (now_ns, market) = (self.time_ns, &mut self.markets[s]);
        let standing = market.standing();
        if let Some(halts) = &mut market.halts
            && !market.halted
        {
            let window = now_ns / halts.window_ns;
            if halts.reference.is_none_or(|(_, taken)| taken != window) {
                halts.reference = standing.map(|price| (price, window));
            }
        }
    }

    fn can_halt(&self, symbol: SymbolId) -> Result<usize, Refusal> {
        let s = self.known_symbol(symbol, account_id(FUND))?;
        if self.markets[s].halts.is_none() {
            return Err((FUND, RejectReason::NoAuction));
        }
        Ok(s)
    }

    fn is_halted_market(&self, symbol: SymbolId) -> Result<usize, Refusal> {
        let s = self.can_halt(symbol)?;
        if !self.markets[s].halted {
            return Err((FUND, RejectReason::NotHalted));
        }
        Ok(s)
    }

    pub(super) fn halt_input(&mut self, symbol: SymbolId) -> Result<(), Refusal> {
        let s = self.can_halt(symbol)?;
        if self.markets[s].halted {
            return Err((FUND, RejectReason::Halted));
        }
        self.look(s);
        self.halt(s, HaltCause::Command);
        Ok(())
    }

    pub(super) fn reopen_input(&mut self, symbol: SymbolId) -> Result<(), Refusal> {
        let s = self.is_halted_market(symbol)?;
        self.reopen(s);
        Ok(())
    }

    pub(super) fn indicative_input(&mut self, symbol: SymbolId) -> Result<(), Refusal> {
        let s = self.is_halted_market(symbol)?;
        let found = self.markets[s].clearing();
        self.out.push(Event::Indicative {
            symbol,
            price: found.map(|found| found.price),
            lots: found.map_or(0, |found| found.lots),
            surplus_lots: found.map_or(0, |found| found.surplus_lots),
        });
        Ok(())
    }

    pub(super) fn halt(&mut self, s: usize, cause: HaltCause) {
        let now_ns = self.time_ns;
        let market = &mut self.markets[s];
        let halts = market.halts.as_mut().expect("it can be halted");
        halts.due_ns = (halts.reopen_ns > 0).then(|| now_ns.saturating_add(halts.reopen_ns));
        let reference = halts.reference.map(|(price, _)| to_price(price));
        market.halted = true;
        self.out.push(Event::Halted { symbol: symbol_id(s), cause, reference });
    }

    /// Reopens what is due, the earliest first.
    pub(super) fn reopen_due(&mut self) {
        while let Some((due_ns, s)) = self.next_reopening() {
            if due_ns > self.time_ns {
                return;
            }
            self.reopen(s);
        }
    }

    pub(super) fn next_reopening(&self) -> Option<(u64, usize)> {
        let halted = self.markets.iter().enumerate().filter(|(_, market)| market.halted);
        halted.filter_map(|(s, market)| Some((market.halts?.due_ns?, s))).min()
    }

    fn reopen(&mut self, s: usize) {
        let traded_at = self.uncross(s);
        let window = self.time_ns / self.markets[s].halts.expect("it was halted").window_ns;
        let market = &mut self.markets[s];
        market.halted = false;
        let price = traded_at.or(market.standing());
        let halts = market.halts.as_mut().expect("it was halted");
        halts.due_ns = None;
        halts.reference = price.map(|price| (price, window));
        self.out.push(Event::Reopened { symbol: symbol_id(s) });
        // Positions that waited, in the order in which they would have been served.
        let mut waited: Vec<_> =
            self.queue.iter().filter(|queued| queued.symbol == s).copied().collect();
        waited.sort_by_key(|queued| (queued.key, queued.entered));
        self.queue.retain(|queued| queued.symbol != s);
        for queued in waited {
            let position = self.markets[s].positions[queued.account];
            let next = if self.cross[queued.account] {
                self.left_in(s, queued.account).or_else(|| self.next_to_close(queued.account))
            } else {
                Some((s, position)).filter(|_| position.lots != 0)
            };
            if let Some((symbol, position)) = next {
                let times = (queued.first_ns, queued.trigger_ns.max(self.time_ns));
                self.enqueue_as(symbol, queued.account, &position, times);
                continue;
            }
            // One that has become flat meanwhile keeps the key that it had.
            let entered = self.entries;
            self.entries += 1;
            let trigger_ns = queued.trigger_ns.max(self.time_ns);
            let drawn = self.rules.venue.draw.is_none();
            self.queue.push(Queued { entered, trigger_ns, drawn, ..queued });
        }
        let (own, others): (Vec<_>, Vec<_>) =
            self.held.drain(..).partition(|order| order.symbol == symbol_id(s));
        self.fired.extend(own);
        self.held = others;
        self.solvency();
    }

    /// Trades everything that crosses; returns the last price at which something did.
    fn uncross(&mut self, s: usize) -> Option<i128> {
        let mut traded_at = None;
        while let Some(Found { price, surplus, .. }) = self.markets[s].found() {
            let mut lots = 0;
            loop {
                let best = |side| self.markets[s].best(side).copied();
                let (Some(bid), Some(offer)) = (best(Side::Buy), best(Side::Sell)) else { break };
                if bid.price < price || offer.price > price {
                    break;
                }
                lots += self.cross(s, &bid, &offer, price);
            }
            if lots > 0 {
                traded_at = Some(price);
            }
            self.out.push(Event::Uncrossed {
                symbol: symbol_id(s),
                price: to_price(price),
                lots: u64::try_from(lots).expect("it fits"),
                surplus_lots: i64::try_from(surplus).expect("it fits"),
            });
        }
        traded_at
    }

    /// One trade of an auction, or the end of an order that cannot trade. Returns the lots.
    fn cross(&mut self, s: usize, bid: &Resting, offer: &Resting, price: i128) -> i128 {
        if bid.linked == Some(offer.id) {
            self.cancel_linked(s, offer.id);
            let bids = self.markets[s].orders.iter_mut();
            bids.filter(|order| order.id == bid.id).for_each(|order| order.linked = None);
            return 0;
        }
        let mut fill = bid.lots.min(offer.lots);
        for order in [bid, offer] {
            if order.reduce_only {
                let position = self.markets[s].positions[order.account];
                let most = position.on(order.side.opposite());
                if most == 0 {
                    self.cut_order(s, order.id, order.total(), CancelCause::ReduceOnly);
                    return 0;
                }
                fill = fill.min(most);
            }
        }
        for order in [bid, offer] {
            let market = &self.markets[s];
            let position = market.positions[order.account];
            let opening = fill - fill.min(position.on(order.side.opposite()));
            if order.reduce_only || opening == 0 || self.cross[order.account] {
                continue;
            }
            let before = market.reserve(order.account, order.price, order.total());
            let after = market.reserve(order.account, order.price, order.total() - fill);
            let needed = market.reserve(order.account, price, opening);
            if *self.cash_of(order.account) + before - after < needed {
                self.cut_order(s, order.id, order.total(), CancelCause::Unfunded);
                return 0;
            }
        }
        self.markets[s].last = Some(price);
        self.out.push(Event::AuctionTrade {
            symbol: symbol_id(s),
            price: to_price(price),
            qty: qty(fill),
            buy: OrderId(bid.id),
            buyer: account_id(bid.account),
            sell: OrderId(offer.id),
            seller: account_id(offer.account),
        });
        let value = self.markets[s].value(price, fill);
        for order in [bid, offer] {
            let part = self.draw_lots(s, order.id, fill);
            self.maker_side(s, order, fill, value);
            if let Some(part) = part {
                self.say_rested(s, &part);
            }
        }
        for other in [bid.linked, offer.linked].into_iter().flatten() {
            self.cancel_linked(s, other);
        }
        fill
    }
}
