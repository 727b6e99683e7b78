//! The command line: thin, one file per command.

pub mod bench_core;
pub mod replay;
