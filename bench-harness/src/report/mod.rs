//! From the numbers of a run to what a person reads: terminal tables, one offline page, files.
//!
//! Everything here is made from a summary and its tables, or from the files of a run directory;
//! nothing is measured here, and no simulation is needed to report a saved run again.

pub mod bench_files;
mod bench_page;
pub mod calibrate;
pub mod charts;
mod compare_page;
pub mod comparison;
pub mod downsample;
pub mod error;
pub mod events;
#[cfg(test)]
mod fixture;
pub mod latency_files;
mod leaves;
pub mod manifest;
pub mod numbers;
pub mod page;
pub mod queue;
pub mod run_directory;
pub mod story;
pub mod table_files;
pub mod table_stream;
pub mod tabulate;
pub mod terminal;

pub use bench_page::bench_page;
pub use compare_page::{ComparedNumber, compare_page};
pub use error::ReportError;
pub use manifest::Manifest;
pub use run_directory::{Placement, RunDirectory, SavedRun};
