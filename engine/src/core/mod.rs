//! The shard: one input in, its events out.
//!
//! `core` is where `matching` and `risk` meet: it admits an order, sweeps the book, books every
//! fill, looks for unhealthy positions and takes as many forced steps as the discipline grants.
//! It reads no clock and draws no numbers: same inputs, same events, same state hash.

use std::collections::VecDeque;

mod accounts;
mod admission;
mod auction;
mod audit;
mod carry;
mod cash;
mod checks;
mod clip;
mod collateral;
mod company;
mod config;
mod cross;
mod details;
mod expiry;
mod fillable;
mod fire;
mod forced;
mod halt;
mod hash;
mod links;
mod market;
mod market_state;
mod marking;
mod meet;
mod open_interest;
mod open_orders;
mod orders;
mod price_state;
mod resting;
mod settle;
mod state;
mod stops;
mod trailing;
mod venue_state;
mod view;
mod waterfall;

pub use auction::Clearing;
pub use config::{ConfigError, ShardConfig};
pub use cross::PositionOrder;
pub use expiry::EXPIRIES_PER_INPUT_MAX;
pub use fire::STOPS_PER_INPUT_MAX;
pub use hash::EventHasher;
pub use view::{PositionView, StopView};

use collateral::Asset;
use company::Company;
use expiry::Expiries;
use market::Market;

use crate::liquidation::{
    Deleveraging, FundWatch, LiquidationQueue, LiquidationRules, Pace, Plan, RestingOrders, Waiting,
};
use crate::risk::{Basket, Ledger};
use crate::types::{
    AccountId, AssetId, Event, EventSink, Input, Money, NewOrder, OrderId, RejectReason, Seq,
    Sequenced, SymbolId,
};

/// One shard: the markets of one margin group and everything they share.
///
/// ```
/// use seawall_engine::core::{Engine, ShardConfig};
/// use seawall_engine::types::{AccountId, Event, Input, Money, Seq, Sequenced};
/// # use seawall_engine::{liquidation::*, risk::*, types::*};
/// # let tier = MarginTier { notional_floor: Money::ZERO, initial: Ppm::new(10_000).unwrap(), maintenance: Ppm::new(5_000).unwrap() };
/// # let market = MarketRules::new(MarketSpec {
/// #     contract: Contract { kind: ContractKind::Linear, unit: 1 }, reference: Price::new(1_000).unwrap(), tiers: vec![tier],
/// #     maker_fee: Ppm::ZERO, taker_fee: Ppm::ZERO, order_lots_max: 1_000, position_lots_max: 1_000, market_band: Ppm::ONE,
/// # }).unwrap();
/// # let liquidation = LiquidationRules {
/// #     enabled: true, key: PriorityKey::MarginRatio, discipline: Discipline::Strict { steps_max: 64 }, plan: Plan::Full,
/// #     fee: Ppm::ZERO, unwind: Unwind { lots_max: 10, band: Ppm::ONE, interval_ns: 1 }, triggers_max: 1_000,
/// #     venue: VenueRules::default(),
/// # };
/// let config = ShardConfig::new(16, 1_024, vec![market], liquidation)?;
/// let mut engine = Engine::new(&config);
/// let mut events: Vec<Event> = Vec::new();
/// let input = Input::Deposit { account: AccountId(1), amount: Money::new(500) };
/// engine.apply(&Sequenced { seq: Seq(1), time_ns: 0, ingress_ns: 0, input }, &mut events);
/// assert_eq!(engine.cash(AccountId(1)), Money::new(500));
/// # Ok::<(), seawall_engine::core::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    ledger: Ledger,
    markets: Vec<Market>,
    rules: LiquidationRules,
    queue: LiquidationQueue,
    pace: Pace,
    /// Symbols whose marks or positions changed since triggers were last looked for, ascending.
    hot: Vec<SymbolId>,
    /// Symbols where the fund holds something, ascending.
    fund_symbols: Vec<SymbolId>,
    next_unwind_ns: u64,
    /// By fund.
    fund_watches: Vec<FundWatch>,
    /// How many funds are looked after whatever they hold: none if there is one, without a peak.
    watched_funds: u32,
    /// Before this nobody withdraws.
    gated_until_ns: u64,
    /// Until when forced orders are for whole positions, by symbol and account; empty unless the
    /// plan wants to know.
    whole_until_ns: Vec<Vec<u64>>,
    seq: Seq,
    time_ns: u64,
    /// Forced orders of the current input.
    forced_orders: u32,
    /// Whether the shard's kill switch is engaged.
    killed: bool,
    expiries: Expiries,
    /// Symbols where reduce-only orders may have to be clipped.
    clips: Vec<SymbolId>,
    /// Whether there ever was a stop, a reduce-only order or a forced order that rests: until then
    /// nobody looks for what they need.
    cares: bool,
    /// What may have to be done beside the next input itself.
    company: Company,
    /// Symbols where stops wait and a reference may have changed.
    moved: Vec<SymbolId>,
    /// Stops that triggered and are still to become orders.
    fired: VecDeque<NewOrder>,
    /// Markets that are halted, ascending.
    halted: Vec<SymbolId>,
    /// Triggered positions that wait for their market to reopen.
    parked: Vec<Waiting>,
    /// Triggered stops that wait for their market to reopen.
    held: VecDeque<NewOrder>,
    /// Whether there ever was a cross account.
    has_cross: bool,
    /// What cross accounts may hold beside money.
    assets: Vec<Asset>,
    /// Symbols whose index is made of other symbols' marks.
    baskets: Vec<Basket>,
    /// Which position of a cross account is closed first.
    position_order: PositionOrder,
    /// Exact checks of positions that an index could not decide; outside the hash.
    rechecks: u64,
    /// Positions whose forced orders rest.
    resting: RestingOrders,
    deleveraging: Deleveraging,
    /// How often the current input has deleveraged.
    deleveragings: u32,
    scratch_accounts: Vec<AccountId>,
    scratch_shares: [Vec<(AccountId, Money)>; 2],
    scratch_ranked: Vec<carry::Ranked>,
    scratch_symbols: Vec<SymbolId>,
    scratch_resting: Vec<(SymbolId, AccountId)>,
}

/// Beyond so many triggered stops, good-till orders or positions of halted markets at one time,
/// their lists grow by allocating.
const AT_ONCE: usize = 1 << 20;

impl Engine {
    /// An empty shard; everything it will need is allocated here.
    pub fn new(config: &ShardConfig) -> Self {
        let (accounts_max, orders_max) = (config.accounts_max(), config.orders_max());
        let rules = *config.liquidation();
        let market = |(symbol, market): (u16, _)| Market::new(SymbolId(symbol), market, config);
        let markets: Vec<Market> = (0..).zip(config.markets()).map(market).collect();
        let positions_max = (accounts_max as usize).saturating_mul(markets.len());
        let rest_max = (orders_max as usize).saturating_mul(markets.len());
        let stops_max = rest_max.saturating_mul(3).min(AT_ONCE);
        let auctions = config.markets().iter().any(|market| market.auctions().is_some());
        let tiers_max = config.markets().iter().map(|market| market.tiers().len()).max();
        let tiers_max = tiers_max.unwrap_or(1);
        let rests = rules.venue.order.unfilled.rests();
        let watched_funds = match config.funds() {
            1 if !rules.venue.fund.has_peak() => 0,
            funds => funds,
        };
        Self {
            ledger: Ledger::new(accounts_max, config.funds()),
            queue: LiquidationQueue::new(positions_max, rules.venue.draw.is_some()),
            pace: Pace::default(),
            hot: Vec::with_capacity(markets.len()),
            fund_symbols: Vec::with_capacity(markets.len()),
            next_unwind_ns: 0,
            fund_watches: vec![FundWatch::default(); config.funds() as usize],
            watched_funds,
            gated_until_ns: 0,
            whole_until_ns: match rules.plan {
                Plan::PartThenAll { .. } => vec![vec![0; accounts_max as usize]; markets.len()],
                _ => Vec::new(),
            },
            seq: Seq(0),
            time_ns: 0,
            forced_orders: 0,
            killed: false,
            expiries: Expiries::new(rest_max.min(AT_ONCE)),
            clips: Vec::with_capacity(markets.len()),
            cares: false,
            company: Company::new(&rules, watched_funds),
            moved: Vec::with_capacity(markets.len()),
            fired: VecDeque::with_capacity(stops_max),
            halted: Vec::with_capacity(markets.len()),
            parked: Vec::with_capacity(if auctions { positions_max.min(AT_ONCE) } else { 0 }),
            held: VecDeque::with_capacity(if auctions { stops_max } else { 0 }),
            has_cross: false,
            baskets: config.baskets().to_vec(),
            assets: (0..)
                .zip(config.collateral())
                .map(|(id, rules)| Asset::new(AssetId(id), rules, accounts_max))
                .collect(),
            position_order: config.position_order(),
            rechecks: 0,
            resting: RestingOrders::new(markets.len(), accounts_max as usize, rests),
            deleveraging: Deleveraging::new(accounts_max),
            deleveragings: 0,
            // An account may be reached in several tiers of an index.
            scratch_accounts: Vec::with_capacity(accounts_max as usize * tiers_max),
            scratch_shares: [(); 2].map(|()| Vec::with_capacity(accounts_max as usize)),
            scratch_ranked: Vec::with_capacity(accounts_max as usize),
            scratch_symbols: Vec::with_capacity(markets.len()),
            scratch_resting: Vec::with_capacity(if rests { positions_max.min(AT_ONCE) } else { 0 }),
            markets,
            rules,
        }
    }

    /// Applies one input and emits its events.
    ///
    /// Panics if the sequence number is not the next one, time runs backwards or the input arrived
    /// after it was taken: these are the caller's bugs, and an engine that went on would diverge.
    #[inline]
    pub fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        assert!(input.seq == self.seq.next(), "inputs are applied in sequence");
        assert!(input.time_ns >= self.time_ns, "time does not run backwards");
        assert!(input.ingress_ns <= input.time_ns, "an input arrives before it is taken");
        self.seq = input.seq;
        self.time_ns = input.time_ns;
        self.forced_orders = 0;
        self.deleveragings = 0;
        if self.company.expected {
            self.attend_before(input, sink);
        }
        let touched = self.dispatch(&input.input, sink);
        if self.must_attend(touched) {
            self.attend_after(touched, input, sink);
        }
    }

    /// What may be due before an input.
    #[inline(never)]
    fn attend_before(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        self.advance_queue(input.time_ns);
        self.expire(sink);
        self.reopen_due(sink);
        self.steps_before(input, sink);
    }

    /// What may follow from an input, which touched a symbol.
    #[inline(never)]
    fn attend_after(
        &mut self,
        touched: Option<SymbolId>,
        input: &Sequenced,
        sink: &mut impl EventSink,
    ) {
        if let Some(symbol) = touched {
            self.heat(symbol);
        }
        self.check_funds(sink);
        if self.cares {
            self.note_hot();
            self.look_after_resting(&input.input, sink);
        }
        self.trigger(input.time_ns, sink);
        self.steps_after(input, sink);
        if self.cares {
            self.note_hot();
            self.fire(sink);
            self.clip(sink);
        }
        self.expiries.prune(&self.markets);
        self.company.expected = self.has_work();
    }

    /// Does what an input says, or says why not. Returns the symbol whose mark or positions it
    /// changed.
    #[inline]
    fn dispatch(&mut self, input: &Input, sink: &mut impl EventSink) -> Option<SymbolId> {
        let rejected = match input {
            Input::Order(order) => self
                .new_order(order, sink)
                .map_err(|reason| (order.symbol, order.account, Some(order.order), reason)),
            Input::Cancel { symbol, account, order } => self
                .cancel(*symbol, *account, *order, sink)
                .map_err(|reason| (*symbol, *account, Some(*order), reason)),
            Input::Replace { symbol, account, order, price, qty } => self
                .replace(*symbol, (*account, *order), *price, *qty, sink)
                .map_err(|reason| (*symbol, *account, Some(*order), reason)),
            Input::Step => Ok(()),
            other => self.dispatch_rare(other, sink),
        };
        match rejected {
            Ok(()) => symbol_of(input),
            Err((symbol, account, order, reason)) => {
                sink.event(Event::Rejected { symbol, account, order, reason });
                None
            }
        }
    }

    fn dispatch_rare(&mut self, input: &Input, sink: &mut impl EventSink) -> Result<(), Refusal> {
        let none = SymbolId(0);
        let refused = |symbol, account| move |reason| (symbol, account, None, reason);
        match *input {
            Input::Mark { symbol, price } => {
                let account = AccountId::FUND;
                self.set_mark(symbol, price, sink).map_err(refused(symbol, account))
            }
            Input::Deposit { account, amount } => {
                self.deposit(account, amount, sink).map_err(refused(none, account))
            }
            Input::Withdraw { account, amount } => {
                self.withdraw(account, amount, sink).map_err(refused(none, account))
            }
            Input::Leverage { symbol, account, initial } => {
                self.set_leverage(symbol, account, initial, sink).map_err(refused(symbol, account))
            }
            Input::Block { symbol, buyer, seller, price, qty } => self
                .block(symbol, (buyer, seller), price, qty, sink)
                .map_err(|(reason, account)| (symbol, account, None, reason)),
            Input::Index { symbol, price } => {
                self.set_index(symbol, price, sink).map_err(refused(symbol, AccountId::FUND))
            }
            Input::MarginMode { account, cross } => {
                self.set_margin_mode(account, cross, sink).map_err(refused(none, account))
            }
            Input::AssetPrice { asset, price } => {
                self.set_asset_price(asset, price, sink).map_err(refused(none, AccountId::FUND))
            }
            Input::DepositAsset { account, asset, qty } => {
                self.deposit_asset(account, asset, qty, sink).map_err(refused(none, account))
            }
            Input::WithdrawAsset { account, asset, qty } => {
                self.withdraw_asset(account, asset, qty, sink).map_err(refused(none, account))
            }
            Input::SelfTrade { account, mode, group } => {
                self.set_self_trade(account, mode, group, sink).map_err(refused(none, account))
            }
            Input::MassCancel { account, symbol, side } => self
                .mass_cancel(account, symbol, side, sink)
                .map_err(refused(symbol.unwrap_or(none), account)),
            Input::CancelOnDisconnect { account, enabled } => self
                .set_cancel_on_disconnect(account, enabled, sink)
                .map_err(refused(none, account)),
            Input::Disconnect { account } => {
                self.disconnect(account, sink).map_err(refused(none, account))
            }
            Input::Halt { symbol } => {
                self.halt_by_command(symbol, sink).map_err(refused(symbol, AccountId::FUND))
            }
            Input::Reopen { symbol } => {
                self.reopen_by_command(symbol, sink).map_err(refused(symbol, AccountId::FUND))
            }
            Input::Indicative { symbol } => {
                self.tell_indicative(symbol, sink).map_err(refused(symbol, AccountId::FUND))
            }
            Input::Link { symbol, account, order, other } => self
                .link(symbol, account, (order, other), sink)
                .map_err(|(reason, about)| (symbol, account, Some(about), reason)),
            Input::Kill { account, engaged } => self
                .set_kill_switch(account, engaged, sink)
                .map_err(refused(none, account.unwrap_or(AccountId::FUND))),
            Input::Order(_) | Input::Cancel { .. } | Input::Replace { .. } | Input::Step => {
                unreachable!("dispatched before")
            }
        }
    }

    /// Notes that triggers must be looked for in a symbol.
    #[inline]
    fn heat(&mut self, symbol: SymbolId) {
        if self.hot.last() == Some(&symbol) {
            return;
        }
        if let Err(place) = self.hot.binary_search(&symbol) {
            self.hot.insert(place, symbol);
        }
    }
}

/// What a rejection says: symbol, account, order if the input named one, and why.
type Refusal = (SymbolId, AccountId, Option<OrderId>, RejectReason);

/// The market whose positions or mark an input changes.
#[inline]
const fn symbol_of(input: &Input) -> Option<SymbolId> {
    match input {
        Input::Order(order) => Some(order.symbol),
        Input::Replace { symbol, .. }
        | Input::Mark { symbol, .. }
        | Input::Index { symbol, .. }
        | Input::Block { symbol, .. } => Some(*symbol),
        _ => None,
    }
}
