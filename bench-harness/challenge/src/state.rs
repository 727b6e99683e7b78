//! The one engine of the process.

use std::cell::UnsafeCell;
use std::ffi::c_void;

use seawall::challenge::{ChallengeBook, Report, ReportSink};

use crate::layout::{Cancel, Modify, NewOrder, side};

type Push = unsafe extern "C" fn(*mut c_void, *const Report) -> i32;

/// The book and where its reports go.
#[derive(Debug)]
pub(crate) struct Venue {
    pub(crate) book: ChallengeBook,
    queue: Queue,
}

/// Pushes each report into the harness's queue, waiting while it is full.
#[derive(Debug)]
struct Queue {
    /// The report at hand. Here and not on the stack, whose frames need no alignment then.
    line: CacheLine,
    push: Push,
    sink: *mut c_void,
}

impl ReportSink for Queue {
    #[inline]
    fn report(&mut self, report: &Report) {
        self.line.set(report);
        let report = (&raw const self.line).cast::<Report>();
        // SAFETY: the harness handed over the queue together with its function, for the whole run;
        // the line holds the report's bytes.
        while unsafe { (self.push)(self.sink, report) } == 0 {
            std::hint::spin_loop();
        }
    }
}

/// A report as the queue will copy it.
///
/// The queue copies the 64 bytes with loads as wide as its compiler likes, right after they were
/// stored. A load that spans several younger stores cannot be forwarded and waits until they have
/// left the store buffer: a fifth of the whole run. So the report is put together in registers and
/// stored in halves, or at once where registers are as wide as that. Volatile, because a compiler
/// that put a vector together from two smaller ones likes to store those instead.
#[repr(C, align(64))]
#[derive(Debug)]
struct CacheLine([u64; 8]);

impl CacheLine {
    #[cfg(target_feature = "avx512f")]
    #[inline]
    #[allow(clippy::cast_possible_wrap, reason = "words are moved as they are")]
    fn set(&mut self, report: &Report) {
        use std::arch::x86_64::{__m512i, _mm512_set_epi64};
        let [a, b, c, d, e, f, g, h] = report.words().map(|word| word as i64);
        // SAFETY: the whole library is compiled for processors that have AVX-512.
        let whole = unsafe { _mm512_set_epi64(h, g, f, e, d, c, b, a) };
        // SAFETY: the line is as long as the vector, aligned to it, and borrowed.
        unsafe { (&raw mut *self).cast::<__m512i>().write_volatile(whole) };
    }

    #[cfg(all(target_feature = "avx", not(target_feature = "avx512f")))]
    #[inline]
    #[allow(clippy::cast_possible_wrap, reason = "words are moved as they are")]
    fn set(&mut self, report: &Report) {
        use std::arch::x86_64::{__m256i, _mm256_set_epi64x};
        let [a, b, c, d, e, f, g, h] = report.words().map(|word| word as i64);
        // SAFETY: the whole library is compiled for processors that have AVX.
        let halves = unsafe { [_mm256_set_epi64x(d, c, b, a), _mm256_set_epi64x(h, g, f, e)] };
        let [low, high] = halves;
        let at = (&raw mut *self).cast::<__m256i>();
        // SAFETY: the line holds two halves, is aligned to them, and borrowed.
        unsafe { at.write_volatile(low) };
        // SAFETY: as above.
        unsafe { at.add(1).write_volatile(high) };
    }

    #[cfg(not(target_feature = "avx"))]
    #[inline]
    fn set(&mut self, report: &Report) {
        self.0 = report.words();
    }
}

const _: () = assert!(size_of::<CacheLine>() == size_of::<Report>());

// Each is a function of its own, in a batch too: inlined into one loop they leave each other too few
// registers.
impl Venue {
    /// An empty book that reports to a queue.
    pub(crate) fn new(push: Push, sink: *mut c_void) -> Self {
        Self { book: ChallengeBook::new(), queue: Queue { line: CacheLine([0; 8]), push, sink } }
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
