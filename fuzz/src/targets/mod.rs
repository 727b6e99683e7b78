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
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Runs one case.
    pub run: fn(&[u8]),
    /// What a run of many cases must reach.
    pub marks: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "commands", run: commands::run, marks: commands::MARKS },
    Target { name: "book", run: book::run, marks: book::MARKS },
    Target { name: "inputs", run: inputs::run, marks: inputs::MARKS },
    Target { name: "journal", run: journal::run, marks: journal::MARKS },
    Target { name: "snapshot", run: snapshot::run, marks: snapshot::MARKS },
    #[cfg(feature = "harness")]
    Target { name: "scenario", run: scenario::run, marks: scenario::MARKS },
    #[cfg(feature = "harness")]
    Target { name: "lobster", run: lobster::run, marks: lobster::MARKS },
];
