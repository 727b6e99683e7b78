//! `seawall sweep`: many runs, resumable.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{CliError, Output, output};
use crate::report::{Manifest, ReportError, comparison};
use crate::study::parallel;
use crate::sweep::workers::{Done, Workers};
use crate::sweep::{Plan, Shard, Store, SweepError, merge};

/// Runs a plan of settings × seeds and compares the points, resumable at any time
///
/// Every run is a process of its own and a file of its own: what is finished is never run again,
/// a run that fails takes nothing with it. Leaves dataset/ (Parquet, one directory per point),
/// sweep.json and sweep.html. The result is the same bytes with any number of workers.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall sweep plan.toml
  seawall sweep haircuts                                   a plan that comes with it
  seawall sweep plan.toml --workers 1 --out /tmp/sweep     again: goes on where it stopped
  seawall sweep plan.toml --shard 2/4                      the second quarter of the runs
  seawall sweep plan.toml --merge                          only merge what is finished

A plan:
  scenario = \"flash-crash\"
  seeds = 30
  [grid]
  \"liquidation.discipline\" = [\"strict\", \"fifo\"]")]
pub(super) struct SweepArgs {
    /// The plan, a TOML file, or a name of `seawall list plans`.
    plan: PathBuf,
    /// Directory of the results; sweeps/<plan> if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs at a time; one per core if not given.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Only a part of the runs, for several machines that share or exchange results.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Run nothing, merge what is finished.
    #[arg(long, conflicts_with = "shard")]
    merge: bool,
    #[command(flatten)]
    output: Output,
}

/// Runs the plan and merges it.
pub(super) fn run(args: &SweepArgs) -> Result<(), CliError> {
    let plan = Plan::load(&args.plan)?;
    let stem = args.plan.file_stem().unwrap_or(args.plan.as_os_str());
    let path = args.out.clone().unwrap_or_else(|| Path::new("sweeps").join(stem));
    let manifest = Manifest::of_this_process();
    let store = Store::open(&path, &manifest.program())?;
    let done = if args.merge { Done::default() } else { work(args, &plan, &store)? };
    for failure in &done.failures {
        let label = plan.points[failure.job.point].label();
        args.output
            .note(format_args!("failed: {label}, seed {}: {}", failure.job.seed, failure.reason));
    }
    if args.shard.is_some() {
        let counts = serde_json::json!({
            "finished": done.finished, "kept": done.kept, "failed": done.failures.len(),
        });
        args.output.result(&counts, || {
            format!(
                "{} runs finished, {} were there, {} failed; merge with --merge\n",
                done.finished,
                done.kept,
                done.failures.len()
            )
        })?;
        return failed(&done);
    }
    let merged = merge(&plan, &store)?;
    let page = path.join("sweep.html");
    let files = ["sweep.json".to_owned()];
    std::fs::write(&page, comparison::render(&merged, &manifest, &files))
        .map_err(|source| ReportError::write(&page, &source))?;
    if args.output.json {
        // What it prints is the file: of many points nothing but a part is in memory.
        let path = path.join("sweep.json");
        let expected = "the merged summary";
        let mut file = File::open(&path).map_err(|e| ReportError::read(&path, &e, expected))?;
        io::copy(&mut file, &mut io::stdout().lock())?;
    } else {
        args.output.result(&(), || {
            let text = comparison::render_terminal(&merged, output::style());
            format!("{text}\nReport: {}\n", page.display())
        })?;
    }
    if args.merge && merged.missing > 0 {
        return Err(CliError::Check(format!("{} runs of the plan are missing", merged.missing)));
    }
    failed(&done)
}

fn failed(done: &Done) -> Result<(), CliError> {
    match done.failures.len() {
        0 => Ok(()),
        failed => Err(CliError::Check(format!("{failed} runs failed; the others are kept"))),
    }
}

fn work(args: &SweepArgs, plan: &Plan, store: &Store) -> Result<Done, CliError> {
    let program = std::env::current_exe()?;
    let jobs = plan.shard(args.shard.unwrap_or(Shard::WHOLE));
    let bar = bar(args.output, jobs.len() as u64);
    let workers =
        Workers { program: &program, count: args.workers.unwrap_or_else(parallel::cores) };
    let report = |done: usize| bar.set_position(done as u64);
    let done = workers.run(plan, store, &jobs, &report);
    bar.finish_and_clear();
    done.map_err(|error: SweepError| error.into())
}

fn bar(output: Output, length: u64) -> ProgressBar {
    let is_shown = !output.quiet && io::stderr().is_terminal();
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("runs [{wide_bar}] {pos} of {len}, {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
