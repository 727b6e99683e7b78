//! What can be wrong with a recorded file: always which file, where in it, and what was expected.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::source::Compression;

/// Why a feed could not be read.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The file could not be opened.
    #[error("{path}: cannot open: {source}", path = .path.display())]
    Open {
        /// File.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading or decompressing failed; a truncated or damaged file ends here.
    #[error(
        "{path}: {compression} data is damaged or cut short by byte {byte} of the file, after line \
         {line}: {source}",
        path = .path.display()
    )]
    Read {
        /// File.
        path: PathBuf,
        /// How it is compressed.
        compression: Compression,
        /// Bytes of the file that had been read.
        byte: u64,
        /// Lines that had been read in full.
        line: u64,
        /// What the decoder or the system said.
        source: io::Error,
    },
    /// The file's first bytes are those of a compression that is not supported.
    #[error(
        "{path}: byte 0: this is {found} data; expected a plain file, or one compressed with gzip, \
         xz or zstd",
        path = .path.display()
    )]
    UnknownCompression {
        /// File.
        path: PathBuf,
        /// What it looks like.
        found: &'static str,
    },
    /// The name promises a compression that the content is not.
    #[error(
        "{path}: byte 0: the name says {expected}, but the file does not start with its magic bytes",
        path = .path.display()
    )]
    NotWhatItsNameSays {
        /// File.
        path: PathBuf,
        /// Compression of that name.
        expected: Compression,
    },
    /// A pipe or device, whose bytes are gone once they are read, where they are needed twice.
    #[error(
        "{path}: a pipe or a device, which is read only once; expected {expected}",
        path = .path.display()
    )]
    ReadOnce {
        /// What was named.
        path: PathBuf,
        /// What would do.
        expected: &'static str,
    },
    /// A row could not be read.
    #[error("{path}:{line}: {row}", path = .path.display())]
    Row {
        /// File.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What was wrong with it.
        row: RowError,
    },
    /// A message of a binary file could not be read.
    #[error("{path}: byte {byte}: {row}", path = .path.display())]
    Message {
        /// File.
        path: PathBuf,
        /// Offset of the message in the decompressed file.
        byte: u64,
        /// What was wrong with it.
        row: RowError,
    },
    /// The file has several instruments, or not the one that was asked for.
    #[error("{path}: {what}; expected --instrument with one of: {found}", path = .path.display())]
    Instrument {
        /// File.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// Instruments found, the first of them.
        found: String,
    },
    /// A file in a format of others, which their reader refuses.
    #[error("{path}: byte {byte}: not {format}: {what}", path = .path.display())]
    Foreign {
        /// File.
        path: PathBuf,
        /// Offset up to which it had been read.
        byte: u64,
        /// What was expected.
        format: &'static str,
        /// What their reader said.
        what: String,
    },
    /// The file holds no row.
    #[error("{path}: no rows; expected {expected}", path = .path.display())]
    Empty {
        /// File.
        path: PathBuf,
        /// What a row looks like.
        expected: &'static str,
    },
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowError {
    /// A column is missing or there is one too many.
    #[error("{found} columns, expected {expected}")]
    Columns {
        /// Columns found.
        found: usize,
        /// Columns of the format, by name.
        expected: &'static str,
    },
    /// A column holds something else than it should.
    #[error("column `{column}` is {found:?}, expected {expected}")]
    Column {
        /// Column.
        column: &'static str,
        /// What it holds, shortened if long.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A price between two ticks.
    #[error(
        "price {price} is not a multiple of the tick, {tick} (in the format's price units); expected one, or another --tick"
    )]
    OffTick {
        /// Price, in price units of the format.
        price: u32,
        /// Tick, in price units of the format.
        tick: u32,
    },
    /// The book has no room for another order.
    #[error("more than {max} orders rest at once; expected at most that, or a larger --orders-max")]
    TooManyOrders {
        /// Most resting orders.
        max: u32,
    },
    /// Time went backwards.
    #[error(
        "time {time_ns} ns is before the record above ({previous_ns} ns); expected it not to fall"
    )]
    TimeBackwards {
        /// Time of the record, in nanoseconds on the feed's clock.
        time_ns: u64,
        /// Time of the record before.
        previous_ns: u64,
    },
    /// A line longer than any row can be.
    #[error("a line of more than {max} bytes; expected a row of {expected}")]
    LineTooLong {
        /// Longest line accepted.
        max: usize,
        /// Columns of the format, by name.
        expected: &'static str,
    },
    /// The file ends inside a message.
    #[error("the file ends after {found} bytes of a message, expected {expected}")]
    Truncated {
        /// Bytes there.
        found: usize,
        /// Bytes that the message has.
        expected: usize,
    },
    /// A message that does not exist.
    #[error("message type {found:?}, expected {expected}")]
    MessageType {
        /// Its type.
        found: String,
        /// What types there are.
        expected: &'static str,
    },
    /// A message of another length than its type has.
    #[error("a message of type {kind:?} has {found} bytes, expected {expected}")]
    MessageLength {
        /// Its type.
        kind: char,
        /// Length found.
        found: usize,
        /// Length of the type.
        expected: usize,
    },
    /// A row of an order-book file with more or fewer levels than the file has.
    #[error("{found} columns, expected {expected}: 4 of each of {levels} levels")]
    BookColumns {
        /// Columns found.
        found: usize,
        /// Columns of the file.
        expected: usize,
        /// Levels that its name or its first row says.
        levels: usize,
    },
    /// A level that cannot be where it is.
    #[error("level {level}: {side} {found}; expected {expected}")]
    BookLevel {
        /// Which, from 1.
        level: usize,
        /// `ask` or `bid`.
        side: &'static str,
        /// Price and size found.
        found: String,
        /// What can be there.
        expected: &'static str,
    },
    /// An order-book file shorter than its message file.
    #[error(
        "the file ends here; expected {rows} rows and more, one for each message of {messages}",
        messages = .messages.display()
    )]
    BookEnds {
        /// Messages so far.
        rows: u64,
        /// The message file.
        messages: PathBuf,
    },
    /// An order-book file longer than its message file.
    #[error(
        "a row that belongs to no message; expected {rows} rows, one for each message of {messages}",
        messages = .messages.display()
    )]
    BookGoesOn {
        /// Messages of the message file.
        rows: u64,
        /// The message file.
        messages: PathBuf,
    },
    /// More rows at one instant than a sweep can have.
    #[error("more than {max} executions of one aggressor; expected a sweep to end before that")]
    SweepTooLong {
        /// Most rows of one sweep.
        max: usize,
    },
}

impl RowError {
    /// A column that does not hold what it should.
    #[cold]
    pub(crate) fn column(column: &'static str, found: &[u8], expected: &'static str) -> Self {
        const SHOWN_MAX: usize = 40;
        let shown = found.get(..SHOWN_MAX).unwrap_or(found);
        Self::Column { column, found: String::from_utf8_lossy(shown).into_owned(), expected }
    }
}
