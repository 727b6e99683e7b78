//! `seawall queue`: what a place in the queue is worth while a cascade runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use seawall_engine::types::{OrderId, Side};

use super::{CliError, Output, output};
use crate::report::queue::{self as pages, QueuePage};
use crate::report::{Manifest, ReportError};
use crate::scenario::{self, Scenario};
use crate::study::parallel;
use crate::study::queue::request::Request;
use crate::study::queue::run::RecordedRun;
use crate::study::queue::why::{Why, WhyError};
use crate::study::queue::{self, why};
use crate::study::theory;

/// Studies queue position in cascades: fills, time to fill, adverse selection, the worth of a place
///
/// Runs a cascade of several seeds, replays each with probes of no size in its queues, and says by
/// phase, side and place what they saw; runs pairs with and without orders of real size; scores
/// the usual estimators of queue position against the truth. Leaves a directory with queue.html,
/// queue.json and Parquet tables. Intervals are 95 %, over seeds.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  seawall queue
  seawall queue --seeds 32 --out /tmp/queue
  seawall queue flash-crash --seeds 4 --json | jq .worth
  seawall queue why --longest
  seawall queue why 103079215273 --seed 1")]
pub(super) struct QueueArgs {
    #[command(subcommand)]
    command: Option<QueueCommand>,
    /// An embedded scenario's name (see `seawall list scenarios`) or a TOML file.
    #[arg(default_value = "large-tick")]
    scenario: String,
    /// Runs of the cascade, each with a seed of its own.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    seeds: u64,
    /// First seed; the scenario's own if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 62))]
    seed: Option<u64>,
    /// Change one number or name of the scenario; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Prices at which probes stand, 0 the best of a side.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "0,1,2")]
    levels: Vec<u32>,
    /// Places in each queue in hundredths: 0 the front, 100 the back.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "0,25,50,75,100")]
    ranks: Vec<u32>,
    /// Time between two rounds of probes.
    #[arg(long, value_name = "MS", default_value_t = 250)]
    every_ms: u64,
    /// When a wait is cut.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    horizon_s: f64,
    /// A probe is left behind when the best price of its side is so many ticks better than it was.
    #[arg(long, value_name = "N", default_value_t = 3)]
    away_ticks: u32,
    /// Multiples of the service time at which fill rates are asked for again.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,4,8,12")]
    loads: Vec<u64>,
    /// Sizes of the orders in paired runs, in lots.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,100,1000")]
    lots: Vec<u32>,
    /// Instants in each of the calm and the peak phase at which an order is paired.
    #[arg(long, value_name = "N", default_value_t = 2)]
    instants: u32,
    /// Where the study goes; studies/queue-<scenario>-<seed> if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Debug, Subcommand)]
enum QueueCommand {
    Why(WhyArgs),
}

/// Explains one order: each step of the volume ahead of it, with its cause
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall queue why --longest
  seawall queue why 103079215273 --picture why.html
  seawall queue why 4294967297 --scenario flash-crash --seed 7 --json
  seawall queue why 4294967297 --run runs/flash-crash-1")]
struct WhyArgs {
    /// Id of an order that rested in the run.
    #[arg(value_name = "ORDER", required_unless_present = "longest")]
    order: Option<u64>,
    /// An embedded scenario's name or a TOML file.
    #[arg(long, value_name = "SCENARIO", default_value = "large-tick", conflicts_with = "run")]
    scenario: String,
    /// The order with the longest way to its fill, among those against the forced flow.
    #[arg(long, conflicts_with = "order")]
    longest: bool,
    /// Seed of the run; the scenario's own if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 63))]
    seed: Option<u64>,
    /// Change one number or name of the scenario; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// A saved run, whose commands are replayed instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seed", "sets"])]
    run: Option<PathBuf>,
    /// Also draw the path, as a page.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// Does the study, or explains an order.
pub(super) fn run(args: &QueueArgs) -> Result<(), CliError> {
    match &args.command {
        Some(QueueCommand::Why(args)) => explain(args),
        None => study(args),
    }
}

fn usage(text: String) -> CliError {
    CliError::Usage(text)
}

fn request(args: &QueueArgs) -> Request {
    Request {
        seeds: args.seeds,
        levels: args.levels.clone(),
        ranks: args.ranks.clone(),
        every_ms: args.every_ms,
        horizon_s: args.horizon_s,
        away_ticks: args.away_ticks,
        loads: args.loads.clone(),
        lots: args.lots.clone(),
        instants: args.instants,
    }
}

fn study(args: &QueueArgs) -> Result<(), CliError> {
    let scenario = scenario::load(&args.scenario, &args.sets, args.seed)?;
    let study = request(args).study(scenario).map_err(|error| usage(error.of_option()))?;
    let bar = bar(args.output);
    let progress = |what: &str, done: usize, of: usize| {
        bar.set_prefix(what.to_owned());
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let findings = queue::run(&study, parallel::cores(), &AtomicBool::new(false), &progress)?;
    bar.finish_and_clear();
    let run = RecordedRun::record(&study.scenario, &[])?;
    let path = longest(&run).ok();
    let exact = theory::find("cst-fill").expect("the test is there");
    let theory = exact.run(theory::Plan { deep: false, workers: parallel::cores() });
    let name = &study.scenario.name;
    let default = || PathBuf::from(format!("studies/queue-{name}-{}", study.scenario.seed));
    let directory = args.out.clone().unwrap_or_else(default);
    let manifest =
        Manifest::of_this_process().of_input(study.scenario.seed, &study.scenario.config_hash());
    let page = QueuePage {
        findings: &findings,
        theory: &theory,
        path: path.as_ref(),
        manifest: &manifest,
    };
    pages::save(&directory, &page, &study.scenario.to_toml())?;
    args.output.result(&findings.answers, || {
        pages::text(&findings.answers, &directory.join(pages::PAGE), output::style())
    })?;
    Ok(())
}

fn bar(output: Output) -> ProgressBar {
    let target = if output.quiet {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{wide_bar}] {pos}/{len}, {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// The order with the longest way to its fill between the shock and the end of the peak.
fn longest(run: &RecordedRun) -> Result<Why, WhyError> {
    let phases = &run.summary.phases;
    let end_ns = run.scenario.clock.duration_ms * 1_000_000;
    let from_ns = phases.onset.or(phases.peak).map_or(0, |phase| phase.start_ns);
    let to_ns = phases.peak.map_or(end_ns, |phase| phase.end_ns);
    why::longest(&run.scenario.shard_config(), &run.inputs, Side::Buy, (from_ns, to_ns))
}

fn explain(args: &WhyArgs) -> Result<(), CliError> {
    let no_path = |error: WhyError| usage(error.to_string());
    let why = match (&args.run, args.order) {
        (Some(directory), Some(order)) => {
            let (scenario, inputs) = saved(directory)?;
            why::why(&scenario.shard_config(), &inputs, OrderId(order)).map_err(no_path)?
        }
        (directory, order) => {
            let scenario = match directory {
                Some(directory) => saved(directory)?.0,
                None => scenario::load(&args.scenario, &args.sets, args.seed)?,
            };
            let run = RecordedRun::record(&scenario, &[])?;
            match order {
                None => longest(&run).map_err(no_path)?,
                Some(order) => why::why(&scenario.shard_config(), &run.inputs, OrderId(order))
                    .map_err(no_path)?,
            }
        }
    };
    if let Some(path) = &args.picture {
        let page = pages::why_page(&why, &Manifest::of_this_process());
        fs::write(path, page).map_err(|source| ReportError::write(path, &source))?;
    }
    args.output.result(&why, || pages::why_text(&why, output::style()))?;
    Ok(())
}

/// Scenario and inputs of a saved run.
fn saved(directory: &Path) -> Result<(Scenario, Vec<seawall_engine::types::Sequenced>), CliError> {
    let scenario = directory.join("scenario.toml");
    let commands = directory.join("commands.swl");
    for (path, what) in [(&scenario, "its scenario"), (&commands, "its commands")] {
        if !path.is_file() {
            return Err(usage(format!(
                "{} is not there: a run directory of `seawall run` holds {what}, and nothing can \
                 be followed without",
                path.display()
            )));
        }
    }
    let loaded = scenario::load(&scenario.to_string_lossy(), &[], None)?;
    let inputs = pages::commands(&commands)?;
    Ok((loaded, inputs))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        args: QueueArgs,
    }

    #[test]
    fn the_options_stand_where_a_request_stands() {
        let alone = Alone::try_parse_from(["queue"]).expect("nothing is required");
        assert_eq!(request(&alone.args), Request::default());
    }
}
