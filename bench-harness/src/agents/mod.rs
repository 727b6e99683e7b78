//! Who trades: makers, takers, leveraged holders, the seller of the shock, the sender of the mark,
//! and whoever else the scenario lists.
//!
//! An agent is a population. It knows when it wakes next, and when it wakes it sees the market as
//! it was a feed latency ago and sends inputs that arrive a gateway latency later. What it draws
//! is keyed by its own exogenous ticks (see [`keyed`]), so two runs that differ in a rule of the
//! venue share all noise.

pub mod arbitrageurs;
pub mod background;
mod curve;
pub mod defenders;
mod excitation;
pub mod flow;
pub mod griefer;
pub mod hedges;
pub mod holders;
pub mod index;
pub mod keepers;
pub mod keyed;
pub mod makers;
pub mod manipulator;
mod number;
pub mod oracle;
mod pace;
pub mod portfolios;
pub mod recording;
pub mod reentry;
pub mod shock;
pub mod study;
pub mod takers;

use core::ops::Range;
use std::collections::VecDeque;

use seawall_engine::types::{AccountId, Input, OrderId, Side, SymbolId};

use crate::scenario::Scenario;

pub use index::IndexPath;

/// How long a population's messages and its view of the market take, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// From the agent to the venue: new and changed orders.
    pub new_ns: u64,
    /// From the agent to the venue: cancels. One that comes after its order is gone is rejected.
    pub cancel_ns: u64,
    /// From the venue to the agent: what happened to its orders.
    pub ack_ns: u64,
    /// From the venue to the agent: the market.
    pub feed_ns: u64,
}

impl Latencies {
    /// Those of takers, whose paths others share.
    pub(crate) fn of_takers(scenario: &Scenario) -> Self {
        let latency = &scenario.latency;
        Self {
            new_ns: latency.taker_gateway_ns,
            cancel_ns: latency.taker_gateway_ns,
            ack_ns: latency.egress_ns,
            feed_ns: latency.taker_feed_ns,
        }
    }
}

/// Best prices, the last trade and the mark; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Best bid, in ticks.
    pub bid_ticks: u32,
    /// Best offer, in ticks.
    pub ask_ticks: u32,
    /// Price of the last trade, in ticks.
    pub last_ticks: u32,
    /// The mark, in ticks.
    pub mark_ticks: u32,
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
    /// Positions that wait for a forced step, and one more if the fund has something to unwind:
    /// what anybody can read from a chain's state.
    pub work: u32,
}

/// An input on its way to the venue.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// When it was sent, in nanoseconds.
    pub sent_ns: u64,
    /// When it arrives, in nanoseconds.
    pub arrival_ns: u64,
    /// The input.
    pub input: Input,
}

/// Where an agent puts what it sends: first-in first-out lines to the venue, one for each of its
/// latencies.
#[derive(Debug)]
pub struct Outbox<'a> {
    /// Every line there is.
    pub lines: &'a mut [VecDeque<Pending>],
    /// The agent's line for new and changed orders, and when what it sends now arrives on it.
    pub new: (usize, u64),
    /// The same for cancels.
    pub cancel: (usize, u64),
    /// Now.
    pub sent_ns: u64,
}

impl Outbox<'_> {
    /// Sends one input.
    #[inline]
    pub fn send(&mut self, input: Input) {
        let is_cancel = matches!(input, Input::Cancel { .. });
        let (line, arrival_ns) = if is_cancel { self.cancel } else { self.new };
        let pending = Pending { sent_ns: self.sent_ns, arrival_ns, input };
        self.lines[line].push_back(pending);
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

/// A part of a position that auto-deleveraging closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleveraged {
    /// In which market.
    pub symbol: SymbolId,
    /// Whose position.
    pub account: AccountId,
    /// The position's side.
    pub side: Side,
    /// How much of it.
    pub lots: u32,
    /// When.
    pub time_ns: u64,
}

/// A population of traders.
pub trait Agent {
    /// How long its messages and its view take.
    fn latencies(&self) -> Latencies;

    /// The accounts of whose orders it hears; none unless it says so.
    fn hears(&self) -> Range<u32> {
        0..0
    }

    /// When it wakes next, in nanoseconds; `u64::MAX` if never again.
    fn next_wake_ns(&self) -> u64;

    /// Looks at the market and sends inputs. A population may wake again at once, for another of
    /// its members, but not for ever.
    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>);

    /// Hears of one of its orders.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }

    /// Hears that auto-deleveraging closed a part of somebody's position, who knows at `known_ns`.
    fn deleveraged(&mut self, hit: &Deleveraged, known_ns: u64) {
        let _ = (hit, known_ns);
    }

    /// What it counted, for the summary.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// A kind of population that a scenario may list in `agents`.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name there.
    pub name: &'static str,
    /// Who they are, in one line.
    pub about: &'static str,
    build: fn(&Scenario) -> Box<dyn Agent>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every kind, each a table of its own name in the scenario.
pub const KINDS: [Kind; 14] = [
    Kind {
        name: "oracle",
        about: "sends the mark, a mix of index and book",
        build: |scenario| Box::new(oracle::Oracle::new(scenario)),
    },
    Kind {
        name: "makers",
        about: "quote several levels on both sides, widen, thin and leave",
        build: |scenario| Box::new(makers::Makers::new(scenario)),
    },
    Kind {
        name: "takers",
        about: "take with power-law sizes, as a Poisson or a self-exciting process",
        build: |scenario| Box::new(takers::Takers::new(scenario)),
    },
    Kind {
        name: "shock",
        about: "sells the metaorder that starts the cascade",
        build: |scenario| Box::new(shock::Shock::new(scenario)),
    },
    Kind {
        name: "arbitrageurs",
        about: "trade the book back towards the index",
        build: |scenario| Box::new(arbitrageurs::Arbitrageurs::new(scenario)),
    },
    Kind {
        name: "defenders",
        about: "holders with stop-losses, or who deleverage in stages",
        build: |scenario| Box::new(defenders::Defenders::new(scenario)),
    },
    Kind {
        name: "hunter",
        about: "sells to push the mark into others' liquidations",
        build: |scenario| Box::new(manipulator::Manipulator::hunter(scenario)),
    },
    Kind {
        name: "spoofer",
        about: "moves the best offer, and the mark with it, by orders it takes back",
        build: |scenario| Box::new(manipulator::Manipulator::spoofer(scenario)),
    },
    Kind {
        name: "keepers",
        about: "liquidate on a chain: block by block, at the price of blockspace",
        build: |scenario| Box::new(keepers::Keepers::new(scenario)),
    },
    Kind {
        name: "probe",
        about: "positions whose fate is watched, defended or not",
        build: |scenario| Box::new(defenders::Defenders::of_probes(scenario)),
    },
    Kind {
        name: "reentry",
        about: "open again what auto-deleveraging closed",
        build: |scenario| Box::new(reentry::Reentry::new(scenario)),
    },
    Kind {
        name: "griefer",
        about: "has one side of its position taken over by the backstop, and pumps the price",
        build: |scenario| Box::new(griefer::Pump::new(scenario)),
    },
    Kind {
        name: "hedges",
        about: "cross holders who sell a second market short as their trigger price comes near",
        build: |scenario| Box::new(hedges::Hedges::new(scenario)),
    },
    Kind {
        name: "flow",
        about: "orders by given distributions, fitted to a record by `seawall calibrate`",
        build: |scenario| Box::new(flow::Flow::new(scenario)),
    },
];

/// A population and where it trades.
#[allow(missing_debug_implementations, reason = "an agent is whatever it is")]
pub struct Member<'a> {
    /// Its kind, after its market's name and a slash where that is not the first.
    pub name: String,
    /// The market that it sees.
    pub market: usize,
    /// What it does.
    pub agent: Box<dyn Agent + 'a>,
}

/// The populations that a scenario lists, market by market in its order: the order in which inputs
/// that arrive together are taken.
pub fn populations(scenario: &Scenario) -> Vec<Member<'static>> {
    let names = scenario.market_names();
    let mut members = Vec::new();
    for (market, lane) in scenario.lanes().iter().enumerate() {
        let kind = |name: &String| KINDS.iter().find(|kind| kind.name == name);
        members.extend(lane.agents.iter().filter_map(kind).map(|kind| Member {
            name: in_market(&names, market, kind.name),
            market,
            agent: (kind.build)(lane),
        }));
    }
    members
}

/// What a population of a market is called.
pub fn in_market(markets: &[String], market: usize, population: &str) -> String {
    if market == 0 { population.to_owned() } else { format!("{}/{population}", markets[market]) }
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
