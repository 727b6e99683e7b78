//! One producer, one consumer.

use crossbeam_utils::CachePadded;

use super::Full;
use super::slots::{Held, Slots};
use super::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

#[derive(Debug)]
struct Shared<T> {
    slots: Slots<T>,
    /// Positions below it were read and may be overwritten. Written by the consumer only.
    consumed: CachePadded<AtomicUsize>,
    producer_gone: CachePadded<AtomicBool>,
    consumer_gone: CachePadded<AtomicBool>,
}

/// A ring of at least `capacity` messages (rounded up to a power of two).
pub fn spsc<T: Copy + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let shared = Arc::new(Shared {
        slots: Slots::new(capacity),
        consumed: CachePadded::new(AtomicUsize::new(0)),
        producer_gone: CachePadded::new(AtomicBool::new(false)),
        consumer_gone: CachePadded::new(AtomicBool::new(false)),
    });
    let limit = shared.slots.capacity();
    let room = CachePadded::new(Room { next: 0, limit });
    let producer = Producer { shared: Arc::clone(&shared), room, held: Held::NOTHING };
    (producer, Consumer { shared, next: CachePadded::new(0) })
}

/// Where the producer writes next and up to where it may.
#[derive(Debug)]
struct Room {
    next: usize,
    limit: usize,
}

/// The sending end.
#[derive(Debug)]
pub struct Producer<T: Copy + Send> {
    shared: Arc<Shared<T>>,
    room: CachePadded<Room>,
    held: Held<T>,
}

impl<T: Copy + Send> Producer<T> {
    /// Sends one message, or hands it back when the ring is full.
    #[inline]
    pub fn push(&mut self, message: T) -> Result<(), Full<T>> {
        let Some(position) = self.claim() else { return Err(Full(message)) };
        // SAFETY: as `claim` says.
        unsafe { self.shared.slots.publish(position, message) };
        Ok(())
    }

    /// Sends one message that the consumer sees with the next [`Self::publish`], or hands it back when
    /// the ring is full; what was staged before is then published, so that there will be room.
    ///
    /// Messages that are staged together cost the consumer's line once: see [`Self::push_batch`], which
    /// wants them side by side.
    #[inline]
    pub fn stage(&mut self, message: T) -> Result<(), Full<T>> {
        let Some(position) = self.claim() else { return Err(Full(message)) };
        // SAFETY: as `claim` says, and positions are claimed in order.
        unsafe { self.held.stage(&self.shared.slots, position, message) };
        Ok(())
    }

    /// Lets the consumer see everything that was staged; what was sent behind it waits for this, too.
    #[inline]
    pub fn publish(&mut self) {
        // SAFETY: a producer has one ring.
        unsafe { self.held.publish(&self.shared.slots) };
    }

    /// Sends as many of `messages` as there is room for, in order, and says how many. The
    /// consumer sees all of them at once or none yet.
    #[inline]
    pub fn push_batch(&mut self, messages: &[T]) -> usize {
        let count = self.room(messages.len()).min(messages.len());
        let Room { next, limit } = *self.room;
        // SAFETY: as in `claim`, for `count` positions that all lie below `limit`.
        unsafe { self.shared.slots.publish_batch(next, limit, &messages[..count]) };
        self.room.next += count;
        if count < messages.len() {
            self.publish();
        }
        count
    }

    /// Most messages the ring holds.
    pub fn capacity(&self) -> usize {
        self.shared.slots.capacity()
    }

    /// Whether the consumer was dropped: nothing sent from now on will be read.
    pub fn is_abandoned(&self) -> bool {
        self.shared.consumer_gone.load(Ordering::Acquire)
    }

    /// Free positions; exact if fewer than `wanted`.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let known = self.room.limit - self.room.next;
        if known >= wanted {
            return known;
        }
        // Acquire: the consumer's reads of what is overwritten now happened before.
        let consumed = self.shared.consumed.load(Ordering::Acquire);
        self.room.limit = consumed + self.shared.slots.capacity();
        self.room.limit - self.room.next
    }

    /// The next position, to be written at once: there is one producer (`&mut self`, not `Clone`), the
    /// position rises by one each time, and below `limit` the consumer is done with the position one
    /// capacity earlier, which `room` acquired.
    #[inline]
    fn claim(&mut self) -> Option<usize> {
        if self.room(1) == 0 {
            // What the consumer does not see it cannot take.
            self.publish();
            return None;
        }
        let position = self.room.next;
        self.room.next += 1;
        Some(position)
    }
}

impl<T: Copy + Send> Drop for Producer<T> {
    fn drop(&mut self) {
        self.publish();
        // Release: who sees the flag sees every message.
        self.shared.producer_gone.store(true, Ordering::Release);
    }
}

/// The receiving end.
#[derive(Debug)]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    next: CachePadded<usize>,
}

impl<T: Copy + Send> Consumer<T> {
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
    pub fn drain(&mut self, max: usize, each: impl FnMut(T)) -> usize {
        // SAFETY: as in `peek`, for every position from `next` on: `consumed` is published below.
        let taken = unsafe { self.shared.slots.drain(&mut self.next, max, each) };
        if taken > 0 {
            self.publish_consumed();
        }
        taken
    }

    /// Whether the producer was dropped and everything it sent was taken.
    pub fn is_finished(&self) -> bool {
        // In this order: messages sent before the flag was set are seen after it was.
        self.shared.producer_gone.load(Ordering::Acquire) && self.peek().is_none()
    }

    #[inline]
    fn peek(&self) -> Option<T> {
        // SAFETY: `consumed` is never ahead of `next`, so the producer has not been given this
        // position back.
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
        self.shared.consumed.store(*self.next, Ordering::Release);
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.shared.consumer_gone.store(true, Ordering::Release);
    }
}
