//! The differential test can fail: faults planted in a copy of the reference are found, and
//! shrunk to a handful of commands.

use conformance::coverage::Coverage;
use conformance::differential::{What, compare, run_seed, shrink};
use conformance::reference::Reference;
use conformance::script;
use conformance::venue::{Snapshot, Venue};
use seawall_engine::core::ShardConfig;
use seawall_engine::types::{Event, Money, Qty, Sequenced};

/// A reference whose events pass through a fault.
struct Planted<const FAULT: u8>(Reference);

const NONE: u8 = 0;
const EVENT_DROPPED: u8 = 1;
const PRIORITY_SWAPPED: u8 = 2;
const MONEY_OFF_BY_ONE: u8 = 3;
const QTY_OFF_BY_ONE: u8 = 4;
const STATE_ONLY: u8 = 5;
const PANIC: u8 = 6;

fn fault(number: u8, events: &mut Vec<Event>) {
    match number {
        EVENT_DROPPED => events.retain(|event| !matches!(event, Event::Recovered { .. })),
        PRIORITY_SWAPPED => {
            let trades = |event: &Event| matches!(event, Event::Trade { .. });
            if let Some(first) = events.iter().position(trades)
                && let Some(second) = events.iter().skip(first + 1).position(trades)
            {
                events.swap(first, first + 1 + second);
            }
        }
        MONEY_OFF_BY_ONE => {
            for event in events {
                if let Event::Fund { balance, .. } = event {
                    *balance += Money::new(1);
                }
            }
        }
        QTY_OFF_BY_ONE => {
            for event in events {
                if let Event::Deleveraged { qty, .. } = event {
                    *qty = Qty::new(qty.lots() + 1).expect("small");
                }
            }
        }
        PANIC => {
            let closed = events.iter().any(|event| matches!(event, Event::Closed { .. }));
            assert!(!closed, "planted");
        }
        _ => {}
    }
}

impl<const FAULT: u8> Venue for Planted<FAULT> {
    fn open(config: &ShardConfig) -> Self {
        Self(Reference::new(config))
    }

    fn apply(&mut self, input: &Sequenced, events: &mut Vec<Event>) {
        let before = events.len();
        self.0.apply(input, events);
        let mut own = events.split_off(before);
        fault(FAULT, &mut own);
        events.append(&mut own);
    }

    fn snapshot(&self, like: &Reference) -> Snapshot {
        let mut snapshot = self.0.snapshot(like);
        if FAULT == STATE_ONLY && snapshot.backlog > 0 {
            snapshot.cash[1] += Money::new(1);
        }
        snapshot
    }
}

/// Finds the fault within a few seeds and shrinks it; returns how many commands are enough, for
/// the plainest of three seeds: some have rules under which it takes long to show.
fn found<const FAULT: u8>() -> (What, usize) {
    let mut coverage = Coverage::default();
    let mut smallest: Vec<(What, usize)> = Vec::new();
    for seed in 0..60 {
        if let Err(failure) = run_seed::<Planted<FAULT>>(seed, 2_000, &mut coverage) {
            let (setup, small) = shrink::<Planted<FAULT>>(&failure.setup, &failure.inputs);
            assert!(small.len() < failure.inputs.len(), "something could be dropped");
            // What is reported can be saved, read and run again.
            let text = script::write(&setup, &small);
            let script = script::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let inputs: Vec<_> = script.entries.iter().map(|entry| entry.input).collect();
            assert_eq!((&script.setup, &inputs), (&setup, &small));
            let again = compare::<Planted<FAULT>>(&script.setup, &inputs, 1);
            let difference = again.expect_err("the saved commands still differ");
            smallest.push((difference.what, inputs.len()));
            if smallest.len() == 3 {
                break;
            }
        }
    }
    let smallest = smallest.into_iter().min_by_key(|(_, commands)| *commands);
    smallest.unwrap_or_else(|| panic!("fault {FAULT} was not found"))
}

#[test]
fn without_a_fault_nothing_differs() {
    let mut coverage = Coverage::default();
    for seed in 0..20 {
        run_seed::<Planted<NONE>>(seed, 2_000, &mut coverage)
            .unwrap_or_else(|failure| panic!("{}", failure.report::<Planted<NONE>>()));
    }
    assert_eq!(coverage.commands, 40_000);
}

#[test]
fn a_dropped_event_is_found() {
    let (what, commands) = found::<EVENT_DROPPED>();
    assert!(matches!(what, What::Events { .. }), "{what:?}");
    assert!(commands <= 16, "{commands} commands");
}

#[test]
fn a_swapped_priority_is_found() {
    let (what, commands) = found::<PRIORITY_SWAPPED>();
    assert!(matches!(what, What::Events { .. }), "{what:?}");
    assert!(commands <= 16, "{commands} commands");
}

#[test]
fn one_unit_of_money_is_found() {
    let (what, commands) = found::<MONEY_OFF_BY_ONE>();
    assert!(matches!(what, What::Events { .. }), "{what:?}");
    assert!(commands <= 16, "{commands} commands");
}

#[test]
fn one_lot_is_found() {
    let (what, commands) = found::<QTY_OFF_BY_ONE>();
    assert!(matches!(what, What::Events { .. }), "{what:?}");
    assert!(commands <= 16, "{commands} commands");
}

#[test]
fn a_difference_in_state_alone_is_found() {
    let (what, commands) = found::<STATE_ONLY>();
    assert!(matches!(what, What::State(_)), "{what:?}");
    assert!(commands <= 16, "{commands} commands");
}

#[test]
fn a_panic_is_a_difference() {
    let (what, commands) = found::<PANIC>();
    assert_eq!(what, What::Panic);
    assert!(commands <= 16, "{commands} commands");
}
