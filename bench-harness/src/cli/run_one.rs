//! `seawall run-one`: one run of a sweep, in a process of its own.

use std::io::{self, Read};

use clap::Args;

use super::CliError;
use crate::scenario;
use crate::simulation::{self, RunOptions};
use crate::sweep::workers::Question;

/// Answers one run of a sweep: question on standard input, summary on standard output
#[derive(Clone, Debug, Args)]
#[command(hide = true)]
#[command(after_help = "Examples:
  seawall sweep PLAN.toml    starts one of these for every run")]
pub(super) struct RunOneArgs {}

/// Reads the question, runs, prints the summary.
pub(super) fn run() -> Result<(), CliError> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let question: Question = serde_json::from_str(&text)
        .map_err(|error| CliError::Usage(format!("not a question of a sweep: {error}")))?;
    let scenario = scenario::from_text(&question.scenario, "sweep", &[], None)?;
    let mut options = RunOptions { paired: question.paired, ..RunOptions::default() };
    let summary = simulation::run(&scenario, &mut options)?.summary;
    serde_json::to_writer(io::stdout().lock(), &summary).map_err(io::Error::from)?;
    Ok(())
}
