//! Atomics and cells: the standard library's, or loom's when a model is checked.

#[cfg(loom)]
pub(super) use loom::{
    cell::UnsafeCell,
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
pub(super) use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::canary::{Canary, planted};

/// The order of the store that publishes a slot. Release: who sees the number sees the message.
/// Relaxed is the planted bug that loom, Miri and ThreadSanitizer must each catch.
#[inline]
pub(super) fn publish_order() -> Ordering {
    if planted(Canary::PublishRelaxed) { Ordering::Relaxed } else { Ordering::Release }
}

/// The standard cell with loom's interface.
#[cfg(not(loom))]
#[derive(Debug)]
pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Hands out the pointer for reading.
    #[inline]
    pub(super) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Hands out the pointer for writing.
    #[inline]
    pub(super) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
