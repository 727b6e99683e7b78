//! `seawall bench`: real-time measurements, one file each.

use std::io;

use clap::Subcommand;

use super::{CliError, bench_core};

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    Core(bench_core::BenchCoreArgs),
}

/// Measures and prints.
pub(super) fn run(command: &BenchCommand) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match command {
        BenchCommand::Core(args) => Ok(bench_core::run(args, &mut stdout)?),
    }
}
