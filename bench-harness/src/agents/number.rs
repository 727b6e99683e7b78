//! From the agents' real numbers to the venue's whole ones. These are the only casts of the agents.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "every value is clamped to the target's range before it is cast"
)]

use seawall_engine::types::{Price, Qty};

/// The nearest whole number, held within `low ..= high`.
#[inline]
pub(super) fn whole(value: f64, low: u32, high: u32) -> u32 {
    (value + 0.5).clamp(f64::from(low), f64::from(high)) as u32
}

/// The price at or below a number of ticks, held within the prices there are.
#[inline]
pub(super) fn price_floor(ticks: f64) -> Price {
    price(ticks.max(1.0).min(f64::from(u32::MAX)) as u32)
}

/// The price at or above a number of ticks, held within the prices there are.
#[inline]
pub(super) fn price_ceil(ticks: f64) -> Price {
    price(ticks.max(1.0).min(f64::from(u32::MAX)).ceil() as u32)
}

/// A price, held within the prices there are.
#[inline]
pub(super) fn price(ticks: u32) -> Price {
    Price::new(ticks.clamp(1, Price::MAX.ticks())).expect("clamped to the prices there are")
}

/// A quantity, at least one lot.
#[inline]
pub(super) fn qty(lots: u32) -> Qty {
    Qty::new(lots.clamp(1, Qty::MAX.lots())).expect("clamped to the quantities there are")
}

/// A span of time, in whole nanoseconds.
#[inline]
pub(super) fn nanoseconds(value: f64) -> u64 {
    value.clamp(0.0, 1e18) as u64
}

/// A whole number as a real one; exact below 2^53.
#[inline]
#[allow(clippy::cast_precision_loss, reason = "scenario values are far below 2^53")]
pub(super) fn real(value: u64) -> f64 {
    value as f64
}
