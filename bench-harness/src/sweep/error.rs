//! What can be wrong with a sweep, in words a person can act on.

use std::path::PathBuf;

use thiserror::Error;

use crate::report::ReportError;
use crate::scenario::ScenarioError;

/// Why a sweep was refused or stopped.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The plan's text is not a plan.
    #[error("{}: {message}", path.display())]
    Plan {
        /// The plan.
        path: PathBuf,
        /// What is wrong, with the place where there is one.
        message: String,
    },
    /// A point of the plan is no scenario.
    #[error("{}: point {point} ({settings}): {source}", path.display())]
    Point {
        /// The plan.
        path: PathBuf,
        /// Its number, from 0.
        point: usize,
        /// What it sets.
        settings: String,
        /// What is wrong with it.
        #[source]
        source: ScenarioError,
    },
    /// The directory holds results of another program.
    #[error(
        "{}: the results in it were made by {found}, this is {expected}; \
         name another directory with --out, or remove it",
        path.display()
    )]
    OtherProgram {
        /// The directory.
        path: PathBuf,
        /// The program named there.
        found: String,
        /// This program.
        expected: String,
    },
    /// A result that was there is not there any more.
    #[error("{}: it was there when the merge began; do not remove results while they are merged", path.display())]
    Gone {
        /// The result.
        path: PathBuf,
    },
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] ReportError),
    /// A child process could not be started.
    #[error("cannot start {}: {reason}", path.display())]
    Child {
        /// The program.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}
