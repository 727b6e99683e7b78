//! Recorded order flow as the background of a cascade: the seam between readers and the loop.

use seawall_engine::types::Side;

/// What one recorded message did. Prices and quantities are the recording's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundAction {
    /// An order joined the book.
    New {
        /// The recording's order id.
        order: u64,
        /// Its side.
        side: Side,
        /// Its limit.
        price: u64,
        /// Its quantity.
        qty: u64,
    },
    /// Part of a resting order was cancelled.
    Reduce {
        /// The recording's order id.
        order: u64,
        /// The quantity that went.
        qty: u64,
    },
    /// A resting order was deleted.
    Delete {
        /// The recording's order id.
        order: u64,
    },
    /// Somebody took liquidity: the aggressor of a recorded execution.
    Take {
        /// The aggressor's side.
        side: Side,
        /// The price it paid.
        price: u64,
        /// The quantity it took.
        qty: u64,
    },
}

/// One recorded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackgroundMessage {
    /// Time since the start of the recording, in nanoseconds; never decreases.
    pub time_ns: u64,
    /// What it did.
    pub action: BackgroundAction,
}

/// A recording that can be played from its start as often as a run needs it.
pub trait Background {
    /// The messages in their order.
    fn messages(&self) -> Box<dyn Iterator<Item = BackgroundMessage> + '_>;

    /// By how much a quantity of one unit of the instrument (a share, a coin) is told.
    fn qty_per_unit(&self) -> u32 {
        1
    }
}

/// A recording in memory.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its messages in their order.
    pub messages: Vec<BackgroundMessage>,
    /// By how much they tell a quantity of one unit of the instrument.
    pub qty_per_unit: u32,
}

impl Background for Recording {
    fn messages(&self) -> Box<dyn Iterator<Item = BackgroundMessage> + '_> {
        self.messages.messages()
    }

    fn qty_per_unit(&self) -> u32 {
        self.qty_per_unit
    }
}

impl Background for Vec<BackgroundMessage> {
    fn messages(&self) -> Box<dyn Iterator<Item = BackgroundMessage> + '_> {
        Box::new(self.iter().copied())
    }
}
