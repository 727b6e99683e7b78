//! What a contract is worth at a price.

use super::{Money, Price, Side};

/// How a contract's value follows its price.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContractKind {
    /// Settled in the quote currency: value = price × quantity × unit.
    Linear,
    /// Settled in the base currency: value = quantity × unit / price, rounded down.
    Inverse,
}

/// A contract's kind and its unit.
///
/// `unit` is in money units per tick and lot (linear), or money units times ticks per lot
/// (inverse).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contract {
    /// Linear or inverse.
    pub kind: ContractKind,
    /// Scale of the value; positive.
    pub unit: i64,
}

impl Contract {
    /// Value of `lots` at `price`, never negative. Both sides of a trade book the same value, so
    /// rounding cannot create or destroy money.
    #[inline]
    pub fn value(self, price: Price, lots: u64) -> Money {
        let scaled = i128::from(lots) * i128::from(self.unit);
        match self.kind {
            ContractKind::Linear => Money::narrow(scaled * i128::from(price.ticks())),
            ContractKind::Inverse => Money::narrow(scaled / i128::from(price.ticks())),
        }
    }

    /// The sign with which a position's value counts towards its profit: a linear long gains
    /// when the value grows, an inverse long when it shrinks.
    #[inline]
    pub const fn direction(self, side: Side) -> i64 {
        match self.kind {
            ContractKind::Linear => side.sign(),
            ContractKind::Inverse => -side.sign(),
        }
    }

    /// Profit of a position that was entered for `entry` and is worth `value` now.
    #[inline]
    pub fn profit(self, side: Side, entry: Money, value: Money) -> Money {
        if self.direction(side) > 0 { value - entry } else { entry - value }
    }
}
