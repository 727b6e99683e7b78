//! Rates in parts per million.

use ::core::fmt;

use super::Money;

/// A rate between 0 and 1, in parts per million.
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
        Money::narrow(self.scaled(amount) / i128::from(Self::SCALE))
    }

    /// This part of a non-negative amount, rounded up.
    #[inline]
    pub fn of_ceil(self, amount: Money) -> Money {
        let scale = i128::from(Self::SCALE);
        Money::narrow((self.scaled(amount) + scale - 1) / scale)
    }

    #[inline]
    fn scaled(self, amount: Money) -> i128 {
        assert!(!amount.is_negative(), "a rate is taken of an amount that is not negative");
        amount.wide() * i128::from(self.0)
    }
}

impl fmt::Debug for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ppm", self.0)
    }
}
