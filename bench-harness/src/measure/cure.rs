//! What a liquidation was about: the price at which it was due, and the least that would have cured
//! the account at its trigger mark. Linear contracts only.

use seawall_engine::types::ContractKind;

use super::tables::LiquidationRow;
use crate::scenario::Scenario;

/// The margin rules of a linear contract, in lots times ticks.
#[derive(Clone, Debug)]
pub(super) struct Cure {
    /// Floor of the notional, maintenance rate and deduction of each tier; empty if not linear.
    tiers: Vec<(f64, f64, f64)>,
    fee: f64,
}

/// Closed lots against the least that cures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a name ends in its unit")]
pub(super) struct Cured {
    closed_lots: u64,
    pub(super) over_lots: u64,
    pub(super) under_lots: u64,
}

impl Cured {
    pub(super) fn over_fraction(self) -> Option<f64> {
        (self.closed_lots > 0).then(|| self.over_lots as f64 / self.closed_lots as f64)
    }
}

impl Cure {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let contract = scenario.contract();
        let mut tiers: Vec<(f64, f64, f64)> = Vec::new();
        let is_linear = contract.kind == ContractKind::Linear;
        for tier in scenario.market.tiers.iter().filter(|_| is_linear) {
            let floor = scenario.money(tier.floor_currency).units() as f64 / contract.unit as f64;
            let rate = tier.maintenance_ppm as f64 / 1e6;
            let deduction = tiers.last().map_or(0.0, |(_, below, d)| d + floor * (rate - below));
            tiers.push((floor, rate, deduction));
        }
        Self { tiers, fee: scenario.liquidation.fee_ppm as f64 / 1e6 }
    }

    fn tier(&self, notional: f64) -> Option<(f64, f64)> {
        let found = self.tiers.iter().rev().find(|(floor, ..)| *floor <= notional);
        found.or(self.tiers.first()).map(|(_, rate, deduction)| (*rate, *deduction))
    }

    /// The price at which equity is maintenance margin: `(p - b) q = p q r - d` for a long with
    /// bankruptcy price `b`, mirrored for a short.
    pub(super) fn liquidation_price(&self, row: &LiquidationRow) -> Option<f64> {
        let lots = row.qty_lots as f64;
        let bankruptcy = f64::from(row.bankruptcy_ticks);
        let (rate, deduction) = self.tier(lots * f64::from(row.trigger_mark_ticks))?;
        Some(if row.long {
            (bankruptcy - deduction / lots) / (1.0 - rate)
        } else {
            (bankruptcy + deduction / lots) / (1.0 + rate)
        })
    }

    /// The least lots to close at the trigger mark, without impact, so that the rest is healthy
    /// (Chitra's minimal step for alpha = 0): equity - fee of the part = maintenance of the rest.
    /// All of them where no part would do.
    fn least_lots(&self, row: &LiquidationRow) -> Option<f64> {
        let lots = row.qty_lots as f64;
        let mark = f64::from(row.trigger_mark_ticks);
        let bankruptcy = f64::from(row.bankruptcy_ticks);
        let margin = if row.long { mark - bankruptcy } else { bankruptcy - mark };
        let (rate, deduction) = self.tier(lots * mark)?;
        let missing = mark * lots * rate - deduction - margin * lots;
        let cured_by_lot = mark * (rate - self.fee);
        let hopeless = cured_by_lot <= 0.0 || margin <= 0.0;
        Some(if hopeless { lots } else { (missing / cured_by_lot).clamp(0.0, lots).ceil() })
    }

    /// Adds a liquidation that has ended to a total; of a cross account's, what was triggered first.
    pub(super) fn add(&self, total: &mut Cured, row: &LiquidationRow) {
        let Some(least) = self.least_lots(row).filter(|_| row.end_ns > 0 && row.leg == 0) else {
            return;
        };
        let (least, closed) = (whole(least), row.closed_lots());
        total.closed_lots += closed;
        total.over_lots += closed.saturating_sub(least);
        // Who recovered by the market alone lacks nothing.
        total.under_lots += if row.recovered { 0 } else { least.saturating_sub(closed) };
    }

    /// Whether it says anything: of linear contracts only.
    pub(super) fn is_known(&self) -> bool {
        !self.tiers.is_empty()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lots of a position, which is where they came from"
)]
fn whole(lots: f64) -> u64 {
    lots as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn a_position_just_below_maintenance_needs_little() {
        let scenario = load("flash-crash", &[], None).expect("it is valid");
        let cure = Cure::new(&scenario);
        let row = LiquidationRow {
            long: true,
            qty_lots: 1_000,
            // Bankrupt at 49,500, maintenance of the second tier less its deduction.
            bankruptcy_ticks: 49_500,
            trigger_mark_ticks: 49_980,
            end_ns: 1,
            filled_lots: 1_000,
            ..LiquidationRow::default()
        };
        let price = cure.liquidation_price(&row).expect("it is linear");
        // One percent up to 500,000 of notional, 499,800 here: 49,500 / 0.99.
        assert!((price - 50_000.0).abs() < 1e-9, "{price}");
        let least = cure.least_lots(&row).expect("it is linear");
        // Missing (499.8 - 480) ticks a lot; 49,980 * (1 % - 0.2 %) = 399.84 are cured by a lot.
        assert!((least - 50.0).abs() < 1e-9, "{least}");
        let mut total = Cured::default();
        cure.add(&mut total, &row);
        assert_eq!((total.closed_lots, total.over_lots), (1_000, 950));
    }
}
