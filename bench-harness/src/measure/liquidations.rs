//! Every liquidation from trigger to flat, and who paid.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::core::Engine;
use seawall_engine::liquidation::QueueStats;
use seawall_engine::types::{AccountId, Contract, Money, Price, Qty, Side, SymbolId};

use super::cure::Cure;
use super::disposal::Disposal;
use super::fill_rate::{CalmBaseline, CalmBook, FillTally, ForcedOrder};
use super::funds::Funds;
use super::haircuts::{Haircuts, Hit};
use super::hand_over::{TableError, TableSink, whole_groups};
use super::orders::FlowRecorder;
use super::outcomes::Outcomes;
use super::summary::LiquidationSummary;
use super::tables::{DeleverageRow, FundRow, LiquidationRow};
use super::waiting::Waiting;
use crate::scenario::Scenario;

const NONE: u32 = u32::MAX;

/// Auto-deleveraging that is this far apart is another episode.
const EPISODE_GAP_NS: u64 = 1_000_000_000;

/// A liquidation that may still change, in its place.
#[derive(Clone, Copy, Debug)]
struct Live {
    row: LiquidationRow,
    /// In the order of the triggers.
    number: u32,
    /// Whether it was served yet.
    served: bool,
    /// The timeline row in which its last forced order was sent.
    sent: usize,
    has_ended: bool,
}

/// Follows the liquidations of a run. A row is kept while its account is in liquidation or the fund
/// holds what it took over; then it leaves, with the next whole group if somebody takes them.
#[derive(Debug)]
pub(super) struct Liquidations {
    pub(super) latency: FlowRecorder,
    /// Forced quantity of liquidated accounts by the row of the order.
    pub(super) fills: FillTally,
    baseline: CalmBaseline,
    live: Vec<Option<Live>>,
    free: Vec<u32>,
    /// Liquidations so far.
    count: u32,
    /// Those that nothing changes any more, in the order in which that came, with their numbers.
    done: Vec<(u32, LiquidationRow)>,
    deleverages: Vec<DeleverageRow>,
    pub(super) funds: Funds,
    disposal: Disposal,
    outcomes: Outcomes,
    /// Places that ended with the input under way, or of which the fund is rid.
    settling: Vec<u32>,
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
    sample_ns: u64,
    totals: LiquidationSummary,
    triggered: BTreeSet<u32>,
    closed: BTreeSet<u32>,
    bankrupt: BTreeSet<u32>,
    deleveraged: BTreeSet<u32>,
    waiting: Waiting,
    haircuts: Haircuts,
    /// Bursts of auto-deleveraging, and when the last one hit.
    episodes: u64,
    deleveraged_ns: u64,
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
        let contracts: Vec<Contract> = lanes.iter().map(Scenario::contract).collect();
        Self {
            latency: FlowRecorder::new(),
            fills: FillTally::new(rows),
            baseline: CalmBaseline::default(),
            live: Vec::new(),
            free: Vec::new(),
            count: 0,
            done: Vec::new(),
            deleverages: Vec::new(),
            funds: Funds::new(scenario),
            disposal: Disposal::new(lanes.len()),
            outcomes: Outcomes::new(contracts.clone(), lanes.iter().map(Cure::new).collect()),
            settling: Vec::new(),
            open: vec![NONE; scenario.accounts() as usize],
            current: None,
            legs: BTreeMap::new(),
            trigger_marks: BTreeMap::new(),
            contracts,
            mark_ticks: vec![0; lanes.len()],
            flows: vec![MarketFlow::default(); lanes.len()],
            sample_ns: scenario.clock.sample_ms * 1_000_000,
            totals: LiquidationSummary::default(),
            triggered: BTreeSet::new(),
            closed: BTreeSet::new(),
            bankrupt: BTreeSet::new(),
            deleveraged: BTreeSet::new(),
            waiting: Waiting::default(),
            haircuts: Haircuts::default(),
            episodes: 0,
            deleveraged_ns: 0,
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
        let place = self.free.pop().unwrap_or_else(|| {
            self.live.push(None);
            u32::try_from(self.live.len() - 1).expect("places are counted in 32 bits")
        });
        self.disposal.open(place);
        // A further position's account waited once already.
        let served = row.leg > 0;
        let number = self.count;
        self.count += 1;
        self.live[place as usize] = Some(Live { row, number, served, sent: 0, has_ended: false });
        place
    }

    fn at(&self, place: u32) -> &Live {
        self.live[place as usize].as_ref().expect("an open liquidation has its place")
    }

    fn at_mut(&mut self, place: u32) -> &mut Live {
        self.live[place as usize].as_mut().expect("an open liquidation has its place")
    }

    /// The place of a position that is being closed; of a cross account's further positions one is
    /// begun when the first of it goes, at a stated price.
    fn place_of(&mut self, held: Held, price: Price) -> Option<u32> {
        let Held { symbol, account, side } = held;
        let first = self.place(account)?;
        if self.at(first).row.symbol == u32::from(symbol.0) {
            return Some(first);
        }
        if let Some(place) = self.legs.get(&(account, symbol)) {
            return Some(*place);
        }
        let begun = self.legs.range((account, SymbolId(0))..=(account, SymbolId(u16::MAX)));
        let leg = u32::try_from(begun.count()).expect("markets are few") + 1;
        let marks = self.trigger_marks.get(&account).unwrap_or(&self.mark_ticks);
        let row = LiquidationRow {
            account: account.0,
            symbol: symbol.0.into(),
            leg,
            long: side == Side::Buy,
            trigger_ns: self.at(first).row.trigger_ns,
            trigger_mark_ticks: marks[symbol.index()],
            bankruptcy_ticks: price.ticks(),
            ..LiquidationRow::default()
        };
        let place = self.push(row);
        self.legs.insert((account, symbol), place);
        Some(place)
    }

    /// A forced order of a liquidated account, or of the fund, goes to the book.
    pub(super) fn forced(&mut self, order: Held, limit: Price, qty: Qty, now_ns: u64) {
        self.current = None;
        let Held { symbol, account, side } = order;
        let held = Held { side: side.opposite(), ..order };
        let Some(place) = self.place_of(held, limit) else { return };
        self.current = Some((place, false));
        let live = self.at_mut(place);
        let trigger_ns = live.row.trigger_ns;
        if !core::mem::replace(&mut live.served, true) {
            self.waiting.serve(trigger_ns, now_ns);
        }
        self.latency.order_to_ack.saturating_record(now_ns - trigger_ns);
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
            let row = self.row_of(now_ns);
            self.at_mut(place).sent = row;
            self.fills.submit(row, lots);
            self.baseline.add(ForcedOrder { side, lots, reach_bp: beyond / mark * 1e4 });
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
        let Some((place, filled)) = self.current else { return };
        let trigger_ns = self.filled(place, symbol, (price, lots), now_ns);
        if !filled {
            self.current = Some((place, true));
            self.latency.order_to_fill.saturating_record(now_ns - trigger_ns);
        }
    }

    /// A forced order that rests filled: it closes a part of that position.
    pub(super) fn rested_trade(&mut self, held: Held, price: Price, qty: Qty, now_ns: u64) {
        if let Some(place) = self.place_of(held, price) {
            self.filled(place, held.symbol, (price, u64::from(qty.lots())), now_ns);
        }
    }

    /// Books a fill of a liquidation; returns when it was triggered.
    fn filled(
        &mut self,
        place: u32,
        symbol: SymbolId,
        (price, lots): (Price, u64),
        now_ns: u64,
    ) -> u64 {
        self.totals.forced_filled_qty += lots;
        self.flows[symbol.index()].filled += lots;
        if symbol.index() == 0 {
            let row = self.at(place).sent;
            self.fills.fill(row, lots);
        }
        self.disposal.dispose(place, lots, price.ticks());
        let row = &mut self.at_mut(place).row;
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
        let Some(place) = self.place_of(held, price) else { return };
        self.at_mut(place).row.taken_over_lots += lots;
        self.disposal.take_over((market, place), held.side, lots, self.mark_ticks[market]);
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
        self.count_episode(now_ns);
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
        let Some(place) = self.place_of(held, price) else { return };
        self.at_mut(place).row.deleveraged_lots += lots;
        self.disposal.dispose(place, lots, mark_ticks);
    }

    fn count_episode(&mut self, now_ns: u64) {
        let gap_ns = now_ns.saturating_sub(self.deleveraged_ns);
        self.episodes += u64::from(self.episodes == 0 || gap_ns >= EPISODE_GAP_NS);
        self.deleveraged_ns = now_ns;
    }

    /// Bursts of auto-deleveraging, a second or more apart.
    pub(super) fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Notes what a winner gave for it.
    fn cut(&mut self, (held, counterparty): (Held, AccountId), lots: u64, price: Price) {
        let Held { symbol, account, side } = held;
        let own = self.place(account).map(|place| self.at(place).row.bankruptcy_ticks);
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
        if self.disposal.has_released() || !self.settling.is_empty() {
            self.settle();
        }
    }

    /// Lets go of what nothing changes any more.
    fn settle(&mut self) {
        self.disposal.move_released(&mut self.settling);
        let mut places = core::mem::take(&mut self.settling);
        places.sort_unstable();
        places.dedup();
        for place in places.drain(..) {
            if self.at(place).has_ended && !self.disposal.is_held(place) {
                self.conclude(place);
            }
        }
        self.settling = places;
    }

    fn conclude(&mut self, place: u32) {
        let live = self.live[place as usize].take().expect("it is concluded once");
        let Live { mut row, number, .. } = live;
        self.outcomes.add(number, &mut row, self.disposal.average(place));
        self.done.push((number, row));
        self.free.push(place);
        self.current = self.current.filter(|(current, _)| *current != place);
    }

    /// The calm books are all there: forced orders need not be kept for them.
    pub(super) fn settle_baseline(&mut self, books: &[CalmBook]) {
        self.baseline.settle(books);
    }

    /// What calm books would have filled of the forced orders.
    pub(super) fn calm_rate(&self, books: &[CalmBook]) -> Option<f64> {
        self.baseline.rate(books)
    }

    /// Hands whole groups of rows on.
    pub(super) fn hand_over(&mut self, sink: &mut dyn TableSink) -> Result<(), TableError> {
        let group = sink.group_rows();
        whole_groups(&mut self.done, group, |rows| sink.liquidations(&in_order(rows)))?;
        whole_groups(&mut self.deleverages, group, |rows| sink.deleverages(rows))?;
        whole_groups(&mut self.funds.rows, group, |rows| sink.fund(rows))
    }

    /// The rows that were not handed on.
    pub(super) fn into_rows(mut self) -> (Vec<LiquidationRow>, Vec<DeleverageRow>, Vec<FundRow>) {
        (in_order(&mut self.done), self.deleverages, self.funds.rows)
    }

    pub(super) fn ended(&mut self, account: AccountId, recovered: bool, now_ns: u64) {
        let Some(place) = self.place(account) else { return };
        let range = (account, SymbolId(0))..=(account, SymbolId(u16::MAX));
        let legs = self.legs.range(range).map(|(_, place)| *place);
        let from = self.settling.len();
        self.settling.extend(legs.chain([place]));
        for n in from..self.settling.len() {
            let live = self.at_mut(self.settling[n]);
            live.has_ended = true;
            live.row.end_ns = now_ns;
            live.row.recovered = recovered;
        }
        self.legs.retain(|(owner, _), _| *owner != account);
        self.trigger_marks.remove(&account);
        self.open[account.index()] = NONE;
        self.waiting.leave();
        if !recovered {
            self.waiting.close(now_ns);
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
        for place in 0..self.live.len() {
            if self.live[place].is_some() {
                self.conclude(u32::try_from(place).expect("places are counted in 32 bits"));
            }
        }
        let totals = self.outcomes.summarise(&self.totals);
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
            queue: self.waiting.summarise(own),
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
        self.outcomes.notional()
    }

    fn place(&self, account: AccountId) -> Option<u32> {
        Some(self.open[account.index()]).filter(|place| *place != NONE)
    }

    fn row_of(&self, time_ns: u64) -> usize {
        usize::try_from(time_ns / self.sample_ns).unwrap_or(usize::MAX)
    }
}

/// Rows in the order of their triggers.
fn in_order(rows: &mut [(u32, LiquidationRow)]) -> Vec<LiquidationRow> {
    rows.sort_unstable_by_key(|(number, _)| *number);
    rows.iter().map(|(_, row)| *row).collect()
}
