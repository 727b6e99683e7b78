//! Probes over a recorded cascade.

use std::collections::VecDeque;

use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::trackers::{
    Ahead, Cause, End, Probe, QueueTrackers, Rank, Record, Step, TrackerId,
};
use seawall_engine::types::{CancelCause, Event, EventSink, Price, Sequenced, Side};

use super::Plan;
use super::observation::{EstimateRow, Observation, end};
use super::rows::{Kind, Known, Pending};
use super::run::{Mids, RecordedRun};
use super::shadow::Shadows;
use crate::scenario::SYMBOL;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// What was seen in one run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Probes at the chosen ranks and levels.
    pub probes: Vec<Observation>,
    /// Probes that joined the back of the best queue a delay after they were decided on.
    pub late: Vec<Observation>,
    /// The market's own orders that stood last in the best queue, followed to their end.
    pub orders: Vec<Observation>,
    /// The estimators' benchmark.
    pub estimates: Vec<EstimateRow>,
    /// The mid over time.
    pub mids: Mids,
    /// The side that forced orders hit most.
    pub absorbing: Option<Side>,
}

/// What a tracker is followed for.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// The row it fills in; none for a shadow order's.
    row: Option<usize>,
    joined_ns: u64,
}

/// A decision that has not arrived.
#[derive(Clone, Copy, Debug)]
struct Decision {
    due_ns: u64,
    time_ns: u64,
    side: Side,
    price: Price,
    away: Option<Price>,
}

/// A replay under way.
struct Watch<'a> {
    plan: &'a Plan,
    run: &'a RecordedRun,
    engine: Engine,
    trackers: QueueTrackers,
    rows: Vec<Pending>,
    open: Vec<Open>,
    /// Trackers whose wait is cut, in order of time.
    deadlines: VecDeque<(u64, TrackerId)>,
    /// Room for what the trackers say.
    heard: Vec<Record>,
    under_way: Vec<VecDeque<Decision>>,
    shadows: Shadows,
    hears: Hears,
    mids: Mids,
    end_ns: u64,
    last_start_ns: u64,
}

/// What the study takes from the events besides the trackers.
#[derive(Default)]
pub(super) struct Hears {
    hasher: EventHasher,
    /// Trades of the current input: the maker's side, price, lots.
    pub(super) trades: Vec<(Side, Price, u64)>,
    forced_lots: [u64; 2],
    trigger_ns: Option<u64>,
    time_ns: u64,
}

struct Sink<'a> {
    hears: &'a mut Hears,
    trackers: &'a mut QueueTrackers,
}

impl EventSink for Sink<'_> {
    fn event(&mut self, event: Event) {
        self.hears.hasher.event(event);
        self.trackers.event(&event);
        match event {
            Event::Trade { side, price, qty, .. } => {
                self.hears.trades.push((side.opposite(), price, u64::from(qty.lots())));
            }
            Event::Forced { side, qty, .. } => {
                self.hears.forced_lots[side.index()] += u64::from(qty.lots());
            }
            Event::Triggered { .. } => {
                let time_ns = self.hears.time_ns;
                self.hears.trigger_ns.get_or_insert(time_ns);
            }
            _ => {}
        }
    }
}

/// Replays a run with probes.
///
/// Panics if the replay's events are not the run's: probes cannot change anything.
pub fn watch(plan: &Plan, run: &RecordedRun) -> Seen {
    let end_ns = run.scenario.clock.duration_ms * 1_000_000;
    let mut watch = Watch {
        plan,
        run,
        engine: Engine::new(&run.scenario.shard_config()),
        trackers: QueueTrackers::default(),
        rows: Vec::new(),
        open: Vec::new(),
        deadlines: VecDeque::new(),
        heard: Vec::new(),
        under_way: vec![VecDeque::new(); plan.delays_ns.len()],
        shadows: Shadows::default(),
        hears: Hears::default(),
        mids: Mids::default(),
        end_ns,
        last_start_ns: end_ns.saturating_sub(plan.horizon_ns),
    };
    let mut next_ns = run.scenario.clock.warmup_ms * 1_000_000 + plan.every_ns;
    for input in &run.inputs {
        while next_ns <= input.time_ns {
            watch.arrive(next_ns);
            if next_ns < watch.last_start_ns {
                watch.choose(next_ns);
            }
            next_ns += plan.every_ns;
        }
        watch.arrive(input.time_ns);
        watch.apply(input);
    }
    watch.arrive(end_ns);
    let digest = format!("{:032x}", watch.hears.hasher.digest());
    assert_eq!(digest, run.summary.events_hash, "a replay with probes is the run");
    watch.finish()
}

impl Watch<'_> {
    fn apply(&mut self, input: &Sequenced) {
        self.hears.time_ns = input.time_ns;
        self.hears.trades.clear();
        self.trackers.begin(&self.engine, input);
        let mut sink = Sink { hears: &mut self.hears, trackers: &mut self.trackers };
        self.engine.apply(input, &mut sink);
        self.trackers.finish(&self.engine);
        self.collect();
        self.shadows.after(&self.engine, &self.trackers, &self.hears.trades, input.time_ns);
        let (bid, ask) = (self.engine.best_bid(SYMBOL), self.engine.best_ask(SYMBOL));
        self.mids.note(input.time_ns, bid, ask);
    }

    fn best(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.engine.best_bid(SYMBOL),
            Side::Sell => self.engine.best_ask(SYMBOL),
        }
    }

    /// Puts probes at the chosen levels and ranks of both sides.
    fn choose(&mut self, time_ns: u64) {
        for side in SIDES {
            let away = self.best(side).and_then(|best| beyond(side, best, self.plan.away_ticks));
            let levels: Vec<Price> =
                self.engine.depth(SYMBOL, side).map(|(price, _)| price).collect();
            for level in &self.plan.levels {
                match levels.get(*level as usize).copied() {
                    Some(price) => self.choose_ranks(time_ns, side, (*level, price), away),
                    None => self.miss_ranks(time_ns, side, *level),
                }
            }
            let Some(best) = levels.first().copied() else { continue };
            for (line, delay_ns) in self.plan.delays_ns.iter().enumerate() {
                let due_ns = time_ns + delay_ns;
                let decision = Decision { due_ns, time_ns, side, price: best, away };
                self.under_way[line].push_back(decision);
            }
            if self.plan.estimators {
                self.follow_last(time_ns, side, best);
                self.shadow(time_ns, side, best, away);
            }
        }
    }

    fn choose_ranks(
        &mut self,
        time_ns: u64,
        side: Side,
        (level, price): (u32, Price),
        away: Option<Price>,
    ) {
        let orders = self.engine.queue(SYMBOL, price).count() as u64;
        for rank_percent in self.plan.ranks_percent.clone() {
            // Half an order rounds towards the back.
            let rank = (orders * u64::from(rank_percent) + 50) / 100;
            let rank = Rank::OrdersAhead(u32::try_from(rank).expect("a queue's length"));
            let row = Observation {
                seed: self.run.scenario.seed,
                time_ns,
                level,
                rank_percent,
                ..Observation::default()
            };
            let probe = Probe { symbol: SYMBOL, side, price, rank, away };
            self.join(time_ns, probe, Kind::Probe, row);
        }
    }

    /// The side has no such level: its probes are not observed.
    fn miss_ranks(&mut self, time_ns: u64, side: Side, level: u32) {
        for rank_percent in self.plan.ranks_percent.clone() {
            let row = Observation {
                seed: self.run.scenario.seed,
                time_ns,
                level,
                rank_percent,
                end: end::NO_QUEUE,
                ..Observation::default()
            };
            self.rows.push(Pending { row, kind: Kind::Probe, side, price: Price::MIN });
        }
    }

    /// A probe joins, if its queue is there.
    fn join(&mut self, now_ns: u64, probe: Probe, kind: Kind, mut row: Observation) {
        let Probe { side, price, .. } = probe;
        row.queue_lots = self.engine.lots_at(SYMBOL, price);
        row.end = end::NO_QUEUE;
        if let Ok(id) = self.trackers.probe(&self.engine, probe) {
            let ahead = self.trackers.ahead(id).expect("it has just joined");
            self.wait_for(now_ns, id, &mut row, ahead);
        }
        self.rows.push(Pending { row, kind, side, price });
    }

    /// The row that is about to be pushed is a tracker's, which waits from now on.
    fn wait_for(&mut self, now_ns: u64, id: TrackerId, row: &mut Observation, ahead: Ahead) {
        (row.orders_ahead, row.lots_ahead) = (ahead.orders, ahead.lots);
        row.end = end::WAITING;
        row.wait_ns = self.plan.horizon_ns;
        self.open.resize(id.index() + 1, Open { row: Some(self.rows.len()), joined_ns: now_ns });
        self.deadlines.push_back((now_ns + self.plan.horizon_ns, id));
    }

    /// Follows the last order of a queue, unless it is followed already.
    fn follow_last(&mut self, time_ns: u64, side: Side, price: Price) {
        let Some(last) = self.engine.queue(SYMBOL, price).last() else { return };
        let Ok(id) = self.trackers.follow(&self.engine, SYMBOL, last.id) else { return };
        if id.index() < self.open.len() {
            return;
        }
        let mut row = Observation {
            seed: self.run.scenario.seed,
            time_ns,
            rank_percent: 100,
            queue_lots: self.engine.lots_at(SYMBOL, price),
            ..Observation::default()
        };
        let ahead = self.trackers.ahead(id).expect("it rests");
        self.wait_for(time_ns, id, &mut row, ahead);
        self.rows.push(Pending { row, kind: Kind::Order, side, price });
    }

    /// Decisions arrive and waits are cut, up to a time.
    fn arrive(&mut self, now_ns: u64) {
        for line in 0..self.under_way.len() {
            while let Some(decision) =
                self.under_way[line].front().copied().filter(|decision| decision.due_ns <= now_ns)
            {
                self.under_way[line].pop_front();
                let Decision { due_ns, time_ns, side, price, away } = decision;
                let row = Observation {
                    seed: self.run.scenario.seed,
                    time_ns,
                    delay_ns: self.plan.delays_ns[line],
                    rank_percent: 100,
                    ..Observation::default()
                };
                let probe = Probe { symbol: SYMBOL, side, price, rank: Rank::Back, away };
                self.join(due_ns, probe, Kind::Late, row);
            }
        }
        while let Some((_, id)) = self.deadlines.front().filter(|(at, _)| *at <= now_ns) {
            let id = *id;
            self.deadlines.pop_front();
            self.trackers.withdraw(id);
        }
    }

    fn shadow(&mut self, time_ns: u64, side: Side, price: Price, away: Option<Price>) {
        let probe = Probe { symbol: SYMBOL, side, price, rank: Rank::Back, away };
        let Ok(id) = self.trackers.probe(&self.engine, probe) else { return };
        self.open.resize(id.index() + 1, Open { row: None, joined_ns: time_ns });
        let lots = self.engine.lots_at(SYMBOL, price);
        self.deadlines.push_back((time_ns + self.plan.horizon_ns, id));
        self.shadows.join(id, probe, lots, (time_ns, self.plan.horizon_ns));
    }

    /// Moves what the trackers said into the rows.
    fn collect(&mut self) {
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend(self.trackers.drain());
        let mut left = Vec::new();
        for record in heard.drain(..) {
            match record {
                Record::Step(step) => {
                    let Some(place) = self.open[step.tracker.index()].row else { continue };
                    if step.cause == Cause::OwnRequeue {
                        left.push((step.tracker, step.time_ns));
                    }
                    add(&mut self.rows[place].row, &step);
                }
                Record::End { tracker, time_ns, end } => {
                    if end == End::Filled {
                        self.shadows.truly_filled(tracker);
                    }
                    let code = match end {
                        End::Filled => end::FILLED,
                        End::MovedAway => end::MOVED_AWAY,
                        End::Crossed => end::CROSSED,
                        End::Cancelled(_) => end::CANCELLED,
                        // The horizon, or somebody who has left: the row says so already. A study's
                        // market is never halted.
                        End::Withdrawn | End::Halted => continue,
                    };
                    self.ended(tracker, time_ns, code);
                }
            }
        }
        self.heard = heard;
        // An order that its owner puts elsewhere has left this queue.
        for (tracker, time_ns) in left {
            self.ended(tracker, time_ns, end::CANCELLED);
            self.trackers.withdraw(tracker);
        }
    }

    fn ended(&mut self, tracker: TrackerId, time_ns: u64, code: u32) {
        let open = self.open[tracker.index()];
        let Some(place) = open.row else { return };
        let wait_ns = time_ns - open.joined_ns.min(time_ns);
        let row = &mut self.rows[place].row;
        if wait_ns < self.plan.horizon_ns && row.end == end::WAITING {
            row.end = code;
            row.wait_ns = wait_ns;
        }
    }

    /// Fills in what is known only at the end.
    fn finish(self) -> Seen {
        let Self { plan, run, mids, hears, rows, shadows, end_ns, .. } = self;
        let [bought, sold] = hears.forced_lots;
        let absorbing =
            (bought + sold > 0).then_some(if sold >= bought { Side::Buy } else { Side::Sell });
        let horizon_ns = plan.horizon_ns;
        let trigger_ns = hears.trigger_ns;
        let known = Known { run, mids: &mids, absorbing, trigger_ns, end_ns, horizon_ns };
        let mut seen = Seen { absorbing, ..Seen::default() };
        for pending in rows {
            let kind = pending.kind;
            let row = known.finish(pending);
            match kind {
                Kind::Probe => seen.probes.push(row),
                Kind::Late => seen.late.push(row),
                Kind::Order => seen.orders.push(row),
            }
        }
        seen.estimates = shadows.finish(run, absorbing, plan.horizon_ns);
        seen.mids = mids;
        seen
    }
}

/// The price so many ticks better than another.
fn beyond(side: Side, price: Price, ticks: u32) -> Option<Price> {
    match side {
        Side::Buy => price.ticks().checked_add(ticks),
        Side::Sell => price.ticks().checked_sub(ticks),
    }
    .and_then(Price::new)
}

fn add(row: &mut Observation, step: &Step) {
    let place = match step.cause {
        Cause::Trade => &mut row.by_trades,
        Cause::Cancel(cause) => {
            if cause == CancelCause::Liquidation {
                row.by_liquidation_cancels += step.lots;
            }
            &mut row.by_cancels
        }
        Cause::Repriced => &mut row.by_reprices,
        Cause::Reduction(_) => &mut row.by_reductions,
        Cause::SelfTrade => &mut row.by_self_trade,
        _ => return,
    };
    *place += step.lots;
}
