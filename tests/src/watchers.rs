//! Places in queues, counted naively: what trackers and probes must say after every input.
//!
//! For followed orders the reference counts who stands ahead. A probe is a list of who stood ahead
//! when it came; the documentation says who leaves the list, and when the probe has ended.

use seawall_engine::core::Engine;
use seawall_engine::trackers::{Cause, End, Probe, QueueTrackers, Rank, Record, TrackerId};
use seawall_engine::types::{CancelCause, Event, OrderId, Price, Side, SymbolId};

use crate::generator::Generator;
use crate::reference::{OrderView, Reference};

/// Lots that left the queue ahead: traded, cancelled, repriced, reduced, by self-trade prevention.
type ByCause = [u64; 5];

#[derive(Debug)]
enum Subject {
    /// `taking` is what is left of it while it is on its way to another place. Once its id is
    /// another order's, it is `over` and nothing takes its end back.
    Order {
        id: OrderId,
        taking: Option<u32>,
        over: bool,
    },
    Probe {
        side: Side,
        price: Price,
        away: Option<Price>,
        ahead: Vec<(OrderId, u32)>,
    },
}

#[derive(Debug)]
struct Watched {
    id: TrackerId,
    symbol: SymbolId,
    subject: Subject,
    left: ByCause,
    end: Option<End>,
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Places compared with a recount.
    pub recounts: u64,
    /// Steps, by what they were.
    pub steps: [u64; 5],
    /// Ends: filled, moved away, crossed, halted, cancelled.
    pub ends: [u64; 5],
    /// Orders that were followed.
    pub followed: u64,
}

fn is_better(side: Side, one: Price, other: Price) -> bool {
    match side {
        Side::Buy => one > other,
        Side::Sell => one < other,
    }
}

/// Orders of one price from first to last, looked for anew.
fn queue(reference: &Reference, symbol: SymbolId, price: Price) -> Vec<OrderView> {
    let mut orders: Vec<OrderView> = reference.orders(symbol);
    orders.retain(|order| order.price == price);
    orders.sort_by_key(|order| reference.queue_ahead(symbol, order.order));
    orders
}

impl Watched {
    fn leaves(&mut self, order: OrderId, left: u32, cause: usize) {
        let Subject::Probe { ahead, .. } = &mut self.subject else { return };
        if let Some(at) = ahead.iter().position(|(other, _)| *other == order) {
            self.left[cause] += u64::from(ahead[at].1 - left);
            ahead[at].1 = left;
            if left == 0 {
                ahead.remove(at);
            }
        }
    }

    /// What happens to a followed order itself. An end by trading is taken back if an iceberg
    /// order's next part shows.
    fn hears_of_own(&mut self, event: &Event) {
        let Subject::Order { id, taking, over } = &mut self.subject else { return };
        let is_back = self.end == Some(End::Filled) && !*over;
        match *event {
            Event::Accepted { order, .. } if order == *id => *over = true,
            Event::Rested { order, .. } if order == *id && (is_back || self.end.is_none()) => {
                (self.end, *taking) = (None, None);
            }
            _ if self.end.is_some() => {}
            Event::Trade { maker, maker_leaves_lots: 0, .. } if maker == *id => {
                self.end = Some(End::Filled);
            }
            Event::Trade { taker, qty, .. } if taker == *id => {
                let left = taking.expect("a resting order takes only when it was replaced");
                *taking = Some(left - qty.lots());
                self.end = (left == qty.lots()).then_some(End::Filled);
            }
            Event::Replaced { order, qty, in_place: false, .. } if order == *id => {
                *taking = Some(qty.lots());
            }
            Event::Reduced { order, qty, .. } if order == *id && taking.is_some() => {
                *taking = Some(qty.lots());
            }
            Event::Cancelled { order, cause, .. } if order == *id => {
                self.end = Some(End::Cancelled(cause));
            }
            _ => {}
        }
    }

    fn hears(&mut self, event: &Event, last_trade: Option<(OrderId, Side, Price)>) {
        let Subject::Probe { side, price, away, ref ahead, .. } = self.subject else { return };
        let is_first = ahead.is_empty();
        match *event {
            Event::Trade { side: taker_side, price: at, maker, maker_leaves_lots, .. } => {
                let is_reached =
                    taker_side != side && (is_better(side, price, at) || (price == at && is_first));
                if is_reached {
                    self.end = Some(End::Filled);
                } else {
                    self.leaves(maker, maker_leaves_lots, 0);
                }
            }
            Event::Cancelled { order, cause, .. } => {
                self.leaves(order, 0, if cause == CancelCause::SelfTrade { 4 } else { 1 });
                if let Some((taker, taker_side, at)) = last_trade
                    && (taker, cause, at) == (order, CancelCause::Unfilled, price)
                    && taker_side != side
                    && is_first
                {
                    self.end = Some(End::Filled);
                }
            }
            Event::Replaced { order, in_place: false, .. } => self.leaves(order, 0, 2),
            Event::Replaced { order, qty, .. } => self.leaves(order, qty.lots(), 3),
            Event::Reduced { order, qty, cause, .. } => {
                self.leaves(order, qty.lots(), if cause == CancelCause::SelfTrade { 4 } else { 3 });
            }
            Event::Rested { side: its, price: at, .. } if its == side => {
                let is_away = away.is_some_and(|away| at == away || is_better(side, at, away));
                self.end = is_away.then_some(End::MovedAway);
            }
            Event::Rested { price: at, .. } if price == at || is_better(side, price, at) => {
                self.end = Some(End::Crossed);
            }
            _ => {}
        }
    }
}

/// The engine with trackers, beside the reference.
#[derive(Debug)]
pub struct Watch {
    reference: Reference,
    engine: Engine,
    trackers: QueueTrackers,
    watched: Vec<Watched>,
    dice: u64,
    /// No order is ever followed, so that the trackers have times with nothing to follow.
    probes_only: bool,
    /// Commands before anything is attached again.
    pause: usize,
    /// What was compared so far.
    pub tally: Tally,
}

impl Watch {
    /// Runs one seed, new trackers on the way; `feed` is what lies between the engine's events and
    /// the trackers. Returns the first difference.
    pub fn run(
        seed: u64,
        commands: usize,
        mut feed: impl FnMut(Event) -> Option<Event>,
    ) -> (Tally, Result<(), String>) {
        let mut generator = Generator::new(seed);
        let config = generator.setup().build().expect("rules are valid");
        let mut watch = Self {
            reference: Reference::new(&config),
            engine: Engine::new(&config),
            trackers: QueueTrackers::default(),
            watched: Vec::new(),
            dice: seed,
            probes_only: seed % 4 == 3,
            pause: 0,
            tally: Tally::default(),
        };
        for number in 1..=commands {
            let input = generator.next(&watch.reference);
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            watch.reference.apply(&input, &mut expected);
            watch.trackers.begin(&watch.engine, &input);
            watch.engine.apply(&input, &mut found);
            for event in found.into_iter().filter_map(&mut feed) {
                watch.trackers.event(&event);
            }
            watch.trackers.finish(&watch.engine);
            watch.listen(&expected);
            if let Err(what) = watch.compare() {
                return (watch.tally, Err(format!("seed {seed}, command {number}: {what}")));
            }
            watch.attach();
        }
        (watch.tally, Ok(()))
    }

    fn listen(&mut self, events: &[Event]) {
        let mut last_trade = None;
        for event in events {
            for watched in &mut self.watched {
                if watched.end.is_none()
                    && matches!(*event, Event::Halted { symbol, .. } if symbol == watched.symbol)
                {
                    watched.end = Some(End::Halted);
                }
                if event.symbol() == Some(watched.symbol) {
                    watched.hears_of_own(event);
                    if watched.end.is_none() {
                        watched.hears(event, last_trade);
                    }
                }
            }
            if let Event::Trade { taker, side, price, .. } = *event {
                last_trade = Some((taker, side, price));
            }
        }
    }

    fn compare(&mut self) -> Result<(), String> {
        for record in self.trackers.drain().collect::<Vec<_>>() {
            let Record::Step(step) = record else { continue };
            let kind = match step.cause {
                Cause::Trade => 0,
                Cause::Cancel(_) => 1,
                Cause::Repriced => 2,
                Cause::Reduction(_) => 3,
                Cause::SelfTrade => 4,
                _ => continue,
            };
            self.tally.steps[kind] += 1;
            let watched = self.watched.iter_mut().find(|watched| watched.id == step.tracker);
            // What an order's own tracker says of others is checked by its recount.
            if let Some(watched) = watched.filter(|w| matches!(w.subject, Subject::Probe { .. })) {
                let left = watched.left[kind].checked_sub(step.lots);
                watched.left[kind] = left.ok_or_else(|| format!("{step:?} without a reason"))?;
            }
        }
        for watched in &self.watched {
            let found = self.trackers.ahead(watched.id).map(|ahead| (ahead.orders, ahead.lots));
            let expected = match &watched.subject {
                _ if watched.end.is_some() => None,
                Subject::Order { id, .. } => self.reference.queue_ahead(watched.symbol, *id),
                Subject::Probe { ahead, .. } => {
                    let now = self.reference.orders(watched.symbol);
                    let lots = |id| now.iter().find(|o| o.order == id).map_or(0, |o| o.qty.lots());
                    let orders = u32::try_from(ahead.len()).expect("a short queue");
                    Some((orders, ahead.iter().map(|(id, _)| u64::from(lots(*id))).sum()))
                }
            };
            self.tally.recounts += 1;
            if found != expected {
                return Err(format!("{watched:?}: tracked {found:?}, recounted {expected:?}"));
            }
            let end = self.trackers.end(watched.id);
            if end != watched.end {
                return Err(format!("{watched:?} has ended as {end:?}"));
            }
            let is_probe = matches!(watched.subject, Subject::Probe { .. });
            if is_probe && watched.end.is_none() && watched.left != [0; 5] {
                return Err(format!("{watched:?}: steps are missing"));
            }
        }
        for watched in &self.watched {
            match watched.end {
                Some(End::Filled) => self.tally.ends[0] += 1,
                Some(End::MovedAway) => self.tally.ends[1] += 1,
                Some(End::Crossed) => self.tally.ends[2] += 1,
                Some(End::Halted) => self.tally.ends[3] += 1,
                Some(End::Cancelled(_)) => self.tally.ends[4] += 1,
                Some(End::Withdrawn) | None => {}
            }
        }
        let trackers = &self.trackers;
        self.watched.retain(|watched| trackers.end(watched.id).is_none());
        Ok(())
    }

    fn roll(&mut self, n: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
        usize::try_from(self.dice >> 33).expect("31 bits") % n
    }

    /// Takes all probes away for a while, now and then: what happens meanwhile the trackers need not
    /// hear, and must not believe later to have heard.
    fn pauses(&mut self) -> bool {
        if self.pause == 0 && self.probes_only && self.roll(60) == 0 {
            self.pause = 10 + self.roll(30);
            for watched in self.watched.drain(..) {
                self.trackers.withdraw(watched.id);
            }
            self.trackers.drain().for_each(drop);
        }
        self.pause = self.pause.saturating_sub(1);
        self.pause > 0
    }

    /// Follows an order or puts a probe into a queue, now and then.
    fn attach(&mut self) {
        if self.pauses() || self.watched.len() > 24 || self.roll(3) > 0 {
            return;
        }
        let symbols: Vec<SymbolId> = self.reference.symbols().collect();
        let symbol = symbols[self.roll(symbols.len())];
        let orders = self.reference.orders(symbol);
        if orders.is_empty() || self.reference.is_halted(symbol) {
            return;
        }
        let order = orders[self.roll(orders.len())];
        let (id, subject) = if self.roll(2) == 0 && !self.probes_only {
            let is_followed = |w: &Watched| {
                let is_it = matches!(w.subject, Subject::Order { id, .. } if id == order.order);
                w.symbol == symbol && is_it
            };
            if self.watched.iter().any(is_followed) {
                return;
            }
            self.tally.followed += 1;
            let id = self.trackers.follow(&self.engine, symbol, order.order).expect("it rests");
            (id, Subject::Order { id: order.order, taking: None, over: false })
        } else {
            let OrderView { side, price, .. } = order;
            let queue = queue(&self.reference, symbol, price);
            let rank = self.roll(queue.len() + 2);
            let best = self.reference.best(symbol, side).expect("an order rests");
            let beyond = 1 + i64::try_from(self.roll(4)).expect("below four");
            let ticks = i64::from(best.ticks()) + side.sign() * beyond;
            let away =
                u32::try_from(ticks).ok().and_then(Price::new).filter(|_| rank.is_multiple_of(2));
            let orders_ahead = Rank::OrdersAhead(u32::try_from(rank).expect("a short queue"));
            let probe = Probe { symbol, side, price, rank: orders_ahead, away };
            let placed = self.trackers.probe(&self.engine, probe);
            if rank > queue.len() {
                assert!(placed.is_err(), "a rank beyond the queue is refused");
                return;
            }
            let ahead = queue[..rank].iter().map(|o| (o.order, o.qty.lots())).collect();
            (placed.expect("the rank is there"), Subject::Probe { side, price, away, ahead })
        };
        self.trackers.drain().for_each(drop);
        self.watched.push(Watched { id, symbol, subject, left: [0; 5], end: None });
    }
}
