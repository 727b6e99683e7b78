//! What is measured: latency, fill rates, slippage, solvency. Knows nothing of reports.

pub mod cpu_time;
pub mod summary;
pub mod tables;
