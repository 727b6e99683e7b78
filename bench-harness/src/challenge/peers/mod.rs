//! The engines of crates.io on the challenge's streams, beside ours: behind the feature `peers`, so
//! that nobody builds them who does not ask.
//!
//! Each is driven as its own documentation says, one message per call; a modify is a cancel and a
//! new order, as the challenge means it. Their results are consumed by counting trades, which says
//! as well whether an engine does the same work: with as many trades as ours it very likely does,
//! with another number it does not.

mod matchcore;
mod nanobook;
mod orderbook_rs;

use std::hint::black_box;

use serde::Serialize;

use super::bench::{Rate, timed_run};
use super::scenario::Scenario;
use super::stream::{Message, MessageKind, generate};
use crate::measure::cpu_time::thread_cpu_time;
use seawall_engine::types::Side;

/// An engine that answers the challenge's messages.
trait Peer {
    /// A new order; returns its trades.
    fn submit(&mut self, order: u64, terms: (Side, i64, u32), ioc: bool) -> u64;
    /// Cancels an order if it rests; says whether it did.
    fn cancel(&mut self, order: u64) -> bool;

    /// Answers one message; returns its trades.
    fn message(&mut self, message: &Message) -> u64 {
        let Message { side, qty, order, price, .. } = *message;
        match message.kind {
            MessageKind::New { ioc } => self.submit(order, (side, price, qty), ioc),
            MessageKind::Cancel => {
                self.cancel(order);
                0
            }
            MessageKind::Modify if self.cancel(order) => {
                self.submit(order, (side, price, qty), false)
            }
            MessageKind::Modify => 0,
        }
    }
}

/// A crate, and what is known of it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    /// What is known of its conformance.
    known: &'static str,
    timed: fn(&[Message]) -> (f64, u64),
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "matchcore 0.4.0",
        known: "as published it trades through an order's limit when it crosses several levels: \
                not the same work",
        timed: timed::<matchcore::Matchcore>,
    },
    Kind {
        name: "nanobook 0.19.3",
        known: "conforms; without its event log",
        timed: timed::<nanobook::Nanobook>,
    },
    Kind {
        name: "orderbook-rs 0.15.3",
        known: "conforms; made for several threads, driven by one",
        timed: timed::<orderbook_rs::OrderbookRs>,
    },
];

/// One engine on one scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerRow {
    /// Scenario.
    pub workload: &'static str,
    /// Which engine.
    pub engine: &'static str,
    /// What is known of its conformance.
    pub known: &'static str,
    /// Timed runs, interleaved with the others'.
    pub repetitions: u32,
    /// Messages per second of thread CPU time.
    pub msgs_per_s: Rate,
    /// How many times as fast ours was in the same round: least, median, greatest.
    pub ours_over_it: Rate,
    /// Trades of one run.
    pub trades: u64,
}

/// Runs ours and every peer on each scenario, in turns; `progress` hears of runs done and in all.
pub fn peers(
    seed: u32,
    repetitions: u32,
    scenarios: &[&'static Scenario],
    mut progress: impl FnMut(u64, u64),
) -> Vec<PeerRow> {
    let repetitions = repetitions.max(1);
    let total = scenarios.len() as u64 * u64::from(repetitions) * (KINDS.len() as u64 + 1);
    let mut done = 0;
    let mut step = || {
        done += 1;
        progress(done, total);
    };
    let mut rows = Vec::new();
    for scenario in scenarios {
        let messages = generate(scenario, seed);
        let mut ours = Vec::new();
        let mut theirs = KINDS.map(|_| (Vec::new(), Vec::new(), 0));
        for _ in 0..repetitions {
            let rate = timed_run(&messages);
            ours.push(rate);
            step();
            for (kind, (rates, ratios, trades)) in KINDS.iter().zip(&mut theirs) {
                let (peer, counted) = (kind.timed)(&messages);
                rates.push(peer);
                ratios.push(rate / peer);
                *trades = counted;
                step();
            }
        }
        let row = |engine, known, rates, ratios, trades| PeerRow {
            workload: scenario.name,
            engine,
            known,
            repetitions,
            msgs_per_s: Rate::of(rates),
            ours_over_it: Rate::of(ratios),
            trades,
        };
        let (_, trades, _) = super::bench::hashed_run(&messages);
        let ones = vec![1.0; ours.len()];
        rows.push(row(
            "seawall",
            "the report stream's hash is the published one",
            ours,
            ones,
            trades,
        ));
        for (kind, (rates, ratios, trades)) in KINDS.iter().zip(theirs) {
            rows.push(row(kind.name, kind.known, rates, ratios, trades));
        }
    }
    rows
}

/// One message per call: the compiler may not look beyond it.
#[inline(never)]
fn answer(peer: &mut impl Peer, message: &Message) -> u64 {
    peer.message(message)
}

/// Messages per second of CPU time, and trades.
fn timed<P: Peer + Default>(messages: &[Message]) -> (f64, u64) {
    let mut peer = P::default();
    let started = thread_cpu_time();
    let trades = messages.iter().map(|message| answer(&mut peer, message)).sum();
    let elapsed = thread_cpu_time().saturating_sub(started);
    black_box(&peer);
    (messages.len() as f64 / elapsed.as_secs_f64(), trades)
}

/// What an engine that gives out ids of its own calls an order of the challenge: by the challenge's
/// id, which counts from one. Zero for none.
#[derive(Debug, Default)]
struct OwnIds(Vec<u64>);

impl OwnIds {
    fn set(&mut self, order: u64, own: u64) {
        let place = usize::try_from(order).expect("the challenge's ids are small");
        if self.0.len() <= place {
            self.0.resize((place + 1).next_power_of_two(), 0);
        }
        self.0[place] = own;
    }

    fn get(&self, order: u64) -> Option<u64> {
        let place = usize::try_from(order).ok()?;
        self.0.get(place).copied().filter(|own| *own != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{REFERENCE_SEED, SCENARIOS};
    use super::*;

    #[test]
    fn the_conforming_ones_trade_as_often_as_ours() {
        let scenario = SCENARIOS.iter().find(|one| one.name == "normal").expect("one of the five");
        let messages: Vec<Message> =
            generate(scenario, REFERENCE_SEED).into_iter().take(100_000).collect();
        let (_, ours, _) = super::super::bench::hashed_run(&messages);
        assert!(ours > 1_000, "there is something to compare");
        for kind in KINDS.iter().filter(|kind| kind.known.starts_with("conforms")) {
            assert_eq!((kind.timed)(&messages).1, ours, "{}", kind.name);
        }
    }
}
