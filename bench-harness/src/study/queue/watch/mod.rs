//! Probes over a recorded cascade.

mod choice;
mod hears;
mod outcome;

use std::collections::VecDeque;

use seawall_engine::core::Engine;
use seawall_engine::trackers::{QueueTrackers, Record, TrackerId};
use seawall_engine::types::{Sequenced, Side};

use super::Plan;
use super::observation::{EstimateRow, Observation};
use super::rows::{Kind, Known, Pending};
use super::run::{Mids, RecordedRun};
use super::shadow::Shadows;
use crate::scenario::SYMBOL;
use choice::Decision;
use hears::{Hears, Sink};

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
    assert_eq!(watch.hears.digest(), run.summary.events_hash, "a replay with probes is the run");
    watch.finish()
}

impl Watch<'_> {
    fn apply(&mut self, input: &Sequenced) {
        self.hears.begin(input.time_ns);
        self.trackers.begin(&self.engine, input);
        let mut sink = Sink { hears: &mut self.hears, trackers: &mut self.trackers };
        self.engine.apply(input, &mut sink);
        self.trackers.finish(&self.engine);
        self.collect();
        self.shadows.after(&self.engine, &self.trackers, &self.hears.trades, input.time_ns);
        let (bid, ask) = (self.engine.best_bid(SYMBOL), self.engine.best_ask(SYMBOL));
        self.mids.note(input.time_ns, bid, ask);
    }

    /// Fills in what is known only at the end.
    fn finish(self) -> Seen {
        let Self { plan, run, mids, hears, rows, shadows, end_ns, .. } = self;
        let absorbing = hears.absorbing();
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
