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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::bytes_of;

    fn waiting(account: u32, key: i128, since_ns: u64) -> Waiting {
        let (symbol, account) = (SymbolId(0), AccountId(account));
        Waiting { key, entry: 0, symbol, account, since_ns, first_ns: since_ns, bankrupt: key < 0 }
    }

    fn drawn(queue: &LiquidationQueue) -> Vec<u32> {
        let may_be_served =
            |(waiting, undrawn): &(Waiting, bool)| (!undrawn).then_some(waiting.account.0);
        let mut all: Vec<u32> = queue.in_order().iter().filter_map(may_be_served).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn room_for_a_million_that_wait_is_set_aside() {
        let queue = LiquidationQueue::new(8, true);
        let of = [queue.heap.capacity(), queue.later.capacity(), queue.undrawn.capacity()];
        assert_eq!((of, queue.drawing.capacity()), ([8; 3], 8));
        assert_eq!(LiquidationQueue::new(1 << 21, false).heap.capacity(), 1 << 20);
    }

    #[test]
    fn a_window_serves_some_that_stand_next_to_each_other() {
        let mut queue = LiquidationQueue::new(8, true);
        for account in [4, 0, 3, 1, 2] {
            queue.push(waiting(account, 0, 0), 0);
        }
        assert!(drawn(&queue).is_empty() && queue.has_undrawn());
        let draw = Draw { most: 2, seed: 77 };
        for window in 1..40 {
            queue.draw(draw, window);
            let first = u32::try_from(mix(draw.seed ^ mix(window)) % 5).unwrap();
            let mut expected = [first, (first + 1) % 5];
            expected.sort_unstable();
            assert_eq!(drawn(&queue), expected, "window {window}");
            queue.draw(Draw { most: 5, seed: 77 }, window);
            assert_eq!(drawn(&queue).len(), 2, "a window is drawn for once");
            assert_eq!((queue.len(), queue.window()), (5, window));
        }
        queue.draw(Draw { most: 5, seed: 77 }, 40);
        assert_eq!((drawn(&queue).len(), queue.has_undrawn()), (5, false));
    }

    #[test]
    fn numbers_without_pattern_are_those_of_splitmix64() {
        let golden = 0x9E37_79B9_7F4A_7C15;
        assert_eq!([mix(0), mix(golden)], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn a_queue_counts_what_it_serves() {
        let mut queue = LiquidationQueue::new(8, false);
        for (account, key, since_ns) in [(1, 3, 10), (2, -4, 12), (3, 5, 20)] {
            queue.push(waiting(account, key, since_ns), 15);
        }
        assert_eq!((queue.len(), queue.later_ns()), (3, Some(20)));
        queue.advance(19);
        let served = [30, 31, 32].map(|now_ns| queue.pop(now_ns).map(|waiting| waiting.account.0));
        assert_eq!(served, [Some(2), Some(1), None]);
        queue.advance(20);
        assert_eq!(queue.pop(33).map(|waiting| waiting.account.0), Some(3));
        let expected = QueueStats {
            served: [2, 1],
            wait_ns: [34, 18],
            wait_max_ns: [21, 18],
            inversions: 0,
            backlog_max: 3,
        };
        assert_eq!(queue.stats(), expected);
    }

    #[test]
    fn only_a_draw_serves_somebody_before_a_smaller_key() {
        for (left_out, inversions) in [(4, 1), (5, 0), (6, 0)] {
            let mut queue = LiquidationQueue::new(8, true);
            queue.push(waiting(0, 5, 0), 0);
            queue.draw(Draw { most: 1, seed: 0 }, 1);
            queue.push(waiting(1, left_out, 0), 0);
            assert_eq!(queue.pop(0).map(|waiting| waiting.account.0), Some(0));
            assert_eq!(queue.stats().inversions, inversions, "{left_out}");
        }
        for seed in 0..20 {
            let mut queue = LiquidationQueue::new(8, true);
            for account in 0..5 {
                queue.push(waiting(account, account.into(), 0), 0);
            }
            let mut inversions = 0;
            for window in 1..5 {
                queue.draw(Draw { most: 1, seed }, window);
                let served = queue.pop(0).expect("one of them").key;
                let waits = queue.in_order().iter().any(|(waiting, _)| waiting.key < served);
                inversions += u64::from(waits);
            }
            assert_eq!(queue.stats().inversions, inversions, "{seed}");
        }
    }

    #[test]
    fn a_queue_is_written_with_ranks_for_entries_and_read_back() {
        let mut queue = LiquidationQueue::new(8, false);
        for (account, key, since_ns) in [(1, 3, 10), (2, 3, 12), (3, 3, 20), (4, 3, 10)] {
            queue.push(waiting(account, key, since_ns), 15);
        }
        assert_eq!(queue.pop(15).map(|waiting| waiting.account.0), Some(1));
        let bytes = bytes_of(|out| queue.put(out));
        let list: Vec<Waiting> = Decoder::new(&bytes).list(8, "positions").unwrap();
        let written: Vec<_> =
            list.iter().map(|waiting| (waiting.account.0, waiting.entry)).collect();
        assert_eq!(written, [(2, 1), (3, 2), (4, 3)]);
        for (time_ns, served) in [(19, 2), (20, 3)] {
            let mut again = LiquidationQueue::new(8, false);
            again.restore(list.clone(), &[false; 3], 7, time_ns);
            assert_eq!(bytes_of(|out| again.put(out)), bytes);
            assert_eq!((again.window(), again.len()), (7, 3));
            assert_eq!(std::iter::from_fn(|| again.pop(30)).count(), served);
            again.enter_after(9);
            assert_eq!(again.numbered(waiting(5, 0, 0)).entry, 10);
        }
        let mut again = LiquidationQueue::new(8, true);
        again.restore(list, &[true, false, false], 7, 20);
        assert_eq!((drawn(&again), again.has_undrawn()), (vec![3, 4], true));
    }
}
