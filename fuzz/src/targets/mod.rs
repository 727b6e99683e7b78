//! The targets: each takes any bytes and panics only if a promise is broken.

pub mod book;
pub mod commands;
pub mod inputs;
pub mod journal;
#[cfg(feature = "harness")]
pub mod lobster;
#[cfg(feature = "harness")]
pub mod scenario;
pub mod snapshot;

/// A target.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("commands", commands::run),
    ("book", book::run),
    ("inputs", inputs::run),
    ("journal", journal::run),
    ("snapshot", snapshot::run),
    #[cfg(feature = "harness")]
    ("scenario", scenario::run),
    #[cfg(feature = "harness")]
    ("lobster", lobster::run),
];
