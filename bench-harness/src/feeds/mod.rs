//! Recorded order flow: files in, records out.
//!
//! A feed is read as a stream, compressed or not, so memory does not grow with the file. Every
//! format is turned into the same [`Record`]s ([`open`]); those are *replayed* (the book follows
//! the record and every recorded execution is re-derived and compared: [`follow::replay`]), used
//! as *background* under a synthetic cascade ([`follow::FlowReader`]), or sent to an engine as
//! load ([`follow::LoadReader`]).

pub mod bitstamp;
mod columns;
mod dbn;
mod error;
pub mod follow;
mod format;
mod itch;
mod live;
pub mod lobster;
mod open;
mod record;
mod source;
mod table;

pub use error::{FeedError, RowError};
pub use format::{Format, Priority};
pub use open::{OpenOptions, detect, open, twice};
pub use record::{Message, MessageKind, Record, RecordReader};
pub use source::{Compression, Source};
