//! The schema as a Parquet file, read row group by row group.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};

use super::row::{COLUMNS, Fields, NAMES, record};
use crate::feeds::{FeedError, Format, Record, RecordReader, RowError};

/// What the file should be, for error messages.
const EXPECTED: &str = "a Parquet file of the columns time_ns,action,order,side,price,qty";

/// Reads a Parquet file of the schema. Columns may stand in any order, and there may be more.
pub(in crate::feeds) struct ParquetReader {
    path: PathBuf,
    rows: RowIter<'static>,
    /// Place of each of [`NAMES`] among the file's columns.
    places: [usize; 6],
    read: u64,
    previous_ns: u64,
    reading: Duration,
}

impl fmt::Debug for ParquetReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetReader")
            .field("path", &self.path)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

impl ParquetReader {
    /// Opens a file and finds its columns.
    pub(in crate::feeds) fn open(path: &Path) -> Result<Self, FeedError> {
        let file =
            File::open(path).map_err(|source| FeedError::Open { path: path.to_owned(), source })?;
        let foreign = |what: String| FeedError::Foreign {
            path: path.to_owned(),
            byte: 0,
            format: EXPECTED,
            what,
        };
        let reader = SerializedFileReader::new(file).map_err(|error| foreign(error.to_string()))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> =
            schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let mut places = [0; 6];
        for (place, name) in places.iter_mut().zip(NAMES) {
            let found = names.iter().position(|found| found == name);
            *place = found.ok_or_else(|| {
                foreign(format!("column `{name}` is missing among {}", names.join(",")))
            })?;
        }
        let path = path.to_owned();
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok(Self { path, rows, places, read: 0, previous_ns: 0, reading: Duration::ZERO })
    }

    fn parse(&self, row: &Row) -> Result<Record, RowError> {
        let columns: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
        let field = |name: usize| columns.get(self.places[name]).copied();
        let texts: [String; 6] =
            std::array::from_fn(|name| field(name).map(text).unwrap_or_default());
        let fields = Fields {
            time_ns: field(0).and_then(number),
            action: texts[1].as_bytes(),
            order: field(2).and_then(number),
            side: texts[3].as_bytes(),
            price: field(4).and_then(number),
            qty: field(5).and_then(number),
        };
        record(fields, self.read, |column| texts.get(column).map_or(&[], String::as_bytes))
    }
}

impl RecordReader for ParquetReader {
    fn format(&self) -> Format {
        Format::Parquet
    }

    fn record(&mut self) -> Result<Option<Record>, FeedError> {
        let started = Instant::now();
        let row = self.rows.next();
        self.reading += started.elapsed();
        let row = match row {
            None if self.read > 0 => return Ok(None),
            None => {
                return Err(FeedError::Empty { path: self.path.clone(), expected: COLUMNS });
            }
            Some(Err(error)) => {
                return Err(FeedError::Foreign {
                    path: self.path.clone(),
                    byte: 0,
                    format: EXPECTED,
                    what: format!("after row {}: {error}", self.read),
                });
            }
            Some(Ok(row)) => row,
        };
        self.read += 1;
        let parsed = self.parse(&row).map_err(|row| self.refused(row))?;
        let time_ns = parsed.time_ns();
        if time_ns < self.previous_ns {
            let previous_ns = self.previous_ns;
            return Err(self.refused(RowError::TimeBackwards { time_ns, previous_ns }));
        }
        self.previous_ns = time_ns;
        Ok(Some(parsed))
    }

    fn records(&self) -> u64 {
        self.read
    }

    fn reading(&self) -> Duration {
        self.reading
    }

    fn path(&self) -> &Path {
        &self.path
    }

    #[cold]
    fn refused(&self, row: RowError) -> FeedError {
        FeedError::Row { path: self.path.clone(), line: self.read, row }
    }
}

fn number(field: &Field) -> Option<u64> {
    match *field {
        Field::Byte(value) => u64::try_from(value).ok(),
        Field::Short(value) => u64::try_from(value).ok(),
        Field::Int(value) => u64::try_from(value).ok(),
        Field::Long(value) => u64::try_from(value).ok(),
        Field::UByte(value) => Some(u64::from(value)),
        Field::UShort(value) => Some(u64::from(value)),
        Field::UInt(value) => Some(u64::from(value)),
        Field::ULong(value) => Some(value),
        _ => None,
    }
}

fn text(field: &Field) -> String {
    match field {
        Field::Str(value) => value.clone(),
        Field::Bytes(value) => String::from_utf8_lossy(value.data()).into_owned(),
        other => other.to_string(),
    }
}
