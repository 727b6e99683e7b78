//! Many runs: grids and lists of settings × seeds, compared over seeds.
//!
//! Every run is a child process, so one that fails takes nothing with it. A finished run is a file
//! named after what it was asked (its resolved scenario and the program's version): a sweep that
//! was stopped goes on where it was, and nothing is run twice. The merged dataset and summary are
//! made from those files in the plan's order, so they are the same bytes whoever ran what when.

mod dataset;
pub mod embedded;
pub mod error;
mod merge;
pub mod plan;
mod store;
pub mod workers;

pub use error::SweepError;
pub use merge::merge;
pub use plan::{Plan, Shard};
pub use store::Store;
