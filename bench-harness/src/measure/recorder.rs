//! Watches a run event by event and ends with its summary and tables.

use core::ops::Range;
use std::collections::BTreeMap;

use seawall_engine::core::Engine;
use seawall_engine::types::{AccountId, Event, Money, Sequenced};

use super::hand_over::{TableError, TableSink};
use super::liquidations::{Held, Liquidations};
use super::market::MarketWatch;
use super::markets::{self, Spans};
use super::orders::Orders;
use super::phases::PhaseRows;
use super::populations::{Counters, Populations};
use super::solvency::{self, Capacity};
use super::summary::{
    FillRates, Latency, MakerQuotes, MarketResult, MarketSummary, Solvency, Summary,
};
use super::tables::Tables;
use crate::agents::{IndexPath, Quote};
use crate::scenario::Scenario;

/// Watches one run. It changes nothing and draws nothing.
#[derive(Debug)]
pub struct Recorder {
    orders: Orders,
    liquidations: Liquidations,
    /// Each market, the first one first.
    markets: Vec<MarketWatch>,
    populations: Populations,
    /// Rows of the grid during which the shock lasts; empty without one.
    shock_rows: Range<usize>,
    commands: u64,
    rejected: u64,
    events: u64,
    trades: u64,
}

impl Recorder {
    /// For one run of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let rows = row(scenario.clock.duration_ms / scenario.clock.sample_ms);
        let shock_rows = shock_rows(scenario, rows);
        let warm = row(scenario.clock.warmup_ms.div_ceil(scenario.clock.sample_ms));
        let watch = |lane: &Scenario| MarketWatch::new(lane.symbol(), rows, warm..shock_rows.start);
        Self {
            orders: Orders::new(scenario, rows),
            liquidations: Liquidations::new(scenario, rows),
            markets: scenario.lanes().iter().map(watch).collect(),
            populations: Populations::new(scenario),
            shock_rows,
            commands: 0,
            rejected: 0,
            events: 0,
            trades: 0,
        }
    }

    /// An input is about to be applied; its client sent it at `sent_ns`.
    #[inline]
    pub fn begin(&mut self, input: &Sequenced, sent_ns: u64) {
        self.commands += 1;
        self.markets[0].command();
        self.orders.begin(input, sent_ns);
    }

    /// An event left the engine at `now_ns`.
    #[inline]
    pub fn event(&mut self, event: &Event, now_ns: u64) {
        self.events += 1;
        match *event {
            Event::Replaced { account, order, qty, in_place, .. } => {
                self.orders.moved(account, qty);
                if in_place {
                    self.orders.acknowledged(order, now_ns);
                } else {
                    self.orders.admitted(order, qty, now_ns);
                }
            }
            Event::Accepted { order, qty, .. } => self.orders.admitted(order, qty, now_ns),
            Event::Cancelled { account, qty, .. } => self.orders.moved(account, qty),
            Event::Rested { order, .. } => self.orders.rested(order),
            Event::Trade {
                symbol,
                side,
                taker,
                taker_account,
                maker,
                maker_account,
                price,
                qty,
                ..
            } => {
                self.trades += 1;
                let lots = u64::from(qty.lots());
                self.markets[symbol.index()].traded(lots);
                self.populations.traded(taker_account, maker_account, side, price, qty);
                self.orders.made(maker, maker_account, lots, now_ns);
                if maker.is_derived() {
                    let account = maker_account;
                    let held = Held { symbol, account, side };
                    self.liquidations.rested_trade(held, price, qty, now_ns);
                }
                if taker.is_derived() {
                    let whose = (symbol, taker_account);
                    self.liquidations.forced_trade(whose, price, qty, now_ns);
                } else {
                    self.orders.took(lots, now_ns);
                }
            }
            Event::Rejected { account, reason, .. } => {
                self.rejected += 1;
                self.orders.rejected(account, reason);
            }
            Event::Marked { symbol, price } => {
                self.markets[symbol.index()].marks.push((now_ns, price.ticks()));
                self.liquidations.marked(symbol, price);
            }
            _ => self.rare(event, now_ns),
        }
    }

    fn rare(&mut self, event: &Event, now_ns: u64) {
        let l = &mut self.liquidations;
        match *event {
            Event::Triggered { symbol, account, side, qty, bankruptcy, .. } => {
                l.triggered(Held { symbol, account, side }, qty, bankruptcy, now_ns);
            }
            Event::Forced { symbol, account, side, limit, qty, .. } => {
                l.forced(Held { symbol, account, side }, limit, qty, now_ns);
            }
            Event::TakenOver { symbol, account, side, qty, price } => {
                l.taken_over(Held { symbol, account, side }, qty, price);
            }
            Event::Deleveraged { symbol, account, counterparty, side, qty, price } => {
                let held = Held { symbol, account, side };
                l.deleveraged(held, counterparty, qty, price, now_ns);
            }
            Event::Recovered { account, .. } => l.ended(account, true, now_ns),
            Event::Closed { account, .. } => l.ended(account, false, now_ns),
            Event::Fund { symbol, cause, amount, balance } => {
                l.funds.changed(symbol, cause, (amount, balance), now_ns);
            }
            Event::Socialised { account, amount } if !l.funds.is_one(account) => {
                l.socialised(amount);
            }
            _ => {}
        }
    }

    /// The engine is done with an input.
    #[inline]
    pub fn end(&mut self, now_ns: u64, engine: &Engine) {
        self.liquidations.end(now_ns, engine);
    }

    /// An account was opened with so much.
    pub fn deposited(&mut self, account: AccountId, amount: Money) {
        self.populations.deposited(account, amount);
        self.liquidations.funds.deposited(account, amount);
    }

    /// Best prices after an input, when they changed.
    #[inline]
    pub fn quote(&mut self, market: usize, quote: Quote) {
        self.markets[market].quote(quote);
    }

    /// Ends a row of the timeline.
    pub fn sample(&mut self, time_ns: u64, indices: &[IndexPath], engine: &Engine) {
        for (market, index) in self.markets.iter_mut().zip(indices) {
            market.sample(time_ns, index.ticks_at(time_ns), engine);
        }
        if self.markets[0].is_calm_over() {
            self.liquidations.settle_baseline(&self.markets[0].calm_books);
        }
    }

    /// Hands on what rows of event tables make whole groups.
    pub fn hand_over(&mut self, sink: &mut dyn TableSink) -> Result<(), TableError> {
        self.liquidations.hand_over(sink)
    }

    /// Inputs so far.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// The run is over: its numbers and its rows. Hashes, times and the paired run are the
    /// caller's to fill in.
    pub fn finish(
        mut self,
        scenario: &Scenario,
        engine: &Engine,
        counters: Counters,
    ) -> (Summary, Tables) {
        let liquidation = self.liquidations.finish(&engine.queue_stats());
        self.fill_timeline();
        let phases = PhaseRows::find(&self.markets[0].timeline, self.shock_rows.clone());
        for (number, row) in self.markets[0].timeline.iter_mut().enumerate() {
            row.phase = phases.number(number);
        }
        let sample_ns = scenario.clock.sample_ms * 1_000_000;
        let warmup_ns = scenario.clock.warmup_ms * 1_000_000;
        let shock_ns = scenario.shock.start_ms * 1_000_000;
        self.liquidations.settle_baseline(&self.markets[0].calm_books);
        let calm_forced = self.liquidations.calm_rate(&self.markets[0].calm_books);
        // The warm-up is not calm trading: only makers are there.
        let measured = PhaseRows {
            calm: row(scenario.clock.warmup_ms.div_ceil(scenario.clock.sample_ms))
                .min(phases.calm.end)..phases.calm.end,
            ..phases.clone()
        };
        let mut market = self.markets[0].summarise(self.shock_rows.start, shock_ns);
        market.amplification = self.amplification(self.liquidations.flows[0].forced);
        market.branching = market.amplification.map(|amplification| 1.0 - 1.0 / amplification);
        let solvency = self.solvency(scenario, shock_ns, liquidation.adl_notional);
        let populations = self.populations.summarise(engine, counters);
        let maker_quotes = self.maker_quotes(warmup_ns);
        let summary = Summary {
            scenario: scenario.name.clone(),
            venue: scenario.venue.clone(),
            seed: scenario.seed,
            config_hash: scenario.config_hash(),
            commands: self.commands,
            rejected: self.rejected,
            events: self.events,
            trades: self.trades,
            sim_seconds: scenario.clock.duration_ms as f64 / 1e3,
            horizon_ns: scenario.clock.horizon_ms * 1_000_000,
            money_scale: i64::try_from(scenario.market.money_scale).unwrap_or(i64::MAX),
            currency: scenario.market.currency.clone(),
            phases: measured.summarise(
                &self.markets[0].timeline,
                &self.markets[0].marks,
                warmup_ns,
                sample_ns,
            ),
            liquidation,
            latency_ns: Latency {
                clock: "virtual".to_owned(),
                maker: self.orders.makers.summarise(),
                taker: self.orders.takers.summarise(),
                forced: self.liquidations.latency.summarise(),
            },
            fill_rate: FillRates {
                maker: self.orders.maker_fills.by_phase(&measured, None),
                taker: self.orders.taker_fills.by_phase(&measured, None),
                forced: self.liquidations.fills.by_phase(&measured, calm_forced),
            },
            markets: self.by_market(scenario, &measured, shock_ns, market),
            market,
            solvency,
            maker_quotes,
            populations,
            funds: self.liquidations.funds.summarise(scenario, engine),
            conservation_error: engine.conservation_error(),
            ..Summary::default()
        };
        (summary, self.into_tables())
    }

    /// What happened in each of several markets; nothing where there is only one.
    fn by_market(
        &self,
        scenario: &Scenario,
        phases: &PhaseRows,
        shock_ns: u64,
        first: MarketSummary,
    ) -> BTreeMap<String, MarketResult> {
        if self.markets.len() == 1 {
            return BTreeMap::new();
        }
        let until = if phases.peak.is_empty() { phases.onset.end } else { phases.peak.end };
        let spans = Spans { calm: phases.calm.clone(), cascade: phases.onset.start..until };
        let result = |((symbol, watch), flow)| {
            let market = if symbol == 0 {
                first
            } else {
                MarketWatch::summarise(watch, self.shock_rows.start, shock_ns)
            };
            markets::result((symbol, watch), flow, market, &self.markets[0].timeline, &spans)
        };
        let flows = self.liquidations.flows.iter().copied();
        let results = (0..).zip(&self.markets).zip(flows).map(result);
        scenario.market_names().into_iter().zip(results).collect()
    }

    fn solvency(&self, scenario: &Scenario, shock_ns: u64, deleveraged: i64) -> Solvency {
        let liquidated = self.liquidations.notional();
        let capacity = scenario
            .backstop_capacity()
            .map(|notional_max| Capacity { contract: scenario.contract(), notional_max });
        Solvency {
            adl_share: (liquidated > 0.0).then(|| deleveraged as f64 / liquidated),
            adl_episodes: self.liquidations.episodes(),
            ..solvency::of(&self.markets[0].timeline, shock_ns, capacity)
        }
    }

    fn maker_quotes(&self, warmup_ns: u64) -> MakerQuotes {
        let quotes = self.orders.quotes;
        let moved = (quotes.cancels + quotes.replaces) as f64;
        let added = quotes.orders + quotes.replaces;
        let rows = self.markets[0].timeline.iter().filter(|row| row.time_ns >= warmup_ns);
        let (two_sided, all) = rows.fold((0_u64, 0_u64), |(two_sided, all), row| {
            (two_sided + u64::from(row.bid_ticks > 0 && row.ask_ticks > 0), all + 1)
        });
        MakerQuotes {
            cancel_to_fill: (quotes.fills > 0).then(|| moved / quotes.fills as f64),
            cancel_to_add: (added > 0).then(|| moved / added as f64),
            moved_to_added_lots: (quotes.added_lots > 0)
                .then(|| quotes.moved_lots as f64 / quotes.added_lots as f64),
            two_sided_fraction: (all > 0).then(|| two_sided as f64 / all as f64),
            ..quotes
        }
    }

    /// (Exogenous + forced quantity) over exogenous quantity (rule 11 of the house).
    fn amplification(&self, forced: u64) -> Option<f64> {
        let rows = 0..self.markets[0].timeline.len();
        let exogenous: u64 = rows.map(|row| self.orders.shock_fills.row(row).0).sum();
        (exogenous > 0).then(|| (exogenous + forced) as f64 / exogenous as f64)
    }

    /// Puts what other measures know into the timeline.
    fn fill_timeline(&mut self) {
        for (number, row) in self.markets[0].timeline.iter_mut().enumerate() {
            (row.forced_lots, row.forced_filled_lots) = self.liquidations.fills.row(number);
            (row.taker_lots, row.taker_filled_lots) = self.orders.taker_fills.row(number);
            (row.maker_lots, row.maker_filled_lots) = self.orders.maker_fills.row(number);
            row.exogenous_lots = self.orders.shock_fills.row(number).0;
        }
    }

    fn into_tables(mut self) -> Tables {
        let markets =
            if self.markets.len() > 1 { markets::rows(&self.markets) } else { Vec::new() };
        let forced = self.liquidations.latency.clone();
        let (liquidations, deleverages, fund) = self.liquidations.into_rows();
        Tables {
            timeline: core::mem::take(&mut self.markets[0].timeline),
            markets,
            liquidations,
            deleverages,
            fund,
            histograms: vec![
                self.orders.makers.into_tables("maker"),
                self.orders.takers.into_tables("taker"),
                forced.into_tables("forced"),
            ],
        }
    }
}

fn row(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Rows from the shock's start to the later end of its two parts; empty without a shock.
fn shock_rows(scenario: &Scenario, rows: usize) -> Range<usize> {
    let shock = &scenario.shock;
    let start = row(shock.start_ms / scenario.clock.sample_ms).min(rows);
    let selling = if shock.sell_lots > 0 { shock.sell_duration_ms } else { 0 };
    let falling =
        if shock.index_drop_bp > 0.0 { shock.index_drop_after_ms + shock.index_drop_ms } else { 0 };
    let end_ms = shock.start_ms + selling.max(falling);
    let end = row(end_ms.div_ceil(scenario.clock.sample_ms)).clamp(start, rows);
    start..end
}
