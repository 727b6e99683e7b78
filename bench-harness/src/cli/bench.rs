//! `seawall bench …`: real-time measurements.

use clap::Subcommand;

use super::CliError;
use super::bench_core::{self, BenchCoreArgs, BenchCoreError};

/// Measures in real time, on this machine.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  seawall bench core                           the public challenge's workload, hash-checked")]
pub enum BenchCommand {
    Core(BenchCoreArgs),
}

/// Runs one bench and prints its result.
pub fn run(command: &BenchCommand) -> Result<(), CliError> {
    let out = &mut std::io::stdout().lock();
    match command {
        BenchCommand::Core(args) => Ok(bench_core::run(args, out)?),
    }
}

impl From<BenchCoreError> for CliError {
    fn from(error: BenchCoreError) -> Self {
        match error {
            BenchCoreError::Mismatch(_) => Self::Check(error.to_string()),
            BenchCoreError::Output(source) => Self::Output(source),
        }
    }
}
