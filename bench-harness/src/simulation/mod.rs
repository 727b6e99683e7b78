//! Virtual time: a discrete-event loop that drives the engine. Bit-reproducible.
//!
//! A command sent at `t` arrives a gateway latency later, waits for the engine, which serves one
//! input at a time and takes as long as the scenario says (never as long as it really took), and
//! its events leave one after the other. What an agent sees is a feed latency old. So load costs
//! something, and two runs of one scenario are the same to the bit.

mod feed;
mod options;
mod spool;
mod tap;
mod world;

pub use crate::agents::recording::{Background, BackgroundAction, BackgroundMessage, Recording};
pub use options::{CommandSink, Progress, RunOptions, RunResult, SimulationError};

use rustix::time::{ClockId, clock_gettime};

use crate::agents::holders;
use crate::scenario::Scenario;
use world::World;

/// Runs one cascade in virtual time and, if asked, its pair without liquidations.
pub fn run(
    scenario: &Scenario,
    options: &mut RunOptions<'_>,
) -> Result<RunResult, SimulationError> {
    let begun_s = thread_cpu_seconds();
    let mut result = World::new(scenario, options, false).run()?;
    // The run has put what its sink took there, below zero: files are not part of the loop.
    result.summary.loop_cpu_seconds += thread_cpu_seconds() - begun_s;
    result.summary.leveraged_accounts = holders::leveraged(scenario);
    if options.paired {
        let calm = without_liquidations(scenario);
        let (commands, tables) = (options.commands.take(), options.tables.take());
        let pair = World::new(&calm, options, true).run();
        (options.commands, options.tables) = (commands, tables);
        let pair_bp = pair?.summary.market.drawdown_bp;
        let market = &mut result.summary.market;
        market.drawdown_ratio = (pair_bp > 0.0).then(|| market.drawdown_bp / pair_bp);
    }
    Ok(result)
}

/// The same scenario in a venue that liquidates nobody.
fn without_liquidations(scenario: &Scenario) -> Scenario {
    let mut pair = scenario.clone();
    pair.liquidation.enabled = false;
    pair
}

/// CPU time of this thread: what the loop costs, whatever else the machine does.
fn thread_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
