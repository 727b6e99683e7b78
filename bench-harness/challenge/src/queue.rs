//! The harness's queue as the way out for reports.

use std::ffi::c_void;

use seawall::challenge::{Report, ReportSink};

use crate::layout::{Push, Transport};

/// Pushes each report into the harness's queue, waiting while it is full.
#[derive(Debug)]
pub(crate) struct Queue {
    /// The report at hand. Here and not on the stack, whose frames need no alignment then.
    line: CacheLine,
    push: Push,
    sink: *mut c_void,
}

impl Queue {
    /// # Safety
    ///
    /// `sink` must be a handle of `transport`, for as long as reports are made.
    pub(crate) const unsafe fn new(transport: *const Transport, sink: *mut c_void) -> Self {
        // SAFETY: the caller promises a valid transport; its function is copied.
        let push = unsafe { (*transport).push };
        Self { line: CacheLine([0; 8]), push, sink }
    }
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
