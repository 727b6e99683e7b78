//! A run's market data as LOBSTER files: read again, they are the run.

mod program;

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use program::{seawall, stderr};

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
    // The order-book file lies beside it: row by row the same book, and nothing taken over.
    let books = &replayed["books"];
    assert_eq!(books["rows"], exported["records"]);
    assert_eq!(books["rows_identical"], exported["records"], "{}", books["disagreements"]);
    assert_eq!((&books["levels"], &books["levels_taken_over"]), (&5.into(), &0.into()));
    assert!(replayed["sweeps_multi_fill"].as_u64() > Some(20), "rows inside an aggressor");
    let alone = json(&seawall(place.path(), &["replay", path, "--no-book", "--json"]));
    assert!(alone["books"].is_null());
    late_start(place.path(), &exported);
    planted(place.path(), &exported);
}

fn text(place: &Path, exported: &Value, kind: &str) -> String {
    fs::read_to_string(place.join(path(exported, kind))).expect("it was written")
}

fn path<'a>(exported: &'a Value, kind: &str) -> &'a str {
    file(exported, kind)["path"].as_str().expect("a path")
}

/// Without its first rows the record lacks the orders that rest; the levels they stand at are taken over
/// when they come into sight and agree from then on.
fn late_start(place: &Path, exported: &Value) {
    let cut =
        |kind: &str| text(place, exported, kind).lines().skip(2_000).collect::<Vec<_>>().join("\n");
    fs::write(place.join("late.csv"), cut("lobster-messages")).expect("writable");
    fs::write(place.join("books.csv"), cut("lobster-book")).expect("writable");
    let arguments = ["replay", "late.csv", "--book", "books.csv", "--json"];
    let replayed = json(&seawall(place, &arguments));
    let books = &replayed["books"];
    assert!(replayed["rows_of_unknown_orders"].as_u64() > Some(10), "{replayed}");
    assert!(replayed["orders_seeded"].as_u64() > Some(0), "{replayed}");
    assert!(books["levels_taken_over"].as_u64() >= Some(10), "{books}");
    assert_eq!(books["rows_identical"], books["rows"], "{}", books["disagreements"]);
}

/// One number of one row is another: found at its row, and at no other.
fn planted(place: &Path, exported: &Value) {
    let book = text(place, exported, "lobster-book");
    let messages = path(exported, "lobster-messages");
    let lines: Vec<&str> = book.lines().collect();
    for (line, column, size) in [(1_500, 1, "77777"), (3_333, 7, "77777"), (4_000, 0, "1")] {
        let mut columns: Vec<&str> = lines[line - 1].split(',').collect();
        columns[column] = size;
        let changed = columns.join(",");
        let mut lines = lines.clone();
        lines[line - 1] = &changed;
        fs::write(place.join("planted.csv"), lines.join("\n")).expect("writable");
        let arguments = ["replay", messages, "--book", "planted.csv", "--json"];
        let books = json(&seawall(place, &arguments))["books"].take();
        let rows = books["rows"].as_u64().expect("a number");
        assert_eq!(books["rows_identical"].as_u64(), Some(rows - 1), "{books}");
        let listed = books["disagreements"].as_array().expect("a list");
        assert!(!listed.is_empty());
        assert!(listed.iter().all(|one| one["line"] == line), "{line}: {listed:?}");
    }
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
