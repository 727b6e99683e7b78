//! The run's tables as Parquet files, one per table, compressed with zstd.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::{Field, RecordWriter, Row};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ReportError;
use crate::measure::tables::Tables;

/// Names of the table files, in the order they are written.
pub const FILES: [&str; 4] =
    ["timeline.parquet", "liquidations.parquet", "deleverages.parquet", "fund.parquet"];

/// Every market over time: written where there are several.
pub const MARKETS: &str = "markets.parquet";

/// Rows of one row group: large enough to compress well, small enough to read piecewise.
const ROW_GROUP: usize = 100_000;

/// Writes all tables.
pub fn write(directory: &Path, tables: &Tables) -> Result<(), ReportError> {
    write_table(&directory.join(FILES[0]), &tables.timeline)?;
    write_table(&directory.join(FILES[1]), &tables.liquidations)?;
    write_table(&directory.join(FILES[2]), &tables.deleverages)?;
    write_table(&directory.join(FILES[3]), &tables.fund)?;
    if tables.markets.is_empty() {
        return Ok(());
    }
    write_table(&directory.join(MARKETS), &tables.markets)
}

pub(super) fn write_table<R>(path: &Path, rows: &[R]) -> Result<(), ReportError>
where
    for<'a> &'a [R]: RecordWriter<R>,
{
    let file = File::create(path).map_err(|source| ReportError::write(path, &source))?;
    write_rows(file, rows).map_err(|source| ReportError::write_through(path, &source))
}

fn write_rows<R>(file: File, rows: &[R]) -> Result<(), ParquetError>
where
    for<'a> &'a [R]: RecordWriter<R>,
{
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("seawall {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer = SerializedFileWriter::new(file, rows.schema()?, Arc::new(properties))?;
    for chunk in rows.chunks(ROW_GROUP) {
        let mut group = writer.next_row_group()?;
        chunk.write_to_row_group(&mut group)?;
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

/// Reads all tables of a saved run; histograms are not among them.
pub fn read(directory: &Path) -> Result<Tables, ReportError> {
    let markets = directory.join(MARKETS);
    Ok(Tables {
        markets: if markets.is_file() { read_table(&markets)? } else { Vec::new() },
        timeline: read_table(&directory.join(FILES[0]))?,
        liquidations: read_table(&directory.join(FILES[1]))?,
        deleverages: read_table(&directory.join(FILES[2]))?,
        fund: read_table(&directory.join(FILES[3]))?,
        histograms: Vec::new(),
    })
}

fn read_table<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, ReportError> {
    let expected = "a Parquet table written by this version of seawall";
    let problem = |reason: String| ReportError::read(path, &reason, expected);
    let file = File::open(path).map_err(|source| problem(source.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|source| problem(source.to_string()))?;
    let rows = reader.get_row_iter(None).map_err(|source| problem(source.to_string()))?;
    rows.enumerate()
        .map(|(index, row)| {
            let row = row.map_err(|source| problem(format!("row {index}: {source}")))?;
            serde_json::from_value(object(row))
                .map_err(|source| problem(format!("row {index}: {source}")))
        })
        .collect()
}

/// A row as the object its struct deserialises from: columns are matched by name.
fn object(row: Row) -> Value {
    row.into_columns().into_iter().map(|(name, field)| (name, value(&field))).collect()
}

fn value(field: &Field) -> Value {
    match *field {
        Field::Bool(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Long(value) => value.into(),
        Field::UInt(value) => value.into(),
        Field::ULong(value) => value.into(),
        Field::Double(value) => value.into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn tables_read_back_exactly() {
        let directory = tempfile::tempdir().unwrap();
        let mut tables = fixture::tables();
        tables.timeline[0].time_ns = u64::MAX;
        tables.timeline[0].fund_cash = i64::MIN;
        write(directory.path(), &tables).unwrap();
        let back = read(directory.path()).unwrap();
        assert_eq!(back.timeline, tables.timeline);
        assert_eq!(back.liquidations, tables.liquidations);
        assert_eq!(back.deleverages, tables.deleverages);
        assert_eq!(back.fund, tables.fund);
    }

    #[test]
    fn empty_tables_are_tables() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &Tables::default()).unwrap();
        let back = read(directory.path()).unwrap();
        assert!(back.timeline.is_empty() && back.fund.is_empty());
    }

    #[test]
    fn a_foreign_file_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &Tables::default()).unwrap();
        std::fs::write(directory.path().join(FILES[3]), "not a table").unwrap();
        let message = read(directory.path()).unwrap_err().to_string();
        assert!(message.contains("fund.parquet") && message.contains("expected"), "{message}");
    }

    #[test]
    fn a_table_of_another_shape_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let tables = fixture::tables();
        write(directory.path(), &tables).unwrap();
        write_table(&directory.path().join(FILES[0]), &tables.fund).unwrap();
        let message = read(directory.path()).unwrap_err().to_string();
        assert!(message.contains("timeline.parquet") && message.contains("missing field"));
    }
}
