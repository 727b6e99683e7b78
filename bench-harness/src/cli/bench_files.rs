//! What `seawall bench pipeline --out DIR` leaves behind.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::bench_pipeline::{PipelineArgs, PipelineBenchError, say};
use crate::load::Outcome;
use crate::report::{ReportError, bench_files};

/// Files of the measured latencies.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// Writes the latencies of each rate into a directory of its own below this one: an interval log
    /// (`latency.hlog`, 100 ms each), percentile tables (`.hgrm`), and what `--json` prints as
    /// `bench.json` beside them.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["ladder", "bars", "experiments"])]
    pub out: Option<PathBuf>,
    /// Writes every timed order as a row of `samples.parquet`, too.
    #[arg(long, requires = "out")]
    pub samples: bool,
}

impl FileArgs {
    /// Refuses a directory that holds something, and makes it: before anything is measured.
    pub(super) fn prepare(&self) -> Result<(), ReportError> {
        let Some(directory) = &self.out else { return Ok(()) };
        let refused = |source| ReportError::write(directory, &source);
        fs::create_dir_all(directory).map_err(refused)?;
        if fs::read_dir(directory).map_err(refused)?.next().is_some() {
            return Err(ReportError::Occupied { path: directory.clone() });
        }
        Ok(())
    }
}

/// Writes what a row measured, if files were asked for.
pub(super) fn write_row(
    args: &PipelineArgs,
    row: &str,
    outcome: &Outcome,
) -> Result<(), PipelineBenchError> {
    let Some(directory) = &args.files.out else { return Ok(()) };
    let directory = directory.join(bench_files::directory_name(row));
    if let Some(written) = bench_files::write(&directory, outcome, args.files.samples)? {
        say(args, &format!("wrote {}", written.display()));
    }
    Ok(())
}

/// Writes what `--json` prints, if files were asked for.
pub(super) fn write_report(args: &PipelineArgs, json: &str) -> Result<(), PipelineBenchError> {
    let Some(directory) = &args.files.out else { return Ok(()) };
    let path = directory.join("bench.json");
    fs::write(&path, json).map_err(|source| ReportError::write(&path, &source))?;
    Ok(())
}
