//! Sweeps and paired runs from outside: exact pairs, bytes that do not depend on who ran what when.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A cascade short enough for a test that still liquidates.
const BASE: &str = "\"clock.duration_ms\" = 20000
\"clock.warmup_ms\" = 500
\"shock.start_ms\" = 4000
\"shock.sell_lots\" = 10000
\"shock.sell_duration_ms\" = 5000
\"shock.index_drop_after_ms\" = 1000
\"holders.longs\" = 1500
\"holders.shorts\" = 300
";

fn plan(seeds: u64, rest: &str) -> String {
    format!("seeds = {seeds}\n[set]\n{BASE}\n{rest}")
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command.args(arguments).current_dir(directory);
    command
}

fn seawall(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().expect("the binary was built with the tests")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file that a sweep leaves, the page apart, which names the command line.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_none_or(|extension| extension != "html") {
                let name = path.strip_prefix(directory).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn results(directory: &Path) -> usize {
    fs::read_dir(directory.join("results")).map_or(0, |entries| {
        entries.filter(|e| e.as_ref().unwrap().path().extension().unwrap() == "json").count()
    })
}

#[test]
fn nothing_changed_is_exactly_zero_everywhere() {
    let place = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> =
        ["run", "--json", "--quiet", "--seeds", "3"].map(str::to_owned).to_vec();
    for line in BASE.lines() {
        let set = line.replace(['"', ' '], "");
        arguments.extend(["--set".to_owned(), set]);
    }
    let with = |against: &str| {
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--against", against]);
        let output = seawall(place.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON object")
    };
    // The setting is the scenario's own: the pair is the same run.
    let same = with("liquidation.discipline=strict");
    let point = &same["against"]["points"][1];
    let differences = point["differences"].as_object().expect("differences by measure");
    assert!(differences.len() > 100, "{} measures", differences.len());
    for (path, mean) in differences {
        for end in ["mean", "low", "high"] {
            assert_eq!(mean[end].as_f64(), Some(0.0), "{path}.{end}");
        }
    }
    assert!(same["liquidation"]["accounts_closed"].as_u64().unwrap() > 50, "it liquidates");
    // Another setting does differ.
    let other = with("liquidation.enabled=false");
    let closed = &other["against"]["points"][1]["differences"]["liquidation.accounts_closed"];
    assert!(closed["high"].as_f64().unwrap() < -50.0, "{closed}");
    let run = place.path().join("runs/flash-crash-1-2");
    assert!(run.join("against.html").is_file() && run.join("against.json").is_file());
}

#[test]
fn a_sweep_is_the_same_bytes_however_it_was_run() {
    let place = tempfile::tempdir().unwrap();
    let rest = "[grid]\n\"liquidation.discipline\" = [\"strict\", \"fifo\"]\n\
                [[list]]\n\"liquidation.enabled\" = false\n";
    fs::write(place.path().join("plan.toml"), plan(4, rest)).unwrap();
    let done = |arguments: &[&str]| {
        let output = seawall(place.path(), arguments);
        assert!(output.status.success(), "{}", stderr(&output));
    };
    done(&["sweep", "plan.toml", "--quiet", "--out", "one", "--workers", "1"]);
    done(&["sweep", "plan.toml", "--quiet", "--out", "two", "--workers", "2"]);
    for shard in ["1/3", "3/3", "2/3"] {
        done(&["sweep", "plan.toml", "--quiet", "--out", "parts", "--shard", shard]);
    }
    done(&["sweep", "plan.toml", "--quiet", "--out", "parts", "--merge"]);
    killed(place.path());
    let one = files(&place.path().join("one"));
    assert_eq!(results(&place.path().join("one")), 12);
    assert!(one.contains_key(Path::new("dataset/point=00002/runs.parquet")), "{:?}", one.keys());
    for other in ["two", "parts", "killed"] {
        let files = files(&place.path().join(other));
        assert_eq!(one.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>(), "{other}");
        for (name, bytes) in &one {
            assert!(files[name] == *bytes, "{other}/{} differs", name.display());
        }
    }
}

/// Kills a sweep on its way and lets it go on; what was finished is not run again.
fn killed(place: &Path) {
    let arguments = ["sweep", "plan.toml", "--quiet", "--out", "killed", "--workers", "1"];
    let mut child = command(place, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built with the tests");
    let out = place.join("killed");
    let begun = Instant::now();
    while results(&out) < 3 && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let finished: BTreeMap<PathBuf, _> = fs::read_dir(out.join("results"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().unwrap() == "json")
        .map(|entry| (entry.path(), entry.metadata().unwrap().modified().unwrap()))
        .collect();
    assert!(finished.len() < 12, "it was killed on its way");
    let output = seawall(place, &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    for (path, modified) in finished {
        let now = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(now, modified, "{} was run again", path.display());
    }
}

#[test]
fn a_run_fails_alone_and_a_full_disk_keeps_what_is_finished() {
    let place = tempfile::tempdir().unwrap();
    // The second point asks for positions that the venue refuses.
    let rest = "[grid]\n\"makers.inventory_limit_lots\" = [1000]\n\
                \"market.position_max_lots\" = [10000000, 2000]\n\"shock.sell_lots\" = [1000]\n";
    fs::write(place.path().join("plan.toml"), plan(2, rest)).unwrap();
    let sweep = ["sweep", "plan.toml", "--out", "out", "--workers", "2"];
    let output = seawall(place.path(), &sweep);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("2 runs failed") && said.contains("cannot open its position"), "{said}");
    assert_eq!(results(&place.path().join("out")), 2, "the others are kept");
    if !Path::new("/dev/full").exists() {
        println!("SKIPPED: a full disk: there is no /dev/full here");
        return;
    }
    let results_of = place.path().join("out/results");
    let kept: Vec<PathBuf> =
        fs::read_dir(&results_of).unwrap().map(|entry| entry.unwrap().path()).collect();
    fs::remove_file(&kept[0]).unwrap();
    // The next result is written where there is no room.
    std::os::unix::fs::symlink("/dev/full", kept[0].with_extension("part")).unwrap();
    let full = seawall(place.path(), &sweep);
    assert_eq!(full.status.code(), Some(2), "{}", stderr(&full));
    assert!(stderr(&full).contains("the disk is full"), "{}", stderr(&full));
    assert!(kept[1].is_file() && !kept[0].exists());
    let again = seawall(place.path(), &sweep);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(results(&place.path().join("out")), 2, "it went on");
}

#[test]
fn bad_plans_and_foreign_results_are_refused() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("empty.toml"), "[grid]\n\"shock.sell_lots\" = []\n").unwrap();
    let empty = seawall(place.path(), &["sweep", "empty.toml"]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(stderr(&empty).contains("is empty"), "{}", stderr(&empty));
    fs::write(place.path().join("plan.toml"), plan(1, "")).unwrap();
    fs::create_dir_all(place.path().join("out")).unwrap();
    fs::write(place.path().join("out/program.txt"), "another program\n").unwrap();
    let foreign = seawall(place.path(), &["sweep", "plan.toml", "--out", "out"]);
    assert_eq!(foreign.status.code(), Some(2));
    assert!(stderr(&foreign).contains("another program"), "{}", stderr(&foreign));
}
