//! What is measured: latency, fill rates, slippage, solvency. Knows nothing of reports.

pub mod catalogue;
pub mod cpu_time;
mod cure;
mod disposal;
pub mod fill_rate;
mod funds;
mod haircuts;
pub mod hand_over;
pub mod histogram;
mod liquidations;
mod market;
mod markets;
pub mod metric;
mod orders;
mod outcomes;
mod peak_memory;
pub mod phases;
mod populations;
mod recorder;
mod solvency;
pub mod summary;
pub mod tables;
mod tail;
mod waiting;

pub use peak_memory::peak_memory_bytes;
pub use populations::Counters;
pub use recorder::Recorder;
