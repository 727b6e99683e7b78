//! Streams for a replay: the simulation's inputs, and the command log of a run directory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use parquet::file::reader::{FileReader, SerializedFileReader};
use seawall::cli::bench_pipeline::{PipelineArgs, run};
use seawall::load::{DriverOptions, Plan, Stream, StreamError, drive, genesis};
use seawall::measure::summary::Summary;
use seawall::scenario::{self, Scenario};
use seawall_engine::core::Engine;
use seawall_engine::journal::JournalWriter;
use seawall_engine::pipeline::Topology;
use seawall_engine::ring::SeqSlotRing;

fn short(seed: u64) -> Scenario {
    let sets = ["clock.duration_ms=1500", "clock.warmup_ms=200"].map(str::to_owned);
    scenario::load("flash-crash", &sets, Some(seed)).expect("valid")
}

/// What a run leaves of its inputs: log, scenario and the hash of its events.
fn record(scenario: &Scenario, stream: &Stream, directory: &Path) {
    let file = File::create(directory.join("commands.swl")).expect("writable");
    let mut writer = JournalWriter::new(file, genesis(scenario));
    for input in &stream.inputs {
        writer.append(input).expect("writable");
    }
    writer.finish().expect("writable");
    fs::write(directory.join("scenario.toml"), scenario.to_toml()).expect("writable");
    let hash = stream.reference_hash.expect("a simulation has one");
    let summary = Summary { events_hash: format!("{hash:032x}"), ..Summary::default() };
    let text = serde_json::to_string(&summary).expect("JSON");
    fs::write(directory.join("summary.json"), text).expect("writable");
}

#[test]
fn a_recorded_stream_is_the_simulated_one_and_replays_to_its_hash() {
    let scenario = short(3);
    let simulated = Stream::simulated(&scenario).expect("a run");
    let directory = tempfile::tempdir().expect("a directory");
    record(&scenario, &simulated, directory.path());
    let log = directory.path().join("commands.swl");
    let recorded = Stream::recorded(&log).expect("a log");
    assert_eq!(recorded.inputs, simulated.inputs);
    assert_eq!(recorded.reference_hash, simulated.reference_hash);
    assert_eq!(recorded.sha256(), simulated.sha256());
    assert!(recorded.warning.is_none());

    let plan = Plan::new(&recorded.inputs, |input| recorded.flow(input), &recorded.phases);
    let plan = plan.expect("a plan");
    let options = DriverOptions::new(Topology::choose(&[]), None);
    let engine = Engine::new(&recorded.config);
    let (outcome, _) = drive::<SeqSlotRing, _>(&plan, engine, &options).expect("an end");
    assert_eq!(Some(outcome.events_hash), simulated.reference_hash);
    assert!(outcome.counts.reconciles());
}

#[test]
fn a_log_that_was_cut_off_warns_and_has_no_reference() {
    let scenario = short(3);
    let simulated = Stream::simulated(&scenario).expect("a run");
    let directory = tempfile::tempdir().expect("a directory");
    record(&scenario, &simulated, directory.path());
    let log = directory.path().join("commands.swl");
    let bytes = fs::read(&log).expect("readable");
    fs::write(&log, &bytes[..bytes.len() - 3]).expect("writable");
    let recorded = Stream::recorded(&log).expect("a shorter log");
    assert!(recorded.warning.expect("it was cut off").contains("cut off at byte"));
    assert_eq!(recorded.reference_hash, None);
    assert!(simulated.inputs.starts_with(&recorded.inputs));
}

#[test]
fn a_log_of_another_scenario_is_refused() {
    let scenario = short(3);
    let simulated = Stream::simulated(&scenario).expect("a run");
    let directory = tempfile::tempdir().expect("a directory");
    record(&scenario, &simulated, directory.path());
    let sets = ["market.taker_fee_ppm=1".to_owned()];
    let other = scenario::load("flash-crash", &sets, None).expect("valid");
    fs::write(directory.path().join("scenario.toml"), other.to_toml()).expect("writable");
    let refused = Stream::recorded(&directory.path().join("commands.swl"));
    assert!(matches!(refused, Err(StreamError::OtherScenario { .. })));
}

fn args(stream: &Path) -> PipelineArgs {
    use clap::Parser;
    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: PipelineArgs,
    }
    let path = stream.to_str().expect("a plain path");
    Cli::parse_from(["pipeline", "--stream", path, "--threads", "1", "--runs", "1", "--json", "-q"])
        .args
}

#[test]
fn the_command_prints_rows_that_reconcile() {
    let scenario = short(4);
    let simulated = Stream::simulated(&scenario).expect("a run");
    let directory = tempfile::tempdir().expect("a directory");
    record(&scenario, &simulated, directory.path());
    let mut out = Vec::new();
    let passed = run(&args(&directory.path().join("commands.swl")), &mut out).expect("a bench");
    assert!(passed);
    let report: serde_json::Value = serde_json::from_slice(&out).expect("one JSON object");
    let rows = report["rows"].as_array().expect("rows");
    let names: Vec<_> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["capacity", "50 % of capacity", "150 % of capacity"]);
    assert_eq!(rows[0]["verdict"], "match");
    assert!(rows.iter().all(|row| row["reconciled"] == true && row["verdict"] != "mismatch"));
    assert!(rows[0]["engine"].as_str().expect("a name").starts_with("seawall"));
    assert!(report["manifest"]["machine"]["cores"].as_u64() > Some(0));
}

/// All intervals of a log by tag, through the reader of the crate that defines the format.
fn log_by_tag(path: &Path) -> BTreeMap<String, (u64, Histogram<u64>)> {
    let bytes = fs::read(path).expect("a log");
    let mut found: BTreeMap<String, (u64, Histogram<u64>)> = BTreeMap::new();
    for entry in IntervalLogIterator::new(&bytes) {
        let LogEntry::Interval(interval) = entry.expect("a sound log") else { continue };
        let tag = interval.tag().expect("a tag").as_str().to_owned();
        assert_eq!(interval.duration(), Duration::from_millis(100));
        let packed = STANDARD.decode(interval.encoded_histogram()).expect("base64");
        let one: Histogram<u64> =
            Deserializer::new().deserialize(&mut packed.as_slice()).expect("V2, deflated");
        assert!(!one.is_empty(), "what holds nothing is left out");
        let (intervals, all) = found.entry(tag).or_insert_with(|| (0, one.clone()));
        if *intervals > 0 {
            all.add(&one).expect("the same bounds");
        }
        *intervals += 1;
    }
    found
}

/// A percentile by the definition, of values that it sorts.
fn exact(values: &mut [u64], hundredths: usize) -> u64 {
    values.sort_unstable();
    values[(values.len() * hundredths).div_ceil(100).max(1) - 1]
}

#[test]
fn the_latencies_of_a_rate_are_files_that_others_read() {
    let scenario = short(4);
    let simulated = Stream::simulated(&scenario).expect("a run");
    let directory = tempfile::tempdir().expect("a directory");
    record(&scenario, &simulated, directory.path());
    let files = directory.path().join("files");
    let mut args = args(&directory.path().join("commands.swl"));
    args.rates = vec![20_000.0];
    args.files.out = Some(files.clone());
    args.files.samples = true;
    let mut out = Vec::new();
    assert!(run(&args, &mut out).expect("a bench"));
    let report: serde_json::Value = serde_json::from_slice(&out).expect("one JSON object");
    let written = fs::read(files.join("bench.json")).expect("the same as a file");
    assert_eq!(report, serde_json::from_slice::<serde_json::Value>(&written).expect("JSON"));

    let below = fs::read_dir(&files).expect("a directory").flatten().map(|entry| entry.path());
    let rates: Vec<_> = below.filter(|path| path.is_dir()).collect();
    let [rate] = &rates[..] else { panic!("one rate, not {rates:?}") };
    let logged = log_by_tag(&rate.join("latency.hlog"));
    let samples = File::open(rate.join("samples.parquet")).expect("samples");
    let samples = SerializedFileReader::new(samples).expect("a table");
    let mut by_tag: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in samples.get_row_iter(None).expect("rows") {
        let row: BTreeMap<String, u64> = row
            .expect("a row")
            .into_columns()
            .into_iter()
            .map(|(name, field)| (name, field.to_string().parse().expect("a whole number")))
            .collect();
        let flow = ["maker", "taker", "forced"][usize::try_from(row["flow"]).expect("small")];
        for measure in ["order_to_ack", "order_to_fill"] {
            let value = row[&format!("{measure}_ns")];
            if value > 0 {
                by_tag.entry(format!("{flow}.{measure}")).or_default().push(value);
            }
        }
    }
    let mut compared = 0;
    for flow in ["maker", "taker", "forced"] {
        for measure in ["order_to_ack", "order_to_fill"] {
            let said = &report["rows"][0]["latency_ns"][flow][measure];
            let tag = format!("{flow}.{measure}");
            let Some(count) = said["count"].as_u64().filter(|count| *count > 0) else {
                assert!(!logged.contains_key(&tag) && !by_tag.contains_key(&tag), "{tag}");
                continue;
            };
            compared += 1;
            let (intervals, histogram) = &logged[&tag];
            assert!(*intervals > 1 || flow == "forced", "{tag}: {intervals} intervals");
            let values = by_tag.get_mut(&tag).expect("samples");
            assert_eq!((histogram.len(), values.len() as u64), (count, count), "{tag}");
            for (name, hundredths) in [("p50", 50_u8), ("p90", 90), ("p99", 99), ("max", 100)] {
                let said = said[name].as_u64().expect("a figure");
                let quantile = f64::from(hundredths) / 100.0;
                assert_eq!(histogram.value_at_quantile(quantile), said, "{tag} {name}");
                let exact = exact(values, hundredths.into());
                assert!(histogram.equivalent(exact, said), "{tag} {name}: {exact}, not {said}");
            }
            let table = fs::read_to_string(rate.join(format!("{tag}.hgrm"))).expect("a table");
            assert!(table.contains(&format!("Total count    = {count:12}]")), "{tag}");
        }
    }
    assert!(compared >= 3, "{compared} tags");
    let error = run(&args, &mut Vec::new()).expect_err("the directory is not empty").to_string();
    assert!(error.contains("files") && error.contains("not empty"), "{error}");
}

#[test]
fn a_missing_stream_is_named() {
    let error = run(&args(Path::new("nowhere/commands.swl")), &mut Vec::new()).err();
    let text = error.expect("there is none").to_string();
    assert!(text.contains("nowhere/commands.swl") && text.contains("expected"), "{text}");
}
