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
        let ticks = i64::from(price.ticks());
        let narrow = i64::try_from(lots).ok().and_then(|lots| lots.checked_mul(self.unit));
        // What fits 64 bits on the way, as almost everything does, stays there.
        let value = narrow.and_then(|scaled| match self.kind {
            ContractKind::Linear => scaled.checked_mul(ticks),
            ContractKind::Inverse => Some(scaled / ticks),
        });
        value.map_or_else(|| self.value_of_many(price, lots), Money::new)
    }

    /// As [`Self::value`], by way of 128 bits.
    #[cold]
    #[inline(never)]
    fn value_of_many(self, price: Price, lots: u64) -> Money {
        let scaled = i128::from(lots) * i128::from(self.unit);
        Money::narrow(match self.kind {
            ContractKind::Linear => scaled * i128::from(price.ticks()),
            ContractKind::Inverse => scaled / i128::from(price.ticks()),
        })
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
