//! Price levels by direct index, their queues, and the best price of each side.

use zerocopy::FromZeros;

use super::occupancy::Occupancy;
use super::orders::{OrderStore, RestingOrder, Slot};
use crate::types::{Price, Qty, Side};

/// The queue at one price: first and last order, and their total. A price holds one side only,
/// since the book is never crossed.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C)]
struct Level {
    head: u32,
    tail: u32,
    /// At most 2^26 orders of 2^31 lots, so sums neither overflow nor, being of what went in,
    /// underflow.
    lots: u64,
}

/// Levels of every price of the domain.
///
/// Bids and offers share one occupancy: all bids lie below all offers, so the next bid below the
/// best one and the next offer above the best one are found without asking for their side.
#[derive(Debug)]
pub(super) struct Ladder {
    low: u32,
    levels: Vec<Level>,
    occupied: Occupancy,
    /// Highest bid in ticks, [`NO_BID`] if there is none.
    best_bid: u32,
    /// Lowest offer in ticks, [`NO_ASK`] if there is none.
    best_ask: u32,
}

/// Below every price, so that comparisons need no other case for an empty side.
const NO_BID: u32 = 0;
/// Above every price.
const NO_ASK: u32 = u32::MAX;

impl Ladder {
    pub(super) fn new((low, high): (Price, Price)) -> Self {
        assert!(low <= high, "a price domain is not empty");
        let len = high.ticks() - low.ticks() + 1;
        Self {
            low: low.ticks(),
            levels: Level::new_vec_zeroed(len as usize)
                .expect("memory for the ladder is there at start"),
            occupied: Occupancy::new(len),
            best_bid: NO_BID,
            best_ask: NO_ASK,
        }
    }

    #[inline]
    pub(super) fn in_domain(&self, price: Price) -> bool {
        (price.ticks().wrapping_sub(self.low) as usize) < self.levels.len()
    }

    /// A price outside the domain has an index outside `levels`, whose check refuses it.
    #[inline]
    fn index(&self, price: Price) -> u32 {
        price.ticks().wrapping_sub(self.low)
    }

    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<Price> {
        // Neither NO_BID nor NO_ASK is a price.
        Price::new(match side {
            Side::Buy => self.best_bid,
            Side::Sell => self.best_ask,
        })
    }

    /// Whether an order of that side and price would meet the opposite side.
    #[inline]
    pub(super) fn crosses(&self, side: Side, price: Price) -> bool {
        match side {
            Side::Buy => price.ticks() >= self.best_ask,
            Side::Sell => price.ticks() <= self.best_bid,
        }
    }

    #[inline]
    pub(super) fn front(&self, side: Side) -> Option<Slot> {
        self.best(side).and_then(|price| self.head(price))
    }

    #[inline]
    pub(super) fn head(&self, price: Price) -> Option<Slot> {
        Slot::from_raw(self.levels[self.index(price) as usize].head)
    }

    #[inline]
    pub(super) fn lots_at(&self, price: Price) -> u64 {
        self.levels[self.index(price) as usize].lots
    }

    #[inline]
    pub(super) fn shrink(&mut self, price: Price, lots: u32) {
        let index = self.index(price);
        self.levels[index as usize].lots -= u64::from(lots);
    }

    /// Appends an order to its level's queue.
    #[inline]
    pub(super) fn push_back(
        &mut self,
        orders: &mut OrderStore,
        slot: Slot,
        side: Side,
        price: Price,
        qty: Qty,
    ) {
        let index = self.index(price);
        let level = &mut self.levels[index as usize];
        level.lots = level.lots.wrapping_add(u64::from(qty.lots()));
        let tail = Slot::from_raw(level.tail);
        level.tail = slot.raw();
        match tail {
            Some(tail) => {
                orders.set_next(tail, Some(slot));
                orders.set_prev(slot, Some(tail));
            }
            None => {
                level.head = slot.raw();
                self.occupied.insert(index);
                match side {
                    Side::Buy => self.best_bid = self.best_bid.max(price.ticks()),
                    Side::Sell => self.best_ask = self.best_ask.min(price.ticks()),
                }
            }
        }
    }

    /// Takes an order out of its level's queue, wherever it stands.
    #[inline]
    pub(super) fn unlink(&mut self, orders: &mut OrderStore, slot: Slot, order: RestingOrder) {
        let index = self.index(order.price);
        let level = &mut self.levels[index as usize];
        level.lots = level.lots.wrapping_sub(u64::from(order.qty.lots()));
        let (prev, next) = orders.links(slot);
        match prev {
            Some(prev) => orders.set_next(prev, next),
            None => level.head = next.map_or(0, Slot::raw),
        }
        match next {
            Some(next) => orders.set_prev(next, prev),
            None => level.tail = prev.map_or(0, Slot::raw),
        }
        if prev.is_none() && next.is_none() {
            self.vacate(order.side, index);
        }
    }

    /// Takes the first order, which has been filled in full, out of its level's queue.
    #[inline]
    pub(super) fn pop_front(&mut self, orders: &mut OrderStore, slot: Slot, order: &RestingOrder) {
        let index = self.index(order.price);
        let level = &mut self.levels[index as usize];
        assert!(level.head == slot.raw(), "fills go to the first order of a level");
        level.lots = level.lots.wrapping_sub(u64::from(order.qty.lots()));
        match orders.next(slot) {
            Some(next) => {
                level.head = next.raw();
                orders.set_prev(next, None);
            }
            None => {
                level.head = 0;
                level.tail = 0;
                self.vacate(order.side, index);
            }
        }
    }

    /// Marks a level as empty and finds the next best one if it was the best.
    #[inline]
    fn vacate(&mut self, side: Side, index: u32) {
        self.occupied.remove(index);
        let price = index.wrapping_add(self.low);
        match side {
            Side::Buy if price == self.best_bid => {
                let next = self.occupied.at_or_below(index);
                self.best_bid = next.map_or(NO_BID, |next| next.wrapping_add(self.low));
            }
            Side::Sell if price == self.best_ask => {
                let next = self.occupied.at_or_above(index);
                self.best_ask = next.map_or(NO_ASK, |next| next.wrapping_add(self.low));
            }
            Side::Buy | Side::Sell => {}
        }
    }

    /// Moves a side's levels with their queues to another ladder of the same domain.
    pub(super) fn hand_over(&mut self, side: Side, to: &mut Self) {
        while let Some(price) = self.best(side) {
            let index = self.index(price);
            let empty = Level { head: 0, tail: 0, lots: 0 };
            let level = ::core::mem::replace(&mut self.levels[index as usize], empty);
            to.levels[index as usize] = level;
            to.occupied.insert(index);
            match side {
                Side::Buy => to.best_bid = to.best_bid.max(price.ticks()),
                Side::Sell => to.best_ask = to.best_ask.min(price.ticks()),
            }
            self.vacate(side, index);
        }
    }

    /// The lowest occupied level at or above a price: of a ladder that holds one side.
    pub(super) fn level_at_or_above(&self, price: Price) -> Option<(Price, u64)> {
        let index = self.occupied.at_or_above(self.index(price))?;
        let price = Price::new(self.low + index).expect("the domain holds prices only");
        Some((price, self.levels[index as usize].lots))
    }

    /// Occupied levels of a side from the best outwards.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        let mut next = self.best(side).map(|price| self.index(price));
        ::core::iter::from_fn(move || {
            let index = next?;
            next = match side {
                Side::Buy => {
                    index.checked_sub(1).and_then(|below| self.occupied.at_or_below(below))
                }
                Side::Sell => self.occupied.at_or_above(index + 1),
            };
            let price = Price::new(self.low + index).expect("the domain holds prices only");
            Some((price, self.levels[index as usize].lots))
        })
    }
}
