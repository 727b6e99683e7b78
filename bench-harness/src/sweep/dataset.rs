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
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::error::SweepError;
use super::store::write_whole;
use crate::measure::summary::Summary;
use crate::report::ReportError;
use crate::study::comparison::Point;
use crate::study::measures::{self, Measures};

/// One column of a file.
enum Column {
    Whole(Vec<i64>),
    Text(Vec<ByteArray>),
    /// Only the values there are, and for each row whether there is one.
    Number {
        values: Vec<f64>,
        present: Vec<i16>,
    },
}

/// Writes the runs of one point. `paths` are the measures of the whole sweep, so that every file
/// has the same columns; `keys` the settings of all points.
pub(super) fn write_point(
    directory: &Path,
    number: usize,
    point: &Point,
    keys: &[String],
    runs: &[Summary],
    paths: &[String],
) -> Result<(), SweepError> {
    let directory = directory.join(format!("point={number:05}"));
    std::fs::create_dir_all(&directory)
        .map_err(|source| ReportError::write(&directory, &source))?;
    let path = directory.join("runs.parquet");
    let columns = columns(point, keys, runs, paths);
    let bytes = encode(columns).map_err(|source| ReportError::write_through(&path, &source))?;
    write_whole(&path, &bytes)
}

fn columns(
    point: &Point,
    keys: &[String],
    runs: &[Summary],
    paths: &[String],
) -> Vec<(String, Column)> {
    let text = |values: Vec<&str>| Column::Text(values.into_iter().map(ByteArray::from).collect());
    let seeds = runs.iter().map(|run| i64::try_from(run.seed).unwrap_or(i64::MAX));
    let mut columns = vec![
        ("seed".to_owned(), Column::Whole(seeds.collect())),
        ("events_hash".to_owned(), text(runs.iter().map(|run| &*run.events_hash).collect())),
        ("state_hash".to_owned(), text(runs.iter().map(|run| &*run.state_hash).collect())),
    ];
    for key in keys {
        let value = point.settings.iter().find(|(name, _)| name == key);
        let value = value.map_or("", |(_, value)| value);
        columns.push((format!("set.{key}"), text(vec![value; runs.len()])));
    }
    let measures: Vec<Measures> = runs.iter().map(measures::of).collect();
    for path in paths {
        let cells = measures.iter().map(|run| run.get(path).copied().flatten());
        let present = cells.clone().map(|cell| i16::from(cell.is_some())).collect();
        columns.push((path.clone(), Column::Number { values: cells.flatten().collect(), present }));
    }
    columns
}

fn schema(columns: &[(String, Column)]) -> Result<TypePtr, ParquetError> {
    let field = |(name, column): &(String, Column)| {
        let (physical, repetition, logical) = match column {
            Column::Whole(_) => (Physical::INT64, Repetition::REQUIRED, None),
            Column::Text(_) => {
                (Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String))
            }
            Column::Number { .. } => (Physical::DOUBLE, Repetition::OPTIONAL, None),
        };
        let builder = Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical);
        Ok(Arc::new(builder.build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, ParquetError>>()?;
    Ok(Arc::new(Type::group_type_builder("runs").with_fields(fields).build()?))
}

fn encode(columns: Vec<(String, Column)>) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("seawall {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut bytes = Vec::new();
    let schema = schema(&columns)?;
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, column) in columns {
        let Some(mut out) = group.next_column()? else { break };
        match (out.untyped(), &column) {
            (ColumnWriter::Int64ColumnWriter(out), Column::Whole(values)) => {
                out.write_batch(values, None, None)?;
            }
            (ColumnWriter::ByteArrayColumnWriter(out), Column::Text(values)) => {
                out.write_batch(values, None, None)?;
            }
            (ColumnWriter::DoubleColumnWriter(out), Column::Number { values, present }) => {
                out.write_batch(values, Some(present), None)?;
            }
            _ => unreachable!("the schema was made from the columns"),
        }
        out.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(bytes)
}
