//! Scenarios in `scripts/` say what must happen; regressions in `regressions/` are inputs on
//! which the engines once differed. Both are played to the real engine and the reference.
//!
//! `SEAWALL_BLESS=1 cargo test -p conformance --test scripts` writes the events of the reference
//! into the scripts; read the difference before you commit it.

use std::path::Path;

use conformance::differential::{Pair, compare};
use conformance::script::{self, Script};
use seawall_engine::core::Engine;

fn read(path: &Path) -> (String, Script) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (text, script::open(path))
}

/// Plays a script; returns the events of each input, or panics at the first disagreement.
fn play(path: &Path, script: &Script) -> Vec<Vec<String>> {
    let mut pair = Pair::<Engine>::open(&script.setup);
    let mut played = Vec::new();
    for entry in &script.entries {
        let outcome = pair.apply(&entry.input).and_then(|()| pair.compare_state());
        if let Err(difference) = outcome {
            panic!("{}:{}: the engine differs: {difference}", path.display(), entry.line);
        }
        played.push(pair.events().iter().map(script::event_line).collect());
    }
    played
}

/// The script's text with the events as they were played.
fn blessed(text: &str, script: &Script, played: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('>') {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        let entry = script.entries.iter().position(|entry| entry.line == index + 1);
        for event in entry.map_or(&[][..], |entry| &played[entry]) {
            out.push_str("  > ");
            out.push_str(event);
            out.push('\n');
        }
    }
    out
}

#[test]
fn scripts_happen_as_written() {
    let bless = std::env::var_os("SEAWALL_BLESS").is_some();
    let files = script::files("scripts");
    assert!(files.len() >= 12, "the scripts are where they were");
    for path in &files {
        let (text, script) = read(path);
        let played = play(path, &script);
        if bless {
            std::fs::write(path, blessed(&text, &script, &played)).expect("the script is written");
            continue;
        }
        for (entry, events) in script.entries.iter().zip(&played) {
            assert_eq!(&entry.expected, events, "{}:{}", path.display(), entry.line);
        }
    }
}

#[test]
fn regressions_stay_fixed() {
    for path in script::files("regressions") {
        let (_, script) = read(&path);
        let inputs: Vec<_> = script.entries.iter().map(|entry| entry.input).collect();
        if let Err(difference) = compare::<Engine>(&script.setup, &inputs, 1) {
            panic!("{}: {difference}", path.display());
        }
    }
}

#[test]
fn what_is_wrong_with_a_script_comes_with_its_line() {
    let cases = [
        ("deposit a1 5\nmrak s0 5", "line 2: \"mrak\", expected a rule or an input"),
        ("order s0 a1 o1 buy 0 market", "line 1: 0 is not a quantity in lots"),
        ("order s0 a1 o1 buy", "line 1: the line ends, expected a quantity in lots"),
        ("order s0 b1 o1 buy 1 market", "line 1: \"b1\", expected an account such as a1"),
        ("t=9/10 step", "line 1: ingress 10 is after time 9"),
        ("t=9 step\nt=8 step", "line 2: time 8 is before the input before it"),
        ("> marked s0 1", "line 1: an event without an input before it"),
        ("step\nplan full", "line 2: a rule after the first input"),
        ("key largest", "line 1: \"largest\", expected a priority key"),
        ("tier 0 1 1", "line 1: \"tier\" before the first market"),
        ("step step", "line 1: \"step\", expected the end of the line"),
        ("liquidation-fee 1000001", "line 1: 1000001 ppm, expected at most 1000000"),
    ];
    for (text, expected) in cases {
        let error = script::read(text).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}
