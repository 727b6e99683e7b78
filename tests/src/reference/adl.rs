//! "ADL policies": who gives how much of what is deleveraged.

use seawall_engine::liquidation::{AdlPolicy, AdlPrice};
use seawall_engine::types::Side;

use super::Reference;
use super::market::{MILLION, Position, floor_div};

/// Somebody who could give.
#[derive(Clone, Copy, Debug)]
struct Giver {
    account: usize,
    held: i128,
    gives: i128,
    /// Rank or weight.
    weight: i128,
}

impl Reference {
    /// The price at which deleveraged positions close when the closed one's own is `at`.
    pub(super) fn adl_price(&self, symbol: usize, at: i128) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        match self.rules.venue.adl.price {
            AdlPrice::Bankruptcy => at,
            AdlPrice::Mark => mark,
            AdlPrice::PreviousMark => market.mark_before.unwrap_or(mark),
            AdlPrice::Oracle => market.index.unwrap_or(mark),
        }
    }

    /// Who gives how many lots, in the order in which they are asked.
    pub(super) fn givers(
        &mut self,
        symbol: usize,
        account: usize,
        side: Side,
        lots: i128,
        at: i128,
    ) -> Vec<(usize, i128)> {
        let adl = self.rules.venue.adl;
        let most = usize::try_from(adl.counterparties_max).expect("an index fits");
        let draw = (self.seq << 16) + self.deleveragings;
        self.deleveragings += 1;
        let mut givers = self.possible_givers(symbol, account, side, at);
        let by_rank = |givers: &mut Vec<Giver>| {
            givers.sort_by_key(|giver| (-giver.weight, giver.account));
        };
        let ranked = matches!(
            adl.policy,
            AdlPolicy::ProfitLeverage
                | AdlPolicy::BitMex
                | AdlPolicy::LeveragePnl
                | AdlPolicy::PriceRatioLeverage
        );
        if adl.policy == AdlPolicy::RandomOffset && !givers.is_empty() {
            let count = u64::try_from(givers.len()).expect("a length fits");
            let first = scramble(adl.seed ^ scramble(draw)) % count;
            for _ in 0..first {
                let giver = givers.remove(0);
                givers.push(giver);
            }
        } else if ranked || givers.len() > most {
            by_rank(&mut givers);
        }
        givers.truncate(most);
        if ranked || adl.policy == AdlPolicy::RandomOffset {
            one_after_the_other(&mut givers, lots);
        } else {
            givers.sort_by_key(|giver| giver.account);
            together(adl.policy, &mut givers, lots);
        }
        let gives = givers.iter().filter(|giver| giver.gives > 0);
        gives.map(|giver| (giver.account, giver.gives)).collect()
    }

    fn possible_givers(&self, symbol: usize, closed: usize, side: Side, at: i128) -> Vec<Giver> {
        let market = &self.markets[symbol];
        let policy = self.rules.venue.adl.policy;
        let mut found = Vec::new();
        for (account, position) in market.positions.iter().enumerate() {
            let excluded = self.is_fund(account) || account == closed || position.locked;
            if excluded || position.on(side.opposite()) == 0 {
                continue;
            }
            let profit = market.profit_at(position, at);
            let takes_losers = policy == AdlPolicy::BitMex || policy == AdlPolicy::RandomOffset;
            if if takes_losers { position.margin + profit < 0 } else { profit <= 0 } {
                continue;
            }
            let weight = self.weight(symbol, account, position);
            found.push(Giver { account, held: position.lots.abs(), gives: 0, weight });
        }
        found
    }

    fn weight(&self, symbol: usize, account: usize, position: &Position) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let held = position.lots.abs();
        let value = market.value(mark, held);
        let profit = market.profit_at(position, mark);
        let equity = position.margin + profit;
        let leverage = floor_div(value * MILLION, equity.max(1));
        let on = |base: i128| floor_div(profit * MILLION, base.max(1));
        match self.rules.venue.adl.policy {
            AdlPolicy::ProfitLeverage => on(position.entry) * leverage,
            AdlPolicy::BitMex if on(position.entry) > 0 => on(position.entry) * leverage,
            AdlPolicy::BitMex => floor_div(on(position.entry) * MILLION * MILLION, leverage.max(1)),
            AdlPolicy::LeveragePnl => {
                let maintenance = market.maintenance(value);
                let ratio = if equity > 0 { floor_div(maintenance * MILLION, equity) } else { 0 };
                on(position.margin).max(0) * ratio
            }
            AdlPolicy::PriceRatioLeverage => {
                let ratio = if market.direction(position.side()) == 1 {
                    floor_div(value * MILLION, position.entry.max(1))
                } else {
                    floor_div(position.entry * MILLION, value.max(1))
                };
                ratio * leverage
            }
            AdlPolicy::RandomOffset => 0,
            AdlPolicy::ProRataContracts => held,
            AdlPolicy::ProRataWealth | AdlPolicy::WaterFilling => {
                let reserved: i128 = self
                    .markets
                    .iter()
                    .flat_map(|market| {
                        let own = market.orders.iter().filter(|order| order.account == account);
                        own.map(|order| market.reserve_of(order))
                    })
                    .sum();
                (self.cash[account].unwrap_or(0) + reserved + equity).max(1)
            }
            AdlPolicy::ProRataEquity | AdlPolicy::MinMax | AdlPolicy::LeverageDraining => {
                equity.max(1)
            }
            AdlPolicy::ProRataProfit => profit.max(1),
            AdlPolicy::RiskWeighted => (held * leverage.min(1_000 * MILLION)).max(1),
        }
    }
}

fn one_after_the_other(givers: &mut [Giver], mut lots: i128) {
    for giver in givers {
        giver.gives = giver.held.min(lots);
        lots -= giver.gives;
    }
}

fn together(policy: AdlPolicy, givers: &mut [Giver], lots: i128) {
    let mut left = lots;
    match policy {
        AdlPolicy::MinMax | AdlPolicy::LeverageDraining => {
            while left > 0 {
                // Compared as fractions: a/b < c/d where a·d < c·b.
                let mut next: Option<usize> = None;
                for number in 0..givers.len() {
                    let giver = givers[number];
                    if giver.gives == giver.held {
                        continue;
                    }
                    let ahead = next.is_none_or(|best| {
                        let best = givers[best];
                        if policy == AdlPolicy::MinMax {
                            (giver.gives + 1) * best.weight < (best.gives + 1) * giver.weight
                        } else {
                            (giver.held - giver.gives) * best.weight
                                > (best.held - best.gives) * giver.weight
                        }
                    });
                    if ahead {
                        next = Some(number);
                    }
                }
                let Some(next) = next else { return };
                givers[next].gives += 1;
                left -= 1;
            }
        }
        AdlPolicy::WaterFilling | AdlPolicy::RiskWeighted => {
            while left > 0 && givers.iter().any(|giver| giver.gives < giver.held) {
                let before = left;
                left = by_weight(givers, left);
                if left == before {
                    left = one_each(givers, left);
                }
            }
        }
        _ => {
            left = by_weight(givers, left);
            one_each(givers, left);
        }
    }
}

/// A round in proportion to weight; what is left after it.
fn by_weight(givers: &mut [Giver], lots: i128) -> i128 {
    let total: i128 = givers.iter().filter(|g| g.gives < g.held).map(|g| g.weight).sum();
    let mut left = lots;
    for giver in givers.iter_mut().filter(|giver| giver.gives < giver.held) {
        let part = floor_div(lots * giver.weight, total).min(giver.held - giver.gives);
        giver.gives += part;
        left -= part;
    }
    left
}

/// One lot from each that has one, while there is need; what is left after it.
fn one_each(givers: &mut [Giver], mut left: i128) -> i128 {
    for giver in givers {
        if left > 0 && giver.gives < giver.held {
            giver.gives += 1;
            left -= 1;
        }
    }
    left
}

/// splitmix64's output for a state.
pub(super) fn scramble(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9_u64), (27, 0x94d0_49bb_1331_11eb)] {
        z = (z ^ (z >> shift)).wrapping_mul(factor);
    }
    z ^ (z >> 31)
}
