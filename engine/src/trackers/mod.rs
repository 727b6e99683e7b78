//! Trackers: who follows a place in a queue, and what moves it.
//!
//! A *tracker* follows one resting order, a *probe* a place of no size at (symbol, side, price,
//! rank). Both know the quantity and the number of orders ahead after every event, and leave a
//! [`Record`] of every step with its cause. They are folded from the event stream, as
//! [`crate::market_data`] is, and look into the book only when they are attached: the engine has
//! no hook for them, is the same code with and without them, and their state is in no hash.
//!
//! Cost: attaching walks the queue of one price once. Then an event costs a look-up in an ordered
//! map, and an event at a tracked price a visit of that price's trackers.
//!
//! ```
//! use seawall_engine::trackers::{Probe, QueueTrackers, Rank};
//! # use seawall_engine::core::{Engine, ShardConfig};
//! # use seawall_engine::{liquidation::*, risk::*, types::*};
//! # let tier = MarginTier { notional_floor: Money::ZERO, initial: Ppm::new(10_000).unwrap(), maintenance: Ppm::new(5_000).unwrap() };
//! # let market = MarketRules::new(MarketSpec {
//! #     contract: Contract { kind: ContractKind::Linear, unit: 1 }, reference: Price::new(1_000).unwrap(), tiers: vec![tier],
//! #     maker_fee: Ppm::ZERO, taker_fee: Ppm::ZERO, order_lots_max: 1_000, position_lots_max: 1_000, market_band: Ppm::ONE,
//! # }).unwrap();
//! # let liquidation = LiquidationRules {
//! #     enabled: true, key: PriorityKey::MarginRatio, discipline: Discipline::Strict { steps_max: 64 }, plan: Plan::Full,
//! #     fee: Ppm::ZERO, unwind: Unwind { lots_max: 10, band: Ppm::ONE, interval_ns: 1 }, triggers_max: 1_000,
//! #     venue: VenueRules::default(),
//! # };
//! # let config = ShardConfig::new(16, 1_024, vec![market], liquidation)?;
//! # let mut engine = Engine::new(&config);
//! let mut trackers = QueueTrackers::default();
//! # let mut seq = 0;
//! # let mut send = |engine: &mut Engine, trackers: &mut QueueTrackers, input| {
//! #     seq += 1;
//! #     trackers.apply(engine, &Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: 0, input }, &mut NoEvents);
//! # };
//! # let order = |order, side, lots| Input::Order(NewOrder { symbol: SymbolId(0), account: AccountId(1), order: OrderId(order),
//! #     side, qty: Qty::new(lots).unwrap(), kind: OrderKind::Limit(Price::new(1_000).unwrap()), reduce_only: false });
//! # send(&mut engine, &mut trackers, Input::Deposit { account: AccountId(1), amount: Money::new(1 << 40) });
//! send(&mut engine, &mut trackers, order(7, Side::Buy, 5)); // five lots bid
//! let price = Price::new(1_000).unwrap();
//! let probe = Probe { symbol: SymbolId(0), side: Side::Buy, price, rank: Rank::Back, away: None };
//! let probe = trackers.probe(&engine, probe).unwrap();
//! send(&mut engine, &mut trackers, order(8, Side::Sell, 2)); // two of them are hit
//! assert_eq!(trackers.ahead(probe).unwrap().lots, 3);
//! # Ok::<(), seawall_engine::core::ConfigError>(())
//! ```

mod attach;
mod fold;
mod level;
mod record;

pub use attach::{Probe, Rank, TrackError};
pub use record::{Ahead, Cause, End, Record, Step, TrackerId};

use std::collections::{BTreeMap, BTreeSet};

use crate::core::Engine;
use crate::types::{Event, EventSink, Input, OrderId, Price, Sequenced, Side, SymbolId};
use level::{Level, Member};

/// What a tracker follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Probe,
    Order(OrderId),
}

/// Where a tracker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its order does not rest yet, or left its queue to join another; lots it still has, if known.
    Awaiting(Option<u32>),
    /// In the queue of its price; `last_ahead` is the ticket of the last order ahead of it.
    Queued { last_ahead: u64 },
    /// Its order rests at a price that is not followed yet: the book will be asked.
    Unplaced,
    /// It has ended.
    Ended(End),
}

#[derive(Clone, Copy, Debug)]
struct Tracker {
    subject: Subject,
    symbol: SymbolId,
    side: Side,
    price: Price,
    away: Option<Price>,
    ahead: Ahead,
    state: State,
}

/// A place in an ordered set: prices of a side from the best outwards, or inwards.
type Place = (SymbolId, Side, i64, TrackerId);

/// All trackers of a shard. See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct QueueTrackers {
    time_ns: u64,
    trackers: Vec<Tracker>,
    levels: BTreeMap<(SymbolId, Price), Level>,
    members: BTreeMap<(SymbolId, OrderId), Member>,
    followed: BTreeMap<(SymbolId, OrderId), TrackerId>,
    /// Probes that wait, best price first.
    probes: BTreeSet<Place>,
    /// Prices at which trackers count as left behind, least far first.
    aways: BTreeSet<Place>,
    /// The order that takes, and the worst price at which it has traded.
    taking: Option<(SymbolId, OrderId, Side, Price)>,
    /// Orders that came to rest at a price that was not followed, and why they did.
    unplaced: Vec<(TrackerId, Cause)>,
    /// Markets that are halted, as far as anything is followed.
    halted: BTreeSet<SymbolId>,
    /// A price that is followed because an order may come to rest there.
    expected: Option<(SymbolId, Price)>,
    serial: u32,
    records: Vec<Record>,
}

/// An event sink that also tells the trackers.
#[derive(Debug)]
struct Watched<'a, S> {
    trackers: &'a mut QueueTrackers,
    sink: &'a mut S,
}

impl<S: EventSink> EventSink for Watched<'_, S> {
    #[inline]
    fn event(&mut self, event: Event) {
        self.trackers.event(&event);
        self.sink.event(event);
    }
}

impl QueueTrackers {
    /// Applies one input to the engine, and lets its events through to `sink`.
    pub fn apply(&mut self, engine: &mut Engine, input: &Sequenced, sink: &mut impl EventSink) {
        self.begin(engine, input);
        engine.apply(input, &mut Watched { trackers: self, sink });
        self.finish(engine);
    }

    /// An input is about to be applied to `engine`. For callers who own the event sink: then
    /// [`Self::event`] for every event, then [`Self::finish`].
    pub fn begin(&mut self, engine: &Engine, input: &Sequenced) {
        self.time_ns = input.time_ns;
        self.taking = None;
        self.halted.clear();
        self.halted.extend(engine.halted());
        let (symbol, order, price) = match &input.input {
            Input::Order(new) => (new.symbol, new.order, new.kind.price()),
            Input::Replace { symbol, order, price, .. } => (*symbol, *order, Some(*price)),
            _ => return,
        };
        // The price at which a followed order may come to rest is followed from before it does.
        if let Some(price) = price
            && self.followed.contains_key(&(symbol, order))
            && engine.has_symbol(symbol)
            && !self.halted.contains(&symbol)
        {
            self.mirror(engine, symbol, price);
            self.expected = Some((symbol, price));
        }
    }

    /// The input has been applied: orders that came to rest at prices nobody expected are found.
    pub fn finish(&mut self, engine: &Engine) {
        while let Some((id, cause)) = self.unplaced.pop() {
            let tracker = self.trackers[id.index()];
            if let (State::Unplaced, Subject::Order(order)) = (tracker.state, tracker.subject) {
                self.place(engine, id, order, cause);
            }
        }
        if let Some((symbol, price)) = self.expected.take() {
            self.release(symbol, price, None);
        }
    }

    /// Quantity and orders ahead of a tracker; `None` unless it stands in a queue now.
    pub fn ahead(&self, id: TrackerId) -> Option<Ahead> {
        let tracker = self.trackers.get(id.index())?;
        matches!(tracker.state, State::Queued { .. }).then_some(tracker.ahead)
    }

    /// How a tracker ended; `None` while it has not.
    pub fn end(&self, id: TrackerId) -> Option<End> {
        match self.trackers.get(id.index())?.state {
            State::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Trackers that have not ended.
    pub fn waiting(&self) -> impl Iterator<Item = TrackerId> + '_ {
        let waits = |tracker: &Tracker| !matches!(tracker.state, State::Ended(_));
        self.trackers.iter().zip(0..).filter(move |(t, _)| waits(t)).map(|(_, n)| TrackerId(n))
    }

    /// What has happened since this was last called, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Record> + '_ {
        self.records.drain(..)
    }

    /// The observer takes a tracker away: [`End::Withdrawn`].
    pub fn withdraw(&mut self, id: TrackerId) {
        if id.index() < self.trackers.len() {
            self.end_as(id, End::Withdrawn);
        }
    }
}

/// A price as a key: smaller is better for its side.
fn outwards(side: Side, price: Price) -> i64 {
    -side.sign() * i64::from(price.ticks())
}
