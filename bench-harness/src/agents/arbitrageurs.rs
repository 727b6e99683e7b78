//! Arbitrageurs: buy when the book offers below the index, sell when it bids above it.
//!
//! What they bought here they sold where the index comes from, so their inventory fades with a
//! half-life, and they stop adding to it at a limit.

use core::ops::Range;

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::keyed::{Key, Purpose};
use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::{Agent, Latencies, Notice, Outbox, View, order_id, order_owner};
use crate::scenario::{Scenario, small};

/// One arbitrageur.
#[derive(Debug)]
struct Desk {
    account: AccountId,
    wakes: Key,
    woken: u64,
    next_ns: u64,
    seen_ns: u64,
    inventory: f64,
    orders: u32,
}

/// All arbitrageurs.
#[derive(Debug)]
pub struct Arbitrageurs {
    symbol: SymbolId,
    accounts: Range<u32>,
    latencies: Latencies,
    desks: Vec<Desk>,
    period_ns: f64,
    threshold: f64,
    order_lots: u32,
    limit_lots: f64,
    half_life_ns: f64,
}

impl Arbitrageurs {
    /// The arbitrageurs of a scenario; the first look comes within a period of the warm-up's end.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.arbitrageurs;
        let accounts = scenario.roles().arbitrageurs;
        let start_ns = scenario.clock.warmup_ms * 1_000_000;
        let period_ns = real(spec.period_ms) * 1e6;
        let desks = accounts.clone().map(|account| {
            let account = AccountId(account);
            let number = scenario.drawn_by(account);
            let wakes = Key::new(scenario.seed, number, Purpose::Arbitrageur);
            let phase = wakes.at(0).unit() * period_ns;
            Desk {
                account,
                wakes,
                woken: 0,
                next_ns: start_ns + nanoseconds(phase),
                seen_ns: start_ns,
                inventory: 0.0,
                orders: 0,
            }
        });
        Self {
            symbol: scenario.symbol(),
            desks: desks.collect(),
            accounts,
            latencies: Latencies {
                new_ns: spec.gateway_ns,
                cancel_ns: spec.gateway_ns,
                ack_ns: spec.ack_ns,
                feed_ns: spec.feed_ns,
            },
            period_ns,
            threshold: real(spec.threshold_bp) / 1e4,
            order_lots: small(spec.order_lots),
            limit_lots: real(spec.inventory_limit_lots),
            half_life_ns: real(spec.inventory_half_life_ms) * 1e6,
        }
    }

    /// The one who looks next.
    fn first(&self) -> usize {
        let next = |n: &usize| self.desks[*n].next_ns;
        (0..self.desks.len()).min_by_key(next).unwrap_or(0)
    }

    /// What to do about the book, if anything: a side and the worst price that still pays.
    fn opportunity(&self, view: &View<'_>) -> Option<(Side, OrderKind)> {
        let index = view.index.at(view.now_ns);
        let (low, high) = (index * (1.0 - self.threshold), index * (1.0 + self.threshold));
        let (bid, ask) = (view.quote.bid_ticks, view.quote.ask_ticks);
        if ask > 0 && f64::from(ask) < low {
            return Some((Side::Buy, OrderKind::ImmediateOrCancel(price_floor(low))));
        }
        let pays = bid > 0 && f64::from(bid) > high;
        pays.then(|| (Side::Sell, OrderKind::ImmediateOrCancel(price_ceil(high))))
    }
}

impl Agent for Arbitrageurs {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> Range<u32> {
        self.accounts.clone()
    }

    fn next_wake_ns(&self) -> u64 {
        self.desks.get(self.first()).map_or(u64::MAX, |desk| desk.next_ns)
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let found = self.opportunity(view);
        let first = self.first();
        let desk = &mut self.desks[first];
        desk.woken += 1;
        let mut draw = desk.wakes.at(desk.woken);
        let elapsed = real(view.now_ns - desk.seen_ns);
        desk.seen_ns = view.now_ns;
        desk.inventory *= self.half_life_ns / (self.half_life_ns + elapsed * super::makers::LN_2);
        desk.next_ns += nanoseconds(self.period_ns * (0.5 + draw.unit())).max(1);
        let size = whole(f64::from(self.order_lots) * (0.5 + draw.unit()), 1, u32::MAX >> 1);
        let Some((side, kind)) = found else { return };
        let full = match side {
            Side::Buy => desk.inventory >= self.limit_lots,
            Side::Sell => -desk.inventory >= self.limit_lots,
        };
        if full {
            return;
        }
        desk.orders += 1;
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account: desk.account,
            order: order_id(desk.account, desk.orders),
            side,
            qty: qty(size),
            kind,
            reduce_only: false,
        }));
    }

    fn notice(&mut self, notice: &Notice) {
        let (account, _) = order_owner(notice.order);
        let desk = &mut self.desks[(account.0 - self.accounts.start) as usize];
        #[allow(clippy::cast_precision_loss, reason = "lots of one fill are far below 2^53")]
        let lots = notice.lots as f64;
        desk.inventory += lots;
    }
}
