//! What a stranger can check without a clock: golden numbers, waits, promises under every venue,
//! and what the queue says of itself.

use std::num::NonZeroUsize;

use seawall_engine::core::Engine;
use seawall_engine::types::NoEvents;

use super::{Bar, Row};
use crate::report::numbers;
use crate::scenario::{ScenarioError, venue};
use crate::study::theory::{self, Plan, Verdict};
use crate::study::venues::{DEEP, Found, Stream, small_market, watched};

/// Inputs of the random stream under each venue.
const COMMANDS: usize = 20_000;

/// Tables of `seawall validate` that are about liquidation.
const TESTS: [&str; 4] = ["liquidation-golden", "cascade", "toxic-spiral", "cobham"];

/// Every row of those tables.
pub(super) fn theory(workers: NonZeroUsize, rows: &mut Vec<Row>) {
    let plan = Plan { deep: false, workers };
    for name in TESTS {
        let test = theory::find(name).expect("the test is there");
        for row in test.run(plan) {
            let (Some(measured), Some(expected)) = (row.measured, row.expected) else { continue };
            let bar = Bar::Equal { expected, within: row.tolerance.max(row.half_width) };
            let holds = row.verdict == Verdict::Pass;
            rows.push(Row::judged(row.name, test.about.to_owned(), (measured, ""), bar, holds));
        }
    }
}

/// Promises after every input of a random stream, under every venue.
pub(super) fn promises(rows: &mut Vec<Row>) -> Result<(), ScenarioError> {
    for preset in &venue::PRESETS {
        let found = watched(preset.name, DEEP + 1, COMMANDS)?;
        let Found { triggered, forced, taken_over, deleveraged, socialised, .. } = found;
        let workload = format!(
            "{} inputs: {triggered} triggered, {forced} forced orders, {taken_over} takeovers, \
             {deleveraged} deleveraged, {socialised} shared a loss",
            numbers::count(found.commands)
        );
        for (name, errors) in [
            ("money-errors", found.money_errors),
            ("position-errors", found.position_errors),
            ("triggered-early", found.early),
            ("triggered-late", found.late),
        ] {
            let name = format!("{}/{name}", preset.name);
            let bar = Bar::Equal { expected: 0.0, within: 0.0 };
            let value = (errors as f64, "inputs");
            rows.push(Row::new(name, workload.clone(), value, bar));
        }
    }
    Ok(())
}

/// What the queue has seen of itself: by trigger time and in dYdX's random draws.
pub(super) fn queue(rows: &mut Vec<Row>) -> Result<(), ScenarioError> {
    let draws = "liquidation.draw_max_positions=1".to_owned();
    for (name, venue, sets) in
        [("queue", "dydx-v4", Vec::new()), ("queue-one-drawn", "dydx-v4", vec![draws])]
    {
        let scenario = small_market(venue, &sets)?;
        let mut engine = Engine::new(&scenario.shard_config());
        for input in Stream::new(&scenario, DEEP + 1).take(COMMANDS) {
            engine.apply(&input, &mut NoEvents);
        }
        let stats = engine.queue_stats();
        let served = stats.served[0] + stats.served[1];
        let mean_ms =
            |class: usize| stats.wait_ns[class] as f64 / stats.served[class].max(1) as f64 / 1e6;
        let most_ms = |class: usize| stats.wait_max_ns[class] as f64 / 1e6;
        let workload =
            format!("{venue}, {} inputs, {} served", numbers::count(COMMANDS as u64), served);
        for (what, value, unit) in [
            ("wait-mean-solvent", mean_ms(0), "ms"),
            ("wait-mean-bankrupt", mean_ms(1), "ms"),
            ("starvation-max-solvent", most_ms(0), "ms"),
            ("starvation-max-bankrupt", most_ms(1), "ms"),
            ("inversions", stats.inversions as f64, "served"),
            ("backlog-max", stats.backlog_max as f64, "positions"),
        ] {
            let name = format!("{name}/{what}");
            rows.push(Row::new(name, workload.clone(), (value, unit), Bar::None));
        }
    }
    Ok(())
}
