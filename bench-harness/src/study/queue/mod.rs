//! What a place in the queue is worth while a cascade runs.
//!
//! A cascade is run and its inputs are kept; a replay of them puts probes of no size into the
//! queues, which see without changing anything (the replay's event hash must be the run's). Study
//! orders of real size go into paired runs of the same seed, with and without: the difference is
//! their effect. Intervals are over seeds, since the probes of one run share one path of the price.

pub mod answers;
pub mod causal;
pub mod estimators;
pub mod observation;
pub mod request;
mod rows;
pub mod run;
mod shadow;
pub mod watch;
pub mod why;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::scenario::Scenario;
use crate::simulation::SimulationError;
use crate::study::parallel;
use answers::{Answers, LoadPoint};
use causal::{Causal, Pairing};
use observation::{EstimateRow, Observation};
use run::RecordedRun;
use watch::Seen;

/// What is observed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Time between two choices of places.
    pub every_ns: u64,
    /// When a wait is cut.
    pub horizon_ns: u64,
    /// A probe has been left behind when its side's best price is so many ticks beyond the best
    /// price at the choice.
    pub away_ticks: u32,
    /// Places of prices among the occupied ones, 0 the best.
    pub levels: Vec<u32>,
    /// Places in the queue in hundredths, 0 the front, 100 the back.
    pub ranks_percent: Vec<u32>,
    /// Delays between decision and arrival.
    pub delays_ns: Vec<u64>,
    /// Whether estimators are scored.
    pub estimators: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            every_ns: 250_000_000,
            horizon_ns: 10_000_000_000,
            away_ticks: 3,
            levels: vec![0, 1, 2],
            ranks_percent: vec![0, 25, 50, 75, 100],
            delays_ns: [0, 1, 5, 20, 100, 500, 2_000].map(|ms| ms * 1_000_000).to_vec(),
            estimators: true,
        }
    }
}

/// What the whole study runs.
#[derive(Clone, Debug)]
pub struct Study {
    /// The scenario; its seed is the first of the seeds.
    pub scenario: Scenario,
    /// Seeds, at least two.
    pub seeds: u64,
    /// What is observed in each run.
    pub plan: Plan,
    /// Multiples of the service time at which fill rates are asked for again.
    pub loads: Vec<u64>,
    /// Paired runs.
    pub pairing: Pairing,
}

/// Everything the study has found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The numbers.
    pub answers: Answers,
    /// The probes.
    pub probes: Vec<Observation>,
    /// The late probes.
    pub late: Vec<Observation>,
    /// The market's own orders.
    pub orders: Vec<Observation>,
    /// The estimators' rows.
    pub estimates: Vec<EstimateRow>,
}

/// Does the study. `progress` is told what has been done, of how much; once `stop` is set, no further
/// run begins.
///
/// # Errors
///
/// A run that stopped.
pub fn run(
    study: &Study,
    workers: NonZeroUsize,
    stop: &AtomicBool,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<Findings, SimulationError> {
    let seeds: Vec<u64> = (0..study.seeds).map(|n| study.scenario.seed + n).collect();
    let of_seed = |seed: u64, scale: u64| {
        let mut scenario = study.scenario.clone();
        scenario.seed = seed;
        scenario.latency.service_scale *= scale;
        scenario
    };
    let done = AtomicUsize::new(0);
    let tick = |what: &str, of: usize| {
        progress(what, done.fetch_add(1, Ordering::Relaxed) + 1, of);
    };
    let go_on = || {
        if stop.load(Ordering::Relaxed) { Err(SimulationError::Stopped) } else { Ok(()) }
    };
    let jobs = seeds.len();
    let runs: Vec<Result<(RecordedRun, Seen), SimulationError>> =
        parallel::map(workers, jobs, |job| {
            go_on()?;
            let run = RecordedRun::record(&of_seed(seeds[job], 1), &[])?;
            let seen = watch::watch(&study.plan, &run);
            tick("cascades", jobs);
            Ok((run, seen))
        });
    let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;

    done.store(0, Ordering::Relaxed);
    let narrow = Plan {
        levels: vec![0],
        ranks_percent: vec![0, 100],
        delays_ns: Vec::new(),
        estimators: false,
        ..study.plan.clone()
    };
    let loads = study.loads.len() * jobs;
    let points = parallel::map(workers, loads, |job| {
        go_on()?;
        let (scale, seed) = (study.loads[job / jobs], seeds[job % jobs]);
        let run = RecordedRun::record(&of_seed(seed, scale), &[])?;
        let seen = watch::watch(&narrow, &run);
        tick("loads", loads);
        Ok::<_, SimulationError>(LoadPoint::new(scale, &run, seen.probes))
    });
    let points = points.into_iter().collect::<Result<Vec<_>, _>>()?;

    done.store(0, Ordering::Relaxed);
    let causal = Causal::measure(study, &runs, workers, &go_on, &|of| tick("pairs", of))?;

    let mut findings = Findings {
        answers: Answers::default(),
        probes: Vec::new(),
        late: Vec::new(),
        orders: Vec::new(),
        estimates: Vec::new(),
    };
    let summaries: Vec<_> = runs.iter().map(|(run, _)| run.summary.clone()).collect();
    for (_, seen) in runs {
        findings.probes.extend(seen.probes);
        findings.late.extend(seen.late);
        findings.orders.extend(seen.orders);
        findings.estimates.extend(seen.estimates);
    }
    findings.answers = answers::answer(study, &summaries, &findings, &points, causal);
    Ok(findings)
}
