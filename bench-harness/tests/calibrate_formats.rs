//! One known flow in every format: read, calibrated, compared and run.

#[allow(dead_code, reason = "other tests need the rest")]
mod fixtures;
mod known;
mod program;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fixtures::{Folder, itch, mbo};
use known::{calibrated, known_record, whole_record};
use program::{seawall, stderr};
use serde_json::Value;

/// One row of a LOBSTER message file.
struct Row {
    time_ns: u64,
    kind: u32,
    order: u64,
    size: u32,
    price: u32,
    is_buy: bool,
}

fn rows(record: &Path) -> Vec<Row> {
    let text = fs::read_to_string(record).expect("the record");
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(',').collect();
        let [time, kind, order, size, price, direction] = columns[..] else {
            panic!("{line}");
        };
        let (seconds, parts) = time.split_once('.').unwrap_or((time, "0"));
        let nanoseconds: u64 = format!("{parts:0<9}").parse().expect("a fraction");
        Row {
            time_ns: seconds.parse::<u64>().expect("seconds") * 1_000_000_000 + nanoseconds,
            kind: kind.parse().expect("a type"),
            order: order.parse().expect("an order"),
            size: size.parse().expect("a size"),
            price: price.parse().expect("a price"),
            is_buy: direction == "1",
        }
    };
    text.lines().map(row).collect()
}

fn as_table(rows: &[Row]) -> String {
    let mut table = "time_ns,action,order,side,price,qty\n".to_owned();
    for Row { time_ns, kind, order, size, price, is_buy } in rows {
        let action = ["add", "reduce", "delete", "execute"][*kind as usize - 1];
        let side = if *is_buy { "buy" } else { "sell" };
        writeln!(table, "{time_ns},{action},{order},{side},{price},{size}")
            .expect("a text takes a line");
    }
    table
}

/// With the orders of another stock between ours.
fn as_itch(rows: &[Row]) -> Vec<u8> {
    let (ours, other) = (7, 8);
    let mut day = itch::Day::default();
    day.system(0, b'O');
    day.directory(1, ours, "TEST");
    day.directory(1, other, "OTHER");
    for Row { time_ns, kind, order, size, price, is_buy } in rows {
        let side = if *is_buy { b'B' } else { b'S' };
        match kind {
            1 => {
                day.add(*time_ns, other, order + (1 << 32), b'S', 1, "OTHER", 990_000);
                day.add(*time_ns, ours, *order, side, *size, "TEST", *price);
            }
            2 => day.cancel(*time_ns, ours, *order, *size),
            3 => day.delete(*time_ns, ours, *order),
            4 => day.execute(*time_ns, ours, *order, *size),
            _ => panic!("the flow has no messages of type {kind}"),
        }
    }
    day.bytes()
}

fn as_mbo(rows: &[Row]) -> Vec<mbo::Row> {
    let mut out = Vec::new();
    for Row { time_ns, kind, order, size, price, is_buy } in rows {
        let (side, other) = if *is_buy { (b'B', b'A') } else { (b'A', b'B') };
        let mut put = |action, side, order| {
            let price_e9 = i64::from(*price) * 100_000;
            out.push(mbo::row(*time_ns, action, side, order, price_e9, *size));
        };
        match kind {
            1 => put(b'A', side, *order),
            2 | 3 => put(b'C', side, *order),
            4 => {
                put(b'T', other, 0);
                put(b'F', side, *order);
                put(b'C', side, *order);
            }
            _ => panic!("the flow has no messages of type {kind}"),
        }
    }
    out
}

/// What was measured and fitted, without the names of files.
fn findings(report: &Value) -> [&Value; 3] {
    ["recorded", "synthetic", "goodness"].map(|key| &report[key])
}

/// A scenario that was found runs, and takes a cascade.
fn runs(directory: &Path, scenario: &str) {
    let sets = ["clock.duration_ms=90000", "shock.start_ms=65000", "shock.sell_lots=20000"];
    let sets = sets.iter().chain(&["holders.longs=300", "holders.trigger_distance_min_bp=5"]);
    let mut arguments = vec!["run", scenario, "--no-paired", "--quiet", "--json"];
    arguments.extend(sets.flat_map(|set| ["--set", set]));
    let output = seawall(directory, &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let run: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(run["trades"].as_u64() > Some(50), "{}", run["trades"]);
    assert!(run["liquidation"]["accounts_triggered"].as_u64() > Some(10), "{run:#}");
}

#[test]
fn a_table_is_calibrated_as_the_same_lobster_file_is() {
    let folder = Folder::new();
    let record = known_record(folder.path());
    let table = as_table(&rows(&record));
    let csv = folder.file("flow.csv.gz", &fixtures::gzip(table.as_bytes()));
    let parquet = fixtures::table_as_parquet(&folder, &table);
    let found = |file: &Path, out: &str| {
        let file = file.to_string_lossy();
        let (report, code) = calibrated(folder.path(), &[&file, "--out", out, "--seconds", "300"]);
        assert_eq!(code, 0, "{report:#}");
        report
    };
    let lobster = found(&record, "lobster.toml");
    assert_eq!(lobster["format"], "lobster");
    for (file, format) in [(csv, "csv"), (parquet, "parquet")] {
        let out = format!("{format}.toml");
        let report = found(&file, &out);
        assert_eq!(report["format"], format);
        assert_eq!(findings(&report), findings(&lobster), "{format}");
        runs(folder.path(), &out);
    }
}

#[test]
fn itch_and_dbn_are_calibrated_alike() {
    let folder = Folder::new();
    let rows = rows(&whole_record(folder.path()));
    let itch = folder.file("day.itch.gz", &fixtures::gzip(&as_itch(&rows)));
    let dbn = folder.file("day.mbo.dbn.zst", &fixtures::zst(&mbo::file(&as_mbo(&rows))));
    let found = |file: &Path, format: &str| {
        let (file, out) = (file.to_string_lossy(), format!("{format}.toml"));
        let arguments = [&*file, "--instrument", "TEST", "--out", &out, "--seconds", "300"];
        let (report, code) = calibrated(folder.path(), &arguments);
        assert_eq!((code, &report["format"]), (0, &Value::from(format)), "{report:#}");
        runs(folder.path(), &out);
        report
    };
    let (itch, dbn) = (found(&itch, "itch"), found(&dbn, "dbn"));
    assert_eq!(findings(&itch), findings(&dbn));
    // Half an hour of 12.5 a second, and the book at the start.
    let buys = itch["recorded"]["arrivals"][0][1].as_u64().expect("a count");
    assert!(buys.abs_diff(22_500) < 1_500, "{buys} limit buys");
}
