//! The schema as CSV with a header.

use std::path::Path;
use std::time::Duration;

use super::row::{COLUMNS, Fields, record};
use crate::feeds::columns::{columns, unsigned};
use crate::feeds::{FeedError, Format, Record, RecordReader, RowError, Source};

/// The header that a file begins with.
const HEADER: &str = "time_ns,action,order,side,price,qty";

/// Reads a CSV file of the schema, plain or compressed.
#[derive(Debug)]
pub(in crate::feeds) struct CsvReader {
    source: Source,
    previous_ns: u64,
}

impl CsvReader {
    /// Opens a file and reads its header.
    pub(in crate::feeds) fn open(path: &Path) -> Result<Self, FeedError> {
        let mut source = Source::open(path, COLUMNS)?;
        match source.line()?.map(<[u8]>::to_vec) {
            None => Err(FeedError::Empty { path: path.to_owned(), expected: COLUMNS }),
            Some(header) if header != HEADER.as_bytes() => {
                Err(source.refused_line(RowError::column("header", &header, HEADER)))
            }
            Some(_) => Ok(Self { source, previous_ns: 0 }),
        }
    }
}

impl RecordReader for CsvReader {
    fn format(&self) -> Format {
        Format::Csv
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        let line = self.source.lines() + 1;
        let parsed = match self.source.line()? {
            None if line > 2 => return Ok(None),
            None => {
                let path = self.source.path().to_owned();
                return Err(FeedError::Empty { path, expected: COLUMNS });
            }
            Some(row) => parse(row, line),
        };
        let parsed = parsed.map_err(|row| self.refused(row))?;
        let time_ns = parsed.time_ns();
        if time_ns < self.previous_ns {
            let previous_ns = self.previous_ns;
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = time_ns;
        Ok(Some(parsed))
    }

    fn records(&self) -> u64 {
        self.source.lines().saturating_sub(1)
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

fn parse(row: &[u8], line: u64) -> Result<Record, RowError> {
    let texts: [&[u8]; 6] = columns(row, COLUMNS)?;
    let [time, action, order, side, price, qty] = texts;
    let fields = Fields {
        time_ns: unsigned(time),
        action,
        order: unsigned(order),
        side,
        price: unsigned(price),
        qty: unsigned(qty),
    };
    record(fields, line, |column| texts.get(column).copied().unwrap_or_default())
}
