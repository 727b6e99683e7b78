//! Opens a recorded file of any format.

use std::path::Path;

use super::bitstamp::BitstampReader;
use super::dbn::DbnReader;
use super::itch::ItchReader;
use super::lobster::MessageReader;
use super::table::{CsvReader, ParquetReader};
use super::{FeedError, Format, RecordReader, Source};

/// What a format may need to know beyond the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenOptions {
    /// The instrument, where a file has several: a stock's symbol (ITCH), a symbol or number (DBN).
    pub instrument: Option<String>,
}

/// Finds out the format of a file: by its name (`.itch`, `.dbn`, `.parquet`, a compression's ending
/// aside), otherwise by its first line, which is a header in every format but LOBSTER's.
pub fn detect(path: &Path) -> Result<Format, FeedError> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let bare = [".gz", ".xz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end));
    let bare = bare.unwrap_or(&name);
    for (ending, format) in
        [(".itch", Format::Itch), (".dbn", Format::Dbn), (".parquet", Format::Parquet)]
    {
        if bare.ends_with(ending) {
            return Ok(format);
        }
    }
    twice(path, "its format to be named, because its bytes cannot be looked at and then read")?;
    let mut source = Source::open(path, "any of the formats")?;
    Ok(match source.line()? {
        Some(line) if line.starts_with(b"id,timestamp,") => Format::Bitstamp,
        Some(line) if line.starts_with(b"time_ns,") => Format::Csv,
        _ => Format::Lobster,
    })
}

/// Says that `path` can be read from its start more than once.
pub fn twice(path: &Path, expected: &'static str) -> Result<(), FeedError> {
    // What cannot be asked about is said where it is opened.
    match path.metadata() {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            Err(FeedError::ReadOnce { path: path.to_owned(), expected })
        }
        _ => Ok(()),
    }
}

/// Opens `path` as `format`.
pub fn open(
    path: &Path,
    format: Format,
    options: &OpenOptions,
) -> Result<Box<dyn RecordReader>, FeedError> {
    let instrument = options.instrument.as_deref();
    Ok(match format {
        Format::Lobster => Box::new(MessageReader::open(path)?),
        Format::Itch => Box::new(ItchReader::open(path, instrument)?),
        Format::Dbn => Box::new(DbnReader::open(path, instrument)?),
        Format::Bitstamp => Box::new(BitstampReader::open(path)?),
        Format::Csv => Box::new(CsvReader::open(path)?),
        Format::Parquet => Box::new(ParquetReader::open(path)?),
    })
}
