//! What every population gained or lost, read from the ledger.

use core::ops::Range;
use std::collections::BTreeMap;

use seawall_engine::core::Engine;
use seawall_engine::types::{AccountId, Contract, Money, Ppm, Price, Qty, Side};

use super::summary::{Population, Trading};
use crate::agents::in_market;
use crate::scenario::{Roles, Scenario, small};

/// What agents counted, by population.
pub type Counters = Vec<(String, Vec<(&'static str, u64)>)>;

/// Follows deposits, and the trades of those who are scored.
#[derive(Debug)]
pub(super) struct Populations {
    roles: Roles,
    /// Every population that has accounts, by name.
    accounts: Vec<(String, Range<u32>)>,
    contract: Contract,
    fees: [Ppm; 2],
    /// By account.
    deposits: Vec<i64>,
    /// Of hunter and spoofer, by account from the first of them.
    trading: Vec<Trading>,
}

impl Populations {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let roles = scenario.roles();
        let fee = |ppm: u64| Ppm::new(small(ppm)).unwrap_or(Ppm::ONE);
        Self {
            contract: scenario.contract(),
            fees: [fee(scenario.market.maker_fee_ppm), fee(scenario.market.taker_fee_ppm)],
            accounts: accounts(scenario),
            deposits: vec![0; scenario.accounts() as usize],
            trading: vec![Trading::default(); (roles.spoofer.end - roles.hunter.start) as usize],
            roles,
        }
    }

    pub(super) fn deposited(&mut self, account: AccountId, amount: Money) {
        if let Some(sum) = self.deposits.get_mut(account.index()) {
            *sum += amount.units();
        }
    }

    /// Two orders met; `side` is the taker's.
    #[inline]
    pub(super) fn traded(
        &mut self,
        taker: AccountId,
        maker: AccountId,
        side: Side,
        price: Price,
        qty: Qty,
    ) {
        // Those who are scored are the last accounts; few runs have any.
        if self.trading.is_empty() || taker.0.max(maker.0) < self.roles.hunter.start {
            return;
        }
        self.score(maker, side.opposite(), price, qty, 0);
        self.score(taker, side, price, qty, 1);
    }

    fn score(&mut self, account: AccountId, side: Side, price: Price, qty: Qty, taker: usize) {
        let Some(place) = account.0.checked_sub(self.roles.hunter.start) else { return };
        let Some(trading) = self.trading.get_mut(place as usize) else { return };
        let lots = u64::from(qty.lots());
        let value = self.contract.value(price, lots);
        trading.fees += self.fees[taker].of_floor(value).units();
        match side {
            Side::Buy => {
                trading.bought_lots += lots;
                trading.bought_value += value.units();
            }
            Side::Sell => {
                trading.sold_lots += lots;
                trading.sold_value += value.units();
            }
        }
    }

    /// Every population that has accounts, by name, and the venue with its fees.
    pub(super) fn summarise(
        &self,
        engine: &Engine,
        counters: Counters,
    ) -> BTreeMap<String, Population> {
        let r = &self.roles;
        let mut populations = BTreeMap::new();
        for (name, accounts) in &self.accounts {
            let profit = accounts.clone().map(|account| {
                let equity = engine.equity(AccountId(account)).units();
                i128::from(equity) - i128::from(self.deposits[account as usize])
            });
            let is_scored = ["hunter", "spoofer"].contains(&name.as_str());
            let trading = is_scored.then(|| {
                let place = (accounts.start - r.hunter.start) as usize;
                self.trading[place]
            });
            let population = Population {
                accounts: u64::from(accounts.end - accounts.start),
                profit: i64::try_from(profit.sum::<i128>()).unwrap_or(i64::MAX),
                trading,
                counters: BTreeMap::new(),
            };
            populations.insert(name.clone(), population);
        }
        let fees = Population { profit: engine.venue_fees().units(), ..Population::default() };
        populations.insert("venue".to_owned(), fees);
        for (name, counters) in counters.into_iter().filter(|(_, counters)| !counters.is_empty()) {
            let entry = populations.entry(name).or_default();
            entry.counters = counters.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect();
        }
        populations
    }
}

/// Every population that has accounts.
fn accounts(scenario: &Scenario) -> Vec<(String, Range<u32>)> {
    let names = scenario.market_names();
    let one = |account: u32| account..account + 1;
    let mut all: Vec<(String, Range<u32>)> = match &scenario.fund_names()[..] {
        [_] => vec![("fund".to_owned(), one(0))],
        names => names.iter().map(|name| format!("{name}/fund")).zip((0..).map(one)).collect(),
    };
    for (market, lane) in scenario.lanes().iter().enumerate() {
        let r = lane.roles();
        let of_market: [(&str, Range<u32>); 12] = [
            ("makers", r.makers),
            ("takers", r.takers),
            ("shock", one(r.shock)),
            ("background", one(r.background)),
            ("hedgers", r.hedgers),
            ("holders", r.holders),
            ("arbitrageurs", r.arbitrageurs),
            ("hunter", r.hunter),
            ("spoofer", r.spoofer),
            ("probe", r.probes),
            ("flow", r.flow),
            ("griefer", r.griefer),
        ];
        let named = of_market.map(|(name, accounts)| (in_market(&names, market, name), accounts));
        all.extend(named);
    }
    all.push(("portfolios".to_owned(), scenario.portfolio_accounts()));
    all.retain(|(_, accounts)| !accounts.is_empty());
    all
}
