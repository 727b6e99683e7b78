//! Venues' rules under random inputs: what must hold after every one of them.

mod stream;
mod watch;

pub use stream::{DEEP, LONG, Stream};
pub use watch::{Found, Watched};

use crate::scenario::{self, Scenario, ScenarioError};

/// Settings that make the default scenario's market small enough to be looked at after every input:
/// some twenty accounts.
pub const SMALL: [&str; 8] = [
    "makers.count=2",
    "takers.count=4",
    "holders.longs=12",
    "holders.shorts=0",
    "holders.hedgers=1",
    "takers.deposit_currency=1000",
    "liquidation.fund_currency=0",
    // So that a rate limit is felt by twenty accounts; a venue that has one has its own.
    "liquidation.rate_steps=2",
];

/// The default scenario's market in small, under a venue's rules and further settings.
///
/// # Errors
///
/// If the venue is unknown or the settings contradict its rules.
pub fn small_market(venue: &str, sets: &[String]) -> Result<Scenario, ScenarioError> {
    let sets: Vec<String> =
        SMALL.iter().map(|&set| set.to_owned()).chain(sets.iter().cloned()).collect();
    scenario::load_under(scenario::DEFAULT_NAME, Some(venue), &sets, None)
}

/// Applies a random stream under a venue's rules and checks everything after every input.
///
/// # Errors
///
/// If the venue is unknown.
pub fn watched(venue: &str, seed: u64, commands: usize) -> Result<Found, ScenarioError> {
    let scenario = small_market(venue, &[])?;
    let stream = Stream::new(&scenario, seed);
    let mut engine = Watched::new(scenario.shard_config());
    stream.take(commands).for_each(|input| engine.apply(&input));
    Ok(engine.found())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::venue;

    #[test]
    fn promises_hold_under_every_venue() {
        let mut all = Found::default();
        for preset in &venue::PRESETS {
            let found = watched(preset.name, DEEP + 1, 4_000).expect("an embedded venue");
            assert_eq!(found.errors(), 0, "{}: {found:?}", preset.name);
            assert!(found.triggered > 20, "{}: {found:?}", preset.name);
            all.forced += found.forced;
            all.taken_over += found.taken_over;
            all.deleveraged += found.deleveraged;
        }
        assert!(all.forced > 0 && all.taken_over > 0, "{all:?}");
        assert!(all.deleveraged > 0, "{all:?}");
    }
}
