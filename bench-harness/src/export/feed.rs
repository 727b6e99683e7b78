//! What an observer of the venue saw: one record per change of the displayed book.

use std::collections::{BTreeMap, HashMap};

use seawall_engine::types::{Event, OrderId, Price, Side, SymbolId};

/// A change of the book, or of the market. `order` is a number of the feed's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An order, or the next part of an iceberg order, joined the end of its price's queue.
    Added(Displayed),
    /// An order was made smaller and keeps its place; `lots` is what is left of it.
    Reduced {
        /// The order, as it is now.
        order: Displayed,
        /// By how much.
        by_lots: u32,
    },
    /// An order, all that was left of it, was taken away.
    Deleted(Displayed),
    /// An order was executed at its price; `lots` is what is left of it, maybe 0.
    Executed {
        /// The resting order, as it is now.
        order: Displayed,
        /// By how much.
        by_lots: u32,
    },
    /// Two resting orders traded in an auction.
    Crossed {
        /// Price of the auction.
        price: Price,
        /// Lots.
        lots: u32,
        /// The orders as they are now: bid and offer.
        orders: [Displayed; 2],
    },
    /// Trading stopped.
    Halted,
    /// Trading goes on.
    Reopened,
}

/// One record and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// When the engine took the input that did it, in nanoseconds of the run.
    pub time_ns: u64,
    /// What was seen.
    pub seen: Seen,
}

/// A displayed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Displayed {
    /// Its number: 1, 2, 3, … in the order in which orders joined the book. An order that lost its place
    /// comes back under a new one, as Nasdaq does it.
    pub number: u64,
    /// Its side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What is displayed of it.
    pub lots: u32,
}

/// The displayed book of one symbol, folded from its events.
#[derive(Clone, Debug)]
pub struct Feed {
    symbol: SymbolId,
    time_ns: u64,
    numbers: u64,
    orders: HashMap<OrderId, Displayed>,
    levels: [BTreeMap<Price, u64>; 2],
}

impl Feed {
    /// An empty book.
    pub fn new(symbol: SymbolId) -> Self {
        let levels = [BTreeMap::new(), BTreeMap::new()];
        Self { symbol, time_ns: 0, numbers: 0, orders: HashMap::new(), levels }
    }

    /// The time of the events that follow.
    pub fn begin(&mut self, time_ns: u64) {
        self.time_ns = time_ns;
    }

    /// Levels of one side from the best outwards: price and lots.
    pub fn depth(&self, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        let (bids, offers) = match side {
            Side::Buy => (Some(self.levels[side.index()].iter().rev()), None),
            Side::Sell => (None, Some(self.levels[side.index()].iter())),
        };
        let levels = bids.into_iter().flatten().chain(offers.into_iter().flatten());
        levels.map(|(price, lots)| (*price, *lots))
    }

    /// What an observer sees of an event, if anything.
    pub fn fold(&mut self, event: &Event) -> Option<Update> {
        if event.symbol() != Some(self.symbol) {
            return None;
        }
        let seen = match *event {
            Event::Rested { order, side, price, qty, .. } => {
                Some(self.add(order, side, price, qty.lots()))
            }
            Event::Trade { qty, maker, maker_leaves_lots, .. } => {
                let order = self.take(maker, qty.lots());
                assert_eq!(
                    order.lots, maker_leaves_lots,
                    "order {maker:?} is another to the engine"
                );
                Some(Seen::Executed { order, by_lots: qty.lots() })
            }
            Event::AuctionTrade { price, qty, buy, sell, .. } => {
                let lots = qty.lots();
                let orders = [self.take(buy, lots), self.take(sell, lots)];
                Some(Seen::Crossed { price, lots, orders })
            }
            Event::Reduced { order, qty, .. }
            | Event::Replaced { order, qty, in_place: true, .. } => self.reduce(order, qty.lots()),
            Event::Cancelled { order, .. } | Event::Replaced { order, .. } => self.delete(order),
            Event::Halted { .. } => Some(Seen::Halted),
            Event::Reopened { .. } => Some(Seen::Reopened),
            _ => None,
        };
        seen.map(|seen| Update { time_ns: self.time_ns, seen })
    }

    fn add(&mut self, order: OrderId, side: Side, price: Price, lots: u32) -> Seen {
        self.numbers += 1;
        let displayed = Displayed { number: self.numbers, side, price, lots };
        self.orders.insert(order, displayed);
        *self.levels[side.index()].entry(price).or_default() += u64::from(lots);
        Seen::Added(displayed)
    }

    /// Executes a resting order.
    fn take(&mut self, order: OrderId, lots: u32) -> Displayed {
        let resting = self.orders.get_mut(&order).expect("what trades has been displayed");
        resting.lots -= lots;
        let left = *resting;
        if left.lots == 0 {
            self.orders.remove(&order);
        }
        self.thin(left, lots);
        left
    }

    /// An order that never rested was never seen.
    fn delete(&mut self, order: OrderId) -> Option<Seen> {
        let gone = self.orders.remove(&order)?;
        self.thin(gone, gone.lots);
        Some(Seen::Deleted(gone))
    }

    /// An order to its size as before shows nothing.
    fn reduce(&mut self, order: OrderId, lots: u32) -> Option<Seen> {
        let resting = self.orders.get_mut(&order)?;
        let by_lots = resting.lots.checked_sub(lots).filter(|by| *by > 0)?;
        resting.lots = lots;
        let order = *resting;
        self.thin(order, by_lots);
        Some(Seen::Reduced { order, by_lots })
    }

    fn thin(&mut self, order: Displayed, lots: u32) {
        let levels = &mut self.levels[order.side.index()];
        let level = levels.get_mut(&order.price).expect("a displayed order stands at a level");
        *level -= u64::from(lots);
        if *level == 0 {
            levels.remove(&order.price);
        }
    }
}
