//! The one engine of the process.

use std::cell::UnsafeCell;
use std::ffi::c_void;

use seawall::challenge::ChallengeBook;

use crate::layout::{Cancel, Modify, NewOrder, Transport, side};
#[cfg(not(feature = "transport"))]
use crate::queue::Queue;
#[cfg(feature = "transport")]
use crate::transport::Queue;

/// The book and where its reports go.
#[derive(Debug)]
pub(crate) struct Venue {
    pub(crate) book: ChallengeBook,
    queue: Queue,
}

// Each is a function of its own, in a batch too: inlined into one loop they leave each other too few
// registers.
impl Venue {
    /// An empty book that reports to a queue.
    ///
    /// # Safety
    ///
    /// `sink` must be a handle of `transport`, and both must outlive the venue.
    pub(crate) unsafe fn new(transport: *const Transport, sink: *mut c_void) -> Self {
        // SAFETY: promised by the caller.
        Self { book: ChallengeBook::new(), queue: unsafe { Queue::new(transport, sink) } }
    }

    #[inline(never)]
    pub(crate) fn new_order(&mut self, order: &NewOrder) {
        let NewOrder { order_id, sequence_number, price_ticks, quantity, ioc, .. } = *order;
        let terms = (side(order.side), price_ticks, quantity);
        self.book.new_order(sequence_number, order_id, terms, ioc != 0, &mut self.queue);
    }

    #[inline(never)]
    pub(crate) fn cancel(&mut self, cancel: &Cancel) {
        self.book.cancel(cancel.sequence_number, cancel.order_id, &mut self.queue);
    }

    #[inline(never)]
    pub(crate) fn modify(&mut self, modify: &Modify) {
        let Modify { order_id, sequence_number, new_price_ticks, new_quantity, .. } = *modify;
        let queue = &mut self.queue;
        self.book.modify(sequence_number, order_id, new_price_ticks, new_quantity, queue);
    }
}

/// A value that one thread uses at a time.
#[derive(Debug)]
pub(crate) struct OneThread<T>(UnsafeCell<Option<T>>);

// SAFETY: the challenge's contract is that one thread drives the engine; both accessors are unsafe
// and ask for that.
unsafe impl<T> Sync for OneThread<T> {}

/// The engine, between `engine_init` and `engine_shutdown`.
pub(crate) static VENUE: OneThread<Venue> = OneThread(UnsafeCell::new(None));

impl<T> OneThread<T> {
    /// Replaces the value.
    ///
    /// # Safety
    ///
    /// No other thread uses it, and no reference from [`Self::get`] is alive.
    pub(crate) unsafe fn set(&self, value: Option<T>) {
        // SAFETY: the caller promises to be alone with the value.
        unsafe { *self.0.get() = value };
    }

    /// The value. Ends the process if there is none: the harness broke its contract.
    ///
    /// # Safety
    ///
    /// No other thread uses it, and no other reference from this function is alive.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the caller promises to hold the only reference")]
    pub(crate) unsafe fn get(&self) -> &mut T {
        // SAFETY: the caller promises to be alone with the value.
        let value = unsafe { &mut *self.0.get() };
        value.as_mut().unwrap_or_else(|| std::process::abort())
    }
}
