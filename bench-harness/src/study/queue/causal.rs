//! Paired runs: the same seed with and without one order of real size.
//!
//! Draws are keyed, so until the order arrives the two runs are the same to the bit; what differs
//! after is the order's doing, directly or through what others make of it.

use std::num::NonZeroUsize;

use serde::Serialize;

use seawall_engine::core::Engine;
use seawall_engine::trackers::{Cause, End, Probe, QueueTrackers, Rank, Record, Step};
use seawall_engine::types::{Input, NoEvents, OrderId, Price, Qty, Sequenced, Side};

use super::Study;
use super::answers::{Clusters, Measured, PHASES, flow_name};
use super::run::{Mids, RecordedRun};
use super::watch::Seen;
use crate::agents::study::{StudyOrder, study_order_id};
use crate::measure::summary::Phase;
use crate::scenario::SYMBOL;
use crate::simulation::SimulationError;
use crate::study::parallel;

/// Which orders are paired.
#[derive(Clone, Debug)]
pub struct Pairing {
    /// Sizes.
    pub lots: Vec<u32>,
    /// Instants in each of the calm and the peak phase, a run each.
    pub instants: u32,
}

/// What orders of one size do in one phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Phase.
    pub phase: &'static str,
    /// `absorbing`: the side that forced orders hit; `other`.
    pub flow: &'static str,
    /// Size.
    pub lots: u32,
    /// Pairs in which the order rested.
    pub n: u64,
    /// Pairs in which it was refused: it would have crossed at its arrival.
    pub refused: u64,
    /// Share of probes, in the run without, that filled within the horizon.
    pub probe_fill: Option<Measured>,
    /// Share of orders that were reached: a lot of theirs filled within the horizon.
    pub order_reached: Option<Measured>,
    /// The difference of these two, pair by pair: what the order did to its own chances.
    pub difference: Option<Measured>,
    /// Share of orders that filled in full within the horizon.
    pub order_full: Option<Measured>,
    /// Mid after 1 s with less without, in ticks.
    pub mid_1s: Option<Measured>,
    /// Mid after 10 s.
    pub mid_10s: Option<Measured>,
    /// Fall of the mark in the whole run, with less without, in basis points.
    pub drawdown_bp: Option<Measured>,
}

/// All paired runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Causal {
    /// Inputs that the two runs of a pair share before the order: all of them, or it is no pair.
    pub inputs_shared: u64,
    /// Effects.
    pub effects: Vec<Effect>,
}

/// What became of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All of it, within the horizon.
    Filled,
    /// A lot of it.
    Reached,
    NotFilled,
    /// It never stood in the queue.
    Refused,
}

struct Pair {
    phase: u32,
    absorbs: bool,
    seed: u64,
    lots: u32,
    order: Outcome,
    probe: Outcome,
    inputs_shared: u64,
    mids: [Option<f64>; 2],
    drawdown_bp: f64,
}

#[derive(Clone, Copy)]
struct Job {
    run: usize,
    phase: u32,
    absorbs: bool,
    time_ns: u64,
    lots: u32,
}

fn instants(phase: Phase, count: u32) -> impl Iterator<Item = u64> {
    let length = phase.end_ns - phase.start_ns;
    (1..=u64::from(count)).map(move |n| phase.start_ns + length * n / (u64::from(count) + 1))
}

impl Causal {
    pub(super) fn measure(
        study: &Study,
        runs: &[(RecordedRun, Seen)],
        workers: NonZeroUsize,
        go_on: &(dyn Fn() -> Result<(), SimulationError> + Sync),
        tick: &(dyn Fn(usize) + Sync),
    ) -> Result<Self, SimulationError> {
        let mut jobs = Vec::new();
        for (number, (run, _)) in runs.iter().enumerate() {
            let phases = [(0, run.summary.phases.calm), (2, run.summary.phases.peak)];
            for (phase, window) in phases.into_iter().filter_map(|(n, w)| Some((n, w?))) {
                for time_ns in instants(window, study.pairing.instants) {
                    for absorbs in [true, false] {
                        let sizes = study.pairing.lots.iter();
                        jobs.extend(sizes.map(|lots| Job {
                            run: number,
                            phase,
                            absorbs,
                            time_ns,
                            lots: *lots,
                        }));
                    }
                }
            }
        }
        let pairs = parallel::map(workers, jobs.len(), |job| {
            go_on()?;
            let (run, seen) = &runs[jobs[job].run];
            let pair = pair(study, run, seen, jobs[job]);
            tick(jobs.len());
            pair
        });
        let pairs = pairs.into_iter().collect::<Result<Vec<_>, _>>()?;
        let pairs: Vec<Pair> = pairs.into_iter().flatten().collect();
        let mut effects = Vec::new();
        for (phase, absorbs) in [(0, true), (0, false), (2, true), (2, false)] {
            for lots in study.pairing.lots.iter().copied() {
                let of =
                    |pair: &&Pair| (pair.phase, pair.absorbs, pair.lots) == (phase, absorbs, lots);
                let chosen: Vec<&Pair> = pairs.iter().filter(of).collect();
                if !chosen.is_empty() {
                    effects.push(effect((phase, absorbs), lots, &chosen));
                }
            }
        }
        let inputs_shared = pairs.iter().map(|pair| pair.inputs_shared).sum();
        Ok(Self { inputs_shared, effects })
    }
}

fn effect((phase, absorbs): (u32, bool), lots: u32, pairs: &[&Pair]) -> Effect {
    let mut sums: [Clusters; 7] = Default::default();
    let mut refused = 0;
    let mut n = 0;
    for pair in pairs {
        if pair.order == Outcome::Refused || pair.probe == Outcome::Refused {
            refused += 1;
            continue;
        }
        n += 1;
        let one = |holds: bool| f64::from(u8::from(holds));
        let reached = |outcome| one(matches!(outcome, Outcome::Filled | Outcome::Reached));
        let (probe, order) = (reached(pair.probe), reached(pair.order));
        sums[0].add(pair.seed, probe);
        sums[1].add(pair.seed, order);
        sums[2].add(pair.seed, order - probe);
        sums[3].add(pair.seed, one(pair.order == Outcome::Filled));
        for (place, mid) in (4..).zip(pair.mids) {
            if let Some(mid) = mid {
                sums[place].add(pair.seed, mid);
            }
        }
        sums[6].add(pair.seed, pair.drawdown_bp);
    }
    let [probe_fill, order_reached, difference, order_full, mid_1s, mid_10s, drawdown_bp] =
        sums.map(|clusters| clusters.measured());
    Effect {
        phase: PHASES[phase as usize],
        flow: flow_name(absorbs),
        lots,
        n,
        refused,
        probe_fill,
        order_reached,
        difference,
        order_full,
        mid_1s,
        mid_10s,
        drawdown_bp,
    }
}

/// One pair; none if nothing rested there at that time.
fn pair(
    study: &Study,
    run: &RecordedRun,
    seen: &Seen,
    Job { phase, absorbs, time_ns, lots, .. }: Job,
) -> Result<Option<Pair>, SimulationError> {
    let absorbing = seen.absorbing.unwrap_or(Side::Buy);
    let side = if absorbs { absorbing } else { absorbing.opposite() };
    let Some(price) = best_at(run, side, time_ns) else { return Ok(None) };
    let qty = Qty::new(lots).expect("sizes are checked");
    let order = StudyOrder { time_ns, side, price, qty };
    let with = RecordedRun::record(&run.scenario, &[order])?;
    let id = study_order_id(&run.scenario, 0);
    let is_order = |input: &Sequenced| matches!(&input.input, Input::Order(new) if new.order == id);
    let Some(place) = with.inputs.iter().position(is_order) else { return Ok(None) };
    assert_eq!(with.inputs[..place], run.inputs[..place], "a pair shares its past to the bit");
    let taken_ns = with.inputs[place].time_ns;
    let horizon_ns = study.plan.horizon_ns;
    let (order, mids) = follow(&with, Place::Order(id), taken_ns, horizon_ns);
    let (probe, _) = follow(run, Place::Probe(side, price), taken_ns, horizon_ns);
    let end_ns = run.scenario.clock.duration_ms * 1_000_000;
    let shift = |at_ns: u64| {
        let at_ns = (at_ns <= end_ns).then_some(at_ns)?;
        Some(mids.at(at_ns)? - seen.mids.at(at_ns)?)
    };
    Ok(Some(Pair {
        phase,
        absorbs,
        seed: run.scenario.seed,
        lots,
        order,
        probe,
        inputs_shared: place as u64,
        mids: [1, 10].map(|seconds| shift(taken_ns + seconds * 1_000_000_000)),
        drawdown_bp: with.summary.market.drawdown_bp - run.summary.market.drawdown_bp,
    }))
}

fn best_at(run: &RecordedRun, side: Side, time_ns: u64) -> Option<Price> {
    let mut engine = Engine::new(&run.scenario.shard_config());
    for input in run.inputs.iter().take_while(|input| input.time_ns <= time_ns) {
        engine.apply(input, &mut NoEvents);
    }
    match side {
        Side::Buy => engine.best_bid(SYMBOL),
        Side::Sell => engine.best_ask(SYMBOL),
    }
}

#[derive(Clone, Copy)]
enum Place {
    Order(OrderId),
    Probe(Side, Price),
}

/// Follows an order, or a probe that joins the back of a price's queue at `from_ns`, to its end.
fn follow(run: &RecordedRun, place: Place, from_ns: u64, horizon_ns: u64) -> (Outcome, Mids) {
    let mut engine = Engine::new(&run.scenario.shard_config());
    let mut trackers = QueueTrackers::default();
    let mut mids = Mids::default();
    let mut outcome = Outcome::Refused;
    let mut waits = true;
    if let Place::Order(id) = place {
        trackers.follow_from_rest(SYMBOL, id);
    }
    for input in &run.inputs {
        if let Place::Probe(side, price) = place
            && waits
            && input.time_ns >= from_ns
        {
            waits = false;
            let probe = Probe { symbol: SYMBOL, side, price, rank: Rank::Back, away: None };
            if trackers.probe(&engine, probe).is_ok() {
                outcome = Outcome::NotFilled;
            }
        }
        trackers.apply(&mut engine, input, &mut NoEvents);
        mids.note(input.time_ns, engine.best_bid(SYMBOL), engine.best_ask(SYMBOL));
        for record in trackers.drain() {
            match record {
                Record::End { time_ns, end: End::Filled, .. }
                    if time_ns <= from_ns + horizon_ns =>
                {
                    outcome = Outcome::Filled;
                }
                Record::Step(Step { cause: Cause::OwnFill, time_ns, .. })
                    if time_ns <= from_ns + horizon_ns && outcome != Outcome::Filled =>
                {
                    outcome = Outcome::Reached;
                }
                Record::Step(_) if outcome == Outcome::Refused => outcome = Outcome::NotFilled,
                _ => {}
            }
        }
    }
    (outcome, mids)
}
