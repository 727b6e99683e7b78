//! Delivery in runs: the optional part of the interface, behind the feature `batch`.

use std::mem::offset_of;

use crate::layout::{Cancel, Modify, NewOrder};
use crate::state::VENUE;

/// One message of a batch.
#[derive(Clone, Copy)]
#[repr(C)]
#[allow(missing_debug_implementations, reason = "a union cannot say what it holds")]
pub struct BatchMessage {
    /// 0 new order, 1 cancel, 2 modify.
    pub kind: u8,
    /// Padding.
    pub reserved: [u8; 7],
    /// The message.
    pub payload: Payload,
}

/// What a [`BatchMessage`] holds.
#[derive(Clone, Copy)]
#[repr(C)]
#[allow(missing_debug_implementations, reason = "a union cannot say what it holds")]
pub union Payload {
    /// Kind 0.
    pub new_order: NewOrder,
    /// Kind 1.
    pub cancel: Cancel,
    /// Kind 2.
    pub modify: Modify,
}

const _: () = assert!(size_of::<BatchMessage>() == 40 && offset_of!(BatchMessage, payload) == 8);

/// A run of messages, answered one after the other as if each had come alone.
///
/// # Safety
///
/// `messages` must point to `count` messages; on the thread that called `engine_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_batch(messages: *const BatchMessage, count: u32) {
    // SAFETY: the caller promises that many messages.
    let messages = unsafe { std::slice::from_raw_parts(messages, count as usize) };
    // SAFETY: the harness calls every function of this library from one thread.
    let venue = unsafe { VENUE.get() };
    for message in messages {
        fetch_ahead(message);
        match message.kind {
            // SAFETY: the kind says which of the union's members is live.
            0 => venue.new_order(unsafe { &message.payload.new_order }),
            // SAFETY: as above.
            1 => venue.cancel(unsafe { &message.payload.cancel }),
            // SAFETY: as above.
            _ => venue.modify(unsafe { &message.payload.modify }),
        }
    }
}

/// Messages by which the stream is fetched ahead: it comes from memory, line by line.
const AHEAD: usize = 20;

/// Asks for the line of a later message, which is not looked at before its turn.
#[inline]
fn fetch_ahead(message: &BatchMessage) {
    let later = (&raw const *message).wrapping_add(AHEAD);
    #[cfg(target_feature = "sse")]
    // SAFETY: a prefetch reads nothing, wherever its address points.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(later.cast());
    }
    #[cfg(not(target_feature = "sse"))]
    let _ = later;
}
