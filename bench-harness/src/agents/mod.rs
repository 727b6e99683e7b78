//! Who trades: makers, takers, leveraged holders, the seller of the shock, the sender of the mark.
//!
//! An agent is a population. It knows when it wakes next, and when it wakes it sees the market as
//! it was a feed latency ago and sends inputs that arrive a gateway latency later. What it draws
//! is keyed by its own exogenous ticks (see [`keyed`]), so two runs that differ in a rule of the
//! venue share all noise.

pub mod background;
pub mod holders;
pub mod index;
pub mod keyed;
pub mod makers;
mod number;
pub mod oracle;
pub mod recording;
pub mod shock;
pub mod study;
pub mod takers;

use std::collections::VecDeque;

use seawall_engine::types::{AccountId, Input, OrderId};

pub use index::IndexPath;

/// The way an input takes to the venue; one first-in first-out line each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The sender of the mark.
    Oracle,
    /// Makers.
    Maker,
    /// Takers.
    Taker,
    /// The seller of the shock: a taker's latency, its own line.
    Shock,
    /// Recorded background flow: a taker's latency, its own line.
    Background,
}

impl Line {
    /// Every line, in the order in which inputs that arrive together are taken.
    pub const ALL: [Self; 5] =
        [Self::Oracle, Self::Maker, Self::Taker, Self::Shock, Self::Background];

    /// Place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Oracle => 0,
            Self::Maker => 1,
            Self::Taker => 2,
            Self::Shock => 3,
            Self::Background => 4,
        }
    }
}

/// Best prices and the last trade; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Best bid, in ticks.
    pub bid_ticks: u32,
    /// Best offer, in ticks.
    pub ask_ticks: u32,
    /// Price of the last trade, in ticks.
    pub last_ticks: u32,
}

impl Quote {
    /// The mid price in ticks, where both sides are quoted.
    pub fn mid(self) -> Option<f64> {
        let two_sided = self.bid_ticks > 0 && self.ask_ticks > 0;
        two_sided.then(|| f64::midpoint(f64::from(self.bid_ticks), f64::from(self.ask_ticks)))
    }
}

/// What an agent sees when it wakes.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Now.
    pub now_ns: u64,
    /// The book a feed latency ago.
    pub quote: Quote,
    /// The exogenous price.
    pub index: &'a IndexPath,
}

/// An input on its way to the venue.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// When it arrives, in nanoseconds.
    pub arrival_ns: u64,
    /// The input.
    pub input: Input,
}

/// Where an agent puts what it sends.
#[derive(Debug)]
pub struct Outbox<'a> {
    /// Its line.
    pub line: &'a mut VecDeque<Pending>,
    /// When what it sends now arrives, in nanoseconds.
    pub arrival_ns: u64,
}

impl Outbox<'_> {
    /// Sends one input.
    #[inline]
    pub fn send(&mut self, input: Input) {
        self.line.push_back(Pending { arrival_ns: self.arrival_ns, input });
    }
}

/// What the venue tells the owner of an order about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When the owner knows, in nanoseconds.
    pub time_ns: u64,
    /// The order.
    pub order: OrderId,
    /// Lots bought (positive) or sold (negative).
    pub lots: i64,
    /// Whether the order is gone.
    pub gone: bool,
}

/// A population of traders.
pub trait Agent {
    /// The line its inputs take.
    fn line(&self) -> Line;

    /// When it wakes next, in nanoseconds; `u64::MAX` if never again.
    fn next_wake_ns(&self) -> u64;

    /// Looks at the market and sends inputs. A population may wake again at once, for another of
    /// its members, but not for ever.
    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>);

    /// Hears of one of its orders.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }
}

/// An order id that says whose it is: the account, then a number of the account's own.
#[inline]
pub fn order_id(account: AccountId, number: u32) -> OrderId {
    OrderId(u64::from(account.0) << 32 | u64::from(number))
}

/// The account and the number of an id made by [`order_id`].
#[inline]
pub fn order_owner(order: OrderId) -> (AccountId, u32) {
    let low = order.0 & u64::from(u32::MAX);
    (AccountId(narrow(order.0 >> 32)), narrow(low))
}

#[inline]
fn narrow(half: u64) -> u32 {
    u32::try_from(half).expect("half of 64 bits fits 32")
}
