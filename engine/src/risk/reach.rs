//! How far an account's positions and orders reach: what bounds the losses of several symbols
//! together (`docs/MARGIN.md`, Reach).

use ::core::ops::{Add, Sub};

use super::MarketRules;
use crate::types::MONEY_MAX_UNITS;

/// Parts of a market's largest position in which a share of it is counted.
const WHOLE: i128 = 1 << 32;
/// Largest positions that one account may come to in all symbols together.
const LARGEST_MAX: i128 = 4;

/// The worth of positions and orders at the top of their markets' domains, and their shares of the
/// markets' largest positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// In money units.
    worth: i128,
    /// In parts of [`WHOLE`], each symbol's rounded down.
    share: i128,
}

impl Reach {
    pub(crate) const NONE: Self = Self { worth: 0, share: 0 };

    /// Of so many lots of a market.
    pub(crate) fn of(rules: &MarketRules, lots: u64) -> Self {
        let most = i128::from(rules.position_lots_max);
        Self { worth: rules.worth_max(lots), share: i128::from(lots) * WHOLE / most }
    }

    /// Whether losses and funding of all of it fit 64 bits whatever marks do.
    ///
    /// From the moment at which an account could pay for its last order, its positions lose at most
    /// what they are worth (2^60) and pay at most [`super::PAID_UNITS_MAX`] one way and back for each
    /// largest position (4 · 2 · 2^58 = 2^61). Cash stands for equity less profits and collateral, which
    /// are 2^60 each at most: it stays above −5 · 2^60.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.worth <= i128::from(MONEY_MAX_UNITS) && self.share <= LARGEST_MAX * WHOLE
    }
}

impl Add for Reach {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { worth: self.worth + other.worth, share: self.share + other.share }
    }
}

impl Sub for Reach {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { worth: self.worth - other.worth, share: self.share - other.share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules::tests::spec;

    #[test]
    fn reaches_add_up_to_four_of_the_largest_or_what_money_bounds() {
        // 40 lots at most, each worth 14,000 at the top of the domain.
        let rules = MarketRules::new(spec()).unwrap();
        let of = |lots| Reach::of(&rules, lots);
        assert_eq!(of(10), Reach { worth: 140_000, share: 1 << 30 });
        assert_eq!(of(10) + of(20), of(30));
        assert_eq!(of(30) - of(20), of(10));
        assert!(of(160).is_within_bounds() && !of(161).is_within_bounds());
        let worth = |worth| Reach { worth, share: 1 }.is_within_bounds();
        assert!(worth(1 << 60) && !worth((1 << 60) + 1));
    }
}
