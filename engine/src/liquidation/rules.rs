//! The switches of a liquidation engine: order, pace, size, and what follows the book.

use thiserror::Error;

use crate::types::{Ppm, QTY_LOTS_MAX};

/// By what the queue orders triggered accounts; the smallest key goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityKey {
    /// First triggered, first served.
    TriggerTime,
    /// Lowest equity over notional first.
    MarginRatio,
    /// Nearest to, or furthest beyond, its bankruptcy price first.
    BankruptcyDistance,
    /// Largest notional first.
    Notional,
}

/// How forced flow shares the engine with client flow: the one place where they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Forced steps go on after each input until there are none, at most `steps_max` at a time.
    Strict {
        /// Bound on the steps of one input.
        steps_max: u32,
    },
    /// `forced` steps after every `client` inputs.
    Weighted {
        /// Forced steps per turn.
        forced: u32,
        /// Inputs per turn.
        client: u32,
    },
    /// A forced step waits for every input that arrived before its trigger.
    Fifo {
        /// Bound on the steps of one input.
        steps_max: u32,
    },
    /// At most `steps` forced steps in each window of `interval_ns`.
    RateLimited {
        /// Forced steps per window.
        steps: u32,
        /// Length of a window, in nanoseconds.
        interval_ns: u64,
    },
}

/// How much of a position one forced order closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All of it.
    Full,
    /// That part of what is left, rounded up, and at least `lots_min`; then its health is
    /// checked again.
    Fraction {
        /// Part of the position.
        part: Ppm,
        /// Least quantity of a step, in lots.
        lots_min: u32,
    },
}

/// How the fund unwinds what it took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwind {
    /// Largest forced order, in lots.
    pub lots_max: u32,
    /// Worst price, as a distance from the mark.
    pub band: Ppm,
    /// Least time between two forced orders, in nanoseconds.
    pub interval_ns: u64,
}

/// Everything that decides how unhealthy positions are disposed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationRules {
    /// Off for the paired run: marks trigger nothing.
    pub enabled: bool,
    /// Order among triggered accounts.
    pub key: PriorityKey,
    /// Order against client flow.
    pub discipline: Discipline,
    /// Size of a forced order.
    pub plan: Plan,
    /// Fee on forced fills, to the fund; cut to what the position has left.
    pub fee: Ppm,
    /// How the fund gets rid of positions.
    pub unwind: Unwind,
    /// Bound on the positions that one input moves into the queue.
    pub triggers_max: u32,
}

/// Why rules were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is 0, expected at least 1")]
pub struct RulesError(pub &'static str);

impl LiquidationRules {
    /// Checks that every bound lets at least one step happen, so that a backlog always drains.
    pub fn check(&self) -> Result<(), RulesError> {
        let bounds: &[(&'static str, u64)] = match &self.discipline {
            Discipline::Strict { steps_max } | Discipline::Fifo { steps_max } => {
                &[("steps_max", u64::from(*steps_max))]
            }
            Discipline::Weighted { forced, client } => {
                &[("forced", u64::from(*forced)), ("client", u64::from(*client))]
            }
            Discipline::RateLimited { steps, interval_ns } => {
                &[("steps", u64::from(*steps)), ("interval_ns", *interval_ns)]
            }
        };
        let plan = match self.plan {
            Plan::Full => 1,
            Plan::Fraction { part, lots_min } => u64::from(part.parts()) + u64::from(lots_min),
        };
        let others = [
            ("plan part and lots_min", plan),
            ("unwind lots_max", u64::from(self.unwind.lots_max)),
            ("unwind interval_ns", self.unwind.interval_ns),
            ("triggers_max", u64::from(self.triggers_max)),
        ];
        match bounds.iter().chain(&others).find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(RulesError(name)),
            None => Ok(()),
        }
    }

    /// How much of a position of `size` lots one forced order closes.
    pub(crate) fn planned_lots(&self, size: u64) -> u32 {
        let lots = match self.plan {
            Plan::Full => size,
            Plan::Fraction { part, lots_min } => {
                let share = (size * u64::from(part.parts())).div_ceil(u64::from(Ppm::SCALE));
                share.max(u64::from(lots_min)).min(size)
            }
        };
        u32::try_from(lots.min(u64::from(QTY_LOTS_MAX))).expect("bounded by the largest order")
    }
}
