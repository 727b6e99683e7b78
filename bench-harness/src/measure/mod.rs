//! What is measured: latency, fill rates, slippage, solvency. Knows nothing of reports.

pub mod cpu_time;
mod disposal;
pub mod fill_rate;
pub mod histogram;
mod liquidations;
mod market;
pub mod metric;
mod orders;
pub mod phases;
mod recorder;
pub mod summary;
pub mod tables;

pub use recorder::Recorder;
