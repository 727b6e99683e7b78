//! What the page shows of event tables, gathered row by row: neither a run nor its report holds them.

use std::collections::BTreeMap;

use crate::measure::tables::{DeleverageRow, FundRow, LiquidationRow};

/// Points of a series at most.
const POINTS: usize = 1_800;

/// Liquidations, auto-deleveragings and changes of the fund, as far as a page shows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// Trigger and end of every liquidation; 0 for one that never ended.
    pub spans_ns: Vec<(u64, u64)>,
    /// Where the liquidated lots went.
    pub lots: Lots,
    /// Auto-deleveraging over time; neighbours are summed where there is much of it.
    pub deleverages: Vec<Deleverages>,
    /// Changes of each fund, by its number.
    pub funds: BTreeMap<u32, FundChanges>,
    /// Deleveragings in a point, and those seen.
    stride: u64,
    seen: u64,
}

/// Lots of all liquidated positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a name ends in its unit")]
pub struct Lots {
    /// At the trigger.
    pub triggered_lots: u64,
    /// Filled in the book.
    pub filled_lots: u64,
    /// Taken over by the fund.
    pub taken_over_lots: u64,
    /// Closed by auto-deleveraging.
    pub deleveraged_lots: u64,
}

/// Neighbouring auto-deleveragings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deleverages {
    /// Time of the first.
    pub time_ns: u64,
    /// Their quantity.
    pub qty_lots: u64,
    /// Price times quantity.
    pub value: f64,
}

/// Changes of one fund's cash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundChanges {
    /// How many and their sum, by cause.
    pub by_cause: BTreeMap<u32, (u64, i64)>,
    /// Cash before the first change.
    pub first: i64,
    /// Cash after the last one.
    pub last: i64,
    /// Cash after changes, with the time of each; not after every one where there are many.
    pub cash: Vec<(u64, i64)>,
    /// Changes for a point of those.
    stride: u64,
}

impl FundChanges {
    /// Changes in all.
    pub fn count(&self) -> u64 {
        self.by_cause.values().map(|(count, _)| count).sum()
    }

    fn add(&mut self, row: &FundRow) {
        let before = self.count();
        if before == 0 {
            self.first = row.balance.saturating_sub(row.amount);
        }
        self.last = row.balance;
        if before.is_multiple_of(self.stride.max(1)) {
            if self.cash.len() == POINTS {
                let mut kept = 0_usize;
                self.cash.retain(|_| {
                    kept += 1;
                    kept % 2 == 1
                });
                self.stride = 2 * self.stride.max(1);
            }
            self.cash.push((row.time_ns, row.balance));
        }
        let (count, sum) = self.by_cause.entry(row.cause).or_default();
        *count += 1;
        *sum = sum.saturating_add(row.amount);
    }
}

impl Events {
    /// One more liquidation.
    pub fn liquidation(&mut self, row: &LiquidationRow) {
        self.spans_ns.push((row.trigger_ns, row.end_ns));
        self.lots.triggered_lots += row.qty_lots;
        self.lots.filled_lots += row.filled_lots;
        self.lots.taken_over_lots += row.taken_over_lots;
        self.lots.deleveraged_lots += row.deleveraged_lots;
    }

    /// One more auto-deleveraging.
    pub fn deleverage(&mut self, row: &DeleverageRow) {
        let begins = |events: &Self| events.seen.is_multiple_of(events.stride.max(1));
        if self.deleverages.len() == POINTS && begins(self) {
            self.thin();
        }
        let value = row.qty_lots as f64 * f64::from(row.price_ticks);
        let is_new = begins(self);
        self.seen += 1;
        match self.deleverages.last_mut().filter(|_| !is_new) {
            Some(point) => {
                point.qty_lots += row.qty_lots;
                point.value += value;
            }
            None => {
                let (time_ns, qty_lots) = (row.time_ns, row.qty_lots);
                self.deleverages.push(Deleverages { time_ns, qty_lots, value });
            }
        }
    }

    /// Sums neighbours, so that thinning hides no quantity.
    fn thin(&mut self) {
        let sum = |pair: &[Deleverages]| Deleverages {
            time_ns: pair[0].time_ns,
            qty_lots: pair.iter().map(|point| point.qty_lots).sum(),
            value: pair.iter().map(|point| point.value).sum(),
        };
        self.deleverages = self.deleverages.chunks(2).map(sum).collect();
        self.stride = 2 * self.stride.max(1);
    }

    /// One more change of a fund.
    pub fn fund(&mut self, row: &FundRow) {
        self.funds.entry(row.fund).or_default().add(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_loses_no_quantity() {
        let mut events = Events::default();
        for time_ns in 0..10_000 {
            events.deleverage(&DeleverageRow {
                time_ns,
                qty_lots: 3,
                price_ticks: 7,
                ..DeleverageRow::default()
            });
        }
        let points = &events.deleverages;
        assert!((900..=POINTS).contains(&points.len()), "{}", points.len());
        assert_eq!(points.iter().map(|point| point.qty_lots).sum::<u64>(), 30_000);
        assert!(points.windows(2).all(|pair| pair[1].time_ns - pair[0].time_ns == events.stride));
    }

    #[test]
    fn cash_is_thinned_and_its_changes_are_not() {
        let mut events = Events::default();
        for n in 0..10_000_i64 {
            let time_ns = n.unsigned_abs();
            let row = FundRow { time_ns, cause: 1, amount: -2, balance: 50_000 - 2 * n, fund: 3 };
            events.fund(&row);
        }
        let changes = &events.funds[&3];
        assert_eq!((changes.first, changes.last, changes.count()), (50_002, 30_002, 10_000));
        assert_eq!(changes.by_cause[&1], (10_000, -20_000));
        assert!((900..=POINTS).contains(&changes.cash.len()), "{}", changes.cash.len());
        assert!(changes.cash.windows(2).all(|pair| pair[1].0 - pair[0].0 == changes.stride));
    }
}
