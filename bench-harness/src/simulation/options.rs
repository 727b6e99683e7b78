//! What a run is given besides its scenario, and what it gives back.

use std::io;
use std::sync::atomic::AtomicBool;

use seawall_engine::types::{RejectReason, Sequenced};
use thiserror::Error;

use super::Background;
use crate::agents::study::StudyOrder;
use crate::measure::hand_over::{TableError, TableSink};
use crate::measure::summary::Summary;
use crate::measure::tables::Tables;

/// Where the inputs of a run go, in the order the shard took them: the writer of `commands.swl`.
pub trait CommandSink {
    /// Takes one input.
    fn command(&mut self, input: &Sequenced) -> io::Result<()>;
}

impl CommandSink for Vec<Sequenced> {
    fn command(&mut self, input: &Sequenced) -> io::Result<()> {
        self.push(*input);
        Ok(())
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Virtual time reached, in nanoseconds.
    pub time_ns: u64,
    /// Virtual time at which the run ends, in nanoseconds.
    pub end_ns: u64,
    /// Inputs applied so far.
    pub commands: u64,
    /// Whether this is the paired run without liquidations.
    pub paired: bool,
}

/// What a run is given besides its scenario. The default records nothing, reports nothing and
/// runs the pair.
#[allow(missing_debug_implementations, reason = "it holds callbacks")]
pub struct RunOptions<'a> {
    /// Where the inputs go.
    pub commands: Option<&'a mut dyn CommandSink>,
    /// Where the rows of event tables go while the run goes on; without one the result has them all.
    pub tables: Option<&'a mut dyn TableSink>,
    /// Called some hundred times over the run.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
    /// Recorded order flow that trades along.
    pub background: Option<&'a dyn Background>,
    /// Ends the run with [`SimulationError::Stopped`] once it is set; looked at when `progress` is
    /// called.
    pub stop: Option<&'a AtomicBool>,
    /// Orders whose effect is studied; not together with a background.
    pub study: &'a [StudyOrder],
    /// Also run the same without liquidations, for `drawdown_ratio`.
    pub paired: bool,
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        Self {
            commands: None,
            tables: None,
            progress: None,
            background: None,
            stop: None,
            study: &[],
            paired: true,
        }
    }
}

/// What a run gives back.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The numbers. `wall_seconds` is the caller's to fill in: it knows of the files.
    pub summary: Summary,
    /// The rows.
    pub tables: Tables,
}

/// Why a run stopped.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The inputs could not be recorded.
    #[error("cannot record the inputs: {0}")]
    Commands(#[from] io::Error),
    /// The rows of an event table could not be taken.
    #[error("cannot write the tables: {0}")]
    Tables(#[source] TableError),
    /// It was told to stop ([`RunOptions::stop`]).
    #[error("stopped before its end")]
    Stopped,
    /// The scenario asks for a position that the venue refuses.
    #[error(
        "account {account} cannot open its position: {reason:?}; \
         check holders, market.tiers and the market's lot bounds"
    )]
    Opening {
        /// The account.
        account: u32,
        /// Why it was refused.
        reason: RejectReason,
    },
}
