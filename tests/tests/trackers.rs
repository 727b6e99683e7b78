//! Trackers and probes against a recount after every command, over random commands.

use conformance::watchers::{Tally, Watch};
use seawall_engine::types::Event;

const COMMANDS: usize = 300_000;
const COMMANDS_PER_SEED: usize = 2_000;

#[test]
fn trackers_say_what_a_recount_says() {
    let asked = std::env::var("SEAWALL_COMMANDS").ok().and_then(|text| text.parse().ok());
    let commands: usize = asked.unwrap_or(COMMANDS);
    let mut total = Tally::default();
    for seed in 0..commands.div_ceil(COMMANDS_PER_SEED) as u64 {
        let (tally, outcome) = Watch::run(seed, COMMANDS_PER_SEED, Some);
        outcome.unwrap_or_else(|what| panic!("{what}"));
        total.recounts += tally.recounts;
        total.followed += tally.followed;
        for (sum, one) in total.steps.iter_mut().zip(tally.steps) {
            *sum += one;
        }
        for (sum, one) in total.ends.iter_mut().zip(tally.ends) {
            *sum += one;
        }
    }
    println!("{total:?}");
    assert!(total.followed > 1_000, "{total:?}");
    assert!(total.steps.iter().all(|steps| *steps > 50), "every cause occurs: {total:?}");
    assert!(total.ends.iter().all(|ends| *ends > 50), "every end occurs: {total:?}");
}

/// The first difference that a bug between the engine and the trackers makes.
fn found(bug: fn(Event) -> Option<Event>) -> String {
    (0..60)
        .find_map(|seed| Watch::run(seed, COMMANDS_PER_SEED, bug).1.err())
        .expect("the bug is found")
}

#[test]
fn a_lost_cancel_is_found() {
    let what = found(|event| match event {
        Event::Cancelled { .. } => None,
        other => Some(other),
    });
    assert!(what.contains("tracked") || what.contains("ended"), "{what}");
}

#[test]
fn a_lot_too_many_is_found() {
    let what = found(|event| match event {
        Event::Trade { maker_leaves_lots: left @ 1.., symbol, side, price, qty, taker, .. } => {
            let Event::Trade { taker_account, maker, maker_account, .. } = event else {
                unreachable!("it is a trade")
            };
            let maker_leaves_lots = left - 1;
            Some(Event::Trade {
                symbol,
                side,
                price,
                qty,
                taker,
                taker_account,
                maker,
                maker_account,
                maker_leaves_lots,
            })
        }
        other => Some(other),
    });
    assert!(!what.is_empty());
}

#[test]
fn a_reduction_that_passes_for_a_trade_is_found() {
    use seawall_engine::types::CancelCause;
    // The place is right, the reason is not.
    let what = found(|event| match event {
        Event::Reduced { symbol, account, order, qty, cause: CancelCause::SelfTrade } => {
            Some(Event::Reduced { symbol, account, order, qty, cause: CancelCause::ReduceOnly })
        }
        other => Some(other),
    });
    assert!(what.contains("without a reason"), "{what}");
}
