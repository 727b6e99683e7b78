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

/// One side's occupied levels, ranked: whatever the side, the better price has the higher rank, so
/// no search and no comparison asks which side it is about.
#[derive(Debug)]
#[repr(align(64))]
struct Half {
    /// No price in use has a higher rank; [`NOBODY`] if there never was one. It is the rank of the
    /// best price until that price is given up: then it stays, and whoever needs the best searches
    /// from here. Most orders that come and go at the best price are seen off by this bound alone.
    bound: u32,
    /// What turns a price into its rank and back: nothing for bids, the complement for offers.
    flip: u32,
    /// Rank of the worst price of the domain.
    lowest: u32,
    /// Ranks in use, counted from `lowest`.
    occupied: Occupancy,
}

/// Below the rank of every price, so that comparisons need no other case for an empty side.
const NOBODY: u32 = 0;

impl Half {
    fn new(side: Side, (low, high): (Price, Price)) -> Self {
        let (flip, worst) = match side {
            Side::Buy => (0, low),
            Side::Sell => (u32::MAX, high),
        };
        let len = high.ticks() - low.ticks() + 1;
        let lowest = worst.ticks() ^ flip;
        Self { bound: NOBODY, flip, lowest, occupied: Occupancy::new(len) }
    }

    #[inline]
    fn best(&self) -> Option<Price> {
        if self.bound == NOBODY {
            return None;
        }
        let member = self.bound.wrapping_sub(self.lowest);
        let rank = if self.occupied.has(member) { self.bound } else { self.search(member)? };
        Price::new(rank ^ self.flip)
    }

    /// The rank of the best price from a member downwards.
    #[inline(never)]
    fn search(&self, member: u32) -> Option<u32> {
        Some(self.occupied.at_or_below(member)?.wrapping_add(self.lowest))
    }

    /// Lowers the bound to the best price, or to nobody.
    #[inline(never)]
    fn tighten(&mut self) {
        self.bound = self.best().map_or(NOBODY, |best| best.ticks() ^ self.flip);
    }

    /// Whether a price is no better than the best.
    #[inline]
    fn reaches(&self, price: Price) -> bool {
        price.ticks() ^ self.flip <= self.bound && self.reaches_best(price)
    }

    /// As [`Self::reaches`], of a price within the bound.
    #[inline(never)]
    fn reaches_best(&self, price: Price) -> bool {
        self.best().is_some_and(|best| price.ticks() ^ self.flip <= best.ticks() ^ self.flip)
    }

    /// Notes that a level of this side is in use.
    #[inline]
    fn occupy(&mut self, price: Price) {
        let rank = price.ticks() ^ self.flip;
        self.occupied.insert(rank.wrapping_sub(self.lowest));
        self.bound = self.bound.max(rank);
    }

    /// Notes that a level of this side is empty.
    #[inline]
    fn vacate(&mut self, price: Price) {
        let rank = price.ticks() ^ self.flip;
        self.occupied.remove(rank.wrapping_sub(self.lowest));
    }

    /// The lowest price in use at or above a price.
    fn at_or_above(&self, side: Side, price: Price) -> Option<Price> {
        let member = (price.ticks() ^ self.flip).wrapping_sub(self.lowest);
        let next = match side {
            Side::Buy => self.occupied.at_or_above(member),
            Side::Sell => self.occupied.at_or_below(member),
        }?;
        Price::new(next.wrapping_add(self.lowest) ^ self.flip)
    }
}

/// Levels of every price of the domain.
#[derive(Debug)]
pub(super) struct Ladder {
    low: u32,
    levels: Vec<Level>,
    halves: [Half; 2],
}

impl Ladder {
    pub(super) fn new((low, high): (Price, Price)) -> Self {
        assert!(low <= high, "a price domain is not empty");
        let len = high.ticks() - low.ticks() + 1;
        Self {
            low: low.ticks(),
            levels: Level::new_vec_zeroed(len as usize)
                .expect("memory for the ladder is there at start"),
            halves: [Side::Buy, Side::Sell].map(|side| Half::new(side, (low, high))),
        }
    }

    #[inline]
    const fn half(&self, side: Side) -> &Half {
        &self.halves[side as usize]
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
        self.half(side).best()
    }

    /// Whether an order of that side and price would meet the opposite side.
    #[inline]
    pub(super) fn crosses(&self, side: Side, price: Price) -> bool {
        self.half(side.opposite()).reaches(price)
    }

    #[inline]
    pub(super) fn front(&self, side: Side) -> Option<Slot> {
        self.best(side).and_then(|price| self.head(price))
    }

    /// As [`Self::crosses`], for a caller that may change the ladder: the next one need not search.
    #[inline]
    pub(super) fn crosses_after_search(&mut self, side: Side, price: Price) -> bool {
        let opposite = &mut self.halves[side.opposite() as usize];
        if price.ticks() ^ opposite.flip > opposite.bound {
            return false;
        }
        opposite.tighten();
        price.ticks() ^ opposite.flip <= opposite.bound
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

    /// Appends an order to its level's queue; returns behind whom it stands, for the caller to link
    /// the two.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    #[must_use]
    pub(super) fn append(
        &mut self,
        slot: Slot,
        side: Side,
        price: Price,
        qty: Qty,
    ) -> Option<Slot> {
        let index = self.index(price);
        let level = &mut self.levels[index as usize];
        level.lots = level.lots.wrapping_add(u64::from(qty.lots()));
        let tail = Slot::from_raw(level.tail);
        level.tail = slot.raw();
        if tail.is_none() {
            level.head = slot.raw();
            self.halves[side as usize].occupy(price);
        }
        tail
    }

    /// Takes an order out of its level's queue, wherever it stands.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub(super) fn unlink(&mut self, orders: &mut OrderStore, slot: Slot, order: RestingOrder) {
        let (prev, next) = orders.unlink(slot);
        let index = self.index(order.price);
        let level = &mut self.levels[index as usize];
        level.lots = level.lots.wrapping_sub(u64::from(order.qty.lots()));
        if prev.is_some() && next.is_some() {
            return;
        }
        if prev.is_none() {
            level.head = next.map_or(0, Slot::raw);
        }
        if next.is_none() {
            level.tail = prev.map_or(0, Slot::raw);
        }
        if prev.is_none() && next.is_none() {
            self.halves[order.side as usize].vacate(order.price);
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
                let half = &mut self.halves[order.side as usize];
                half.vacate(order.price);
                // Whoever took this order looks for the next one now.
                half.tighten();
            }
        }
    }

    /// Moves a side's levels with their queues to another ladder of the same domain.
    pub(super) fn hand_over(&mut self, side: Side, to: &mut Self) {
        while let Some(price) = self.best(side) {
            let index = self.index(price);
            let empty = Level { head: 0, tail: 0, lots: 0 };
            let level = ::core::mem::replace(&mut self.levels[index as usize], empty);
            to.levels[index as usize] = level;
            to.halves[side as usize].occupy(price);
            self.halves[side as usize].vacate(price);
        }
    }

    /// The lowest occupied level of a side at or above a price.
    pub(super) fn level_at_or_above(&self, side: Side, price: Price) -> Option<(Price, u64)> {
        let price = self.half(side).at_or_above(side, price)?;
        Some((price, self.lots_at(price)))
    }

    /// Occupied levels of a side from the best outwards.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, u64)> + '_ {
        let half = self.half(side);
        let best = half.best().map(|best| best.ticks() ^ half.flip);
        let mut member = best.map(|best| best.wrapping_sub(half.lowest));
        ::core::iter::from_fn(move || {
            let at = member?;
            member = at.checked_sub(1).and_then(|behind| half.occupied.at_or_below(behind));
            let price = Price::new(at.wrapping_add(half.lowest) ^ half.flip)
                .expect("the domain holds prices only");
            Some((price, self.lots_at(price)))
        })
    }
}
