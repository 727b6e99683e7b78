//! Who a mark triggers in a market with funding (`docs/MARGIN.md`, Funding).
//!
//! What a position owes or is owed grows with its lots and the market's paid per lot alone, so within one
//! side and tier all trigger prices move together. Keys are therefore kept free of it: a
//! payment changes what they are compared with, never a key.

use super::keyed_heap::KeyedHeap;
use crate::risk::{Accrual, MarketRules, Position};
use crate::types::{AccountId, Price, Side};

/// Positions by side and tier. A key errs by less than two money units, towards the trigger: what
/// is found is checked exactly.
#[derive(Debug)]
pub(crate) struct FundedIndex {
    tiers: Vec<[KeyedHeap; 2]>,
}

impl FundedIndex {
    pub(crate) fn new(tiers: usize, accounts_max: usize) -> Self {
        let both = |_| [KeyedHeap::new(accounts_max), KeyedHeap::new(accounts_max)];
        Self { tiers: (0..tiers).map(both).collect() }
    }

    /// Puts a position where it belongs, or takes it out.
    pub(crate) fn place(
        &mut self,
        rules: &MarketRules,
        accrual: &Accrual,
        account: AccountId,
        position: Option<(&Position, i128)>,
    ) {
        for (tier, heaps) in self.tiers.iter_mut().enumerate() {
            let key = position.and_then(|(position, checkpoint)| {
                rules.funded_key(tier, position, accrual, checkpoint)
            });
            for side in [Side::Buy, Side::Sell] {
                match key.filter(|(of, _)| *of == side) {
                    Some((_, key)) => heaps[side.index()].set(account, key),
                    None => heaps[side.index()].remove(account),
                }
            }
        }
    }

    /// Adds every account that a mark may trigger to `out`, ascending, each once.
    pub(crate) fn reached(
        &self,
        rules: &MarketRules,
        accrual: &Accrual,
        mark: Price,
        out: &mut Vec<AccountId>,
    ) {
        out.clear();
        for (tier, heaps) in self.tiers.iter().enumerate() {
            for side in [Side::Buy, Side::Sell] {
                let probe = rules.funded_probe(tier, side, accrual, mark);
                heaps[side.index()].above(probe, out);
            }
        }
        out.sort_unstable();
        out.dedup();
    }

    /// Whether an account stands where [`FundedIndex::place`] would put it.
    pub(crate) fn agrees(
        &self,
        rules: &MarketRules,
        accrual: &Accrual,
        account: AccountId,
        position: Option<(&Position, i128)>,
    ) -> bool {
        self.tiers.iter().enumerate().all(|(tier, heaps)| {
            let key = position.and_then(|(position, checkpoint)| {
                rules.funded_key(tier, position, accrual, checkpoint)
            });
            [Side::Buy, Side::Sell].into_iter().all(|side| {
                let expected = key.filter(|(of, _)| *of == side).map(|(_, key)| key);
                heaps[side.index()].key(account) == expected
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::tests::{linear, position};

    #[test]
    fn who_stands_elsewhere_is_found_out() {
        let rules = linear(100, &[(0, 10_000)]);
        let (accrual, account) = (Accrual::new(rules.contract()), AccountId(1));
        let of = |side, margin| position(side, 10, 1_000, margin);
        let (long, richer, short) = (of(Side::Buy, 20), of(Side::Buy, 21), of(Side::Sell, 20));
        let mut index = FundedIndex::new(1, 2);
        let all = [None, Some(&long), Some(&richer), Some(&short)];
        for (n, put) in all.iter().enumerate() {
            index.place(&rules, &accrual, account, put.map(|position| (position, 0)));
            for (other, position) in all.iter().enumerate() {
                let agrees = index.agrees(&rules, &accrual, account, position.map(|p| (p, 0)));
                assert_eq!(agrees, n == other, "{n} and {other}");
            }
        }
    }
}
