//! Signed amounts of the settlement currency.

use ::core::fmt;
use ::core::iter::Sum;
use ::core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use zerocopy::FromZeros;

/// A signed amount in money units (for a dollar market, say, millionths of a dollar).
///
/// Sums are checked in every build: `overflow-checks` stays on in release, and the bounds of
/// [`super::MONEY_MAX_UNITS`] keep them far from the edge.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, FromZeros)]
#[repr(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// That many money units.
    #[inline]
    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    /// The amount in money units.
    #[inline]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The amount in money units, widened before it is multiplied.
    #[inline]
    pub const fn wide(self) -> i128 {
        self.0 as i128
    }

    /// Narrows a widened product once.
    ///
    /// Panics beyond the domain. No order and no client's position reaches that; the fund's does if
    /// it takes over several positions of the largest value (`docs/LIQUIDATION.md`, What it costs).
    #[inline]
    pub fn narrow(units: i128) -> Self {
        match i64::try_from(units) {
            Ok(units) => Self(units),
            Err(_) => narrow_failed(units),
        }
    }

    /// Whether the amount is below zero.
    #[inline]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether the amount is above zero.
    #[inline]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The part `numerator / denominator` of an amount, rounded down.
    #[inline]
    #[must_use]
    pub fn share_floor(self, numerator: u64, denominator: u64) -> Self {
        self.share(numerator, denominator, 0)
    }

    /// The part `numerator / denominator` of an amount, rounded up.
    #[inline]
    #[must_use]
    pub fn share_ceil(self, numerator: u64, denominator: u64) -> Self {
        self.share(numerator, denominator, denominator - 1)
    }

    #[inline]
    fn share(self, numerator: u64, denominator: u64, up: u64) -> Self {
        assert!(numerator <= denominator && denominator > 0, "a share is a part");
        if numerator == denominator {
            return self;
        }
        // What fits 64 bits on the way, as almost everything does, stays there.
        let scaled = u64::try_from(self.0)
            .ok()
            .and_then(|units| units.checked_mul(numerator))
            .and_then(|units| units.checked_add(up));
        match scaled.map(|scaled| i64::try_from(scaled / denominator)) {
            Some(Ok(units)) => Self(units),
            _ => self.share_wide(numerator, denominator, up),
        }
    }

    /// The same by way of 128 bits, of less than nothing, too: funding may take a margin there.
    #[cold]
    #[inline(never)]
    fn share_wide(self, numerator: u64, denominator: u64, up: u64) -> Self {
        let scaled = self.wide() * i128::from(numerator) + i128::from(up);
        Self::narrow(scaled.div_euclid(i128::from(denominator)))
    }
}

#[cold]
#[inline(never)]
fn narrow_failed(units: i128) -> ! {
    panic!("an amount of {units} money units fits the domain");
}

impl Add for Money {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Money {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Money {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}u", self.0)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `numerator / denominator` towards −∞, for a positive denominator. What fits 64 bits, as almost
/// everything does, is divided there: 128-bit division is a call and costs several times as much.
#[inline]
pub(crate) fn div_floor(numerator: i128, denominator: i128) -> i128 {
    match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => i128::from(numerator.div_euclid(denominator)),
        _ => numerator.div_euclid(denominator),
    }
}
