//! Keepers: on a chain nobody is liquidated unless somebody sends a transaction for it.
//!
//! Once a block, keepers send an attempt for each waiting position, as many as the block takes.
//! Blockspace has a price: its logarithm follows a mean-reverting path of its own and rises with
//! the liquidations that wait, since those who liquidate bid for the same space. An attempt is
//! included when its bid clears that price, a stated number of blocks later, and fails with a
//! stated probability. What is not included is tried again in the next block.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use seawall_engine::types::Input;

use super::keyed::{Key, Purpose};
use super::number::real;
use super::{Agent, Latencies, Outbox, View};
use crate::scenario::{Scenario, small};

/// All keepers together.
#[derive(Debug)]
pub struct Keepers {
    key: Key,
    latencies: Latencies,
    block_ns: u64,
    attempts_max: u32,
    inclusion_blocks: u64,
    failure: f64,
    fee_deviation: f64,
    fee_persistence: f64,
    fee_with_backlog: f64,
    bid_deviation: f64,
    block: u64,
    /// Logarithm of the price of blockspace over its mean.
    fee: f64,
    /// Blocks in which included attempts take effect, and how many.
    included: BinaryHeap<Reverse<(u64, u32)>>,
    under_way: u32,
    /// Sent, outbid, failed.
    counts: [u64; 3],
}

impl Keepers {
    /// The keepers of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.keepers;
        Self {
            key: Key::new(scenario.seed, 0, Purpose::Keeper),
            // A block's transactions take effect with it.
            latencies: Latencies { new_ns: 1, cancel_ns: 1, ack_ns: 1, feed_ns: 1 },
            block_ns: spec.block_ms * 1_000_000,
            attempts_max: small(spec.attempts_per_block),
            inclusion_blocks: spec.inclusion_blocks,
            failure: real(spec.failure_ppm) / 1e6,
            fee_deviation: spec.fee_deviation,
            fee_persistence: real(spec.fee_persistence_ppm) / 1e6,
            fee_with_backlog: spec.fee_with_backlog,
            bid_deviation: spec.bid_deviation,
            block: 0,
            fee: 0.0,
            included: BinaryHeap::new(),
            under_way: 0,
            counts: [0; 3],
        }
    }

    /// Of so many attempts, how many are included; draws for every one of them in turn.
    fn auction(&mut self, attempts: u32, waiting: u32) -> u32 {
        let mut draw = self.key.at(self.block);
        let innovation = (1.0 - self.fee_persistence * self.fee_persistence).max(0.0).sqrt();
        self.fee =
            self.fee * self.fee_persistence + draw.normal() * self.fee_deviation * innovation;
        let demand = self.fee_with_backlog * libm::log1p(f64::from(waiting));
        let price = self.fee + demand;
        let mut included = 0;
        for _ in 0..attempts {
            self.counts[0] += 1;
            let (bid, luck) = (draw.normal() * self.bid_deviation, draw.unit());
            if bid < price {
                self.counts[1] += 1;
            } else if luck < self.failure {
                self.counts[2] += 1;
            } else {
                included += 1;
            }
        }
        included
    }
}

impl Agent for Keepers {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        (self.block + 1).saturating_mul(self.block_ns)
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        self.block += 1;
        while let Some(Reverse((block, count))) =
            self.included.peek().copied().filter(|Reverse((block, _))| *block <= self.block)
        {
            self.included.pop();
            self.under_way -= count;
            let _ = block;
            (0..count).for_each(|_| out.send(Input::Step));
        }
        let waiting = view.work.saturating_sub(self.under_way);
        let included = self.auction(waiting.min(self.attempts_max), view.work);
        if included > 0 {
            self.under_way += included;
            self.included.push(Reverse((self.block + self.inclusion_blocks, included)));
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let [sent, outbid, failed] = self.counts;
        vec![("attempts", sent), ("attempts_outbid", outbid), ("attempts_failed", failed)]
    }
}
