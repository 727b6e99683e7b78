//! The priority queue of triggered positions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Draw;
use super::adl::mix;
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
    /// From when it may be served: when it was triggered, or entered again, or later.
    pub(crate) since_ns: u64,
    /// When it was triggered.
    pub(crate) first_ns: u64,
    /// Whether it was beyond its bankruptcy price when it entered.
    pub(crate) bankrupt: bool,
}

/// What the queue has seen of itself. Outside the state hash: it decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Positions taken out, those that were solvent when they entered and those that were not.
    pub served: [u64; 2],
    /// Their waits together, from when they could be served, in nanoseconds.
    pub wait_ns: [u128; 2],
    /// The longest of them: the greatest starvation age.
    pub wait_max_ns: [u64; 2],
    /// Positions taken out while one with a smaller key waited: only a draw does that.
    pub inversions: u64,
    /// The most that ever waited.
    pub backlog_max: u64,
}

/// Positions in liquidation, best key first, then by order of entry.
#[derive(Debug)]
pub(crate) struct LiquidationQueue {
    heap: BinaryHeap<Reverse<Waiting>>,
    /// May be served later, the first to come first.
    later: BinaryHeap<Reverse<(u64, Waiting)>>,
    /// Not drawn for this window.
    undrawn: Vec<Waiting>,
    /// Scratch space of a draw.
    drawing: Vec<Waiting>,
    /// The smallest key among them.
    undrawn_key: i128,
    draws: bool,
    window: u64,
    entries: u64,
    stats: QueueStats,
}

/// Beyond this many waiting positions the queue grows by allocating.
const PREALLOCATED: usize = 1 << 20;

impl LiquidationQueue {
    pub(crate) fn new(positions_max: usize, draws: bool) -> Self {
        Self {
            heap: BinaryHeap::with_capacity(positions_max.min(PREALLOCATED)),
            later: BinaryHeap::with_capacity(positions_max.min(PREALLOCATED)),
            undrawn: Vec::with_capacity(if draws { positions_max.min(PREALLOCATED) } else { 0 }),
            drawing: Vec::with_capacity(if draws { positions_max.min(PREALLOCATED) } else { 0 }),
            undrawn_key: i128::MAX,
            draws,
            window: 0,
            entries: 0,
            stats: QueueStats::default(),
        }
    }

    /// Puts a position in; its order of entry is given here.
    pub(crate) fn push(&mut self, waiting: Waiting, now_ns: u64) {
        let waiting = self.numbered(waiting);
        if waiting.since_ns > now_ns {
            self.later.push(Reverse((waiting.since_ns, waiting)));
        } else {
            self.admit(waiting);
        }
        self.stats.backlog_max = self.stats.backlog_max.max(self.len() as u64);
    }

    /// The next one to enter, also for somebody who lets it wait elsewhere.
    pub(crate) fn numbered(&mut self, mut waiting: Waiting) -> Waiting {
        if planted(Canary::QueueReversed) {
            waiting.key = -waiting.key;
        }
        self.entries += 1;
        waiting.entry = self.entries;
        waiting
    }

    /// Moves everything of a symbol to the end of a list.
    pub(crate) fn take_symbol(&mut self, symbol: SymbolId, to: &mut Vec<Waiting>) {
        let mut stays = |waiting: &Waiting| {
            let goes = waiting.symbol == symbol;
            if goes {
                to.push(*waiting);
            }
            !goes
        };
        self.heap.retain(|Reverse(waiting)| stays(waiting));
        self.later.retain(|Reverse((_, waiting))| stays(waiting));
        self.undrawn.retain(|waiting| stays(waiting));
        self.note_undrawn();
    }

    #[inline]
    fn admit(&mut self, waiting: Waiting) {
        if self.draws {
            self.undrawn_key = self.undrawn_key.min(waiting.key);
            self.undrawn.push(waiting);
        } else {
            self.heap.push(Reverse(waiting));
        }
    }

    /// Lets in what may be served from now on.
    #[inline]
    pub(crate) fn advance(&mut self, now_ns: u64) {
        while self.later.peek().is_some_and(|Reverse((at_ns, _))| *at_ns <= now_ns) {
            let Some(Reverse((_, waiting))) = self.later.pop() else { break };
            self.admit(waiting);
        }
    }

    /// Draws who may be served in a window, when it is a new one.
    pub(crate) fn draw(&mut self, draw: Draw, window: u64) {
        if window == self.window {
            return;
        }
        self.window = window;
        let mut all = ::core::mem::take(&mut self.drawing);
        all.append(&mut self.undrawn);
        all.extend(self.heap.drain().map(|Reverse(waiting)| waiting));
        all.sort_unstable_by_key(|waiting| (waiting.symbol, waiting.account));
        let most = draw.most as usize;
        if all.len() > most {
            let first = mix(draw.seed ^ mix(window)) % all.len() as u64;
            all.rotate_left(usize::try_from(first).expect("less than a length"));
            self.undrawn.extend(all.drain(most..));
        }
        self.heap.extend(all.drain(..).map(Reverse));
        self.drawing = all;
        self.note_undrawn();
    }

    fn note_undrawn(&mut self) {
        let keys = self.undrawn.iter().map(|waiting| waiting.key);
        self.undrawn_key = keys.min().unwrap_or(i128::MAX);
    }

    #[inline]
    pub(crate) fn head(&self) -> Option<&Waiting> {
        self.heap.peek().map(|Reverse(waiting)| waiting)
    }

    /// When the first of those that may be served later may be.
    #[inline]
    pub(crate) fn later_ns(&self) -> Option<u64> {
        self.later.peek().map(|Reverse((at_ns, _))| *at_ns)
    }

    /// Whether some wait for another draw.
    #[inline]
    pub(crate) fn has_undrawn(&self) -> bool {
        !self.undrawn.is_empty()
    }

    pub(crate) fn pop(&mut self, now_ns: u64) -> Option<Waiting> {
        let Reverse(waiting) = self.heap.pop()?;
        let class = usize::from(waiting.bankrupt);
        let wait_ns = now_ns - waiting.since_ns;
        self.stats.served[class] += 1;
        self.stats.wait_ns[class] += u128::from(wait_ns);
        self.stats.wait_max_ns[class] = self.stats.wait_max_ns[class].max(wait_ns);
        self.stats.inversions += u64::from(self.undrawn_key < waiting.key);
        Some(waiting)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.heap.len() + self.later.len() + self.undrawn.len()
    }

    /// What the queue has seen of itself.
    pub(crate) const fn stats(&self) -> QueueStats {
        self.stats
    }

    /// Gives waiting positions new keys, in place: one pass and one linear repair of the heap.
    /// `None` leaves a key as it is.
    pub(crate) fn rekey(&mut self, mut key: impl FnMut(&Waiting) -> Option<i128>) {
        let mut set = |waiting: &mut Waiting| {
            if let Some(key) = key(waiting) {
                waiting.key = key;
            }
        };
        let mut all = ::core::mem::take(&mut self.heap).into_vec();
        for Reverse(waiting) in &mut all {
            set(waiting);
        }
        self.heap = BinaryHeap::from(all);
        self.undrawn.iter_mut().for_each(&mut set);
        let mut later = ::core::mem::take(&mut self.later).into_vec();
        for Reverse((_, waiting)) in &mut later {
            set(waiting);
        }
        self.later = BinaryHeap::from(later);
        self.note_undrawn();
    }

    /// Everything that waits, in the order of keys, and whether it is drawn or may be served only
    /// later.
    pub(crate) fn in_order(&self) -> Vec<(Waiting, bool)> {
        let mut all: Vec<(Waiting, bool)> = Vec::with_capacity(self.len());
        all.extend(self.heap.iter().map(|Reverse(waiting)| (*waiting, false)));
        all.extend(self.later.iter().map(|Reverse((_, waiting))| (*waiting, false)));
        all.extend(self.undrawn.iter().map(|waiting| (*waiting, true)));
        all.sort_unstable();
        all
    }
}

impl Canonical for Waiting {
    fn put(&self, out: &mut Encoder<'_>) {
        // When it was triggered only some rules want to know (`core::venue_state`); the class is
        // counted and decides nothing.
        let Self { key, entry, symbol, account, since_ns, first_ns: _, bankrupt: _ } = self;
        put!(out; key, entry, symbol, account, since_ns);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (key, entry) = (input.get()?, input.get()?);
        let (symbol, account, since_ns) = (input.get()?, input.get()?, input.get()?);
        let (first_ns, bankrupt) = (since_ns, false);
        Ok(Self { key, entry, symbol, account, since_ns, first_ns, bankrupt })
    }
}

impl LiquidationQueue {
    /// Writes everything that waits, in the order of keys. The order of entry,
    /// which decides between keys that become equal, is written as a rank from 1: how many there
    /// ever were decides nothing.
    pub(crate) fn put(&self, out: &mut Encoder<'_>) {
        let Self {
            // Together what waits.
            heap: _,
            later: _,
            undrawn: _,
            drawing: _,
            // How many there ever were decides nothing, and what is counted neither.
            entries: _,
            stats: _,
            // Follows from what waits.
            undrawn_key: _,
            // Configuration, and what its rules remember (`core::venue_state`).
            draws: _,
            window: _,
        } = self;
        let mut waiting: Vec<Waiting> =
            self.in_order().into_iter().map(|(waiting, _)| waiting).collect();
        let mut entries: Vec<u64> = waiting.iter().map(|waiting| waiting.entry).collect();
        entries.sort_unstable();
        for waiting in &mut waiting {
            let before = entries.partition_point(|entry| *entry < waiting.entry);
            waiting.entry = before as u64 + 1;
        }
        out.list(&waiting);
    }

    /// What enters from now on does so after so many others.
    pub(crate) fn enter_after(&mut self, entries: u64) {
        self.entries = self.entries.max(entries);
    }

    /// The window that was drawn for last.
    pub(crate) const fn window(&self) -> u64 {
        self.window
    }

    /// Puts back what waited, ranks for orders of entry.
    pub(crate) fn restore(
        &mut self,
        waiting: Vec<Waiting>,
        undrawn: &[bool],
        window: u64,
        time_ns: u64,
    ) {
        self.entries = waiting.len() as u64;
        self.window = window;
        for (waiting, is_undrawn) in waiting.into_iter().zip(undrawn) {
            if *is_undrawn {
                self.undrawn.push(waiting);
            } else if waiting.since_ns > time_ns {
                self.later.push(Reverse((waiting.since_ns, waiting)));
            } else {
                self.heap.push(Reverse(waiting));
            }
        }
        self.note_undrawn();
    }
}
