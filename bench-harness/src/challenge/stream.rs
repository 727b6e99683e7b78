//! Generates the challenge's messages.
//!
//! A million orders are priced passively along a random walk of the mid, buys along its first half
//! and sells along its second; then they are shuffled into their order of arrival, and each goes
//! through its life on one running clock: maybe immediate-or-cancel, maybe modified, mostly
//! cancelled, sometimes cancelled or modified once too often. Sorted by time, that is the stream.
#![allow(
    clippy::disallowed_methods,
    reason = "the published hashes need the C library's transcendental functions"
)]

use seawall_engine::types::Side;

use super::scenario::{ORDERS, Scenario};
use super::twister::Twister;

const TICK: f64 = 0.005;
const MID: f64 = 167.52;

const LEVELS: u32 = 800;
const DEPTH_EXPONENT: f64 = 2.23;
const HUMP: f64 = 5.0;
const HUMP_LEVEL: f64 = 8.0;

const IOC: f64 = 0.15;
const MODIFIED: f64 = 0.20;
const REPRICED: f64 = 0.80;
const CANCELLED: f64 = 0.95;
const CANCELLED_TWICE: f64 = 0.02;
const MODIFIED_LATE: f64 = 0.02;
const LIFE_MEDIAN_US: f64 = 0.431 * 1000.0;

/// What a message asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageKind {
    /// A new limit order, immediate-or-cancel if so marked.
    New {
        /// Whether what does not execute is cancelled.
        ioc: bool,
    },
    /// Cancel an order.
    Cancel,
    /// Remove an order and enter it again at another price or quantity.
    Modify,
}

/// One message; its sequence number is its place in the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it asks for.
    pub kind: MessageKind,
    /// Side of the order.
    pub side: Side,
    /// Quantity, or the new one.
    pub qty: u32,
    /// The order.
    pub order: u64,
    /// Price in ticks of half a cent, or the new one.
    pub price: i64,
}

/// An order before its life begins.
struct Draft {
    side: Side,
    price: i64,
    qty: u32,
    level: u32,
}

/// The stream of a scenario and seed.
pub fn generate(scenario: &Scenario, seed: u32) -> Vec<Message> {
    let mut draws = Twister::new(seed);
    let drafts = price_orders(scenario, &mut draws);
    let arrivals = shuffled(ORDERS, &mut draws);
    let mut timeline = live(&drafts, &arrivals, &mut draws);
    timeline.sort_by_key(|(time_us, _)| *time_us);
    timeline.into_iter().map(|(_, message)| message).collect()
}

fn price_orders(scenario: &Scenario, draws: &mut Twister) -> Vec<Draft> {
    let levels = LevelWeights::new();
    let count = f64::from(ORDERS);
    let step = if scenario.volatility > 0.0 {
        let duration = scenario.swing / scenario.volatility;
        scenario.volatility * (duration * duration / count).sqrt()
    } else {
        0.0
    };
    let mut mid = MID;
    (0..ORDERS)
        .map(|n| {
            let shock = draws.normal();
            mid *= (-0.5 * step * step + step * shock).exp();
            let mid_ticks = ticks(mid);
            let level = levels.draw(draws);
            let distance = i64::from(level) + 1;
            let (side, price) = if n < ORDERS / 2 {
                (Side::Buy, mid_ticks - distance)
            } else {
                (Side::Sell, mid_ticks + distance)
            };
            Draft { side, price: price.max(1), qty: draws.uniform_int(1, 100), level }
        })
        .collect()
}

/// The nearest tick.
#[allow(clippy::cast_possible_truncation, reason = "a price in ticks is far below 2^63")]
fn ticks(price: f64) -> i64 {
    // To the grid and back, as the published generator does it: the detour can change a bit.
    let snapped = (price / TICK).round() * TICK;
    (snapped / TICK).round() as i64
}

/// How far from the mid an order is priced: a power law with a hump near the touch.
struct LevelWeights {
    cumulated: Vec<f64>,
}

impl LevelWeights {
    fn new() -> Self {
        let mut sum = 0.0;
        let cumulated = (0..LEVELS).map(f64::from).map(|level| {
            let from_hump = level - HUMP_LEVEL;
            sum += 1.0 / (level + 1.0).powf(DEPTH_EXPONENT)
                + HUMP * (-0.5 * from_hump * from_hump).exp();
            sum
        });
        Self { cumulated: cumulated.collect() }
    }

    fn draw(&self, draws: &mut Twister) -> u32 {
        let total = self.cumulated.last().copied().unwrap_or(0.0);
        let target = draws.uniform() * total;
        let level = self.cumulated.partition_point(|sum| *sum < target);
        u32::try_from(level).unwrap_or(LEVELS).min(LEVELS - 1)
    }
}

/// Fisher and Yates, from the back.
fn shuffled(count: u32, draws: &mut Twister) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        let other = draws.uniform_int(0, last);
        order.swap(last as usize, other as usize);
    }
    order
}

/// Lets every order live, in order of arrival, on one clock of microseconds.
fn live(drafts: &[Draft], arrivals: &[u32], draws: &mut Twister) -> Vec<(i64, Message)> {
    let mut timeline = Vec::with_capacity(arrivals.len() * 9 / 4);
    let base_rate = 2.0_f64.ln() / LIFE_MEDIAN_US;
    let mut now_us = 0;
    for &arrival in arrivals {
        let draft = &drafts[arrival as usize];
        let ioc = draws.uniform() < IOC;
        let mut message = Message {
            kind: MessageKind::New { ioc },
            side: draft.side,
            qty: draft.qty,
            order: u64::from(arrival) + 1,
            price: draft.price,
        };
        timeline.push((now_us, message));
        if !ioc {
            let rate = base_rate / (1.0 + f64::from(draft.level)).sqrt();
            now_us = rest(&mut message, now_us, rate, draws, &mut timeline);
        }
        now_us += 1;
    }
    timeline
}

/// The life of an order that rests; returns the clock after it.
fn rest(
    message: &mut Message,
    mut now_us: i64,
    cancel_rate: f64,
    draws: &mut Twister,
    timeline: &mut Vec<(i64, Message)>,
) -> i64 {
    let as_entered = *message;
    let mut amended = Message { kind: MessageKind::Modify, qty: message.qty + 1, ..as_entered };
    let modified = draws.uniform() < MODIFIED;
    if modified {
        now_us += 30 + draws.below(70.0);
        if draws.uniform() < REPRICED {
            amended.price += as_entered.side.sign();
        }
        timeline.push((now_us, amended));
    }
    let cancelled = draws.uniform() < CANCELLED;
    if cancelled {
        message.kind = MessageKind::Cancel;
        now_us += draws.exponential(cancel_rate);
        timeline.push((now_us, *message));
        if draws.uniform() < CANCELLED_TWICE {
            now_us += 1 + draws.below(20.0);
            timeline.push((now_us, *message));
        }
    }
    if modified && cancelled && draws.uniform() < MODIFIED_LATE {
        now_us += 1 + draws.below(20.0);
        timeline.push((now_us, amended));
    }
    now_us
}
