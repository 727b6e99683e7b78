//! What the pipeline asks of a one-to-one ring, so that back-ends can be exchanged and compared.

use super::{Consumer, Full, Producer, spsc};

/// The sending end of a ring.
pub trait RingSender<T>: Send {
    /// Sends one message, or hands it back when the ring is full.
    fn push(&mut self, message: T) -> Result<(), Full<T>>;
    /// Sends as many of `messages` as there is room for, in order, and says how many.
    fn push_batch(&mut self, messages: &[T]) -> usize;
    /// Whether the receiver was dropped.
    fn is_abandoned(&self) -> bool;
}

/// The receiving end of a ring.
pub trait RingReceiver<T>: Send {
    /// The next message, if there is one.
    fn pop(&mut self) -> Option<T>;
    /// Takes up to `max` messages in order, and says how many.
    fn drain(&mut self, max: usize, each: impl FnMut(T)) -> usize;
    /// Whether the sender was dropped and everything it sent was taken.
    fn is_finished(&self) -> bool;
}

/// A kind of ring.
pub trait Transport {
    /// Its name in reports.
    const NAME: &'static str;
    /// Its sending end.
    type Sender<T: Copy + Send + Sync + 'static>: RingSender<T> + 'static;
    /// Its receiving end.
    type Receiver<T: Copy + Send + Sync + 'static>: RingReceiver<T> + 'static;
    /// A ring of at least `capacity` messages.
    fn channel<T: Copy + Send + Sync + 'static>(
        capacity: usize,
    ) -> (Self::Sender<T>, Self::Receiver<T>);
}

/// Our own ring, the default: the sequence number travels in the slot.
#[derive(Clone, Copy, Debug)]
pub struct SeqSlotRing;

impl Transport for SeqSlotRing {
    const NAME: &'static str = "seq-slot";
    type Sender<T: Copy + Send + Sync + 'static> = Producer<T>;
    type Receiver<T: Copy + Send + Sync + 'static> = Consumer<T>;

    fn channel<T: Copy + Send + Sync + 'static>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        spsc(capacity)
    }
}

impl<T: Copy + Send> RingSender<T> for Producer<T> {
    #[inline]
    fn push(&mut self, message: T) -> Result<(), Full<T>> {
        Self::push(self, message)
    }

    #[inline]
    fn push_batch(&mut self, messages: &[T]) -> usize {
        Self::push_batch(self, messages)
    }

    fn is_abandoned(&self) -> bool {
        Self::is_abandoned(self)
    }
}

impl<T: Copy + Send> RingReceiver<T> for Consumer<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        Self::pop(self)
    }

    #[inline]
    fn drain(&mut self, max: usize, each: impl FnMut(T)) -> usize {
        Self::drain(self, max, each)
    }

    fn is_finished(&self) -> bool {
        Self::is_finished(self)
    }
}
