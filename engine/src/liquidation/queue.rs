//! The priority queue of triggered positions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::canary::{Canary, planted};
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
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
        let key = if planted(Canary::QueueReversed) { -key } else { key };
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

impl Canonical for Waiting {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { key, entry, symbol, account, since_ns } = self;
        put!(out; key, entry, symbol, account, since_ns);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        Ok(Self {
            key: input.get()?,
            entry: input.get()?,
            symbol: input.get()?,
            account: input.get()?,
            since_ns: input.get()?,
        })
    }
}

impl LiquidationQueue {
    /// Writes everything that waits, in the order in which it would be served. The order of entry,
    /// which decides between keys that become equal, is written as a rank from 1: how many there
    /// ever were decides nothing.
    pub(crate) fn put(&self, out: &mut Encoder<'_>) {
        let Self { heap: _, entries: _ } = self;
        let mut waiting = self.in_order();
        let mut entries: Vec<u64> = waiting.iter().map(|waiting| waiting.entry).collect();
        entries.sort_unstable();
        for waiting in &mut waiting {
            let before = entries.partition_point(|entry| *entry < waiting.entry);
            waiting.entry = before as u64 + 1;
        }
        out.list(&waiting);
    }

    /// Puts back what waited, ranks for orders of entry.
    pub(crate) fn restore(&mut self, waiting: Vec<Waiting>) {
        self.entries = waiting.len() as u64;
        self.heap.extend(waiting.into_iter().map(Reverse));
    }
}
