//! Finds the positions that a mark makes unhealthy, without looking at the others.
//!
//! One bucket per trigger price and side, found through the same occupancy tree as the book's
//! levels; positions are linked through their own records. A mark that triggers nothing costs two
//! comparisons; one that triggers `k` positions costs those `k`.

use crate::book::Occupancy;
use crate::canary::{Canary, planted};
use crate::risk::Position;
use crate::types::{AccountId, Price, Side};

/// Trigger prices of one symbol's positions. Account 0, the fund, is never in it, so 0 is "none".
#[derive(Debug)]
pub(crate) struct TriggerIndex {
    low: u32,
    /// First account of each bucket.
    heads: [Vec<u32>; 2],
    occupied: [Occupancy; 2],
    /// Trigger price that is reached first, per side of the position.
    first: [Option<Price>; 2],
}

impl TriggerIndex {
    pub(crate) fn new((low, high): (Price, Price)) -> Self {
        let len = high.ticks() - low.ticks() + 1;
        Self {
            low: low.ticks(),
            heads: [vec![0; len as usize], vec![0; len as usize]],
            occupied: [Occupancy::new(len), Occupancy::new(len)],
            first: [None, None],
        }
    }

    /// The trigger price of that side's positions that a moving mark reaches first.
    #[inline]
    pub(crate) fn first(&self, side: Side) -> Option<Price> {
        self.first[side.index()]
    }

    /// The side of positions that the mark has reached, longs first.
    #[inline]
    pub(crate) fn reached(&self, mark: Price) -> Option<Side> {
        let missed = planted(Canary::TriggerMissed) && self.first(Side::Buy) == Some(mark);
        if self.first(Side::Buy).is_some_and(|price| mark <= price && !missed) {
            Some(Side::Buy)
        } else if self.first(Side::Sell).is_some_and(|price| mark >= price) {
            Some(Side::Sell)
        } else {
            None
        }
    }

    /// Puts a position at `trigger`, or takes it out.
    #[inline]
    pub(crate) fn place(
        &mut self,
        positions: &mut [Position],
        account: AccountId,
        trigger: Option<(Side, Price)>,
    ) {
        let position = &positions[account.index()];
        let (ticks, side) = trigger.map_or((0, 0), |(side, price)| (price.ticks(), code(side)));
        if (position.trigger_ticks, position.trigger_side) == (ticks, side) {
            return;
        }
        if position.trigger_ticks != 0 {
            self.unlink(positions, account);
        }
        if let Some((side, price)) = trigger {
            self.link(positions, account, side, price);
        }
    }

    /// Collects the accounts in the bucket that is reached first, ascending.
    pub(crate) fn bucket(&self, positions: &[Position], side: Side, out: &mut Vec<AccountId>) {
        out.clear();
        let Some(price) = self.first(side) else { return };
        let mut next = self.heads[side.index()][self.cell(price)];
        while next != 0 {
            out.push(AccountId(next));
            next = positions[next as usize].trigger_next;
        }
        out.sort_unstable();
    }

    #[inline]
    fn cell(&self, price: Price) -> usize {
        (price.ticks() - self.low) as usize
    }

    #[inline]
    fn link(&mut self, positions: &mut [Position], account: AccountId, side: Side, price: Price) {
        let cell = self.cell(price);
        let head = self.heads[side.index()][cell];
        let position = &mut positions[account.index()];
        position.trigger_ticks = price.ticks();
        position.trigger_side = code(side);
        position.trigger_prev = 0;
        position.trigger_next = head;
        self.heads[side.index()][cell] = account.0;
        if head != 0 {
            positions[head as usize].trigger_prev = account.0;
            return;
        }
        self.occupied[side.index()].insert(price.ticks() - self.low);
        let first = &mut self.first[side.index()];
        let sooner = match (side, *first) {
            (_, None) => true,
            (Side::Buy, Some(first)) => price > first,
            (Side::Sell, Some(first)) => price < first,
        };
        if sooner {
            *first = Some(price);
        }
    }

    #[inline]
    fn unlink(&mut self, positions: &mut [Position], account: AccountId) {
        let position = &mut positions[account.index()];
        let (prev, next) = (position.trigger_prev, position.trigger_next);
        let side = if position.trigger_side == code(Side::Buy) { Side::Buy } else { Side::Sell };
        let ticks = position.trigger_ticks;
        (position.trigger_ticks, position.trigger_side) = (0, 0);
        (position.trigger_prev, position.trigger_next) = (0, 0);
        if next != 0 {
            positions[next as usize].trigger_prev = prev;
        }
        if prev != 0 {
            positions[prev as usize].trigger_next = next;
            return;
        }
        let offset = ticks - self.low;
        self.heads[side.index()][offset as usize] = next;
        if next == 0 {
            self.vacate(side, offset);
        }
    }

    fn vacate(&mut self, side: Side, offset: u32) {
        let occupied = &mut self.occupied[side.index()];
        occupied.remove(offset);
        let was_first =
            self.first[side.index()].is_some_and(|price| price.ticks() - self.low == offset);
        if was_first {
            let next = match side {
                Side::Buy => occupied.at_or_below(offset),
                Side::Sell => occupied.at_or_above(offset),
            };
            self.first[side.index()] = next.and_then(|offset| Price::new(self.low + offset));
        }
    }
}

/// 0 is "not indexed", so that a position of all zeros is not.
#[inline]
const fn code(side: Side) -> u8 {
    match side {
        Side::Buy => 1,
        Side::Sell => 2,
    }
}
