//! Whole runs in virtual time: reproducible, conserving, and with controls that behave.

use seawall::measure::hand_over::{TableError, TableSink};
use seawall::measure::summary::Summary;
use seawall::measure::tables::{DeleverageRow, FundRow, LiquidationRow, Tables};
use seawall::scenario::{self, Scenario};
use seawall::simulation::{
    self, BackgroundAction, BackgroundMessage, CommandSink, Progress, Recording, RunOptions,
    RunResult,
};
use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::types::{AccountId, Event, FundCause, Input, Sequenced, Side};

/// A minute of the default scenario at a quarter of its size.
const SMALL: [&str; 7] = [
    "clock.duration_ms=60000",
    "shock.start_ms=12000",
    "shock.sell_lots=10000",
    "holders.longs=3000",
    "holders.shorts=750",
    "makers.inventory_limit_lots=750",
    "liquidation.fund_currency=60000",
];

fn small(name: &str, sets: &[&str], seed: u64) -> Scenario {
    let sets: Vec<String> = SMALL.iter().chain(sets).map(|set| (*set).to_owned()).collect();
    scenario::load(name, &sets, Some(seed)).expect("the scenario is valid")
}

fn run(scenario: &Scenario) -> RunResult {
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    simulation::run(scenario, &mut options).expect("the run ends")
}

fn hashes(summary: &Summary) -> (&str, &str) {
    (&summary.events_hash, &summary.state_hash)
}

#[test]
fn a_run_is_reproducible_and_a_seed_makes_another() {
    let scenario = small("flash-crash", &[], 1);
    let (first, again) = (run(&scenario).summary, run(&scenario).summary);
    assert_eq!(hashes(&first), hashes(&again));
    let mut again = again;
    again.loop_cpu_seconds = first.loop_cpu_seconds;
    assert_eq!(first, again, "every measure but the machine's is the same");
    let other = run(&small("flash-crash", &[], 2)).summary;
    assert_ne!(first.events_hash, other.events_hash);
    assert_ne!(first.state_hash, other.state_hash);
    assert_eq!(first.config_hash, other.config_hash, "the seed is not part of the configuration");
}

#[test]
fn the_resolved_scenario_gives_the_same_run() {
    let scenario = small("flash-crash", &["liquidation.key=\"notional\""], 7);
    let text = scenario.to_toml();
    let again = scenario::from_text(&text, "scenario.toml", &[], None).expect("it reads back");
    assert_eq!(scenario, again);
    assert_eq!(text, again.to_toml());
    let (first, second) = (run(&scenario).summary, run(&again).summary);
    assert_eq!(first.config_hash, second.config_hash);
    assert_eq!(hashes(&first), hashes(&second));
}

#[test]
fn a_cascade_liquidates_amplifies_and_conserves() {
    let scenario = small("flash-crash", &[], 1);
    let result = simulation::run(&scenario, &mut RunOptions::default()).expect("the run ends");
    let RunResult { summary, tables } = result;
    let l = &summary.liquidation;
    assert_eq!(summary.conservation_error, 0);
    assert!(l.accounts_closed > 100 && l.accounts_triggered >= l.accounts_closed);
    assert!(l.forced_filled_qty > 0 && l.forced_filled_qty < l.forced_qty);
    assert!(summary.market.amplification.is_some_and(|a| a > 1.0));
    assert!(summary.market.drawdown_ratio.is_some_and(|ratio| ratio > 1.0));
    let phases = summary.phases;
    let all =
        [phases.calm, phases.onset, phases.peak, phases.recovery].map(|p| p.expect("not empty"));
    assert!(all.windows(2).all(|pair| pair[0].end_ns == pair[1].start_ns), "phases touch");
    assert!(summary.fill_rate.taker.degradation.is_some_and(|d| d > 0.05));
    assert!(summary.fill_rate.forced.calm.is_some_and(|calm| calm > 0.5));
    for flow in [&summary.latency_ns.maker, &summary.latency_ns.taker, &summary.latency_ns.forced] {
        assert!(flow.order_to_ack.count > 0 && flow.order_to_fill.count > 0);
        assert!(flow.order_to_ack.p50 <= flow.order_to_ack.p99_9);
    }
    let rows: u64 = tables.timeline.iter().map(|row| row.forced_lots).sum();
    assert_eq!(rows, l.forced_qty, "the timeline accounts for every forced lot");
    for row in &tables.liquidations {
        let gone = row.filled_lots + row.taken_over_lots + row.deleveraged_lots;
        assert!(row.recovered || row.end_ns == 0 || gone == row.qty_lots, "{row:?}");
    }
}

#[test]
fn summary_json_has_the_keys_of_the_house() {
    let summary = run(&small("flash-crash", &[], 1)).summary;
    let json = serde_json::to_value(&summary).expect("a summary is plain data");
    for path in [
        "scenario",
        "venue",
        "seed",
        "config_hash",
        "events_hash",
        "state_hash",
        "commands",
        "events",
        "trades",
        "sim_seconds",
        "wall_seconds",
        "loop_cpu_seconds",
        "horizon_ns",
        "liquidation.accounts_triggered",
        "liquidation.accounts_closed",
        "liquidation.forced_qty",
        "liquidation.forced_filled_qty",
        "liquidation.fill_rate",
        "liquidation.deficit",
        "liquidation.insurance_paid",
        "liquidation.backstop_notional",
        "liquidation.adl_notional",
        "liquidation.socialised",
        "liquidation.bankrupt_accounts",
        "liquidation.slippage_vs_bankruptcy_bp.p99",
        "liquidation.slippage_vs_trigger_mark_bp.mean",
        "liquidation.time_to_first_fill_ns.p50",
        "liquidation.time_to_flat_ns.max",
        "latency_ns.clock",
        "latency_ns.maker.order_to_ack.p99_99",
        "latency_ns.taker.order_to_fill.p50",
        "latency_ns.forced.order_to_ack.count",
        "fill_rate.maker.calm",
        "fill_rate.taker.degradation",
        "fill_rate.forced.peak",
        "market.amplification",
        "market.drawdown_bp",
        "market.drawdown_ratio",
        "market.depth_trough_fraction",
        "market.depth_half_recovery_ns",
        "market.spread_max_ticks",
        "conservation_error",
    ] {
        let found = path.split('.').try_fold(&json, |value, key| value.get(key));
        assert!(found.is_some(), "summary.json has {path}");
    }
}

#[test]
fn without_leverage_nobody_is_liquidated() {
    let summary = run(&small("no-leverage", &[], 1)).summary;
    assert_eq!(summary.leveraged_accounts, 0);
    assert_eq!(summary.liquidation.accounts_triggered, 0);
    assert_eq!(summary.liquidation.forced_qty, 0);
    assert_eq!(summary.market.amplification, Some(1.0));
    assert!(summary.phases.peak.is_none());
}

#[test]
fn without_a_shock_nothing_degrades() {
    let scenario = small("flash-crash", &["shock.sell_lots=0", "shock.index_drop_bp=0"], 1);
    let result = simulation::run(&scenario, &mut RunOptions::default()).expect("the run ends");
    let summary = result.summary;
    assert_eq!(summary.liquidation.accounts_triggered, 0);
    assert_eq!(summary.market.amplification, None);
    assert_eq!(summary.market.drawdown_ratio, Some(1.0), "the pair differs in nothing");
    let degradation = summary.fill_rate.taker.degradation.expect("takers traded");
    assert!(degradation.abs() < 0.03, "degradation is {degradation}");
    let phases = summary.phases;
    assert!(phases.onset.is_none() && phases.peak.is_none() && phases.recovery.is_some());
}

#[test]
fn an_infinitely_deep_book_amplifies_nothing() {
    let summary =
        run(&small("infinite-depth", &["makers.inventory_limit_lots=10000000"], 1)).summary;
    assert_eq!(summary.liquidation.forced_qty, 0);
    assert_eq!(summary.market.amplification, Some(1.0));
}

#[test]
fn an_unlimited_fund_deleverages_nobody() {
    let limited = run(&small("flash-crash", &["liquidation.fund_currency=1000"], 1)).summary;
    assert!(limited.liquidation.adl_accounts > 0, "a small fund runs out");
    let plenty = ["liquidation.fund_currency=100000000000"];
    let summary = run(&small("unlimited-insurance", &plenty, 1)).summary;
    assert_eq!(summary.liquidation.adl_accounts, 0);
    assert_eq!(summary.liquidation.adl_notional, 0);
    assert_eq!(summary.liquidation.socialised, 0);
}

#[test]
fn load_costs_latency() {
    let p99 = |scale: &str| {
        let summary = run(&small("flash-crash", &[scale], 1)).summary;
        summary.latency_ns.taker.order_to_ack.p99
    };
    assert!(p99("latency.service_scale=6") > p99("latency.service_scale=1"));
}

#[test]
fn every_discipline_key_and_plan_runs() {
    for sets in [
        ["liquidation.discipline=weighted", "liquidation.key=trigger-time"],
        ["liquidation.discipline=fifo", "liquidation.key=bankruptcy-distance"],
        ["liquidation.discipline=rate-limited", "liquidation.key=notional"],
        ["liquidation.discipline=strict", "liquidation.plan=fraction"],
    ] {
        let summary = run(&small("flash-crash", &sets, 1)).summary;
        assert_eq!(summary.conservation_error, 0, "{sets:?}");
        assert!(summary.liquidation.accounts_closed > 100, "{sets:?}");
    }
}

#[test]
fn extreme_scenarios_end() {
    for sets in [
        // Makers wake at the same instant, and are liquidated themselves.
        ["makers.requote_ms=1", "clock.duration_ms=15000", "shock.start_ms=12500"],
        ["makers.skew_at_limit_bp=9000", "makers.inventory_limit_lots=1", "seed=3"],
        ["index.volatility_bp=1000", "market.reference_ticks=1000", "seed=3"],
        // Nobody holds, nobody has cash, the shock comes after the end.
        ["holders.longs=0", "holders.shorts=0", "shock.sell_interval_ms=20000"],
        ["makers.deposit_currency=1", "takers.deposit_currency=1", "liquidation.fund_currency=0"],
        ["shock.start_ms=90000", "clock.sample_ms=7", "latency.service_scale=1000"],
        ["liquidation.triggers_max=1", "liquidation.steps_max=1", "mark.period_ms=1"],
    ] {
        let summary = run(&small("flash-crash", &sets, 1)).summary;
        assert_eq!(summary.conservation_error, 0, "{sets:?}");
        assert!(summary.commands > 1_000, "{sets:?}");
    }
}

#[test]
fn recorded_inputs_replay_to_the_same_events() {
    let scenario = small("flash-crash", &[], 1);
    let mut inputs: Vec<Sequenced> = Vec::new();
    let mut last = None;
    let mut progress = |progress: Progress| last = Some(progress);
    let sink: &mut dyn CommandSink = &mut inputs;
    let mut options =
        RunOptions { commands: Some(sink), progress: Some(&mut progress), ..RunOptions::default() };
    let summary = simulation::run(&scenario, &mut options).expect("the run ends").summary;
    assert_eq!(inputs.len() as u64, summary.commands, "the pair is not recorded");
    assert!(last.is_some_and(|p| p.paired && p.time_ns == p.end_ns), "progress reaches the end");
    let mut engine = Engine::new(&scenario.shard_config());
    let mut hasher = EventHasher::default();
    for input in &inputs {
        engine.apply(input, &mut hasher);
    }
    assert_eq!(format!("{:032x}", hasher.digest()), summary.events_hash);
    assert_eq!(format!("{:032x}", engine.state_hash()), summary.state_hash);
}

/// The summary's sums, recomputed from the plain list of events.
#[test]
fn sums_are_those_of_the_events() {
    let scenario = small("flash-crash", &["liquidation.fund_currency=20000"], 2);
    let mut inputs: Vec<Sequenced> = Vec::new();
    let mut options =
        RunOptions { commands: Some(&mut inputs), paired: false, ..RunOptions::default() };
    let summary = simulation::run(&scenario, &mut options).expect("the run ends").summary;
    let mut engine = Engine::new(&scenario.shard_config());
    let mut events: Vec<Event> = Vec::new();
    for input in &inputs {
        engine.apply(input, &mut events);
    }
    let sum = |amount: &dyn Fn(&Event) -> i64| events.iter().map(amount).sum::<i64>();
    let forced = sum(&|event| match event {
        Event::Forced { account, qty, .. } if *account != AccountId::FUND => qty.lots().into(),
        _ => 0,
    });
    let filled = sum(&|event| match event {
        Event::Trade { taker, taker_account, qty, .. }
            if taker.is_derived() && *taker_account != AccountId::FUND =>
        {
            qty.lots().into()
        }
        _ => 0,
    });
    let contract = scenario.contract();
    let deleveraged = sum(&|event| match event {
        Event::Deleveraged { price, qty, .. } => contract.value(*price, qty.lots().into()).units(),
        _ => 0,
    });
    let paid = sum(&|event| match event {
        Event::Fund { cause: FundCause::LiquidationFee | FundCause::Socialised, .. } => 0,
        Event::Fund { amount, .. } => -amount.units(),
        _ => 0,
    });
    let count =
        |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|e| wanted(e)).count() as u64;
    let l = &summary.liquidation;
    assert_eq!(u64::try_from(forced), Ok(l.forced_qty));
    assert_eq!(u64::try_from(filled), Ok(l.forced_filled_qty));
    assert_eq!((deleveraged, paid), (l.adl_notional, l.insurance_paid));
    assert!(deleveraged > 0 && paid > 0, "every stage was reached");
    assert_eq!(events.len() as u64, summary.events);
    assert_eq!(count(&|event| matches!(event, Event::Trade { .. })), summary.trades);
    assert_eq!(count(&|event| matches!(event, Event::Rejected { .. })), summary.rejected);
    assert_eq!(
        count(&|event| matches!(event, Event::Accepted { .. } | Event::Replaced { .. })),
        summary.latency_ns.maker.order_to_ack.count + summary.latency_ns.taker.order_to_ack.count,
        "every admitted order was acknowledged"
    );
}

#[test]
fn recorded_order_flow_trades_along() {
    let mut messages = Vec::new();
    for n in 0..2_000_u64 {
        let time_ns = n * 10_000_000;
        let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
        let price = if n % 2 == 0 { 5_853_300 } else { 5_854_300 };
        let action = match n % 10 {
            0..6 => BackgroundAction::New { order: n, side, price, qty: 100 },
            6 | 7 => BackgroundAction::Reduce { order: n - 5, qty: 40 },
            8 => BackgroundAction::Delete { order: n - 8 },
            _ => BackgroundAction::Take { side, price: 5_853_800, qty: 200 },
        };
        messages.push(BackgroundMessage { time_ns, action });
    }
    let scenario = small("flash-crash", &[], 1);
    let mut options =
        RunOptions { background: Some(&messages), paired: false, ..RunOptions::default() };
    let with = simulation::run(&scenario, &mut options).expect("the run ends").summary;
    let without = run(&scenario).summary;
    assert!(with.commands > without.commands + 1_000);
    assert_eq!(with.conservation_error, 0);
    assert_ne!(with.events_hash, without.events_hash);
}

/// Counts what it is given.
struct Counting<'a>(&'a core::cell::Cell<u64>);

impl CommandSink for Counting<'_> {
    fn command(&mut self, _: &Sequenced) -> std::io::Result<()> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

#[test]
fn inputs_are_streamed_and_not_kept() {
    let scenario = small("flash-crash", &[], 1);
    let taken = core::cell::Cell::new(0);
    let mut behind_max = 0;
    let mut reports = 0;
    let mut progress = |progress: Progress| {
        behind_max = behind_max.max(progress.commands - taken.get());
        reports += 1;
    };
    let mut sink = Counting(&taken);
    let mut options = RunOptions {
        commands: Some(&mut sink),
        progress: Some(&mut progress),
        paired: false,
        ..RunOptions::default()
    };
    let summary = simulation::run(&scenario, &mut options).expect("the run ends").summary;
    assert_eq!(taken.get(), summary.commands);
    // What waits for the sink is one batch at most, however long the run.
    assert!(reports > 10 && behind_max <= 1_024, "{behind_max} of {}", summary.commands);
}

/// Keeps what it is given in groups of a few rows.
#[derive(Default)]
struct Groups {
    kept: Tables,
    groups: core::cell::Cell<usize>,
}

impl Groups {
    fn take<R>(&self, kept: usize, rows: &[R]) {
        assert!(rows.len() <= self.group_rows(), "{} rows at once", rows.len());
        assert_eq!(kept % self.group_rows(), 0, "only the last group is not whole");
        self.groups.set(self.groups.get() + 1);
    }
}

impl TableSink for Groups {
    fn group_rows(&self) -> usize {
        16
    }

    fn liquidations(&mut self, rows: &[LiquidationRow]) -> Result<(), TableError> {
        self.take(self.kept.liquidations.len(), rows);
        self.kept.liquidations.extend(rows);
        Ok(())
    }

    fn deleverages(&mut self, rows: &[DeleverageRow]) -> Result<(), TableError> {
        self.take(self.kept.deleverages.len(), rows);
        self.kept.deleverages.extend(rows);
        Ok(())
    }

    fn fund(&mut self, rows: &[FundRow]) -> Result<(), TableError> {
        self.take(self.kept.fund.len(), rows);
        self.kept.fund.extend(rows);
        Ok(())
    }
}

#[test]
fn event_tables_leave_in_groups_and_lose_nothing() {
    // Cross accounts whose further positions have rows of their own, and a fund that holds on.
    for (name, sets) in
        [("flash-crash", &["liquidation.fund_currency=20000"][..]), ("contagion", &[])]
    {
        let scenario = small(name, sets, 1);
        let whole = run(&scenario);
        let mut sink = Groups::default();
        let mut options =
            RunOptions { tables: Some(&mut sink), paired: false, ..RunOptions::default() };
        let result = simulation::run(&scenario, &mut options).expect("the run ends");
        let measured =
            |result: &RunResult| Summary { loop_cpu_seconds: 0.0, ..result.summary.clone() };
        assert_eq!(measured(&result), measured(&whole), "{name}");
        let left = &result.tables;
        assert!(
            left.liquidations.is_empty() && left.deleverages.is_empty() && left.fund.is_empty()
        );
        assert!(sink.groups.get() > 10, "{name}: {} groups", sink.groups.get());
        let Groups { mut kept, .. } = sink;
        kept.liquidations.sort_by_key(|row| (row.trigger_ns, row.leg, row.account, row.symbol));
        let mut rows = whole.tables.liquidations;
        rows.sort_by_key(|row| (row.trigger_ns, row.leg, row.account, row.symbol));
        assert_eq!(kept.liquidations, rows, "{name}");
        assert_eq!(kept.deleverages, whole.tables.deleverages, "{name}");
        assert_eq!(kept.fund, whole.tables.fund, "{name}");
    }
}

#[test]
fn recorded_quantities_are_scaled_by_the_unit_they_are_told_in() {
    let message = |n: u64, action| BackgroundMessage { time_ns: n * 1_000_000, action };
    // In millionths of a coin: two coins, then a quarter of one.
    let messages = [(0, 2_000_000), (1, 250_000)].map(|(order, qty)| {
        message(order, BackgroundAction::New { order, side: Side::Buy, price: 20_000, qty })
    });
    let recording = Recording { messages: messages.to_vec(), qty_per_unit: 1_000_000 };
    let scenario = small("flash-crash", &["background.lots_per_unit=1000"], 1);
    let mut commands: Vec<Sequenced> = Vec::new();
    let mut options = RunOptions {
        background: Some(&recording),
        commands: Some(&mut commands),
        paired: false,
        ..RunOptions::default()
    };
    simulation::run(&scenario, &mut options).expect("the run ends");
    let account = AccountId(scenario.roles().background);
    let lots = commands.iter().filter_map(|command| match &command.input {
        Input::Order(new) if new.account == account => Some(new.qty.lots()),
        _ => None,
    });
    assert_eq!(lots.collect::<Vec<_>>(), [2_000, 250]);
}
