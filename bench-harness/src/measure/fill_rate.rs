//! Fill rates by phase. Quantities are kept by the timeline row of the send, since where the
//! phases lie is only known at the end.

use core::ops::Range;

use seawall_engine::types::Side;

use super::phases::PhaseRows;
use super::summary::FillRate;

/// Submitted and filled quantity of one flow by row, in lots.
#[derive(Clone, Debug)]
pub struct FillTally {
    submitted: Vec<u64>,
    filled: Vec<u64>,
}

impl FillTally {
    /// Of `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self { submitted: vec![0; rows], filled: vec![0; rows] }
    }

    /// Notes a submission; what lies beyond the last row is not counted.
    #[inline]
    pub fn submit(&mut self, row: usize, lots: u64) {
        if let Some(sum) = self.submitted.get_mut(row) {
            *sum += lots;
        }
    }

    /// Notes a fill of what was submitted in `row`.
    #[inline]
    pub fn fill(&mut self, row: usize, lots: u64) {
        if let Some(sum) = self.filled.get_mut(row) {
            *sum += lots;
        }
    }

    /// Submitted and filled quantity of a row.
    pub fn row(&self, row: usize) -> (u64, u64) {
        (self.submitted[row], self.filled[row])
    }

    /// Filled over submitted quantity of some rows; `None` if nothing was submitted.
    pub fn rate(&self, rows: &Range<usize>) -> Option<f64> {
        let submitted: u64 = self.submitted[rows.clone()].iter().sum();
        let filled: u64 = self.filled[rows.clone()].iter().sum();
        (submitted > 0).then(|| filled as f64 / submitted as f64)
    }

    /// The rates by phase; `calm` replaces the calm phase's own. Degradation is one minus the
    /// ratio of the peak's rate to the calm one's; without a peak, of the rate of everything
    /// after the calm phase.
    pub fn by_phase(&self, phases: &PhaseRows, calm: Option<f64>) -> FillRate {
        let calm = calm.or_else(|| self.rate(&phases.calm));
        let peak = self.rate(&phases.peak);
        let hit = if phases.peak.is_empty() {
            self.rate(&(phases.calm.end..self.submitted.len()))
        } else {
            peak
        };
        let degradation = match (calm, hit) {
            (Some(calm), Some(hit)) if calm > 0.0 => Some(1.0 - hit / calm),
            _ => None,
        };
        FillRate {
            calm,
            onset: self.rate(&phases.onset),
            peak,
            recovery: self.rate(&phases.recovery),
            degradation,
        }
    }
}

/// Basis points to which a calm book is remembered.
const REACH_BP: usize = 2_000;

/// One calm book: lots within so many basis points of the mid, on each side.
#[derive(Clone, Debug)]
pub struct CalmBook {
    within: [Vec<u64>; 2],
}

impl CalmBook {
    /// From the levels of both sides, best first, and the mid.
    pub fn new(
        mid_ticks: f64,
        bids: impl Iterator<Item = (f64, u64)>,
        asks: impl Iterator<Item = (f64, u64)>,
    ) -> Self {
        let side = |levels: &mut dyn Iterator<Item = (f64, u64)>| {
            let mut within = vec![0; REACH_BP + 1];
            for (ticks, lots) in levels {
                within[bucket((ticks - mid_ticks).abs() / mid_ticks * 1e4)] += lots;
            }
            for n in 1..within.len() {
                within[n] += within[n - 1];
            }
            within
        };
        let (mut bids, mut asks) = (bids, asks);
        Self { within: [side(&mut bids), side(&mut asks)] }
    }

    /// What of an order it would have filled; `reach_bp` is how far beyond the mid the order's
    /// limit lies, negative if short of it.
    fn fills(&self, order: &ForcedOrder) -> u64 {
        if order.reach_bp < 0.0 {
            return 0;
        }
        let opposite = order.side.opposite().index();
        self.within[opposite][bucket(order.reach_bp)].min(order.lots)
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the index range first"
)]
fn bucket(bp: f64) -> usize {
    bp.clamp(0.0, REACH_BP as f64) as usize
}

/// A forced order, as far as a calm book must know it.
#[derive(Clone, Copy, Debug)]
pub struct ForcedOrder {
    /// Its side.
    pub side: Side,
    /// Its quantity.
    pub lots: u64,
    /// How far beyond the mark its limit lies, in basis points of the mark.
    pub reach_bp: f64,
}

/// What calm books would have filled of forced orders of the same sizes and limits (as distances
/// from the mark), each against every book alone, over their quantity.
#[derive(Clone, Debug, Default)]
pub struct CalmBaseline {
    /// Orders that were not held against the books yet.
    waiting: Vec<ForcedOrder>,
    submitted: u64,
    filled: u64,
}

impl CalmBaseline {
    /// One more order.
    #[inline]
    pub fn add(&mut self, order: ForcedOrder) {
        self.waiting.push(order);
    }

    /// Holds the orders that wait against the books: all there will be.
    pub fn settle(&mut self, books: &[CalmBook]) {
        for order in self.waiting.drain(..) {
            self.submitted += order.lots;
            self.filled += books.iter().map(|book| book.fills(&order)).sum::<u64>();
        }
    }

    /// Filled over submitted quantity; `None` without one or the other.
    pub fn rate(&self, books: &[CalmBook]) -> Option<f64> {
        let is_known = !books.is_empty() && self.submitted > 0;
        is_known.then(|| self.filled as f64 / (self.submitted as f64 * books.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_book_fills_up_to_its_depth_and_the_limit() {
        let bids = [(9_990.0, 10), (9_900.0, 5)].into_iter();
        let book = CalmBook::new(10_000.0, bids, core::iter::empty());
        let order = |lots, reach_bp| ForcedOrder { side: Side::Sell, lots, reach_bp };
        assert_eq!(book.fills(&order(4, 50.0)), 4);
        assert_eq!(book.fills(&order(40, 50.0)), 10);
        assert_eq!(book.fills(&order(40, 200.0)), 15);
        assert_eq!(book.fills(&order(40, 5.0)), 0);
        assert_eq!(book.fills(&order(40, -1.0)), 0);
        let (books, mut baseline) = ([book], CalmBaseline::default());
        for order in [order(20, 50.0), order(5, 50.0)] {
            baseline.add(order);
            baseline.settle(&books);
        }
        assert_eq!(baseline.rate(&books), Some(15.0 / 25.0));
    }

    #[test]
    fn degradation_without_a_peak_is_that_of_everything_after_the_calm() {
        let mut tally = FillTally::new(4);
        for (row, filled) in [(0, 8), (1, 8), (2, 4), (3, 4)] {
            tally.submit(row, 10);
            tally.fill(row, filled);
        }
        let phases = PhaseRows { calm: 0..2, onset: 2..3, peak: 0..0, recovery: 3..4 };
        let rate = tally.by_phase(&phases, None);
        assert_eq!((rate.calm, rate.peak, rate.degradation), (Some(0.8), None, Some(0.5)));
    }
}
