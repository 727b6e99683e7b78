//! Real time: recorded inputs offered to the engine behind its rings, and what that costs.
//!
//! The schedule is fixed before a run and latency counts from the *scheduled* time: a sender that
//! falls behind, or a ring that is full, makes latency worse and never better. Recorded inputs
//! keep their recorded times, so with one gateway and nothing refused the events are the ones of
//! the simulation that recorded them, hash for hash.

mod arrivals;
mod clock;
pub mod curves;
mod driver;
mod durable;
mod generator;
pub mod lab;
mod memory;
pub mod omission;
mod outcome;
mod pace;
mod plan;
mod preflight;
mod recorder;
pub mod ring_bench;
mod rows;
mod samples;
mod stages;
mod stalls;
mod stream;
mod table;
mod taken;
mod timed_shard;
mod touched;
pub mod transport;

pub use arrivals::{Arrivals, ArrivalsError};
pub use clock::RunClock;
pub use driver::{DriveError, DriverOptions, drive, drive_logged};
pub use durable::{DiskLimit, LogPlan, LogRunError};
pub use outcome::{Cell, Counts, Filled, FilledLots, Outcome};
pub use pace::Pace;
pub use plan::{PHASES_MAX, PhaseStart, Plan, PlanError};
pub use preflight::{CoreProbe, Grade, Preflight};
pub use rows::{
    FlowRow, FlowRows, LatencyRow, LogRow, MemoryRow, Rate, Row, RowContext, StageRow, row,
};
pub use samples::{SampleRow, intervals};
pub use stages::Stages;
pub use stalls::{STALL_NS, Stall, StallLog, Trip, Undisturbed};
pub use stream::{Stream, StreamError, genesis};
pub use table::render;
pub use taken::replay_hash;
