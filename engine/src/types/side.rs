//! Buy and sell.

/// The side of an order, or the direction of a position.
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// A bid; a long position.
    Buy,
    /// An offer; a short position.
    Sell,
}

impl Side {
    /// The other side.
    #[inline]
    #[must_use]
    pub const fn opposite(self) -> Self {
        // Looked up: a comparison would be joined with the next one, and branch on what no
        // processor foresees.
        [Self::Sell, Self::Buy][self as usize]
    }

    /// `1` for a buy, `-1` for a sell.
    #[inline]
    pub const fn sign(self) -> i64 {
        [1, -1][self as usize]
    }

    /// `0` for a buy, `1` for a sell: the code in records and arrays.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}
