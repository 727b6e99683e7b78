//! Who is deleveraged, and by how much (`docs/LIQUIDATION.md`, ADL policies).
//!
//! A policy turns a quantity into shares of it. Ranks ask one candidate after the other for all it
//! has; the others share among all candidates at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::seen::{SCALE, Seen};
use super::venue::{Adl, AdlPolicy};
use crate::risk::{Ledger, MarketRules, Position};
use crate::types::{AccountId, Money, Price, Side};

/// What is to be closed, against whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) rules: &'a MarketRules,
    pub(crate) positions: &'a [Position],
    pub(crate) ledger: &'a Ledger,
    /// The account being closed.
    pub(crate) excluded: AccountId,
    /// The side of its position.
    pub(crate) side: Side,
    pub(crate) lots: u64,
    /// The price at which both close.
    pub(crate) price: Price,
    pub(crate) mark: Price,
    /// Number of this deleveraging: sequence number of the input times 2^16, plus how many there
    /// were before it in that input.
    pub(crate) draw: u64,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    account: AccountId,
    lots: u64,
    given: u64,
    /// Rank of a ranking (highest first), weight of a sharing policy.
    weight: i128,
}

/// Scratch space, taken once so that deleveraging does not allocate.
#[derive(Debug)]
pub(crate) struct Deleveraging {
    candidates: Vec<Candidate>,
    heap: BinaryHeap<Turn>,
}

/// Whose turn it is to give one lot; the greatest goes first.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    /// A ratio: the larger one goes first.
    ratio: (i128, i128),
    candidate: Reverse<usize>,
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (one, two) = (self.ratio.0 * other.ratio.1, other.ratio.0 * self.ratio.1);
        one.cmp(&two).then_with(|| self.candidate.cmp(&other.candidate))
    }
}

impl Deleveraging {
    /// Room for every account.
    pub(crate) fn new(accounts_max: u32) -> Self {
        let room = accounts_max as usize;
        Self { candidates: Vec::with_capacity(room), heap: BinaryHeap::with_capacity(room) }
    }

    /// Shares a quantity out by a policy.
    pub(crate) fn share_out(&mut self, adl: &Adl, case: &Case<'_>) {
        self.find(adl.policy, case);
        match adl.policy {
            AdlPolicy::ProfitLeverage
            | AdlPolicy::BitMex
            | AdlPolicy::LeveragePnl
            | AdlPolicy::PriceRatioLeverage => self.sort(),
            AdlPolicy::RandomOffset => self.rotate(adl.seed, case.draw),
            _ => {}
        }
        if adl.policy.is_sharing() && self.candidates.len() > adl.counterparties_max as usize {
            // The heaviest ones share; in order of account.
            self.sort();
            self.candidates.truncate(adl.counterparties_max as usize);
            self.candidates.sort_unstable_by_key(|candidate| candidate.account);
        }
        self.candidates.truncate(adl.counterparties_max as usize);
        match adl.policy {
            AdlPolicy::ProRataContracts
            | AdlPolicy::ProRataWealth
            | AdlPolicy::ProRataEquity
            | AdlPolicy::ProRataProfit => {
                let left = self.in_proportion(case.lots);
                self.one_lot_each(left);
            }
            AdlPolicy::WaterFilling | AdlPolicy::RiskWeighted => self.refill(case.lots),
            AdlPolicy::MinMax => self.by_turns(case.lots, |given, _| given + 1, true),
            AdlPolicy::LeverageDraining => {
                self.by_turns(case.lots, |given, lots| lots - given, false);
            }
            _ => self.in_order(case.lots),
        }
    }

    /// The share of that number, from 0: account and lots.
    pub(crate) fn share(&self, number: usize) -> Option<(AccountId, u64)> {
        self.candidates.get(number).map(|candidate| (candidate.account, candidate.given))
    }

    /// Collects the candidates by account.
    fn find(&mut self, policy: AdlPolicy, case: &Case<'_>) {
        self.candidates.clear();
        for (account, position) in (0..).map(AccountId).zip(case.positions) {
            let is_open = !position.is_fund()
                && account != case.excluded
                && !position.is_locked()
                && position.side() == Some(case.side.opposite());
            if !is_open {
                continue;
            }
            let profit = position.profit(case.rules.contract, case.price);
            let may_lose = matches!(policy, AdlPolicy::BitMex | AdlPolicy::RandomOffset);
            let is_candidate = if may_lose {
                !(position.margin() + profit).is_negative()
            } else {
                profit.is_positive()
            };
            if let (true, Some(seen)) = (is_candidate, Seen::at(case.rules, position, case.mark)) {
                let weight = policy.weight(&seen, || wealth(case.ledger, account));
                let lots = position.size();
                self.candidates.push(Candidate { account, lots, given: 0, weight });
            }
        }
    }

    /// The greatest weight first, then by account.
    fn sort(&mut self) {
        let order = |candidate: &Candidate| (Reverse(candidate.weight), candidate.account);
        self.candidates.sort_unstable_by_key(order);
    }

    fn rotate(&mut self, seed: u64, draw: u64) {
        let Some(count) = std::num::NonZeroU64::new(self.candidates.len() as u64) else { return };
        let first = usize::try_from(mix(seed ^ mix(draw)) % count).expect("less than a length");
        self.candidates.rotate_left(first);
    }

    /// Each gives all it has until it is enough.
    fn in_order(&mut self, mut left: u64) {
        for candidate in &mut self.candidates {
            candidate.given = candidate.lots.min(left);
            left -= candidate.given;
        }
    }

    /// One round by weight among those that still have something; returns what is left.
    fn in_proportion(&mut self, lots: u64) -> u64 {
        let open = |candidate: &&Candidate| candidate.given < candidate.lots;
        let total: i128 = self.candidates.iter().filter(open).map(|c| c.weight).sum();
        let mut left = lots;
        for candidate in self.candidates.iter_mut().filter(|c| c.given < c.lots) {
            let share = i128::from(lots) * candidate.weight / total;
            let share = u64::try_from(share).expect("a part of the quantity");
            let share = share.min(candidate.lots - candidate.given);
            candidate.given += share;
            left -= share;
        }
        left
    }

    /// At most one lot each by account; returns what is left.
    fn one_lot_each(&mut self, mut left: u64) -> u64 {
        for candidate in self.candidates.iter_mut().filter(|c| c.given < c.lots) {
            if left == 0 {
                break;
            }
            candidate.given += 1;
            left -= 1;
        }
        left
    }

    /// Rounds by weight until it is enough or nobody has any more.
    fn refill(&mut self, mut left: u64) {
        while left > 0 && self.candidates.iter().any(|c| c.given < c.lots) {
            let after = self.in_proportion(left);
            left = if after == left { self.one_lot_each(left) } else { after };
        }
    }

    /// One lot at a time from whoever's `share` of its equity (its weight) is the smallest, or the
    /// largest; between equals from the first by account.
    fn by_turns(&mut self, lots: u64, share: impl Fn(u64, u64) -> u64, smallest: bool) {
        let mut left = lots.min(self.candidates.iter().map(|candidate| candidate.lots).sum());
        left -= self.leap(left, smallest);
        let turn = |number: usize, candidate: &Candidate| {
            let share = i128::from(share(candidate.given, candidate.lots));
            let ratio =
                if smallest { (candidate.weight, share) } else { (share, candidate.weight) };
            Turn { ratio, candidate: Reverse(number) }
        };
        self.heap.clear();
        let open = self.candidates.iter().enumerate().filter(|(_, c)| c.given < c.lots);
        self.heap.extend(open.map(|(number, candidate)| turn(number, candidate)));
        while left > 0 {
            let Reverse(number) =
                self.heap.pop().expect("no more is shared than there is").candidate;
            let candidate = &mut self.candidates[number];
            candidate.given += 1;
            left -= 1;
            if candidate.given < candidate.lots {
                let next = turn(number, &self.candidates[number]);
                self.heap.push(next);
            }
        }
    }

    /// Gives at one go what the turns would give before they reach a common ratio, on a grid of
    /// 2^-30 lots per unit of equity; returns how much that is. The rest is left to the turns.
    fn leap(&mut self, lots: u64, smallest: bool) -> u64 {
        let at = |candidate: &Candidate, level: i128| {
            let lots = i128::from(candidate.lots);
            let common = (level * candidate.weight) >> 30;
            let given = if smallest { common } else { lots - common };
            u64::try_from(given.clamp(0, lots)).expect("at most a position")
        };
        let total = |candidates: &[Candidate], level: i128| {
            candidates.iter().map(|candidate| at(candidate, level)).sum::<u64>()
        };
        // The level rises with what is given for the smallest, falls for the largest.
        let fits = |level: i128| total(&self.candidates, level) <= lots;
        let (mut low, mut high) = (0_i128, 1_i128 << 62);
        while high - low > 1 {
            let middle = i128::midpoint(low, high);
            if fits(middle) == smallest { low = middle } else { high = middle }
        }
        let level = if smallest { low } else { high };
        let mut given = 0;
        for candidate in &mut self.candidates {
            candidate.given = at(candidate, level);
            given += candidate.given;
        }
        given
    }
}

impl AdlPolicy {
    /// Whether everybody gives at once.
    const fn is_sharing(self) -> bool {
        matches!(
            self,
            Self::ProRataContracts
                | Self::ProRataWealth
                | Self::ProRataEquity
                | Self::ProRataProfit
                | Self::WaterFilling
                | Self::RiskWeighted
                | Self::MinMax
                | Self::LeverageDraining
        )
    }

    /// Rank or weight of a candidate.
    fn weight(self, seen: &Seen<'_>, cash: impl FnOnce() -> Money) -> i128 {
        let gain = |base: i128| (seen.profit * SCALE).div_euclid(base.max(1));
        match self {
            Self::ProfitLeverage => gain(seen.entry()) * seen.leverage_ppm(),
            Self::BitMex => {
                let (gain, leverage) = (gain(seen.entry()), seen.leverage_ppm());
                if gain > 0 {
                    gain * leverage
                } else {
                    (gain * SCALE * SCALE).div_euclid(leverage.max(1))
                }
            }
            Self::LeveragePnl if seen.equity <= 0 => 0,
            Self::LeveragePnl => {
                let ratio = (seen.maintenance() * SCALE).div_euclid(seen.equity);
                gain(seen.margin()).max(0) * ratio
            }
            Self::PriceRatioLeverage => {
                let (over, under) = if seen.gains_with_value() {
                    (seen.value, seen.entry())
                } else {
                    (seen.entry(), seen.value)
                };
                (over * SCALE).div_euclid(under.max(1)) * seen.leverage_ppm()
            }
            Self::RandomOffset => 0,
            Self::ProRataContracts => i128::from(seen.lots),
            Self::ProRataWealth | Self::WaterFilling => (cash().wide() + seen.equity).max(1),
            Self::ProRataEquity | Self::MinMax | Self::LeverageDraining => seen.equity.max(1),
            Self::ProRataProfit => seen.profit.max(1),
            Self::RiskWeighted => {
                let leverage = seen.leverage_ppm().min(LEVERAGE_MAX_PPM);
                (i128::from(seen.lots) * leverage).max(1)
            }
        }
    }
}

/// Leverage beyond a thousand weighs no more.
const LEVERAGE_MAX_PPM: i128 = 1_000 * SCALE;

/// Free cash and reserves.
fn wealth(ledger: &Ledger, account: AccountId) -> Money {
    let account = ledger.account(account);
    account.cash + account.reserved
}

/// A number without pattern from one with (the finaliser of splitmix64).
pub(super) const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
