//! LOBSTER message files: order-by-order records of one Nasdaq stock and day, reconstructed from
//! ITCH within a window of price levels.
//!
//! Six columns without a header: time in seconds after midnight, event type, order id, size,
//! price in 1e-4 dollars, direction of the *resting* order. An order-book file beside it has the book
//! after each message.

mod book;
mod message;
mod reader;

pub use book::{BookLevel, BookReader};
pub use reader::MessageReader;
