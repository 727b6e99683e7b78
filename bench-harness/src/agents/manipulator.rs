//! Somebody who moves the mark on purpose, to profit from the liquidations that follow.
//!
//! First it sells a position short, slowly. Then it presses the price: a hunter sells at the
//! market, so that the last price falls; a spoofer joins the offers inside the spread and takes
//! its orders back before they fill, so that the best offer, and with it a mark made of best bid,
//! best offer and last, falls without a sale. At the end it buys its position back. Whether that
//! paid is read from the ledger, not from the agent.

use core::ops::Range;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::number::{price, qty, whole};
use super::{Agent, Latencies, Notice, Outbox, View, order_id, order_owner};
use crate::scenario::{Manipulation, Scenario, small};

/// How it presses the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressure {
    /// Market orders.
    Hunt,
    /// Orders inside the spread that are taken back.
    Spoof,
}

/// What it does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Build,
    Press,
    Cover,
    Wait,
}

/// One manipulator.
#[derive(Debug)]
pub struct Manipulator {
    symbol: SymbolId,
    account: AccountId,
    pressure: Pressure,
    spec: Manipulation,
    latencies: Latencies,
    start_ns: u64,
    next_ns: u64,
    interval_ns: u64,
    orders: u32,
    /// Signed, as far as it knows.
    inventory: i64,
    /// The spoofer's order in the book, if it has one.
    resting: Option<u32>,
}

impl Manipulator {
    /// The hunter of a scenario.
    pub fn hunter(scenario: &Scenario) -> Self {
        let account = scenario.roles().hunter.start;
        Self::new(scenario.symbol(), account, Pressure::Hunt, scenario.hunter.clone())
    }

    /// The spoofer of a scenario.
    pub fn spoofer(scenario: &Scenario) -> Self {
        let account = scenario.roles().spoofer.start;
        Self::new(scenario.symbol(), account, Pressure::Spoof, scenario.spoofer.clone())
    }

    fn new(symbol: SymbolId, account: u32, pressure: Pressure, spec: Manipulation) -> Self {
        Self {
            symbol,
            account: AccountId(account),
            pressure,
            latencies: Latencies {
                new_ns: spec.gateway_ns,
                cancel_ns: spec.cancel_ns,
                ack_ns: spec.ack_ns,
                feed_ns: spec.feed_ns,
            },
            start_ns: spec.start_ms * 1_000_000,
            next_ns: spec.start_ms * 1_000_000,
            interval_ns: spec.interval_ms * 1_000_000,
            orders: 0,
            inventory: 0,
            resting: None,
            spec,
        }
    }

    fn phase(&self, now_ns: u64) -> (Phase, u64) {
        let spec = &self.spec;
        let since_ms = (now_ns - self.start_ns) / 1_000_000;
        let press_end_ms = spec.build_ms + spec.press_ms;
        let cover_ms = spec.build_ms + spec.cover_after_ms;
        if since_ms < spec.build_ms {
            (Phase::Build, spec.build_ms - since_ms)
        } else if since_ms < press_end_ms {
            (Phase::Press, press_end_ms - since_ms)
        } else if since_ms >= cover_ms && since_ms < cover_ms + spec.cover_ms {
            (Phase::Cover, cover_ms + spec.cover_ms - since_ms)
        } else {
            (Phase::Wait, 0)
        }
    }

    fn is_over(&self) -> bool {
        let spec = &self.spec;
        let end_ms = (spec.build_ms + spec.press_ms)
            .max(spec.build_ms + spec.cover_after_ms + spec.cover_ms);
        self.next_ns > self.start_ns + end_ms * 1_000_000
    }

    fn market(&mut self, side: Side, lots: u64, reduce_only: bool, out: &mut Outbox<'_>) {
        if lots > 0 {
            self.order(side, lots, OrderKind::Market, reduce_only, out);
        }
    }

    fn order(
        &mut self,
        side: Side,
        lots: u64,
        kind: OrderKind,
        reduce_only: bool,
        out: &mut Outbox<'_>,
    ) {
        self.orders += 1;
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account: self.account,
            order: order_id(self.account, self.orders),
            side,
            qty: qty(small(lots.min(u64::from(u32::MAX >> 1)))),
            kind,
            reduce_only,
        }));
    }

    /// Equal parts of what is to be done over what is left of the phase.
    fn part(&self, lots: u64, length_ms: u64) -> u64 {
        lots / (length_ms / self.spec.interval_ms).max(1)
    }

    fn press(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        match self.pressure {
            Pressure::Hunt => {
                let lots = self.part(self.spec.press_lots, self.spec.press_ms);
                self.market(Side::Sell, lots, false, out);
            }
            Pressure::Spoof => {
                self.take_back(out);
                let (bid, ask) = (view.quote.bid_ticks, view.quote.ask_ticks);
                if bid > 0 && ask > bid + 1 {
                    let inside = whole(f64::from(bid) + 1.0, 1, u32::MAX);
                    let kind = OrderKind::PostOnly(price(inside));
                    self.order(Side::Sell, self.spec.press_lots, kind, false, out);
                    self.resting = Some(self.orders);
                }
            }
        }
    }

    fn take_back(&mut self, out: &mut Outbox<'_>) {
        let Some(number) = self.resting.take() else { return };
        let (account, order) = (self.account, order_id(self.account, number));
        out.send(Input::Cancel { symbol: self.symbol, account, order });
    }
}

impl Agent for Manipulator {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> Range<u32> {
        self.account.0..self.account.0 + 1
    }

    fn next_wake_ns(&self) -> u64 {
        if self.is_over() { u64::MAX } else { self.next_ns }
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let (phase, left_ms) = self.phase(view.now_ns);
        self.next_ns += self.interval_ns;
        if phase != Phase::Press {
            self.take_back(out);
        }
        match phase {
            Phase::Build => {
                let lots = self.part(self.spec.build_lots, self.spec.build_ms);
                self.market(Side::Sell, lots, false, out);
            }
            Phase::Press => self.press(view, out),
            Phase::Cover => {
                let short = self.inventory.min(0).unsigned_abs();
                let intervals = left_ms.div_ceil(self.spec.interval_ms).max(1);
                self.market(Side::Buy, short.div_ceil(intervals), true, out);
            }
            Phase::Wait => {}
        }
    }

    fn notice(&mut self, notice: &Notice) {
        self.inventory += notice.lots;
        let (_, number) = order_owner(notice.order);
        if notice.gone && self.resting == Some(number) {
            self.resting = None;
        }
    }
}
