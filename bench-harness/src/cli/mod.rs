//! The command line: thin, one file per command.

pub mod bench_pipeline;
pub mod replay;
