//! Which insurance fund answers for which market: one for the venue, one for each market, or one for
//! each group of them. Funds are numbered in the order of their first markets, and so are their
//! accounts, which are the first ones.

use core::ops::Range;

use seawall_engine::types::{AccountId, Input};
use serde::{Deserialize, Serialize};

use super::spec::Scenario;

/// How many insurance funds a venue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FundScope {
    /// One for each market, called like it.
    Symbol,
    /// One for each group that markets name, called like it.
    Group,
    /// One for all markets.
    Venue,
}

/// What one of several insurance funds has of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundSpec {
    /// What it has at the start, instead of `liquidation.fund_currency`.
    pub start_currency: u64,
}

/// What the fund is called where there is one for the venue.
const VENUE_FUND: &str = "venue";

impl Scenario {
    /// By symbol: the name of the fund that answers for the market. Asked of the whole scenario, not
    /// of a view of one market.
    fn funds_by_symbol(&self) -> Vec<String> {
        let names = self.market_names();
        match self.liquidation.fund_scope {
            FundScope::Symbol => names,
            FundScope::Group => {
                let further = self.markets.values().map(|further| &further.market);
                let markets = core::iter::once(&self.market).chain(further);
                markets.map(|market| market.fund_group.clone()).collect()
            }
            FundScope::Venue => vec![VENUE_FUND.to_owned(); names.len()],
        }
    }

    /// The funds' names, in the order of their accounts.
    pub fn fund_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.funds_by_symbol() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// By symbol: the number of the fund that answers for the market.
    pub fn fund_groups(&self) -> Vec<u32> {
        let names = self.fund_names();
        let number = |of: String| (0..).zip(&names).find(|(_, name)| **name == of);
        let by_symbol = self.funds_by_symbol().into_iter();
        by_symbol.map(|name| number(name).map_or(0, |(number, _)| number)).collect()
    }

    /// The funds' accounts.
    pub fn fund_accounts(&self) -> Range<u32> {
        0..match self.lane.funds {
            // One market knows what the scenario had counted.
            Some(funds) => funds,
            None if self.liquidation.fund_scope == FundScope::Venue => 1,
            None => u32::try_from(self.fund_names().len()).expect("no more funds than markets"),
        }
    }

    /// The number by which an account draws: what it would be if there were one fund, so that what
    /// funds there are changes nobody else's noise.
    pub(crate) fn drawn_by(&self, account: AccountId) -> u32 {
        account.0 + 1 - self.fund_accounts().end
    }

    /// What each fund has at the start, in whole units of the currency.
    pub(super) fn fund_starts(&self) -> Vec<u64> {
        let start = |name: &String| {
            self.funds.get(name).map_or(self.liquidation.fund_currency, |own| own.start_currency)
        };
        self.fund_names().iter().map(start).collect()
    }

    /// The deposits that the funds start with.
    pub(crate) fn fund_deposits(&self) -> Vec<Input> {
        let starts = (0..).map(AccountId).zip(self.fund_starts());
        let deposits = starts.map(|(account, currency)| (account, self.money(currency)));
        let some = deposits.filter(|(_, amount)| amount.is_positive());
        some.map(|(account, amount)| Input::Deposit { account, amount }).collect()
    }
}
