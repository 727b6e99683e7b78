//! The naive reference engine: `docs/MATCHING.md` and `docs/LIQUIDATION.md` read aloud.
//!
//! It shares the vocabulary (`types` and the checked configuration) with the real engine and
//! nothing else. It keeps no index and no aggregate: the best order, an account's resting lots,
//! its reserve, who is unhealthy and who is next are looked for anew each time they are needed.

mod accounts;
mod adl;
mod auction;
mod bookings;
mod clip;
mod collateral;
mod cross;
mod deleverage;
mod expiry;
mod forced;
mod funding;
mod inputs;
mod keys;
mod links;
mod market;
mod marking;
mod orders;
mod plans;
mod resting;
mod stops;
mod view;

use std::collections::BTreeMap;

use seawall_engine::core::{PositionOrder, ShardConfig};
use seawall_engine::liquidation::LiquidationRules;
use seawall_engine::risk::Basket;
use seawall_engine::types::{
    AccountId, Event, FundCause, Input, Money, NewOrder, OrderId, Price, Qty, RejectReason,
    Sequenced, SymbolId,
};

use accounts::Settings;
use collateral::Asset;
use market::Market;
use resting::Standing;
pub use view::OrderView;

/// Index of the first insurance fund's account, in whose name inputs of nobody are refused.
const FUND: usize = 0;

/// One triggered position.
#[derive(Clone, Copy, Debug)]
struct Queued {
    key: i128,
    /// Order of entry: a counter, not a time.
    entered: u64,
    symbol: usize,
    account: usize,
    /// From when it may be served.
    trigger_ns: u64,
    /// When it was triggered.
    first_ns: u64,
    /// Whether the current window may serve it.
    drawn: bool,
}

/// One shard, naively.
#[derive(Clone, Debug)]
pub struct Reference {
    orders_max: usize,
    rules: LiquidationRules,
    baskets: Vec<Basket>,
    markets: Vec<Market>,
    /// Free cash by account; `None` until a deposit opens it.
    cash: Vec<Option<i128>>,
    /// What accounts have set, by account.
    settings: Vec<Settings>,
    /// Which accounts are cross, by account.
    cross: Vec<bool>,
    position_order: PositionOrder,
    assets: Vec<Asset>,
    /// The shard's kill switch.
    killed: bool,
    /// Stops that triggered and are still to become orders, first to come first.
    fired: Vec<NewOrder>,
    /// The same, of markets that are halted.
    held: Vec<NewOrder>,
    fees: i128,
    /// Deposits less withdrawals.
    net_deposits: i128,
    queue: Vec<Queued>,
    /// Positions whose forced orders rest, in no order that matters.
    standing: Vec<Standing>,
    /// By symbol and account: what such an order had left when it was withdrawn.
    left_over: BTreeMap<(usize, usize), i128>,
    joins: u64,
    entries: u64,
    seq: u64,
    time_ns: u64,
    next_unwind_ns: u64,
    /// How many insurance funds there are: theirs are the first accounts.
    funds: usize,
    /// By fund: what it was given and what events have told of its cash.
    told: Vec<i128>,
    /// By account: the fund of the market of its last booking, if it was cross then.
    answering: Vec<usize>,
    /// By fund its peaks: window, and the highest equity of the window before and of it.
    peaks: Vec<(u64, i128, i128)>,
    /// By fund: whether it has stopped paying.
    stopped: Vec<bool>,
    gated_until_ns: u64,
    /// Window of the last draw.
    draw_window: u64,
    /// By symbol and account: until when an order is for all of the position.
    whole_until_ns: BTreeMap<(usize, usize), u64>,
    /// Inputs counted by the weighted discipline.
    counted: u32,
    /// Window of the rate-limited discipline, and the steps taken in it.
    window: (u64, u32),
    /// Forced orders of the input being applied.
    forced: u32,
    /// How often the input being applied has deleveraged.
    deleveragings: u64,
    out: Vec<Event>,
}

/// Why an input was refused, and in whose name.
type Refusal = (usize, RejectReason);

impl Reference {
    /// An empty shard.
    pub fn new(config: &ShardConfig) -> Self {
        let accounts_max = usize::try_from(config.accounts_max()).expect("an index fits");
        let mut cash = vec![None; accounts_max];
        let funds = usize::try_from(config.funds()).expect("an index fits");
        cash[..funds].fill(Some(0));
        let mut markets: Vec<Market> =
            config.markets().iter().map(|m| Market::new(m, accounts_max)).collect();
        for (symbol, market) in markets.iter_mut().enumerate() {
            market.fund = config.fund_of(symbol_id(symbol)).index();
            market.positions[..funds].iter_mut().for_each(|position| position.initial = 0);
        }
        Self {
            funds,
            told: vec![0; funds],
            answering: vec![0; accounts_max],

            orders_max: usize::try_from(config.orders_max()).expect("an index fits"),
            rules: *config.liquidation(),
            baskets: config.baskets().to_vec(),
            markets,
            cash,
            settings: vec![Settings::default(); accounts_max],
            cross: vec![false; accounts_max],
            position_order: config.position_order(),
            assets: config.collateral().iter().map(|c| Asset::new(*c, accounts_max)).collect(),
            killed: false,
            fired: Vec::new(),
            held: Vec::new(),
            fees: 0,
            net_deposits: 0,
            queue: Vec::new(),
            standing: Vec::new(),
            left_over: BTreeMap::new(),
            joins: 0,
            entries: 0,
            seq: 0,
            time_ns: 0,
            next_unwind_ns: 0,
            peaks: vec![(0, 0, 0); funds],
            stopped: vec![false; funds],
            gated_until_ns: 0,
            draw_window: 0,
            whole_until_ns: BTreeMap::new(),
            counted: 0,
            window: (0, 0),
            forced: 0,
            deleveragings: 0,
            out: Vec::new(),
        }
    }

    /// Applies one input and appends its events.
    pub fn apply(&mut self, sequenced: &Sequenced, events: &mut Vec<Event>) {
        assert!(sequenced.seq.0 == self.seq + 1, "inputs come without gaps");
        assert!(sequenced.time_ns >= self.time_ns, "time never falls");
        assert!(sequenced.ingress_ns <= sequenced.time_ns, "nothing arrives after it is taken");
        self.seq = sequenced.seq.0;
        self.time_ns = sequenced.time_ns;
        self.forced = 0;
        self.deleveragings = 0;

        self.draw();
        self.expire();
        self.reopen_due();
        self.steps_before(sequenced);
        self.input(&sequenced.input);
        self.solvency();
        self.look_after_standing();
        self.triggers();
        self.steps_after(&sequenced.input);
        self.fire();
        self.clip();

        self.check();
        events.append(&mut self.out);
    }

    fn input(&mut self, input: &Input) {
        if let Input::Link { symbol, account, order, other } = *input {
            if let Err(((_, reason), about)) = self.link(symbol, account, order, other) {
                let order = Some(about);
                self.out.push(Event::Rejected { symbol, account, order, reason });
            }
            return;
        }
        let outcome = match input {
            Input::Order(order) => self.order(order),
            Input::Cancel { symbol, account, order } => self.cancel(*symbol, *account, *order),
            Input::Replace { symbol, account, order, price, qty } => {
                self.replace(*symbol, *account, *order, *price, *qty)
            }
            Input::Mark { symbol, price } => self.mark_input(*symbol, *price),
            Input::Deposit { account, amount } => self.deposit(*account, *amount),
            Input::Withdraw { account, amount } => self.withdraw(*account, *amount),
            Input::Leverage { symbol, account, initial } => {
                self.leverage(*symbol, *account, initial.parts())
            }
            Input::Block { symbol, buyer, seller, price, qty } => {
                self.block(*symbol, *buyer, *seller, *price, *qty)
            }
            Input::Halt { symbol } => self.halt_input(*symbol),
            Input::Reopen { symbol } => self.reopen_input(*symbol),
            Input::Indicative { symbol } => self.indicative_input(*symbol),
            Input::Step | Input::Link { .. } => Ok(()),
            Input::SelfTrade { account, mode, group } => self.self_trade(*account, *mode, *group),
            Input::MarginMode { account, cross } => self.margin_mode(*account, *cross),
            Input::AssetPrice { asset, price } => self.asset_price(*asset, *price),
            Input::DepositAsset { account, asset, qty } => {
                self.deposit_asset(*account, *asset, *qty)
            }
            Input::WithdrawAsset { account, asset, qty } => {
                self.withdraw_asset(*account, *asset, *qty)
            }
            Input::MassCancel { account, symbol, side } => {
                self.mass_cancel(*account, *symbol, *side)
            }
            Input::CancelOnDisconnect { account, enabled } => {
                self.cancel_on_disconnect(*account, *enabled)
            }
            Input::Index { symbol, price } => self.index_input(*symbol, *price),
            Input::Disconnect { account } => self.disconnect(*account),
            Input::Kill { account, engaged } => self.kill(*account, *engaged),
        };
        if let Err((account, reason)) = outcome {
            let (symbol, order) = named(input);
            self.out.push(Event::Rejected { symbol, account: account_id(account), order, reason });
        }
    }

    /// The market of a symbol, or the refusal in that account's name.
    fn known_symbol(&self, symbol: SymbolId, account: AccountId) -> Result<usize, Refusal> {
        if symbol.index() < self.markets.len() {
            Ok(symbol.index())
        } else {
            Err((account.index(), RejectReason::UnknownSymbol))
        }
    }

    fn known_account(&self, account: AccountId) -> Result<usize, Refusal> {
        match self.cash.get(account.index()) {
            Some(Some(_)) => Ok(account.index()),
            _ => Err((account.index(), RejectReason::UnknownAccount)),
        }
    }

    fn cash_of(&mut self, account: usize) -> &mut i128 {
        self.cash[account].as_mut().expect("an account with business is open")
    }

    /// Whether an account is an insurance fund's.
    fn is_fund(&self, account: usize) -> bool {
        account < self.funds
    }

    /// The first symbol of a fund's group, which stands for all of it.
    fn first_of(&self, fund: usize) -> usize {
        self.markets.iter().position(|market| market.fund == fund).expect("it has a market")
    }

    /// Moves an amount into the cash of a symbol's fund and says why.
    fn fund(&mut self, symbol: usize, cause: FundCause, amount: i128) {
        let fund = self.markets[symbol].fund;
        *self.cash_of(fund) += amount;
        self.say_fund(symbol, cause, amount);
    }

    /// Says why the cash of a symbol's fund has just changed.
    fn say_fund(&mut self, symbol: usize, cause: FundCause, amount: i128) {
        let fund = self.markets[symbol].fund;
        self.told[fund] += amount;
        let balance = money(*self.cash_of(fund));
        let symbol = symbol_id(symbol);
        self.out.push(Event::Fund { symbol, cause, amount: money(amount), balance });
    }

    /// What must hold after every input, looked at from scratch.
    fn check(&self) {
        assert!(self.conservation_error() == 0, "money is neither created nor destroyed");
        for (fund, told) in self.told.iter().enumerate() {
            assert!(self.cash[fund] == Some(*told), "events tell of all of a fund's cash");
        }
        for (account, cash) in self.cash.iter().enumerate().skip(self.funds) {
            let owes = cash.unwrap_or(0) < 0 && !self.cross[account];
            assert!(!owes, "account {account} owes nothing: {cash:?}");
        }
        self.check_pools();
        for market in &self.markets {
            let lots: i128 = market.positions.iter().map(|position| position.lots).sum();
            assert!(lots == 0, "every long has its short");
            for position in &market.positions {
                let funded = market.history.rules.funding.is_some();
                assert!(position.margin >= 0 || funded, "only funding takes margin below zero");
                assert!(position.entry >= 0, "an entry value is not negative");
                assert!(
                    position.lots != 0 || position.margin == 0,
                    "a flat position has no margin"
                );
                assert!(position.lots != 0 || position.entry == 0, "a flat position cost nothing");
            }
        }
    }
}

/// Symbol and order that an input names.
fn named(input: &Input) -> (SymbolId, Option<OrderId>) {
    match input {
        Input::Order(order) => (order.symbol, Some(order.order)),
        Input::Cancel { symbol, order, .. }
        | Input::Replace { symbol, order, .. }
        | Input::Link { symbol, order, .. } => (*symbol, Some(*order)),
        Input::Mark { symbol, .. }
        | Input::Index { symbol, .. }
        | Input::Leverage { symbol, .. }
        | Input::Halt { symbol }
        | Input::Reopen { symbol }
        | Input::Indicative { symbol }
        | Input::Block { symbol, .. } => (*symbol, None),
        Input::MassCancel { symbol, .. } => (symbol.unwrap_or(SymbolId(0)), None),
        Input::Deposit { .. }
        | Input::Withdraw { .. }
        | Input::Step
        | Input::SelfTrade { .. }
        | Input::MarginMode { .. }
        | Input::AssetPrice { .. }
        | Input::DepositAsset { .. }
        | Input::WithdrawAsset { .. }
        | Input::CancelOnDisconnect { .. }
        | Input::Disconnect { .. }
        | Input::Kill { .. } => (SymbolId(0), None),
    }
}

fn account_id(account: usize) -> AccountId {
    AccountId(u32::try_from(account).expect("an account's index fits"))
}

fn symbol_id(symbol: usize) -> SymbolId {
    SymbolId(u16::try_from(symbol).expect("a symbol's index fits"))
}

fn price(ticks: i128) -> Price {
    u32::try_from(ticks).ok().and_then(Price::new).expect("a price within the domain")
}

fn qty(lots: i128) -> Qty {
    u32::try_from(lots).ok().and_then(Qty::new).expect("a quantity within the domain")
}

fn money(units: i128) -> Money {
    Money::new(i64::try_from(units).expect("an amount within the domain"))
}
