//! Scenario files: any text is a scenario or an error that can be printed.

use crate::marks::reach;

/// What a run of many cases must reach.
pub const MARKS: &[&str] = &["a scenario", "an error"];

/// Runs one case.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match seawall::scenario::from_text(&text, "fuzz", &[], None) {
        Ok(scenario) => {
            let again = scenario.to_toml();
            let again = seawall::scenario::from_text(&again, "fuzz", &[], None)
                .unwrap_or_else(|error| panic!("what is resolved is a scenario: {error}"));
            assert_eq!(again.config_hash(), scenario.config_hash(), "the same one");
            reach("a scenario");
        }
        Err(error) => {
            assert!(!error.to_string().is_empty(), "an error says something");
            reach("an error");
        }
    }
}
