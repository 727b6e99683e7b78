//! Seawall behind the C interface of the public matching-engine challenge, so that anybody can run
//! the official harness on it:
//!
//! ```text
//! cargo build --release -p seawall-challenge
//! ./harness --engine target/release/libseawall_challenge.so --scenario normal --mode audit
//! ```
//!
//! Every message is answered before its call returns, from the engine's own book
//! ([`seawall::challenge::ChallengeBook`]); queries read that book and nothing else. Reports leave over a ring of our
//! own ([`seawall::challenge::report_ring`]), or over the harness's with `--no-default-features`. The library is
//! the interface and no more: layouts, one global, and where each report goes.
#![allow(unsafe_code, reason = "a C interface: raw pointers in, exported names out")]

#[cfg(feature = "batch")]
pub mod batch;
mod layout;
mod queue;
mod state;
#[cfg(feature = "transport")]
pub mod transport;

use std::ffi::c_void;

use seawall_engine::types::Side;

use layout::{Cancel, Modify, NewOrder, Transport};
use state::{VENUE, Venue};

/// Called once before any message.
///
/// # Safety
///
/// `transport` must point to a transport that outlives the engine, and `sink` be a handle of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(_seed: u64, transport: *const Transport, sink: *mut c_void) {
    // SAFETY: the caller promises that the sink is a handle of that transport.
    let venue = unsafe { Venue::new(transport, sink) };
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.set(Some(venue)) };
}

/// Called once after everything.
///
/// # Safety
///
/// On the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_shutdown() {
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.set(None) };
}

/// A new order.
///
/// # Safety
///
/// `order` must point to an order; on the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_new_order(order: *const NewOrder) {
    // SAFETY: the caller promises a valid order.
    let order = unsafe { &*order };
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.new_order(order);
}

/// A cancel.
///
/// # Safety
///
/// `cancel` must point to a cancel; on the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_cancel(cancel: *const Cancel) {
    // SAFETY: the caller promises a valid cancel.
    let cancel = unsafe { &*cancel };
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.cancel(cancel);
}

/// A modify: the order is removed and entered again.
///
/// # Safety
///
/// `modify` must point to a modify; on the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_modify(modify: *const Modify) {
    // SAFETY: the caller promises a valid modify.
    let modify = unsafe { &*modify };
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.modify(modify);
}

/// Returns when every report is pushed: at once, since no call leaves work behind.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {}

/// The best bid in ticks, or `INT64_MIN`.
///
/// # Safety
///
/// On the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_query_best_bid() -> i64 {
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.book.best(Side::Buy).unwrap_or(i64::MIN)
}

/// The best offer in ticks, or `INT64_MAX`.
///
/// # Safety
///
/// On the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_query_best_ask() -> i64 {
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.book.best(Side::Sell).unwrap_or(i64::MAX)
}

/// Quantity resting at a price of a side (0 buy, 1 sell).
///
/// # Safety
///
/// On the thread that called [`engine_init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_query_depth_at(price_ticks: i64, side: u8) -> u64 {
    // SAFETY: the harness calls every function of this library from one thread.
    unsafe { VENUE.get() }.book.lots_at(layout::side(side), price_ticks)
}
