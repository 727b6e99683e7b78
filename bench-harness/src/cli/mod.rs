//! The command line: thin, one file per command.
//!
//! Results go to standard output; progress, notes and errors go to standard error. Exit codes:
//! 0 done, 1 a check failed, 2 bad usage or bad input.

mod adl;
mod against;
mod background;
mod bench;
pub mod bench_core;
#[cfg(feature = "peers")]
mod bench_core_peers;
mod bench_files;
mod bench_lab;
mod bench_liquidation;
mod bench_omission;
pub mod bench_pipeline;
mod bench_ring;
mod calibrate;
mod compare;
mod error;
mod export;
pub mod journal;
mod list;
mod output;
mod progress;
mod queue;
pub mod replay;
mod report;
mod risk;
mod run;
mod run_one;
mod sweep;
mod validate;
mod venues;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CliError;
pub use output::Output;
use run::RunArgs;

/// Replays synthetic liquidation cascades through a price-time matching engine with a priority
/// liquidation queue, and measures what happens: latency, fill rates, and who pays.
#[derive(Debug, Parser)]
#[command(name = "seawall", version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  seawall run                                  the default cascade, with tables and a report
  seawall run --seed 7 --json                  the same numbers as one JSON object
  seawall list scenarios                       what else is embedded
  seawall bench pipeline                       the same cascade in real time, through the rings
  seawall replay FILE --format lobster         recorded order flow, order by order
  seawall calibrate FILE --out calm.toml       a scenario fitted to recorded order flow
  seawall report runs/flash-crash-1            rebuild a saved run's report
  seawall export runs/flash-crash-1            its market data as LOBSTER and hftbacktest files
  seawall compare before.json after.json       which numbers got worse
  seawall sweep plan.toml                      many settings and seeds, with intervals
  seawall queue                                what a place in the queue is worth in a cascade
  seawall risk --leverage 20 --lots 500        what a position may lose beyond its margin
  seawall validate                             compare the engine with classical theory

Exit codes: 0 done, 1 a check failed, 2 bad usage or bad input.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunArgs),
    /// Measures in real time, on this machine
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    Replay(replay::ReplayArgs),
    Report(report::ReportArgs),
    Queue(queue::QueueArgs),
    List(list::ListArgs),
    Validate(validate::ValidateArgs),
    Compare(compare::CompareArgs),
    /// Looks into a command log: inspect, verify, replay
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    Sweep(sweep::SweepArgs),
    Risk(risk::RiskArgs),
    RunOne(run_one::RunOneArgs),
    Adl(adl::AdlArgs),
    Export(export::ExportArgs),
    Calibrate(calibrate::CalibrateArgs),
}

/// Parses the arguments of this process and does what they ask.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Bench(command) => bench::run(command),
        Command::Replay(args) => Ok(replay::run(args, &mut std::io::stdout().lock())?),
        Command::Report(args) => report::run(args),
        Command::Queue(args) => queue::run(args),
        Command::List(args) => list::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Compare(args) => compare::run(args, &mut std::io::stdout().lock()),
        Command::Journal(command) => Ok(journal::run(command, &mut std::io::stdout().lock())?),
        Command::Sweep(args) => sweep::run(args),
        Command::Risk(args) => risk::run(args),
        Command::RunOne(_) => run_one::run(),
        Command::Adl(args) => adl::run(args),
        Command::Export(args) => export::run(args),
        Command::Calibrate(args) => calibrate::run(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_gives_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no description");
            let has_examples = command.get_after_help().is_some() || command.has_subcommands();
            assert!(has_examples, "{name} has no examples");
        }
    }
}
