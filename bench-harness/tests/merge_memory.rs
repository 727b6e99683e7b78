//! What a merge of many results holds at once. `SEAWALL_MERGE_RUNS=100000` merges so many.

use std::fs;
use std::path::Path;

use seawall::measure::peak_memory_bytes;
use seawall::scenario;
use seawall::simulation::{self, RunOptions};
use seawall::sweep::plan::Job;
use seawall::sweep::{Plan, Store, merge};
use serde_json::Value;

/// Seeds of a point.
const SEEDS: usize = 100;
/// What may be held besides what a small merge holds. A result that is held takes 66 kB: 79 MB here.
const MORE_MAX: u64 = 24 << 20;

/// The result of a real run, short as it is.
fn result() -> Value {
    let sets = ["clock.duration_ms=20000", "shock.start_ms=4000", "holders.longs=1500"];
    let sets = sets.map(str::to_owned);
    let scenario = scenario::load("flash-crash", &sets, Some(1)).expect("the scenario is valid");
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    let summary = simulation::run(&scenario, &mut options).expect("the run ends").summary;
    serde_json::to_value(&summary).expect("a summary is plain data")
}

/// Changes every number a little, and keeps whole ones whole.
#[allow(clippy::cast_precision_loss, reason = "a number below 64")]
fn change(value: &mut Value, state: &mut u64) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| change(field, state)),
        Value::Array(values) => values.iter_mut().for_each(|value| change(value, state)),
        Value::Number(number) => {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let by = *state >> 58;
            if let Some(whole) = number.as_u64() {
                *value = Value::from(whole + by);
            } else if let Some(real) = number.as_f64().filter(|_| number.is_f64()) {
                *value = Value::from(real + by as f64 / 64.0);
            }
        }
        _ => {}
    }
}

/// Merges made-up results of so many points; says the most memory that this process has held.
#[allow(clippy::cast_precision_loss, reason = "for a person")]
fn merged(place: &Path, points: usize, seeds: usize, result: &Value) -> u64 {
    let settings: Vec<String> = (1..=points).map(|point| (point * 1_000).to_string()).collect();
    let path = place.join("plan.toml");
    let text =
        format!("seeds = {seeds}\n[grid]\n\"shock.sell_lots\" = [{}]\n", settings.join(", "));
    fs::write(&path, text).expect("a file");
    let plan = Plan::load(&path).expect("it is a plan");
    let store =
        Store::open(&place.join(format!("{points}-{seeds}")), "made up").expect("a directory");
    for Job { point, seed } in plan.jobs() {
        let mut made_up = result.clone();
        let mut state = seed * 1_000_003 + point as u64;
        change(&mut made_up, &mut state);
        made_up["seed"] = Value::from(seed);
        made_up["events_hash"] = Value::from(format!("{state:032x}"));
        let path = store.result_path(&plan, Job { point, seed });
        fs::write(path, made_up.to_string()).expect("a result");
    }
    let begun = std::time::Instant::now();
    let comparison = merge(&plan, &store).expect("the results are merged");
    assert_eq!((comparison.missing, comparison.points.len()), (0, points));
    let peak = peak_memory_bytes().unwrap_or(0);
    println!(
        "{} runs, {points} points: {:.1} MiB at most, merged in {:.1} s",
        points * seeds,
        peak as f64 / f64::from(1 << 20),
        begun.elapsed().as_secs_f64()
    );
    peak
}

#[test]
fn memory_does_not_grow_with_the_runs() {
    let asked = std::env::var("SEAWALL_MERGE_RUNS").ok().and_then(|runs| runs.parse().ok());
    let (points, seeds) = asked.map_or((12, SEEDS), |runs: usize| (runs / 1_000, 1_000));
    let place = tempfile::tempdir().expect("a directory");
    let result = result();
    let one = merged(place.path(), 1, seeds, &result);
    let many = merged(place.path(), points.max(2), seeds, &result);
    // Two blocks instead of one, and pages of what is shown.
    assert!(many <= one + MORE_MAX, "{one} bytes for one point, {many} for {points}");
}
