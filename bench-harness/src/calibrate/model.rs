//! From what was measured to the order flow of a scenario.

use std::path::Path;

use serde::Serialize;

use super::curve::{self, ppm, whole};
use super::error::CalibrateError;
use super::hawkes::{self, Hawkes, History};
use super::lives;
use super::measure::{DEPTH_ROWS, Measured, Seen, depth_to, gaps};
use super::pace::Pace;
use super::sample::Distribution;
use crate::agents::flow::arrivals_s;
use crate::scenario::order_flow::{Curve, DepthRow, OrderFlow, Placement, STREAMS, Stream};

/// Least and greatest memory of the excitation, in seconds, and by how many times each is longer
/// than the one before. None is longer than a hundredth of the record: what changes over longer
/// times is a trend, which one record cannot tell from excitation.
const MEMORY_MIN_S: f64 = 1e-4;
const MEMORY_STEP: f64 = 10.0;
const MEMORY_PARTS: f64 = 100.0;
/// Narrow and wide spreads, about as many placements in each. Without the distinction a narrow
/// spread closes; with more classes the book comes no nearer to the record's.
const SPREAD_CLASSES: usize = 2;
/// Placements behind the best price are told apart by their distance, about as many in each.
const BEHIND_CLASSES: usize = 3;
/// A placement needs so many orders for distributions of its own.
const ORDERS_MIN: usize = 50;

/// Arrivals are given paces if those of the process alone are farther from the record: a process that
/// is near enough needs no further numbers.
const NEAR_ENOUGH: f64 = 0.05;
/// Seeds of the arrivals that are drawn to find out.
const SEEDS: u64 = 3;
/// Branching ratio of a flow at its busiest, at most; the scenario's checks take a little more.
const BUSY_MAX: f64 = 0.99;

/// Least numbers of a record.
const LIMITS_MIN: u64 = 200;
const TAKES_MIN: u64 = 20;

/// A flow fitted to a record.
#[derive(Clone, Debug)]
pub struct Model {
    /// The table of the scenario. Its deposit is not part of the fit.
    pub flow: OrderFlow,
    /// When orders come: limit buys, limit sells, market buys, market sells.
    pub arrivals: Hawkes,
    /// The same with one memory, for orders that take, both sides together.
    pub takes: hawkes::Fit,
    /// By kind, what the rate of that process is multiplied with.
    pub paces: [Pace; STREAMS],
    /// What was compared to choose between paces and none; `None` if the process alone was near
    /// enough.
    pub paced: Option<Paced>,
}

/// Drawn gaps against the record's, with paces and without.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Paced {
    /// KS distance of the process with paces, mean over orders and seeds.
    pub distance_with: f64,
    /// The same of the process alone.
    pub distance_without: f64,
    /// Whether the scenario has the paces: if it is nearer with them, and calms down.
    pub used: bool,
}

impl Model {
    /// Integrals of a kind's rate between its neighbouring orders.
    pub(super) fn residuals(&self, history: &History, kind: usize) -> Distribution {
        self.paces[kind].residuals(&self.arrivals, history, kind)
    }
}

/// Refuses a record of too little.
pub(super) fn enough(measured: &Measured, path: &Path) -> Result<(), CalibrateError> {
    let count = |kind: usize| measured.times_s[kind].len() as u64;
    let needs = [
        (count(0), "limit orders to buy", LIMITS_MIN, "their arrivals and sizes are fitted"),
        (count(1), "limit orders to sell", LIMITS_MIN, "their arrivals and sizes are fitted"),
        (count(2), "trades of a buyer that takes", TAKES_MIN, "their arrivals are fitted"),
        (count(3), "trades of a seller that takes", TAKES_MIN, "their arrivals are fitted"),
        (
            measured.spread.n() as u64,
            "looks at a book of two sides",
            8,
            "a look is a quarter second",
        ),
        (u64::from(measured.mid_ticks.is_some()), "mid prices", 1, "the scenario starts at it"),
    ];
    match needs.into_iter().find(|(found, _, expected, _)| found < expected) {
        None => Ok(()),
        Some((found, what, expected, why)) => {
            Err(CalibrateError::TooLittle { path: path.to_owned(), found, what, expected, why })
        }
    }
}

/// Fits the flow.
pub(super) fn fit(measured: &Measured) -> Model {
    let history = History::new(&measured.times_s[..STREAMS], measured.seconds);
    let arrivals = hawkes::fit(&history, &memories(measured.seconds)).hawkes;
    let bounds = (MEMORY_MIN_S, measured.seconds / MEMORY_PARTS * MEMORY_STEP);
    let takes = hawkes::fit_memory(&measured.takes_s(), measured.seconds, bounds);
    let mut paces = core::array::from_fn(|_| Pace::even());
    let mut flow = flow(measured, &arrivals);
    let distance_without = distance(measured, &flow);
    let mut paced = None;
    if distance_without > NEAR_ENOUGH {
        let fitted: [Pace; STREAMS] =
            core::array::from_fn(|kind| Pace::fitted(&arrivals, &history, kind));
        let mut with = flow.clone();
        let OrderFlow { limit_buys, limit_sells, market_buys, market_sells, .. } = &mut with;
        let streams = [limit_buys, limit_sells, market_buys, market_sells];
        streams.into_iter().zip(&fitted).for_each(|(stream, pace)| stream.pace = pace.pairs());
        let distance_with = distance(measured, &with);
        let calms_down = with.branching_when_busy() < BUSY_MAX;
        let used = calms_down && distance_with < distance_without;
        paced = Some(Paced { distance_with, distance_without, used });
        if used {
            (flow, paces) = (with, fitted);
        }
    }
    Model { flow, arrivals, takes, paces, paced }
}

/// How far drawn gaps are from the record's: the KS distance of each kind, averaged over seeds, and
/// over kinds by how many orders they have.
fn distance(measured: &Measured, flow: &OrderFlow) -> f64 {
    let orders: usize = measured.times_s[..STREAMS].iter().map(Vec::len).sum();
    let mut sum = 0.0;
    for seed in 1..=SEEDS {
        // Several times as many as there were is no flow of the record's rate.
        let drawn = arrivals_s(flow, seed, measured.seconds, orders.saturating_mul(4));
        for (kind, drawn) in drawn.iter().enumerate() {
            let n = measured.times_s[kind].len() as f64;
            sum += n * measured.gaps(kind).distance(&gaps(drawn)).unwrap_or(1.0);
        }
    }
    sum / (orders.max(1) as f64 * SEEDS as f64)
}

fn flow(measured: &Measured, arrivals: &Hawkes) -> OrderFlow {
    let spreads = spread_classes(&measured.orders);
    let [limit_buys, limit_sells, market_buys, market_sells] =
        core::array::from_fn(|of| stream(arrivals, of));
    OrderFlow {
        deposit_currency: 1,
        gateway_ns: 1_000,
        ack_ns: 1_000,
        feed_ns: 1_000,
        memory_us: arrivals.memories_s.iter().map(|memory| whole(memory * 1e6)).collect(),
        limit_buys,
        limit_sells,
        market_buys,
        market_sells,
        take_lots: curve::of(&measured.takes),
        spread_start_ticks: whole(measured.spread.quantile(0.5).unwrap_or(1.0)).max(1),
        placements: placements(&measured.orders, &spreads),
        spread_ticks: spreads,
        depth: depth(measured),
    }
}

fn memories(seconds: f64) -> Vec<f64> {
    let mut memories = vec![MEMORY_MIN_S];
    while memories[memories.len() - 1] * MEMORY_STEP <= seconds / MEMORY_PARTS {
        memories.push(memories[memories.len() - 1] * MEMORY_STEP);
    }
    memories
}

fn stream(arrivals: &Hawkes, of: usize) -> Stream {
    let row = |by: usize| arrivals.offspring[of][by].iter().map(|a| whole(a * 1e6)).collect();
    // Ten digits: more would only look exact.
    let own_per_second = (arrivals.own[of] * 1e10).round() / 1e10;
    let excited_ppm = (0..STREAMS).map(row).collect();
    Stream { own_per_second, excited_ppm, pace: Stream::even_pace() }
}

/// Upper ends of the classes of spreads but the last.
fn spread_classes(orders: &[Seen]) -> Vec<u64> {
    let spreads = orders.iter().map(|order| u64::from(order.spread)).filter(|spread| *spread > 0);
    edges(&Distribution::of(spreads), SPREAD_CLASSES)
}

/// Values that part a distribution into about as many equal parts; fewer where values are many.
fn edges(distribution: &Distribution, parts: usize) -> Vec<u64> {
    let most = distribution.values().last().copied().unwrap_or(0.0);
    let at = |part| distribution.quantile(part as f64 / parts as f64);
    let edges = (1..parts).filter_map(at).filter(|edge| *edge < most);
    let mut edges: Vec<u64> = edges.map(whole).collect();
    edges.dedup();
    edges
}

/// Ways to place an order: inside the spread, at the best price, and classes behind it.
fn placements(orders: &[Seen], spreads: &[u64]) -> Vec<Placement> {
    let placed: Vec<(i64, &Seen)> = orders
        .iter()
        .filter(|order| order.spread > 0)
        .filter_map(|order| Some((order.behind?, order)))
        .collect();
    let behind = placed.iter().filter_map(|(ticks, _)| u64::try_from(*ticks).ok());
    let ends = edges(&Distribution::of(behind.filter(|ticks| *ticks > 0)), BEHIND_CLASSES);
    let class = |ticks: i64| match u64::try_from(ticks) {
        Err(_) => 0,
        Ok(0) => 1,
        Ok(ticks) => 2 + ends.partition_point(|end| *end < ticks),
    };
    let mut classes = vec![Vec::new(); 3 + ends.len()];
    let mut by_spread = vec![0_u64; spreads.len() + 1];
    for (ticks, order) in &placed {
        classes[class(*ticks)].push((*ticks, **order));
        by_spread[spread_class(order, spreads)] += 1;
    }
    let everybody: Vec<Seen> = placed.iter().map(|(_, order)| **order).collect();
    let filled = classes.iter().filter(|class| !class.is_empty());
    filled.map(|class| placement(class, spreads, &by_spread, &everybody)).collect()
}

fn spread_class(order: &Seen, spreads: &[u64]) -> usize {
    spreads.partition_point(|most| *most < u64::from(order.spread))
}

fn placement(
    class: &[(i64, Seen)],
    spreads: &[u64],
    by_spread: &[u64],
    everybody: &[Seen],
) -> Placement {
    let mut shares = vec![0_u64; spreads.len() + 1];
    for (_, order) in class {
        shares[spread_class(order, spreads)] += 1;
    }
    let orders: Vec<Seen> = class.iter().map(|(_, order)| *order).collect();
    // Too few for distributions of their own have those of all.
    let of = if orders.len() < ORDERS_MIN { everybody } else { &orders[..] };
    let inside = |(ticks, order): &(i64, Seen)| {
        let improved = ticks.min(&0).unsigned_abs().min(u64::from(order.spread) - 1);
        // In parts per million of the spread, rounded as a curve is.
        whole(improved as f64 / f64::from(order.spread) * 1e6)
    };
    let share = |(n, of): (&u64, &u64)| ppm(*n as f64 / (*of).max(1) as f64);
    Placement {
        share_ppm: shares.iter().zip(by_spread).map(share).collect(),
        inside_ppm: curve::of(&Distribution::of(class.iter().map(inside))),
        behind_ticks: curve::of(&Distribution::of(
            class.iter().map(|(ticks, _)| ticks.max(&0).unsigned_abs()),
        )),
        lots: curve::of(&Distribution::of(of.iter().map(|order| u64::from(order.lots)))),
        life_us: lives::curve(of),
    }
}

fn depth(measured: &Measured) -> Vec<DepthRow> {
    let depth = &measured.depth;
    let last = (0..DEPTH_ROWS).rfind(|row| depth.orders[*row] > 0.0).unwrap_or(0);
    // Three digits: a book at the start that is right on average.
    let short = |value: f64| (value * 1e3).round() / 1e3;
    let row = |row: usize| DepthRow {
        to_ticks: depth_to(row),
        orders: short(depth.orders[row]),
        lots: short(depth.lots[row]),
    };
    (0..=last).map(row).collect()
}

/// The greatest value of a curve.
pub(super) fn most(curve: &Curve) -> u64 {
    curve.last().map_or(0, |pair| pair[0])
}
