//! The oracles that faults are held against: planted bugs, and mutants.

pub mod oracles;
