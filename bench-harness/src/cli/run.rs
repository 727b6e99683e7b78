//! `seawall run`: one cascade in virtual time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use seawall_engine::journal::JournalWriter;
use seawall_engine::types::Sequenced;

use super::progress::RunBar;
use super::{CliError, Output, against, background, output, venues};
use crate::feeds::OpenOptions;
use crate::report::comparison::render_terminal as render_comparison;
use crate::report::events::Events;
use crate::report::table_stream::TableFiles;
use crate::report::{Manifest, Placement, ReportError, RunDirectory, SavedRun, story, terminal};
use crate::scenario::{self, Scenario};
use crate::simulation::{self, Background, CommandSink, RunOptions, RunResult, SimulationError};
use crate::study::comparison::Comparison;

/// Runs one cascade in virtual time and reports what happened
///
/// Leaves a run directory with report.html, summary.json, Parquet tables, HdrHistogram files and
/// the command stream. The same scenario and seed give the same events on any machine.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall run
  seawall run flash-crash --seed 7 --out /tmp/cascade
  seawall run --set liquidation.discipline=fifo --set liquidation.fund_currency=0
  seawall run my-scenario.toml --json | jq .liquidation
  seawall run --against liquidation.discipline=fifo    the same noise under another rule
  seawall run --venue hyperliquid
  seawall run --venue all                              every venue's rules, side by side
  seawall run --venue all --seeds 30                   the same with intervals
  seawall run --background message_50.csv.xz")]
pub(super) struct RunArgs {
    /// An embedded scenario's name (see `seawall list scenarios`) or a TOML file.
    #[arg(default_value = scenario::DEFAULT_NAME)]
    pub(super) scenario: String,
    /// Run under a venue's rules (see `seawall list venues`, or a file of that form), or under every
    /// one, side by side.
    #[arg(long, value_name = "NAME|FILE|all")]
    venue: Option<String>,
    /// Seed of all randomness; the scenario's own if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 63))]
    pub(super) seed: Option<u64>,
    /// Change one number or name of the scenario; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
    /// Run directory; runs/<scenario>-<seed> if not given.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write into --out even if it holds something.
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Recorded order flow that trades along, in any format that `seawall replay` reads.
    #[arg(long, value_name = "FILE")]
    background: Option<PathBuf>,
    /// The instrument of --background, where the file has several.
    #[arg(long, value_name = "NAME", requires = "background")]
    instrument: Option<String>,
    /// Skip the paired run without liquidations, which drawdown_ratio is measured against.
    #[arg(long)]
    no_paired: bool,
    /// Compare with the same under another setting, seed by seed with all noise shared; can be
    /// repeated, all of them together make the other side.
    #[arg(long, value_name = "KEY=VALUE")]
    against: Vec<String>,
    /// Seeds of the comparison, from the run's own: 10 with --against, 1 with --venue all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(super) seeds: Option<u64>,
    #[command(flatten)]
    output: Output,
}

impl RunArgs {
    fn question(&self) -> against::Question<'_> {
        against::Question {
            source: &self.scenario,
            venue: self.venue.as_deref(),
            sets: &self.sets,
            against: &self.against,
            seeds: self.seeds.unwrap_or(SEEDS),
            paired: !self.no_paired,
        }
    }
}

/// Seeds of a comparison with another setting, where no number is given.
const SEEDS: u64 = 10;

/// Runs, writes the run directory, prints the result.
pub(super) fn run(args: &RunArgs) -> Result<(), CliError> {
    if args.venue.as_deref() == Some("all") {
        if !args.against.is_empty() || args.background.is_some() {
            let message =
                "--venue all compares venues: it takes neither --against nor --background";
            return Err(CliError::Usage(message.to_owned()));
        }
        return venues::run(args, args.output);
    }
    if args.seeds.is_some() && args.against.is_empty() {
        let message = "--seeds is for --against KEY=VALUE or --venue all; many seeds of one setting \
                       are a plan of `seawall sweep`";
        return Err(CliError::Usage(message.to_owned()));
    }
    let started = Instant::now();
    let scenario =
        scenario::load_under(&args.scenario, args.venue.as_deref(), &args.sets, args.seed)?;
    let other = match &args.against[..] {
        [] => None,
        _ => Some(against::check(args.question(), scenario.seed)?),
    };
    let instrument = OpenOptions { instrument: args.instrument.clone() };
    let read = |path| background::read(path, &instrument);
    let recorded = args.background.as_deref().map(read).transpose()?;
    let placement = match &args.out {
        Some(path) => Placement::At { path, force: args.force },
        None => Placement::Default { scenario: &scenario.name, seed: scenario.seed },
    };
    let directory = RunDirectory::create(placement)?;
    if directory.was_renumbered() {
        args.output.note(format_args!(
            "an earlier run of this scenario and seed is kept; this one goes to {}",
            directory.path().display()
        ));
    }
    directory.write_scenario(&scenario.to_toml())?;
    let manifest = Manifest::of_this_process().of_input(scenario.seed, &scenario.config_hash());
    let recording = recorded.as_ref().map(|messages| messages as &dyn Background);
    let (result, events) = simulate(args, &scenario, &directory, recording)?;
    let RunResult { mut summary, tables } = result;
    summary.wall_seconds = started.elapsed().as_secs_f64();
    let run = SavedRun { summary, tables, events, manifest };
    directory.save(&run)?;
    let comparison = other.map(|other| {
        args.output.note(format_args!("comparing over {} seeds", args.question().seeds));
        let recording = recorded.as_ref().map(|messages| messages as &(dyn Background + Sync));
        against::run(args.question(), &scenario, &other, recording)
    });
    let comparison = comparison.transpose()?;
    if let Some(comparison) = &comparison {
        against::save(comparison, &run.manifest, directory.path())?;
    }
    print(args, &run, comparison.as_ref(), &directory)?;
    if run.summary.conservation_error == 0 {
        Ok(())
    } else {
        Err(CliError::Check(story::conservation(&run.summary)))
    }
}

/// The summary; with a comparison, that too.
fn print(
    args: &RunArgs,
    run: &SavedRun,
    comparison: Option<&Comparison>,
    directory: &RunDirectory,
) -> Result<(), CliError> {
    let style = output::style();
    let story = terminal::render(&run.summary, directory.path(), style);
    let Some(comparison) = comparison else {
        return Ok(args.output.result(&run.summary, || story)?);
    };
    let mut json = serde_json::to_value(&run.summary).expect("a summary is plain data");
    json["against"] = serde_json::to_value(comparison).expect("a comparison is plain data");
    let page = directory.path().join("against.html");
    let tables = render_comparison(comparison, style);
    let text = format!("{story}\n{tables}\nComparison: {}\n", page.display());
    Ok(args.output.result(&json, || text)?)
}

fn simulate(
    args: &RunArgs,
    scenario: &Scenario,
    directory: &RunDirectory,
    recording: Option<&dyn Background>,
) -> Result<(RunResult, Events), CliError> {
    let path = directory.commands_path();
    let mut stream = CommandStream::create(&path, &scenario.config_hash())?;
    let mut tables = TableFiles::create(directory.path())?;
    let bar = RunBar::new(args.output);
    let mut show = |progress| bar.show(progress);
    let mut options = RunOptions {
        commands: Some(&mut stream),
        tables: Some(&mut tables),
        progress: Some(&mut show),
        background: recording,
        paired: !args.no_paired,
        ..RunOptions::default()
    };
    let result = simulation::run(scenario, &mut options);
    bar.clear();
    let result = result.map_err(|error| match error {
        SimulationError::Commands(source) => CliError::from(ReportError::write(&path, &source)),
        SimulationError::Tables(source) => match source.downcast::<ReportError>() {
            Ok(refused) => CliError::from(*refused),
            Err(source) => CliError::from(SimulationError::Tables(source)),
        },
        other @ (SimulationError::Opening { .. } | SimulationError::Stopped) => {
            CliError::from(other)
        }
    })?;
    stream.finish().map_err(|source| ReportError::write(&path, &source))?;
    Ok((result, tables.finish()?))
}

/// `commands.swl`: the inputs of the run as the shard took them, in the command log's format.
struct CommandStream {
    writer: JournalWriter<File>,
}

impl CommandStream {
    fn create(path: &Path, config_hash: &str) -> Result<Self, ReportError> {
        let file = File::create(path).map_err(|source| ReportError::write(path, &source))?;
        // The log is named after the configuration it replays into.
        let genesis = u128::from_str_radix(config_hash, 16).unwrap_or(0);
        Ok(Self { writer: JournalWriter::new(file, genesis) })
    }

    fn finish(self) -> io::Result<()> {
        self.writer.finish().map(drop)
    }
}

impl CommandSink for CommandStream {
    fn command(&mut self, input: &Sequenced) -> io::Result<()> {
        self.writer.append(input)
    }
}
