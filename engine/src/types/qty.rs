//! A quantity in whole lots.

use ::core::fmt;
use ::core::num::NonZeroU32;

use super::bounds::QTY_LOTS_MAX;

/// A quantity in lots, `1 ..= QTY_LOTS_MAX`. An order for nothing cannot be written down.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qty(NonZeroU32);

impl Qty {
    /// The largest quantity of one order.
    pub const MAX: Self = match NonZeroU32::new(QTY_LOTS_MAX) {
        Some(lots) => Self(lots),
        None => panic!("the largest quantity is above zero"),
    };

    /// A quantity of that many lots, or `None` outside the domain.
    #[inline]
    pub const fn new(lots: u32) -> Option<Self> {
        if lots > QTY_LOTS_MAX {
            return None;
        }
        match NonZeroU32::new(lots) {
            Some(lots) => Some(Self(lots)),
            None => None,
        }
    }

    /// The quantity in lots.
    #[inline]
    pub const fn lots(self) -> u32 {
        self.0.get()
    }

    /// The smaller of two quantities.
    #[inline]
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// What is left after `part` is taken, or `None` when nothing is.
    ///
    /// Panics if `part` exceeds the quantity: nobody can take more than there is.
    #[inline]
    pub fn minus(self, part: Self) -> Option<Self> {
        Self::new(self.lots() - part.lots())
    }
}

impl fmt::Debug for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}l", self.0)
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
