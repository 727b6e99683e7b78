//! Order flow by given distributions: when orders come, where they are placed, how large they are
//! and how long they live, all of it data of the scenario. Nobody here has an opinion of the price:
//! orders are placed by the best prices there are (a zero-intelligence flow, as in Smith, Farmer,
//! Gillemot and Krishnamurthy 2003), so the book moves by what takes from it.
//!
//! Two accounts send it: one rests, one takes.

use core::cmp::Reverse;
use core::ops::Range;
use std::collections::{BinaryHeap, HashSet};

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Price, Side};

use super::curve::Curve;
use super::excitation::Excitation;
use super::keyed::{Draw, Key, Purpose};
use super::number::{nanoseconds, price, qty, real, whole};
use super::{Agent, Latencies, Notice, Outbox, View, order_id, order_owner};
use crate::scenario::order_flow::{DepthRow, OrderFlow, Placement, STREAMS};
use crate::scenario::{SYMBOL, Scenario, small};

/// When the orders of a flow come, by kind, in seconds from the start, up to an end or up to so
/// many orders.
pub fn arrivals_s(flow: &OrderFlow, seed: u64, end_s: f64, most: usize) -> [Vec<f64>; STREAMS] {
    let mut arrivals = Excitation::new(flow, Key::new(seed, 0, Purpose::FlowArrival));
    let mut times: [Vec<f64>; STREAMS] = Default::default();
    for _ in 0..most {
        let (time_ns, kind) = arrivals.next();
        let time_s = real(time_ns) / 1e9;
        if time_s >= end_s {
            break;
        }
        times[kind].push(time_s);
        arrivals.advance();
    }
    times
}

/// One way to place a limit order.
#[derive(Debug)]
struct Way {
    shares: Vec<f64>,
    /// Part of the spread.
    inside: Curve,
    behind: Curve,
    lots: Curve,
    life_us: Curve,
}

/// A limit order as it is placed.
#[derive(Clone, Copy, Debug)]
struct Placed {
    side: Side,
    price: Price,
    lots: u32,
    /// When it is cancelled, if it is.
    until_ns: Option<u64>,
}

/// The order flow of a scenario.
#[derive(Debug)]
pub struct Flow {
    latencies: Latencies,
    resting: AccountId,
    taking: AccountId,
    arrivals: Excitation,
    orders: Key,
    openings: Key,
    ways: Vec<Way>,
    /// Greatest spread of each class but the last, in ticks.
    spreads: Vec<u32>,
    take_lots: Curve,
    depth: Vec<DepthRow>,
    /// Best bid and offer as they were last seen, in ticks.
    best: [u32; 2],
    is_open: bool,
    number: u32,
    /// Numbers of the orders that rest or are on their way.
    live: HashSet<u32>,
    /// When they are cancelled.
    ends: BinaryHeap<Reverse<(u64, u32)>>,
    takes: u64,
    cancels: u64,
}

impl Flow {
    /// The flow of a scenario: its book at time zero, its orders from then on.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.flow;
        let key = |purpose| Key::new(scenario.seed, 0, purpose);
        let accounts = scenario.roles().flow;
        let spread = small(spec.spread_start_ticks);
        let bid = small(scenario.market.reference_ticks).saturating_sub(spread / 2).max(1);
        Self {
            latencies: Latencies {
                new_ns: spec.gateway_ns,
                cancel_ns: spec.gateway_ns,
                ack_ns: spec.ack_ns,
                feed_ns: spec.feed_ns,
            },
            resting: AccountId(accounts.start),
            taking: AccountId(accounts.start + 1),
            arrivals: Excitation::new(spec, key(Purpose::FlowArrival)),
            orders: key(Purpose::FlowOrder),
            openings: key(Purpose::FlowOpening),
            ways: spec.placements.iter().map(Way::new).collect(),
            spreads: spec.spread_ticks.iter().map(|ticks| small(*ticks)).collect(),
            take_lots: Curve::new(&spec.take_lots),
            depth: spec.depth.clone(),
            best: [bid, bid + spread],
            is_open: false,
            number: 0,
            live: HashSet::new(),
            ends: BinaryHeap::new(),
            takes: 0,
            cancels: 0,
        }
    }

    /// The book at the start.
    fn open(&mut self, out: &mut Outbox<'_>) {
        let mut from = 0;
        for row in self.depth.clone() {
            let to = small(row.to_ticks);
            for side in [Side::Buy, Side::Sell] {
                self.open_row(from, to, &row, side, out);
            }
            from = to + 1;
        }
    }

    fn open_row(&mut self, from: u32, to: u32, row: &DepthRow, side: Side, out: &mut Outbox<'_>) {
        let tick = u64::from(from) * 2 + u64::from(side == Side::Sell);
        let mut draw = self.openings.at(tick);
        // The part of an order is one now and then; there is always a best price.
        let least = u32::from(from == 0);
        let orders = whole((row.orders + draw.unit() - 0.5).max(0.0), least, 1 << 22);
        let mean_lots = row.lots / row.orders.max(1e-9);
        for _ in 0..orders {
            let away = from + draw.below(to - from + 1);
            let way = self.ways.iter().find(|way| way.behind.most() >= f64::from(away));
            let way = way.or(self.ways.last()).expect("there is a placement");
            let left = way.life_us.draw_residual(&mut draw);
            let placed = Placed {
                side,
                price: self.away(side, 0, away),
                lots: whole(mean_lots * draw.exponential(), 1, 1 << 30),
                until_ns: left.map(|us| nanoseconds(us * 1e3).max(1)),
            };
            self.place(&placed, out);
        }
    }

    /// The price so far inside the spread and behind the best price of a side.
    fn away(&self, side: Side, inside: u32, behind: u32) -> Price {
        let [bid, ask] = self.best;
        match side {
            Side::Buy => {
                price((bid + inside).saturating_sub(behind).clamp(1, ask.saturating_sub(1).max(1)))
            }
            Side::Sell => price((ask + behind).saturating_sub(inside).max(bid + 1)),
        }
    }

    fn place(&mut self, placed: &Placed, out: &mut Outbox<'_>) {
        self.number += 1;
        let number = self.number;
        self.live.insert(number);
        if let Some(until_ns) = placed.until_ns {
            self.ends.push(Reverse((until_ns, number)));
        }
        let kind = OrderKind::PostOnly(placed.price);
        out.send(order(self.resting, number, placed.side, placed.lots, kind));
    }

    fn see(&mut self, view: &View<'_>) {
        let quote = view.quote;
        // A side that is empty is where it was, but not beyond the other one.
        let [bid, ask] = self.best;
        self.best = match (quote.bid_ticks, quote.ask_ticks) {
            (0, 0) => [bid, ask],
            (0, ask) => [bid.min(ask.saturating_sub(1)).max(1), ask],
            (bid, 0) => [bid, ask.max(bid + 1)],
            both => both.into(),
        };
    }

    fn limit(&mut self, side: Side, now_ns: u64, draw: &mut Draw, out: &mut Outbox<'_>) {
        let spread = self.best[1].saturating_sub(self.best[0]).max(1);
        let class = self.spreads.partition_point(|most| *most < spread);
        let way = choose(&self.ways, class, draw);
        let inside = way.inside.draw(draw).unwrap_or(0.0) / 1e6 * f64::from(spread);
        let behind = way.behind.draw(draw).unwrap_or(0.0);
        let lots = way.lots.draw(draw).unwrap_or(1.0);
        let life_us = way.life_us.draw(draw);
        // Inside is at least a tick inside, where the spread has room for one.
        let least = u32::from(inside > 0.0).min(spread - 1);
        let placed = Placed {
            side,
            price: self.away(side, whole(inside, least, spread - 1), whole(behind, 0, 1 << 28)),
            lots: whole(lots, 1, 1 << 31),
            until_ns: life_us.map(|us| now_ns + nanoseconds(us * 1e3)),
        };
        self.place(&placed, out);
    }

    fn take(&mut self, side: Side, draw: &mut Draw, out: &mut Outbox<'_>) {
        self.number += 1;
        self.takes += 1;
        let lots = whole(self.take_lots.draw(draw).unwrap_or(1.0), 1, 1 << 31);
        out.send(order(self.taking, self.number, side, lots, OrderKind::Market));
    }

    fn cancel_due(&mut self, now_ns: u64, out: &mut Outbox<'_>) {
        while let Some(&Reverse((until_ns, number))) = self.ends.peek()
            && until_ns <= now_ns
        {
            self.ends.pop();
            if self.live.remove(&number) {
                self.cancels += 1;
                let (account, order) = (self.resting, order_id(self.resting, number));
                out.send(Input::Cancel { symbol: SYMBOL, account, order });
            }
        }
    }
}

fn order(account: AccountId, number: u32, side: Side, lots: u32, kind: OrderKind) -> Input {
    Input::Order(NewOrder {
        symbol: SYMBOL,
        account,
        order: order_id(account, number),
        side,
        qty: qty(lots),
        kind,
        reduce_only: false,
    })
}

/// A way by the shares of a class of spreads.
fn choose<'w>(ways: &'w [Way], class: usize, draw: &mut Draw) -> &'w Way {
    let share = |way: &Way| way.shares[class];
    let mut left = draw.unit() * ways.iter().map(share).sum::<f64>();
    for way in ways {
        if left < share(way) {
            return way;
        }
        left -= share(way);
    }
    // Rounding may leave a little beyond the last.
    let last = ways.iter().rfind(|way| share(way) > 0.0);
    last.expect("the checks ask for a share in every class")
}

impl Way {
    fn new(placement: &Placement) -> Self {
        Self {
            shares: placement.share_ppm.iter().map(|ppm| real(*ppm)).collect(),
            inside: Curve::new(&placement.inside_ppm),
            behind: Curve::new(&placement.behind_ticks),
            lots: Curve::new(&placement.lots),
            life_us: Curve::new(&placement.life_us),
        }
    }
}

impl Agent for Flow {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn hears(&self) -> Range<u32> {
        self.resting.0..self.resting.0 + 1
    }

    fn next_wake_ns(&self) -> u64 {
        if !self.is_open {
            return 1;
        }
        let end = self.ends.peek().map_or(u64::MAX, |Reverse((until_ns, _))| *until_ns);
        self.arrivals.next().0.min(end).max(1)
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        if !self.is_open {
            self.is_open = true;
            self.open(out);
            return;
        }
        self.see(view);
        self.cancel_due(view.now_ns, out);
        if self.arrivals.next().0 > view.now_ns {
            return;
        }
        let (_, kind) = self.arrivals.next();
        let mut draw = self.orders.at(self.arrivals.orders());
        self.arrivals.advance();
        match kind {
            0 => self.limit(Side::Buy, view.now_ns, &mut draw, out),
            1 => self.limit(Side::Sell, view.now_ns, &mut draw, out),
            2 => self.take(Side::Buy, &mut draw, out),
            _ => self.take(Side::Sell, &mut draw, out),
        }
    }

    fn notice(&mut self, notice: &Notice) {
        if notice.gone {
            self.live.remove(&order_owner(notice.order).1);
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("orders", u64::from(self.number)), ("takes", self.takes), ("cancels", self.cancels)]
    }
}
