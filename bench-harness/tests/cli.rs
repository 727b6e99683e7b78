//! The command line from outside: exit codes, streams, files.

mod program;

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use program::{refused, seawall, stderr};

/// A cascade short enough for a test, long enough to have a shock.
const SHORT: [&str; 4] = ["--set", "clock.duration_ms=1500", "--set", "clock.warmup_ms=200"];

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn short_run(directory: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["run", "--no-paired"];
    arguments.extend(SHORT);
    arguments.extend(more);
    seawall(directory, &arguments)
}

#[test]
fn a_run_leaves_its_directory_and_prints_one_object() {
    let place = tempfile::tempdir().unwrap();
    let output = short_run(place.path(), &["--json", "--seed", "5"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: Value = serde_json::from_str(&stdout(&output)).expect("one JSON object");
    assert_eq!(summary["seed"], 5);
    assert_eq!(summary["conservation_error"], 0);
    let run = place.path().join("runs/flash-crash-5");
    for file in [
        "manifest.json",
        "scenario.toml",
        "summary.json",
        "report.html",
        "commands.swl",
        "timeline.parquet",
        "liquidations.parquet",
        "deleverages.parquet",
        "fund.parquet",
        "measures.parquet",
        "latency.hlog",
    ] {
        assert!(run.join(file).is_file(), "{file} is missing");
    }
    let saved: Value =
        serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!(saved, summary, "--json prints summary.json");
}

#[test]
fn the_resolved_scenario_gives_the_same_run_again() {
    let place = tempfile::tempdir().unwrap();
    assert!(short_run(place.path(), &["--quiet"]).status.success());
    let first = place.path().join("runs/flash-crash-1");
    let again = seawall(
        place.path(),
        &["run", "--no-paired", "--json", "--out", "again", "runs/flash-crash-1/scenario.toml"],
    );
    assert!(again.status.success(), "{}", stderr(&again));
    let before: Value =
        serde_json::from_slice(&std::fs::read(first.join("summary.json")).unwrap()).unwrap();
    let after: Value = serde_json::from_str(&stdout(&again)).unwrap();
    for key in ["config_hash", "events_hash", "state_hash", "commands", "trades"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    let streams = [first.join("commands.swl"), place.path().join("again/commands.swl")];
    let [left, right] = streams.map(|path| std::fs::read(path).unwrap());
    assert!(left == right, "the command streams differ");
}

#[test]
fn runs_are_never_overwritten_silently() {
    let place = tempfile::tempdir().unwrap();
    assert!(short_run(place.path(), &["--quiet"]).status.success());
    let second = short_run(place.path(), &[]);
    assert!(second.status.success());
    assert!(stderr(&second).contains("runs/flash-crash-1-2"), "{}", stderr(&second));
    assert!(stdout(&second).contains("runs/flash-crash-1-2/report.html"));
    let kept = refused(&short_run(place.path(), &["--out", "runs"]));
    assert!(kept.contains("runs") && kept.contains("--force"), "{kept}");
    let forced = short_run(place.path(), &["--quiet", "--out", "runs/flash-crash-1", "--force"]);
    assert!(forced.status.success(), "{}", stderr(&forced));
}

#[test]
fn a_saved_run_is_reported_without_running_it() {
    let place = tempfile::tempdir().unwrap();
    let ran = short_run(place.path(), &["--quiet", "--out", "saved"]);
    let page = place.path().join("saved/report.html");
    std::fs::remove_file(&page).unwrap();
    let reported = seawall(place.path(), &["report", "saved"]);
    assert!(reported.status.success(), "{}", stderr(&reported));
    assert_eq!(stdout(&reported), stdout(&ran), "the same tables");
    assert!(page.is_file());
}

#[test]
fn bad_input_is_named_and_exits_with_two() {
    let place = tempfile::tempdir().unwrap();
    let here = place.path();
    std::fs::write(here.join("broken.toml"), "name = \"x\"\n\n[market\n").unwrap();
    let haircut = "base = \"flash-crash\"\n[collateral]\ncap_ppm = 1_000_001\n";
    std::fs::write(here.join("haircut.toml"), haircut).unwrap();
    let cases: [(&[&str], &[&str]); 10] = [
        (&["run", "haircut.toml"], &["haircut.toml:3", "collateral.cap_ppm", "0 to 1000000"]),
        (&["run", "flash-crsh"], &["flash-crsh", "did you mean `flash-crash`"]),
        (&["run", "missing.toml"], &["missing.toml"]),
        (&["run", "broken.toml"], &["broken.toml", "3"]),
        (&["run", "--set", "liquidation.keey=notional"], &["liquidation.keey", "liquidation.key"]),
        (&["run", "--set", "nonsense"], &["nonsense", "KEY=VALUE"]),
        (&["run", "--seed", "minus"], &["--seed"]),
        (&["run", "--background", "none.csv"], &["none.csv"]),
        (&["report", "nowhere"], &["nowhere", "no such directory"]),
        (&["replay", "none.csv", "--format", "lobster"], &["none.csv"]),
    ];
    for (arguments, words) in cases {
        let message = refused(&seawall(here, arguments));
        for word in words {
            assert!(message.contains(word), "{arguments:?} does not say {word}: {message}");
        }
    }
    assert!(!here.join("runs").exists(), "nothing is left behind by what was refused");
}

#[test]
fn a_bench_refuses_cores_and_rates_that_are_not_there() {
    let place = tempfile::tempdir().expect("a directory");
    let bench = |more: &[&str]| {
        let first = ["bench", "pipeline", "--quiet", "--no-preflight"];
        refused(&seawall(place.path(), &[&first, more].concat()))
    };
    assert!(bench(&["--cores", "9999"]).contains("core 9999 does not exist or is not ours"));
    assert!(bench(&["--cores", "0,0"]).contains("different"));
    assert!(bench(&["--rate", "0"]).contains("between 0.001 and 1e9"));
    assert!(bench(&["--rate", "1e30"]).contains("between 0.001 and 1e9"));
    assert!(bench(&["--gateways", "0"]).contains("1..=64"));
    assert!(bench(&["--bar", "nonsense"]).contains("light-load"));
    assert!(bench(&["--arrivals", "hawkes:1"]).contains("branching from 0 to below 1"));
    assert!(bench(&["--samples"]).contains("--out"));
}

#[test]
fn a_bench_with_several_gateways_replays_and_says_where_it_ran() {
    let place = tempfile::tempdir().expect("a directory");
    let bench = ["bench", "pipeline", "--no-preflight", "--set", "clock.duration_ms=70000"];
    let more = ["--gateways", "3", "--rate", "200000", "--limit", "100000", "--threads", "3"];
    let output = seawall(place.path(), &[&bench[..], &more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("the same as a replay of the order of taking"), "{text}");
    assert!(text.contains("threads: ") || text.contains("one thread: "), "{text}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("file"), "").unwrap();
    let message = refused(&short_run(place.path(), &["--out", "file/below"]));
    assert!(message.contains("file/below") && message.contains("cannot write"), "{message}");
}

#[test]
fn lists_are_lines_or_one_object() {
    let place = tempfile::tempdir().unwrap();
    for what in ["scenarios", "venues", "priorities", "adl"] {
        let lines = seawall(place.path(), &["list", what]);
        let json = seawall(place.path(), &["list", what, "--json"]);
        assert!(lines.status.success() && json.status.success());
        let listed: Value = serde_json::from_slice(&json.stdout).unwrap();
        let entries = listed[what].as_array().expect("an array under its own name");
        assert_eq!(stdout(&lines).lines().count(), entries.len());
    }
    let scenarios = stdout(&seawall(place.path(), &["list", "scenarios"]));
    for name in ["flash-crash", "no-leverage", "infinite-depth", "unlimited-insurance"] {
        assert!(scenarios.contains(name), "{name} is not listed:\n{scenarios}");
    }
}

#[test]
fn the_face_off_of_deleveraging_has_intervals_over_its_seeds() {
    let place = tempfile::tempdir().unwrap();
    let ask = |more: &[&str]| {
        let output = seawall(place.path(), &[&["adl", "--winners", "60"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let answer: Value = serde_json::from_str(&ask(&["--seeds", "5", "--json"])).expect("JSON");
    assert_eq!(answer["seeds"], 5);
    let policies = answer["over_seeds"].as_array().expect("a policy each");
    assert_eq!(policies.len(), answer["outcomes"].as_array().expect("a policy each").len());
    for policy in policies {
        let name = format!("{} at {}", policy["policy"], policy["price"]);
        for measure in ["accounts_hit", "overshoot_usd", "share_max", "fairness_regret_usd"] {
            let of = |key: &str| policy[measure][key].as_f64().expect("over several seeds");
            assert!(of("low") <= of("mean") && of("mean") <= of("high"), "{name}: {policy}");
        }
        // Five deficits of five sizes hit different numbers of people, unless all are hit always.
        let hit = &policy["accounts_hit"];
        let is_wide = hit["low"].as_f64() < hit["high"].as_f64();
        assert!(is_wide || hit["mean"].as_f64() == Some(60.0), "{name}: {hit}");
    }
    let text = ask(&["--seeds", "5"]);
    assert!(
        text.contains("Over 5 deficits") && text.contains("95 % bootstrap intervals"),
        "{text}"
    );
    let rows = text.lines().filter(|line| line.contains('[') && line.contains(", ")).count();
    assert!(rows >= policies.len(), "every policy has intervals:\n{text}");
    assert_eq!(text, ask(&["--seeds", "5"]), "the same seeds, the same intervals");
    assert!(!ask(&["--seeds", "1"]).contains("bootstrap"), "one seed says nothing of others");
}

#[test]
fn help_has_examples_and_no_arguments_is_bad_usage() {
    let place = tempfile::tempdir().unwrap();
    let help = seawall(place.path(), &["--help"]);
    assert!(help.status.success() && stdout(&help).contains("Examples:"));
    assert_eq!(seawall(place.path(), &[]).status.code(), Some(2));
    assert_eq!(seawall(place.path(), &["rnu"]).status.code(), Some(2));
}
