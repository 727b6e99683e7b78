//! A scenario as text: rules, inputs, and under each input the events that it must cause.
//!
//! ```text
//! shard accounts 8 orders 64
//! market linear unit 1 reference 100
//!   tier 0 100000 50000
//! discipline strict 10
//!
//! deposit a1 1000
//!   > deposited a1 1000
//! t=50 order s0 a1 o7 buy 5 limit 99
//!   > accepted s0 a1 o7 buy 5 at 99
//!   > rested s0 a1 o7 buy 5 at 99
//! ```
//!
//! Every input may start with `t=TIME` or `t=TIME/INGRESS` (nanoseconds); without, it comes one
//! nanosecond after the one before. Text after `#` is a comment. An input without any `>` line
//! is not checked against the script, only against the other engine.

mod basket;
mod collateral;
mod folder;
mod notation;
mod prices;
mod read;

use std::fmt::Write as _;

use seawall_engine::types::Sequenced;

use crate::setup::Setup;
pub use folder::{files, open};
pub use notation::{event_line, input_line, setup_lines};
pub use read::{ReadError, read};

/// One input and what a script says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Line of the input, from 1.
    pub line: usize,
    /// The input.
    pub input: Sequenced,
    /// Its events in the notation of [`event_line`]; none if the script is silent.
    pub expected: Vec<String>,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Rules of the shard.
    pub setup: Setup,
    /// Inputs in order.
    pub entries: Vec<Entry>,
}

/// Writes rules and inputs down as a script without expectations.
pub fn write(setup: &Setup, inputs: &[Sequenced]) -> String {
    let mut text = setup_lines(setup);
    text.push('\n');
    for sequenced in inputs {
        let Sequenced { time_ns, ingress_ns, input, .. } = sequenced;
        writeln!(text, "t={time_ns}/{ingress_ns} {}", input_line(input)).expect("it is a string");
    }
    text
}
