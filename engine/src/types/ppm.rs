//! Rates in parts per million.

use ::core::fmt;

use super::{Money, Price};
use crate::canary::{Canary, planted};

/// A rate between 0 and 1, in parts per million.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ppm(u32);

impl Ppm {
    /// Nothing of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(Self::SCALE);
    /// Parts in a whole.
    pub const SCALE: u32 = 1_000_000;

    /// A rate, or `None` above one.
    #[inline]
    pub const fn new(parts: u32) -> Option<Self> {
        if parts <= Self::SCALE { Some(Self(parts)) } else { None }
    }

    /// The rate in parts per million.
    #[inline]
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// This part of a non-negative amount, rounded down.
    #[inline]
    pub fn of_floor(self, amount: Money) -> Money {
        parts_floor(amount, self.0)
    }

    /// This part of a non-negative amount, rounded up.
    #[inline]
    pub fn of_ceil(self, amount: Money) -> Money {
        parts_ceil(amount, self.0)
    }

    /// This part of a price, rounded down, in ticks.
    #[inline]
    pub fn of_ticks(self, price: Price) -> u32 {
        let ticks = u64::from(price.ticks()) * u64::from(self.0) / u64::from(Self::SCALE);
        u32::try_from(ticks).expect("a part of a price is no greater than the price")
    }
}

/// `amount · parts / 10^6` of a non-negative amount, rounded down.
#[inline]
pub(crate) fn parts_floor(amount: Money, parts: u32) -> Money {
    assert!(!amount.is_negative(), "a rate is taken of an amount that is not negative");
    // Nearly every amount fits the first branch, whose division by a constant is a multiplication.
    match amount.units().checked_mul(i64::from(parts)) {
        Some(scaled) => Money::new(scaled / i64::from(Ppm::SCALE)),
        None => Money::narrow(amount.wide() * i128::from(parts) / i128::from(Ppm::SCALE)),
    }
}

/// `amount · parts / 10^6` of a non-negative amount, rounded up.
#[inline]
pub(crate) fn parts_ceil(amount: Money, parts: u32) -> Money {
    assert!(!amount.is_negative(), "a rate is taken of an amount that is not negative");
    let up = if planted(Canary::RoundedDown) { 0 } else { i64::from(Ppm::SCALE) - 1 };
    match amount.units().checked_mul(i64::from(parts)).and_then(|scaled| scaled.checked_add(up)) {
        Some(scaled) => Money::new(scaled / i64::from(Ppm::SCALE)),
        None => {
            let scaled = amount.wide() * i128::from(parts) + i128::from(up);
            Money::narrow(scaled / i128::from(Ppm::SCALE))
        }
    }
}

impl fmt::Debug for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ppm", self.0)
    }
}
