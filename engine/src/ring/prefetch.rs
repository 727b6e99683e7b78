//! Asking for a cache line before it is written.

/// Asks for the cache line of `place` to be brought here for writing. A hint: nothing changes but time.
///
/// `prefetchw` by name: the compiler's own intrinsic becomes a prefetch for reading on processors that do not
/// promise the instruction, and such a line is asked for twice. Those that lack it take it for no operation.
#[cfg(all(target_arch = "x86_64", not(any(miri, loom))))]
#[inline]
pub(super) fn fetch_for_writing<T>(place: &T) {
    let address = std::ptr::from_ref(place);
    // SAFETY: the instruction reads and writes nothing and faults nowhere.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
}

/// Elsewhere the stores ask for their lines.
#[cfg(not(all(target_arch = "x86_64", not(any(miri, loom)))))]
#[inline]
pub(super) fn fetch_for_writing<T>(_place: &T) {}
