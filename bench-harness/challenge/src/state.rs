//! The one engine of the process.

use std::cell::UnsafeCell;
use std::ffi::c_void;

use seawall::challenge::{ChallengeBook, Report, ReportSink};

use crate::layout::{Cancel, Modify, NewOrder, side};

type Push = unsafe extern "C" fn(*mut c_void, *const Report) -> i32;

/// The book and where its reports go.
#[derive(Debug)]
pub struct Venue {
    pub(crate) book: ChallengeBook,
    pub(crate) push: Push,
    pub(crate) sink: *mut c_void,
}

/// Pushes each report into the harness's queue, waiting while it is full.
struct Queue {
    push: Push,
    sink: *mut c_void,
}

impl ReportSink for Queue {
    #[inline]
    fn report(&mut self, report: &Report) {
        // SAFETY: the harness handed over the queue together with its function, for the whole run.
        while unsafe { (self.push)(self.sink, report) } == 0 {
            std::hint::spin_loop();
        }
    }
}

impl Venue {
    const fn queue(&self) -> Queue {
        Queue { push: self.push, sink: self.sink }
    }

    #[inline]
    pub(crate) fn new_order(&mut self, order: &NewOrder) {
        let NewOrder { order_id, sequence_number, price_ticks, quantity, ioc, .. } = *order;
        let terms = (side(order.side), price_ticks, quantity);
        let mut queue = self.queue();
        self.book.new_order(sequence_number, order_id, terms, ioc != 0, &mut queue);
    }

    #[inline]
    pub(crate) fn cancel(&mut self, cancel: &Cancel) {
        let mut queue = self.queue();
        self.book.cancel(cancel.sequence_number, cancel.order_id, &mut queue);
    }

    #[inline]
    pub(crate) fn modify(&mut self, modify: &Modify) {
        let Modify { order_id, sequence_number, new_price_ticks, new_quantity, .. } = *modify;
        let mut queue = self.queue();
        self.book.modify(sequence_number, order_id, new_price_ticks, new_quantity, &mut queue);
    }
}

/// A value that one thread uses at a time.
#[derive(Debug)]
pub struct OneThread<T>(UnsafeCell<Option<T>>);

// SAFETY: the challenge's contract is that one thread drives the engine; both accessors are unsafe
// and ask for that.
unsafe impl<T> Sync for OneThread<T> {}

/// The engine, between `engine_init` and `engine_shutdown`.
pub static VENUE: OneThread<Venue> = OneThread(UnsafeCell::new(None));

impl<T> OneThread<T> {
    /// Replaces the value.
    ///
    /// # Safety
    ///
    /// No other thread uses it, and no reference from [`Self::get`] is alive.
    pub unsafe fn set(&self, value: Option<T>) {
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
    pub unsafe fn get(&self) -> &mut T {
        // SAFETY: the caller promises to be alone with the value.
        let value = unsafe { &mut *self.0.get() };
        value.as_mut().unwrap_or_else(|| std::process::abort())
    }
}
