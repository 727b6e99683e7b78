//! The latency laboratory: experiments on the pipeline, each with one question, a table that
//! answers it, and the bars that the answer is held against.

mod burst;
mod findings;
mod ladder;
mod market;
mod overload;
mod priority;
mod queueing;
mod ratios;
mod replay;
mod soak;
mod symbols;

pub use findings::{Bar, Bound, Cell, Column, Curve, Findings, Line, Unit};

use std::thread;

use seawall_engine::core::Engine;
use seawall_engine::pipeline::{Layout, NullShard, PipelineError, Topology, pin_to};
use seawall_engine::ring::{Transport, WaitStrategy};
use seawall_engine::types::NoEvents;
use serde::Serialize;
use thiserror::Error;

use super::{DriverOptions, Outcome, Plan, PlanError, RunClock, Stream, drive};
use crate::study::two_samples::median;

/// Why an experiment could not be done.
#[derive(Debug, Error)]
pub enum LabError {
    /// The engine thread did not start, or died.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The stream has nothing to measure where the experiment looks.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The machine or the stream lacks what the experiment needs.
    #[error("{experiment}: {reason}")]
    Impossible {
        /// Which one.
        experiment: &'static str,
        /// What is missing.
        reason: String,
    },
}

/// The questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Experiment {
    /// Latency from 10 to 110 % of capacity, the knee, and the curves of queueing theory.
    Ladder,
    /// Capacity with the engine against capacity with a shard that only acknowledges.
    Capacity,
    /// Order to ack at 10 % of capacity against a ring round trip and the core's own time.
    LightLoad,
    /// The undisturbed tail at 50 % of capacity against the median.
    HalfLoad,
    /// What taking one sample costs.
    SampleCost,
    /// Measured sojourns under a padded service time against M/G/1.
    Queueing,
    /// Half a minute at 150 % of capacity, and how soon latency is normal again.
    Overload,
    /// Ten thousand orders at one instant, and how soon they are worked off.
    Burst,
    /// The recorded cascade at 1, 10 and 100 times its speed.
    Replay,
    /// Forced orders while a hundred thousand client orders are queued, by discipline.
    Priority,
    /// Throughput over 1 to 10,000 symbols, and of several shards.
    Symbols,
}

/// Everything the experiments have in common.
#[derive(Clone, Copy, Debug)]
pub struct Lab<'a> {
    /// What is sent.
    pub stream: &'a Stream,
    /// The same as a plan.
    pub plan: &'a Plan<'a>,
    /// Where the threads go.
    pub topology: Topology,
    /// How they wait, if not as the topology says.
    pub wait: Option<WaitStrategy>,
    /// Runs of which figures are medians.
    pub runs: usize,
    /// Length of the overload, in seconds.
    pub overload_s: f64,
    /// Least service time of the queueing experiment.
    pub pad_ns: u64,
    /// Whether all memory is mapped and locked before a clock starts.
    pub locks_memory: bool,
}

impl Lab<'_> {
    /// Does one experiment; `say` is told what happens.
    pub fn run<R: Transport>(
        &self,
        experiment: Experiment,
        say: &dyn Fn(&str),
    ) -> Result<Findings, LabError> {
        match experiment {
            Experiment::Ladder => ladder::run::<R>(self, say),
            Experiment::Capacity => ratios::capacity::<R>(self, say),
            Experiment::LightLoad => ratios::light_load::<R>(self, say),
            Experiment::HalfLoad => ratios::half_load::<R>(self, say),
            Experiment::SampleCost => Ok(ratios::sample_cost()),
            Experiment::Queueing => queueing::run::<R>(self, say),
            Experiment::Overload => overload::run::<R>(self, say),
            Experiment::Burst => burst::run::<R>(self, say),
            Experiment::Replay => replay::run::<R>(self, say),
            Experiment::Priority => Ok(priority::run()),
            Experiment::Symbols => symbols::run::<R>(self, say),
        }
    }

    /// Two of the cores that the threads use.
    fn two_cores(&self, experiment: &'static str) -> Result<[usize; 2], LabError> {
        match self.topology.layout {
            Layout::Shared { edge, engine } => Ok([edge, engine]),
            Layout::Separate { generator, engine, .. } => Ok([generator, engine]),
            Layout::Inline { .. } => {
                let reason = "a round trip needs two cores".to_owned();
                Err(LabError::Impossible { experiment, reason })
            }
        }
    }

    fn options(&self, msgs_per_s: Option<f64>) -> DriverOptions {
        let (wait, locks_memory) = (self.wait, self.locks_memory);
        DriverOptions { wait, locks_memory, ..DriverOptions::new(self.topology, msgs_per_s) }
    }

    fn drive<R: Transport>(&self, options: &DriverOptions) -> Result<Outcome, LabError> {
        Ok(drive::<R, _>(self.plan, Engine::new(&self.stream.config), options)?.0)
    }

    /// Inputs a second as fast as the ring takes them, run by run; of the engine and, if wanted,
    /// of the null shard in turns with it.
    fn capacities<R: Transport>(&self, null: bool) -> Result<[Vec<f64>; 2], LabError> {
        let (mut engine, mut nothing) = (Vec::new(), Vec::new());
        let options = self.options(None);
        for _ in 0..self.runs {
            engine.push(self.drive::<R>(&options)?.msgs_per_s());
            if null {
                nothing.push(drive::<R, _>(self.plan, NullShard, &options)?.0.msgs_per_s());
            }
        }
        Ok([engine, nothing])
    }

    /// Inputs a second that the core applies in one thread without rings, run by run.
    fn core_alone(&self) -> Vec<f64> {
        let core = self.two_cores("capacity").ok().map(|[_, engine]| engine);
        let (setup, timed) = self.plan.inputs().split_at(self.plan.setup());
        let once = || {
            if let Some(core) = core {
                pin_to(core);
            }
            let (clock, mut engine) = (RunClock::start(), Engine::new(&self.stream.config));
            for input in setup {
                engine.apply(input, &mut NoEvents);
            }
            let start_ns = clock.now_ns();
            for input in timed {
                engine.apply(input, &mut NoEvents);
            }
            timed.len() as f64 * 1e9 / (clock.now_ns() - start_ns).max(1) as f64
        };
        let run = |_| thread::scope(|scope| scope.spawn(once).join().expect("the thread ends"));
        (0..self.runs).map(run).collect()
    }

    fn capacity<R: Transport>(&self, say: &dyn Fn(&str)) -> Result<f64, LabError> {
        say("finding capacity");
        let [engine, _] = self.capacities::<R>(false)?;
        Ok(median(&engine).expect("at least one run"))
    }
}
