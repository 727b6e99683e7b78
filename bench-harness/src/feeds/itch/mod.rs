//! Nasdaq TotalView-ITCH 5.0 files: every order message of a day, of which one stock is read.
//!
//! A file is a row of frames, each a big-endian length of two bytes and a message of that length
//! (Nasdaq's BinaryFILE). Prices are in 1e-4 dollars, times in nanoseconds after midnight.
//! Layouts: Nasdaq TotalView-ITCH 5.0 specification, sections 1.1 to 1.8.

mod message;
mod reader;

pub(super) use reader::ItchReader;
