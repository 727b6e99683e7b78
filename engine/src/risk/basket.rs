//! An index that is made of the marks of other symbols (`docs/MARGIN.md`, Index from a basket).

use crate::types::{Price, RejectReason, SymbolId};

/// Most symbols of a basket.
pub const BASKET_PARTS_MAX: usize = 64;
/// Greatest weight of a part, in millionths.
pub const BASKET_WEIGHT_PPM_MAX: u64 = 1 << 40;
const SCALE: u128 = 1_000_000;

/// One symbol of a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasketPart {
    /// Whose mark counts.
    pub symbol: SymbolId,
    /// Ticks of the index for each tick of that mark, in millionths.
    pub weight_ppm: u64,
}

/// A symbol whose index is the weighted sum of other symbols' marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// Whose index it is.
    pub symbol: SymbolId,
    /// What it is made of.
    pub parts: Vec<BasketPart>,
}

impl Basket {
    /// What is wrong with it in a shard of so many symbols, if anything.
    pub(crate) fn check(&self, symbols: usize) -> Result<(), &'static str> {
        if self.symbol.index() >= symbols {
            return Err("a symbol of the shard");
        }
        if !(1..=BASKET_PARTS_MAX).contains(&self.parts.len()) {
            return Err("1 to 64 symbols in it");
        }
        for (n, part) in self.parts.iter().enumerate() {
            if part.symbol.index() >= symbols {
                return Err("symbols of the shard in it");
            }
            if part.symbol == self.symbol || self.parts[..n].iter().any(|p| p.symbol == part.symbol)
            {
                return Err("other symbols in it, each once");
            }
            if !(1..=BASKET_WEIGHT_PPM_MAX).contains(&part.weight_ppm) {
                return Err("weights of 1 to 2^40 millionths");
            }
        }
        Ok(())
    }

    /// The index: the weighted sum, to the nearest tick, halves upwards. `None` while a mark is
    /// missing; an error if it is no price.
    ///
    /// ```
    /// use seawall_engine::risk::{Basket, BasketPart};
    /// use seawall_engine::types::{Price, SymbolId};
    /// let half = |symbol| BasketPart { symbol: SymbolId(symbol), weight_ppm: 500_000 };
    /// let basket = Basket { symbol: SymbolId(2), parts: vec![half(0), half(1)] };
    /// let index = basket.price(|symbol| Price::new([100, 203][symbol.index()]));
    /// assert_eq!(index, Some(Ok(Price::new(152).unwrap())));
    /// ```
    pub fn price(
        &self,
        mark: impl Fn(SymbolId) -> Option<Price>,
    ) -> Option<Result<Price, RejectReason>> {
        let mut sum = 0;
        for part in &self.parts {
            sum += u128::from(mark(part.symbol)?.ticks()) * u128::from(part.weight_ppm);
        }
        let ticks = u32::try_from((sum + SCALE / 2) / SCALE).ok();
        Some(ticks.and_then(Price::new).ok_or(RejectReason::PriceOutOfDomain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket(symbol: u16, parts: &[(u16, u64)]) -> Basket {
        let part = |(symbol, weight_ppm)| BasketPart { symbol: SymbolId(symbol), weight_ppm };
        Basket { symbol: SymbolId(symbol), parts: parts.iter().copied().map(part).collect() }
    }

    #[test]
    fn a_basket_is_of_other_symbols_of_the_shard() {
        let refused = |symbol, parts: &[(u16, u64)]| basket(symbol, parts).check(66).is_err();
        assert!(!refused(65, &[(0, 1), (64, BASKET_WEIGHT_PPM_MAX)]));
        assert!(refused(66, &[(0, 1)]), "the index of nobody");
        assert!(refused(0, &[]));
        assert!(refused(0, &[(66, 1)]));
        assert!(refused(3, &[(3, 1)]));
        assert!(refused(0, &[(3, 1), (4, 1), (3, 1)]));
        assert!(refused(0, &[(3, 0)]));
        assert!(refused(0, &[(3, BASKET_WEIGHT_PPM_MAX + 1)]));
        let many = |count| (1..=count).map(|symbol| (symbol, 1)).collect::<Vec<_>>();
        assert!(!refused(0, &many(64)));
        assert!(refused(0, &many(65)));
    }
}
