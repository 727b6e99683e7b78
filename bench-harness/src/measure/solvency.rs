//! How far the insurance fund fell.

use seawall_engine::types::{Contract, Money, Price};

use super::summary::Solvency;
use super::tables::TimelineRow;

/// What the backstop may hold, and how that is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) contract: Contract,
    /// Most that its position may be worth at the mark.
    pub(super) notional_max: Money,
}

impl Capacity {
    /// Which part of it a row's position is worth; `None` before the first mark.
    fn use_of(&self, row: &TimelineRow) -> Option<f64> {
        let mark = Price::new(row.mark_ticks)?;
        let worth = self.contract.value(mark, row.fund_position_lots.unsigned_abs());
        Some(worth.units() as f64 / self.notional_max.units() as f64)
    }
}

/// From the timeline; what was deleveraged is the caller's to fill in.
pub(super) fn of(timeline: &[TimelineRow], shock_ns: u64, capacity: Option<Capacity>) -> Solvency {
    let (mut peak, mut drawdown, mut from) = (i64::MIN, 0, 0);
    for row in timeline {
        peak = peak.max(row.fund_cash);
        if peak - row.fund_cash > drawdown {
            (drawdown, from) = (peak - row.fund_cash, peak);
        }
    }
    let after = timeline.iter().filter(|row| row.time_ns > shock_ns);
    let exhausted = after.clone().find(|row| row.fund_cash <= 0 && from > 0);
    let position = timeline.iter().map(|row| row.fund_position_lots.unsigned_abs()).max();
    Solvency {
        fund_drawdown: drawdown,
        fund_drawdown_ratio: (from > 0).then(|| drawdown as f64 / from as f64),
        fund_exhausted_after_ns: exhausted.map(|row| row.time_ns - shock_ns),
        backstop_position_max_lots: position.unwrap_or(0),
        backstop_capacity_use: capacity.and_then(|capacity| {
            timeline.iter().filter_map(|row| capacity.use_of(row)).reduce(f64::max)
        }),
        ..Solvency::default()
    }
}

#[cfg(test)]
mod tests {
    use seawall_engine::types::ContractKind;

    use super::*;

    #[test]
    fn the_fund_falls_from_its_peak() {
        let row = |(n, cash): (u64, &i64)| TimelineRow {
            time_ns: n * 10,
            fund_cash: *cash,
            fund_position_lots: -5,
            ..TimelineRow::default()
        };
        let timeline: Vec<TimelineRow> = (1..).zip(&[50, 100, 40, 60, 0, 80]).map(row).collect();
        let solvency = of(&timeline, 20, None);
        assert_eq!(solvency.backstop_capacity_use, None);
        assert_eq!((solvency.fund_drawdown, solvency.fund_drawdown_ratio), (100, Some(1.0)));
        assert_eq!(solvency.fund_exhausted_after_ns, Some(30));
        assert_eq!(solvency.backstop_position_max_lots, 5);
    }

    #[test]
    fn a_capacity_is_used_at_the_mark() {
        let contract = Contract { kind: ContractKind::Linear, unit: 10 };
        let capacity = Capacity { contract, notional_max: Money::new(4_000) };
        let row = |(mark_ticks, fund_position_lots)| TimelineRow {
            mark_ticks,
            fund_position_lots,
            ..TimelineRow::default()
        };
        // No mark yet, 2 lots at 100 units each, 3 short at 90, which is the most.
        let timeline = [(0, 0), (10, 2), (9, -3)].map(row);
        assert_eq!(of(&timeline, 0, Some(capacity)).backstop_capacity_use, Some(270.0 / 4_000.0));
    }
}
