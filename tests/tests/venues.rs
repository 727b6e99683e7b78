//! Every venue preset: against the reference, and rule by rule against the other venues.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use conformance::reference::Reference;
use seawall::scenario::Scenario;
use seawall::scenario::venue::{PRESETS, Preset};
use seawall::study::venues::{DEEP, LONG, Stream, small_market};
use seawall_engine::core::{Engine, EventHasher, ShardConfig};
use seawall_engine::types::{AccountId, Event, SymbolId};
use toml::{Table, Value};

const SYMBOL: SymbolId = SymbolId(0);
const COMMANDS: usize = 2_500;
/// Streams on which a rule may show itself: shallow, deep, and with pauses in which funding is paid.
const SEEDS: [u64; 22] = [
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
    LONG + 1,
    LONG + 2,
    LONG + 3,
    LONG + DEEP + 1,
    LONG + DEEP + 2,
    LONG + DEEP + 3,
];

/// Events and state of both, after every input: nobody is early, nobody late, and every unit of
/// money is where the documentation says.
#[test]
fn every_venue_is_as_documented() {
    for preset in &PRESETS {
        let scenario = small_market(preset.name, &[]).expect("an embedded venue");
        for seed in [DEEP + 1, LONG + DEEP + 2] {
            is_as_documented(preset.name, &scenario.shard_config(), Stream::new(&scenario, seed));
        }
    }
}

fn is_as_documented(venue: &str, config: &ShardConfig, stream: Stream) {
    let (mut engine, mut reference) = (Engine::new(config), Reference::new(config));
    let (mut found, mut expected) = (Vec::<Event>::new(), Vec::<Event>::new());
    for input in stream.take(COMMANDS) {
        found.clear();
        expected.clear();
        engine.apply(&input, &mut found);
        reference.apply(&input, &mut expected);
        let place = format!("{venue}: {input:?}");
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

/// What the venue's events hash to on a stream.
fn digest(scenario: &Scenario, seed: u64) -> u128 {
    let (mut engine, mut hasher) = (Engine::new(&scenario.shard_config()), EventHasher::default());
    for input in Stream::new(scenario, seed).take(COMMANDS) {
        engine.apply(&input, &mut hasher);
    }
    hasher.digest()
}

/// A venue with another value of a rule, if that makes sense.
fn swapped(preset: &Preset, key: &str, value: &Value) -> Option<Scenario> {
    let mut rules: Table = preset.text.parse().expect("an embedded preset is TOML");
    let (table, rule) = key.split_once('.').expect("a table and a rule");
    let table = rules[table].as_table_mut().expect("a table of rules");
    table.insert(rule.to_owned(), value.clone());
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    file.write_all(rules.to_string().as_bytes()).expect("room for a venue");
    small_market(file.path().to_str().expect("a path in UTF-8"), &[]).ok()
}

/// Whether a venue with another value of a rule does something else on one of the streams, or is
/// refused.
fn shows(preset: &Preset, own: &[u128], key: &str, value: &Value) -> bool {
    let Some(swapped) = swapped(preset, key, value) else { return true };
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
    (
        &[
            "aave",
            "binance",
            "bitmex",
            "bybit",
            "deribit",
            "drift",
            "dydx-v4",
            "gmx",
            "hyperliquid",
            "lighter",
            "okx",
        ],
        &["mark.period_ms"],
        "how often marks are sent is the sender's affair: the streams send their own (the list of \
         bench-harness/tests/venues.txt holds each venue's value)",
    ),
    (&["binance", "bitmex"], &["funding.cap_ppb"], "no premium is as wide as the narrower cap"),
    (&["dydx-v4"], &["funding.interest_ppb"], "a clamp of nothing leaves nothing of the interest"),
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
        // By what is written, which can be told apart and sorted.
        let mut others: BTreeMap<(String, String), Value> = BTreeMap::new();
        for (key, value) in PRESETS.iter().flat_map(Preset::rules) {
            if own_rules.get(&key).is_some_and(|own| *own != value) {
                others.insert((key, value.to_string()), value);
            }
        }
        for ((key, text), value) in others {
            swaps += 1;
            if !shows(preset, &own, &key, &value) {
                idle.insert(format!("{} {key}={text}", preset.name));
            }
        }
    }
    let known = |swap: &String| {
        let (name, rest) = swap.split_once(' ').expect("two words");
        let (key, _) = rest.split_once('=').expect("a key and a value");
        let key = key.strip_prefix("liquidation.").unwrap_or(key);
        IDLE.iter().any(|(venues, keys, _)| venues.contains(&name) && keys.contains(&key))
    };
    let unknown: Vec<&String> = idle.iter().filter(|swap| !known(swap)).collect();
    assert!(unknown.is_empty(), "{} of {swaps} swaps show nothing: {unknown:#?}", unknown.len());
}
