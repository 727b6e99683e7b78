//! The naive reference engine, and what holds the real one against it.

pub mod coverage;
pub mod generator;
pub mod reference;
pub mod script;
pub mod setup;
