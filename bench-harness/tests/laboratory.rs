//! Populations, scenario families and measures: every one runs, keeps its books, and does what its
//! page says.

use seawall::measure::summary::Summary;
use seawall::scenario::{self, Scenario};
use seawall::simulation::{self, RunOptions};

/// A minute of each scenario at a quarter of its size.
const SMALL: [&str; 8] = [
    "clock.duration_ms=60000",
    "shock.start_ms=12000",
    "holders.longs=3000",
    "holders.shorts=750",
    "makers.inventory_limit_lots=750",
    "hunter.start_ms=5000",
    "hunter.build_ms=10000",
    "mark.freeze_start_ms=14000",
];

fn small(name: &str, sets: &[&str], seed: u64) -> Scenario {
    let sets: Vec<String> = SMALL.iter().chain(sets).map(|set| (*set).to_owned()).collect();
    scenario::load(name, &sets, Some(seed)).expect("the scenario is valid")
}

fn run(scenario: &Scenario) -> Summary {
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    simulation::run(scenario, &mut options).expect("the run ends").summary
}

#[test]
fn every_scenario_runs_and_its_books_balance() {
    for listed in scenario::embedded() {
        assert!(listed.description.len() > 80 && !listed.source.is_empty(), "{}", listed.name);
        let summary = run(&small(&listed.name, &[], 3));
        let name = &listed.name;
        assert_eq!(summary.conservation_error, 0, "{name}");
        let queue = summary.liquidation.queue;
        assert_eq!(queue.littles_law_residual_ns, 0, "{name}: events and queue disagree");
        let profits: i64 = summary.populations.values().map(|population| population.profit).sum();
        assert_eq!(profits, 0, "{name}: what one gains another loses: {:?}", summary.populations);
    }
}

#[test]
fn an_unknown_or_repeated_population_is_refused() {
    let load = |agents: &str| {
        let text = format!("base = \"flash-crash\"\nname = \"x\"\nagents = {agents}\n");
        scenario::from_text(&text, "x.toml", &[], None).map_err(|error| error.to_string())
    };
    assert!(load("[\"oracle\", \"makers\", \"takers\"]").is_ok());
    let unknown = load("[\"oracle\", \"maker\"]").expect_err("there is no such population");
    assert!(unknown.contains("did you mean `makers`?"), "{unknown}");
    let twice = load("[\"oracle\", \"oracle\"]").expect_err("it is there twice");
    assert!(twice.contains("twice"), "{twice}");
    for impossible in ["index.jump_bp=99999", "takers.excitation_ppm=1000000", "probe.lots=0"] {
        let refused = scenario::load("flash-crash", &[impossible.to_owned()], None);
        assert!(refused.is_err(), "{impossible}");
    }
}

#[test]
fn manipulators_are_scored_by_the_ledger_to_the_last_unit() {
    for name in ["liquidation-hunt", "spoofing"] {
        let sets = ["hunter.cover_ms=10000", "spoofer.start_ms=5000", "spoofer.build_ms=5000"];
        let scenario = small(name, &sets, 1);
        let summary = run(&scenario);
        let who = if name == "spoofing" { "spoofer" } else { "hunter" };
        let population = &summary.populations[who];
        let trading = population.trading.expect("it is scored");
        assert!(trading.sold_lots > 5_000, "{name}: {trading:?}");
        assert_eq!(trading.sold_lots, trading.bought_lots, "{name}: it has covered everything");
        let traded = trading.sold_value - trading.bought_value - trading.fees;
        assert_eq!(population.profit, traded, "{name}: ledger and trades agree");
    }
}

#[test]
fn keepers_liquidate_no_more_than_the_block_takes() {
    let limited = run(&small("rate-limits", &["keepers.attempts_per_block=5"], 1));
    let queue = limited.liquidation.queue;
    assert!(queue.backlog_max > 50, "{queue:?}");
    assert!(queue.closed_per_second_max <= 5, "{queue:?}");
    let free = run(&small("rate-limits", &["keepers.attempts_per_block=5000"], 1));
    assert!(free.liquidation.queue.wait_ns.max < queue.wait_ns.max);
    let auction = run(&small("inclusion-auction", &["keepers.block_ms=1000"], 1));
    let counters = &auction.populations["keepers"].counters;
    assert!(counters["attempts_outbid"] > 0 && counters["attempts_failed"] > 0, "{counters:?}");
}

#[test]
fn cancels_that_come_late_are_rejected_and_counted() {
    // Nearly all changes are replacements, so it takes the whole crash to see late cancels.
    let late = |cancel_ns: &str| {
        let sets = [cancel_ns.to_owned()];
        let scenario = scenario::load("maker-withdrawal", &sets, Some(1)).expect("it is valid");
        run(&scenario).maker_quotes.late
    };
    let (fast, slow) =
        (late("latency.maker_cancel_ns=300000"), late("latency.maker_cancel_ns=80000000"));
    assert!(slow > fast, "{fast} late with fast cancels, {slow} with slow ones");
}

#[test]
fn deleveraged_accounts_come_back() {
    let summary = run(&small("adl-reentry", &[], 1));
    let counters = &summary.populations["reentry"].counters;
    assert!(counters["hits"] > 0 && counters["orders"] > 0, "{counters:?}");
    assert!(counters["orders"] < counters["hits"], "half of them stay out: {counters:?}");
    let nobody = run(&small("adl-reentry", &["reentry.share_ppm=0"], 1));
    let plain = run(&small("adl-face-off", &[], 1));
    assert_eq!(nobody.events_hash, plain.events_hash, "without them it is the same run");
}

#[test]
fn a_wrong_print_is_all_that_an_oracle_spike_needs() {
    let sets = ["mark.spike_start_ms=20000"];
    assert!(run(&small("oracle-spike", &sets, 1)).liquidation.accounts_closed > 0);
    let none = ["mark.spike_start_ms=20000", "mark.spike_ms=0"];
    assert_eq!(run(&small("oracle-spike", &none, 1)).liquidation.accounts_closed, 0);
}

#[test]
fn empty_measures_are_null_and_tails_are_ordered() {
    let summary = run(&small("no-leverage", &[], 1));
    let json = serde_json::to_value(&summary).expect("a summary is plain data");
    for key in ["slippage_vs_bankruptcy_bp", "time_to_flat_ns", "filled_fraction"] {
        assert_eq!(json["liquidation"][key]["count"], 0, "{key}");
        assert!(json["liquidation"][key]["p50"].is_null(), "{key}");
    }
    assert!(json["liquidation"]["beyond_bankruptcy"]["probability"].is_null());
    let crash = run(&small("flash-crash", &[], 1)).liquidation;
    let slippage = crash.slippage_vs_bankruptcy_bp;
    assert!(slippage.min <= slippage.p1 && slippage.p1 <= slippage.p5);
    assert!(slippage.p5 <= slippage.p50 && slippage.p50 <= slippage.p95);
    let beyond = crash.beyond_bankruptcy;
    assert!(beyond.es99_bp >= beyond.es95_bp, "{beyond:?}");
    assert!((beyond.es99_bp.unwrap() + slippage.min).abs() <= (slippage.p1 - slippage.min).abs());
}

#[test]
fn the_queue_s_own_counters_agree_with_what_the_events_tell() {
    let queue = run(&small("flash-crash", &[], 1)).liquidation.queue;
    let own = queue.own;
    let served = own.solvent.served + own.bankrupt.served;
    assert!(served >= queue.wait_ns.count, "everybody's first service is a service: {queue:?}");
    assert!(own.bankrupt.served > 0 && own.solvent.served > 0, "{own:?}");
    assert!(own.backlog_max >= queue.backlog_max, "within an input no fewer wait: {queue:?}");
    assert_eq!(own.inversions, 0, "without a draw nobody with a worse key goes first");
    let idle = run(&small("no-leverage", &[], 1)).liquidation.queue.own;
    assert_eq!(idle.solvent.wait_mean_ns, None, "no service, no wait");
    let drawn = [
        "liquidation.discipline=rate-limited",
        "liquidation.key=notional",
        "liquidation.draw_max_positions=1",
    ];
    let drawn = run(&small("flash-crash", &drawn, 1)).liquidation.queue.own;
    assert!(drawn.inversions > 0, "one drawn for each window is rarely the largest: {drawn:?}");
}
