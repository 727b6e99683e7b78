//! Every venue preset: against the reference, and rule by rule against the other venues.

use std::collections::{BTreeMap, BTreeSet};

use conformance::reference::Reference;
use seawall::scenario::Scenario;
use seawall::scenario::venue::{PRESETS, Preset};
use seawall::study::venues::{DEEP, Stream, small_market};
use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::types::{AccountId, Event, SymbolId};

const SYMBOL: SymbolId = SymbolId(0);
const COMMANDS: usize = 2_500;
/// Streams on which a rule may show itself.
const SEEDS: [u64; 16] = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    DEEP + 1,
    DEEP + 2,
    DEEP + 3,
    DEEP + 4,
    DEEP + 5,
    DEEP + 6,
    DEEP + 7,
    DEEP + 8,
];

/// Events and state of both, after every input: nobody is early, nobody late, and every unit of
/// money is where the documentation says.
#[test]
fn every_venue_is_as_documented() {
    for preset in &PRESETS {
        let scenario = small_market(preset.name, &[]).expect("an embedded venue");
        let config = scenario.shard_config();
        let (mut engine, mut reference) = (Engine::new(&config), Reference::new(&config));
        let (mut found, mut expected) = (Vec::<Event>::new(), Vec::<Event>::new());
        for input in Stream::new(&scenario, DEEP + 1).take(COMMANDS) {
            found.clear();
            expected.clear();
            engine.apply(&input, &mut found);
            reference.apply(&input, &mut expected);
            let place = format!("{}: {input:?}", preset.name);
            assert_eq!(found, expected, "{place}");
            engine.audit().unwrap_or_else(|broken| panic!("{place}: {broken}"));
            let accounts = (0..config.accounts_max()).map(AccountId);
            let lots = accounts.clone().map(|account| engine.position(SYMBOL, account).lots);
            assert_eq!(lots.sum::<i64>(), 0, "{place}");
            for account in accounts {
                let position = reference.position(SYMBOL, account);
                assert_eq!(engine.position(SYMBOL, account), position, "{place}");
                assert_eq!(engine.cash(account), reference.cash(account), "{place}");
            }
        }
    }
}

/// What the venue's events hash to on a stream.
fn digest(scenario: &Scenario, seed: u64) -> u128 {
    let (mut engine, mut hasher) = (Engine::new(&scenario.shard_config()), EventHasher::default());
    for input in Stream::new(scenario, seed).take(COMMANDS) {
        engine.apply(&input, &mut hasher);
    }
    hasher.digest()
}

/// Whether a venue with another value of a rule does something else on one of the streams, or is
/// refused.
fn shows(preset: &Preset, own: &[u128], key: &str, value: &str) -> bool {
    let set = format!("liquidation.{key}={value}");
    let Ok(swapped) = small_market(preset.name, &[set]) else { return true };
    own.iter().zip(SEEDS).any(|(own, seed)| digest(&swapped, seed) != *own)
}

/// Rules that decide nothing beside the venue's others, so that no other value can be told from
/// theirs: venues, keys, and what makes it so.
const IDLE: &[(&[&str], &[&str], &str)] = &[
    (&["aave", "drift", "gmx", "deribit"], &["adl", "adl_price"], "nobody is deleveraged"),
    (
        &["aave", "drift", "gmx"],
        &[
            "backstop_below_ppm",
            "fee_ppm",
            "forced_limit",
            "part_is_fok",
            "unfilled",
            "whole_forfeits",
        ],
        "no order goes to the book",
    ),
    (
        &[
            "aave",
            "binance",
            "bitmex",
            "deribit",
            "drift",
            "dydx-v4",
            "gmx",
            "hyperliquid",
            "lighter",
        ],
        &["fund_resume_ppm"],
        "a fund that does not stop before it is empty has nothing to resume",
    ),
    (&["gmx"], &["again_ms", "backstop_whole", "plan"], "the whole position goes at once"),
    (&["lighter"], &["backstop_whole", "part_is_fok"], "orders are for the whole position"),
    (
        &["binance", "bitmex", "bybit", "dydx-v4", "hyperliquid", "lighter", "okx"],
        &["adl_max_accounts"],
        "500 or more of twenty accounts are all (the differential test bounds them by 0, 1 and 2)",
    ),
];

/// Each rule of each preset, replaced by what another venue has there, changes what the venue does.
#[test]
fn no_rule_can_be_taken_from_another_venue() {
    let mut idle = BTreeSet::new();
    let mut swaps = 0;
    for preset in &PRESETS {
        let scenario = small_market(preset.name, &[]).expect("an embedded venue");
        let own: Vec<u128> = SEEDS.map(|seed| digest(&scenario, seed)).to_vec();
        let own_rules = preset.rules();
        let mut others: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let tables: Vec<BTreeMap<String, String>> = PRESETS.iter().map(Preset::rules).collect();
        for (key, value) in tables.iter().flatten() {
            if own_rules.get(key).is_some_and(|own| own != value) {
                others.entry(key).or_default().insert(value.clone());
            }
        }
        for (key, values) in others {
            for value in values {
                swaps += 1;
                if !shows(preset, &own, key, &value) {
                    idle.insert(format!("{} {key}={value}", preset.name));
                }
            }
        }
    }
    let known = |swap: &String| {
        let (name, rest) = swap.split_once(' ').expect("two words");
        let (key, _) = rest.split_once('=').expect("a key and a value");
        IDLE.iter().any(|(venues, keys, _)| venues.contains(&name) && keys.contains(&key))
    };
    let unknown: Vec<&String> = idle.iter().filter(|swap| !known(swap)).collect();
    assert!(unknown.is_empty(), "{} of {swaps} swaps show nothing: {unknown:#?}", unknown.len());
}
