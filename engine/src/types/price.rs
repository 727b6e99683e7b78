//! A price in whole ticks.

use ::core::fmt;
use ::core::num::NonZeroU32;

use super::bounds::PRICE_TICKS_MAX;

/// A price in ticks, `1 ..= PRICE_TICKS_MAX`.
///
/// Zero is not a price, so `Option<Price>` takes four bytes and "no best bid" costs nothing.
///
/// ```
/// use seawall_engine::types::Price;
/// let price = Price::new(42).expect("42 is in the domain");
/// assert_eq!(price.ticks(), 42);
/// assert!(Price::new(0).is_none());
/// ```
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(NonZeroU32);

impl Price {
    /// The lowest price.
    pub const MIN: Self = Self(NonZeroU32::MIN);
    /// The highest price.
    pub const MAX: Self = match NonZeroU32::new(PRICE_TICKS_MAX) {
        Some(ticks) => Self(ticks),
        None => panic!("the highest price is above zero"),
    };

    /// A price of that many ticks, or `None` outside the domain.
    #[inline]
    pub const fn new(ticks: u32) -> Option<Self> {
        if ticks > PRICE_TICKS_MAX {
            return None;
        }
        match NonZeroU32::new(ticks) {
            Some(ticks) => Some(Self(ticks)),
            None => None,
        }
    }

    /// The price in ticks.
    #[inline]
    pub const fn ticks(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}t", self.0)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
