//! `seawall bench`: real-time measurements, one file each.

use std::io;

use clap::Subcommand;

use super::{CliError, bench_core, bench_liquidation, bench_omission, bench_pipeline, bench_ring};

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    Core(bench_core::BenchCoreArgs),
    Liquidation(bench_liquidation::LiquidationArgs),
    Pipeline(Box<bench_pipeline::PipelineArgs>),
    Ring(bench_ring::RingArgs),
    Omission(bench_omission::OmissionArgs),
}

/// Measures and prints.
pub(super) fn run(command: &BenchCommand) -> Result<(), CliError> {
    if let BenchCommand::Liquidation(args) = command {
        return bench_liquidation::run(args);
    }
    let mut stdout = io::stdout().lock();
    match command {
        BenchCommand::Liquidation(_) => unreachable!("done above"),
        BenchCommand::Core(args) => Ok(bench_core::run(args, &mut stdout)?),
        BenchCommand::Pipeline(args) if bench_pipeline::run(args, &mut stdout)? => Ok(()),
        BenchCommand::Pipeline(_) => Err(CliError::Check(
            "a command was not answered exactly once, or the events are not those of the run that \
             recorded the stream; the rows above say which"
                .to_owned(),
        )),
        BenchCommand::Ring(args) => bench_ring::run(args, &mut stdout),
        BenchCommand::Omission(args) => bench_omission::run(args, &mut stdout),
    }
}
