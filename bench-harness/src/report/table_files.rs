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
use super::events::Events;
use crate::measure::hand_over::GROUP_ROWS;
use crate::measure::tables::Tables;

/// Rows of the grid: the market over time.
pub const TIMELINE: &str = "timeline.parquet";

/// Every market over time: written where there are several.
pub const MARKETS: &str = "markets.parquet";

/// Every number of the summary with its path.
pub const MEASURES: &str = "measures.parquet";

/// Names of the event tables' files: liquidations, auto-deleveragings, changes of the fund.
pub const EVENT_FILES: [&str; 3] = ["liquidations.parquet", "deleverages.parquet", "fund.parquet"];

/// Whether a file of that name is a table of a run.
pub(super) fn is_table(name: &str) -> bool {
    EVENT_FILES.contains(&name) || [TIMELINE, MARKETS, MEASURES].contains(&name)
}

/// Writes the tables whose rows are instants of the grid: what is in them is known at the end only.
pub fn write(directory: &Path, tables: &Tables) -> Result<(), ReportError> {
    write_table(&directory.join(TIMELINE), &tables.timeline)?;
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
    let mut writer = open_writer::<R>(file)?;
    for group in rows.chunks(GROUP_ROWS) {
        write_group(&mut writer, group)?;
    }
    writer.close()?;
    Ok(())
}

/// A table without rows yet.
pub(super) fn open_writer<R>(file: File) -> Result<SerializedFileWriter<File>, ParquetError>
where
    for<'a> &'a [R]: RecordWriter<R>,
{
    let none: &[R] = &[];
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("seawall {}", env!("CARGO_PKG_VERSION")))
        .build();
    SerializedFileWriter::new(file, none.schema()?, Arc::new(properties))
}

/// One more row group.
pub(super) fn write_group<R>(
    writer: &mut SerializedFileWriter<File>,
    rows: &[R],
) -> Result<(), ParquetError>
where
    for<'a> &'a [R]: RecordWriter<R>,
{
    let mut group = writer.next_row_group()?;
    rows.write_to_row_group(&mut group)?;
    group.close()?;
    Ok(())
}

/// Reads the tables of a saved run that [`write()`] wrote; histograms are not among them.
pub fn read(directory: &Path) -> Result<Tables, ReportError> {
    let markets = directory.join(MARKETS);
    Ok(Tables {
        markets: if markets.is_file() { read_table(&markets)? } else { Vec::new() },
        timeline: read_table(&directory.join(TIMELINE))?,
        ..Tables::default()
    })
}

/// Reads the event tables of a saved run, row by row.
pub fn read_events(directory: &Path) -> Result<Events, ReportError> {
    let mut events = Events::default();
    let [liquidations, deleverages, fund] = EVENT_FILES.map(|name| directory.join(name));
    for_each(&liquidations, |row| events.liquidation(&row))?;
    for_each(&deleverages, |row| events.deleverage(&row))?;
    for_each(&fund, |row| events.fund(&row))?;
    Ok(events)
}

pub(super) fn read_table<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, ReportError> {
    let mut rows = Vec::new();
    for_each(path, |row| rows.push(row))?;
    Ok(rows)
}

fn for_each<R: DeserializeOwned>(path: &Path, mut take: impl FnMut(R)) -> Result<(), ReportError> {
    let expected = "a Parquet table written by this version of seawall";
    let problem = |reason: String| ReportError::read(path, &reason, expected);
    let file = File::open(path).map_err(|source| problem(source.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|source| problem(source.to_string()))?;
    let rows = reader.get_row_iter(None).map_err(|source| problem(source.to_string()))?;
    for (index, row) in rows.enumerate() {
        let row = row.map_err(|source| problem(format!("row {index}: {source}")))?;
        take(
            serde_json::from_value(object(row))
                .map_err(|source| problem(format!("row {index}: {source}")))?,
        );
    }
    Ok(())
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
    use crate::measure::tables::{DeleverageRow, FundRow, LiquidationRow};
    use crate::report::fixture;

    #[test]
    fn tables_read_back_exactly() {
        let directory = tempfile::tempdir().unwrap();
        let mut tables = fixture::tables();
        tables.timeline[0].time_ns = u64::MAX;
        tables.timeline[0].fund_cash = i64::MIN;
        write(directory.path(), &tables).unwrap();
        assert_eq!(read(directory.path()).unwrap().timeline, tables.timeline);
        let path = directory.path().join("rows.parquet");
        write_table(&path, &tables.liquidations).unwrap();
        assert_eq!(read_table::<LiquidationRow>(&path).unwrap(), tables.liquidations);
        write_table(&path, &tables.deleverages).unwrap();
        assert_eq!(read_table::<DeleverageRow>(&path).unwrap(), tables.deleverages);
        write_table(&path, &tables.fund).unwrap();
        assert_eq!(read_table::<FundRow>(&path).unwrap(), tables.fund);
    }

    #[test]
    fn empty_tables_are_tables() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &Tables::default()).unwrap();
        assert!(read(directory.path()).unwrap().timeline.is_empty());
    }

    #[test]
    fn a_foreign_file_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        fixture::event_files(directory.path());
        std::fs::write(directory.path().join(EVENT_FILES[2]), "not a table").unwrap();
        let message = read_events(directory.path()).unwrap_err().to_string();
        assert!(message.contains("fund.parquet") && message.contains("expected"), "{message}");
    }

    #[test]
    fn a_table_of_another_shape_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        write_table(&directory.path().join(TIMELINE), &fixture::tables().fund).unwrap();
        let message = read(directory.path()).unwrap_err().to_string();
        assert!(message.contains("timeline.parquet") && message.contains("missing field"));
    }
}
