//! The sender of recorded order flow: an anonymous account with ample cash.
//!
//! Recorded prices are kept as distances, in proportion, from the last recorded execution (at
//! first, from the first order's price), and taken from the mid of the run's book as takers see it
//! (from the index while a side is missing). So the recording's own drift is left out, its spread,
//! depth and tempo are kept, and it neither holds the price nor moves it by itself.

use std::collections::BTreeMap;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Price, Side};

use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::recording::{Background, BackgroundAction, BackgroundMessage};
use super::{Agent, Latencies, Outbox, View, order_id};
use crate::scenario::{SYMBOL, Scenario};

/// Plays a recording from the end of the warm-up.
#[allow(missing_debug_implementations, reason = "it holds an iterator of the caller's")]
pub struct Recorded<'a> {
    account: AccountId,
    latencies: Latencies,
    messages: Box<dyn Iterator<Item = BackgroundMessage> + 'a>,
    next: Option<BackgroundMessage>,
    start_ns: u64,
    speed: f64,
    /// Lots of the run for a recorded quantity of one.
    lots_per_qty: f64,
    reference: Option<f64>,
    /// Resting orders: the number of the venue's order, its price and open quantity.
    resting: BTreeMap<u64, (u32, Price, u64)>,
    number: u32,
}

impl<'a> Recorded<'a> {
    /// Plays `background` in `scenario`.
    pub fn new(scenario: &Scenario, background: &'a dyn Background) -> Self {
        let mut messages = background.messages();
        Self {
            account: AccountId(scenario.roles().background),
            latencies: Latencies::of_takers(scenario),
            next: messages.next(),
            messages,
            start_ns: scenario.clock.warmup_ms * 1_000_000,
            speed: scenario.background.speed,
            lots_per_qty: scenario.background.lots_per_unit
                / f64::from(background.qty_per_unit().max(1)),
            reference: None,
            resting: BTreeMap::new(),
            number: 0,
        }
    }

    /// A recorded price in ticks of the run, before rounding.
    fn ticks(&mut self, recorded: u64, view: &View<'_>) -> f64 {
        let recorded = real(recorded.max(1));
        let reference = *self.reference.get_or_insert(recorded);
        let centre = view.quote.mid().unwrap_or_else(|| view.index.at(view.now_ns));
        centre * recorded / reference
    }

    fn lots(&self, recorded: u64) -> u32 {
        whole(real(recorded) * self.lots_per_qty, 1, 1 << 30)
    }

    fn order(&mut self, side: Side, lots: u32, kind: OrderKind) -> NewOrder {
        self.number += 1;
        NewOrder {
            symbol: SYMBOL,
            account: self.account,
            order: order_id(self.account, self.number),
            side,
            qty: qty(lots),
            kind,
            reduce_only: false,
        }
    }

    fn play(&mut self, action: BackgroundAction, view: &View<'_>) -> Option<Input> {
        match action {
            BackgroundAction::New { order, side, price: recorded, qty } => {
                let ticks = self.ticks(recorded, view);
                let limit = match side {
                    Side::Buy => price_floor(ticks),
                    Side::Sell => price_ceil(ticks),
                };
                let new = self.order(side, self.lots(qty), OrderKind::PostOnly(limit));
                self.resting.insert(order, (self.number, limit, qty));
                Some(Input::Order(new))
            }
            BackgroundAction::Reduce { order, qty: less } => self.reduce(order, less),
            BackgroundAction::Delete { order } => {
                let (number, _, _) = self.resting.remove(&order)?;
                let (account, order) = (self.account, order_id(self.account, number));
                Some(Input::Cancel { symbol: SYMBOL, account, order })
            }
            BackgroundAction::Take { side, price: recorded, qty } => {
                let ticks = self.ticks(recorded, view);
                self.reference = Some(real(recorded.max(1)));
                // What traded in the recording trades here at what the book has near its price.
                let seen = |best: u32| if best == 0 { ticks } else { f64::from(best) };
                let limit = match side {
                    Side::Buy => price_ceil(ticks.max(seen(view.quote.ask_ticks))),
                    Side::Sell => price_floor(ticks.min(seen(view.quote.bid_ticks))),
                };
                let kind = OrderKind::ImmediateOrCancel(limit);
                Some(Input::Order(self.order(side, self.lots(qty), kind)))
            }
        }
    }

    fn reduce(&mut self, order: u64, less: u64) -> Option<Input> {
        let (number, limit, open) = *self.resting.get(&order)?;
        let left = open.saturating_sub(less);
        let (account, id) = (self.account, order_id(self.account, number));
        if left == 0 {
            self.resting.remove(&order);
            return Some(Input::Cancel { symbol: SYMBOL, account, order: id });
        }
        self.resting.insert(order, (number, limit, left));
        let lots = qty(self.lots(left));
        Some(Input::Replace { symbol: SYMBOL, account, order: id, price: limit, qty: lots })
    }
}

impl Agent for Recorded<'_> {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        self.next.map_or(u64::MAX, |message| {
            self.start_ns + nanoseconds(real(message.time_ns) / self.speed)
        })
    }

    /// Sends every message of this instant.
    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        while let Some(message) = self.next
            && self.next_wake_ns() <= view.now_ns
        {
            self.next = self.messages.next();
            if let Some(input) = self.play(message.action, view) {
                out.send(input);
            }
        }
    }
}
