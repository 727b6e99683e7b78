//! Latency histograms as files: `.hgrm` for HdrHistogram's plotter, one `.hlog` for everything.
//!
//! The `.hgrm` files are for people and plots; the interval log keeps every bucket and is what a
//! saved run is read back from.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use super::error::ReportError;
use crate::measure::tables::FlowHistograms;

/// The interval log's name in a run directory.
pub const LOG_FILE: &str = "latency.hlog";

const FLOWS: [&str; 3] = ["maker", "taker", "forced"];
const ACK: &str = "order_to_ack";
const FILL: &str = "order_to_fill";

/// Rows per halving of the distance to 100 %, as HdrHistogram's own tools print them.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// What was measured in one span of a run.
#[derive(Clone, Debug)]
pub struct Interval {
    /// Its start, from the start of the run.
    pub start: Duration,
    /// Its length.
    pub length: Duration,
    /// The histograms, by flow.
    pub flows: Vec<FlowHistograms>,
}

/// Writes `<flow>.<measure>.hgrm` for every histogram that holds something, and the interval log.
pub fn write(
    directory: &Path,
    histograms: &[FlowHistograms],
    sim_seconds: f64,
) -> Result<(), ReportError> {
    let length = Duration::try_from_secs_f64(sim_seconds).unwrap_or_default();
    let whole = Interval { start: Duration::ZERO, length, flows: histograms.to_vec() };
    write_totals(directory, histograms)?;
    write_log(&directory.join(LOG_FILE), "one interval over the whole run", true, [whole])
}

/// The same with a log of many intervals, in which what holds nothing is left out.
pub fn write_intervals(
    directory: &Path,
    totals: &[FlowHistograms],
    what: &str,
    intervals: impl IntoIterator<Item = Interval>,
) -> Result<(), ReportError> {
    write_totals(directory, totals)?;
    write_log(&directory.join(LOG_FILE), what, false, intervals)
}

fn write_totals(directory: &Path, histograms: &[FlowHistograms]) -> Result<(), ReportError> {
    for flow in histograms {
        for (measure, histogram) in measures(flow) {
            write_percentile_file(directory, &format!("{}.{measure}", flow.flow), histogram)?;
        }
    }
    Ok(())
}

/// Writes `<name>.hgrm`, unless the histogram holds nothing.
pub fn write_percentile_file(
    directory: &Path,
    name: &str,
    histogram: &Histogram<u64>,
) -> Result<(), ReportError> {
    if histogram.is_empty() {
        return Ok(());
    }
    let path = directory.join(format!("{name}.hgrm"));
    let file = File::create(&path).map_err(|source| ReportError::write(&path, &source))?;
    let mut writer = BufWriter::new(file);
    write_percentiles(&mut writer, histogram)
        .and_then(|()| writer.flush())
        .map_err(|source| ReportError::write(&path, &source))
}

fn measures(flow: &FlowHistograms) -> [(&'static str, &Histogram<u64>); 2] {
    [(ACK, &flow.order_to_ack), (FILL, &flow.order_to_fill)]
}

/// The percentile table HdrHistogram's plotter reads; values in nanoseconds.
pub fn write_percentiles(writer: &mut impl Write, histogram: &Histogram<u64>) -> io::Result<()> {
    writeln!(
        writer,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64;
        let quantile = step.quantile_iterated_to();
        if quantile < 1.0 {
            let inverse = 1.0 / (1.0 - quantile);
            writeln!(writer, "{value:12.3} {quantile:2.12} {total:10} {inverse:14.2}")?;
        } else {
            writeln!(writer, "{value:12.3} {quantile:2.12} {total:10}")?;
        }
    }
    let digits = u32::from(histogram.sigfig());
    let sub_buckets = (2 * 10_u64.pow(digits)).next_power_of_two();
    let (mean, deviation) = (histogram.mean(), histogram.stdev());
    let (max, count) = (histogram.max() as f64, histogram.len());
    let buckets = histogram.buckets();
    writeln!(writer, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]")?;
    writeln!(writer, "#[Max     = {max:12.3}, Total count    = {count:12}]")?;
    writeln!(writer, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]")
}

fn write_log(
    path: &Path,
    what: &str,
    keeps_empty: bool,
    intervals: impl IntoIterator<Item = Interval>,
) -> Result<(), ReportError> {
    let file = File::create(path).map_err(|source| ReportError::write(path, &source))?;
    let mut writer = BufWriter::new(file);
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!("Seawall: latencies in nanoseconds, {what}"))
        .begin_log_with(&mut writer, &mut serializer)
        .map_err(|source| ReportError::write(path, &source))?;
    for Interval { start, length, flows } in intervals {
        for flow in &flows {
            for (measure, histogram) in measures(flow) {
                if histogram.is_empty() && !keeps_empty {
                    continue;
                }
                let name = format!("{}.{measure}", flow.flow);
                log.write_histogram(histogram, start, length, Tag::new(&name))
                    .map_err(|source| ReportError::write_through(path, &source))?;
            }
        }
    }
    writer.flush().map_err(|source| ReportError::write(path, &source))
}

/// Reads the histograms of a saved run back, all intervals together.
pub fn read(directory: &Path) -> Result<Vec<FlowHistograms>, ReportError> {
    let path = directory.join(LOG_FILE);
    let expected = "an HdrHistogram interval log with the tags seawall writes";
    let problem = |reason: &dyn ToString| ReportError::read(&path, reason, expected);
    let bytes = std::fs::read(&path).map_err(|source| problem(&source))?;
    let mut flows: Vec<FlowHistograms> = FLOWS.into_iter().map(empty_flow).collect();
    for entry in IntervalLogIterator::new(&bytes) {
        let LogEntry::Interval(interval) =
            entry.map_err(|source| problem(&format!("{source:?}")))?
        else {
            continue;
        };
        let tag = interval.tag().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
        let packed = STANDARD.decode(interval.encoded_histogram()).map_err(|source| {
            problem(&format!("the histogram of `{tag}` is not base64: {source}"))
        })?;
        let histogram = Deserializer::new()
            .deserialize(&mut packed.as_slice())
            .map_err(|source| problem(&format!("the histogram of `{tag}`: {source}")))?;
        let slot = flows
            .iter_mut()
            .find_map(|flow| slot(flow, &tag))
            .ok_or_else(|| problem(&format!("unknown tag `{tag}`")))?;
        if slot.is_empty() {
            *slot = histogram;
        } else {
            slot.add(&histogram).map_err(|source| {
                problem(&format!("the histogram of `{tag}` does not fit the others: {source}"))
            })?;
        }
    }
    Ok(flows)
}

fn empty_flow(flow: &'static str) -> FlowHistograms {
    let empty = || Histogram::new(3).expect("three significant digits are allowed");
    FlowHistograms { flow, order_to_ack: empty(), order_to_fill: empty() }
}

fn slot<'a>(flow: &'a mut FlowHistograms, tag: &str) -> Option<&'a mut Histogram<u64>> {
    let (name, measure) = tag.split_once('.')?;
    if name != flow.flow {
        return None;
    }
    match measure {
        ACK => Some(&mut flow.order_to_ack),
        FILL => Some(&mut flow.order_to_fill),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_log_reads_back_bucket_by_bucket() {
        let directory = tempfile::tempdir().unwrap();
        let histograms = fixture::tables().histograms;
        write(directory.path(), &histograms, 60.0).unwrap();
        let back = read(directory.path()).unwrap();
        assert_eq!(back.len(), histograms.len());
        for (before, after) in histograms.iter().zip(&back) {
            assert_eq!(before.flow, after.flow);
            assert_eq!(before.order_to_ack, after.order_to_ack);
            assert_eq!(before.order_to_fill, after.order_to_fill);
        }
        assert!(directory.path().join("taker.order_to_fill.hgrm").exists());
        assert!(!directory.path().join("maker.order_to_fill.hgrm").exists(), "nothing was filled");
    }

    #[test]
    fn intervals_add_up_to_the_whole() {
        let directory = tempfile::tempdir().unwrap();
        let whole = fixture::tables().histograms;
        let mut twice = whole.clone();
        for (sum, flow) in twice.iter_mut().zip(&whole) {
            sum.order_to_ack.add(&flow.order_to_ack).unwrap();
            sum.order_to_fill.add(&flow.order_to_fill).unwrap();
        }
        let length = Duration::from_millis(100);
        let intervals =
            (0..2).map(|n| Interval { start: n * length, length, flows: whole.clone() });
        write_intervals(directory.path(), &twice, "intervals of 100 ms", intervals).unwrap();
        let text = std::fs::read_to_string(directory.path().join(LOG_FILE)).unwrap();
        assert!(text.contains("intervals of 100 ms") && text.contains(",0.100,0.100,"), "{text}");
        for (sum, flow) in twice.iter().zip(&read(directory.path()).unwrap()) {
            assert_eq!(sum.order_to_ack.len(), flow.order_to_ack.len());
            assert_eq!(sum.order_to_fill.len(), flow.order_to_fill.len());
        }
    }

    #[test]
    fn percentile_files_have_the_shape_plotters_expect() {
        let mut histogram = Histogram::new(3).unwrap();
        for value in 1..=10_000 {
            histogram.record(value).unwrap();
        }
        let mut text = Vec::new();
        write_percentiles(&mut text, &histogram).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[1], "");
        let rows: Vec<Vec<&str>> = lines[2..]
            .iter()
            .take_while(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().collect())
            .collect();
        let (last, before) = rows.split_last().unwrap();
        assert!(before.iter().all(|row| row.len() == 4), "{before:?}");
        assert_eq!(last[1..], ["1.000000000000", "10000"]);
        assert!(lines[lines.len() - 3].starts_with("#[Mean    ="));
        assert!(lines[lines.len() - 2].contains("Total count    =        10000]"));
        assert!(lines[lines.len() - 1].contains("SubBuckets     =         2048]"));
    }

    #[test]
    fn a_damaged_log_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join(LOG_FILE),
            "Tag=maker.order_to_ack,0.000,1.000,2.000,A\n",
        )
        .unwrap();
        let message = read(directory.path()).unwrap_err().to_string();
        assert!(message.contains("latency.hlog") && message.contains("base64"), "{message}");
    }
}
