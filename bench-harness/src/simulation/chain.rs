//! Liquidations on a chain: blocks, keepers, and an auction for the room in a block.
//!
//! Nothing is forced between blocks. At each block keepers submit one transaction for each position
//! that waits, up to a bound; some fail to. Other transactions ask for the same room, more of them
//! the more liquidations there are. Room goes to the highest fees; a keeper raises its bid with
//! every block that its liquidations wait.

use crate::agents::keyed::{Draw, Key, Purpose};
use crate::measure::summary::ChainSummary;
use crate::scenario::{ChainSpec, Scenario};

/// A chain under way.
#[derive(Debug)]
pub(super) struct Chain {
    spec: ChainSpec,
    noise: Key,
    number: u64,
    /// Blocks that something has been waiting for.
    waited: u32,
    seen: ChainSummary,
    moments: Moments,
}

impl Chain {
    /// `None` for a scenario without one.
    pub(super) fn new(scenario: &Scenario) -> Option<Self> {
        let spec = scenario.chain;
        (spec.block_ms > 0).then(|| Self {
            spec,
            noise: Key::new(scenario.seed, 0, Purpose::Chain),
            number: 1,
            waited: 0,
            seen: ChainSummary::default(),
            moments: Moments::default(),
        })
    }

    /// When the next block comes.
    pub(super) fn next_ns(&self) -> u64 {
        self.number * self.spec.block_ms * 1_000_000
    }

    /// The next block, while so many positions wait: how many liquidations it includes.
    pub(super) fn block(&mut self, waiting: usize) -> u64 {
        let mut draw = self.noise.at(self.number);
        self.number += 1;
        let waiting = waiting as u64;
        let attempts = waiting.min(self.spec.attempts_max);
        let fails = self.spec.keeper_failure_ppm as f64 / 1e6;
        let submitted = (0..attempts).filter(|_| draw.unit() >= fails).count() as u64;
        let demand = self.spec.demand_txs + self.spec.demand_per_waiting_txs * waiting as f64;
        let bid = self.spec.keeper_bid + self.spec.keeper_raise * f64::from(self.waited);
        // Others' fees are exponential with mean one: so many of them bid more.
        let above = poisson(demand * libm::exp(-bid), &mut draw);
        let room = self.spec.capacity_txs.saturating_sub(above);
        let included = submitted.min(room);
        self.waited = if waiting > included { self.waited.saturating_add(1) } else { 0 };
        // The fee at which demand fills the block.
        let fee = libm::log((demand + submitted as f64) / self.spec.capacity_txs as f64).max(0.0);
        self.seen.blocks += 1;
        self.seen.attempts += attempts;
        self.seen.keeper_failures += attempts - submitted;
        self.seen.outbid += submitted - included;
        self.seen.included += included;
        self.seen.fee_max = self.seen.fee_max.max(fee);
        self.seen.fee_mean += fee;
        if waiting > 0 {
            self.seen.blocks_waiting += 1;
            self.seen.fee_mean_waiting += fee;
        }
        self.moments.add(fee, waiting as f64);
        included
    }

    /// What it did.
    pub(super) fn summary(&self) -> ChainSummary {
        let mut summary = self.seen;
        summary.fee_mean /= (self.seen.blocks.max(1)) as f64;
        summary.fee_mean_waiting /= (self.seen.blocks_waiting.max(1)) as f64;
        summary.fee_backlog_correlation = self.moments.correlation();
        summary
    }
}

/// A Poisson number: exponential gaps until they are more than the mean.
fn poisson(mean: f64, draw: &mut Draw) -> u64 {
    let mut sum = draw.exponential();
    let mut count = 0;
    while sum <= mean {
        count += 1;
        sum += draw.exponential();
    }
    count
}

/// Sums of two variables, their squares and product.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    n: f64,
    sums: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl Moments {
    fn add(&mut self, one: f64, other: f64) {
        self.n += 1.0;
        for (place, value) in [one, other].into_iter().enumerate() {
            self.sums[place] += value;
            self.squares[place] += value * value;
        }
        self.product += one * other;
    }

    fn correlation(&self) -> Option<f64> {
        let variance = |place: usize| {
            self.squares[place] - self.sums[place] * self.sums[place] / self.n.max(1.0)
        };
        let both = variance(0) * variance(1);
        let together = self.product - self.sums[0] * self.sums[1] / self.n.max(1.0);
        (both > 1e-12).then(|| together / both.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    const ALL_SUBMIT: &str = "chain.keeper_failure_ppm=0";

    fn chain(sets: &[&str]) -> Chain {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let scenario = scenario::load("congested-chain", &sets, None).expect("a scenario");
        Chain::new(&scenario).expect("it has a chain")
    }

    fn included(sets: &[&str], waiting: usize) -> ChainSummary {
        let mut chain = chain(sets);
        for _ in 0..500 {
            chain.block(waiting);
        }
        chain.summary()
    }

    #[test]
    fn no_block_includes_more_than_it_has_room_for() {
        let seen = included(
            &[
                "chain.demand_txs=0",
                "chain.demand_per_waiting_txs=0",
                "chain.capacity_txs=7",
                ALL_SUBMIT,
            ],
            30,
        );
        assert_eq!((seen.included, seen.outbid), (7 * 500, 23 * 500));
        let seen = included(
            &[
                "chain.attempts_max=5",
                "chain.demand_txs=0",
                "chain.demand_per_waiting_txs=0",
                ALL_SUBMIT,
            ],
            30,
        );
        assert_eq!((seen.attempts, seen.included), (5 * 500, 5 * 500));
    }

    #[test]
    fn a_keeper_that_fails_includes_nothing() {
        let seen = included(&["chain.keeper_failure_ppm=1000000"], 30);
        assert_eq!((seen.included, seen.keeper_failures), (0, seen.attempts));
    }

    #[test]
    fn a_higher_bid_is_outbid_less() {
        let calm =
            ["chain.keeper_raise=0", "chain.demand_per_waiting_txs=0", "chain.capacity_txs=60"];
        let at = |bid: &str| included(&[calm[0], calm[1], calm[2], bid], 50).outbid;
        let bids = ["chain.keeper_bid=0.5", "chain.keeper_bid=1.5", "chain.keeper_bid=4"];
        let [low, middle, high] = bids.map(at);
        assert!(low > middle && middle > high, "{low} {middle} {high}");
    }

    #[test]
    fn fees_rise_with_what_waits() {
        let mut chain = chain(&["chain.demand_per_waiting_txs=4"]);
        for block in 0..500 {
            chain.block(block % 40);
        }
        let seen = chain.summary();
        assert!(seen.fee_backlog_correlation.expect("both change") > 0.8, "{seen:?}");
    }

    #[test]
    fn a_poisson_number_has_its_mean_and_variance() {
        let key = Key::new(1, 0, Purpose::Chain);
        let draws: Vec<f64> = (0..20_000).map(|n| poisson(12.0, &mut key.at(n)) as f64).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let square = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let variance = square / draws.len() as f64;
        assert!((mean - 12.0).abs() < 0.1 && (variance - 12.0).abs() < 0.6, "{mean} {variance}");
    }
}
