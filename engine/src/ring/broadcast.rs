//! One producer, many readers, each of which sees everything.
//!
//! The slowest reader gates the producer, or is dropped by name when it is a whole ring behind:
//! [`WhenSlow`] says which, reader by reader. A reader that is gone gates no more, and the producer
//! can name who is behind, who was dropped and who left.

use crossbeam_utils::CachePadded;

use super::Full;
use super::slots::Slots;
use super::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

/// The position of a reader that is gone: it gates nobody.
const GONE: usize = usize::MAX;
/// Set in the position of a reader that may be dropped, while it copies messages out.
const COPYING: usize = 1 << (usize::BITS - 1);
/// Most messages that such a reader copies at a time.
const COPIES_MAX: usize = 32;

/// What happens when a reader is a whole ring behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSlow {
    /// The producer waits for it: it sees everything.
    #[default]
    Gate,
    /// It is dropped, and learns that. It costs an atomic exchange each time it takes something.
    Drop,
}

/// A reader to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderSpec<'a> {
    /// Its name.
    pub name: &'a str,
    /// What happens when it is slow.
    pub when_slow: WhenSlow,
}

#[derive(Debug)]
struct Shared<T> {
    slots: Slots<T>,
    readers: Box<[ReaderState]>,
    publisher_gone: CachePadded<AtomicBool>,
}

#[derive(Debug)]
struct ReaderState {
    name: String,
    when_slow: WhenSlow,
    /// Positions below it were read and may be overwritten; with [`COPYING`] while a reader that
    /// may be dropped copies; [`GONE`] after the reader is gone.
    consumed: CachePadded<AtomicUsize>,
    /// Whether the producer dropped it.
    dropped: AtomicBool,
}

impl ReaderState {
    /// How far it is; `None` once it is gone. Acquire: its reads below that happened before.
    #[inline]
    fn position(&self) -> Option<usize> {
        let raw = self.consumed.load(Ordering::Acquire);
        (raw != GONE).then_some(raw & !COPYING)
    }

    /// Drops it unless it moved on, left, or is copying at this moment.
    fn try_drop(&self, position: usize) -> bool {
        // Acquire: its reads happened before what comes now overwrites them. A reader that wants
        // to copy changes the same word first, so one of the two comes first for both.
        let exchange =
            self.consumed.compare_exchange(position, GONE, Ordering::Acquire, Ordering::Relaxed);
        if exchange.is_ok() {
            self.dropped.store(true, Ordering::Release);
        }
        exchange.is_ok()
    }
}

/// A ring of at least `capacity` messages (rounded up to a power of two) and one reader for
/// each of `names`, in that order. Every reader gates.
pub fn broadcast<T: Copy + Send>(
    capacity: usize,
    names: &[&str],
) -> (Publisher<T>, Vec<Reader<T>>) {
    let specs: Vec<ReaderSpec<'_>> =
        names.iter().map(|name| ReaderSpec { name, when_slow: WhenSlow::Gate }).collect();
    broadcast_with(capacity, &specs)
}

/// The same with a choice for each reader.
pub fn broadcast_with<T: Copy + Send>(
    capacity: usize,
    readers: &[ReaderSpec<'_>],
) -> (Publisher<T>, Vec<Reader<T>>) {
    let state = |spec: &ReaderSpec<'_>| ReaderState {
        name: spec.name.to_owned(),
        when_slow: spec.when_slow,
        consumed: CachePadded::new(AtomicUsize::new(0)),
        dropped: AtomicBool::new(false),
    };
    let shared = Arc::new(Shared {
        slots: Slots::new(capacity),
        readers: readers.iter().map(state).collect(),
        publisher_gone: CachePadded::new(AtomicBool::new(false)),
    });
    let reader = |index| Reader { shared: Arc::clone(&shared), index, next: CachePadded::new(0) };
    let readers = (0..readers.len()).map(reader).collect();
    let limit = shared.slots.capacity();
    (Publisher { shared, room: CachePadded::new(Room { next: 0, limit }) }, readers)
}

/// Where the publisher writes next and up to where it may.
#[derive(Debug)]
struct Room {
    next: usize,
    limit: usize,
}

/// How far a reader is behind the publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderLag<'a> {
    /// The reader's name.
    pub name: &'a str,
    /// Messages it has not read yet; `None` if it is gone.
    pub behind: Option<usize>,
    /// Whether it is gone because it was too slow.
    pub dropped: bool,
}

/// The sending end.
#[derive(Debug)]
pub struct Publisher<T> {
    shared: Arc<Shared<T>>,
    room: CachePadded<Room>,
}

impl<T: Copy + Send> Publisher<T> {
    /// Sends one message to every reader, or hands it back while the slowest one leaves no room.
    #[inline]
    pub fn push(&mut self, message: T) -> Result<(), Full<T>> {
        if self.room(1) == 0 {
            return Err(Full(message));
        }
        debug_assert!(self.room.next < self.room.limit, "there is room");
        // SAFETY: there is one publisher (`&mut self`, not `Clone`), `next` rises by one each
        // time, and below `limit` every reader is done with the position one capacity earlier, or
        // gone for good, which `look_for_room` acquired.
        unsafe { self.shared.slots.publish(self.room.next, message) };
        self.room.next += 1;
        Ok(())
    }

    /// Sends as many of `messages` as there is room for, in order, and says how many. A reader
    /// sees all of them at once or none yet.
    #[inline]
    pub fn push_batch(&mut self, messages: &[T]) -> usize {
        let count = self.room(messages.len()).min(messages.len());
        let Room { next, limit } = *self.room;
        // SAFETY: as in `push`, for `count` positions that all lie below `limit`.
        unsafe { self.shared.slots.publish_batch(next, limit, &messages[..count]) };
        self.room.next += count;
        count
    }

    /// Most messages the ring holds.
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity()
    }

    /// Every reader, in the order they were named.
    pub fn readers(&self) -> impl Iterator<Item = ReaderLag<'_>> {
        self.shared.readers.iter().map(|reader| ReaderLag {
            name: &reader.name,
            behind: reader.position().map(|consumed| self.room.next - consumed),
            dropped: reader.dropped.load(Ordering::Acquire),
        })
    }

    /// The reader that is furthest behind: the one that gates. `None` when all are gone.
    pub fn slowest(&self) -> Option<ReaderLag<'_>> {
        self.readers().filter(|reader| reader.behind.is_some()).max_by_key(|reader| reader.behind)
    }

    /// Free positions; exact if fewer than `wanted`.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let known = self.room.limit - self.room.next;
        if known >= wanted { known } else { self.look_for_room() }
    }

    #[inline(never)]
    fn look_for_room(&mut self) -> usize {
        let found = self.room_behind(|_| true);
        // A reader that gates as far back makes dropping another pointless.
        if found > 0 || self.room_behind(|reader| reader.when_slow == WhenSlow::Gate) == 0 {
            return found;
        }
        let oldest = self.room.next - self.shared.slots.capacity();
        for reader in &self.shared.readers {
            if reader.when_slow == WhenSlow::Drop && reader.position() == Some(oldest) {
                reader.try_drop(oldest);
            }
        }
        self.room_behind(|_| true)
    }

    /// Sets the limit by the slowest of some readers, and says how much room that leaves.
    fn room_behind(&mut self, which: impl Fn(&ReaderState) -> bool) -> usize {
        let readers = self.shared.readers.iter().filter(|reader| which(reader));
        let slowest = readers.filter_map(ReaderState::position).min().unwrap_or(self.room.next);
        self.room.limit = slowest + self.shared.slots.capacity();
        self.room.limit - self.room.next
    }
}

impl<T> Drop for Publisher<T> {
    fn drop(&mut self) {
        // Release: who sees the flag sees every message.
        self.shared.publisher_gone.store(true, Ordering::Release);
    }
}

/// A receiving end.
#[derive(Debug)]
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    index: usize,
    next: CachePadded<usize>,
}

impl<T: Copy + Send> Reader<T> {
    /// The reader's name.
    pub fn name(&self) -> &str {
        &self.state().name
    }

    /// The next message, if there is one.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let mut popped = None;
        self.drain(1, |message| popped = Some(message));
        popped
    }

    /// Takes up to `max` messages in order, and says how many. Their slots are given back
    /// together at the end.
    #[inline]
    pub fn drain(&mut self, max: usize, each: impl FnMut(T)) -> usize {
        match self.state().when_slow {
            WhenSlow::Gate => self.drain_gating(max, each),
            WhenSlow::Drop => self.drain_droppable(max, each),
        }
    }

    /// Whether the publisher is gone and everything it sent was taken, or this reader was dropped.
    pub fn is_finished(&self) -> bool {
        // In this order: messages sent before the flag was set are seen after it was. Once the
        // publisher is gone, nobody drops a reader and nothing is overwritten.
        if self.state().dropped.load(Ordering::Acquire) {
            return true;
        }
        self.shared.publisher_gone.load(Ordering::Acquire) && !self.shared.slots.holds(*self.next)
    }

    /// Whether the producer dropped it for being too slow.
    pub fn is_dropped(&self) -> bool {
        self.state().dropped.load(Ordering::Acquire)
    }

    #[inline]
    fn state(&self) -> &ReaderState {
        &self.shared.readers[self.index]
    }

    #[inline]
    fn drain_gating(&mut self, max: usize, each: impl FnMut(T)) -> usize {
        // SAFETY: this reader's `consumed` is never ahead of `next`, nobody drops it and it is not
        // gone, so the publisher has not been given these positions back.
        let taken = unsafe { self.shared.slots.drain(&mut self.next, max, each) };
        if taken > 0 {
            // Release: the reads of these positions happen before they are overwritten.
            self.state().consumed.store(*self.next, Ordering::Release);
        }
        taken
    }

    /// Copies a few messages out under a claim, during which it cannot be dropped, and hands them
    /// on after it: what `each` does never holds the producer up.
    fn drain_droppable(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < max {
            let mut copies = [None; COPIES_MAX];
            let count = self.copy(&mut copies[..COPIES_MAX.min(max - taken)]);
            copies.into_iter().flatten().for_each(&mut each);
            taken += count;
            if count == 0 {
                break;
            }
        }
        taken
    }

    fn copy(&mut self, copies: &mut [Option<T>]) -> usize {
        if !self.shared.slots.holds(*self.next) {
            return 0;
        }
        // Acquire: what the claim lets it read was not given back before.
        if self.state().consumed.fetch_or(COPYING, Ordering::Acquire) == GONE {
            return 0;
        }
        let mut count = 0;
        for copy in copies {
            // SAFETY: the claim was made before the publisher dropped this reader, and until it
            // is ended below the publisher sees a position that is not ahead of `next`.
            let Some(message) = (unsafe { self.shared.slots.read(*self.next) }) else { break };
            *copy = Some(message);
            *self.next += 1;
            count += 1;
        }
        // Release: the reads of these positions happen before they are overwritten.
        self.state().consumed.store(*self.next, Ordering::Release);
        count
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        // Release: its last reads happen before what they read is overwritten.
        self.shared.readers[self.index].consumed.store(GONE, Ordering::Release);
    }
}
