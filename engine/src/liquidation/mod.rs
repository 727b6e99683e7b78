//! Who must be liquidated, in what order, how, and who pays.

mod rules;

pub use rules::{Discipline, LiquidationRules, Plan, PriorityKey, Unwind};
