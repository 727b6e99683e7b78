//! Several markets of one shard: what happened in each, and how they moved together.

use core::ops::Range;

use super::liquidations::MarketFlow;
use super::market::MarketWatch;
use super::summary::{MarketResult, MarketSummary};
use super::tables::{MarketRow, TimelineRow};

/// Returns are taken over so much time.
const RETURN_NS: u64 = 1_000_000_000;

/// Rows of the grid before the shock (without the warm-up), and from it to the end of the peak.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    pub(super) calm: Range<usize>,
    pub(super) cascade: Range<usize>,
}

/// What happened in one market; `first` is the first market's timeline.
pub(super) fn result(
    (symbol, watch): (u64, &MarketWatch),
    flow: MarketFlow,
    market: MarketSummary,
    first: &[TimelineRow],
    spans: &Spans,
) -> MarketResult {
    let of = |rows: &Range<usize>| correlation(first, &watch.timeline, rows.clone());
    // A market says nothing about itself.
    let apart = |rows: &Range<usize>| if symbol == 0 { None } else { of(rows) };
    let (calm, cascade) = (apart(&spans.calm), apart(&spans.cascade));
    let position = watch.timeline.iter().map(|row| row.fund_position_lots.unsigned_abs()).max();
    MarketResult {
        symbol,
        trades: watch.trades,
        triggered: flow.triggered,
        forced_qty: flow.forced,
        forced_filled_qty: flow.filled,
        taken_over_qty: flow.taken_over,
        deleveraged_qty: flow.deleveraged,
        backstop_position_max_lots: position.unwrap_or(0),
        correlation_calm: calm,
        correlation_cascade: cascade,
        correlation_jump: calm.zip(cascade).map(|(calm, cascade)| cascade - calm),
        market,
    }
}

/// Realised correlation of two markets' returns over some rows of the grid: as realised covariances
/// are, of the returns themselves and not of their distances from the mean, or else a fall that all
/// markets share, which is what forced selling makes of them, would count for nothing. `None` where
/// there are fewer than three returns or one market does not move.
fn correlation(first: &[TimelineRow], other: &[TimelineRow], rows: Range<usize>) -> Option<f64> {
    let (first, other) = (first.get(rows.clone())?, other.get(rows)?);
    let step_ns = first.get(1)?.time_ns - first.first()?.time_ns;
    let every = usize::try_from((RETURN_NS / step_ns.max(1)).max(1)).ok()?;
    let returns = |rows: &[TimelineRow]| -> Vec<f64> {
        let prices: Vec<f64> = rows.iter().step_by(every).map(price).collect();
        prices.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
    };
    let (of_first, of_other) = (returns(first), returns(other));
    // A side was missing, and so was a mark: there is no return over that second.
    let pairs: Vec<(f64, f64)> = of_first
        .into_iter()
        .zip(of_other)
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    if pairs.len() < 3 {
        return None;
    }
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// The middle of the spread, or the mark while a side is missing.
fn price(row: &TimelineRow) -> f64 {
    if row.bid_ticks > 0 && row.ask_ticks > 0 {
        f64::midpoint(f64::from(row.bid_ticks), f64::from(row.ask_ticks))
    } else {
        f64::from(row.mark_ticks)
    }
}

/// The rows of `markets.parquet`, market by market.
pub(super) fn rows(markets: &[MarketWatch]) -> Vec<MarketRow> {
    let of = |(symbol, watch): (u32, &MarketWatch)| -> Vec<MarketRow> {
        let row = |row: &TimelineRow| MarketRow {
            time_ns: row.time_ns,
            symbol,
            mark_ticks: row.mark_ticks,
            index_ticks: row.index_ticks,
            bid_ticks: row.bid_ticks,
            ask_ticks: row.ask_ticks,
            bid_depth_50bp_lots: row.bid_depth_50bp_lots,
            ask_depth_50bp_lots: row.ask_depth_50bp_lots,
            traded_lots: row.traded_lots,
            fund_position_lots: row.fund_position_lots,
        };
        watch.timeline.iter().map(row).collect()
    };
    (0..).zip(markets).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(prices: &[u32]) -> Vec<TimelineRow> {
        let row = |(n, mark): (u64, &u32)| TimelineRow {
            time_ns: n * RETURN_NS,
            mark_ticks: *mark,
            ..TimelineRow::default()
        };
        (1..).zip(prices).map(row).collect()
    }

    #[test]
    fn what_moves_together_is_correlated() {
        let a = timeline(&[1_000, 1_010, 1_000, 1_020, 1_000]);
        let b = timeline(&[5_000, 5_050, 5_000, 5_100, 5_000]);
        let mirrored = timeline(&[1_000, 990, 1_000, 980, 1_000]);
        let close = |value: Option<f64>, to: f64| value.is_some_and(|v| (v - to).abs() < 1e-3);
        assert!(close(correlation(&a, &b, 0..5), 1.0));
        assert!(close(correlation(&a, &mirrored, 0..5), -1.0));
        assert_eq!(correlation(&a, &timeline(&[7; 5]), 0..5), None);
        assert_eq!(correlation(&a, &b, 0..3), None);
    }

    #[test]
    fn a_common_fall_is_correlation() {
        // Both fall by a tenth all the time; what is left of each return alternates, apart.
        let (mut a, mut b) = (vec![1_000_000_000_u32], vec![1_000_000_000_u32]);
        for n in 0..8 {
            let (up, down) = if n % 2 == 0 { (91, 89) } else { (89, 91) };
            a.push(a[n] / 100 * up);
            b.push(b[n] / 100 * down);
        }
        let correlation = correlation(&timeline(&a), &timeline(&b), 0..9);
        assert!(correlation.is_some_and(|value| value > 0.97), "{correlation:?}");
    }
}
