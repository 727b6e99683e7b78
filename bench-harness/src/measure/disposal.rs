//! What liquidated lots were finally disposed of at (rule 7 of the house): own fills in the book,
//! what the fund got for what it took over, and the mark for what was deleveraged.

use std::collections::VecDeque;

use seawall_engine::types::Side;

/// Lots the fund took over from one liquidation and still holds.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    liquidation: u32,
    lots: u64,
}

/// Value and quantity disposed of, by the place of an open liquidation.
#[derive(Debug)]
pub(super) struct Disposal {
    sums: Vec<Sum>,
    /// What the fund holds, by market.
    holdings: Vec<Holding>,
    /// Liquidations of which the fund got rid of the last lots since somebody asked.
    released: Vec<u32>,
}

/// What is known of one liquidation.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// Price times lots.
    value: f64,
    lots: u64,
    /// Of it the fund still holds so many.
    parcels: u32,
}

/// What the fund holds of one market: first taken over, first unwound.
#[derive(Clone, Debug, Default)]
struct Holding {
    parcels: VecDeque<Parcel>,
    held: Option<Side>,
}

impl Holding {
    fn lots(&self) -> u64 {
        self.parcels.iter().map(|parcel| parcel.lots).sum()
    }
}

impl Disposal {
    /// In so many markets.
    pub(super) fn new(markets: usize) -> Self {
        let holdings = vec![Holding::default(); markets];
        Self { sums: Vec::new(), holdings, released: Vec::new() }
    }

    /// A further liquidation, in a place that is free or the next one.
    pub(super) fn open(&mut self, place: u32) {
        let place = place as usize;
        if place == self.sums.len() {
            self.sums.push(Sum::default());
        } else {
            self.sums[place] = Sum::default();
        }
    }

    /// Lots of a liquidation went at a price.
    #[inline]
    pub(super) fn dispose(&mut self, liquidation: u32, lots: u64, ticks: u32) {
        let sum = &mut self.sums[liquidation as usize];
        sum.value += f64::from(ticks) * lots as f64;
        sum.lots += lots;
    }

    /// The fund took lots of a position on `side` over. Against lots it holds on the other side
    /// both are disposed of at the mark: that is what the fund has neither to buy nor to sell.
    pub(super) fn take_over(
        &mut self,
        (market, liquidation): (usize, u32),
        side: Side,
        lots: u64,
        mark_ticks: u32,
    ) {
        let mut left = lots;
        let holding = &self.holdings[market];
        if holding.held != Some(side) && !holding.parcels.is_empty() {
            let netted = left.min(holding.lots());
            self.unwind(market, netted, mark_ticks);
            self.dispose(liquidation, netted, mark_ticks);
            left -= netted;
        }
        if left > 0 {
            let holding = &mut self.holdings[market];
            holding.held = Some(side);
            holding.parcels.push_back(Parcel { liquidation, lots: left });
            self.sums[liquidation as usize].parcels += 1;
        }
    }

    /// The fund got rid of lots of a market at a price.
    pub(super) fn unwind(&mut self, market: usize, lots: u64, ticks: u32) {
        let mut left = lots;
        while left > 0 {
            let parcels = &mut self.holdings[market].parcels;
            let Some(parcel) = parcels.front_mut() else { return };
            let part = parcel.lots.min(left);
            let liquidation = parcel.liquidation;
            parcel.lots -= part;
            let is_gone = parcel.lots == 0;
            if is_gone {
                parcels.pop_front();
            }
            self.dispose(liquidation, part, ticks);
            if is_gone {
                self.release(liquidation);
            }
            left -= part;
        }
    }

    /// At the end of the run: what the fund still holds counts at the marks.
    pub(super) fn close(&mut self, mark_ticks: &[u32]) {
        for (market, ticks) in mark_ticks.iter().enumerate() {
            let left = self.holdings[market].lots();
            self.unwind(market, left, *ticks);
        }
    }

    fn release(&mut self, liquidation: u32) {
        let sum = &mut self.sums[liquidation as usize];
        sum.parcels -= 1;
        if sum.parcels == 0 {
            self.released.push(liquidation);
        }
    }

    /// Whether the fund holds lots of a liquidation.
    pub(super) fn is_held(&self, liquidation: u32) -> bool {
        self.sums[liquidation as usize].parcels > 0
    }

    /// Whether the fund got rid of the last lots of any since they were last moved.
    #[inline]
    pub(super) fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// Moves liquidations of which the fund holds nothing any more, since the last call.
    pub(super) fn move_released(&mut self, to: &mut Vec<u32>) {
        to.append(&mut self.released);
    }

    /// Average price at which a liquidation's lots went, in ticks; `None` if none did.
    pub(super) fn average(&self, liquidation: u32) -> Option<f64> {
        let Sum { value, lots, .. } = self.sums[liquidation as usize];
        (lots > 0).then(|| value / lots as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fund_unwinds_what_it_took_over_first() {
        let mut disposal = Disposal::new(1);
        disposal.open(0);
        disposal.open(1);
        disposal.dispose(0, 10, 100);
        disposal.take_over((0, 0), Side::Buy, 10, 95);
        disposal.take_over((0, 1), Side::Buy, 10, 95);
        disposal.unwind(0, 15, 80);
        assert_eq!(disposal.average(0), Some(90.0));
        assert_eq!(disposal.average(1), Some(80.0));
        assert_eq!([disposal.is_held(0), disposal.is_held(1)], [false, true]);
        disposal.close(&[90]);
        let mut released = Vec::new();
        disposal.move_released(&mut released);
        assert_eq!(released, [0, 1]);
        assert_eq!(disposal.average(1), Some(85.0));
    }

    #[test]
    fn opposite_take_overs_meet_at_the_mark() {
        let mut disposal = Disposal::new(1);
        disposal.open(0);
        disposal.open(1);
        disposal.take_over((0, 0), Side::Buy, 10, 100);
        disposal.take_over((0, 1), Side::Sell, 4, 98);
        assert_eq!(disposal.average(1), Some(98.0));
        disposal.unwind(0, 6, 90);
        assert_eq!(disposal.average(0), Some((4.0 * 98.0 + 6.0 * 90.0) / 10.0));
    }
}
