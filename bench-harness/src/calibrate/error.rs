//! Why a record did not become a scenario.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::feeds::FeedError;
use crate::scenario::ScenarioError;
use crate::simulation::SimulationError;

/// Why a record did not become a scenario.
#[derive(Debug, Error)]
pub enum CalibrateError {
    /// The record could not be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The record has too little of something.
    #[error("{}: {found} {what}, expected at least {expected}: {why}", path.display())]
    TooLittle {
        /// The record.
        path: PathBuf,
        /// How much it has.
        found: u64,
        /// Of what.
        what: &'static str,
        /// How much is needed.
        expected: u64,
        /// For what.
        why: &'static str,
    },
    /// A number of the record is beyond what a scenario can hold.
    #[error("{}: {what}", path.display())]
    Beyond {
        /// The record.
        path: PathBuf,
        /// Which, and what was expected.
        what: String,
    },
    /// The scenario was refused.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The run of the scenario stopped.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A file could not be written.
    #[error("{}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
