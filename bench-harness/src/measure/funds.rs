//! Each of several insurance funds: what it had, what it took over, and what it paid.

use std::collections::BTreeMap;

use seawall_engine::core::Engine;
use seawall_engine::types::{AccountId, FundCause, Money, SymbolId};

use super::summary::FundResult;
use super::tables::FundRow;
use crate::scenario::Scenario;

/// What one fund has gone through.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    start: i64,
    peak: i64,
    drawdown: i64,
    paid: i64,
    fees: i64,
    socialised: i64,
    backstop_notional: i64,
    adl_notional: i64,
}

/// Follows the funds of a run.
#[derive(Debug)]
pub(super) struct Funds {
    /// By symbol.
    numbers: Vec<u32>,
    tallies: Vec<Tally>,
    /// Every change of any of them.
    pub(super) rows: Vec<FundRow>,
}

impl Funds {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let numbers = scenario.fund_groups();
        let tallies = vec![Tally::default(); scenario.fund_accounts().len()];
        Self { numbers, tallies, rows: Vec::new() }
    }

    /// Whether an account is a fund's.
    pub(super) fn is_one(&self, account: AccountId) -> bool {
        account.index() < self.tallies.len()
    }

    fn of(&mut self, symbol: SymbolId) -> &mut Tally {
        &mut self.tallies[self.numbers[symbol.index()] as usize]
    }

    pub(super) fn deposited(&mut self, account: AccountId, amount: Money) {
        if let Some(tally) = self.tallies.get_mut(account.index()) {
            tally.start += amount.units();
            tally.peak = tally.start;
        }
    }

    /// The fund of a market takes over so much.
    pub(super) fn took_over(&mut self, symbol: SymbolId, notional: i64) {
        self.of(symbol).backstop_notional += notional;
    }

    /// Positions in a market are closed for so much because its fund does not take them.
    pub(super) fn deleveraged(&mut self, symbol: SymbolId, notional: i64) {
        self.of(symbol).adl_notional += notional;
    }

    /// The cash of a market's fund changes.
    pub(super) fn changed(
        &mut self,
        symbol: SymbolId,
        cause: FundCause,
        (amount, balance): (Money, Money),
        now_ns: u64,
    ) {
        let (amount, balance) = (amount.units(), balance.units());
        let tally = self.of(symbol);
        match cause {
            FundCause::LiquidationFee => tally.fees += amount,
            FundCause::Unwind | FundCause::Deleverage | FundCause::Shortfall => {
                tally.paid -= amount;
            }
            FundCause::Socialised => tally.socialised += amount,
            FundCause::Funding | FundCause::Collateral => {}
        }
        tally.peak = tally.peak.max(balance);
        tally.drawdown = tally.drawdown.max(tally.peak - balance);
        let (cause, fund) = (u32::from(cause as u8), self.numbers[symbol.index()]);
        self.rows.push(FundRow { time_ns: now_ns, cause, amount, balance, fund });
    }

    /// What they took in as fees, and what they paid.
    pub(super) fn totals(&self) -> (i64, i64) {
        let sum = |of: fn(&Tally) -> i64| self.tallies.iter().map(of).sum();
        (sum(|tally| tally.fees), sum(|tally| tally.paid))
    }

    /// Every fund by name; nothing where there is one for the venue.
    pub(super) fn summarise(
        &self,
        scenario: &Scenario,
        engine: &Engine,
    ) -> BTreeMap<String, FundResult> {
        if self.tallies.len() == 1 {
            return BTreeMap::new();
        }
        let markets = |fund: u32| {
            let named = self.numbers.iter().zip(scenario.market_names());
            named.filter(|(number, _)| **number == fund).map(|(_, name)| name).collect()
        };
        let result = |(fund, tally): (u32, &Tally)| FundResult {
            number: u64::from(fund),
            markets: markets(fund),
            start: tally.start,
            cash: engine.cash(AccountId(fund)).units(),
            drawdown: tally.drawdown,
            paid: tally.paid,
            fees: tally.fees,
            backstop_notional: tally.backstop_notional,
            adl_notional: tally.adl_notional,
            socialised: tally.socialised,
        };
        scenario.fund_names().into_iter().zip((0..).zip(&self.tallies).map(result)).collect()
    }
}
