//! Ranks the positions that auto-deleveraging may close: profit times leverage, highest first
//! (Binance, Bybit; `docs/LIQUIDATION.md`, ADL).

use std::cmp::Reverse;

use crate::risk::{MarketRules, Position};
use crate::types::{AccountId, Money, Ppm, Price, Side};

/// Scratch space for a ranking, taken once so that ranking does not allocate.
#[derive(Debug)]
pub(crate) struct AdlRanking {
    ranked: Vec<(Reverse<i128>, AccountId)>,
}

impl AdlRanking {
    /// Room to rank every account.
    pub(crate) fn new(accounts_max: u32) -> Self {
        Self { ranked: Vec::with_capacity(accounts_max as usize) }
    }

    /// Ranks the candidates for closing a position on `side` at `price`. `excluded` is the account
    /// being closed.
    pub(crate) fn rank(
        &mut self,
        rules: &MarketRules,
        positions: &[Position],
        excluded: AccountId,
        side: Side,
        price: Price,
        mark: Price,
    ) {
        self.ranked.clear();
        for (account, position) in (0..).map(AccountId).zip(positions) {
            let is_candidate = account != AccountId::FUND
                && account != excluded
                && !position.is_locked()
                && position.side() == Some(side.opposite())
                && position.profit(rules.contract, price).is_positive();
            if is_candidate {
                self.ranked.push((Reverse(score(rules, position, mark)), account));
            }
        }
        self.ranked.sort_unstable();
    }

    /// The candidate of that rank, from 0.
    pub(crate) fn get(&self, rank: usize) -> Option<AccountId> {
        self.ranked.get(rank).map(|(_, account)| *account)
    }
}

fn score(rules: &MarketRules, position: &Position, mark: Price) -> i128 {
    let scale = i128::from(Ppm::SCALE);
    let at_least_one = |money: Money| money.wide().max(1);
    let profit = position.profit(rules.contract, mark);
    let value = rules.contract.value(mark, position.size());
    let gain = (profit.wide() * scale).div_euclid(at_least_one(position.entry()));
    let leverage = (value.wide() * scale).div_euclid(at_least_one(position.margin() + profit));
    gain * leverage
}
