//! Random inputs that reach everything: a swarm of seeds, each with rules and habits of its own.
//!
//! Each seed switches a random half of the features off, so that rare combinations are not
//! drowned by all features at once. The reference's state steers: orders are mostly affordable
//! and mostly near the market, marks walk and jump, ids are reused, cancels come late.

mod accounts;
mod collateral;
mod dice;
mod junk;
mod orders;
mod prices;
mod rules;

use seawall_engine::types::{AccountId, Input, Money, Ppm, Price, Seq, Sequenced, Side, SymbolId};

use crate::reference::Reference;
use crate::setup::Setup;
use dice::Dice;

/// What an input is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Order,
    Cancel,
    Replace,
    Mark,
    Deposit,
    FundDeposit,
    Withdraw,
    Leverage,
    Block,
    Step,
    Junk,
    Account,
    MassCancel,
    Index,
    Link,
    Auction,
    MarginMode,
    Collateral,
}

/// Kinds of order that a seed may do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    ImmediateOrCancel,
    FillOrKill,
    PostOnly,
    Market,
    ReduceOnly,
    GoodTill,
    Slide,
    AtLeast,
    MarketToLimit,
    Iceberg,
    Stop,
    Trailing,
}

const KINDS: [Kind; 12] = [
    Kind::ImmediateOrCancel,
    Kind::FillOrKill,
    Kind::PostOnly,
    Kind::Market,
    Kind::ReduceOnly,
    Kind::GoodTill,
    Kind::Slide,
    Kind::AtLeast,
    Kind::MarketToLimit,
    Kind::Iceberg,
    Kind::Stop,
    Kind::Trailing,
];

/// What a seed does, and how often.
#[derive(Clone, Debug)]
struct Habits {
    /// Themes, each as often as its weight.
    themes: Vec<(Theme, u64)>,
    /// Percent of orders priced to trade at once.
    crossing: u64,
    /// Percent of marks that jump.
    jumps: u64,
    /// Most lots of an order.
    lots: u32,
    /// How far passive orders lie from the mark, in hundredths of it.
    spread: u32,
    /// What the fund is given at a time, in hundredths of a few orders' value.
    fund_percent: i64,
    /// Percent of accounts that are cross, of those that set their mode.
    cross: u64,
    /// Kinds of order that the seed uses beside limit orders.
    kinds: Vec<Kind>,
}

impl Habits {
    fn new(dice: &mut Dice) -> Self {
        let mut themes = vec![(Theme::Order, 2_300), (Theme::Mark, dice.pick(&[20, 60, 120]))];
        let optional = [
            (Theme::Cancel, dice.pick(&[40, 90, 200])),
            (Theme::Replace, 100),
            (Theme::FundDeposit, dice.pick(&[2, 10, 30])),
            (Theme::Withdraw, 25),
            (Theme::Leverage, 20),
            (Theme::Block, 30),
            (Theme::Step, 50),
            (Theme::Junk, 54),
            (Theme::Account, dice.pick(&[16, 40])),
            (Theme::Index, dice.pick(&[5, 20])),
            (Theme::MassCancel, dice.pick(&[6, 16])),
            (Theme::Link, dice.pick(&[60, 130])),
            (Theme::Auction, dice.pick(&[6, 14])),
            (Theme::MarginMode, dice.pick(&[6, 25])),
            (Theme::Collateral, dice.pick(&[60, 180])),
        ];
        themes.push((Theme::Deposit, dice.pick(&[30, 60])));
        themes.extend(optional.into_iter().filter(|_| dice.percent(70)));
        Self {
            themes,
            crossing: dice.pick(&[80, 86, 90]),
            jumps: dice.pick(&[0, 5, 15, 30]),
            lots: dice.pick(&[3, 10, 30]),
            spread: dice.pick(&[3, 8, 20]),
            fund_percent: dice.pick(&[1, 5, 30, 30, 200, 2_000]),
            cross: dice.pick(&[0, 50, 95]),
            kinds: KINDS.into_iter().filter(|_| dice.percent(65)).collect(),
        }
    }

    /// Of rules under which forced orders rest: marks that come and go, and more cross accounts; now and
    /// then a fund that cannot pay.
    fn let_rest(&mut self, dice: &mut Dice) {
        self.jumps = self.jumps.min(15);
        self.themes.push((Theme::Mark, dice.pick(&[50, 150, 300])));
        if dice.percent(50) {
            self.cross = 95;
            self.themes.push((Theme::MarginMode, 60));
        }
        if dice.percent(50) {
            self.fund_percent = 1;
        }
    }

    /// Of several funds: cross accounts that end up owing more than they have, to any of them.
    fn share(&mut self, dice: &mut Dice) {
        if dice.percent(75) {
            self.cross = 95;
            self.jumps = self.jumps.max(15);
            self.themes.push((Theme::MarginMode, 100));
            self.themes.push((Theme::Collateral, 130));
        }
    }

    fn uses(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    fn theme(&self, dice: &mut Dice) -> Theme {
        let total: u64 = self.themes.iter().map(|(_, weight)| weight).sum();
        let mut ball = dice.range(1, total);
        for (theme, weight) in &self.themes {
            if ball <= *weight {
                return *theme;
            }
            ball -= weight;
        }
        unreachable!("the ball lies within the sum of the weights")
    }
}

/// The inputs of one seed.
#[derive(Clone, Debug)]
pub struct Generator {
    dice: Dice,
    setup: Setup,
    habits: Habits,
    seq: u64,
    time_ns: u64,
    /// Whether the shard's kill switch is engaged.
    killed: bool,
}

impl Generator {
    /// The inputs of that seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let setup = rules::setup(&mut dice);
        let mut habits = Habits::new(&mut dice);
        if setup.liquidation.venue.order.unfilled.rests() {
            habits.let_rest(&mut dice);
        }
        if setup.funds() > 1 {
            habits.share(&mut dice);
        }
        Self { dice, setup, habits, seq: 0, time_ns: 0, killed: false }
    }

    /// Rules of the shard.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The next input, chosen with a look at what the shard has become.
    pub fn next(&mut self, shard: &Reference) -> Sequenced {
        let input = self.input(shard);
        self.seq += 1;
        self.time_ns += match self.dice.range(1, 20) {
            1..=5 => 0,
            6..=18 => self.dice.range(1, 15),
            19 => self.dice.range(16, 200),
            _ => self.dice.range(201, 3_000),
        };
        if self.habits.uses(Kind::GoodTill) && self.dice.percent(2) {
            self.time_ns += self.dice.range(1, 900_000_000);
        }
        let lag = if self.dice.percent(50) { self.dice.range(0, 60) } else { 0 };
        Sequenced {
            seq: Seq(self.seq),
            time_ns: self.time_ns,
            ingress_ns: self.time_ns.saturating_sub(lag),
            input,
        }
    }

    fn input(&mut self, shard: &Reference) -> Input {
        let symbol = self.symbol();
        if shard.mark(symbol).is_none() && self.dice.percent(10) {
            return self.mark(shard, symbol);
        }
        if self.killed && self.dice.percent(15) {
            self.killed = false;
            return Input::Kill { account: None, engaged: false };
        }
        // A market that is halted for long trades little.
        if shard.is_halted(symbol) && self.dice.percent(12) {
            return match self.dice.range(1, 4) {
                1 => Input::Indicative { symbol },
                _ => Input::Reopen { symbol },
            };
        }
        match self.habits.theme(&mut self.dice) {
            Theme::Order => self.order(shard, symbol),
            Theme::Cancel => self.cancel(shard, symbol),
            Theme::Replace => self.replace(shard, symbol),
            Theme::Mark => self.mark(shard, symbol),
            Theme::Deposit => {
                let account = self.client();
                self.deposit(shard, symbol, account)
            }
            Theme::FundDeposit => {
                let fund = self.fund();
                self.deposit(shard, symbol, fund)
            }
            Theme::Withdraw => self.withdraw(shard),
            Theme::Leverage => self.leverage(shard, symbol),
            Theme::Block => self.block(shard, symbol),
            Theme::Step => Input::Step,
            Theme::Junk => self.junk(shard, symbol),
            Theme::Account => self.account_setting(),
            Theme::Index => match self.mark(shard, symbol) {
                Input::Mark { symbol, price } => Input::Index { symbol, price },
                other => other,
            },
            Theme::MassCancel => self.mass_cancel(shard, symbol),
            Theme::Link => self.link(shard, symbol),
            Theme::Auction => self.auction(shard, symbol),
            Theme::MarginMode => self.margin_mode(shard),
            Theme::Collateral => self.collateral(shard),
        }
    }

    /// A halt, its end, or a question in between; now and then at the wrong time.
    fn auction(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let symbol = if self.dice.percent(3) { SymbolId(9) } else { symbol };
        let halted = symbol.index() < self.setup.markets.len() && shard.is_halted(symbol);
        match (self.dice.range(1, 10), halted) {
            (7..=9, true) | (8, false) => Input::Reopen { symbol },
            (1..=7, false) | (10, true) => Input::Halt { symbol },
            _ => Input::Indicative { symbol },
        }
    }

    fn symbol(&mut self) -> SymbolId {
        let last = u64::try_from(self.setup.markets.len() - 1).expect("few markets");
        SymbolId(u16::try_from(self.dice.range(0, last)).expect("few markets"))
    }

    /// Any account but the funds.
    fn client(&mut self) -> AccountId {
        let (first, most) = (self.setup.funds(), self.setup.accounts_max);
        AccountId(self.dice.range_u32(first, most - 1))
    }

    /// Any fund.
    fn fund(&mut self) -> AccountId {
        let last = self.setup.funds() - 1;
        AccountId(self.dice.range_u32(0, last))
    }

    fn side(&mut self) -> Side {
        self.dice.pick(&[Side::Buy, Side::Sell])
    }

    fn domain(&self, symbol: SymbolId) -> (u32, u32) {
        let reference = self.setup.markets[symbol.index()].reference.ticks();
        ((reference / 20).max(1), reference * 20)
    }

    /// The price of the domain nearest to a number of ticks.
    fn price(&self, symbol: SymbolId, ticks: i64) -> Price {
        let (low, high) = self.domain(symbol);
        let ticks = ticks.clamp(i64::from(low), i64::from(high));
        u32::try_from(ticks).ok().and_then(Price::new).expect("it is in the domain")
    }

    /// Where the market is: its mark, or the price it was designed for.
    fn centre(&self, shard: &Reference, symbol: SymbolId) -> i64 {
        let reference = self.setup.markets[symbol.index()].reference;
        i64::from(shard.mark(symbol).unwrap_or(reference).ticks())
    }

    /// A walk that stays near the reference price, with jumps, and now and then an extreme.
    fn mark(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let reference = i64::from(self.setup.markets[symbol.index()].reference.ticks());
        let now = self.centre(shard, symbol);
        let jump = self.dice.percent(self.habits.jumps);
        let percent = if jump {
            self.dice.pick(&[-35, -25, -15, -8, 8, 15, 25, 40])
        } else {
            self.dice.pick(&[-4, -2, -1, 0, 1, 2, 4])
        };
        let step = self.dice.pick(&[-1, 0, 1]);
        let mut ticks = now + now * percent / 100 + step;
        let strayed = now > 3 * reference || now < reference / 3;
        if strayed && self.dice.percent(40) {
            ticks = i64::midpoint(now, reference);
        }
        if self.dice.range(1, 150) == 1 {
            let (low, high) = self.domain(symbol);
            ticks = i64::from(self.dice.pick(&[low, high]));
        }
        Input::Mark { symbol, price: self.price(symbol, ticks) }
    }

    /// Enough for a few orders, rarely for many; the fund gets less than it may need.
    fn deposit(&mut self, shard: &Reference, symbol: SymbolId, account: AccountId) -> Input {
        let price = self.price(symbol, self.centre(shard, symbol));
        let lots = self.dice.range_u32(1, 2 * self.habits.lots);
        let value = i64::try_from(shard.value(symbol, price, lots)).expect("small");
        let amount = if account.0 < self.setup.funds() {
            i64::try_from(i128::from(value) * i128::from(self.habits.fund_percent) / 100)
                .unwrap_or(value)
        } else {
            value / self.dice.pick(&[1, 2, 4, 10])
        };
        Input::Deposit { account, amount: Money::new(amount.max(1)) }
    }

    fn withdraw(&mut self, shard: &Reference) -> Input {
        let account = self.client();
        let cash = shard.cash(account).units();
        let amount = if self.dice.percent(70) { cash / 2 } else { cash + 1 };
        Input::Withdraw { account, amount: Money::new(amount) }
    }

    fn leverage(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let least = self.setup.markets[symbol.index()].tiers[0].initial.parts();
        let mut account = self.client();
        for _ in 0..4 {
            if shard.position(symbol, account).lots == 0 {
                break;
            }
            account = self.client();
        }
        let parts = match self.dice.range(1, 10) {
            1..=6 => self.dice.range_u32(least, (3 * least).min(Ppm::SCALE)),
            7 | 8 => self.dice.range_u32(least, Ppm::SCALE),
            9 => least,
            _ => least - 1,
        };
        let initial = Ppm::new(parts).expect("at most one");
        Input::Leverage { symbol, account, initial }
    }
}
