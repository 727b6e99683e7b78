//! The market on the timeline's grid: prices, spread and depth.

use core::ops::Range;

use seawall_engine::core::Engine;
use seawall_engine::types::{AccountId, Price, Side, SymbolId};

use super::fill_rate::CalmBook;
use super::summary::MarketSummary;
use super::tables::TimelineRow;
use crate::agents::Quote;

/// Calm books to remember, at most.
const CALM_BOOKS: usize = 32;

/// Follows the market of a run.
#[derive(Debug)]
pub(super) struct MarketWatch {
    symbol: SymbolId,
    pub(super) timeline: Vec<TimelineRow>,
    /// Time and price of every mark.
    pub(super) marks: Vec<(u64, u32)>,
    pub(super) calm_books: Vec<CalmBook>,
    calm_rows: Range<usize>,
    spread_max_ticks: u32,
    last_ticks: u32,
    /// Largest distance of mark and last trade's price on the grid, over the mark.
    last_divergence: Option<f64>,
    /// Since the last row.
    commands: u64,
    traded_lots: u64,
    /// Since the start.
    pub(super) trades: u64,
}

impl MarketWatch {
    /// For `rows` rows, of which `calm_rows` lie between warm-up and shock.
    pub(super) fn new(symbol: SymbolId, rows: usize, calm_rows: Range<usize>) -> Self {
        Self {
            symbol,
            timeline: Vec::with_capacity(rows),
            marks: Vec::new(),
            calm_books: Vec::with_capacity(CALM_BOOKS),
            calm_rows,
            spread_max_ticks: 0,
            last_ticks: 0,
            last_divergence: None,
            commands: 0,
            traded_lots: 0,
            trades: 0,
        }
    }

    #[inline]
    pub(super) fn command(&mut self) {
        self.commands += 1;
    }

    #[inline]
    pub(super) fn traded(&mut self, lots: u64) {
        self.traded_lots += lots;
        self.trades += 1;
    }

    fn compare_last(&mut self, mark_ticks: u32) {
        if self.last_ticks > 0 && mark_ticks > 0 {
            let apart = f64::from(mark_ticks.abs_diff(self.last_ticks)) / f64::from(mark_ticks);
            self.last_divergence = Some(self.last_divergence.map_or(apart, |most| most.max(apart)));
        }
    }

    /// Best prices after an input.
    #[inline]
    pub(super) fn quote(&mut self, quote: Quote) {
        self.last_ticks = quote.last_ticks;
        if quote.bid_ticks > 0 {
            let spread = quote.ask_ticks.saturating_sub(quote.bid_ticks);
            self.spread_max_ticks = self.spread_max_ticks.max(spread);
        }
    }

    /// Ends a row: what an observer sees now. What other measures know is filled in later.
    pub(super) fn sample(&mut self, time_ns: u64, index_ticks: u32, engine: &Engine) {
        let symbol = self.symbol;
        let ticks = |price: Option<Price>| price.map_or(0, Price::ticks);
        let (bid_ticks, ask_ticks) =
            (ticks(engine.best_bid(symbol)), ticks(engine.best_ask(symbol)));
        let mark_ticks = ticks(engine.mark(symbol));
        self.compare_last(mark_ticks);
        let mid = Quote { bid_ticks, ask_ticks, ..Quote::default() }.mid();
        // With a side missing, depth is measured from the mark.
        let centre = mid.unwrap_or(f64::from(mark_ticks));
        let within = |side: Side, distances_bp: [f64; 3]| {
            let reach = distances_bp.map(|bp| centre * bp / 1e4);
            let mut lots = [0; 3];
            for (price, level) in engine.depth(symbol, side) {
                let distance = (f64::from(price.ticks()) - centre).abs();
                if distance > reach[2] {
                    break;
                }
                for (sum, reach) in lots.iter_mut().zip(reach) {
                    *sum += if distance <= reach { level } else { 0 };
                }
            }
            lots
        };
        let bids = within(Side::Buy, [10.0, 50.0, 100.0]);
        let asks = within(Side::Sell, [10.0, 50.0, 50.0]);
        self.remember_calm(mid, engine);
        let funds = (0..engine.funds()).map(AccountId);
        self.timeline.push(TimelineRow {
            time_ns,
            mark_ticks,
            index_ticks,
            bid_ticks,
            ask_ticks,
            bid_depth_10bp_lots: bids[0],
            bid_depth_50bp_lots: bids[1],
            bid_depth_100bp_lots: bids[2],
            ask_depth_50bp_lots: asks[1],
            commands: core::mem::take(&mut self.commands),
            traded_lots: core::mem::take(&mut self.traded_lots),
            backlog: engine.backlog() as u64,
            fund_cash: funds.map(|fund| engine.cash(fund).units()).sum(),
            fund_position_lots: engine.position(symbol, engine.fund_of(symbol)).lots,
            ..TimelineRow::default()
        });
    }

    /// Whether no calm book is to come.
    pub(super) fn is_calm_over(&self) -> bool {
        self.timeline.len() >= self.calm_rows.end
    }

    /// Keeps some thirty books, evenly spread over the calm phase after the warm-up.
    fn remember_calm(&mut self, mid: Option<f64>, engine: &Engine) {
        let row = self.timeline.len();
        let every = self.calm_rows.len().div_ceil(CALM_BOOKS).max(1);
        let due =
            self.calm_rows.contains(&row) && (row - self.calm_rows.start) % every == every / 2;
        let Some(mid) = mid.filter(|_| due) else { return };
        let levels = |side| {
            engine.depth(self.symbol, side).map(|(price, lots)| (f64::from(price.ticks()), lots))
        };
        self.calm_books.push(CalmBook::new(mid, levels(Side::Buy), levels(Side::Sell)));
    }

    /// What the cascade did to the market; `shock_row` is the first row of it.
    pub(super) fn summarise(&self, shock_row: usize, shock_ns: u64) -> MarketSummary {
        let at = |depth: fn(&TimelineRow) -> u64| self.depth_trough(shock_row, depth);
        let near = at(|row| row.bid_depth_10bp_lots);
        let middle = at(|row| row.bid_depth_50bp_lots);
        let far = at(|row| row.bid_depth_100bp_lots);
        MarketSummary {
            drawdown_bp: self.drawdown_bp(shock_ns),
            depth_trough_fraction: middle.0,
            depth_half_recovery_ns: middle.1,
            spread_max_ticks: u64::from(self.spread_max_ticks),
            spread_half_recovery_ns: self.spread_recovery(shock_row),
            depth_trough_fraction_10bp: near.0,
            depth_half_recovery_10bp_ns: near.1,
            depth_trough_fraction_100bp: far.0,
            depth_half_recovery_100bp_ns: far.1,
            mark_index_divergence_bp: self.divergence(|row| f64::from(row.index_ticks)),
            mark_mid_divergence_bp: self.divergence(|row| {
                let is_two_sided = row.bid_ticks > 0 && row.ask_ticks > 0;
                let mid = f64::midpoint(f64::from(row.bid_ticks), f64::from(row.ask_ticks));
                if is_two_sided { mid } else { f64::NAN }
            }),
            mark_last_divergence_bp: self.last_divergence.map(|apart| apart * 1e4),
            ..MarketSummary::default()
        }
    }

    /// Largest distance of the mark from another price on the grid, in basis points of the mark;
    /// rows without one of them are left out.
    fn divergence(&self, other: fn(&TimelineRow) -> f64) -> Option<f64> {
        let marked = self.timeline.iter().filter(|row| row.mark_ticks > 0);
        let distances = marked.map(|row| {
            let mark = f64::from(row.mark_ticks);
            (other(row) - mark).abs() / mark * 1e4
        });
        distances.filter(|distance| distance.is_finite()).max_by(f64::total_cmp)
    }

    /// From the widest spread on the grid after the shock until half of what it was above the calm
    /// median is gone. Rows with a side missing are no spread.
    fn spread_recovery(&self, shock_row: usize) -> Option<u64> {
        let spread = |row: &TimelineRow| {
            (row.bid_ticks > 0 && row.ask_ticks > 0)
                .then(|| u64::from(row.ask_ticks.saturating_sub(row.bid_ticks)))
        };
        let calm = self.calm_rows.start..self.calm_rows.end.min(self.timeline.len());
        let mut before: Vec<u64> = self.timeline.get(calm)?.iter().filter_map(spread).collect();
        before.sort_unstable();
        let median = *before.get(before.len() / 2)?;
        let after = self.timeline.get(shock_row..)?;
        let widest = (0..after.len()).max_by_key(|n| spread(&after[*n]))?;
        let half = median + spread(&after[widest])?.saturating_sub(median) / 2;
        let back = after[widest..].iter().find(|row| spread(row).is_some_and(|s| s <= half))?;
        Some(back.time_ns - after[widest].time_ns)
    }

    /// Largest fall of the mark from its price at the shock, in basis points.
    fn drawdown_bp(&self, shock_ns: u64) -> f64 {
        let after = self.marks.partition_point(|(time_ns, _)| *time_ns <= shock_ns);
        let Some((_, start)) = after.checked_sub(1).map(|place| self.marks[place]) else {
            return 0.0;
        };
        let low = self.marks[after..].iter().map(|(_, mark)| *mark).min().unwrap_or(start);
        f64::from(start.saturating_sub(low)) / f64::from(start) * 1e4
    }

    /// Least bid depth after the shock over the calm median, and the time from then
    /// until half of what was lost was back.
    fn depth_trough(
        &self,
        shock_row: usize,
        depth: fn(&TimelineRow) -> u64,
    ) -> (Option<f64>, Option<u64>) {
        let calm = self.calm_rows.clone();
        let Some(calm) = self.timeline.get(calm.start..calm.end.min(self.timeline.len())) else {
            return (None, None);
        };
        let mut depths: Vec<u64> = calm.iter().map(depth).collect();
        depths.sort_unstable();
        let Some(median) = depths.get(depths.len() / 2).copied().filter(|m| *m > 0) else {
            return (None, None);
        };
        let after = self.timeline.get(shock_row..).unwrap_or_default();
        let Some(place) = (0..after.len()).min_by_key(|n| depth(&after[*n])) else {
            return (None, None);
        };
        let least = depth(&after[place]);
        let half = least + median.saturating_sub(least).div_ceil(2);
        let back = after[place..].iter().find(|row| depth(row) >= half);
        let recovery = back.map(|row| row.time_ns - after[place].time_ns);
        (Some(least as f64 / median as f64), recovery)
    }
}
