//! `seawall bench liquidation`: what the liquidation engine costs, in real time.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Instant;

use clap::Args;
use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::liquidation::{
    Discipline, LiquidationRules, Plan, PriorityKey, Unwind, VenueRules,
};
use seawall_engine::risk::{MarginTier, MarketRules, MarketSpec};
use seawall_engine::types::{
    AccountId, Contract, ContractKind, Event, EventSink, Input, Money, NewOrder, OrderId,
    OrderKind, Ppm, Price, Qty, Seq, Sequenced, Side, SymbolId,
};
use serde::Serialize;

use super::{CliError, Output};
use crate::report::{Manifest, numbers};

const SYMBOL: SymbolId = SymbolId(0);
const MAKER: AccountId = AccountId(1);
const TRADER: AccountId = AccountId(2);
const FIRST: u32 = 3;
const ENTRY: u32 = 10_000;
/// Everybody is healthy here, and nobody there.
const CALM: u32 = 9_990;
const CRASH: u32 = 9_850;

/// Measures the liquidation engine: marks, triggers, draining, new keys
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench liquidation
  seawall bench liquidation --accounts 100000 --json")]
pub(super) struct LiquidationArgs {
    /// Accounts that one mark triggers.
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(1_000..=4_000_000))]
    accounts: u32,
    #[command(flatten)]
    output: Output,
}

/// One measurement beside its bar.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    engine: &'static str,
    workload: String,
    value: f64,
    unit: &'static str,
    /// The bar, and whether less is better.
    bar: f64,
    less_is_better: bool,
    verdict: &'static str,
}

impl Row {
    fn new(
        name: &'static str,
        workload: String,
        (value, unit): (f64, &'static str),
        (bar, less_is_better): (f64, bool),
    ) -> Self {
        let holds = if less_is_better { value <= bar } else { value >= bar };
        let verdict = if holds { "pass" } else { "fail" };
        Self { name, engine: "seawall", workload, value, unit, bar, less_is_better, verdict }
    }
}

#[derive(Debug, Serialize)]
struct Bench {
    manifest: Manifest,
    rows: Vec<Row>,
}

/// Counts events by kind and keeps none.
#[derive(Debug, Default)]
struct Tally {
    triggered: u64,
    closed: u64,
    rejected: u64,
}

impl EventSink for Tally {
    #[inline]
    fn event(&mut self, event: Event) {
        match event {
            Event::Triggered { .. } => self.triggered += 1,
            Event::Closed { .. } => self.closed += 1,
            Event::Rejected { .. } => self.rejected += 1,
            _ => {}
        }
    }
}

/// A shard with leveraged longs, all entered at one price.
struct Shop {
    engine: Engine,
    tally: Tally,
    seq: Seq,
}

fn rate(parts: u32) -> Ppm {
    Ppm::new(parts).expect("a part of one")
}

fn price(ticks: u32) -> Price {
    Price::new(ticks).expect("a price")
}

impl Shop {
    fn new(accounts: u32, key: PriorityKey, steps_max: u32, rekey: bool) -> Self {
        let tier = MarginTier {
            notional_floor: Money::ZERO,
            initial: rate(20_000),
            maintenance: rate(10_000),
        };
        let market = MarketRules::new(MarketSpec {
            contract: Contract { kind: ContractKind::Linear, unit: 1 },
            reference: price(ENTRY),
            tiers: vec![tier],
            maker_fee: Ppm::ZERO,
            taker_fee: Ppm::ZERO,
            order_lots_max: 1 << 30,
            position_lots_max: 1 << 31,
            market_band: Ppm::ONE,
        })
        .expect("the market is well formed");
        let liquidation = LiquidationRules {
            enabled: true,
            key,
            discipline: Discipline::Weighted { forced: steps_max, client: 1 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1, band: Ppm::ZERO, interval_ns: 1 << 40 },
            triggers_max: 1 << 23,
            venue: VenueRules { rekey, ..VenueRules::default() },
        };
        let config = ShardConfig::new(accounts + FIRST, 1 << 10, vec![market], liquidation)
            .expect("the shard is well formed");
        let (engine, tally) = (Engine::new(&config), Tally::default());
        let mut shop = Self { engine, tally, seq: Seq(0) };
        for account in [MAKER, TRADER] {
            shop.apply(Input::Deposit { account, amount: Money::new(1 << 55) });
        }
        for account in (FIRST..FIRST + accounts).map(AccountId) {
            // Different sizes and margins: keys are not all the same.
            let lots = 1 + account.0 % 50;
            let amount = Money::new(i64::from(lots * ENTRY));
            shop.apply(Input::Deposit { account, amount });
            let qty = Qty::new(lots).expect("some lots");
            let (buyer, seller) = (account, MAKER);
            shop.apply(Input::Block { symbol: SYMBOL, buyer, seller, price: price(ENTRY), qty });
        }
        shop.mark(CALM);
        assert_eq!(shop.tally.rejected, 0, "everybody opens");
        shop
    }

    fn apply(&mut self, input: Input) {
        self.seq = self.seq.next();
        let sequenced = Sequenced { seq: self.seq, time_ns: 0, ingress_ns: 0, input };
        self.engine.apply(&sequenced, &mut self.tally);
    }

    fn mark(&mut self, ticks: u32) {
        self.apply(Input::Mark { symbol: SYMBOL, price: price(ticks) });
    }

    fn order(&mut self, number: u64, account: AccountId, side: Side, kind: OrderKind, lots: u32) {
        let (order, qty) = (OrderId(number), Qty::new(lots).expect("some lots"));
        let (symbol, reduce_only) = (SYMBOL, false);
        self.apply(Input::Order(NewOrder { symbol, account, order, side, qty, kind, reduce_only }));
    }
}

fn seconds(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The least of five blocks of ten thousand marks that trigger nothing, in nanoseconds each.
fn mark_ns(accounts: u32) -> f64 {
    const MARKS: u32 = 10_000;
    let mut shop = Shop::new(accounts, PriorityKey::MarginRatio, 1, false);
    let block = |shop: &mut Shop| {
        seconds(|| (0..MARKS).for_each(|n| shop.mark(CALM + n % 5))) * 1e9 / f64::from(MARKS)
    };
    (0..5).map(|_| block(&mut shop)).fold(f64::INFINITY, f64::min)
}

/// One mark triggers everybody; then orders of a client and forced steps take turns.
fn overload(accounts: u32, rows: &mut Vec<Row>) {
    const STEPS: u32 = 8;
    let mut shop = Shop::new(accounts, PriorityKey::MarginRatio, STEPS, false);
    let bid = OrderKind::PostOnly(price(CRASH));
    let lots = 1 << 29;
    shop.order(1, MAKER, Side::Buy, bid, lots);
    let took = seconds(|| shop.mark(CRASH));
    assert_eq!(shop.tally.triggered, u64::from(accounts), "the mark triggers everybody");
    let per_second = f64::from(accounts) / took;
    let all = format!("{} accounts at one mark", numbers::count(u64::from(accounts)));
    rows.push(Row::new("triggers", all.clone(), (per_second, "accounts/s"), (5e6, false)));
    let (mut longest, mut number) = (0.0_f64, 2);
    let start = Instant::now();
    while shop.engine.backlog() > 0 {
        // A post-only order and its cancellation: the client's own work is a few levels.
        let pause = seconds(|| {
            shop.order(number, TRADER, Side::Buy, OrderKind::PostOnly(price(CRASH - 10)), 1);
        });
        longest = longest.max(pause);
        let order = OrderId(number);
        shop.apply(Input::Cancel { symbol: SYMBOL, account: TRADER, order });
        number += 1;
    }
    let drained = f64::from(accounts) / start.elapsed().as_secs_f64();
    assert_eq!(shop.tally.closed, u64::from(accounts), "everybody is closed");
    assert_eq!(shop.engine.conservation_error(), 0, "no money is created or destroyed");
    let workload = format!("{all}, {STEPS} forced steps after every client input");
    rows.push(Row::new("drained", workload.clone(), (drained, "accounts/s"), (0.0, false)));
    // A machine that takes the thread away for a while shows here too.
    rows.push(Row::new("longest-client-pause", workload, (longest * 1e3, "ms"), (10.0, true)));
}

/// New keys for everybody who waits, at a mark.
fn rekeying(rows: &mut Vec<Row>) {
    const QUEUED: u32 = 100_000;
    for (name, key) in [
        ("rekey-margin-ratio", PriorityKey::MarginRatio),
        ("rekey-bankruptcy-distance", PriorityKey::BankruptcyDistance),
    ] {
        let mut shop = Shop::new(QUEUED, key, 1, true);
        shop.mark(CRASH);
        let marks = (1..=9).map(|n| seconds(|| shop.mark(CRASH - n))).collect::<Vec<_>>();
        let least = marks.iter().copied().fold(f64::INFINITY, f64::min);
        let workload = "100,000 waiting, one mark".to_owned();
        rows.push(Row::new(name, workload.clone(), (least * 1e3, "ms"), (5.0, true)));
        let each = least * 1e9 / f64::from(QUEUED);
        rows.push(Row::new(name, format!("{workload}, each"), (each, "ns"), (100.0, true)));
    }
}

/// Measures and prints; a row beyond its bar fails the check.
pub(super) fn run(args: &LiquidationArgs) -> Result<(), CliError> {
    let mut rows = Vec::new();
    args.output.note("marks that trigger nothing");
    let (few, many) = (mark_ns(1_000), mark_ns(args.accounts));
    let positions = numbers::count(u64::from(args.accounts));
    let workload = format!("{positions} positions against 1,000");
    rows.push(Row::new("mark-cost-ratio", workload, (many / few, "times"), (2.0, true)));
    let each = format!("{positions} positions");
    rows.push(Row::new("mark", each, (many, "ns"), (1_000.0, true)));
    args.output.note("one mark triggers everybody");
    overload(args.accounts, &mut rows);
    args.output.note("new keys");
    rekeying(&mut rows);
    let bench = Bench { manifest: Manifest::of_this_process(), rows };
    args.output.result(&bench, || text(&bench.rows))?;
    io::stdout().flush()?;
    match bench.rows.iter().find(|row| row.verdict == "fail") {
        None => Ok(()),
        Some(row) => Err(CliError::Check(format!(
            "{}: {:.3} {} misses its bar",
            row.name, row.value, row.unit
        ))),
    }
}

fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let sign = if row.less_is_better { "<=" } else { ">=" };
        let _ = writeln!(
            text,
            "{:28} {:>14.3} {:10} bar {sign} {:<10} {:4}  {}",
            row.name, row.value, row.unit, row.bar, row.verdict, row.workload
        );
    }
    text.push_str("Waits by class: seawall validate cobham. Zero-sum per preset: cargo test -p seawall --test venues.\n");
    text
}
