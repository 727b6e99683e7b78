//! A bench's latencies as files: an interval log, percentile tables, and every sample if wanted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ReportError;
use super::{latency_files, table_files};
use crate::load::{Outcome, intervals};
use crate::measure::tables::FlowHistograms;
use crate::scenario::Flow;

/// Name of the file with every sample.
pub const SAMPLES_FILE: &str = "samples.parquet";

/// Length of an interval of the log.
const INTERVAL: Duration = Duration::from_millis(100);

/// Writes what a run at a rate measured into `directory`, which is made; says what it wrote. The run
/// must have kept its samples. A run without a schedule has no latencies and writes nothing.
pub fn write(
    directory: &Path,
    outcome: &Outcome,
    samples: bool,
) -> Result<Option<PathBuf>, ReportError> {
    if !outcome.pace.is_open() {
        return Ok(None);
    }
    fs::create_dir_all(directory).map_err(|source| ReportError::write(directory, &source))?;
    let total = |(flow, name)| FlowHistograms {
        flow: name,
        order_to_ack: outcome.flow_total(flow, |cell| &cell.order_to_ack),
        order_to_fill: outcome.flow_total(flow, |cell| &cell.order_to_fill),
    };
    let flows = [(Flow::Maker, "maker"), (Flow::Taker, "taker"), (Flow::Forced, "forced")];
    let what = format!("intervals of {} ms by scheduled send", INTERVAL.as_millis());
    let spans = intervals(&outcome.samples, INTERVAL);
    latency_files::write_intervals(directory, &flows.map(total), &what, spans)?;
    let stages = &outcome.stages;
    let others = [
        ("all.order_to_ack", &outcome.undisturbed.raw),
        ("all.undisturbed", &outcome.undisturbed.undisturbed),
        ("stage.send_lag", &stages.send_lag),
        ("stage.ingress_wait", &stages.ingress_wait),
        ("stage.service", &stages.service),
        ("stage.egress", &stages.egress),
        ("stalls", &outcome.stalls),
    ];
    for (name, histogram) in others {
        latency_files::write_percentile_file(directory, name, histogram)?;
    }
    if samples {
        table_files::write_table(&directory.join(SAMPLES_FILE), &outcome.samples)?;
    }
    Ok(Some(directory.to_owned()))
}

/// A directory name for a row: letters, digits and dashes.
pub fn directory_name(row: &str) -> String {
    let spelled = row.replace('%', "percent");
    let words = spelled.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_plain_directory_names() {
        assert_eq!(directory_name("50 % of capacity"), "50-percent-of-capacity");
        assert_eq!(directory_name("1.5M a second"), "1.5m-a-second");
        assert_eq!(directory_name("../x"), "..-x");
    }
}
