//! Every liquidation from trigger to flat, and who paid.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::core::Engine;
use seawall_engine::liquidation::QueueStats;
use seawall_engine::types::{AccountId, Contract, Money, Price, Qty, Side, SymbolId};

use super::cure::Cure;
use super::disposal::Disposal;
use super::fill_rate::{FillTally, ForcedOrder};
use super::funds::Funds;
use super::haircuts::{Haircuts, Hit};
use super::histogram::{distribution, nanoseconds, percentiles};
use super::orders::FlowRecorder;
use super::summary::LiquidationSummary;
use super::tables::{DeleverageRow, LiquidationRow};
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
    pub(super) funds: Funds,
    disposal: Disposal,
    /// The open liquidation of each account.
    open: Vec<u32>,
    /// The liquidation whose forced order is in the book now, and whether that has filled.
    current: Option<(u32, bool)>,
    /// Further positions of cross accounts in liquidation, and the marks at their trigger.
    legs: BTreeMap<(AccountId, SymbolId), u32>,
    trigger_marks: BTreeMap<AccountId, Vec<u32>>,
    /// By market.
    contracts: Vec<Contract>,
    mark_ticks: Vec<u32>,
    pub(super) flows: Vec<MarketFlow>,
    cures: Vec<Cure>,
    sample_ns: u64,
    totals: LiquidationSummary,
    triggered: BTreeSet<u32>,
    closed: BTreeSet<u32>,
    bankrupt: BTreeSet<u32>,
    deleveraged: BTreeSet<u32>,
    waiting: Waiting,
    /// Whether the open liquidation of each row was served yet.
    served: Vec<bool>,
    /// The timeline row in which each row's last forced order was sent.
    sent: Vec<usize>,
    haircuts: Haircuts,
    /// Whether the price of deleveraging is the closed position's bankruptcy price.
    at_bankruptcy: bool,
}

/// Forced quantity of one market, in lots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MarketFlow {
    /// Accounts triggered by a position in it.
    pub(super) triggered: u64,
    pub(super) forced: u64,
    pub(super) filled: u64,
    pub(super) taken_over: u64,
    pub(super) deleveraged: u64,
}

/// A position of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) symbol: SymbolId,
    pub(super) account: AccountId,
    pub(super) side: Side,
}

impl Liquidations {
    pub(super) fn new(scenario: &Scenario, rows: usize) -> Self {
        let lanes = scenario.lanes();
        Self {
            latency: FlowRecorder::new(),
            fills: FillTally::new(rows),
            forced_orders: Vec::new(),
            rows: Vec::new(),
            deleverages: Vec::new(),
            funds: Funds::new(scenario),
            disposal: Disposal::new(lanes.len()),
            open: vec![NONE; scenario.accounts() as usize],
            current: None,
            legs: BTreeMap::new(),
            trigger_marks: BTreeMap::new(),
            contracts: lanes.iter().map(Scenario::contract).collect(),
            mark_ticks: vec![0; lanes.len()],
            flows: vec![MarketFlow::default(); lanes.len()],
            cures: lanes.iter().map(Cure::new).collect(),
            sample_ns: scenario.clock.sample_ms * 1_000_000,
            totals: LiquidationSummary::default(),
            triggered: BTreeSet::new(),
            closed: BTreeSet::new(),
            bankrupt: BTreeSet::new(),
            deleveraged: BTreeSet::new(),
            waiting: Waiting::default(),
            served: Vec::new(),
            sent: Vec::new(),
            haircuts: Haircuts::default(),
            at_bankruptcy: scenario.liquidation.adl_price == "bankruptcy",
        }
    }

    pub(super) fn marked(&mut self, symbol: SymbolId, mark: Price) {
        self.mark_ticks[symbol.index()] = mark.ticks();
    }

    pub(super) fn triggered(&mut self, held: Held, qty: Qty, bankruptcy: Price, now_ns: u64) {
        let Held { symbol, account, side } = held;
        if self.mark_ticks.len() > 1 {
            self.trigger_marks.insert(account, self.mark_ticks.clone());
        }
        self.waiting.enter();
        self.triggered.insert(account.0);
        self.flows[symbol.index()].triggered += 1;
        self.open[account.index()] = self.push(LiquidationRow {
            account: account.0,
            symbol: symbol.0.into(),
            long: side == Side::Buy,
            trigger_ns: now_ns,
            qty_lots: u64::from(qty.lots()),
            trigger_mark_ticks: self.mark_ticks[symbol.index()],
            bankruptcy_ticks: bankruptcy.ticks(),
            ..LiquidationRow::default()
        });
    }

    fn push(&mut self, row: LiquidationRow) -> u32 {
        let number = u32::try_from(self.rows.len()).expect("rows are counted in 32 bits");
        self.disposal.open();
        // Its account waited once.
        self.served.push(row.leg > 0);
        self.sent.push(0);
        self.rows.push(row);
        number
    }

    /// The row of a position that is being closed; of a cross account's further positions one is
    /// begun when the first of it goes, at a stated price.
    fn number_of(&mut self, held: Held, price: Price) -> Option<u32> {
        let Held { symbol, account, side } = held;
        let first = self.number(account)?;
        if self.rows[first as usize].symbol == u32::from(symbol.0) {
            return Some(first);
        }
        if let Some(number) = self.legs.get(&(account, symbol)) {
            return Some(*number);
        }
        let begun = self.legs.range((account, SymbolId(0))..=(account, SymbolId(u16::MAX)));
        let leg = u32::try_from(begun.count()).expect("markets are few") + 1;
        let marks = self.trigger_marks.get(&account).unwrap_or(&self.mark_ticks);
        let row = LiquidationRow {
            account: account.0,
            symbol: symbol.0.into(),
            leg,
            long: side == Side::Buy,
            trigger_ns: self.rows[first as usize].trigger_ns,
            trigger_mark_ticks: marks[symbol.index()],
            bankruptcy_ticks: price.ticks(),
            ..LiquidationRow::default()
        };
        let number = self.push(row);
        self.legs.insert((account, symbol), number);
        Some(number)
    }

    /// A forced order of a liquidated account, or of the fund, goes to the book.
    pub(super) fn forced(&mut self, order: Held, limit: Price, qty: Qty, now_ns: u64) {
        self.current = None;
        let Held { symbol, account, side } = order;
        let held = Held { side: side.opposite(), ..order };
        let Some(number) = self.number_of(held, limit) else { return };
        self.current = Some((number, false));
        let row = &self.rows[number as usize];
        if !core::mem::replace(&mut self.served[number as usize], true) {
            self.waiting.serve(row.trigger_ns, now_ns);
        }
        self.latency.order_to_ack.saturating_record(now_ns - row.trigger_ns);
        let mark = f64::from(self.mark_ticks[symbol.index()]);
        let limit = f64::from(limit.ticks());
        let beyond = match side {
            Side::Sell => mark - limit,
            Side::Buy => limit - mark,
        };
        if beyond < 0.0 {
            self.bankrupt.insert(account.0);
        }
        let lots = u64::from(qty.lots());
        self.totals.forced_qty += lots;
        self.flows[symbol.index()].forced += lots;
        // Phases and fill rates are those of the first market.
        if symbol.index() == 0 {
            let place = self.row_of(now_ns);
            self.sent[number as usize] = place;
            self.fills.submit(place, lots);
            self.forced_orders.push(ForcedOrder { side, lots, reach_bp: beyond / mark * 1e4 });
        }
    }

    /// The forced order in the book filled.
    pub(super) fn forced_trade(
        &mut self,
        (symbol, account): (SymbolId, AccountId),
        price: Price,
        qty: Qty,
        now_ns: u64,
    ) {
        let lots = u64::from(qty.lots());
        if self.funds.is_one(account) {
            self.disposal.unwind(symbol.index(), lots, price.ticks());
            return;
        }
        let Some((number, filled)) = self.current else { return };
        let trigger_ns = self.filled(number, symbol, (price, lots), now_ns);
        if !filled {
            self.current = Some((number, true));
            self.latency.order_to_fill.saturating_record(now_ns - trigger_ns);
        }
    }

    /// A forced order that rests filled: it closes a part of that position.
    pub(super) fn rested_trade(&mut self, held: Held, price: Price, qty: Qty, now_ns: u64) {
        if let Some(number) = self.number_of(held, price) {
            self.filled(number, held.symbol, (price, u64::from(qty.lots())), now_ns);
        }
    }

    /// Books a fill of a liquidation; returns when it was triggered.
    fn filled(
        &mut self,
        number: u32,
        symbol: SymbolId,
        (price, lots): (Price, u64),
        now_ns: u64,
    ) -> u64 {
        self.totals.forced_filled_qty += lots;
        self.flows[symbol.index()].filled += lots;
        if symbol.index() == 0 {
            self.fills.fill(self.sent[number as usize], lots);
        }
        self.disposal.dispose(number, lots, price.ticks());
        let row = &mut self.rows[number as usize];
        row.filled_lots += lots;
        if row.first_fill_ns == 0 {
            row.first_fill_ns = now_ns;
        }
        row.trigger_ns
    }

    pub(super) fn taken_over(&mut self, held: Held, qty: Qty, price: Price) {
        let lots = u64::from(qty.lots());
        let market = held.symbol.index();
        let notional = self.contracts[market].value(price, lots).units();
        self.totals.backstop_notional += notional;
        self.funds.took_over(held.symbol, notional);
        self.flows[market].taken_over += lots;
        self.count_deficit(held, lots, price);
        let Some(number) = self.number_of(held, price) else { return };
        self.rows[number as usize].taken_over_lots += lots;
        self.disposal.take_over((market, number), held.side, lots, self.mark_ticks[market]);
    }

    pub(super) fn deleveraged(
        &mut self,
        held: Held,
        counterparty: AccountId,
        qty: Qty,
        price: Price,
        now_ns: u64,
    ) {
        let Held { symbol, account, .. } = held;
        let (lots, market) = (u64::from(qty.lots()), symbol.index());
        let notional = self.contracts[market].value(price, lots).units();
        self.totals.adl_notional += notional;
        self.funds.deleveraged(symbol, notional);
        self.flows[market].deleveraged += lots;
        self.deleveraged.insert(counterparty.0);
        self.deleverages.push(DeleverageRow {
            time_ns: now_ns,
            account: account.0,
            counterparty: counterparty.0,
            qty_lots: lots,
            price_ticks: price.ticks(),
            symbol: symbol.0.into(),
        });
        let mark_ticks = self.mark_ticks[market];
        self.cut((held, counterparty), lots, price);
        if self.funds.is_one(account) {
            self.disposal.unwind(market, lots, mark_ticks);
            return;
        }
        self.count_deficit(held, lots, price);
        let Some(number) = self.number_of(held, price) else { return };
        self.rows[number as usize].deleveraged_lots += lots;
        self.disposal.dispose(number, lots, mark_ticks);
    }

    /// Notes what a winner gave for it.
    fn cut(&mut self, (held, counterparty): (Held, AccountId), lots: u64, price: Price) {
        let Held { symbol, account, side } = held;
        let own = self.number(account).map(|number| self.rows[number as usize].bankruptcy_ticks);
        let own = own.and_then(Price::new).filter(|_| !self.at_bankruptcy);
        let Some(mark) = Price::new(self.mark_ticks[symbol.index()]) else { return };
        let hit = Hit { account, side, counterparty, lots, price };
        self.haircuts.hit(self.contracts[symbol.index()], &hit, mark, own.unwrap_or(price));
    }

    /// The engine is done with an input.
    #[inline]
    pub(super) fn end(&mut self, now_ns: u64, engine: &Engine) {
        self.waiting.end(now_ns, engine.backlog());
        self.haircuts.end(engine, &self.contracts);
    }

    pub(super) fn ended(&mut self, account: AccountId, recovered: bool, now_ns: u64) {
        let Some(number) = self.number(account) else { return };
        let range = (account, SymbolId(0))..=(account, SymbolId(u16::MAX));
        let legs: Vec<u32> = self.legs.range(range).map(|(_, number)| *number).collect();
        for number in legs.into_iter().chain([number]) {
            let row = &mut self.rows[number as usize];
            row.end_ns = now_ns;
            row.recovered = recovered;
        }
        self.legs.retain(|(owner, _), _| *owner != account);
        self.trigger_marks.remove(&account);
        self.open[account.index()] = NONE;
        self.waiting.leave();
        if !recovered {
            self.closed.insert(account.0);
        }
    }

    pub(super) fn socialised(&mut self, amount: Money) {
        self.totals.socialised += amount.units();
    }

    /// The run is over; fills the rows in and returns the totals, with what the engine's queue
    /// counted of itself.
    pub(super) fn finish(&mut self, own: &QueueStats) -> LiquidationSummary {
        self.disposal.close(&self.mark_ticks);
        let (mut vs_bankruptcy, mut vs_trigger) = (Vec::new(), Vec::new());
        let (mut vs_liquidation, mut filled, mut notional) = (Vec::new(), Vec::new(), Vec::new());
        let [mut first_fill, mut flat, mut compliant] = [(); 3].map(|()| nanoseconds());
        for (number, row) in self.rows.iter_mut().enumerate() {
            if row.first_fill_ns > 0 {
                first_fill.saturating_record(row.first_fill_ns - row.trigger_ns);
            }
            if row.end_ns > 0 && row.leg == 0 {
                compliant.saturating_record(row.end_ns - row.trigger_ns);
            }
            if row.end_ns > 0 && !row.recovered && row.leg == 0 {
                flat.saturating_record(row.end_ns - row.trigger_ns);
            }
            if row.leg > 0 {
                row.qty_lots = row.filled_lots + row.taken_over_lots + row.deleveraged_lots;
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
            let market = row.symbol as usize;
            let unit = self.contracts[market].unit as f64;
            notional.push(row.qty_lots as f64 * f64::from(row.trigger_mark_ticks) * unit);
            if let Some(price) = self.cures[market].liquidation_price(row).filter(|_| row.leg == 0)
            {
                row.liquidation_ticks = price;
                let gain = if row.long { disposal - price } else { price - disposal };
                vs_liquidation.push(gain / price * 1e4);
            }
        }
        let totals = self.totals;
        let losses: Vec<f64> = vs_trigger.iter().map(|gain| -gain).collect();
        let cured = Cure::total(&self.cures, &self.rows);
        let (insurance_fees, insurance_paid) = self.funds.totals();
        let rate = totals.forced_filled_qty as f64 / totals.forced_qty as f64;
        LiquidationSummary {
            accounts_triggered: self.triggered.len() as u64,
            accounts_closed: self.closed.len() as u64,
            bankrupt_accounts: self.bankrupt.len() as u64,
            adl_accounts: self.deleveraged.len() as u64,
            insurance_paid,
            insurance_fees,
            fill_rate: (totals.forced_qty > 0).then_some(rate),
            slippage_vs_bankruptcy_bp: distribution(&mut vs_bankruptcy),
            slippage_vs_trigger_mark_bp: distribution(&mut vs_trigger),
            time_to_first_fill_ns: percentiles(&first_fill),
            time_to_flat_ns: percentiles(&flat),
            time_to_compliant_ns: percentiles(&compliant),
            beyond_bankruptcy: beyond_bankruptcy(&vs_bankruptcy),
            slippage_at_risk: slippage_at_risk(&losses, &notional),
            slippage_vs_liquidation_price_bp: distribution(&mut vs_liquidation),
            filled_fraction: distribution(&mut filled),
            over_liquidated_lots: cured.map(|cured| cured.over_lots),
            over_liquidated_fraction: cured.and_then(super::cure::Cured::over_fraction),
            under_liquidated_lots: cured.map(|cured| cured.under_lots),
            queue: self.waiting.summarise(&self.rows, own),
            adl: self.haircuts.summarise(),
            ..totals
        }
    }

    /// Loss beyond margin at the mark of lots that the book did not fill at their bankruptcy
    /// price or better.
    fn count_deficit(&mut self, held: Held, lots: u64, bankruptcy: Price) {
        let market = held.symbol.index();
        let Some(mark) = Price::new(self.mark_ticks[market]) else { return };
        let contract = self.contracts[market];
        let entry = contract.value(bankruptcy, lots);
        let profit = contract.profit(held.side, entry, contract.value(mark, lots));
        self.totals.deficit += (-profit.units()).max(0);
    }

    /// Value of all liquidated positions at their trigger marks, in money units.
    pub(super) fn notional(&self) -> f64 {
        let value = |row: &LiquidationRow| {
            let mark = Price::new(row.trigger_mark_ticks)?;
            let contract = self.contracts.get(row.symbol as usize)?;
            Some(contract.value(mark, row.qty_lots).units() as f64)
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
