//! Cross holders who hedge in a second market: as the first market's mark comes near their trigger
//! price they sell the second one short.
//!
//! A hedge gains what the two markets lose together, and costs margin of its own: near the trigger
//! there is little left, and the venue refuses what equity does not cover. What was refused is not tried again.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::holders::margin_rates;
use super::number::{nanoseconds, qty, real, whole};
use super::portfolios::{self, Holder};
use super::{Agent, Latencies, Notice, Outbox, View, order_id};
use crate::scenario::{Portfolios, Scenario};

/// One who will hedge.
#[derive(Clone, Copy, Debug)]
struct Guard {
    account: AccountId,
    /// The mark at which it does, in ticks.
    level: u64,
    reaction_ns: u64,
    lots: u32,
}

/// All who hedge.
#[derive(Debug)]
pub struct Hedges {
    symbol: SymbolId,
    latencies: Latencies,
    accounts: core::ops::Range<u32>,
    guards: Vec<Guard>,
    /// Those whose level the mark has not reached; the highest first.
    watching: BinaryHeap<(u64, Reverse<u32>)>,
    /// Those about to act.
    acting: BinaryHeap<Reverse<(u64, u32)>>,
    period_ns: u64,
    look_ns: u64,
    /// Sent, and refused or not filled at all.
    counts: [u64; 2],
}

impl Hedges {
    /// Those of a scenario; they watch from the end of the warm-up.
    pub fn new(scenario: &Scenario) -> Self {
        let start_ns = scenario.clock.warmup_ms * 1_000_000;
        let accounts = scenario.portfolio_accounts();
        let lanes = scenario.lanes();
        let second = lanes.get(1).unwrap_or(&lanes[0]);
        let guards: Vec<Guard> = match &scenario.portfolios {
            Some(spec) => (0..)
                .zip(accounts.clone())
                .filter_map(|(number, account)| guard(scenario, second, spec, number, account))
                .collect(),
            None => Vec::new(),
        };
        let watching = (0..).zip(&guards).map(|(place, guard)| (guard.level, Reverse(place)));
        let period_ms = scenario.portfolios.as_ref().map_or(1, |spec| spec.hedge_period_ms);
        Self {
            symbol: second.symbol(),
            latencies: Latencies::of_takers(scenario),
            accounts,
            watching: watching.collect(),
            guards,
            acting: BinaryHeap::new(),
            period_ns: period_ms * 1_000_000,
            look_ns: start_ns,
            counts: [0; 2],
        }
    }

    fn look(&mut self, view: &View<'_>) {
        let mark = u64::from(view.quote.mark_ticks);
        if mark == 0 {
            return;
        }
        while let Some((_, Reverse(number))) =
            self.watching.peek().copied().filter(|(level, _)| *level >= mark)
        {
            self.watching.pop();
            let due = view.now_ns + self.guards[number as usize].reaction_ns;
            self.acting.push(Reverse((due, number)));
        }
    }

    fn act(&mut self, number: u32, out: &mut Outbox<'_>) {
        let Guard { account, lots, .. } = self.guards[number as usize];
        self.counts[0] += 1;
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account,
            order: order_id(account, 1),
            side: Side::Sell,
            qty: qty(lots),
            kind: OrderKind::Market,
            reduce_only: false,
        }));
    }
}

/// What one of them does and when, if it hedges.
fn guard(
    first: &Scenario,
    second: &Scenario,
    spec: &Portfolios,
    number: u32,
    account: u32,
) -> Option<Guard> {
    let Holder { value, leverage, hedges, mut draw, .. } = portfolios::holder(first, spec, number);
    if !hedges || leverage <= 1.0 {
        return None;
    }
    let lots = portfolios::lots_worth(first, value).max(1);
    let maintenance = margin_rates(first, lots, seawall_engine::types::Ppm::ZERO).1;
    // A long of that value over equity alone is triggered there.
    let trigger = real(first.market.reference_ticks) * (1.0 - 1.0 / leverage) / (1.0 - maintenance);
    let distance = real(spec.hedge_distance_bp) / 1e4 * (0.5 + draw.unit());
    let reaction_ns = nanoseconds(real(spec.hedge_reaction_ms) * 1e6 * draw.exponential());
    let level = u64::from(whole(trigger * (1.0 + distance), 1, u32::MAX - 1));
    let part = real(spec.hedge_value_ppm) / 1e6;
    let lots = portfolios::lots_worth(second, value * part).max(1);
    Some(Guard { account: AccountId(account), level, reaction_ns, lots })
}

impl Agent for Hedges {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> core::ops::Range<u32> {
        self.accounts.clone()
    }

    fn next_wake_ns(&self) -> u64 {
        let acting = self.acting.peek().map_or(u64::MAX, |Reverse((due, _))| *due);
        acting.min(if self.watching.is_empty() { u64::MAX } else { self.look_ns })
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        while let Some(Reverse((_, number))) =
            self.acting.peek().copied().filter(|Reverse((due, _))| *due <= view.now_ns)
        {
            self.acting.pop();
            self.act(number, out);
        }
        if self.look_ns <= view.now_ns {
            self.look_ns = view.now_ns + self.period_ns;
            self.look(view);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        self.counts[1] += u64::from(notice.gone && notice.lots == 0);
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("orders", self.counts[0]), ("orders_refused", self.counts[1])]
    }
}
