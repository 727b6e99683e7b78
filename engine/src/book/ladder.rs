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
    lots: u64,
}

/// Levels of every price of the domain.
#[derive(Debug)]
pub(super) struct Ladder {
    low: u32,
    levels: Vec<Level>,
    occupied: [Occupancy; 2],
    /// Best price of each side as an index into `levels`.
    best: [Option<u32>; 2],
}

impl Ladder {
    pub(super) fn new((low, high): (Price, Price)) -> Self {
        assert!(low <= high, "a price domain is not empty");
        let len = high.ticks() - low.ticks() + 1;
        Self {
            low: low.ticks(),
            levels: Level::new_vec_zeroed(len as usize)
                .expect("memory for the ladder is there at start"),
            occupied: [Occupancy::new(len), Occupancy::new(len)],
            best: [None, None],
        }
    }

    #[inline]
    pub(super) fn in_domain(&self, price: Price) -> bool {
        (price.ticks().wrapping_sub(self.low) as usize) < self.levels.len()
    }

    #[inline]
    fn index(&self, price: Price) -> u32 {
        price.ticks() - self.low
    }

    #[inline]
    fn price(&self, index: u32) -> Price {
        Price::new(self.low + index).expect("the domain holds prices only")
    }

    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<Price> {
        self.best[side.index()].map(|index| self.price(index))
    }

    #[inline]
    pub(super) fn front(&self, side: Side) -> Option<Slot> {
        let index = self.best[side.index()]?;
        Slot::from_raw(self.levels[index as usize].head)
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
        level.lots += u64::from(qty.lots());
        let tail = Slot::from_raw(level.tail);
        level.tail = slot.raw();
        match tail {
            Some(tail) => {
                orders.set_next(tail, Some(slot));
                orders.set_prev(slot, Some(tail));
            }
            None => {
                level.head = slot.raw();
                self.occupied[side.index()].insert(index);
                let best = &mut self.best[side.index()];
                let improves = match (side, *best) {
                    (_, None) => true,
                    (Side::Buy, Some(best)) => index > best,
                    (Side::Sell, Some(best)) => index < best,
                };
                if improves {
                    *best = Some(index);
                }
            }
        }
    }

    /// Takes an order out of its level's queue, wherever it stands.
    #[inline]
    pub(super) fn unlink(&mut self, orders: &mut OrderStore, slot: Slot, order: RestingOrder) {
        let index = self.index(order.price);
        let level = &mut self.levels[index as usize];
        level.lots -= u64::from(order.qty.lots());
        let (prev, next) = (orders.prev(slot), orders.next(slot));
        match prev {
            Some(prev) => orders.set_next(prev, next),
            None => level.head = next.map_or(0, Slot::raw),
        }
        match next {
            Some(next) => orders.set_prev(next, prev),
            None => level.tail = prev.map_or(0, Slot::raw),
        }
        if level.head == 0 {
            self.vacate(order.side, index);
        }
    }

    /// Takes the first order, which has been filled in full, out of its level's queue.
    #[inline]
    pub(super) fn pop_front(&mut self, orders: &mut OrderStore, slot: Slot, order: &RestingOrder) {
        let index = self.index(order.price);
        let level = &mut self.levels[index as usize];
        assert!(level.head == slot.raw(), "fills go to the first order of a level");
        level.lots -= u64::from(order.qty.lots());
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
        let occupied = &mut self.occupied[side.index()];
        occupied.remove(index);
        let best = &mut self.best[side.index()];
        if *best == Some(index) {
            *best = match side {
                Side::Buy => occupied.at_or_below(index),
                Side::Sell => occupied.at_or_above(index),
            };
        }
    }

    /// Occupied levels of a side from the best outwards.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        let mut next = self.best[side.index()];
        ::core::iter::from_fn(move || {
            let index = next?;
            let occupied = &self.occupied[side.index()];
            next = match side {
                Side::Buy => index.checked_sub(1).and_then(|below| occupied.at_or_below(below)),
                Side::Sell => occupied.at_or_above(index + 1),
            };
            Some((self.price(index), self.levels[index as usize].lots))
        })
    }
}
