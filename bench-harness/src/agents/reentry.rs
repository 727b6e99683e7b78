//! Accounts that auto-deleveraging closed and that open their position again.
//!
//! A share of those who are hit comes back after a while, with a part of what they lost, at the
//! market and on the same side.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::keyed::{Key, Purpose};
use super::number::{nanoseconds, qty, real, whole};
use super::{Agent, Deleveraged, Latencies, Outbox, View, order_id};
use crate::scenario::Scenario;

/// Numbers of these orders start here: the accounts may have agents of their own, which count
/// from the bottom.
const FIRST_NUMBER: u32 = 0xF000_0000;

/// An order that somebody comes back with, by when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Comeback {
    due_ns: u64,
    account: u32,
    number: u32,
    long: bool,
    lots: u32,
    symbol: u16,
}

/// Everybody who may come back.
#[derive(Debug)]
pub struct Reentry {
    seed: u64,
    /// Funds beside the first: their accounts shift nobody's draws.
    further_funds: u32,
    latencies: Latencies,
    share: f64,
    part: f64,
    delay_ns: f64,
    hits: u32,
    orders: u64,
    due: BinaryHeap<Reverse<Comeback>>,
}

impl Reentry {
    /// Those of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.reentry;
        Self {
            seed: scenario.seed,
            further_funds: scenario.fund_accounts().end - 1,
            latencies: Latencies::of_takers(scenario),
            share: real(spec.share_ppm) / 1e6,
            part: real(spec.part_ppm) / 1e6,
            delay_ns: real(spec.delay_ms) * 1e6,
            hits: 0,
            orders: 0,
            due: BinaryHeap::new(),
        }
    }
}

impl Agent for Reentry {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        self.due.peek().map_or(u64::MAX, |Reverse(next)| next.due_ns)
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        while let Some(Reverse(Comeback { account, number, long, lots, symbol, .. })) =
            self.due.peek().copied().filter(|Reverse(next)| next.due_ns <= view.now_ns)
        {
            self.due.pop();
            self.orders += 1;
            let account = AccountId(account);
            out.send(Input::Order(NewOrder {
                symbol: SymbolId(symbol),
                account,
                order: order_id(account, FIRST_NUMBER + number),
                side: if long { Side::Buy } else { Side::Sell },
                qty: qty(lots),
                kind: OrderKind::Market,
                reduce_only: false,
            }));
        }
    }

    fn deleveraged(&mut self, hit: &Deleveraged, known_ns: u64) {
        let Deleveraged { symbol, account, side, lots, .. } = *hit;
        let number = account.0 - self.further_funds;
        let mut draw = Key::new(self.seed, number, Purpose::Reentry).at(u64::from(self.hits));
        self.hits += 1;
        if draw.unit() >= self.share {
            return;
        }
        let lots = whole(f64::from(lots) * self.part, 1, u32::MAX >> 1);
        self.due.push(Reverse(Comeback {
            due_ns: known_ns + nanoseconds(self.delay_ns * draw.exponential()),
            account: account.0,
            number: self.hits,
            long: side == Side::Buy,
            lots,
            symbol: symbol.0,
        }));
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("hits", u64::from(self.hits)), ("orders", self.orders)]
    }
}
