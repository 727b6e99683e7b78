//! Keys of positions in a market with funding, and what they are compared with.
//!
//! With `P = u / 10^6` parts of a money unit's millionth, a linear long of `q` lots is unhealthy on a
//! tier's line when `(10^6 − r) · unit · p · P − C < ((E − M) · 10^6 − d) · P / q − C_0`, but for the rounding of
//! what it is owed. The left side is the probe, the right side the key; the other kinds follow alike.

use super::{Accrual, MarketRules, Position};
use crate::types::{ContractKind, Ppm, Price, Side};

const SCALE: i128 = Ppm::SCALE as i128;

impl MarketRules {
    /// Side and key of a position on a tier's line; none where its value never lies in the tier.
    pub(crate) fn funded_key(
        &self,
        tier: usize,
        position: &Position,
        accrual: &Accrual,
        checkpoint: i128,
    ) -> Option<(Side, i128)> {
        let side = position.side()?;
        let lots = position.size();
        let ends = [self.domain.0, self.domain.1].map(|end| self.contract.value(end, lots));
        let (least, most) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let next = self.tiers.get(tier + 1);
        let (rates, deduction) = &self.tiers[tier];
        if most < rates.notional_floor || next.is_some_and(|(n, _)| n.notional_floor <= least) {
            return None;
        }
        let (margin, entry) = (position.margin().wide(), position.entry().wide());
        let per_lot = accrual.unit() / SCALE;
        let lots = i128::from(lots);
        // One unit for the rounding of what it is owed, one for that of an inverse value.
        let short_of = (entry - margin + 2) * SCALE - deduction;
        let enough = (entry + margin - 1) * SCALE + deduction;
        let below = -(-short_of * per_lot).div_euclid(lots);
        let above = -(enough * per_lot).div_euclid(lots);
        let key = match (self.contract.kind, side) {
            (ContractKind::Linear, Side::Buy) => below - checkpoint,
            (ContractKind::Linear, Side::Sell) => above + checkpoint,
            (ContractKind::Inverse, Side::Buy) => above - checkpoint,
            (ContractKind::Inverse, Side::Sell) => below + checkpoint,
        };
        Some((side, key))
    }

    /// What keys of that tier and side are compared with: a greater key may be unhealthy.
    pub(crate) fn funded_probe(
        &self,
        tier: usize,
        side: Side,
        accrual: &Accrual,
        mark: Price,
    ) -> i128 {
        let rate = i128::from(self.tiers[tier].0.maintenance.parts());
        let per_lot = accrual.unit() / SCALE;
        let unit = i128::from(self.contract.unit) * per_lot;
        let ticks = i128::from(mark.ticks());
        let paid = accrual.per_lot;
        match (self.contract.kind, side) {
            (ContractKind::Linear, Side::Buy) => (SCALE - rate) * unit * ticks - paid,
            (ContractKind::Linear, Side::Sell) => paid - (SCALE + rate) * unit * ticks,
            (ContractKind::Inverse, Side::Buy) => (-(SCALE + rate) * unit).div_euclid(ticks) - paid,
            (ContractKind::Inverse, Side::Sell) => ((SCALE - rate) * unit).div_euclid(ticks) + paid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules::tests::{spec, tier};
    use crate::risk::{Due, MarketSpec};
    use crate::types::{Contract, Money};
    use proptest::prelude::*;
    use zerocopy::FromZeros;

    fn rules(kind: ContractKind, unit: i64) -> MarketRules {
        let tiers = vec![tier(0, 20_000, 10_000), tier(500, 300_000, 200_000)];
        let contract = Contract { kind, unit };
        MarketRules::new(MarketSpec { contract, tiers, ..spec() }).unwrap()
    }

    fn position(side: Side, lots: u64, entry: i64, margin: i64) -> Position {
        let mut position = Position::new_zeroed();
        position.open(side, lots, Money::new(entry), Money::new(margin));
        position
    }

    #[test]
    fn a_position_has_a_key_in_the_tiers_where_its_value_lies() {
        let rules = rules(ContractKind::Linear, 1);
        let accrual = Accrual::new(rules.contract());
        // One lot is worth 5 to 2,000; the tiers meet at 500.
        let has = |lots, floor| {
            let mut rules = rules.clone();
            rules.tiers[1].0.notional_floor = Money::new(floor);
            let position = position(Side::Buy, lots, 1, 1);
            [0, 1].map(|tier| rules.funded_key(tier, &position, &accrual, 0).is_some())
        };
        assert_eq!(has(1, 500), [true, true]);
        assert_eq!(has(1, 2_001), [true, false]);
        assert_eq!(has(1, 2_000), [true, true]);
        assert_eq!(has(1, 6), [true, true]);
        assert_eq!(has(1, 5), [false, true]);
    }

    proptest! {
        /// Whoever a mark makes unhealthy is above what it is compared with, and whoever is above is
        /// unhealthy but for a few money units.
        #[test]
        fn a_key_errs_by_little_and_towards_the_trigger(
            inverse in any::<bool>(),
            long in any::<bool>(),
            lots in 1_u64..9,
            entry_ticks in 50_u32..200,
            margin_ppm in 1_i64..300_000,
            rates in (-400_000_000_i64..400_000_000, -400_000_000_i64..400_000_000),
        ) {
            let (kind, unit) =
                if inverse { (ContractKind::Inverse, 7_919) } else { (ContractKind::Linear, 1) };
            let rules = rules(kind, unit);
            let side = if long { Side::Buy } else { Side::Sell };
            let price = |ticks| Price::new(ticks).unwrap();
            let entry = rules.contract.value(price(entry_ticks), lots).units();
            let position = position(side, lots, entry, 1 + entry * margin_ppm / 1_000_000);
            let mut accrual = Accrual::new(rules.contract);
            for rate_ppb in [rates.0, rates.1] {
                let due = Due { rate_ppb, price: price(97) };
                prop_assert!(accrual.pay(rules.contract, &due, 9));
            }
            let mut before = Accrual::new(rules.contract);
            before.pay(rules.contract, &Due { rate_ppb: rates.0, price: price(97) }, 9);
            let checkpoint = before.per_lot;
            let owed = accrual.owed(position.lots(), checkpoint);
            let now = position.with_margin(position.margin() + owed);
            for mark in (5..=2_000).map(price) {
                let value = rules.contract.value(mark, lots);
                let tier = usize::from(value >= Money::new(500));
                let (of, key) = rules.funded_key(tier, &position, &accrual, checkpoint).unwrap();
                prop_assert_eq!(of, side);
                let is_above = key > rules.funded_probe(tier, side, &accrual, mark);
                let poorer = now.with_margin(now.margin() - Money::new(5));
                prop_assert!(is_above || !rules.is_unhealthy(&now, mark), "{mark}");
                prop_assert!(!is_above || rules.is_unhealthy(&poorer, mark), "{mark}");
            }
        }
    }
}
