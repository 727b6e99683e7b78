//! What one input may cause is bounded; what is left comes with the next ones.

use std::fmt::Write as _;

use conformance::differential::Pair;
use conformance::script;
use seawall_engine::core::{EXPIRIES_PER_INPUT_MAX, Engine, STOPS_PER_INPUT_MAX};
use seawall_engine::types::{CancelCause, Event};

/// Plays a script to both engines; returns how many events of each input are counted.
fn play(text: &str, counts: impl Fn(&Event) -> bool) -> Vec<usize> {
    let script = script::read(text).unwrap_or_else(|error| panic!("{error}"));
    let mut pair = Pair::<Engine>::open(&script.setup);
    let mut found = Vec::new();
    for entry in &script.entries {
        let outcome = pair.apply(&entry.input).and_then(|()| pair.compare_state());
        if let Err(difference) = outcome {
            panic!("line {}: {difference}", entry.line);
        }
        found.push(pair.events().iter().filter(|event| counts(event)).count());
    }
    found
}

#[test]
fn so_many_orders_expire_before_one_input() {
    let most = usize::try_from(EXPIRIES_PER_INPUT_MAX).expect("it fits");
    let mut text = "shard accounts 4 orders 256\ndeposit a1 10000000\n".to_owned();
    for id in 1..=most + 6 {
        writeln!(text, "order s0 a1 o{id} buy 1 good-till 90 second 1").expect("a string");
    }
    text.push_str("t=1000000000 step\nstep\nstep\n");
    let expired =
        |event: &Event| matches!(event, Event::Cancelled { cause: CancelCause::Expired, .. });
    let found = play(&text, expired);
    assert_eq!(found[found.len() - 3..], [most, 6, 0]);
}

#[test]
fn so_many_stops_become_orders_after_one_input() {
    let most = usize::try_from(STOPS_PER_INPUT_MAX).expect("it fits");
    let mut text = "shard accounts 4 orders 256\ndeposit a1 10000000\nmark s0 100\n".to_owned();
    for id in 1..=most + 6 {
        writeln!(text, "order s0 a1 o{id} buy 1 stop mark at 110 limit 90").expect("a string");
    }
    text.push_str("mark s0 110\nstep\nstep\n");
    let accepted = |event: &Event| matches!(event, Event::Accepted { .. });
    let found = play(&text, accepted);
    assert_eq!(found[found.len() - 3..], [most, 6, 0]);
}
