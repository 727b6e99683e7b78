//! Counts what a replay sees and turns it into its [`Agreement`].

use std::collections::BTreeMap;
use std::time::Duration;

use seawall_engine::matching::Fill;
use seawall_engine::types::{Price, Side};

use super::agreement::{
    Agreement, Cause, CauseCount, DISAGREEMENTS_LISTED_MAX, Disagreement, MakerFill, RowCounts,
    TradeStatistics,
};
use super::ordered_book::{LATE, Reordering};
use super::sweep::{RecordedFill, Sweep};
use crate::feeds::{Format, Message, MessageKind, RecordReader};

/// Both accounts of one sweep.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) recorded: &'a [RecordedFill],
    pub(super) engine: &'a [Fill],
}

/// Running counts of a replay.
pub(super) struct Tally {
    format: Format,
    tick: u32,
    pub(super) rows: RowCounts,
    pub(super) rows_of_unknown_orders: u64,
    pub(super) executions_at_best: u64,
    sweeps: u64,
    sweeps_identical: u64,
    sweeps_seeded: u64,
    sweeps_seeded_identical: u64,
    sweeps_multi_fill: u64,
    sweeps_multi_level: u64,
    orders_seeded: u64,
    visible_shares: u64,
    hidden_shares: u64,
    /// Sum of price times size, in price units.
    notional: u128,
    misallocated_shares: u64,
    /// Disagreements so far, listed or not.
    pub(super) noted: u64,
    causes: BTreeMap<Cause, u64>,
    disagreements: Vec<Disagreement>,
}

impl Tally {
    pub(super) fn new(format: Format, tick: u32) -> Self {
        Self {
            format,
            tick,
            rows: RowCounts::default(),
            rows_of_unknown_orders: 0,
            executions_at_best: 0,
            sweeps: 0,
            sweeps_identical: 0,
            sweeps_seeded: 0,
            sweeps_seeded_identical: 0,
            sweeps_multi_fill: 0,
            sweeps_multi_level: 0,
            orders_seeded: 0,
            visible_shares: 0,
            hidden_shares: 0,
            notional: 0,
            misallocated_shares: 0,
            noted: 0,
            causes: BTreeMap::new(),
            disagreements: Vec::new(),
        }
    }

    /// Counts a record, whose price is still in price units.
    pub(super) fn row(&mut self, message: &Message) {
        let shares = u64::from(message.size.lots());
        match message.kind {
            MessageKind::Add => self.rows.adds += 1,
            MessageKind::Reduce => self.rows.reductions += 1,
            MessageKind::Delete => self.rows.deletions += 1,
            MessageKind::Execute => {
                self.rows.executions += 1;
                self.visible_shares += shares;
                self.notional += u128::from(message.price.ticks()) * u128::from(shares);
            }
            MessageKind::ExecuteHidden => {
                self.rows.hidden_executions += 1;
                self.hidden_shares += shares;
                self.notional += u128::from(message.price.ticks()) * u128::from(shares);
            }
        }
    }

    /// Counts a sweep of `makers` orders, `seeded` of which had to be seeded first.
    pub(super) fn sweep(&mut self, sweep: &Sweep, seeded: u64, identical: bool, makers: usize) {
        self.orders_seeded += seeded;
        if seeded > 0 {
            self.sweeps_seeded += 1;
            self.sweeps_seeded_identical += u64::from(identical);
            return;
        }
        self.sweeps += 1;
        self.sweeps_identical += u64::from(identical);
        self.sweeps_multi_fill += u64::from(makers > 1);
        self.sweeps_multi_level += u64::from(sweep.is_multi_level());
    }

    /// Notes a sweep that the engine filled otherwise.
    pub(super) fn sweep_differs(&mut self, sweep: &Sweep, seeded: u64, sides: Sides<'_>) {
        let (cause, order) = classify(sweep.side(), seeded, sides);
        for fill in sides.engine {
            let recorded = sides.recorded.iter().filter(|recorded| recorded.order == fill.maker);
            let lots: u32 = recorded.map(|recorded| recorded.lots).sum();
            self.misallocated_shares += u64::from(fill.qty.lots().saturating_sub(lots));
        }
        let maker_fill = |order: u64, size: u32, price: Price| MakerFill {
            order,
            size,
            price: u64::from(price.ticks()) * u64::from(self.tick),
        };
        let recorded = sides.recorded.iter().map(|r| maker_fill(r.order.0, r.lots, r.price));
        let engine = sides.engine.iter().map(|f| maker_fill(f.maker.0, f.qty.lots(), f.price));
        let disagreement = Disagreement {
            line: sweep.first().line,
            time_ns: sweep.first().time_ns,
            cause,
            order,
            recorded: recorded.collect(),
            engine: engine.collect(),
        };
        self.push(disagreement);
    }

    /// Notes a row that does not fit the book.
    #[cold]
    pub(super) fn disagree(&mut self, message: &Message, cause: Cause) {
        self.push(Disagreement {
            line: message.line,
            time_ns: message.time_ns,
            cause,
            order: Some(message.order.0),
            recorded: Vec::new(),
            engine: Vec::new(),
        });
    }

    fn push(&mut self, disagreement: Disagreement) {
        self.noted += 1;
        *self.causes.entry(disagreement.cause).or_default() += 1;
        if self.disagreements.len() < DISAGREEMENTS_LISTED_MAX {
            self.disagreements.push(disagreement);
        }
    }

    pub(super) fn agreement(
        self,
        reader: &dyn RecordReader,
        elapsed: Duration,
        reordering: Reordering,
        orders_resting: u64,
    ) -> Agreement {
        let (messages, reading) = (reader.records(), reader.reading());
        let shares = self.visible_shares + self.hidden_shares;
        let units = f64::from(self.format.price_units());
        let trades = TradeStatistics {
            visible_shares: self.visible_shares,
            hidden_shares: self.hidden_shares,
            hidden_fraction: ratio(self.hidden_shares, shares).unwrap_or(0.0),
            vwap_dollars: (shares > 0).then(|| self.notional as f64 / units / shares as f64),
            misallocated_shares: self.misallocated_shares,
        };
        Agreement {
            file: reader.path().display().to_string(),
            format: self.format.name(),
            messages,
            sweeps: self.sweeps,
            sweeps_identical: self.sweeps_identical,
            sweeps_identical_fraction: ratio(self.sweeps_identical, self.sweeps),
            sweeps_seeded: self.sweeps_seeded,
            sweeps_seeded_identical: self.sweeps_seeded_identical,
            sweeps_multi_fill: self.sweeps_multi_fill,
            sweeps_multi_level: self.sweeps_multi_level,
            executions: self.rows.executions,
            executions_at_best: self.executions_at_best,
            books: None,
            msgs_per_s: rate(messages, elapsed.saturating_sub(reading)),
            msgs_per_s_with_reading: rate(messages, elapsed),
            rows: self.rows,
            trades,
            orders_seeded: self.orders_seeded,
            rows_of_unknown_orders: self.rows_of_unknown_orders,
            late_entries: reordering.late_entries,
            late_entries_reordered: reordering.late_entries_reordered,
            orders_reentered: reordering.orders_reentered,
            orders_resting,
            pairing: reader.pairing(),
            causes: self
                .causes
                .iter()
                .map(|(&cause, &count)| CauseCount { cause, count })
                .collect(),
            disagreements: self.disagreements,
        }
    }
}

/// Why a sweep differs, from its first difference, and the order it is about.
fn classify(aggressor: Side, seeded: u64, sides: Sides<'_>) -> (Cause, Option<u64>) {
    let pairs = sides.recorded.iter().zip(sides.engine);
    let differing = pairs.into_iter().find(|(recorded, fill)| {
        (recorded.order, recorded.lots, recorded.price) != (fill.maker, fill.qty.lots(), fill.price)
    });
    if seeded > 0 {
        return (Cause::UnknownOrder, differing.map(|(recorded, _)| recorded.order.0));
    }
    let Some((recorded, fill)) = differing else {
        // One side is longer: an order gave more, on the record, than was left of it.
        return (Cause::Quantity, sides.recorded.last().map(|recorded| recorded.order.0));
    };
    let better_displayed = match aggressor {
        Side::Buy => fill.price < recorded.price,
        Side::Sell => fill.price > recorded.price,
    };
    let cause = if better_displayed {
        Cause::BetterPriceDisplayed
    } else if fill.maker == recorded.order {
        Cause::Quantity
    } else if sides.engine.iter().any(|fill| fill.owner == LATE) {
        Cause::LateEntry
    } else {
        Cause::HiddenPriority
    };
    (cause, Some(fill.maker.0))
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn rate(messages: u64, elapsed: Duration) -> f64 {
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 { messages as f64 / seconds } else { 0.0 }
}
