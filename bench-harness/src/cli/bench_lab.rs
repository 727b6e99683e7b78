//! `seawall bench pipeline --ladder` and `--bars`: the experiments of the latency laboratory.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use seawall_engine::pipeline::{Topology, our_cores};
use seawall_engine::ring::{Transport, WaitStrategy};

use super::bench_pipeline::{PipelineArgs, PipelineBenchError, say};
use crate::load::lab::{Experiment, Findings, Lab};
use crate::load::{Arrivals, Plan, Preflight, Stream};
use crate::report::bench_page;

/// What is measured besides capacity and two loads, and on which threads.
#[derive(Clone, Debug, Args)]
pub struct LabArgs {
    /// Latency from 10 to 110 % of capacity, the knee, and the curves of queueing theory.
    #[arg(long)]
    pub ladder: bool,
    /// Every experiment that has a bar, and whether it is met.
    #[arg(long)]
    pub bars: bool,
    /// Only this experiment; may be given more than once.
    #[arg(long = "bar", value_enum, value_name = "EXPERIMENT")]
    pub experiments: Vec<Experiment>,
    /// Length of the overload, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub overload_seconds: u16,
    /// Least service time of the queueing experiment, in nanoseconds.
    #[arg(long, value_name = "NS", default_value_t = 5_000,
          value_parser = clap::value_parser!(u64).range(2_000..=1_000_000))]
    pub pad_ns: u64,
    /// Writes what the experiments found as one offline page, with pictures of the ladder.
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
    /// Leaves out the three seconds in which the machine is looked at.
    #[arg(long)]
    pub no_preflight: bool,
    /// Rings in front of the shard. With several, accounts are dealt out to them and the order in
    /// which the shard took the inputs is kept and replayed: the events must be the same.
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..=64))]
    pub gateways: u8,
    /// What a thread does while its rings are empty; chosen by the layout if not given.
    #[arg(long, value_enum, value_name = "WAIT")]
    pub wait: Option<WaitName>,
    /// The cores, as `0,1`: generator and recorder, engine; or generator, engine, recorder.
    #[arg(long, value_name = "CORES", value_delimiter = ',', conflicts_with = "threads")]
    pub cores: Vec<usize>,
}

/// How a run goes.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// How the messages of a rate arrive: `constant`, `poisson[:SEED]`, `bursts[:SIZE]`,
    /// `hawkes[:BRANCHING[:SEED]]`, or `recorded`: the recorded times, scaled to the rate.
    #[arg(long, value_name = "PROCESS", default_value = "constant")]
    pub arrivals: Arrivals,
    /// Maps and locks all memory before the clock starts, if the system lets (`ulimit -l`).
    #[arg(long)]
    pub lock_memory: bool,
}

/// A wait strategy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum WaitName {
    /// Look again at once.
    Spin,
    /// Look again after a pause instruction.
    Pause,
    /// Pause for some 50 microseconds, then yield.
    SpinYield,
    /// Yield.
    Yield,
    /// Spin, yield, then sleep.
    Park,
}

impl WaitName {
    /// The strategy.
    pub const fn strategy(self) -> WaitStrategy {
        match self {
            Self::Spin => WaitStrategy::Spin,
            Self::Pause => WaitStrategy::SpinPause,
            Self::SpinYield => WaitStrategy::SpinYield,
            Self::Yield => WaitStrategy::Yielding,
            Self::Park => WaitStrategy::Parking,
        }
    }
}

impl LabArgs {
    /// The experiments that were asked for, in order.
    pub fn chosen(&self) -> Vec<Experiment> {
        let all = Experiment::value_variants().iter().copied();
        let asked = |experiment: &Experiment| {
            let ladder = *experiment == Experiment::Ladder;
            // It has no bar and takes a minute.
            let apart = *experiment == Experiment::Symbols;
            self.experiments.contains(experiment)
                || (ladder && self.ladder)
                || (!ladder && !apart && self.bars)
        };
        all.filter(asked).collect()
    }
}

/// Where the threads go, said where it is not what was asked for.
pub(super) fn topology(args: &PipelineArgs) -> Result<Topology, PipelineBenchError> {
    let ours = our_cores();
    let asked = &args.lab.cores;
    if asked.is_empty() {
        let topology = Topology::detect_at_most(args.threads.map_or(usize::MAX, usize::from));
        if args.threads.is_some_and(|wanted| topology.threads() < usize::from(wanted)) {
            let spins = args.lab.wait.is_some_and(|wait| wait.strategy().keeps_its_core());
            let why = if spins {
                "threads that spin want a core each, and there are fewer cores than threads asked for"
            } else {
                "fewer cores than threads asked for"
            };
            eprintln!("warning: {why}; {topology}");
        }
        return Ok(topology);
    }
    let listed = ours.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let refuse = |what: String| Err(PipelineBenchError::Cores(what));
    if let Some(core) = asked.iter().find(|core| !ours.contains(core)) {
        return refuse(format!(
            "--cores: core {core} does not exist or is not ours, expected some of {listed}"
        ));
    }
    let repeated = (1..asked.len()).any(|n| asked[..n].contains(&asked[n]));
    if repeated || asked.len() > 3 {
        return refuse(format!(
            "--cores: expected one to three different ones of {listed}: threads that share a core \
             wait for each other's whole time slices"
        ));
    }
    Ok(Topology { cores: ours.len(), ..Topology::choose(asked) })
}

/// Does the experiments and prints each when it is done.
pub(super) fn run<R: Transport>(
    args: &PipelineArgs,
    stream: &Stream,
    plan: &Plan<'_>,
    topology: Topology,
    out: &mut impl Write,
) -> Result<Vec<Findings>, PipelineBenchError> {
    let lab = Lab {
        stream,
        plan,
        topology,
        wait: args.lab.wait.map(WaitName::strategy),
        runs: usize::from(args.runs),
        overload_s: f64::from(args.lab.overload_seconds),
        pad_ns: args.lab.pad_ns,
        locks_memory: args.run.lock_memory,
    };
    let mut all = Vec::new();
    for experiment in args.lab.chosen() {
        let found = lab.run::<R>(experiment, &|text| say(args, text))?;
        if !args.json {
            writeln!(out, "{}", found.render())?;
            out.flush()?;
        }
        all.push(found);
    }
    Ok(all)
}

/// Writes the page, if one was asked for.
pub(super) fn write_page(
    args: &PipelineArgs,
    stream: &Stream,
    preflight: Option<&Preflight>,
    all: &[Findings],
) -> Result<(), PipelineBenchError> {
    let Some(path) = &args.lab.page else { return Ok(()) };
    let environment = preflight
        .map_or_else(|| "environment not graded (--no-preflight)".to_owned(), Preflight::line);
    let title = format!("Pipeline laboratory: {}", stream.workload);
    fs::write(path, bench_page(&title, &environment, all))
        .map_err(|source| PipelineBenchError::Page { path: path.clone(), source })?;
    say(args, &format!("wrote {}", path.display()));
    Ok(())
}

/// How many bars were met.
pub(super) fn print_sum(out: &mut impl Write, all: &[Findings]) -> io::Result<()> {
    let bars = || all.iter().flat_map(|found| &found.bars);
    let met = bars().filter(|bar| bar.met).count();
    if bars().next().is_none() {
        return Ok(());
    }
    writeln!(out, "{met} of {} bars met; a missed bar is a figure, not a failure", bars().count())
}
