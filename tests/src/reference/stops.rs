//! "Stops" of `docs/ORDERS.md`.

use std::cmp::Reverse;

use seawall_engine::core::StopView;
use seawall_engine::types::{
    CancelCause, Event, NewOrder, OrderId, OrderKind, Price, Reference as Watched, RejectReason,
    Side, SymbolId, Trail,
};

use super::market::{MILLION, Market, floor_div};
use super::{FUND, Reference, Refusal, account_id, price as to_price, symbol_id};

/// Most stops that become orders after one input.
const STOPS_PER_INPUT_MAX: usize = 64;

/// A stop order that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// The order that it becomes.
    becomes: NewOrder,
    watch: Watched,
    trigger: i128,
    /// Of a trailing stop: how far behind, and the best price of its reference since it waits.
    trail: Option<(Trail, i128)>,
    /// The order that it is linked to.
    pub(super) linked: Option<u64>,
    /// Whether it triggers at its price or above, not at it or below.
    above: bool,
    /// When it came to its trigger: a counter, not a time.
    placed: u64,
    /// When it was placed.
    age: u64,
}

impl Stop {
    pub(super) fn id(&self) -> u64 {
        self.becomes.order.0
    }

    pub(super) fn owner(&self) -> usize {
        self.becomes.account.index()
    }

    pub(super) fn view(&self) -> StopView {
        let NewOrder { order, account, qty, .. } = self.becomes;
        StopView { order, account, trigger: to_price(self.trigger), qty }
    }

    fn is_reached(&self, price: i128) -> bool {
        if self.above { price >= self.trigger } else { price <= self.trigger }
    }

    /// Sorts stops into the order in which they trigger.
    pub(super) fn rank(&self) -> (u8, bool, Reverse<i128>, u64) {
        let nearest = if self.above { -self.trigger } else { self.trigger };
        (self.watch as u8, self.above, Reverse(nearest), self.placed)
    }
}

/// The trigger of a trailing stop that has seen this best price; none without a distance.
fn behind(by: Trail, above: bool, best: i128) -> Option<i128> {
    let distance = match by {
        Trail::Ticks(ticks) => i128::from(ticks),
        Trail::Part(part) if part.parts() == 0 => 0,
        Trail::Part(part) => floor_div(best * i128::from(part.parts()), MILLION).max(1),
    };
    if distance == 0 {
        return None;
    }
    Some(if above { best + distance } else { best - distance })
}

impl Market {
    /// A price that a stop may watch.
    pub(super) fn watched(&self, watch: Watched) -> Option<i128> {
        match watch {
            Watched::Last => self.last,
            Watched::Mark => self.mark,
            Watched::Index => self.index,
        }
    }
}

impl Reference {
    pub(super) fn index_input(&mut self, symbol: SymbolId, price: Price) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, account_id(FUND))?;
        if self.baskets.iter().any(|basket| basket.symbol == symbol) {
            return Err((FUND, RejectReason::IndexIsMade));
        }
        let ticks = i128::from(price.ticks());
        let market = &mut self.markets[s];
        if ticks != market.held(ticks) {
            return Err((FUND, RejectReason::PriceOutOfDomain));
        }
        market.index = Some(ticks);
        self.out.push(Event::Indexed { symbol, price });
        Ok(())
    }

    /// Checks a stop order and lets it wait.
    pub(super) fn place_stop(&mut self, new: &NewOrder) -> Result<(), Refusal> {
        let (watch, take_profit, trigger, limit, by) = match new.kind {
            OrderKind::Stop { watch, take_profit, trigger, limit } => {
                (watch, take_profit, Some(trigger), limit, None)
            }
            OrderKind::TrailingStop { watch, by } => (watch, false, None, None, Some(by)),
            _ => unreachable!("only stop orders wait"),
        };
        let s = self.known_symbol(new.symbol, new.account)?;
        let account = self.trader(new.account)?;
        let refuse = |reason| Err((account, reason));
        let market = &self.markets[s];
        let prices = [trigger, limit].into_iter().flatten().map(|p| i128::from(p.ticks()));
        let prices: Vec<i128> = prices.collect();
        let lots = i128::from(new.qty.lots());
        if !(1..1 << 63).contains(&new.order.0) {
            return refuse(RejectReason::OrderIdOutOfRange);
        }
        if lots > market.order_lots_max {
            return refuse(RejectReason::QtyTooLarge);
        }
        if prices.iter().any(|price| *price != market.held(*price)) {
            return refuse(RejectReason::PriceOutOfDomain);
        }
        if prices.iter().any(|price| price % market.tick != 0) {
            return refuse(RejectReason::OffTick);
        }
        if !new.reduce_only && lots % market.lot != 0 {
            return refuse(RejectReason::OffLot);
        }
        if market.halted {
            return refuse(RejectReason::Halted);
        }
        if self.is_taken(s, new.order) {
            return refuse(RejectReason::DuplicateOrder);
        }
        if market.positions[account].locked {
            return refuse(RejectReason::InLiquidation);
        }
        let Some(now) = market.watched(watch) else { return refuse(RejectReason::NoReference) };
        let above = (new.side == Side::Buy) != take_profit;
        let trigger = match by {
            Some(by) => match behind(by, above, now) {
                Some(trigger) if trigger == market.held(trigger) => trigger,
                _ => return refuse(RejectReason::TrailOutOfRange),
            },
            None => prices[0],
        };
        let stop = Stop {
            becomes: NewOrder { kind: limit.map_or(OrderKind::Market, OrderKind::Limit), ..*new },
            watch,
            trigger,
            trail: by.map(|by| (by, now)),
            linked: None,
            above,
            placed: self.joins,
            age: self.joins,
        };
        if stop.is_reached(now) {
            return refuse(RejectReason::WouldTriggerAtOnce);
        }
        if market.stops.iter().filter(|other| other.watch == watch).count() >= self.orders_max {
            return refuse(RejectReason::TooManyStops);
        }
        self.reach_in(s);
        let placed = self.joins;
        self.joins += 1;
        self.markets[s].stops.push(Stop { placed, age: placed, ..stop });
        let NewOrder { symbol, account, order, side, qty, .. } = *new;
        let trigger = to_price(trigger);
        self.out.push(Event::StopPlaced { symbol, account, order, side, trigger, qty });
        Ok(())
    }

    /// Whether an order of that id rests or waits.
    pub(super) fn is_taken(&self, symbol: usize, order: OrderId) -> bool {
        let market = &self.markets[symbol];
        market.orders.iter().any(|other| other.id == order.0)
            || market.stops.iter().any(|stop| stop.becomes.order == order)
    }

    /// Cancels an account's waiting stop; says whether there was one.
    pub(super) fn cancel_stop(&mut self, s: usize, account: usize, order: OrderId) -> bool {
        let own = |stop: &Stop| {
            stop.becomes.order == order && stop.becomes.account == account_id(account)
        };
        let Some(index) = self.markets[s].stops.iter().position(own) else { return false };
        let stop = self.markets[s].stops.remove(index);
        self.free(s, stop.linked);
        let lots = i128::from(stop.becomes.qty.lots());
        self.say_cancelled(s, account, order, lots, CancelCause::Client);
        true
    }

    /// Cancels an account's waiting stops, in the order in which they would trigger.
    pub(super) fn cancel_stops(
        &mut self,
        s: usize,
        account: usize,
        side: Option<Side>,
        cause: CancelCause,
    ) -> u32 {
        let mut own = self.markets[s].stops.clone();
        own.retain(|stop| {
            stop.becomes.account == account_id(account)
                && side.is_none_or(|only| only == stop.becomes.side)
        });
        own.sort_by_key(Stop::rank);
        for stop in &own {
            // The cancel of one before it may have freed it.
            let stops = &mut self.markets[s].stops;
            let index = stops.iter().position(|other| other.id() == stop.id()).expect("it waits");
            let gone = stops.remove(index);
            self.free(s, gone.linked);
            let lots = i128::from(stop.becomes.qty.lots());
            self.say_cancelled(s, account, stop.becomes.order, lots, cause);
        }
        u32::try_from(own.len()).expect("few stops")
    }

    /// Turns what was reached into orders.
    pub(super) fn fire(&mut self) {
        self.reach();
        for _ in 0..STOPS_PER_INPUT_MAX {
            if self.fired.is_empty() {
                return;
            }
            let new = self.fired.remove(0);
            if self.markets[new.symbol.index()].halted {
                self.held.push(new);
                continue;
            }
            if let Err((_, reason)) = self.order(&new) {
                let NewOrder { symbol, account, order, .. } = new;
                self.out.push(Event::StopRejected { symbol, account, order, reason });
            }
            self.reach();
        }
    }

    /// Takes out what references have reached.
    fn reach(&mut self) {
        for s in 0..self.markets.len() {
            self.reach_in(s);
        }
    }

    fn reach_in(&mut self, s: usize) {
        if !self.markets[s].halted {
            self.follow(s);
            let mut reached = self.markets[s].stops.clone();
            reached.retain(|stop| {
                let now = self.markets[s].watched(stop.watch);
                stop.is_reached(now.expect("a reference that was there stays"))
            });
            reached.sort_by_key(Stop::rank);
            for stop in reached {
                let NewOrder { account, order, .. } = stop.becomes;
                // One that triggered before it may have cancelled it.
                let stops = &self.markets[s].stops;
                let Some(stop) = stops.iter().find(|o| o.id() == order.0).copied() else {
                    continue;
                };
                self.markets[s].stops.retain(|other| other.becomes.order != order);
                let now = self.markets[s].watched(stop.watch).expect("it is there");
                let (symbol, price) = (symbol_id(s), to_price(now));
                self.fired.push(stop.becomes);
                self.out.push(Event::StopTriggered { symbol, account, order, price });
                if let Some(other) = stop.linked {
                    self.cancel_linked(s, other);
                }
            }
        }
    }

    /// Moves the triggers of trailing stops whose reference is better than it ever was for them,
    /// the oldest first.
    fn follow(&mut self, s: usize) {
        let mut ids: Vec<(u64, u64)> =
            self.markets[s].stops.iter().map(|stop| (stop.age, stop.id())).collect();
        ids.sort_unstable();
        for (_, id) in ids {
            let market = &mut self.markets[s];
            let index = market.stops.iter().position(|stop| stop.id() == id).expect("it waits");
            let mut stop = market.stops[index];
            let Some((by, best)) = stop.trail else { continue };
            let now = market.watched(stop.watch).expect("a reference that was there stays");
            let best = if stop.above { best.min(now) } else { best.max(now) };
            stop.trail = Some((by, best));
            let trigger = behind(by, stop.above, best).expect("a distance is not zero");
            if trigger != stop.trigger {
                stop.trigger = trigger;
                stop.placed = self.joins;
                self.joins += 1;
            }
            market.stops[index] = stop;
        }
    }
}
