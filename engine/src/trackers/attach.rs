//! Attaching trackers and probes: the only time they look into the book.

use thiserror::Error;

use super::level::Level;
use super::record::{Ahead, Cause, TrackerId};
use super::{QueueTrackers, State, Subject, Tracker, outwards};
use crate::core::Engine;
use crate::types::{OrderId, Price, Side, SymbolId};

/// Where in a queue a probe stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rank {
    /// So many orders ahead of it.
    OrdersAhead(u32),
    /// Behind everybody.
    Back,
}

/// A place of no size in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Symbol.
    pub symbol: SymbolId,
    /// Bid or offer.
    pub side: Side,
    /// Price.
    pub price: Price,
    /// Place among the orders of that price.
    pub rank: Rank,
    /// If given, the probe ends as moved away when an order of its side rests at this price or
    /// a better one. It lies beyond `price`, and beyond the best price at the start.
    pub away: Option<Price>,
}

/// Why there is nothing to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TrackError {
    /// There is no such symbol.
    #[error("there is no symbol {}", .0.0)]
    UnknownSymbol(SymbolId),
    /// The market is halted.
    #[error("symbol {} is halted: places are followed where sides do not cross", .0.0)]
    Halted(SymbolId),
    /// No order of that id rests.
    #[error("no order {} rests; only resting orders have a place in a queue", .0.0)]
    NotResting(OrderId),
    /// Nothing rests at the price.
    #[error("nothing rests at {price}: a place in a queue needs a queue")]
    EmptyLevel {
        /// The price.
        price: Price,
    },
    /// The price holds orders of the other side.
    #[error("the orders at {price} are of the other side")]
    OtherSide {
        /// The price.
        price: Price,
    },
    /// Fewer orders rest than should stand ahead.
    #[error("{orders} orders rest at {price}: rank {rank} lies beyond the queue")]
    RankBeyondQueue {
        /// The price.
        price: Price,
        /// The orders that should stand ahead.
        rank: u32,
        /// The orders that rest there.
        orders: u32,
    },
    /// The price at which the probe would count as left behind has been reached already.
    #[error("the price has moved to {away} or beyond already")]
    AwayAlready {
        /// That price.
        away: Price,
    },
}

impl QueueTrackers {
    /// Follows an order that rests now.
    pub fn follow(
        &mut self,
        engine: &Engine,
        symbol: SymbolId,
        order: OrderId,
    ) -> Result<TrackerId, TrackError> {
        if !engine.has_symbol(symbol) {
            return Err(TrackError::UnknownSymbol(symbol));
        }
        if engine.is_halted(symbol) {
            return Err(TrackError::Halted(symbol));
        }
        if engine.resting_order(symbol, order).is_none() {
            return Err(TrackError::NotResting(order));
        }
        let id = self.follow_from_rest(symbol, order);
        if !matches!(self.trackers[id.index()].state, State::Queued { .. }) {
            self.place(engine, id, order, Cause::OwnRest);
        }
        Ok(id)
    }

    /// Follows an order from the moment it comes to rest. An order that is followed already keeps
    /// its tracker.
    pub fn follow_from_rest(&mut self, symbol: SymbolId, order: OrderId) -> TrackerId {
        if let Some(id) = self.followed.get(&(symbol, order))
            && self.end(*id).is_none()
        {
            return *id;
        }
        let id = self.add(Tracker {
            subject: Subject::Order(order),
            symbol,
            side: Side::Buy,
            price: Price::MIN,
            away: None,
            ahead: Ahead::default(),
            state: State::Awaiting(None),
        });
        self.followed.insert((symbol, order), id);
        id
    }

    /// Puts a probe into a queue.
    pub fn probe(&mut self, engine: &Engine, probe: Probe) -> Result<TrackerId, TrackError> {
        let Probe { symbol, side, price, rank, away } = probe;
        if !engine.has_symbol(symbol) {
            return Err(TrackError::UnknownSymbol(symbol));
        }
        if engine.is_halted(symbol) {
            return Err(TrackError::Halted(symbol));
        }
        let Some(first) = engine.queue(symbol, price).next() else {
            return Err(TrackError::EmptyLevel { price });
        };
        if first.side != side {
            return Err(TrackError::OtherSide { price });
        }
        let best = match side {
            Side::Buy => engine.best_bid(symbol),
            Side::Sell => engine.best_ask(symbol),
        };
        if let Some((away, best)) = away.zip(best)
            && outwards(side, best) <= outwards(side, away)
        {
            return Err(TrackError::AwayAlready { away });
        }
        self.mirror(engine, symbol, price);
        let wanted = match rank {
            Rank::OrdersAhead(orders) => orders,
            Rank::Back => u32::MAX,
        };
        let mut ahead = Ahead::default();
        let mut last_ahead = 0;
        for order in engine.queue(symbol, price) {
            if ahead.orders == wanted {
                break;
            }
            ahead.orders += 1;
            ahead.lots += u64::from(order.qty.lots());
            last_ahead = self.members[&(symbol, order.id)].ticket;
        }
        if let Rank::OrdersAhead(rank) = rank
            && ahead.orders < rank
        {
            self.release(symbol, price, None);
            return Err(TrackError::RankBeyondQueue { price, rank, orders: ahead.orders });
        }
        let state = State::Queued { last_ahead };
        let subject = Subject::Probe;
        let id = self.add(Tracker { subject, symbol, side, price, away, ahead, state });
        self.level_mut(symbol, price).trackers.push(id);
        self.probes.insert((symbol, side, outwards(side, price), id));
        if let Some(away) = away {
            self.aways.insert((symbol, side, -outwards(side, away), id));
        }
        Ok(id)
    }

    fn add(&mut self, tracker: Tracker) -> TrackerId {
        let id = u32::try_from(self.trackers.len()).expect("fewer than 2^32 trackers");
        self.trackers.push(tracker);
        TrackerId(id)
    }

    /// Starts to follow a price, if it is not followed yet.
    pub(super) fn mirror(&mut self, engine: &Engine, symbol: SymbolId, price: Price) {
        if self.levels.contains_key(&(symbol, price)) {
            return;
        }
        self.serial += 1;
        let mut level = Level { serial: self.serial, ..Level::default() };
        for order in engine.queue(symbol, price) {
            let member = level.join(price, order.qty.lots());
            self.members.insert((symbol, order.id), member);
        }
        self.levels.insert((symbol, price), level);
    }

    /// Finds a followed order in the book, at a price that may not have been followed.
    pub(super) fn place(&mut self, engine: &Engine, id: TrackerId, order: OrderId, cause: Cause) {
        let symbol = self.trackers[id.index()].symbol;
        let Some(resting) = engine.resting_order(symbol, order) else { return };
        self.mirror(engine, symbol, resting.price);
        let (orders, lots) = engine.queue_ahead(symbol, order).expect("it rests");
        let member = self.members[&(symbol, order)];
        let tracker = &mut self.trackers[id.index()];
        tracker.side = resting.side;
        tracker.price = resting.price;
        tracker.ahead = Ahead { orders, lots };
        tracker.state = State::Queued { last_ahead: member.ticket - 1 };
        self.level_mut(symbol, resting.price).trackers.push(id);
        self.step(id, cause, u64::from(member.lots));
    }

    pub(super) fn level_mut(&mut self, symbol: SymbolId, price: Price) -> &mut Level {
        self.levels.get_mut(&(symbol, price)).expect("the price of a tracker is followed")
    }

    /// A tracker leaves its price, which is followed only as long as somebody stands there.
    pub(super) fn release(&mut self, symbol: SymbolId, price: Price, id: Option<TrackerId>) {
        let Some(level) = self.levels.get_mut(&(symbol, price)) else { return };
        level.trackers.retain(|other| Some(*other) != id);
        if level.trackers.is_empty() {
            self.levels.remove(&(symbol, price));
        }
        // From here on events may go unheard, and what is known of the orders may become wrong.
        if self.levels.is_empty() {
            self.members.clear();
        }
    }
}
