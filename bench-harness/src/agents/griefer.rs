//! One who has the backstop take over the losing side of its own position, and pumps the price.
//!
//! Before the run its two accounts are the two sides of one large position. It buys at the market,
//! which lifts the mark, liquidates its short side (nobody offers that much, so the backstop takes
//! it over) and then lifts the price further against whoever holds it. At the end it sells what the
//! winning side has. Whether that paid is read from the ledger, over both accounts.

use core::ops::Range;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::number::qty;
use super::{Agent, Deleveraged, Latencies, Notice, Outbox, View, order_id};
use crate::scenario::{Griefer, Scenario, small};

/// The side that gains.
#[derive(Debug)]
pub struct Pump {
    symbol: SymbolId,
    account: AccountId,
    latencies: Latencies,
    spec: Option<Griefer>,
    next_ns: u64,
    orders: u32,
    /// As far as it knows.
    inventory: i64,
    deleveraged: u64,
}

impl Pump {
    /// That of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = scenario.griefer.clone();
        let of = |value: fn(&Griefer) -> u64| spec.as_ref().map_or(1, value);
        let (gateway_ns, ack_ns, feed_ns) =
            (of(|spec| spec.gateway_ns), of(|spec| spec.ack_ns), of(|spec| spec.feed_ns));
        let (start_ms, lots) = (of(|spec| spec.start_ms), of(|spec| spec.lots));
        Self {
            symbol: scenario.symbol(),
            account: AccountId(scenario.roles().griefer.start),
            latencies: Latencies { new_ns: gateway_ns, cancel_ns: gateway_ns, ack_ns, feed_ns },
            next_ns: if spec.is_some() { start_ms * 1_000_000 } else { u64::MAX },
            spec,
            orders: 0,
            inventory: i64::try_from(lots).unwrap_or(i64::MAX),
            deleveraged: 0,
        }
    }

    fn order(&mut self, side: Side, lots: u64, reduce_only: bool, out: &mut Outbox<'_>) {
        if lots == 0 {
            return;
        }
        self.orders += 1;
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account: self.account,
            order: order_id(self.account, self.orders),
            side,
            qty: qty(small(lots)),
            kind: OrderKind::Market,
            reduce_only,
        }));
    }
}

impl Agent for Pump {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> Range<u32> {
        self.account.0..self.account.0 + 1
    }

    fn next_wake_ns(&self) -> u64 {
        self.next_ns
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let Some(spec) = self.spec.clone() else { return };
        let since_ms = (view.now_ns / 1_000_000).saturating_sub(spec.start_ms);
        let cover_end_ms = spec.cover_after_ms + spec.cover_ms;
        self.next_ns += spec.interval_ms * 1_000_000;
        if since_ms < spec.pump_ms {
            // Spread to the lot.
            let sent = |ms: u64| spec.pump_lots * ms.min(spec.pump_ms) / spec.pump_ms;
            let lots = sent(since_ms + spec.interval_ms) - sent(since_ms);
            self.order(Side::Buy, lots, false, out);
        } else if since_ms < spec.cover_after_ms {
            self.next_ns = (spec.start_ms + spec.cover_after_ms) * 1_000_000;
        } else if since_ms < cover_end_ms {
            let left = (cover_end_ms - since_ms).div_ceil(spec.interval_ms).max(1);
            let held = self.inventory.max(0).unsigned_abs();
            self.order(Side::Sell, held.div_ceil(left), true, out);
        } else {
            self.next_ns = u64::MAX;
        }
    }

    fn notice(&mut self, notice: &Notice) {
        self.inventory += notice.lots;
    }

    fn deleveraged(&mut self, hit: &Deleveraged, _known_ns: u64) {
        if hit.account == self.account && hit.symbol == self.symbol {
            self.inventory -= i64::from(hit.lots);
            self.deleveraged += u64::from(hit.lots);
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("orders", u64::from(self.orders)), ("lots_deleveraged", self.deleveraged)]
    }
}
