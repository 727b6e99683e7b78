//! What a replay did to its book, in the record's order, for whoever compares it row by row.
//!
//! The rows of an aggressor are sent as one order, so that the book has moved past the first of them
//! when it is compared. The steps say by how much.

use seawall_engine::types::{Price, Side};

/// One step; prices in ticks, `lots` is what a level gained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// A level of the engine's book changed.
    Engine { side: Side, price: Price, lots: i64 },
    /// Orders of a level that the record never entered changed.
    Unentered { side: Side, price: Price, lots: i64 },
    /// The engine's book held `lots` that the record had lost from sight; they were taken out.
    Stale { side: Side, price: Price, lots: i64 },
    /// An auction: orders left without records.
    Auction,
    /// These rows (of one time) are done.
    Rows(Rows),
}

/// Rows after which the book should be the recorded one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rows {
    /// Line of the first.
    pub(super) line: u64,
    /// How many.
    pub(super) count: u64,
    /// Nanoseconds on the feed's clock.
    pub(super) time_ns: u64,
    /// The level of the first row's order; the others are hidden executions.
    pub(super) level: Option<(Side, Price)>,
    /// Whether the replay noted a disagreement at it.
    pub(super) differs: bool,
}

/// The steps since they were last taken.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) taken: Vec<Step>,
    /// Nobody compares: nothing is noted.
    pub(super) off: bool,
}

impl Steps {
    #[inline]
    pub(super) fn note(&mut self, step: Step) {
        if !self.off {
            self.taken.push(step);
        }
    }

    /// Notes that a level of the engine's book gained lots.
    #[inline]
    pub(super) fn engine(&mut self, side: Side, price: Price, lots: i64) {
        self.note(Step::Engine { side, price, lots });
    }
}
