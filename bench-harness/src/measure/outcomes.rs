//! How liquidations ended: what the summary needs of each, after its row is gone.

use hdrhistogram::Histogram;
use seawall_engine::types::{Contract, Price};

use super::cure::{Cure, Cured};
use super::histogram::{distribution, nanoseconds, percentiles};
use super::summary::LiquidationSummary;
use super::tables::LiquidationRow;
use super::tail::{beyond_bankruptcy, slippage_at_risk};

/// One liquidation that was disposed of. Gains are in basis points, positive is better.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    /// Its place in the order of the triggers: sums of floats are taken in it, whatever ended first.
    number: u32,
    vs_bankruptcy: f64,
    vs_trigger: f64,
    /// Of linear contracts.
    vs_liquidation: Option<f64>,
    filled: f64,
    notional: f64,
}

/// What is kept of all liquidations: 56 bytes of each.
#[derive(Debug)]
pub(super) struct Outcomes {
    /// By market.
    contracts: Vec<Contract>,
    cures: Vec<Cure>,
    disposed: Vec<Outcome>,
    first_fill: Histogram<u64>,
    flat: Histogram<u64>,
    compliant: Histogram<u64>,
    cured: Cured,
    /// Value of all of them at their trigger marks, in money units.
    notional: i128,
}

impl Outcomes {
    pub(super) fn new(contracts: Vec<Contract>, cures: Vec<Cure>) -> Self {
        let [first_fill, flat, compliant] = [(); 3].map(|()| nanoseconds());
        let (disposed, cured) = (Vec::new(), Cured::default());
        Self { contracts, cures, disposed, first_fill, flat, compliant, cured, notional: 0 }
    }

    /// Takes a liquidation that nothing changes any more, disposed of at an average price, and
    /// fills in what was not known of its row.
    pub(super) fn add(&mut self, number: u32, row: &mut LiquidationRow, disposal: Option<f64>) {
        self.time(row);
        if row.leg > 0 {
            row.qty_lots = row.closed_lots();
        }
        let market = row.symbol as usize;
        self.cures[market].add(&mut self.cured, row);
        if let Some(mark) = Price::new(row.trigger_mark_ticks) {
            self.notional += self.contracts[market].value(mark, row.qty_lots).wide();
        }
        let Some(disposal) = disposal else { return };
        row.disposal_ticks = disposal;
        let better_bp = |than: f64| {
            let gain = if row.long { disposal - than } else { than - disposal };
            gain / than * 1e4
        };
        let due = self.cures[market].liquidation_price(row).filter(|_| row.leg == 0);
        let unit = self.contracts[market].unit as f64;
        self.disposed.push(Outcome {
            number,
            vs_bankruptcy: better_bp(f64::from(row.bankruptcy_ticks)),
            vs_trigger: better_bp(f64::from(row.trigger_mark_ticks)),
            vs_liquidation: due.map(better_bp),
            filled: row.filled_lots as f64 / row.qty_lots as f64,
            notional: row.qty_lots as f64 * f64::from(row.trigger_mark_ticks) * unit,
        });
        row.liquidation_ticks = due.unwrap_or(0.0);
    }

    fn time(&mut self, row: &LiquidationRow) {
        if row.first_fill_ns > 0 {
            self.first_fill.saturating_record(row.first_fill_ns - row.trigger_ns);
        }
        if row.end_ns > 0 && row.leg == 0 {
            let elapsed = row.end_ns - row.trigger_ns;
            self.compliant.saturating_record(elapsed);
            if !row.recovered {
                self.flat.saturating_record(elapsed);
            }
        }
    }

    /// The run is over: its totals with what the outcomes add to them.
    pub(super) fn summarise(&mut self, totals: &LiquidationSummary) -> LiquidationSummary {
        self.disposed.sort_unstable_by_key(|outcome| outcome.number);
        let column =
            |of: fn(&Outcome) -> f64| -> Vec<f64> { self.disposed.iter().map(of).collect() };
        let mut vs_bankruptcy = column(|outcome| outcome.vs_bankruptcy);
        let mut vs_trigger = column(|outcome| outcome.vs_trigger);
        let losses: Vec<f64> = vs_trigger.iter().map(|gain| -gain).collect();
        let mut vs_liquidation: Vec<f64> =
            self.disposed.iter().filter_map(|outcome| outcome.vs_liquidation).collect();
        let cured = self.cures.iter().all(Cure::is_known).then_some(self.cured);
        LiquidationSummary {
            beyond_bankruptcy: beyond_bankruptcy(&vs_bankruptcy),
            slippage_at_risk: slippage_at_risk(&losses, &column(|outcome| outcome.notional)),
            slippage_vs_bankruptcy_bp: distribution(&mut vs_bankruptcy),
            slippage_vs_trigger_mark_bp: distribution(&mut vs_trigger),
            slippage_vs_liquidation_price_bp: distribution(&mut vs_liquidation),
            filled_fraction: distribution(&mut column(|outcome| outcome.filled)),
            time_to_first_fill_ns: percentiles(&self.first_fill),
            time_to_flat_ns: percentiles(&self.flat),
            time_to_compliant_ns: percentiles(&self.compliant),
            over_liquidated_lots: cured.map(|cured| cured.over_lots),
            over_liquidated_fraction: cured.and_then(Cured::over_fraction),
            under_liquidated_lots: cured.map(|cured| cured.under_lots),
            ..*totals
        }
    }

    /// Value of all liquidated positions at their trigger marks, in money units.
    pub(super) fn notional(&self) -> f64 {
        self.notional as f64
    }
}
