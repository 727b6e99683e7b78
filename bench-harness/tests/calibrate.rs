//! Recorded order flow becomes a scenario, and the scenario's run is like the record.
#![allow(clippy::cast_precision_loss, reason = "counts and parts per million are far below 2^53")]

mod known;
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use seawall::calibrate::hawkes::{self, History};
use serde_json::Value;

use known::{calibrated, known_record};
use program::{refused, seawall, stderr};

// --- Hawkes processes -----------------------------------------------------------------------

struct Draws(SplitMix64);

impl Draws {
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(1.0 - self.unit()) * mean
    }
}

/// A Hawkes process of two kinds by its clusters (Hawkes and Oakes 1974), which has nothing in
/// common with how the laboratory draws one: `own` rates, and what an event of a kind (second) sets
/// off of a kind (first), on average, after exponential times.
fn clusters(own: [f64; 2], offspring: [[f64; 2]; 2], memory_s: f64, end_s: f64) -> [Vec<f64>; 2] {
    let mut draws = Draws(SplitMix64::seed_from_u64(7));
    let mut open: Vec<(f64, usize)> = Vec::new();
    for (kind, rate) in own.into_iter().enumerate() {
        let mut time = draws.exponential(1.0 / rate);
        while time < end_s {
            open.push((time, kind));
            time += draws.exponential(1.0 / rate);
        }
    }
    let mut times = [Vec::new(), Vec::new()];
    while let Some((time, kind)) = open.pop() {
        times[kind].push(time);
        for (child, offspring) in offspring.iter().enumerate() {
            // A Poisson number, by exponential waits.
            let mut sum = draws.exponential(1.0);
            while sum < offspring[kind] {
                let born = time + draws.exponential(memory_s);
                if born < end_s {
                    open.push((born, child));
                }
                sum += draws.exponential(1.0);
            }
        }
    }
    times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times
    })
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found} is not {expected} within {within}");
}

#[test]
fn one_memory_is_recovered_and_its_residuals_are_exponential() {
    let [times, _] = clusters([0.5, 0.01], [[0.6, 0.0], [0.0, 0.0]], 0.2, 20_000.0);
    let fit = hawkes::fit_memory(&times, 20_000.0, (1e-4, 100.0));
    let found = &fit.hawkes;
    // 25,000 events: some standard errors of each.
    near(found.own[0], 0.5, 0.02);
    near(found.total(0, 0), 0.6, 0.02);
    near(found.memories_s[0], 0.2, 0.015);
    let history = History::new(std::slice::from_ref(&times), 20_000.0);
    let residuals = &found.residuals(&history)[0];
    let distance = hawkes::distance_from_exponential(residuals).expect("there are events");
    let critical = 1.628 / (residuals.n() as f64).sqrt();
    assert!(distance < critical, "{distance} is beyond {critical}, the 1 % level");
    // A process that remembers a hundred times as long is not it.
    let wrong = hawkes::fit(&history, &[20.0]).hawkes.residuals(&history).remove(0);
    let distance = hawkes::distance_from_exponential(&wrong).expect("there are events");
    assert!(distance > 10.0 * critical, "{distance}");
}

#[test]
fn what_sets_off_what_is_recovered_among_several_memories() {
    let offspring = [[0.3, 0.4], [0.0, 0.5]];
    let times = clusters([0.6, 0.2], offspring, 0.1, 30_000.0);
    let history = History::new(&times, 30_000.0);
    let found = hawkes::fit(&history, &[0.001, 0.01, 0.1, 1.0, 10.0]).hawkes;
    for (of, row) in offspring.iter().enumerate() {
        for (by, expected) in row.iter().enumerate() {
            near(found.total(of, by), *expected, 0.05);
            // Most of it with the memory that it has.
            if *expected > 0.0 {
                assert!(found.offspring[of][by][2] > 0.7 * expected, "{found:?}");
            }
        }
    }
    // As many as there were: what comes of itself and what is set off.
    let counts = times.each_ref().map(|times| times.len() as f64);
    let sum =
        found.own[0] * 30_000.0 + (0..2).map(|by| found.total(0, by) * counts[by]).sum::<f64>();
    near(sum / counts[0], 1.0, 0.001);
}

#[test]
fn a_poisson_flow_sets_off_nothing() {
    let [times, _] = clusters([2.0, 0.01], [[0.0; 2]; 2], 0.1, 10_000.0);
    let fit = hawkes::fit_memory(&times, 10_000.0, (1e-4, 100.0));
    assert!(fit.hawkes.total(0, 0) < 0.03, "{fit:?}");
}

// --- from a flow to a scenario and back -----------------------------------------------------

fn row<'a>(report: &'a Value, quantity: &str) -> &'a Value {
    let rows = report["goodness"]["rows"].as_array().expect("a list");
    rows.iter().find(|row| row["quantity"] == quantity).unwrap_or_else(|| panic!("no {quantity}"))
}

#[test]
fn a_known_flow_is_found_again_and_its_run_is_like_it() {
    let place = tempfile::tempdir().expect("a directory");
    known_record(place.path());
    let arguments = ["record.csv", "--out", "found.toml", "--page", "found.html"];
    let (report, code) = calibrated(place.path(), &arguments);
    assert_eq!(report["goodness"]["within"], true, "{report:#}");
    assert_eq!(code, 0);
    let figure = |quantity: &str| row(&report, quantity)["recorded"].as_f64().expect("a number");
    // 10 a second of themselves, of which each sets off 0.2: 12.5; 1 and 0.3: 1.43.
    near(figure("rate: limit buys"), 12.5, 0.5);
    near(figure("rate: market sells"), 1.0 / 0.7, 0.15);
    let text = fs::read_to_string(place.path().join("found.toml")).expect("the scenario");
    let found: toml::Table = text.parse().expect("the scenario is TOML");
    let flow = &found["flow"];
    let ppm = |value: &toml::Value| value.as_integer().expect("a number") as f64 / 1e6;
    let total = |stream: &str, by: usize| {
        let row = flow[stream]["excited_ppm"][by].as_array().expect("a row");
        row.iter().map(ppm).sum::<f64>()
    };
    near(total("limit_buys", 0), 0.2, 0.05);
    near(total("market_buys", 2), 0.3, 0.1);
    near(total("market_sells", 3), 0.3, 0.1);
    near(total("market_sells", 0), 0.0, 0.02);
    // What is set off over seconds and what comes of itself are told apart badly.
    near(flow["limit_sells"]["own_per_second"].as_float().expect("a rate"), 10.0, 2.5);
    // A fifth of the orders that take are of one lot, and seven tenths of ten at most.
    let share = |curve: &toml::Value, value: i64| {
        let pairs = curve.as_array().expect("pairs").iter();
        let upto = pairs.filter(|pair| pair[0].as_integer() <= Some(value));
        upto.map(|pair| ppm(&pair[1])).fold(0.0, f64::max)
    };
    near(share(&flow["take_lots"], 1), 0.2, 0.03);
    near(share(&flow["take_lots"], 10), 0.7, 0.05);
    for word in ["record.csv", "Kaplan", "Hawkes", "median spread"] {
        assert!(text.contains(word), "the scenario does not say {word}");
    }
    let page = fs::read_to_string(place.path().join("found.html")).expect("the page");
    for id in ["limit-gaps", "residuals", "sizes", "distances", "lives", "depth"] {
        assert!(page.contains(&format!("id=\"{id}-figure\"")), "no picture {id}");
    }
    // The plotting library, which mentions everything, follows the footer.
    let own = page.split_once("<h1>").expect("a heading").1;
    let own = own.split_once("</footer>").expect("a footer").0;
    assert!(!own.contains("http://") && !own.contains("src="), "the page points outside");
}

#[test]
fn a_calibrated_market_takes_a_cascade() {
    let place = tempfile::tempdir().expect("a directory");
    known_record(place.path());
    calibrated(place.path(), &["record.csv", "--out", "found.toml", "--seconds", "60"]);
    let run = |sets: &[&str]| -> Value {
        let mut arguments = vec!["run", "found.toml", "--no-paired", "--quiet", "--json"];
        arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
        let output = seawall(place.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    };
    let calm = run(&["holders.longs=0"]);
    assert_eq!(calm["liquidation"]["accounts_triggered"], 0);
    assert!(calm["trades"].as_u64() > Some(50), "{}", calm["trades"]);
    let cascade = run(&[
        "holders.longs=500",
        "holders.shorts=100",
        "shock.sell_lots=20000",
        "holders.trigger_distance_min_bp=5",
        "shock.sell_duration_ms=10000",
    ]);
    assert!(cascade["liquidation"]["accounts_triggered"].as_u64() > Some(10), "{cascade:#}");
    assert_eq!(cascade["conservation_error"], 0);
}

#[test]
fn a_record_of_too_little_names_what_is_missing() {
    let place = tempfile::tempdir().expect("a directory");
    let header = "time_ns,action,order,side,price,qty\n";
    let file = place.path().join("short.csv");
    fs::write(&file, format!("{header}1,add,1,buy,1000000,5\n")).expect("a file");
    let error = refused(&seawall(place.path(), &["calibrate", "short.csv"]));
    assert!(error.contains("short.csv: 1 limit orders to buy, expected at least 200"), "{error}");
    // Quotes enough, and no trade.
    let quote = |n: u64| {
        let (side, price) =
            if n.is_multiple_of(2) { ("buy", 1_000_000) } else { ("sell", 1_000_500) };
        format!("{},add,{},{side},{price},5\n", n * 10_000_000, n + 1)
    };
    let quotes: String = (0..1_000).map(quote).collect();
    fs::write(&file, header.to_owned() + &quotes).expect("a file");
    let error = refused(&seawall(place.path(), &["calibrate", "short.csv"]));
    assert!(error.contains("0 trades of a buyer that takes, expected at least 20"), "{error}");
    assert!(!place.path().join("calibrated.toml").exists(), "nothing is written");
    let error = refused(&seawall(place.path(), &["calibrate", "nowhere.csv"]));
    assert!(error.contains("nowhere.csv"), "{error}");
}

#[test]
fn a_flow_that_cannot_be_is_refused_with_its_key() {
    let place = tempfile::tempdir().expect("a directory");
    for (line, expected) in [
        ("take_lots = [[10, 500_000], [5, 1_000_000]]", "values that rise"),
        ("take_lots = [[10, 500_000]]", "one to 1000000 parts"),
        ("memory_us = []", "a list of 1 to"),
        ("limit_buys = { own_per_second = 1.0, excited_ppm = [[1], [0], [0]] }", "4 rows of 1"),
        (
            "market_buys = { own_per_second = 1.0, excited_ppm = [[0], [0], [1_000_000], [0]] }",
            "0.995",
        ),
    ] {
        let text = format!("base = \"flash-crash\"\nname = \"x\"\n[flow]\n{line}\n");
        fs::write(place.path().join("x.toml"), text).expect("a file");
        let error = refused(&seawall(place.path(), &["run", "x.toml"]));
        assert!(error.contains("flow") && error.contains(expected), "{line}: {error}");
    }
}

// --- recorded data --------------------------------------------------------------------------

/// A recorded file, if this machine has it: in `$SEAWALL_DATA` or `../shared/data` beside the
/// workspace.
fn recorded(beginning: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let places = [
        std::env::var_os("SEAWALL_DATA").map(PathBuf::from),
        Some(workspace.join("../shared/data")),
        Some(workspace.join("../../shared/data")),
    ];
    let files = places.into_iter().flatten().filter_map(|place| fs::read_dir(place).ok());
    let names = files.flatten().filter_map(Result::ok).map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning))
    };
    names.into_iter().find(is_it)
}

#[test]
fn the_recorded_hour_becomes_a_scenario() {
    let Some(file) = recorded("lobster_AAPL") else {
        eprintln!("skipped the_recorded_hour_becomes_a_scenario: no LOBSTER file in $SEAWALL_DATA");
        return;
    };
    let place = tempfile::tempdir().expect("a directory");
    let (report, code) = calibrated(place.path(), &[&file.to_string_lossy()]);
    for quantity in [
        "rate: limit buys",
        "rate: market sells",
        "gap: limit buys",
        "gap: market sells",
        "size: limit orders",
        "size: market orders",
        "life until a cancel",
        "distance, own side",
        "depth by distance",
    ] {
        assert_eq!(row(&report, quantity)["verdict"], "within", "{report:#}");
    }
    assert_eq!(code, 0);
    // Several memories are nearer to the record than the usual one.
    let processes = report["goodness"]["processes"].as_array().expect("a list");
    let distance = |place: usize| processes[place]["residual_distance"].as_f64().expect("a number");
    assert!(distance(3) < 0.6 * distance(0), "{processes:#?}");
}
