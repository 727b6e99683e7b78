//! The naive reference engine, and what holds the real one against it.
//!
//! `reference` is the documentation as a program; `generator` makes inputs that reach everything;
//! `differential` holds a venue against the reference and shrinks what differs; `coverage` says
//! whether a run has reached enough to prove anything; `script` writes scenarios down as text.

pub mod coverage;
pub mod differential;
pub mod disk;
pub mod durable;
pub mod generator;
pub mod reference;
pub mod restarting;
pub mod script;
pub mod setup;
pub mod venue;
pub mod watchers;
