//! Streams for a replay: the simulation's inputs, and the command log of a run directory.

use std::fs::{self, File};
use std::path::Path;

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

#[test]
fn a_missing_stream_is_named() {
    let error = run(&args(Path::new("nowhere/commands.swl")), &mut Vec::new()).err();
    let text = error.expect("there is none").to_string();
    assert!(text.contains("nowhere/commands.swl") && text.contains("expected"), "{text}");
}
