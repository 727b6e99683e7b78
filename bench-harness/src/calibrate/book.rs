//! The displayed book as a record shows it, with what is known of each order in it.

use std::collections::{BTreeMap, HashMap};

use seawall_engine::types::Side;

/// How and when an order was placed; unknown of orders from before the record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) time_ns: u64,
    /// Ticks behind the best price of its side as it came; below zero inside the spread. `None`
    /// where that side was empty.
    pub(super) behind: Option<i64>,
    /// The spread as it came, in ticks; 0 where a side was empty.
    pub(super) spread: u32,
    pub(super) lots: u32,
}

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resting {
    pub(super) side: Side,
    pub(super) ticks: u32,
    pub(super) lots: u32,
    pub(super) placed: Option<Placed>,
}

/// What stands at a price.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) lots: u64,
    pub(super) orders: u32,
}

/// The book; memory is the orders that rest.
#[derive(Debug, Default)]
pub(super) struct Book {
    orders: HashMap<u64, Resting>,
    levels: [BTreeMap<u32, Level>; 2],
}

impl Book {
    pub(super) fn best(&self, side: Side) -> Option<u32> {
        let levels = &self.levels[side.index()];
        let end = match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        };
        end.map(|(ticks, _)| *ticks)
    }

    /// Distance of best bid and best offer, if both are there.
    pub(super) fn spread(&self) -> Option<u32> {
        let (bid, ask) = (self.best(Side::Buy)?, self.best(Side::Sell)?);
        ask.checked_sub(bid).filter(|spread| *spread > 0)
    }

    /// The levels of a side with their distances from its best price, nearest first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (u32, Level)> + '_ {
        let best = self.best(side).unwrap_or(0);
        let levels = &self.levels[side.index()];
        let (bids, offers) = match side {
            Side::Buy => (Some(levels.iter().rev()), None),
            Side::Sell => (None, Some(levels.iter())),
        };
        let levels = bids.into_iter().flatten().chain(offers.into_iter().flatten());
        levels.map(move |(ticks, level)| (ticks.abs_diff(best), *level))
    }

    pub(super) fn contains(&self, order: u64) -> bool {
        self.orders.contains_key(&order)
    }

    /// How far behind the best price of its side a price is.
    pub(super) fn behind(&self, side: Side, ticks: u32) -> Option<i64> {
        let best = i64::from(self.best(side)?);
        Some(match side {
            Side::Buy => best - i64::from(ticks),
            Side::Sell => i64::from(ticks) - best,
        })
    }

    /// An order that this one would meet: stale, since the record has moved on.
    pub(super) fn crossed_by(&self, side: Side, ticks: u32) -> Option<u64> {
        let best = self.best(side.opposite())?;
        let crosses = match side {
            Side::Buy => best <= ticks,
            Side::Sell => best >= ticks,
        };
        if !crosses {
            return None;
        }
        let stale = |resting: &Resting| resting.side != side && resting.ticks == best;
        // The least of them, whatever order the map has.
        self.orders.iter().filter(|(_, resting)| stale(resting)).map(|(order, _)| *order).min()
    }

    pub(super) fn add(&mut self, order: u64, resting: Resting) {
        let level = self.levels[resting.side.index()].entry(resting.ticks).or_default();
        level.lots += u64::from(resting.lots);
        level.orders += 1;
        self.orders.insert(order, resting);
    }

    /// Takes lots off an order; gives it back as it was, and says whether it is gone.
    pub(super) fn reduce(&mut self, order: u64, lots: u32) -> Option<(Resting, bool)> {
        let resting = self.orders.get_mut(&order)?;
        let before = *resting;
        let less = lots.min(before.lots);
        resting.lots -= less;
        let gone = resting.lots == 0;
        if gone {
            self.orders.remove(&order);
        }
        let levels = &mut self.levels[before.side.index()];
        if let Some(level) = levels.get_mut(&before.ticks) {
            level.lots -= u64::from(less);
            level.orders -= u32::from(gone);
            if level.orders == 0 {
                levels.remove(&before.ticks);
            }
        }
        Some((before, gone))
    }

    /// The orders that still rest, by id.
    pub(super) fn into_orders(self) -> Vec<Resting> {
        let mut orders: Vec<(u64, Resting)> = self.orders.into_iter().collect();
        orders.sort_unstable_by_key(|(order, _)| *order);
        orders.into_iter().map(|(_, resting)| resting).collect()
    }
}
