//! LOBSTER message files: order-by-order records of one Nasdaq stock and day, reconstructed from
//! ITCH within a window of price levels.
//!
//! Six columns without a header: time in seconds after midnight, event type, order id, size,
//! price in 1e-4 dollars, direction of the *resting* order. [`MessageReader`] reads them,
//! [`replay`] drives a book with them.

mod agreement;
mod id_order_book;
mod message;
mod reader;
mod replay;
mod sweep;
mod tally;

pub use agreement::{
    Agreement, Cause, CauseCount, Disagreement, MakerFill, RowCounts, TradeStatistics,
};
pub use message::{Message, MessageKind, Record};
pub use reader::MessageReader;
pub use replay::{ReplayOptions, replay};
