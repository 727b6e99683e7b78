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
