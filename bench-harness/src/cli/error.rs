//! What a command can end with besides success, and the exit code of each.

use std::io;

use super::bench_core::BenchCoreError;
use super::bench_pipeline::PipelineBenchError;
use super::journal::JournalCliError;
use super::replay::ReplayError;
use crate::calibrate::CalibrateError;
use crate::export::ExportError;
use crate::feeds::FeedError;
use crate::report::ReportError;
use crate::scenario::ScenarioError;
use crate::simulation::SimulationError;
use crate::sweep::SweepError;

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A check failed: the run is done and its files are written, but it must not be trusted.
    #[error("{0}")]
    Check(String),
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
    /// The scenario is not what it should be.
    #[error("{0}")]
    Scenario(Box<ScenarioError>),
    /// A recorded file is not what it should be.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A recorded file could not be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A bench of the core failed its check, or could not be printed.
    #[error(transparent)]
    BenchCore(#[from] BenchCoreError),
    /// A bench of the pipeline could not be done or printed.
    #[error(transparent)]
    BenchPipeline(#[from] PipelineBenchError),
    /// A command log is damaged, or could not be looked into.
    #[error(transparent)]
    Journal(#[from] JournalCliError),
    /// The run directory could not be made, written or read.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The run stopped.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The sweep was refused or stopped.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A run's market data could not be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A record did not become a scenario.
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    /// The result could not be written to standard output.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<ScenarioError> for CliError {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(Box::new(error))
    }
}

impl CliError {
    /// The exit code: 1 for a failed check, 2 for bad usage, bad input or a place that cannot be
    /// written.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Check(_)
            | Self::BenchCore(BenchCoreError::Mismatch(_))
            | Self::Journal(JournalCliError::Corrupt(_)) => 1,
            _ => 2,
        }
    }

    /// True if whoever read standard output has gone, as `head` does: no reason to complain.
    pub fn is_closed_pipe(&self) -> bool {
        let (Self::Output(source)
        | Self::Replay(ReplayError::Output(source))
        | Self::BenchCore(BenchCoreError::Output(source))
        | Self::Journal(JournalCliError::Output(source))
        | Self::BenchPipeline(PipelineBenchError::Output(source))) = self
        else {
            return false;
        };
        source.kind() == io::ErrorKind::BrokenPipe
    }
}
