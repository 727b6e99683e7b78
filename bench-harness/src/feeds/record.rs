//! What every feed is turned into: one record after the other of what happened to an order.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use seawall_engine::types::{OrderId, Price, Qty, Side};

use super::bitstamp::pairing::PairingCounts;
use super::{FeedError, Format, RowError};

/// What a record did to an order. The number is LOBSTER's event type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum MessageKind {
    /// A limit order joined the book.
    Add = 1,
    /// Part of an order was cancelled; the rest keeps its place.
    Reduce = 2,
    /// An order was cancelled.
    Delete = 3,
    /// A visible resting order was executed.
    Execute = 4,
    /// A hidden resting order was executed; the visible book does not change.
    ExecuteHidden = 5,
}

/// A record about an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Message {
    /// Its line in a text file, its number among the messages of a binary one, from 1.
    pub line: u64,
    /// Nanoseconds on the feed's clock: after midnight or since 1970.
    pub time_ns: u64,
    /// What happened.
    pub kind: MessageKind,
    /// The resting order; of no meaning for a hidden execution.
    pub order: OrderId,
    /// Lots that joined, left or were executed.
    pub size: Qty,
    /// Price in the feed's units ([`Format::price_units`]).
    pub price: Price,
    /// Side of the resting order.
    pub side: Side,
}

/// One record of a feed, whatever its format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A record about an order.
    Message(Message),
    /// A cross trade (type 6): an auction, outside continuous matching.
    Cross {
        /// Nanoseconds on the feed's clock.
        time_ns: u64,
    },
    /// Trading halted, or quoting or trading resumed (type 7).
    Halt {
        /// Nanoseconds on the feed's clock.
        time_ns: u64,
    },
    /// An order whose price or size no market of the engine can hold: a stub quote at the end of
    /// the exchange's price range, say. What happens to it later is left out without a record.
    Beyond {
        /// Nanoseconds on the feed's clock.
        time_ns: u64,
    },
}

impl Record {
    /// When it happened, in nanoseconds on the feed's clock.
    pub const fn time_ns(&self) -> u64 {
        match *self {
            Self::Message(Message { time_ns, .. })
            | Self::Cross { time_ns }
            | Self::Halt { time_ns }
            | Self::Beyond { time_ns } => time_ns,
        }
    }
}

/// A recorded file as a stream of records. Memory does not grow with the file, only with the
/// orders that rest at once.
pub trait RecordReader: fmt::Debug + Send {
    /// The format that is read.
    fn format(&self) -> Format;

    /// The next record, or `None` after the last.
    fn record(&mut self) -> Result<Option<Record>, FeedError>;

    /// Rows or messages of the file read so far, those of other instruments too.
    fn records(&self) -> u64;

    /// Time spent so far in reading and decompressing.
    fn reading(&self) -> Duration;

    /// The file.
    fn path(&self) -> &Path;

    /// How many trades have both their orders, where the format makes that a question.
    fn pairing(&self) -> Option<PairingCounts> {
        None
    }

    /// An error about what was read last.
    fn refused(&self, row: RowError) -> FeedError;
}
