//! Real time: recorded inputs offered to the engine behind its rings, and what that costs.
//!
//! The schedule is fixed before a run and latency counts from the *scheduled* time: a sender that
//! falls behind, or a ring that is full, makes latency worse and never better. Recorded inputs
//! keep their recorded times, so with one gateway and nothing refused the events are the ones of
//! the simulation that recorded them, hash for hash.

mod clock;
mod driver;
mod durable;
mod generator;
mod outcome;
mod pace;
mod plan;
mod recorder;
mod rows;
mod stream;
mod table;
mod timed_shard;

pub use clock::RunClock;
pub use driver::{DriveError, DriverOptions, drive, drive_logged};
pub use durable::{DiskLimit, LogPlan, LogRunError};
pub use outcome::{Cell, Counts, Outcome};
pub use pace::Pace;
pub use plan::{PHASES_MAX, PhaseStart, Plan, PlanError};
pub use rows::{FlowRow, FlowRows, LatencyRow, LogRow, Rate, Row, RowContext, row};
pub use stream::{Stream, StreamError, genesis};
pub use table::render;
