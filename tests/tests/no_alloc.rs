//! The engine allocates nothing once it is built: not in the calm, not in the cascade, not when the
//! fund is exhausted and accounts are deleveraged.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use conformance::generator::Generator;
use conformance::reference::Reference;
use conformance::script;
use seawall::scenario;
use seawall::simulation::{self, RunOptions};
use seawall_engine::core::Engine;
use seawall_engine::types::{CancelCause, Event, EventSink, Input, NoEvents, Sequenced};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// The allocator counts for the whole process, so the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts what a cascade went through.
#[derive(Default)]
struct Seen {
    trades: u64,
    triggered: u64,
    deleveraged: u64,
}

impl EventSink for Seen {
    fn event(&mut self, event: Event) {
        match event {
            Event::Trade { .. } => self.trades += 1,
            Event::Triggered { .. } => self.triggered += 1,
            Event::Deleveraged { .. } => self.deleveraged += 1,
            _ => {}
        }
    }
}

#[test]
fn a_whole_cascade_allocates_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let scenario = scenario::load("flash-crash", &[], None).expect("the embedded scenario");
    let mut inputs: Vec<Sequenced> = Vec::new();
    let mut options =
        RunOptions { commands: Some(&mut inputs), paired: false, ..RunOptions::default() };
    simulation::run(&scenario, &mut options).expect("the run that is recorded");

    let mut engine = Engine::new(&scenario.shard_config());
    let mut seen = Seen::default();
    let region = Region::new(ALLOCATOR);
    for input in &inputs {
        engine.apply(input, &mut seen);
    }
    let change = region.change();
    told(format_args!(
        "{} inputs, {} trades, {} triggered, {} deleveraged: {} allocations",
        inputs.len(),
        seen.trades,
        seen.triggered,
        seen.deleveraged,
        change.allocations + change.reallocations
    ));
    assert!(inputs.len() > 1_000_000 && seen.triggered > 0 && seen.deleveraged > 0);
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
}

const SEEDS: u64 = 80;
const COMMANDS: usize = 2_000;
/// Inputs that are not counted.
const WARM_UP: usize = 200;

/// Counts what a flow of every kind of order went through.
#[derive(Default)]
struct Kinds {
    events: u64,
    stops: u64,
    linked: u64,
    expired: u64,
    clipped: u64,
    auction_trades: u64,
    rested: u64,
}

impl EventSink for Kinds {
    fn event(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::StopTriggered { .. } => self.stops += 1,
            Event::AuctionTrade { .. } => self.auction_trades += 1,
            Event::Rested { order, .. } if order.is_derived() => self.rested += 1,
            Event::Cancelled { cause, .. } | Event::Reduced { cause, .. } => match cause {
                CancelCause::Linked => self.linked += 1,
                CancelCause::Expired => self.expired += 1,
                CancelCause::ReduceOnly => self.clipped += 1,
                _ => {}
            },
            _ => {}
        }
    }
}

/// Every kind of order, every account setting, halts, auctions, liquidations: the inputs of the
/// differential test, whose books are full of them.
#[test]
fn no_kind_of_order_allocates() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = Kinds::default();
    let (mut inputs_count, mut allocations) = (0, 0);
    for seed in 0..SEEDS {
        let mut generator = Generator::new(seed);
        let config = generator.setup().build().expect("rules are valid");
        let mut reference = Reference::new(&config);
        let mut inputs: Vec<Sequenced> = Vec::with_capacity(COMMANDS);
        for _ in 0..COMMANDS {
            let input = generator.next(&reference);
            reference.apply(&input, &mut Vec::new());
            inputs.push(input);
        }
        let mut engine = Engine::new(&config);
        let (warm_up, rest) = inputs.split_at(WARM_UP);
        for input in warm_up {
            engine.apply(input, &mut seen);
        }
        for input in rest {
            let region = Region::new(ALLOCATOR);
            engine.apply(input, &mut seen);
            let change = region.change();
            // The first account to take cross margin builds an index for every market.
            if !matches!(input.input, Input::MarginMode { .. }) {
                allocations += change.allocations + change.reallocations;
            }
        }
        inputs_count += inputs.len();
    }
    let Kinds { events, stops, linked, expired, clipped, auction_trades, rested } = seen;
    told(format_args!(
        "{inputs_count} inputs, {events} events, {stops} stops triggered, {linked} cancelled by a link, {expired} expired, \
         {clipped} clipped, {auction_trades} auction trades, {rested} forced orders rested: {allocations} allocations"
    ));
    let all = [stops, linked, expired, clipped, auction_trades, rested];
    assert!(all.iter().all(|count| *count > 20));
    assert_eq!(allocations, 0);
}

/// Every way to get an input wrong that needs no rare state, with the reason that it must be given.
const WRONG: [(&str, &str); 34] = [
    ("order s0 a1 o50 buy 21 limit 100", "QtyTooLarge"),
    ("order s0 a1 o50 buy 3 limit 100", "OffLot"),
    ("order s0 a1 o50 buy 2 limit 101", "OffTick"),
    ("order s0 a1 o50 buy 2 limit 4", "PriceOutOfDomain"),
    ("order s0 a1 o50 buy 2 limit 2001", "PriceOutOfDomain"),
    ("order s0 a1 o50 buy 2 limit 268435456", "PriceOutOfDomain"),
    ("order s0 a1 o1 buy 2 limit 90", "DuplicateOrder"),
    ("order s0 a1 o0 buy 2 limit 90", "OrderIdOutOfRange"),
    ("order s0 a1 f1.0 buy 2 limit 90", "OrderIdOutOfRange"),
    ("order s0 a0 o50 buy 2 limit 90", "FundAccount"),
    ("order s0 a7 o50 buy 2 limit 90", "UnknownAccount"),
    ("order s0 a4000000000 o50 buy 2 limit 90", "UnknownAccount"),
    ("order s9 a1 o50 buy 2 limit 90", "UnknownSymbol"),
    ("order s0 a1 o50 sell 2 post-only 90", "PostOnlyWouldCross"),
    ("order s0 a1 o50 buy 2 market", "NoLiquidity"),
    ("order s0 a1 o50 buy 2 market-to-limit", "NoLiquidity"),
    ("order s0 a1 o50 buy 2 at-least 4 at 90", "MinAboveQty"),
    ("order s0 a1 o50 buy 2 iceberg 90 shows 4", "DisplayAboveQty"),
    ("order s0 a1 o50 buy 2 good-till 90 second 0", "ExpiryPassed"),
    ("order s0 a1 o50 buy 2 limit 90 reduce-only", "NothingToReduce"),
    ("order s0 a1 o50 sell 2 stop mark at 100", "WouldTriggerAtOnce"),
    ("order s0 a1 o50 sell 2 take-profit mark at 100", "WouldTriggerAtOnce"),
    ("order s0 a1 o50 sell 2 stop index at 90", "NoReference"),
    ("order s0 a1 o50 sell 2 trailing-stop mark by 0", "TrailOutOfRange"),
    ("order s0 a1 o50 buy 20 limit 2000", "InsufficientMargin"),
    // Filled or cancelled before: neither can be changed any more.
    ("replace s0 a1 o2 2 at 90", "UnknownOrder"),
    ("replace s0 a2 o3 2 at 90", "UnknownOrder"),
    ("replace s0 a2 o1 2 at 90", "UnknownOrder"),
    ("cancel s0 a1 o2", "UnknownOrder"),
    ("link s0 a1 o1 o1", "LinkToItself"),
    ("link s0 a1 o1 o50", "UnknownOrder"),
    ("halt s0", "NoAuction"),
    ("mark s0 2001", "PriceOutOfDomain"),
    ("withdraw a1 1000001", "InsufficientCash"),
];

/// A named reason each, nothing changed, nothing allocated.
#[test]
fn bad_input_has_a_name_and_changes_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = "shard accounts 8 orders 16\n\
         market linear unit 1 reference 100\n  asks tick 2 lot 2 notional 0 band 0\n  lots 20 100\n\
         deposit a1 400\ndeposit a2 400\nmark s0 100\n\
         order s0 a1 o1 buy 4 limit 90\norder s0 a1 o2 buy 2 limit 92\n\
         order s0 a2 o3 sell 2 limit 92\n";
    for (line, reason) in WRONG {
        let script = script::read(&format!("{before}{line}\n")).expect(line);
        let config = script.setup.build().expect("rules are valid");
        let (mut engine, mut twin) = (Engine::new(&config), Engine::new(&config));
        let (last, first) = script.entries.split_last().expect("there are inputs");
        for entry in first {
            engine.apply(&entry.input, &mut NoEvents);
            twin.apply(&entry.input, &mut NoEvents);
        }
        let mut events = Vec::with_capacity(4);
        let region = Region::new(ALLOCATOR);
        engine.apply(&last.input, &mut events);
        let change = region.change();
        assert_eq!((change.allocations, change.reallocations), (0, 0), "{line}");
        let [Event::Rejected { reason: found, .. }] = events[..] else {
            panic!("{line}: {events:?}");
        };
        assert_eq!(format!("{found:?}"), reason, "{line}");
        twin.apply(&Sequenced { input: Input::Step, ..last.input }, &mut NoEvents);
        assert_eq!(engine.state_hash(), twin.state_hash(), "{line}");
    }
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
