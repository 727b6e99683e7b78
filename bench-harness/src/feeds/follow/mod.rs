//! Follows a recorded feed, whatever its format.
//!
//! [`replay`] drives a book with its records and compares; [`FlowReader`] turns them back into the
//! orders that came to the exchange, and [`LoadReader`] sends those to an engine.

mod agreement;
mod books;
mod flow;
mod load;
mod ordered_book;
mod replay;
mod steps;
mod sweep;
mod tally;

pub use agreement::{
    Agreement, BookAgreement, BookCause, BookDisagreement, Cause, CauseCount, Disagreement,
    MakerFill, RowCounts, TradeStatistics,
};
pub use flow::{FlowAction, FlowEvent, FlowReader};
pub use load::{LoadReader, TAKER_ID_FIRST};
pub use replay::{ReplayOptions, replay, replay_with_books};
