//! A flow that is known: a run of the default `[flow]`, exported as a record.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{seawall, stderr};

/// What is printed with `--json`, whether all bounds were kept or not.
pub(crate) fn calibrated(directory: &Path, arguments: &[&str]) -> (Value, i32) {
    let output = seawall(directory, &[&["calibrate", "--json", "--quiet"], arguments].concat());
    let code = output.status.code().expect("it ended by itself");
    assert!(code < 2, "{}", stderr(&output));
    (serde_json::from_slice(&output.stdout).expect("one JSON object"), code)
}

/// The flow of the default scenario's `[flow]`, watched for half an hour.
const KNOWN: &str = r#"
base = "flash-crash"
name = "known"
agents = ["oracle", "flow"]
[clock]
duration_ms = 1_830_000
[latency]
service_input_ns = 1_000
service_event_ns = 100
[holders]
longs = 0
shorts = 0
"#;

/// A record of the known flow from its first order on: a run, exported as LOBSTER messages.
pub(crate) fn whole_record(directory: &Path) -> PathBuf {
    fs::write(directory.join("known.toml"), KNOWN).expect("a file");
    let run = ["run", "known.toml", "--no-paired", "--quiet", "--json", "--out", "run"];
    let output = seawall(directory, &run);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = seawall(directory, &["export", "run", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let exported: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let files = exported["files"].as_array().expect("a list");
    let messages = files.iter().find(|file| file["kind"] == "lobster-messages").expect("a file");
    directory.join(messages["path"].as_str().expect("a path"))
}

/// The record without its first half minute, in which the book at the start is placed.
pub(crate) fn known_record(directory: &Path) -> PathBuf {
    let text = fs::read_to_string(whole_record(directory)).expect("the messages");
    let late = |line: &&str| {
        let time = line.split(',').next().and_then(|time| time.parse::<f64>().ok());
        time.is_some_and(|time| time >= 34_230.0)
    };
    let kept: Vec<&str> = text.lines().filter(late).collect();
    let record = directory.join("record.csv");
    fs::write(&record, kept.join("\n") + "\n").expect("a file");
    record
}
