//! Policies of auto-deleveraging on one deficit: the same bankrupt position, the same winners, the
//! real engine.
//!
//! The measures are those of Chitra (arXiv:2512.01112): what winners give up at the mark against
//! what is missing (overshoot), and how far the worst share of equity lies above the smallest
//! possible one (fairness regret), weighted by what is missing.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Adl, AdlPolicy, AdlPrice, Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, Input, Money, Ppm, Price, Qty, Seq, Sequenced,
    SymbolId,
};
use serde::Serialize;

use super::bootstrap::{Bootstrap, Mean};

const SYMBOL: SymbolId = SymbolId(0);
const MAKER: AccountId = AccountId(1);
const BANKRUPT: AccountId = AccountId(2);
const FIRST: u32 = 3;
/// A tick is a dollar, a lot a hundredth of a coin, a money unit a hundredth of a dollar.
const UNIT: i64 = 1;
const UNITS_PER_DOLLAR: f64 = 100.0;
const ENTRY: u32 = 50_000;
/// The mark at which all is well, and the one at which the position is bankrupt (at 49,000).
const BEFORE: u32 = 49_300;
const AFTER: u32 = 48_500;
/// Part of the winners' lots that the bankrupt position has, in per cent.
const SHARE_PERCENT: u64 = 40;

/// What a policy did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The policy.
    pub policy: &'static str,
    /// The rule for its price.
    pub price: &'static str,
    /// Winners deleveraged.
    pub accounts_hit: u64,
    /// Lots closed against them.
    pub closed_lots: u64,
    /// Lots that found nobody.
    pub unmatched_lots: u64,
    /// What winners gave up at the mark, in dollars.
    pub given_usd: f64,
    /// That, less what was missing.
    pub overshoot_usd: f64,
    /// The largest share of its equity that anybody gave.
    pub share_max: f64,
    /// How far that is above the smallest possible one at that price, times what was missing.
    pub fairness_regret_usd: f64,
    /// The highest leverage among winners afterwards: what is left of a position over its equity
    /// before (margin that a closed part sets free still stands behind it).
    pub leverage_max: f64,
}

/// One deficit and what each policy made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Seed of the winners.
    pub seed: u64,
    /// Winners there are.
    pub winners: u32,
    /// Lots of the bankrupt position.
    pub bankrupt_lots: u64,
    /// What it lacks at the mark, in dollars.
    pub missing_usd: f64,
    /// The policies at the bankruptcy price, then other prices.
    pub outcomes: Vec<Outcome>,
}

/// A policy over several deficits, with intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OverSeeds {
    /// The policy.
    pub policy: &'static str,
    /// The rule for its price.
    pub price: &'static str,
    /// Winners deleveraged.
    pub accounts_hit: Mean,
    /// What winners gave up at the mark beyond what was missing, in dollars.
    pub overshoot_usd: Mean,
    /// The largest share of its equity that anybody gave.
    pub share_max: Mean,
    /// That above the smallest possible one, times what was missing, in dollars.
    pub fairness_regret_usd: Mean,
    /// The highest leverage among winners afterwards.
    pub leverage_max: Mean,
}

/// The policies over deficits of several seeds: each deficit is the same for all of them.
pub fn over_seeds(comparisons: &[Comparison]) -> Vec<OverSeeds> {
    let mut bootstrap = Bootstrap::new();
    let Some(first) = comparisons.first() else { return Vec::new() };
    let of = |(place, outcome): (usize, &Outcome)| {
        let mut mean = |value: fn(&Outcome) -> f64| {
            let values: Vec<f64> =
                comparisons.iter().map(|comparison| value(&comparison.outcomes[place])).collect();
            bootstrap.mean(&values)
        };
        Some(OverSeeds {
            policy: outcome.policy,
            price: outcome.price,
            accounts_hit: mean(|outcome| outcome.accounts_hit as f64)?,
            overshoot_usd: mean(|outcome| outcome.overshoot_usd)?,
            share_max: mean(|outcome| outcome.share_max)?,
            fairness_regret_usd: mean(|outcome| outcome.fairness_regret_usd)?,
            leverage_max: mean(|outcome| outcome.leverage_max)?,
        })
    };
    first.outcomes.iter().enumerate().filter_map(of).collect()
}

/// A winner: lots short, entry price, chosen initial margin in parts per million.
type Winner = (u32, u32, u32);

/// Compares every policy at the bankruptcy price, and one of them at every other price.
pub fn compare(winners: u32, seed: u64) -> Comparison {
    let people = people(winners, seed);
    let lots: u64 = people.iter().map(|winner| u64::from(winner.0)).sum();
    let bankrupt_lots = (lots * SHARE_PERCENT / 100).max(1);
    let at_bankruptcy = AdlPolicy::ALL.map(|policy| (policy, AdlPrice::Bankruptcy));
    let elsewhere = [AdlPrice::Mark, AdlPrice::PreviousMark, AdlPrice::Oracle]
        .map(|price| (AdlPolicy::ProfitLeverage, price));
    let cases: Vec<(AdlPolicy, AdlPrice)> = at_bankruptcy.into_iter().chain(elsewhere).collect();
    let run = |policy, price| {
        let adl = Adl { policy, price, counterparties_max: u32::MAX, seed };
        Case::open(adl, &people, bankrupt_lots).deleverage()
    };
    let mut missing_usd = 0.0;
    let outcomes = cases.into_iter().map(|(policy, price)| {
        let (mut outcome, missing) = run(policy, price);
        let (fairest, _) = run(AdlPolicy::MinMax, price);
        outcome.fairness_regret_usd = (outcome.share_max - fairest.share_max) * missing;
        missing_usd = missing;
        outcome
    });
    let outcomes = outcomes.collect();
    Comparison { seed, winners, bankrupt_lots, missing_usd, outcomes }
}

/// Shorts of every size and leverage; all gain at the bankruptcy price.
fn people(winners: u32, seed: u64) -> Vec<Winner> {
    let mut noise = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut below = |n: u64| u32::try_from(noise.next_u64() % n).expect("below a small number");
    let mut person = |_| {
        // Sizes over three decades, each as likely: few have most of it.
        let decade = [10, 100, 1_000][below(3) as usize];
        let lots = 1 + below(decade);
        let entry = 49_050 + below(2_000);
        let initial = [20_000, 50_000, 100_000, 200_000, 500_000][below(5) as usize];
        (lots, entry, initial)
    };
    (0..winners).map(&mut person).collect()
}

struct Case {
    engine: Engine,
    events: Vec<Event>,
    seq: Seq,
    adl: Adl,
    people: Vec<Winner>,
    bankrupt_lots: u64,
}

impl Case {
    fn open(adl: Adl, people: &[Winner], bankrupt_lots: u64) -> Self {
        let accounts = FIRST + u32::try_from(people.len()).expect("few people");
        let config = ShardConfig::new(accounts, 16, vec![market()], rules(adl));
        let engine = Engine::new(&config.expect("the shard is well formed"));
        let (people, events) = (people.to_vec(), Vec::new());
        let mut case = Self { engine, events, seq: Seq(0), adl, people, bankrupt_lots };
        case.open_positions();
        case
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        self.events.clear();
        let sequenced = Sequenced { seq: self.seq, time_ns: 0, ingress_ns: 0, input };
        self.engine.apply(&sequenced, &mut self.events);
        let refused = self.events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(!refused, "nothing here is refused: {input:?} {:?}", self.events);
    }

    fn block(&mut self, buyer: AccountId, seller: AccountId, at: u32, lots: u32) {
        let qty = Qty::new(lots).expect("some lots");
        self.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: price(at), qty });
    }

    fn open_positions(&mut self) {
        self.apply(Input::Deposit { account: MAKER, amount: Money::new(1 << 55) });
        // Whoever is long against the winners never comes near liquidation.
        self.apply(Input::Leverage { symbol: SYMBOL, account: MAKER, initial: Ppm::ONE });
        let people = self.people.clone();
        for (account, (lots, entry, initial)) in (FIRST..).map(AccountId).zip(people) {
            self.apply(Input::Deposit { account, amount: Money::new(1 << 40) });
            let initial = rate(initial);
            self.apply(Input::Leverage { symbol: SYMBOL, account, initial });
            self.block(MAKER, account, entry, lots);
        }
        let amount = Money::new(1 << 55);
        self.apply(Input::Deposit { account: BANKRUPT, amount });
        let lots = u32::try_from(self.bankrupt_lots).expect("a part of what there is");
        self.block(BANKRUPT, MAKER, ENTRY, lots);
        // Its free cash would pay: it takes all of it out.
        let amount = self.engine.cash(BANKRUPT);
        self.apply(Input::Withdraw { account: BANKRUPT, amount });
        self.apply(Input::Index { symbol: SYMBOL, price: price(AFTER + 20) });
        self.mark(BEFORE);
        assert_eq!(self.engine.backlog(), 0, "everybody is healthy before");
    }

    fn mark(&mut self, ticks: u32) {
        self.apply(Input::Mark { symbol: SYMBOL, price: price(ticks) });
    }

    /// Equity and value of an account's position at the mark that bankrupts, in money units.
    fn equity(&self, account: AccountId) -> (f64, f64) {
        let position = self.engine.position(SYMBOL, account);
        let value = i128::from(position.lots.unsigned_abs()) * i128::from(AFTER) * i128::from(UNIT);
        let profit = (value - position.entry.wide()) * i128::from(position.lots.signum());
        ((position.margin.wide() + profit) as f64, value as f64)
    }

    /// Lets the mark fall; returns the outcome, without its regret, and what was missing.
    fn deleverage(mut self) -> (Outcome, f64) {
        let accounts = FIRST..FIRST + u32::try_from(self.people.len()).expect("few people");
        let before: Vec<f64> =
            accounts.clone().map(|account| self.equity(AccountId(account)).0).collect();
        let missing = -self.equity(BANKRUPT).0 / UNITS_PER_DOLLAR;
        self.mark(AFTER);
        self.engine.assert_consistent();
        let mut outcome = Outcome {
            policy: self.adl.policy.name(),
            price: self.adl.price.name(),
            accounts_hit: 0,
            closed_lots: 0,
            unmatched_lots: 0,
            given_usd: 0.0,
            overshoot_usd: 0.0,
            share_max: 0.0,
            fairness_regret_usd: 0.0,
            leverage_max: 0.0,
        };
        for event in &self.events {
            match event {
                Event::Deleveraged { account: BANKRUPT, counterparty, qty, price, .. } => {
                    let lots = f64::from(qty.lots());
                    let given = (f64::from(price.ticks()) - f64::from(AFTER)) * lots * UNIT as f64;
                    outcome.accounts_hit += 1;
                    outcome.closed_lots += u64::from(qty.lots());
                    outcome.given_usd += given / UNITS_PER_DOLLAR;
                    let share = given / before[(counterparty.0 - FIRST) as usize];
                    outcome.share_max = outcome.share_max.max(share);
                }
                Event::TakenOver { account: BANKRUPT, qty, .. } => {
                    outcome.unmatched_lots += u64::from(qty.lots());
                }
                _ => {}
            }
        }
        outcome.overshoot_usd = outcome.given_usd - missing;
        let left = accounts.map(|account| self.equity(AccountId(account)).1);
        let leverages = left.zip(&before).map(|(value, equity)| value / equity);
        outcome.leverage_max = leverages.fold(0.0, f64::max);
        (outcome, missing)
    }
}

fn market() -> MarketRules {
    let tier =
        MarginTier { notional_floor: Money::ZERO, initial: rate(20_000), maintenance: rate(5_000) };
    MarketRules::new(MarketSpec {
        contract: Contract { kind: ContractKind::Linear, unit: UNIT },
        reference: price(ENTRY),
        tiers: vec![tier],
        maker_fee: Ppm::ZERO,
        taker_fee: Ppm::ZERO,
        order_lots_max: 1 << 30,
        position_lots_max: 1 << 31,
        market_band: Ppm::ONE,
    })
    .expect("the market is well formed")
}

fn rules(adl: Adl) -> LiquidationRules {
    LiquidationRules {
        enabled: true,
        key: PriorityKey::TriggerTime,
        discipline: Discipline::Strict { steps_max: 1 },
        plan: Plan::Full,
        fee: Ppm::ZERO,
        unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 << 40 },
        triggers_max: 1 << 20,
        venue: VenueRules { adl, ..VenueRules::default() },
    }
}

fn rate(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a part of one")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(comparison: &Comparison, policy: AdlPolicy, price: AdlPrice) -> &Outcome {
        let wanted = |one: &&Outcome| one.policy == policy.name() && one.price == price.name();
        comparison.outcomes.iter().find(wanted).expect("it was compared")
    }

    #[test]
    fn each_policy_is_best_at_what_it_promises() {
        for seed in 1..6 {
            let all = compare(120, seed);
            let at = |policy| of(&all, policy, AdlPrice::Bankruptcy);
            let (fair, drained) = (at(AdlPolicy::MinMax), at(AdlPolicy::LeverageDraining));
            for one in all.outcomes.iter().filter(|one| one.price == "bankruptcy") {
                assert_eq!(one.closed_lots + one.unmatched_lots, all.bankrupt_lots, "{one:?}");
                // One who gave less than it should have leaves somebody else to give more.
                let complete = one.unmatched_lots == 0;
                assert!(!complete || one.share_max >= fair.share_max, "{one:?} {fair:?}");
                assert!(!complete || one.leverage_max >= drained.leverage_max - 1e-9, "{one:?}");
                assert!(!complete || one.overshoot_usd.abs() < 1.0, "{one:?}");
            }
            assert!(at(AdlPolicy::ProfitLeverage).accounts_hit < fair.accounts_hit);
        }
    }

    #[test]
    fn the_price_decides_who_bears_the_deficit() {
        let all = compare(120, 1);
        let at = |price| of(&all, AdlPolicy::ProfitLeverage, price);
        // At the mark winners give up nothing: the fund pays all. At the mark before, too much.
        assert!(at(AdlPrice::Mark).given_usd.abs() < 1e-9);
        let (gap, needed) = (f64::from(BEFORE - AFTER), f64::from(49_000 - AFTER));
        let expected = all.missing_usd * gap / needed;
        let given = at(AdlPrice::PreviousMark).given_usd;
        assert!((given / expected - 1.0).abs() < 1e-9, "{given} {expected}");
    }
}
