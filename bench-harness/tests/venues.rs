//! Venue presets: each has its own rules, gives all of them, and is refused where it makes no sense.

use std::collections::BTreeMap;

use seawall::scenario::{self, Fault, venue};
use seawall::simulation::{self, RunOptions};

/// Every rule in which presets differ, as the sources have it. A rule of one venue in the place of
/// another's is found here.
const EXPECTED: &str = include_str!("venues.txt");

/// Rules by venue and key, from lines `venue key value`.
fn expected() -> BTreeMap<(String, String), String> {
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let (venue, key) = (words.next()?, words.next()?);
        Some(((venue, key), words.next()?))
    };
    EXPECTED.lines().filter_map(line).collect()
}

fn rules(preset: &venue::Preset) -> BTreeMap<String, toml::Value> {
    let table: toml::Table = preset.text.parse().expect("a preset is TOML");
    assert_eq!(table["venue"].as_str(), Some(preset.name));
    preset.rules()
}

#[test]
fn each_preset_is_its_own() {
    let expected = expected();
    let mut found = BTreeMap::new();
    for preset in &venue::PRESETS {
        for (key, value) in rules(preset) {
            found.insert((preset.name.to_owned(), key), value.to_string());
        }
    }
    for (rule, value) in &expected {
        assert_eq!(found.get(rule), Some(value), "{rule:?}");
    }
    assert_eq!(found.len(), expected.len(), "every rule of every preset is listed");
    for one in &venue::PRESETS {
        for other in venue::PRESETS.iter().filter(|other| other.name != one.name) {
            assert_ne!(rules(one), rules(other), "{} and {}", one.name, other.name);
        }
    }
}

#[test]
fn every_value_has_its_source() {
    for preset in &venue::PRESETS {
        let lines: Vec<&str> = preset.text.lines().collect();
        for pair in
            lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#'))
        {
            let is_header = pair[1].starts_with("venue = ");
            assert!(is_header || pair[0].starts_with("# "), "{}: {}", preset.name, pair[1]);
        }
    }
}

#[test]
fn a_preset_without_a_rule_is_refused() {
    for key in venue::REQUIRED {
        let rest = venue::REQUIRED.iter().filter(|other| **other != key);
        // Keys with dots stand for their tables.
        let text = rest.fold(String::new(), |text, key| text + key + " = 0\n");
        let error = venue::check(&text, "mine.toml").unwrap_err();
        assert!(error.to_string().contains(&format!("`{key}`")), "{error}");
    }
    for preset in &venue::PRESETS {
        venue::check(preset.text, preset.name).expect("an embedded preset is whole");
    }
}

#[test]
fn a_lending_market_has_no_shorts() {
    let load = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        scenario::load_under("flash-crash", Some("aave"), &sets, None)
    };
    let error = load(&[]).unwrap_err();
    assert!(matches!(error.fault(), Fault::Senseless(_)), "{error}");
    assert!(load(&["holders.shorts=0"]).is_ok());
    let error = scenario::load_under("flash-crash", Some("bitmax"), &[], None).unwrap_err();
    assert!(error.to_string().contains("did you mean `bitmex`"), "{error}");
}

#[test]
fn contradictions_name_their_line() {
    let sets = ["liquidation.again_ms=0".to_owned()];
    let error = scenario::load_under("flash-crash", Some("deribit"), &sets, None).unwrap_err();
    assert!(error.to_string().contains("--set liquidation.again_ms=0"), "{error}");
}

#[test]
fn a_file_of_ones_own_is_a_venue_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let load = |text: &str| {
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).expect("a file is written");
        let path = path.to_str().expect("a path in UTF-8").to_owned();
        scenario::load_under("flash-crash", Some(&path), &[], None).map_err(|e| e.to_string())
    };
    let bybit = venue::find("bybit").expect("an embedded venue").text;
    let mine = bybit.replace("fee_ppm = 0", "fee_ppm = 777");
    assert_eq!(load(&mine).expect("it is whole").liquidation.fee_ppm, 777);
    // Missing, contradictory, out of range, unknown, and not a rule: each with its line.
    let line = |of: &str| 1 + mine.lines().position(|line| line.starts_with(of)).expect("a line");
    for (text, expected) in [
        (
            mine.replace("fee_ppm = 777", ""),
            format!("mine.toml:{}: rule `liquidation.fee_ppm` is missing", line("[liquidation]")),
        ),
        (
            mine.replace("resume_ppm = 250_000", "resume_ppm = 350_000"),
            format!(
                "mine.toml:{}: `liquidation.fund_resume_ppm` is 350000, expected 0 to 300000",
                line("fund_resume_ppm")
            ),
        ),
        (
            mine.replace("fee_ppm = 777", "fee_ppm = 2_000_000"),
            format!("mine.toml:{}: `liquidation.fee_ppm` is 2000000", line("fee_ppm")),
        ),
        (
            mine.replace("plan_tiers", "plan_tires"),
            format!(
                "mine.toml:{}: unknown key `liquidation.plan_tires`; did you mean",
                line("plan_tiers")
            ),
        ),
        (
            mine.replace("\"step-down\"", "\"step-up\""),
            format!("mine.toml:{}: `liquidation.plan` is", line("plan")),
        ),
        (format!("{mine}\n[makers]\ncount = 1\n"), "a venue's file has rules only".to_owned()),
    ] {
        let error = load(&text).expect_err("it is refused");
        assert!(error.contains(&expected), "{error}\nexpected {expected}");
    }
}

/// A short cascade under each: money adds up, and no two say the same.
#[test]
fn every_venue_runs_and_no_two_are_alike() {
    let sets: Vec<String> = [
        "clock.duration_ms=40000",
        "shock.start_ms=5000",
        "holders.shorts=0",
        "holders.longs=1500",
        "takers.count=60",
        "takers.orders_per_second=30",
        "shock.index_drop_bp=900",
        "liquidation.fund_currency=2000",
    ]
    .map(str::to_owned)
    .into();
    let mut hashes = BTreeMap::new();
    for preset in &venue::PRESETS {
        let scenario = scenario::load_under("flash-crash", Some(preset.name), &sets, None)
            .unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        let mut options = RunOptions { paired: false, ..RunOptions::default() };
        let summary = simulation::run(&scenario, &mut options).expect("it runs").summary;
        assert_eq!(summary.conservation_error, 0, "{}", preset.name);
        let liquidation = &summary.liquidation;
        assert!(liquidation.accounts_triggered > 100, "{}: {liquidation:?}", preset.name);
        let other = hashes.insert(summary.events_hash, preset.name);
        assert_eq!(other, None, "{} says what another venue says", preset.name);
    }
}
