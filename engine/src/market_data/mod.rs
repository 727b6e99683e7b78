//! Market data, folded from events alone: best prices, depth, last trade, and the book order by
//! order. A reader that has seen every event holds the same book as the engine.
//!
//! Ordered maps, not the engine's structures: a second, independent account of what rests.

use std::collections::{BTreeMap, VecDeque};

use crate::types::{Event, EventSink, OrderId, Price, Qty, Side, SymbolId};

/// The last trade of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTrade {
    /// Price.
    pub price: Price,
    /// Quantity.
    pub qty: Qty,
    /// The taker's side; none in an auction, where nobody takes.
    pub side: Option<Side>,
}

/// One resting order as the feed tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resting {
    side: Side,
    price: Price,
    lots: u32,
}

/// One symbol's book and trades, folded from its events.
#[derive(Clone, Debug)]
pub struct MarketData {
    symbol: SymbolId,
    orders: BTreeMap<OrderId, Resting>,
    /// Queues by price; orders from first to last.
    levels: [BTreeMap<Price, VecDeque<OrderId>>; 2],
    last_trade: Option<LastTrade>,
    traded_lots: u64,
}

impl MarketData {
    /// An empty view of one symbol.
    pub fn new(symbol: SymbolId) -> Self {
        Self {
            symbol,
            orders: BTreeMap::new(),
            levels: [BTreeMap::new(), BTreeMap::new()],
            last_trade: None,
            traded_lots: 0,
        }
    }

    /// The best bid.
    pub fn best_bid(&self) -> Option<Price> {
        self.levels[Side::Buy.index()].keys().next_back().copied()
    }

    /// The best offer.
    pub fn best_ask(&self) -> Option<Price> {
        self.levels[Side::Sell.index()].keys().next().copied()
    }

    /// The last trade.
    pub const fn last_trade(&self) -> Option<LastTrade> {
        self.last_trade
    }

    /// Traded quantity since the start, in lots.
    pub const fn traded_lots(&self) -> u64 {
        self.traded_lots
    }

    /// Levels of one side from the best outwards: price and total quantity in lots.
    pub fn depth(&self, side: Side) -> Vec<(Price, u64)> {
        let lots = |queue: &VecDeque<OrderId>| {
            queue.iter().map(|order| u64::from(self.orders[order].lots)).sum()
        };
        let level = |(price, queue): (&Price, _)| (*price, lots(queue));
        let levels = self.levels[side.index()].iter();
        match side {
            Side::Buy => levels.rev().map(level).collect(),
            Side::Sell => levels.map(level).collect(),
        }
    }

    /// Orders at a price from first to last, with their open quantity in lots.
    pub fn queue(&self, price: Price) -> Vec<(OrderId, u32)> {
        let queues = self.levels.iter().filter_map(|levels| levels.get(&price));
        queues.flatten().map(|order| (*order, self.orders[order].lots)).collect()
    }

    fn set_lots(&mut self, order: OrderId, lots: u32) {
        if lots == 0 {
            self.remove(order);
        } else if let Some(resting) = self.orders.get_mut(&order) {
            resting.lots = lots;
        }
    }

    /// An order that never rested has nothing to remove.
    fn remove(&mut self, order: OrderId) {
        let Some(Resting { side, price, .. }) = self.orders.remove(&order) else { return };
        let levels = &mut self.levels[side.index()];
        let queue = levels.get_mut(&price).expect("a resting order stands at a level");
        queue.retain(|other| *other != order);
        if queue.is_empty() {
            levels.remove(&price);
        }
    }
}

impl EventSink for MarketData {
    fn event(&mut self, event: Event) {
        match event {
            Event::Rested { symbol, order, side, price, qty, .. } if symbol == self.symbol => {
                self.orders.insert(order, Resting { side, price, lots: qty.lots() });
                self.levels[side.index()].entry(price).or_default().push_back(order);
            }
            Event::Trade { symbol, side, price, qty, maker, maker_leaves_lots, .. }
                if symbol == self.symbol =>
            {
                self.last_trade = Some(LastTrade { price, qty, side: Some(side) });
                self.traded_lots += u64::from(qty.lots());
                self.set_lots(maker, maker_leaves_lots);
            }
            Event::AuctionTrade { symbol, price, qty, buy, sell, .. } if symbol == self.symbol => {
                self.last_trade = Some(LastTrade { price, qty, side: None });
                self.traded_lots += u64::from(qty.lots());
                for order in [buy, sell] {
                    if let Some(resting) = self.orders.get(&order) {
                        let left = resting.lots - qty.lots();
                        self.set_lots(order, left);
                    }
                }
            }
            Event::Cancelled { symbol, order, .. } if symbol == self.symbol => self.remove(order),
            Event::Reduced { symbol, order, qty, .. } if symbol == self.symbol => {
                self.set_lots(order, qty.lots());
            }
            Event::Replaced { symbol, order, qty, in_place, .. } if symbol == self.symbol => {
                if in_place {
                    self.set_lots(order, qty.lots());
                } else {
                    self.remove(order);
                }
            }
            _ => {}
        }
    }
}
