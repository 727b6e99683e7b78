//! Event tables of a run on their way to disk: a row group whenever enough rows have come.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RecordWriter;

use super::error::ReportError;
use super::events::Events;
use super::table_files::{EVENT_FILES, open_writer, write_group};
use crate::measure::hand_over::{TableError, TableSink};
use crate::measure::tables::{DeleverageRow, FundRow, LiquidationRow};

/// The event tables of a run directory while the run goes on. What is dropped before
/// [`TableFiles::finish`] keeps the row groups that came so far, where they can still be made a
/// file; half a file that nobody could read is removed.
#[derive(Debug)]
pub struct TableFiles {
    liquidations: OpenTable,
    deleverages: OpenTable,
    fund: OpenTable,
    events: Events,
}

#[derive(Debug)]
struct OpenTable {
    path: PathBuf,
    /// Not after it was closed.
    writer: Option<SerializedFileWriter<File>>,
    /// Length of the file with its last whole row group.
    whole_bytes: usize,
}

impl TableFiles {
    /// Makes the files.
    pub fn create(directory: &Path) -> Result<Self, ReportError> {
        let [liquidations, deleverages, fund] = EVENT_FILES.map(|name| directory.join(name));
        Ok(Self {
            liquidations: OpenTable::create::<LiquidationRow>(liquidations)?,
            deleverages: OpenTable::create::<DeleverageRow>(deleverages)?,
            fund: OpenTable::create::<FundRow>(fund)?,
            events: Events::default(),
        })
    }

    /// All rows have come: closes the files, and answers what a page shows of them.
    pub fn finish(mut self) -> Result<Events, ReportError> {
        for table in [&mut self.liquidations, &mut self.deleverages, &mut self.fund] {
            table.close().map_err(|source| table.refused(&source))?;
        }
        Ok(self.events)
    }
}

impl TableSink for TableFiles {
    fn liquidations(&mut self, rows: &[LiquidationRow]) -> Result<(), TableError> {
        for row in rows {
            self.events.liquidation(row);
        }
        self.liquidations.write(rows)
    }

    fn deleverages(&mut self, rows: &[DeleverageRow]) -> Result<(), TableError> {
        for row in rows {
            self.events.deleverage(row);
        }
        self.deleverages.write(rows)
    }

    fn fund(&mut self, rows: &[FundRow]) -> Result<(), TableError> {
        for row in rows {
            self.events.fund(row);
        }
        self.fund.write(rows)
    }
}

impl OpenTable {
    fn create<R>(path: PathBuf) -> Result<Self, ReportError>
    where
        for<'a> &'a [R]: RecordWriter<R>,
    {
        let file = File::create(&path).map_err(|source| ReportError::write(&path, &source))?;
        let writer =
            open_writer::<R>(file).map_err(|source| ReportError::write_through(&path, &source))?;
        Ok(Self { path, writer: Some(writer), whole_bytes: 0 })
    }

    fn write<R>(&mut self, rows: &[R]) -> Result<(), TableError>
    where
        for<'a> &'a [R]: RecordWriter<R>,
    {
        let Some(writer) = self.writer.as_mut().filter(|_| !rows.is_empty()) else { return Ok(()) };
        let written = write_group(writer, rows).and_then(|()| Ok(writer.flush()?));
        if written.is_ok() {
            self.whole_bytes = writer.bytes_written();
        }
        Ok(written.map_err(|source| self.refused(&source))?)
    }

    /// Writes what closes the file.
    fn close(&mut self) -> Result<(), ParquetError> {
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        let closed = writer.finish().map(drop);
        if closed.is_err() && cut(&self.path, writer, self.whole_bytes).is_err() {
            // Nobody could read it. That it is gone is all there is to do about it.
            let _ = fs::remove_file(&self.path);
        }
        closed
    }

    fn refused(&self, source: &ParquetError) -> ReportError {
        ReportError::write_through(&self.path, source)
    }
}

/// Ends a file after its last whole row group, where the rest could not be written: what is cut off
/// leaves room for the end.
fn cut(
    path: &Path,
    writer: SerializedFileWriter<File>,
    whole_bytes: usize,
) -> Result<(), ParquetError> {
    let groups = writer.flushed_row_groups().to_vec();
    if groups.is_empty() {
        return Err(ParquetError::EOF("there is no row group".to_owned()));
    }
    let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
    let properties = writer.properties();
    let (version, creator) =
        (properties.writer_version().as_num(), properties.created_by().to_owned());
    let schema = Arc::new(writer.schema_descr().clone());
    let about = FileMetaData::new(version, rows, Some(creator), None, schema, None);
    let metadata = ParquetMetaData::new(about, groups);
    // It may still write what it holds; that is cut off.
    drop(writer);
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(whole_bytes as u64)?;
    file.seek(SeekFrom::End(0))?;
    ParquetMetaDataWriter::new(file, &metadata).finish()
}

impl Drop for OpenTable {
    fn drop(&mut self) {
        // A run that stops says why itself.
        let _ = self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::table_files::{read_events, read_table};

    #[test]
    fn groups_are_the_rows_of_one_table_and_the_same_bytes_again() {
        let (place, tables) = (tempfile::tempdir().unwrap(), fixture::tables());
        let write = |name: &str| {
            let directory = place.path().join(name);
            fs::create_dir(&directory).unwrap();
            let mut files = TableFiles::create(&directory).unwrap();
            for rows in tables.liquidations.chunks(500) {
                files.liquidations(rows).unwrap();
            }
            files.fund(&tables.fund).unwrap();
            let events = files.finish().unwrap();
            assert_eq!(read_events(&directory).unwrap(), events);
            directory
        };
        let (first, second) = (write("first"), write("second"));
        let rows: Vec<LiquidationRow> = read_table(&first.join(EVENT_FILES[0])).unwrap();
        assert_eq!(rows, tables.liquidations);
        for name in EVENT_FILES {
            assert!(fs::read(first.join(name)).unwrap() == fs::read(second.join(name)).unwrap());
        }
    }

    #[test]
    fn half_a_row_group_is_cut_off() {
        let (place, tables) = (tempfile::tempdir().unwrap(), fixture::tables());
        let path = place.path().join("fund.parquet");
        let mut table = OpenTable::create::<FundRow>(path.clone()).unwrap();
        table.write(&tables.fund[..100]).unwrap();
        table.write(&tables.fund[100..200]).unwrap();
        let mut writer = table.writer.take().unwrap();
        writer.write_all(&[7; 10_000]).unwrap();
        cut(&path, writer, table.whole_bytes).unwrap();
        assert_eq!(read_table::<FundRow>(&path).unwrap(), tables.fund[..200]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_and_what_is_whole_stays() {
        let (place, tables) = (tempfile::tempdir().unwrap(), fixture::tables());
        let directory = place.path();
        let [liquidations, _, fund] = EVENT_FILES.map(|name| directory.join(name));
        std::os::unix::fs::symlink("/dev/full", &fund).unwrap();
        let mut files = TableFiles::create(directory).unwrap();
        files.liquidations(&tables.liquidations).unwrap();
        let refused = files.fund(&tables.fund).unwrap_err().to_string();
        assert!(refused.contains("the disk is full") && refused.contains("fund.parquet"));
        drop(files);
        let rows: Vec<LiquidationRow> = read_table(&liquidations).unwrap();
        assert_eq!(rows, tables.liquidations);
        assert!(!fund.exists(), "nobody could read it");
    }
}
