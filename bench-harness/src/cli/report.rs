//! `seawall report`: the report of a saved run, made again.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Output, output};
use crate::report::{RunDirectory, terminal};

/// Rebuilds the report of a saved run, from the files of its directory
///
/// Nothing is simulated: report.html is written again, the other files stay as they are.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall report runs/flash-crash-1
  seawall report runs/flash-crash-1 --json | jq .market")]
pub(super) struct ReportArgs {
    /// A run directory.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// Reads, writes the page, prints the summary.
pub(super) fn run(args: &ReportArgs) -> Result<(), CliError> {
    let directory = RunDirectory::open(&args.directory)?;
    let run = directory.load()?;
    directory.write_report(&run)?;
    let text = || terminal::render(&run.summary, directory.path(), output::style());
    Ok(args.output.result(&run.summary, text)?)
}
