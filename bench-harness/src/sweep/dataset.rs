//! Every run of a sweep as one Parquet dataset, partitioned by point: one directory
//! `point=NNNNN` each, a row for a run. Columns: `seed`, `events_hash`, `state_hash`, the settings
//! (as text, `set.KEY`), and every measure under its path in `summary.json`, empty where the run
//! has none.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::error::SweepError;
use super::store::write_whole_with;
use crate::report::ReportError;
use crate::study::comparison::{Block, Point};

/// Rows that are handed over at a time. A whole number of the writer's own batches, so that its pages
/// are the same as those of all rows at once.
const ROWS: usize = 1 << 14;

/// What every file of a dataset has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    /// The dataset.
    pub(super) directory: &'a Path,
    /// Settings of all points.
    pub(super) keys: &'a [String],
    /// Measures of all runs.
    pub(super) paths: &'a [String],
}

/// What a point's runs have besides measures.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    seeds: Vec<i64>,
    events: Vec<Box<str>>,
    states: Vec<Box<str>>,
}

impl Texts {
    /// One more run: its seed and the hashes of its events and of its last state.
    pub(super) fn push(&mut self, seed: u64, events: String, state: String) {
        self.seeds.push(i64::try_from(seed).unwrap_or(i64::MAX));
        self.events.push(events.into());
        self.states.push(state.into());
    }
}

type Group<'w, W> = SerializedRowGroupWriter<'w, W>;

impl Layout<'_> {
    /// Writes the runs of one point. `blocks` gives their measures in order, some at a time.
    pub(super) fn write(
        &self,
        number: usize,
        point: &Point,
        texts: &Texts,
        mut blocks: impl FnMut() -> Result<Option<Block>, SweepError>,
    ) -> Result<(), SweepError> {
        let directory = self.directory.join(format!("point={number:05}"));
        std::fs::create_dir_all(&directory)
            .map_err(|source| ReportError::write(&directory, &source))?;
        let path = directory.join("runs.parquet");
        let refused = |source| SweepError::from(ReportError::write_through(&path, &source));
        write_whole_with(&path, |out| {
            let schema = self.schema().map_err(refused)?;
            let properties = Arc::new(properties());
            let mut writer = SerializedFileWriter::new(out, schema, properties).map_err(refused)?;
            let mut group = writer.next_row_group().map_err(refused)?;
            self.texts(&mut group, point, texts).map_err(refused)?;
            while let Some(block) = blocks()? {
                for values in block.columns() {
                    numbers(&mut group, values).map_err(refused)?;
                }
            }
            group.close().map_err(refused)?;
            writer.close().map_err(refused)?;
            Ok(())
        })
    }

    fn texts(
        &self,
        group: &mut Group<'_, impl std::io::Write + Send>,
        point: &Point,
        texts: &Texts,
    ) -> Result<(), ParquetError> {
        let mut column = group.next_column()?.expect("the schema begins with the seed");
        if let ColumnWriter::Int64ColumnWriter(out) = column.untyped() {
            out.write_batch(&texts.seeds, None, None)?;
        }
        column.close()?;
        text(group, texts.events.iter().map(|hash| &**hash))?;
        text(group, texts.states.iter().map(|hash| &**hash))?;
        for key in self.keys {
            let value = point.settings.iter().find(|(name, _)| name == key);
            let value = value.map_or("", |(_, value)| value);
            text(group, texts.seeds.iter().map(|_| value))?;
        }
        Ok(())
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let required = Repetition::REQUIRED;
        let string = Some(LogicalType::String);
        let mut fields = vec![
            field("seed", Physical::INT64, required, None)?,
            field("events_hash", Physical::BYTE_ARRAY, required, string.clone())?,
            field("state_hash", Physical::BYTE_ARRAY, required, string.clone())?,
        ];
        for key in self.keys {
            let name = format!("set.{key}");
            fields.push(field(&name, Physical::BYTE_ARRAY, required, string.clone())?);
        }
        for path in self.paths {
            fields.push(field(path, Physical::DOUBLE, Repetition::OPTIONAL, None)?);
        }
        Ok(Arc::new(Type::group_type_builder("runs").with_fields(fields).build()?))
    }
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("seawall {}", env!("CARGO_PKG_VERSION")))
        .build()
}

fn field(
    name: &str,
    physical: Physical,
    repetition: Repetition,
    logical: Option<LogicalType>,
) -> Result<TypePtr, ParquetError> {
    let builder = Type::primitive_type_builder(name, physical);
    Ok(Arc::new(builder.with_repetition(repetition).with_logical_type(logical).build()?))
}

fn text<'t>(
    group: &mut Group<'_, impl std::io::Write + Send>,
    mut values: impl Iterator<Item = &'t str>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    let ColumnWriter::ByteArrayColumnWriter(out) = column.untyped() else {
        unreachable!("the schema was made from the columns")
    };
    loop {
        let rows: Vec<ByteArray> = values.by_ref().take(ROWS).map(ByteArray::from).collect();
        if rows.is_empty() {
            break;
        }
        out.write_batch(&rows, None, None)?;
    }
    column.close()?;
    Ok(())
}

fn numbers(
    group: &mut Group<'_, impl std::io::Write + Send>,
    mut values: impl Iterator<Item = Option<f64>>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has this column");
    let ColumnWriter::DoubleColumnWriter(out) = column.untyped() else {
        unreachable!("the schema was made from the columns")
    };
    loop {
        let rows: Vec<Option<f64>> = values.by_ref().take(ROWS).collect();
        if rows.is_empty() {
            break;
        }
        let present: Vec<i16> = rows.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<f64> = rows.into_iter().flatten().collect();
        out.write_batch(&values, Some(&present), None)?;
    }
    column.close()?;
    Ok(())
}
