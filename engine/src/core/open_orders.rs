//! Which resting orders an account has in a market, oldest first: lists threaded through a table
//! beside the book's slots, so that placing and removing cost a few stores.

use crate::book::Slot;
use crate::risk::Position;

/// Neighbours of each slot in its owner's list; zero means none.
#[derive(Debug)]
pub(super) struct OpenOrders {
    links: Vec<[u32; 2]>,
}

const PREV: usize = 0;
const NEXT: usize = 1;
const FIRST: usize = 0;
const LAST: usize = 1;

impl OpenOrders {
    pub(super) fn new(orders_max: u32) -> Self {
        Self { links: vec![[0; 2]; orders_max as usize + 1] }
    }

    /// Adds an order at the end of its owner's list.
    #[inline]
    pub(super) fn push(&mut self, position: &mut Position, slot: Slot) {
        let last = position.orders[LAST];
        self.links[slot.index()] = [last, 0];
        position.orders[LAST] = slot.raw();
        if last == 0 {
            position.orders[FIRST] = slot.raw();
        } else {
            self.links[last as usize][NEXT] = slot.raw();
        }
    }

    /// Takes an order out of its owner's list.
    #[inline]
    pub(super) fn remove(&mut self, position: &mut Position, slot: Slot) {
        let [prev, next] = self.links[slot.index()];
        if prev == 0 {
            position.orders[FIRST] = next;
        } else {
            self.links[prev as usize][NEXT] = next;
        }
        if next == 0 {
            position.orders[LAST] = prev;
        } else {
            self.links[next as usize][PREV] = prev;
        }
    }

    /// The account's oldest resting order.
    #[inline]
    pub(super) fn first(position: &Position) -> Option<Slot> {
        Slot::from_raw(position.orders[FIRST])
    }

    /// The account's youngest resting order.
    pub(super) fn last(position: &Position) -> Option<Slot> {
        Slot::from_raw(position.orders[LAST])
    }

    /// The owner's next older order.
    pub(super) fn prev(&self, slot: Slot) -> Option<Slot> {
        Slot::from_raw(self.links[slot.index()][PREV])
    }

    /// The owner's next younger order.
    #[inline]
    pub(super) fn next(&self, slot: Slot) -> Option<Slot> {
        Slot::from_raw(self.links[slot.index()][NEXT])
    }

    /// The account's resting orders, oldest first.
    pub(super) fn of(&self, position: &Position) -> impl Iterator<Item = Slot> + '_ {
        let next = |slot: &Slot| Slot::from_raw(self.links[slot.index()][NEXT]);
        std::iter::successors(Self::first(position), next)
    }
}
