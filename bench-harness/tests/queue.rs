//! The queue-position study on whole runs: it repeats, its probes agree with each other, and what
//! it was not asked properly it refuses.

mod program;

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use seawall::scenario::{self, Scenario};
use seawall::study::queue::causal::Pairing;
use seawall::study::queue::observation::{EVE, Observation, end};
use seawall::study::queue::run::RecordedRun;
use seawall::study::queue::why::{self, WhyError};
use seawall::study::queue::{self, Findings, Plan, Study, watch};
use seawall_engine::types::{Input, OrderId, Price};

use program::{seawall, stderr};

/// Some forty seconds of the coarse grid at a quarter of its size.
const SMALL: [&str; 8] = [
    "clock.duration_ms=42000",
    "shock.start_ms=20000",
    "shock.sell_duration_ms=6000",
    "shock.sell_lots=5000",
    "holders.longs=3000",
    "holders.shorts=750",
    "makers.inventory_limit_lots=750",
    "liquidation.fund_currency=60000",
];

fn small() -> Scenario {
    let sets: Vec<String> = SMALL.iter().map(|set| (*set).to_owned()).collect();
    scenario::load("large-tick", &sets, Some(1)).expect("the scenario is valid")
}

fn plan() -> Plan {
    Plan {
        every_ns: 200_000_000,
        horizon_ns: 1_000_000_000,
        delays_ns: vec![0, 20_000_000],
        ..Plan::default()
    }
}

fn study(workers: usize) -> Findings {
    let study = Study {
        scenario: small(),
        seeds: 2,
        plan: plan(),
        loads: vec![4],
        pairing: Pairing { lots: vec![1, 500], instants: 1 },
    };
    let workers = NonZeroUsize::new(workers).expect("at least one");
    queue::run(&study, workers, &AtomicBool::new(false), &|_, _, _| {}).expect("the runs end")
}

#[test]
fn a_study_is_the_same_on_any_number_of_workers() {
    let (one, two) = (study(1), study(2));
    let text = |findings: &Findings| serde_json::to_string(&findings.answers).expect("plain data");
    assert_eq!(text(&one), text(&two));
    assert_eq!(one.probes, two.probes);
    assert_eq!(one.late, two.late);
    assert_eq!(one.orders, two.orders);
    assert_eq!(one.estimates, two.estimates);
    let answers = &one.answers;
    assert!(answers.causal.inputs_shared > 0, "pairs share their past: {:?}", answers.causal);
    assert!(!answers.by_rank.is_empty() && !answers.curves.is_empty());
    assert!(answers.runs.iter().any(|run| run.forced_qty > 0), "somebody was liquidated");
}

/// Probes of one queue, placed at one instant, nearest to the front first: the first that are not
/// filled in the order in which they stand.
fn out_of_order(probes: &[Observation]) -> Option<(&Observation, &Observation)> {
    let queue = |row: &Observation| (row.seed, row.time_ns, row.absorbs, row.level);
    let is_wrong = |front: &Observation, back: &Observation| {
        back.is_filled() && (!front.is_filled() || front.wait_ns > back.wait_ns)
    };
    probes
        .iter()
        .zip(&probes[1..])
        .find(|(front, back)| queue(front) == queue(back) && is_wrong(front, back))
}

#[test]
fn nobody_fills_before_those_ahead() {
    let run = RecordedRun::record(&small(), &[]).expect("the run ends");
    let mut probes = watch::watch(&plan(), &run).probes;
    assert!(probes.iter().filter(|row| row.end == end::FILLED).count() > 100);
    assert!(probes.iter().any(|row| row.end == end::MOVED_AWAY));
    assert!(probes.iter().any(|row| row.rank_percent == 100 && row.orders_ahead > 2));
    assert_eq!(out_of_order(&probes), None);
    // A planted bug: one back of a queue that passes for its front.
    let place = probes
        .iter()
        .zip(&probes[1..])
        .position(|(front, back)| {
            front.is_filled() && back.is_filled() && front.wait_ns < back.wait_ns
        })
        .expect("a queue that was worked off in order");
    let (front, back) = (probes[place].wait_ns, probes[place + 1].wait_ns);
    (probes[place].wait_ns, probes[place + 1].wait_ns) = (back, front);
    assert!(out_of_order(&probes).is_some(), "it is found");
}

#[test]
fn the_calm_does_not_know_of_the_shock() {
    let run = RecordedRun::record(&small(), &[]).expect("the run ends");
    let calm_ns = run.summary.phases.calm.expect("it begins calm").end_ns;
    let probes = watch::watch(&plan(), &run).probes;
    let reach_ns = plan().horizon_ns + 10_000_000_000;
    let calm = || probes.iter().filter(|row| row.phase == 0);
    assert!(calm().count() > 100 && calm().all(|row| row.time_ns + reach_ns < calm_ns));
    assert!(probes.iter().any(|row| row.phase == EVE && row.time_ns < calm_ns));
    assert!(calm().any(|row| row.mark_out_10s.is_some()));
    assert!(calm().all(|row| row.mark_out_60s.is_none()), "a minute later the shock has come");
    let later = probes.iter().filter(|row| row.phase == 1 && row.is_filled());
    assert!(later.clone().count() > 0 && later.clone().all(|row| row.mark_out_1s.is_some()));
}

#[test]
#[should_panic(expected = "a replay with probes is the run")]
fn a_replay_that_is_not_the_run_is_found() {
    let mut run = RecordedRun::record(&small(), &[]).expect("the run ends");
    let is_replace = |input: &Input| matches!(input, Input::Replace { .. });
    let place = run.inputs.iter().position(|input| is_replace(&input.input));
    let input = &mut run.inputs[place.expect("makers move their quotes")].input;
    if let Input::Replace { price, .. } = input {
        *price = Price::new(price.ticks() + 1).expect("a price");
    }
    watch::watch(&plan(), &run);
}

#[test]
fn a_level_that_is_not_there_is_not_observed() {
    let run = RecordedRun::record(&small(), &[]).expect("the run ends");
    let deep = Plan { levels: vec![900], delays_ns: Vec::new(), estimators: false, ..plan() };
    let seen = watch::watch(&deep, &run);
    assert!(!seen.probes.is_empty());
    assert!(seen.probes.iter().all(|row| row.end == end::NO_QUEUE && row.mark_out_1s.is_none()));
}

#[test]
fn a_path_is_an_order_s_own_and_the_lots_add_up() {
    let scenario = small();
    let run = RecordedRun::record(&scenario, &[]).expect("the run ends");
    let config = scenario.shard_config();
    let rested = run.inputs.iter().filter_map(|input| match &input.input {
        Input::Order(new) => Some(new.order),
        _ => None,
    });
    let path = rested
        .take(2_000)
        .filter_map(|order| why::why(&config, &run.inputs, order).ok())
        .find(|path| path.steps.len() > 3)
        .expect("an order that waited");
    let mut ahead = path.steps[0].lots_ahead;
    for step in &path.steps[1..] {
        if step.cause.starts_with("own") {
            ahead = step.lots_ahead;
            continue;
        }
        ahead -= step.lots;
        assert_eq!(step.lots_ahead, ahead, "{step:?}");
    }
    let unknown = OrderId(123_456_789_123_456_789);
    let error = why::why(&config, &run.inputs, unknown).expect_err("there is none");
    assert_eq!(error, WhyError::Unknown(unknown.0));
}

#[test]
fn what_cannot_be_observed_is_refused_with_what_was_expected() {
    let place = tempfile::tempdir().expect("a directory");
    let cases: [(&[&str], &str); 17] = [
        (&["queue", "--ranks", "0,101"], "101 lies beyond the queue"),
        (&["queue", "--levels", "1001"], "expected places of prices from 0 to 1000"),
        (&["queue", "--horizon-s", "1000"], "past the end of the run"),
        (&["queue", "--horizon-s", "0"], "more than 0"),
        (&["queue", "--horizon-s", "NaN"], "more than 0"),
        (&["queue", "--every-ms", "0"], "expected from 1"),
        (&["queue", "--every-ms", "500000"], "leaves no instant for a probe"),
        (&["queue", "--horizon-s", "209"], "leaves no instant for a probe"),
        (&["queue", "--away-ticks", "0"], "expected from 1"),
        (&["queue", "--loads", "0"], "expected multiples from 1"),
        (&["queue", "--lots", "0"], "expected from 1"),
        (&["queue", "--seeds", "1"], "2..=10000"),
        (&["queue", "no-such-scenario"], "no-such-scenario"),
        (&["queue", "why", "18446744073709551615"], "is not in this run"),
        (&["queue", "why"], "required"),
        (&["queue", "why", "--longest", "--scenario", "nobody"], "nobody"),
        (&["queue", "why", "1", "--run", "nowhere"], "nothing can be followed without"),
    ];
    for (arguments, expected) in cases {
        let output = seawall(place.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(place.path()).expect("it is there").count(), 0, "nothing is left");
}

#[test]
fn the_same_seed_leaves_the_same_bytes() {
    let place = tempfile::tempdir().expect("a directory");
    let run = |out: &str| {
        let mut arguments = vec!["queue", "--json", "--quiet", "--seeds", "2", "--horizon-s", "1"];
        arguments.extend(["--loads", "2", "--lots", "1", "--instants", "1", "--out", out]);
        for set in SMALL {
            arguments.extend(["--set", set]);
        }
        let output = seawall(place.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        output.stdout
    };
    assert_eq!(run("one"), run("two"));
    for file in [
        "queue.json",
        "scenario.toml",
        "probes.parquet",
        "late.parquet",
        "orders.parquet",
        "estimates.parquet",
        "pictures.parquet",
    ] {
        let read = |directory: &str| std::fs::read(place.path().join(directory).join(file));
        let (one, two) = (read("one").expect(file), read("two").expect(file));
        assert!(one == two, "{file} differs");
        assert!(!one.is_empty());
    }
    let page = std::fs::read_to_string(place.path().join("one/queue.html")).expect("a page");
    for id in ["queue-fill", "queue-exact", "queue-curves-calm", "queue-heat", "queue-path"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id} is missing");
    }
}

#[test]
fn a_study_of_a_level_that_is_not_there_says_not_observed() {
    let place = tempfile::tempdir().expect("a directory");
    let mut arguments = vec!["queue", "--quiet", "--seeds", "2", "--horizon-s", "1"];
    arguments.extend(["--loads", "2", "--lots", "1", "--instants", "1", "--levels", "900"]);
    for set in SMALL {
        arguments.extend(["--set", set]);
    }
    let output = seawall(place.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("levels hold no 0"), "{text}");
    assert!(text.contains("probes of level 900, which held no order"), "{text}");
    let start = text.find("By place in the queue").expect("the table");
    let table = &text[start..start + text[start..].find("By volume ahead").expect("the next")];
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("calm")).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.contains("observed")), "{table}");
    let moved = text.find("What moves a queue forward").expect("the table");
    assert!(!text[moved..].lines().take(12).any(|line| line.contains("0.0 %")), "{text}");
}
