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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::tests::{linear, position};
    use proptest::prelude::*;

    fn price(ticks: u32) -> Price {
        Price::new(ticks).unwrap()
    }

    fn weight(policy: AdlPolicy, position: &Position, cash: i64) -> i128 {
        let rules = linear(100, &[(0, 10_000)]);
        let seen = Seen::at(&rules, position, price(100)).unwrap();
        policy.weight(&seen, || Money::new(cash))
    }

    #[test]
    fn weights_are_what_the_policies_say() {
        // Worth 1,000, a profit of 200 on an entry of 1,200, an equity of 300.
        let short = position(Side::Sell, 10, 1_200, 100);
        for (policy, expected) in [
            (AdlPolicy::ProfitLeverage, 166_666 * 3_333_333),
            (AdlPolicy::BitMex, 166_666 * 3_333_333),
            (AdlPolicy::LeveragePnl, 2_000_000 * 33_333),
            (AdlPolicy::PriceRatioLeverage, 1_200_000 * 3_333_333),
            (AdlPolicy::RandomOffset, 0),
            (AdlPolicy::ProRataContracts, 10),
            (AdlPolicy::ProRataWealth, 370),
            (AdlPolicy::WaterFilling, 370),
            (AdlPolicy::ProRataEquity, 300),
            (AdlPolicy::MinMax, 300),
            (AdlPolicy::LeverageDraining, 300),
            (AdlPolicy::ProRataProfit, 200),
            (AdlPolicy::RiskWeighted, 10 * 3_333_333),
        ] {
            assert_eq!(weight(policy, &short, 70), expected, "{policy:?}");
        }
        let long = position(Side::Buy, 10, 800, 50);
        assert_eq!(weight(AdlPolicy::PriceRatioLeverage, &long, 0), 1_250_000 * 4_000_000);
        // A loss of 40 on an entry of 760, an equity of 60.
        let loser = position(Side::Sell, 8, 760, 100);
        let expected = (-52_632_000_000_000_000_i128).div_euclid(13_333_333);
        assert_eq!(weight(AdlPolicy::BitMex, &loser, 0), expected);
        let poor = position(Side::Sell, 20, 2_000, 1);
        assert_eq!(weight(AdlPolicy::RiskWeighted, &poor, 0), 20 * 1_000_000_000);
        assert_eq!(weight(AdlPolicy::ProRataWealth, &poor, -9), 1);
        for margin in [-200, -201] {
            let broke = position(Side::Sell, 10, 1_200, margin);
            assert_eq!(weight(AdlPolicy::LeveragePnl, &broke, 0), 0);
        }
    }

    /// Lots, entry of each, margin and cash of shorts whose accounts start at 2.
    type Short = (u64, i64, i64, i64);

    /// Who gives how much of what a long of account 1 has at 100.
    fn shared(adl: &Adl, lots: u64, draw: u64, shorts: &[Short]) -> Vec<(u32, u64)> {
        let mut positions =
            vec![position(Side::Sell, 50, 9_000, 0), position(Side::Buy, 90, 9_900, 0)];
        positions[0].set_fund();
        let mut ledger = Ledger::new(16, 1);
        for (account, (lots, entry, margin, cash)) in (2..).map(AccountId).zip(shorts) {
            let entry = entry * i64::try_from(*lots).unwrap();
            positions.push(position(Side::Sell, *lots, entry, *margin));
            if *cash > 0 {
                ledger.deposit(account, Money::new(*cash));
            }
        }
        let mut locked = position(Side::Sell, 9, 9_000, 0);
        locked.set_locked(true);
        positions.push(locked);
        let rules = linear(100, &[(0, 10_000)]);
        let case = Case {
            rules: &rules,
            positions: &positions,
            ledger: &ledger,
            excluded: AccountId(1),
            side: Side::Buy,
            lots,
            price: price(100),
            mark: price(100),
            draw,
        };
        let mut deleveraging = Deleveraging::new(16);
        deleveraging.share_out(adl, &case);
        let shares = (0..).map_while(|number| deleveraging.share(number));
        shares.map(|(account, given)| (account.0, given)).collect()
    }

    fn by(policy: AdlPolicy, counterparties_max: u32) -> Adl {
        Adl { policy, counterparties_max, ..Adl::default() }
    }

    const SIX: [Short; 6] = [
        (10, 120, 100, 0),
        (20, 110, 50, 0),
        (5, 130, 400, 0),
        (8, 95, 400, 0),
        (8, 95, 100, 0),
        (10, 105, 100, 0),
    ];

    #[test]
    fn ranks_give_all_they_have_one_after_the_other() {
        let ranked = |policy, most, lots| shared(&by(policy, most), lots, 0, &SIX);
        let winners = [(3, 20), (2, 5), (7, 0), (4, 0)];
        assert_eq!(ranked(AdlPolicy::ProfitLeverage, 9, 25), winners);
        assert_eq!(ranked(AdlPolicy::ProfitLeverage, 2, 25), winners[..2]);
        let all = [(3, 20), (2, 10), (7, 10), (4, 5), (6, 8), (5, 7)];
        assert_eq!(ranked(AdlPolicy::BitMex, 9, 60), all);
        assert!(ranked(AdlPolicy::BitMex, 0, 60).is_empty());
    }

    #[test]
    fn a_circle_starts_at_a_keyed_random_candidate() {
        for draw in 0..40 {
            let adl = Adl { seed: 5, ..by(AdlPolicy::RandomOffset, 3) };
            let first = u32::try_from(mix(5 ^ mix(draw)) % 6).unwrap();
            let expected = [0, 1, 2].map(|n| 2 + (first + n) % 6);
            let found: Vec<u32> = shared(&adl, 9, draw, &SIX).iter().map(|(id, _)| *id).collect();
            assert_eq!(found, expected, "{draw}");
        }
    }

    #[test]
    fn the_heaviest_share_and_the_first_give_what_rounding_leaves() {
        let of = |most, lots| shared(&by(AdlPolicy::ProRataContracts, most), lots, 0, &SIX[..3]);
        assert_eq!(of(9, 7), [(2, 2), (3, 4), (4, 1)]);
        assert_eq!(of(9, 8), [(2, 3), (3, 4), (4, 1)]);
        assert_eq!(of(2, 6), [(2, 2), (3, 4)]);
        assert_eq!(of(1, 6), [(3, 6)]);
        assert_eq!(of(9, 99), [(2, 10), (3, 20), (4, 5)]);
    }

    #[test]
    fn what_the_small_lack_the_others_give() {
        let of = |shorts: &[Short], lots| {
            let given = shared(&by(AdlPolicy::WaterFilling, 9), lots, 0, shorts);
            given.into_iter().map(|(_, given)| given).collect::<Vec<_>>()
        };
        // The first is rich and has one lot; an equity of one of each lot is a profit.
        assert_eq!(of(&[(1, 101, 0, 999), (10, 101, 0, 20), (10, 101, 0, 0)], 9), [1, 6, 2]);
        assert_eq!(of(&[(1, 101, 0, 999), (3, 101, 0, 17), (4, 101, 0, 56)], 10), [1, 3, 4]);
        assert_eq!(of(&[(1, 101, 0, 0), (1, 101, 0, 0), (1, 101, 0, 0)], 2), [1, 1, 0]);
    }

    #[test]
    fn who_has_given_everything_has_no_turn() {
        // An equity of 41 and one lot, and twice an equity of 6 and five: the second lot is of one
        // of those two, though another one of the first would weigh less.
        let shorts = [(1, 101, 40, 0), (5, 101, 1, 0), (5, 101, 1, 0)];
        let given = shared(&by(AdlPolicy::MinMax, 9), 2, 0, &shorts);
        assert_eq!(given, [(2, 1), (3, 1), (4, 0)]);
    }

    /// So rich that a step of the leap's grid is several lots: all of them are left to the turns.
    #[test]
    fn turns_go_on_until_a_position_has_given_everything() {
        let of = |shorts: &[Short]| shared(&by(AdlPolicy::MinMax, 9), 7, 0, shorts);
        let rich = (100, 101, 1 << 33, 0);
        assert_eq!(of(&[rich, rich]), [(2, 4), (3, 3)]);
        assert_eq!(of(&[(2, 101, 1 << 34, 0), rich]), [(2, 2), (3, 5)]);
    }

    #[test]
    fn the_leap_lands_where_turns_would_whatever_the_equity() {
        for number in 0..300 {
            let equity = |n: u64| i64::try_from(mix(3 * number + n) >> (4 + number % 50)).unwrap();
            let shorts = [0, 1, 2].map(|n| (4, 101, equity(n), 0));
            let mut expected = [0_u64; 3];
            for _ in 0..6 {
                let after = |n: &usize| i128::from(expected[*n] + 1) << 80;
                let share = |n: &usize| after(n) / i128::from(shorts[*n].2 + 4);
                let open = (0..3).filter(|n| expected[*n] < 4);
                let next = open.min_by_key(share).expect("six of twelve");
                expected[next] += 1;
            }
            let given = shared(&by(AdlPolicy::MinMax, 9), 6, 0, &shorts);
            let given: Vec<u64> = given.iter().map(|(_, given)| *given).collect();
            assert_eq!(given, expected, "{shorts:?}");
        }
    }

    /// Every way to share lots among positions.
    fn ways(positions: &[u64], lots: u64) -> Vec<Vec<u64>> {
        let Some((first, others)) = positions.split_first() else {
            return if lots == 0 { vec![Vec::new()] } else { Vec::new() };
        };
        let with = |given: u64| {
            let rest = ways(others, lots - given).into_iter();
            rest.map(move |rest| [vec![given], rest].concat())
        };
        (0..=lots.min(*first)).flat_map(with).collect()
    }

    proptest! {
        /// Nobody could be spared more than whoever is hit hardest: tried with every other way.
        #[test]
        fn turns_reach_the_optimum(
            shorts in prop::collection::vec((1_u64..7, 0_i64..40), 1..4),
            lots in 0_u64..20,
            drains in any::<bool>(),
        ) {
            let shorts: Vec<Short> = shorts.iter().map(|(lots, margin)| (*lots, 101, *margin, 0)).collect();
            let policy = if drains { AdlPolicy::LeverageDraining } else { AdlPolicy::MinMax };
            let given = shared(&by(policy, 9), lots, 0, &shorts);
            let positions: Vec<u64> = shorts.iter().map(|short| short.0).collect();
            let lots = lots.min(positions.iter().sum());
            prop_assert_eq!(given.iter().map(|(_, given)| given).sum::<u64>(), lots);
            let worst = |given: &[u64]| {
                let each = given.iter().zip(&shorts).map(|(given, (lots, _, margin, _))| {
                    let share = i64::try_from(if drains { lots - given } else { *given }).unwrap();
                    let equity = margin + i64::try_from(*lots).unwrap();
                    // All equities are below 47: ratios compare as multiples of a common whole.
                    (share << 40) / equity
                });
                each.max().unwrap()
            };
            let given: Vec<u64> = given.iter().map(|(_, given)| *given).collect();
            let best = ways(&positions, lots).iter().map(|way| worst(way)).min();
            prop_assert_eq!(Some(worst(&given)), best);
        }
    }
}
