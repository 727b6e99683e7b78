//! `seawall bench pipeline`: a recorded cascade through the rings in real time.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use seawall_engine::core::Engine;
use seawall_engine::durability::Durability;
use seawall_engine::journal::JournalError;
use seawall_engine::pipeline::{NullShard, PipelineError, Topology};
use seawall_engine::ring::{ArrayQueueRing, SeqSlotRing, Transport};
use serde::Serialize;
use thiserror::Error;

use super::bench_files::{self, FileArgs};
use super::bench_lab::{self, LabArgs, RunArgs, WaitName};
use crate::feeds::OpenOptions;
use crate::load::lab::{Findings, LabError};
use crate::load::transport::{DisruptorRing, RingbufRing, RtrbRing};
use crate::load::{
    DiskLimit, DriveError, DriverOptions, LogPlan, LogRunError, Outcome, Pace, Plan, PlanError,
    Preflight, Row, RowContext, RunClock, Stream, StreamError, drive_logged, render, replay_hash,
    row,
};
use crate::report::numbers::{compact, count};
use crate::report::{Manifest, ReportError};
use crate::scenario::{self, DEFAULT_NAME};

/// Parts of capacity that are offered when no rate is given: one that is sustained and one that
/// is not.
const LOADS: [(f64, &str); 2] = [(0.5, "50 % of capacity"), (1.5, "150 % of capacity")];

/// The ring in front of the shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum RingName {
    /// Our own: the sequence number travels in the slot.
    SeqSlot,
    /// crossbeam's `ArrayQueue`.
    ArrayQueue,
    /// The `rtrb` crate.
    Rtrb,
    /// The `disruptor` crate.
    Disruptor,
    /// The `ringbuf` crate.
    Ringbuf,
}

/// Offers a recorded cascade to the engine behind its rings, open loop, and measures latency from
/// the scheduled send.
///
/// Without a rate, capacity is found first and half and one and a half of it are offered. Every
/// command is answered, by the engine or by the full ring; the reckoning is printed and checked.
/// With nothing refused the events are those of the run that recorded the stream, hash for hash.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench pipeline
  seawall bench pipeline --stream runs/flash-crash-7/commands.swl --rate 500000
  seawall bench pipeline --stream message_50.csv.xz --rate 1000000 --json
  seawall bench pipeline --durability group --log-dir /var/tmp
  seawall bench pipeline --null    # the same without an engine: what the pipeline costs
  seawall bench pipeline --ladder --page ladder.html   # 10 to 110 % of capacity, beside theory
  seawall bench pipeline --bars --runs 5 --json > bars.json
  seawall bench pipeline --gateways 4 --rate 500000
  seawall bench pipeline --rate 500000 --arrivals hawkes:0.8 --out latencies --samples

Exit status: 0 done, 1 a command was not answered or the events differ, 2 bad input.")]
pub struct PipelineArgs {
    /// Scenario whose cascade is simulated and sent: an embedded name or a TOML file.
    #[arg(value_name = "SCENARIO", default_value = DEFAULT_NAME)]
    pub scenario: String,
    /// Seed of the scenario.
    #[arg(long, value_name = "N", conflicts_with = "stream",
          value_parser = clap::value_parser!(u64).range(..1 << 63))]
    pub seed: Option<u64>,
    /// Changes a key of the scenario.
    #[arg(long = "set", value_name = "KEY=VALUE", conflicts_with = "stream")]
    pub sets: Vec<String>,
    /// Recorded stream in place of a scenario: `commands.swl` of a run directory, or order flow in
    /// any format that `seawall replay` reads.
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    pub stream: Option<PathBuf>,
    /// The instrument, where the stream has several.
    #[arg(long, value_name = "NAME", requires = "stream")]
    pub instrument: Option<String>,
    /// Messages per second to offer; may be given several times.
    #[arg(long = "rate", value_name = "MSGS_PER_S", value_parser = possible_rate)]
    pub rates: Vec<f64>,
    /// Sends only the first N inputs.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Runs of which capacity is the median.
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub runs: u16,
    /// Ring in front of the shard.
    #[arg(long, value_enum, default_value_t = RingName::SeqSlot)]
    pub ring: RingName,
    /// Most threads; fewer are used where there are fewer cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub threads: Option<u8>,
    /// What an acknowledgement promises: none, buffered, group or each. With a log, latency counts
    /// to the moment when the command is durable, and the disk's own limit is measured beside it.
    #[arg(long, value_name = "LEVEL", default_value_t = Durability::None)]
    pub durability: Durability,
    /// Where the logs go; they are removed again. The system's temporary directory may be memory.
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    pub log_dir: PathBuf,
    /// Experiments and threads.
    #[command(flatten)]
    pub lab: LabArgs,
    /// Arrivals and memory.
    #[command(flatten)]
    pub run: RunArgs,
    /// Files.
    #[command(flatten)]
    pub files: FileArgs,
    /// A shard that only acknowledges, in place of the engine.
    #[arg(long)]
    pub null: bool,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// No progress on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Why the bench could not be done or printed: exit 2.
#[derive(Debug, Error)]
pub enum PipelineBenchError {
    /// No stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Nothing to measure in it.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The engine thread did not start, or died.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The log could not be made, or failed.
    #[error(transparent)]
    Log(#[from] LogRunError),
    /// The order in which inputs were taken did not read back.
    #[error("the journal of the order of taking: {0}")]
    Journal(#[from] JournalError),
    /// The disk's limit could not be measured.
    #[error("{}: {source}, expected a directory to log to", path.display())]
    Disk {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An experiment could not be done.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The cores that were asked for cannot be used.
    #[error("{0}")]
    Cores(String),
    /// The page could not be written.
    #[error("{}: {source}, expected a file to write the page to", path.display())]
    Page {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Files(#[from] ReportError),
    /// The result could not be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

impl From<DriveError> for PipelineBenchError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Pipeline(error) => Self::Pipeline(error),
            DriveError::Log(error) => Self::Log(error),
        }
    }
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    manifest: Manifest,
    /// What the disk under the log can do.
    disk: Option<DiskLimit>,
    /// What the machine can support.
    preflight: Option<Preflight>,
    rows: Vec<Row>,
    /// What the experiments found.
    experiments: Vec<Findings>,
}

/// Runs and prints. `false` if a command was not answered exactly once, or the events differ from
/// those of the run that recorded the stream: exit 1.
pub fn run(args: &PipelineArgs, out: &mut impl Write) -> Result<bool, PipelineBenchError> {
    let topology = bench_lab::topology(args)?;
    args.files.prepare()?;
    let mut stream = open(args)?;
    if let Some(limit) = args.limit {
        stream.truncate(limit);
    }
    if let Some(warning) = &stream.warning {
        eprintln!("warning: {warning}");
    }
    let preflight = (!args.lab.no_preflight).then(|| {
        say(args, "looking at the machine");
        Preflight::look()
    });
    for warning in preflight.iter().flat_map(Preflight::warnings) {
        eprintln!("warning: {warning}");
    }
    if !args.json {
        print_head(out, &stream, topology, preflight.as_ref())?;
    }
    let context = RowContext {
        workload: stream.workload.clone(),
        seed: stream.seed,
        stream_sha256: stream.sha256(),
        reference_hash: stream.reference_hash.filter(|_| !args.null),
        durability: Some(args.durability),
    };
    let plan = Plan::new(&stream.inputs, |input| stream.flow(input), &stream.phases)?;
    let (log, disk) = log_plan(args, &stream)?;
    if let Some(disk) = disk.filter(|_| !args.json) {
        print_disk(out, args, &disk)?;
    }
    let bench = Bench { args, stream: &stream, plan: &plan, topology, context, log };
    let (rows, experiments) = match args.ring {
        RingName::SeqSlot => bench.measure::<SeqSlotRing>(out)?,
        RingName::ArrayQueue => bench.measure::<ArrayQueueRing>(out)?,
        RingName::Rtrb => bench.measure::<RtrbRing>(out)?,
        RingName::Disruptor => bench.measure::<DisruptorRing>(out)?,
        RingName::Ringbuf => bench.measure::<RingbufRing>(out)?,
    };
    bench_lab::write_page(args, &stream, preflight.as_ref(), &experiments)?;
    let passed = rows.iter().all(|row| row.reconciled && row.verdict != "mismatch")
        && experiments.iter().all(|found| found.sound);
    if !args.json {
        bench_lab::print_sum(out, &experiments)?;
        print_foot(out, &rows)?;
    }
    if args.json || args.files.out.is_some() {
        let manifest = manifest(&stream);
        let report = Report { manifest, disk, preflight, rows, experiments };
        let json = serde_json::to_string_pretty(&report).map_err(io::Error::from)?;
        bench_files::write_report(args, &json)?;
        if args.json {
            writeln!(out, "{json}")?;
        }
    }
    out.flush()?;
    Ok(passed)
}

fn manifest(stream: &Stream) -> Manifest {
    let manifest = Manifest::of_this_process();
    match (&stream.seed, &stream.config_hash) {
        (Some(seed), Some(hash)) => manifest.of_input(*seed, hash),
        _ => manifest,
    }
}

fn open(args: &PipelineArgs) -> Result<Stream, StreamError> {
    let Some(path) = &args.stream else {
        say(args, &format!("simulating {} to record its inputs", args.scenario));
        let scenario = scenario::load(&args.scenario, &args.sets, args.seed)?;
        return Stream::simulated(&scenario);
    };
    say(args, &format!("reading {}", path.display()));
    if path.extension().is_some_and(|extension| extension == "swl") {
        Stream::recorded(path)
    } else {
        Stream::feed(path, &OpenOptions { instrument: args.instrument.clone() })
    }
}

/// Progress, unless nobody wants it.
pub(super) fn say(args: &PipelineArgs, text: &str) {
    if !args.quiet {
        eprintln!("{text}");
    }
}

/// Everything that the rows have in common.
struct Bench<'a> {
    args: &'a PipelineArgs,
    stream: &'a Stream,
    plan: &'a Plan<'a>,
    topology: Topology,
    context: RowContext,
    log: Option<LogPlan>,
}

impl Bench<'_> {
    /// Experiments if any were asked for, otherwise capacity and loads.
    fn measure<R: Transport>(
        &self,
        out: &mut impl Write,
    ) -> Result<(Vec<Row>, Vec<Findings>), PipelineBenchError> {
        if self.args.lab.chosen().is_empty() {
            return Ok((self.rows::<R>(out)?, Vec::new()));
        }
        let Self { args, stream, plan, topology, .. } = self;
        Ok((Vec::new(), bench_lab::run::<R>(args, stream, plan, *topology, out)?))
    }

    fn rows<R: Transport>(&self, out: &mut impl Write) -> Result<Vec<Row>, PipelineBenchError> {
        let mut rows = Vec::new();
        let mut loads: Vec<(String, f64)> = self
            .args
            .rates
            .iter()
            .map(|&rate| (format!("{} a second", compact(rate)), rate))
            .collect();
        if loads.is_empty() {
            let runs = usize::from(self.args.runs);
            let capacity = (1..=runs)
                .map(|n| {
                    say(self.args, &format!("finding capacity, run {n} of {runs}"));
                    self.drive::<R>(None)
                })
                .collect::<Result<Vec<_>, _>>()?;
            let found = row("capacity", &capacity, &self.context);
            loads = LOADS
                .map(|(part, name)| (name.to_owned(), part * found.msgs_per_s.median))
                .to_vec();
            self.finish(found, &mut rows, out)?;
        }
        for (name, rate) in loads {
            say(self.args, &format!("offering {} messages a second", compact(rate)));
            let outcome = self.drive::<R>(Some(rate))?;
            bench_files::write_row(self.args, &name, &outcome)?;
            self.finish(row(&name, &[outcome], &self.context), &mut rows, out)?;
        }
        Ok(rows)
    }

    fn drive<R: Transport>(&self, msgs_per_s: Option<f64>) -> Result<Outcome, PipelineBenchError> {
        let options = DriverOptions {
            gateways: usize::from(self.args.lab.gateways),
            wait: self.args.lab.wait.map(WaitName::strategy),
            arrivals: self.args.run.arrivals,
            locks_memory: self.args.run.lock_memory,
            keeps_samples: msgs_per_s.is_some() && self.args.files.out.is_some(),
            ..DriverOptions::new(self.topology, msgs_per_s)
        };
        let log = self.log.as_ref();
        let (plan, config) = (self.plan, &self.stream.config);
        if self.args.null {
            return Ok(drive_logged::<R, _>(plan, NullShard, &options, log)?.0);
        }
        let (mut outcome, _) = drive_logged::<R, _>(plan, Engine::new(config), &options, log)?;
        if let Some(taken) = outcome.taken.take() {
            say(self.args, "replaying the order in which the shard took the inputs");
            outcome.replay_hash = Some(replay_hash(config, &taken)?);
        }
        Ok(outcome)
    }

    fn finish(&self, row: Row, rows: &mut Vec<Row>, out: &mut impl Write) -> io::Result<()> {
        if !self.args.json {
            writeln!(out, "{}", render(&row))?;
        }
        rows.push(row);
        Ok(())
    }
}

/// The log that was asked for, and what the disk under it can do.
fn log_plan(
    args: &PipelineArgs,
    stream: &Stream,
) -> Result<(Option<LogPlan>, Option<DiskLimit>), PipelineBenchError> {
    if args.durability == Durability::None {
        return Ok((None, None));
    }
    say(args, "measuring the disk");
    let disk = DiskLimit::measure(&args.log_dir)
        .map_err(|source| PipelineBenchError::Disk { path: args.log_dir.clone(), source })?;
    let (durability, directory) = (args.durability, args.log_dir.clone());
    Ok((Some(LogPlan { durability, directory, config: stream.config.clone() }), Some(disk)))
}

fn print_disk(out: &mut impl Write, args: &PipelineArgs, disk: &DiskLimit) -> io::Result<()> {
    writeln!(
        out,
        "durability {}, log in {}; the disk alone: {} synced writes of 4 KiB a second, {:.0} MB a \
         second in synced pieces of 256 KiB\n",
        args.durability,
        args.log_dir.display(),
        compact(disk.syncs_per_s),
        disk.synced_bytes_per_s / 1e6
    )
}

fn print_head(
    out: &mut impl Write,
    stream: &Stream,
    topology: Topology,
    preflight: Option<&Preflight>,
) -> io::Result<()> {
    let seed = stream.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    writeln!(out, "{}{seed}: {} inputs", stream.workload, count(stream.inputs.len() as u64))?;
    writeln!(out, "{topology}")?;
    if let Some(preflight) = preflight {
        writeln!(out, "{}", preflight.line())?;
    }
    let cost_ns = RunClock::start().cost_ns();
    writeln!(
        out,
        "one clock reading costs {cost_ns:.0} ns; latency counts from the scheduled send\n"
    )
}

fn print_foot(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    if rows.iter().any(|row| !row.pinned) {
        writeln!(out, "Not every thread could be pinned: expect more noise.")?;
    }
    writeln!(
        out,
        "Percentiles from p99 up include what the machine takes away (ticks, a hypervisor, other \
         processes); docs/LATENCY.md says how much of them is the engine."
    )
}

fn possible_rate(text: &str) -> Result<f64, String> {
    let expected = "a rate between 0.001 and 1e9 messages a second";
    let rate: f64 = text.parse().map_err(|_| format!("expected {expected}"))?;
    match Pace::open(rate, 0) {
        Some(_) => Ok(rate),
        None => Err(format!("expected {expected}")),
    }
}
