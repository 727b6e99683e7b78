//! A run's market data as LOBSTER files: read again, they are the run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn seawall(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seawall"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the binary was built with the tests")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// A cascade of twenty seconds, saved as `run`.
fn short_run(directory: &Path) {
    let mut arguments = vec!["run", "--no-paired", "--quiet", "--json", "--out", "run"];
    let sets = [
        "clock.duration_ms=20000",
        "clock.warmup_ms=500",
        "shock.start_ms=4000",
        "shock.sell_lots=10000",
        "shock.sell_duration_ms=5000",
        "shock.index_drop_after_ms=1000",
        "holders.longs=1500",
        "holders.shorts=300",
    ];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    json(&seawall(directory, &arguments));
}

fn file<'a>(exported: &'a Value, kind: &str) -> &'a Value {
    let files = exported["files"].as_array().expect("a list");
    files.iter().find(|file| file["kind"] == kind).expect("the file was asked for")
}

#[test]
fn the_replay_of_an_export_finds_every_sweep() {
    let place = tempfile::tempdir().expect("a directory");
    short_run(place.path());
    let exported = json(&seawall(place.path(), &["export", "run", "--levels", "5", "--json"]));
    assert_eq!(exported["books_identical"], exported["inputs"]);
    let messages = file(&exported, "lobster-messages");
    assert_eq!(messages["rows"], exported["records"]);
    assert_eq!(file(&exported, "lobster-book")["rows"], exported["records"]);
    let path = messages["path"].as_str().expect("a path");
    let replayed = json(&seawall(place.path(), &["replay", path, "--format", "lobster", "--json"]));
    assert_eq!(replayed["messages"], exported["records"]);
    assert!(replayed["sweeps"].as_u64() > Some(100), "{replayed}");
    assert_eq!(replayed["sweeps_identical"], replayed["sweeps"], "{replayed}");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let place = tempfile::tempdir().expect("a directory");
    short_run(place.path());
    for out in ["one", "two"] {
        json(&seawall(place.path(), &["export", "run", "--out", out, "--json"]));
    }
    let names = |out: &str| {
        let entries = fs::read_dir(place.path().join(out)).expect("it was written");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("readable").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("one").len(), 3);
    assert_eq!(names("one"), names("two"));
    for name in names("one") {
        let [one, two] = ["one", "two"].map(|out| fs::read(place.path().join(out).join(&name)));
        assert!(one.expect("readable") == two.expect("readable"), "{} differs", name.display());
    }
}

#[test]
fn what_is_no_run_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let refused = |arguments: &[&str], expected: &str| {
        let output = seawall(place.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(
            output.stdout.is_empty() && stderr(&output).contains(expected),
            "{}",
            stderr(&output)
        );
    };
    refused(&["export", "nowhere"], "expected a run directory with scenario.toml");
    refused(&["export", "run", "--tick", "0.00001"], "expected a price from 0.0001");
    refused(&["export", "run", "--levels", "0"], "1..=1000");
    refused(&["export", "run", "--format", "xml"], "hftbacktest");
    short_run(place.path());
    refused(&["export", "run", "--tick", "9999"], "smaller --tick");
    let log = place.path().join("run/commands.swl");
    let bytes = fs::read(&log).expect("the run left it");
    fs::write(&log, b"not a log").expect("writable");
    refused(&["export", "run"], "commands.swl");
    fs::write(&log, bytes).expect("writable");
    let scenario = place.path().join("run/scenario.toml");
    let text = fs::read_to_string(&scenario).expect("the run left it");
    fs::write(&scenario, text.replacen("taker_fee_ppm = 450", "taker_fee_ppm = 451", 1))
        .expect("writable");
    refused(&["export", "run"], "recorded under");
}
