//! One producer, many readers, each of which sees everything.
//!
//! The slowest reader gates the producer. A reader that is dropped gates no more, and the
//! producer can name who is behind and who is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

use super::Full;
use super::slots::Slots;

/// The position of a reader that was dropped: it gates nobody.
const GONE: usize = usize::MAX;

#[derive(Debug)]
struct Shared<T> {
    slots: Slots<T>,
    readers: Box<[ReaderState]>,
    publisher_gone: CachePadded<AtomicBool>,
}

#[derive(Debug)]
struct ReaderState {
    name: String,
    /// Positions below it were read and may be overwritten; [`GONE`] after the reader is dropped.
    consumed: CachePadded<AtomicUsize>,
}

/// A ring of at least `capacity` messages (rounded up to a power of two) and one reader for
/// each of `names`, in that order.
pub fn broadcast<T: Copy + Send>(
    capacity: usize,
    names: &[&str],
) -> (Publisher<T>, Vec<Reader<T>>) {
    let state = |name: &&str| ReaderState {
        name: (*name).to_owned(),
        consumed: CachePadded::new(AtomicUsize::new(0)),
    };
    let shared = Arc::new(Shared {
        slots: Slots::new(capacity),
        readers: names.iter().map(state).collect(),
        publisher_gone: CachePadded::new(AtomicBool::new(false)),
    });
    let reader = |index| Reader { shared: Arc::clone(&shared), index, next: CachePadded::new(0) };
    let readers = (0..names.len()).map(reader).collect();
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
    /// Messages it has not read yet; `None` if it was dropped.
    pub behind: Option<usize>,
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
        self.publish(message);
        Ok(())
    }

    /// Sends as many of `messages` as there is room for, in order, and says how many.
    #[inline]
    pub fn push_batch(&mut self, messages: &[T]) -> usize {
        let count = self.room(messages.len()).min(messages.len());
        for message in &messages[..count] {
            self.publish(*message);
        }
        count
    }

    /// Most messages the ring holds.
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity()
    }

    /// Every reader, in the order they were named.
    pub fn readers(&self) -> impl Iterator<Item = ReaderLag<'_>> {
        self.shared.readers.iter().map(|reader| {
            let consumed = reader.consumed.load(Ordering::Acquire);
            let behind = (consumed != GONE).then(|| self.room.next - consumed);
            ReaderLag { name: &reader.name, behind }
        })
    }

    /// The reader that is furthest behind: the one that gates. `None` when all were dropped.
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
        // Acquire: the readers' reads of what is overwritten now happened before.
        let positions = self.shared.readers.iter().map(|r| r.consumed.load(Ordering::Acquire));
        let live = positions.filter(|&consumed| consumed != GONE);
        let slowest = live.min().unwrap_or(self.room.next);
        self.room.limit = slowest + self.shared.slots.capacity();
        self.room.limit - self.room.next
    }

    #[inline]
    fn publish(&mut self, message: T) {
        debug_assert!(self.room.next < self.room.limit, "there is room");
        // SAFETY: there is one publisher (`&mut self`, not `Clone`), `next` rises by one each
        // time, and below `limit` every reader is done with the position one capacity earlier, or
        // gone for good, which `look_for_room` acquired.
        unsafe { self.shared.slots.publish(self.room.next, message) };
        self.room.next += 1;
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
        let message = self.take()?;
        self.publish_consumed();
        Some(message)
    }

    /// Takes up to `max` messages in order, and says how many. Their slots are given back
    /// together at the end.
    #[inline]
    pub fn drain(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < max {
            let Some(message) = self.take() else { break };
            taken += 1;
            each(message);
        }
        if taken > 0 {
            self.publish_consumed();
        }
        taken
    }

    /// Whether the publisher was dropped and everything it sent was taken.
    pub fn is_finished(&self) -> bool {
        // In this order: messages sent before the flag was set are seen after it was.
        self.shared.publisher_gone.load(Ordering::Acquire) && self.peek().is_none()
    }

    #[inline]
    fn state(&self) -> &ReaderState {
        &self.shared.readers[self.index]
    }

    #[inline]
    fn peek(&self) -> Option<T> {
        // SAFETY: this reader's `consumed` is never ahead of `next` and it is not gone, so the
        // publisher has not been given this position back.
        unsafe { self.shared.slots.read(*self.next) }
    }

    #[inline]
    fn take(&mut self) -> Option<T> {
        let message = self.peek()?;
        *self.next += 1;
        Some(message)
    }

    #[inline]
    fn publish_consumed(&self) {
        // Release: the reads of these positions happen before they are overwritten.
        self.state().consumed.store(*self.next, Ordering::Release);
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        // Release: its last reads happen before what they read is overwritten.
        self.shared.readers[self.index].consumed.store(GONE, Ordering::Release);
    }
}
