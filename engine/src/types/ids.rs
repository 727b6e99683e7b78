//! Who and what: accounts, orders, symbols, sequence numbers.

use ::core::fmt;

/// An account of the shard, dense from zero.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

impl AccountId {
    /// The insurance fund's own account: it takes over positions and unwinds them in the book.
    pub const FUND: Self = Self(0);

    /// Position in account tables.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A symbol of the shard, dense from zero.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u16);

impl SymbolId {
    /// Position in market tables.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A collateral asset of the shard, dense from zero.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u16);

impl AssetId {
    /// Position in tables of assets.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The shard's sequence number of an input, from 1 without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The sequence number after this one.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// An order's id, unique among the live orders of its symbol.
///
/// Clients use `1 .. 2^63`. Ids with the top bit set are *derived*: the engine makes them for
/// forced orders from the sequence number of the input that caused them, so a replay makes the
/// same ones.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

impl OrderId {
    const DERIVED: u64 = 1 << 63;
    const DERIVED_PER_INPUT_BITS: u32 = 16;
    /// Most forced orders that one input may cause.
    pub const DERIVED_PER_INPUT_MAX: u32 = 1 << Self::DERIVED_PER_INPUT_BITS;

    /// The id of the `k`-th forced order that input `parent` causes.
    #[inline]
    pub fn derived(parent: Seq, k: u32) -> Self {
        assert!(
            k < Self::DERIVED_PER_INPUT_MAX,
            "one input causes a bounded number of forced orders"
        );
        assert!(parent.0 < 1 << 47, "a sequence number fits its field");
        Self(Self::DERIVED | (parent.0 << Self::DERIVED_PER_INPUT_BITS) | u64::from(k))
    }

    /// Whether a client may use it.
    #[inline]
    pub const fn is_client(self) -> bool {
        self.0 != 0 && self.0 < Self::DERIVED
    }

    /// Whether the engine derived it for a forced order.
    #[inline]
    pub const fn is_derived(self) -> bool {
        self.0 >= Self::DERIVED
    }
}

macro_rules! plain_format {
    ($($name:ident: $prefix:literal),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
plain_format!(AccountId: "a", AssetId: "c", SymbolId: "s", Seq: "#", OrderId: "o");
