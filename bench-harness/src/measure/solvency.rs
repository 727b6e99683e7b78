//! How far the insurance fund fell.

use super::summary::Solvency;
use super::tables::TimelineRow;

/// From the timeline; what was deleveraged is the caller's to fill in.
pub(super) fn of(timeline: &[TimelineRow], shock_ns: u64) -> Solvency {
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
        ..Solvency::default()
    }
}

#[cfg(test)]
mod tests {
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
        let solvency = of(&timeline, 20);
        assert_eq!((solvency.fund_drawdown, solvency.fund_drawdown_ratio), (100, Some(1.0)));
        assert_eq!(solvency.fund_exhausted_after_ns, Some(30));
        assert_eq!(solvency.backstop_position_max_lots, 5);
    }
}
