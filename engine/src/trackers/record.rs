//! What trackers say.

use crate::types::{CancelCause, Price};

/// A tracker's name, from 0 in the order in which they were attached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackerId(pub u32);

impl TrackerId {
    /// As an index into the caller's own table.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What stands ahead in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ahead {
    /// Orders.
    pub orders: u32,
    /// Their quantity as the book shows it, in lots.
    pub lots: u64,
}

/// Why a tracker's place changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// An order ahead traded.
    Trade,
    /// An order ahead was cancelled.
    Cancel(CancelCause),
    /// An order ahead was replaced and left the queue.
    Repriced,
    /// An order ahead shrank in place: by its owner's wish ([`CancelCause::Client`]) or not.
    Reduction(CancelCause),
    /// Self-trade prevention took an order ahead away, or cut it.
    SelfTrade,
    /// The followed order itself came to rest.
    OwnRest,
    /// The followed order itself traded.
    OwnFill,
    /// The followed order itself shrank in place.
    OwnReduction,
    /// The followed order left its place and will stand behind others, if at all: it was
    /// replaced, or showed its next part.
    OwnRequeue,
}

impl Cause {
    /// Whether it moved others, not the followed order itself.
    pub const fn is_ahead(self) -> bool {
        !matches!(self, Self::OwnRest | Self::OwnFill | Self::OwnReduction | Self::OwnRequeue)
    }
}

/// How a tracker ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// A followed order filled in full. A probe: what stood ahead was gone, and then at least one
    /// more lot was taken at its price or a worse one, which it would have had.
    Filled,
    /// The followed order was cancelled.
    Cancelled(CancelCause),
    /// An order of its own side came to rest at the price given as `away`, or a better one.
    MovedAway,
    /// A probe's price was crossed: an order of the other side came to rest at its price or
    /// beyond. With an order in the probe's place that could not have happened, so what the order
    /// would have done is not known.
    Crossed,
    /// The observer took it away.
    Withdrawn,
    /// Its market was halted: places are followed where sides do not cross.
    Halted,
}

/// One change of a tracker's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Whose.
    pub tracker: TrackerId,
    /// Time of the input that caused it, in nanoseconds.
    pub time_ns: u64,
    /// Why.
    pub cause: Cause,
    /// By how many lots the queue ahead shrank; for a change of the order's own, the lots it
    /// rested with, traded, shrank by, or left with.
    pub lots: u64,
    /// What stands ahead after it.
    pub ahead: Ahead,
    /// The price whose queue it is.
    pub price: Price,
}

/// What a tracker leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// It moved.
    Step(Step),
    /// It ended.
    End {
        /// Which.
        tracker: TrackerId,
        /// Time of the input that ended it, in nanoseconds.
        time_ns: u64,
        /// How.
        end: End,
    },
}
