//! This project's own schema of recorded order flow, as CSV and as Parquet (`docs/FEEDS.md`).
//!
//! Columns: `time_ns,action,order,side,price,qty`. Actions are LOBSTER's, by name: `add`, `reduce`,
//! `delete`, `execute`, `execute-hidden`, `cross`, `halt`. Prices are whole numbers of 1e-4 of the
//! currency, sides are those of the resting order.

mod csv;
mod parquet;
mod row;

pub(super) use csv::CsvReader;
pub(super) use parquet::ParquetReader;
