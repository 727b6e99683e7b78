//! The priority queue of triggered positions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::types::{AccountId, SymbolId};

/// A position that waits; the order of the fields is the order of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting {
    /// Smallest first.
    pub(crate) key: i128,
    /// Order of entry.
    pub(crate) entry: u64,
    pub(crate) symbol: SymbolId,
    pub(crate) account: AccountId,
    /// When it was triggered, or entered again.
    pub(crate) since_ns: u64,
}

/// Positions in liquidation, best key first, then by order of entry.
#[derive(Debug)]
pub(crate) struct LiquidationQueue {
    heap: BinaryHeap<Reverse<Waiting>>,
    entries: u64,
}

/// Beyond this many waiting positions the queue grows by allocating.
const PREALLOCATED: usize = 1 << 20;

impl LiquidationQueue {
    pub(crate) fn new(positions_max: usize) -> Self {
        Self { heap: BinaryHeap::with_capacity(positions_max.min(PREALLOCATED)), entries: 0 }
    }

    pub(crate) fn push(&mut self, key: i128, symbol: SymbolId, account: AccountId, since_ns: u64) {
        self.entries += 1;
        self.heap.push(Reverse(Waiting { key, entry: self.entries, symbol, account, since_ns }));
    }

    #[inline]
    pub(crate) fn head(&self) -> Option<&Waiting> {
        self.heap.peek().map(|Reverse(waiting)| waiting)
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.heap.pop().map(|Reverse(waiting)| waiting)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Gives waiting positions new keys, in place: one pass and one linear repair of the heap.
    /// `None` leaves a key as it is.
    pub(crate) fn rekey(&mut self, mut key: impl FnMut(&Waiting) -> Option<i128>) {
        let mut all = ::core::mem::take(&mut self.heap).into_vec();
        for Reverse(waiting) in &mut all {
            if let Some(key) = key(waiting) {
                waiting.key = key;
            }
        }
        self.heap = BinaryHeap::from(all);
    }

    /// Everything that waits, in the order in which it would be served.
    pub(crate) fn in_order(&self) -> Vec<Waiting> {
        let mut all: Vec<Waiting> = self.heap.iter().map(|Reverse(waiting)| *waiting).collect();
        all.sort_unstable();
        all
    }
}
