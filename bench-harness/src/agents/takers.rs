//! Takers: orders that arrive as a Poisson process, with power-law sizes.

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side};

use super::keyed::{Draw, Key, PowerLaw, Purpose};
use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::{Agent, Line, Outbox, View, order_id};
use crate::scenario::{SYMBOL, Scenario, small};

/// All takers together: the superposition of their Poisson processes is one.
#[derive(Debug)]
pub struct Takers {
    first: u32,
    count: u32,
    arrivals: Key,
    orders: Key,
    mean_gap_ns: f64,
    size: PowerLaw,
    size_max: u32,
    market: f64,
    tolerance: f64,
    tilt: f64,
    next_ns: u64,
    number: u32,
}

impl Takers {
    /// The takers of a scenario; the first comes after the warm-up.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.takers;
        let roles = scenario.roles();
        let mut takers = Self {
            first: roles.takers.start,
            count: small(spec.count),
            arrivals: Key::new(scenario.seed, 0, Purpose::TakerArrival),
            orders: Key::new(scenario.seed, 0, Purpose::TakerOrder),
            mean_gap_ns: 1e9 / spec.orders_per_second,
            size: PowerLaw::new(
                real(spec.size_min_lots),
                real(spec.size_max_lots),
                spec.size_exponent,
            ),
            size_max: small(spec.size_max_lots),
            market: real(spec.market_ppm) / 1e6,
            tolerance: real(spec.tolerance_bp) / 1e4,
            tilt: real(spec.value_tilt_ppm) / 1e6,
            next_ns: scenario.clock.warmup_ms * 1_000_000,
            number: 0,
        };
        takers.schedule();
        takers
    }

    fn schedule(&mut self) {
        let gap = self.arrivals.at(u64::from(self.number)).exponential() * self.mean_gap_ns;
        self.next_ns += nanoseconds(gap).max(1);
    }

    /// More buyers come when the book is below the index, more sellers when it is above.
    fn side(&self, view: &View<'_>, draw: &mut Draw) -> Side {
        let index = view.index.at(view.now_ns);
        let discount_bp = view.quote.mid().map_or(0.0, |mid| (index - mid) / index * 1e4);
        let buys = 0.5 + (discount_bp * self.tilt).clamp(-0.45, 0.45);
        if draw.unit() < buys { Side::Buy } else { Side::Sell }
    }

    fn kind(&self, view: &View<'_>, side: Side, draw: &mut Draw) -> OrderKind {
        let is_market = draw.unit() < self.market;
        let index = view.index.at(view.now_ns);
        let seen = |ticks: u32| if ticks == 0 { index } else { f64::from(ticks) };
        match side {
            _ if is_market => OrderKind::Market,
            Side::Buy => {
                let limit = seen(view.quote.ask_ticks) * (1.0 + self.tolerance);
                OrderKind::ImmediateOrCancel(price_ceil(limit))
            }
            Side::Sell => {
                let limit = seen(view.quote.bid_ticks) * (1.0 - self.tolerance);
                OrderKind::ImmediateOrCancel(price_floor(limit))
            }
        }
    }
}

impl Agent for Takers {
    fn line(&self) -> Line {
        Line::Taker
    }

    fn next_wake_ns(&self) -> u64 {
        self.next_ns
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let mut draw = self.orders.at(u64::from(self.number));
        self.number += 1;
        let account = AccountId(self.first + draw.below(self.count));
        let lots = whole(self.size.draw(&mut draw), 1, self.size_max);
        let side = self.side(view, &mut draw);
        let kind = self.kind(view, side, &mut draw);
        out.send(Input::Order(NewOrder {
            symbol: SYMBOL,
            account,
            order: order_id(account, self.number),
            side,
            qty: qty(lots),
            kind,
            reduce_only: false,
        }));
        self.schedule();
    }
}
