//! Every liquidation from trigger to flat, and who paid.

use std::collections::BTreeSet;

use seawall_engine::liquidation::QueueStats;
use seawall_engine::types::{AccountId, Contract, FundCause, Money, Price, Qty, Side};

use super::cure::Cure;
use super::disposal::Disposal;
use super::fill_rate::{FillTally, ForcedOrder};
use super::histogram::{distribution, nanoseconds, percentiles};
use super::orders::FlowRecorder;
use super::summary::LiquidationSummary;
use super::tables::{DeleverageRow, FundRow, LiquidationRow};
use super::tail::{beyond_bankruptcy, slippage_at_risk};
use super::waiting::Waiting;
use crate::scenario::Scenario;

const NONE: u32 = u32::MAX;

/// Follows the liquidations of a run.
#[derive(Debug)]
pub(super) struct Liquidations {
    pub(super) latency: FlowRecorder,
    /// Forced quantity of liquidated accounts by the row of the order.
    pub(super) fills: FillTally,
    pub(super) forced_orders: Vec<ForcedOrder>,
    pub(super) rows: Vec<LiquidationRow>,
    pub(super) deleverages: Vec<DeleverageRow>,
    pub(super) fund: Vec<FundRow>,
    disposal: Disposal,
    /// The open liquidation of each account.
    open: Vec<u32>,
    /// The liquidation whose forced order is in the book now, and whether that has filled.
    current: Option<(u32, bool)>,
    contract: Contract,
    sample_ns: u64,
    mark_ticks: u32,
    totals: LiquidationSummary,
    triggered: BTreeSet<u32>,
    closed: BTreeSet<u32>,
    bankrupt: BTreeSet<u32>,
    deleveraged: BTreeSet<u32>,
    pub(super) waiting: Waiting,
    /// Whether the open liquidation of each row was served yet.
    served: Vec<bool>,
    cure: Cure,
}

impl Liquidations {
    pub(super) fn new(scenario: &Scenario, rows: usize) -> Self {
        Self {
            latency: FlowRecorder::new(),
            fills: FillTally::new(rows),
            forced_orders: Vec::new(),
            rows: Vec::new(),
            deleverages: Vec::new(),
            fund: Vec::new(),
            disposal: Disposal::default(),
            open: vec![NONE; scenario.roles().accounts() as usize],
            current: None,
            contract: scenario.contract(),
            sample_ns: scenario.clock.sample_ms * 1_000_000,
            mark_ticks: 0,
            totals: LiquidationSummary::default(),
            triggered: BTreeSet::new(),
            closed: BTreeSet::new(),
            bankrupt: BTreeSet::new(),
            deleveraged: BTreeSet::new(),
            waiting: Waiting::default(),
            served: Vec::new(),
            cure: Cure::new(scenario),
        }
    }

    pub(super) fn marked(&mut self, mark: Price) {
        self.mark_ticks = mark.ticks();
    }

    pub(super) fn triggered(
        &mut self,
        account: AccountId,
        side: Side,
        qty: Qty,
        bankruptcy: Price,
        now_ns: u64,
    ) {
        self.open[account.index()] =
            u32::try_from(self.rows.len()).expect("rows are counted in 32 bits");
        self.disposal.open();
        self.waiting.enter();
        self.served.push(false);
        self.triggered.insert(account.0);
        self.rows.push(LiquidationRow {
            account: account.0,
            long: side == Side::Buy,
            trigger_ns: now_ns,
            qty_lots: u64::from(qty.lots()),
            trigger_mark_ticks: self.mark_ticks,
            bankruptcy_ticks: bankruptcy.ticks(),
            ..LiquidationRow::default()
        });
    }

    /// A forced order of a liquidated account, or of the fund, goes to the book.
    pub(super) fn forced(
        &mut self,
        account: AccountId,
        side: Side,
        limit: Price,
        qty: Qty,
        now_ns: u64,
    ) {
        self.current = None;
        let Some(number) = self.number(account) else { return };
        self.current = Some((number, false));
        let row = &self.rows[number as usize];
        if !core::mem::replace(&mut self.served[number as usize], true) {
            self.waiting.serve(row.trigger_ns, now_ns);
        }
        self.latency.order_to_ack.saturating_record(now_ns - row.trigger_ns);
        let (mark, limit) = (f64::from(self.mark_ticks), f64::from(limit.ticks()));
        let beyond = match side {
            Side::Sell => mark - limit,
            Side::Buy => limit - mark,
        };
        if beyond < 0.0 {
            self.bankrupt.insert(account.0);
        }
        let lots = u64::from(qty.lots());
        self.totals.forced_qty += lots;
        let place = self.row_of(now_ns);
        self.fills.submit(place, lots);
        self.forced_orders.push(ForcedOrder { side, lots, reach_bp: beyond / mark * 1e4 });
    }

    /// The forced order in the book filled.
    pub(super) fn forced_trade(&mut self, account: AccountId, price: Price, qty: Qty, now_ns: u64) {
        let lots = u64::from(qty.lots());
        if account == AccountId::FUND {
            self.disposal.unwind(lots, price.ticks());
            return;
        }
        let Some((number, filled)) = self.current else { return };
        self.totals.forced_filled_qty += lots;
        let place = self.row_of(now_ns);
        self.fills.fill(place, lots);
        self.disposal.dispose(number, lots, price.ticks());
        let row = &mut self.rows[number as usize];
        row.filled_lots += lots;
        if row.first_fill_ns == 0 {
            row.first_fill_ns = now_ns;
        }
        if !filled {
            self.current = Some((number, true));
            self.latency.order_to_fill.saturating_record(now_ns - row.trigger_ns);
        }
    }

    pub(super) fn taken_over(&mut self, account: AccountId, side: Side, qty: Qty, price: Price) {
        let lots = u64::from(qty.lots());
        self.totals.backstop_notional += self.contract.value(price, lots).units();
        self.count_deficit(side, lots, price);
        let Some(number) = self.number(account) else { return };
        self.rows[number as usize].taken_over_lots += lots;
        self.disposal.take_over(number, side, lots, self.mark_ticks);
    }

    pub(super) fn deleveraged(
        &mut self,
        account: AccountId,
        counterparty: AccountId,
        side: Side,
        qty: Qty,
        price: Price,
        now_ns: u64,
    ) {
        let lots = u64::from(qty.lots());
        self.totals.adl_notional += self.contract.value(price, lots).units();
        self.deleveraged.insert(counterparty.0);
        self.deleverages.push(DeleverageRow {
            time_ns: now_ns,
            account: account.0,
            counterparty: counterparty.0,
            qty_lots: lots,
            price_ticks: price.ticks(),
        });
        if account == AccountId::FUND {
            self.disposal.unwind(lots, self.mark_ticks);
            return;
        }
        self.count_deficit(side, lots, price);
        let Some(number) = self.number(account) else { return };
        self.rows[number as usize].deleveraged_lots += lots;
        self.disposal.dispose(number, lots, self.mark_ticks);
    }

    pub(super) fn ended(&mut self, account: AccountId, recovered: bool, now_ns: u64) {
        let Some(number) = self.number(account) else { return };
        let row = &mut self.rows[number as usize];
        row.end_ns = now_ns;
        row.recovered = recovered;
        self.open[account.index()] = NONE;
        self.waiting.leave();
        if !recovered {
            self.closed.insert(account.0);
        }
    }

    pub(super) fn fund(&mut self, cause: FundCause, amount: Money, balance: Money, now_ns: u64) {
        match cause {
            FundCause::LiquidationFee => self.totals.insurance_fees += amount.units(),
            FundCause::Unwind | FundCause::Deleverage | FundCause::Shortfall => {
                self.totals.insurance_paid -= amount.units();
            }
            FundCause::Socialised | FundCause::Funding | FundCause::Collateral => {}
        }
        self.fund.push(FundRow {
            time_ns: now_ns,
            cause: u32::from(cause as u8),
            amount: amount.units(),
            balance: balance.units(),
        });
    }

    pub(super) fn socialised(&mut self, amount: Money) {
        self.totals.socialised += amount.units();
    }

    /// The run is over; fills the rows in and returns the totals, with what the engine's queue
    /// counted of itself.
    pub(super) fn finish(&mut self, own: &QueueStats) -> LiquidationSummary {
        self.disposal.close(self.mark_ticks);
        let (mut vs_bankruptcy, mut vs_trigger) = (Vec::new(), Vec::new());
        let (mut vs_liquidation, mut filled, mut notional) = (Vec::new(), Vec::new(), Vec::new());
        let [mut first_fill, mut flat, mut compliant] = [(); 3].map(|()| nanoseconds());
        for (number, row) in self.rows.iter_mut().enumerate() {
            if row.first_fill_ns > 0 {
                first_fill.saturating_record(row.first_fill_ns - row.trigger_ns);
            }
            if row.end_ns > 0 {
                compliant.saturating_record(row.end_ns - row.trigger_ns);
            }
            if row.end_ns > 0 && !row.recovered {
                flat.saturating_record(row.end_ns - row.trigger_ns);
            }
            let Some(disposal) = self.disposal.average(number) else { continue };
            row.disposal_ticks = disposal;
            let better_bp = |than: u32| {
                let than = f64::from(than);
                let gain = if row.long { disposal - than } else { than - disposal };
                gain / than * 1e4
            };
            vs_bankruptcy.push(better_bp(row.bankruptcy_ticks));
            vs_trigger.push(better_bp(row.trigger_mark_ticks));
            filled.push(row.filled_lots as f64 / row.qty_lots as f64);
            notional.push(row.qty_lots as f64 * f64::from(row.trigger_mark_ticks));
            if let Some(price) = self.cure.liquidation_price(row) {
                row.liquidation_ticks = price;
                let gain = if row.long { disposal - price } else { price - disposal };
                vs_liquidation.push(gain / price * 1e4);
            }
        }
        let totals = self.totals;
        let losses: Vec<f64> = vs_trigger.iter().map(|gain| -gain).collect();
        let money: Vec<f64> =
            notional.iter().map(|value| value * self.contract.unit as f64).collect();
        let cured = self.cure.total(&self.rows);
        let rate = totals.forced_filled_qty as f64 / totals.forced_qty as f64;
        LiquidationSummary {
            accounts_triggered: self.triggered.len() as u64,
            accounts_closed: self.closed.len() as u64,
            bankrupt_accounts: self.bankrupt.len() as u64,
            adl_accounts: self.deleveraged.len() as u64,
            fill_rate: (totals.forced_qty > 0).then_some(rate),
            slippage_vs_bankruptcy_bp: distribution(&mut vs_bankruptcy),
            slippage_vs_trigger_mark_bp: distribution(&mut vs_trigger),
            time_to_first_fill_ns: percentiles(&first_fill),
            time_to_flat_ns: percentiles(&flat),
            time_to_compliant_ns: percentiles(&compliant),
            beyond_bankruptcy: beyond_bankruptcy(&vs_bankruptcy),
            slippage_at_risk: slippage_at_risk(&losses, &money),
            slippage_vs_liquidation_price_bp: distribution(&mut vs_liquidation),
            filled_fraction: distribution(&mut filled),
            over_liquidated_lots: cured.map(|cured| cured.over_lots),
            over_liquidated_fraction: cured.and_then(super::cure::Cured::over_fraction),
            under_liquidated_lots: cured.map(|cured| cured.under_lots),
            queue: self.waiting.summarise(&self.rows, own),
            ..totals
        }
    }

    /// Loss beyond margin at the mark of lots that the book did not fill at their bankruptcy
    /// price or better.
    fn count_deficit(&mut self, side: Side, lots: u64, bankruptcy: Price) {
        let Some(mark) = Price::new(self.mark_ticks) else { return };
        let entry = self.contract.value(bankruptcy, lots);
        let profit = self.contract.profit(side, entry, self.contract.value(mark, lots));
        self.totals.deficit += (-profit.units()).max(0);
    }

    /// Value of all liquidated positions at their trigger marks, in money units.
    pub(super) fn notional(&self) -> f64 {
        let value = |row: &LiquidationRow| {
            let mark = Price::new(row.trigger_mark_ticks)?;
            Some(self.contract.value(mark, row.qty_lots).units() as f64)
        };
        self.rows.iter().filter_map(value).sum()
    }

    fn number(&self, account: AccountId) -> Option<u32> {
        Some(self.open[account.index()]).filter(|number| *number != NONE)
    }

    fn row_of(&self, time_ns: u64) -> usize {
        usize::try_from(time_ns / self.sample_ns).unwrap_or(usize::MAX)
    }
}
