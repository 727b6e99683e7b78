//! Recorded order flow: files in, messages out.
//!
//! A feed is read as a stream, compressed or not, so memory does not grow with the file. It is
//! *replayed* (the book follows the record and every recorded execution is re-derived and
//! compared), used as *background* under a synthetic cascade, or sent to an engine as load.

mod error;
pub mod lobster;
mod source;

pub use error::{FeedError, RowError};
pub use source::{Compression, Source};
