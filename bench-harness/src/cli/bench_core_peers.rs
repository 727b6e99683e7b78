//! What `seawall bench core --peers` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::challenge::PeerRow;
use crate::report::Manifest;

#[derive(Serialize)]
struct PeerBench<'a> {
    manifest: Manifest,
    rows: &'a [PeerRow],
}

/// A table of engines by scenario, or one JSON object.
pub(super) fn write(
    manifest: Manifest,
    rows: &[PeerRow],
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, &PeerBench { manifest, rows })?;
        writeln!(out)?;
        return out.flush();
    }
    let mut table = comfy_table::Table::new();
    table.set_header([
        "scenario",
        "engine",
        "M msgs/s",
        "[min - max]",
        "seawall over it",
        "[min - max]",
        "trades",
    ]);
    for row in rows {
        let (rate, ratio) = (row.msgs_per_s, row.ours_over_it);
        table.add_row([
            row.workload.to_owned(),
            row.engine.to_owned(),
            format!("{:.2}", rate.median / 1e6),
            format!("[{:.2} - {:.2}]", rate.min / 1e6, rate.max / 1e6),
            format!("{:.1}", ratio.median),
            format!("[{:.1} - {:.1}]", ratio.min, ratio.max),
            row.trades.to_string(),
        ]);
    }
    writeln!(out, "{table}")?;
    let mut told: Vec<&str> = Vec::new();
    for row in rows {
        if !told.contains(&row.engine) {
            told.push(row.engine);
            writeln!(out, "{}: {}", row.engine, row.known)?;
        }
    }
    let runs = rows.first().map_or(0, |row| row.repetitions);
    writeln!(
        out,
        "one message per call, thread CPU time, {runs} runs of each engine in turns; a ratio is of \
         the two runs of one turn; ours sends its reports into a ring, the others' trades are counted"
    )?;
    out.flush()
}
