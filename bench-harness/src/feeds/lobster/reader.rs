//! A message file as a stream of records.

use std::path::Path;
use std::time::Duration;

use super::message::{COLUMNS, parse};
use crate::feeds::{FeedError, Format, Record, RecordReader, RowError, Source};

/// Reads a message file, plain or compressed, row by row.
#[derive(Debug)]
pub struct MessageReader {
    source: Source,
    previous_ns: u64,
}

impl MessageReader {
    /// Opens a message file.
    pub fn open(path: &Path) -> Result<Self, FeedError> {
        Ok(Self { source: Source::open(path, COLUMNS)?, previous_ns: 0 })
    }
}

impl RecordReader for MessageReader {
    fn format(&self) -> Format {
        Format::Lobster
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        let line = self.source.lines() + 1;
        let row = match self.source.line()? {
            None if line > 1 => return Ok(None),
            None => {
                let path = self.source.path().to_owned();
                return Err(FeedError::Empty { path, expected: COLUMNS });
            }
            Some(row) => row,
        };
        let record = match parse(row, line) {
            Ok(record) => record,
            Err(row) => return Err(self.refused(row)),
        };
        let time_ns = record.time_ns();
        if time_ns < self.previous_ns {
            let previous_ns = self.previous_ns;
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = time_ns;
        Ok(Some(record))
    }

    fn records(&self) -> u64 {
        self.source.lines()
    }

    fn reading(&self) -> Duration {
        self.source.reading()
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    #[cold]
    fn refused(&self, row: RowError) -> FeedError {
        self.source.refused_line(row)
    }
}
