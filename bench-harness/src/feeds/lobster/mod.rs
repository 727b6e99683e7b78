//! LOBSTER message files: order-by-order records of one Nasdaq stock and day, reconstructed from
//! ITCH within a window of price levels.
//!
//! Six columns without a header: time in seconds after midnight, event type, order id, size,
//! price in 1e-4 dollars, direction of the *resting* order. [`MessageReader`] reads them;
//! [`replay`] drives a book with them and compares; [`FlowReader`] turns them back into the orders
//! that came to the exchange, and [`LoadReader`] sends those to an engine.

mod agreement;
mod flow;
mod id_order_book;
mod load;
mod message;
mod reader;
mod replay;
mod sweep;
mod tally;

pub use agreement::{
    Agreement, Cause, CauseCount, Disagreement, MakerFill, RowCounts, TradeStatistics,
};
pub use flow::{FlowAction, FlowEvent, FlowReader};
pub use load::{LoadReader, TAKER_ID_FIRST};
pub use message::{Message, MessageKind, Record};
pub use reader::MessageReader;
pub use replay::{ReplayOptions, replay};
