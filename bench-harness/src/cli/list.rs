//! `seawall list`: what is embedded, one line each.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use seawall_engine::liquidation::AdlPolicy;
use serde::Serialize;

use super::{CliError, Output};
use crate::agents;
use crate::scenario::{self, venue};
use crate::sweep::embedded::PLANS;

/// Lists what is embedded, one line each
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall list scenarios
  seawall list refusals                        which venues make no sense for which
  seawall list priorities --json | jq -r '.priorities[].name'")]
pub(super) struct ListArgs {
    /// What to list.
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Cascades that `seawall run` knows by name.
    Scenarios,
    /// Presets of venues' rules, for `seawall run --venue NAME`.
    Venues,
    /// Orders of the liquidation queue, for --set liquidation.key=NAME.
    Priorities,
    /// Populations that a scenario can list in `agents`.
    Agents,
    /// Ways to choose whose position is deleveraged, for --set liquidation.adl=NAME.
    Adl,
    /// Plans that `seawall sweep` knows by name.
    Plans,
    /// Scenarios under venues that make no sense, with the reason; every other pair runs.
    Refusals,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl Entry {
    fn new(name: &str, about: &str) -> Self {
        let (name, about) = (name.to_owned(), about.to_owned());
        Self { name, about, family: None, description: None, source: None }
    }
}

/// Orders of the liquidation queue; `docs/LIQUIDATION.md` has the formulae.
const PRIORITIES: [(&str, &str); 7] = [
    ("trigger-time", "first triggered, first served"),
    ("margin-ratio", "lowest equity over notional first"),
    ("bankruptcy-distance", "nearest to its bankruptcy price first"),
    ("notional", "largest position first"),
    ("fillable-distance", "furthest fillable price first, then the largest (dYdX v4)"),
    ("expected-shortfall", "largest expected loss beyond margin first"),
    ("c-mu", "fastest growth of that loss per forced step first (Smith's rule)"),
];

/// Prints the list.
pub(super) fn run(args: &ListArgs) -> Result<(), CliError> {
    let entries = entries(args.what);
    let name = args.what.to_possible_value().map(|value| value.get_name().to_owned());
    let json = serde_json::json!({ name.unwrap_or_default(): entries });
    Ok(args.output.result(&json, || lines(&entries))?)
}

fn entries(what: What) -> Vec<Entry> {
    let embedded = |pairs: &[(&str, &str)]| -> Vec<Entry> {
        pairs.iter().map(|(name, about)| Entry::new(name, about)).collect()
    };
    match what {
        What::Scenarios => {
            let entry = |listed: scenario::Listed| Entry {
                name: listed.name,
                about: listed.about,
                family: Some(listed.family),
                description: Some(listed.description),
                source: Some(listed.source),
            };
            scenario::embedded().into_iter().map(entry).collect()
        }
        What::Agents => {
            agents::KINDS.iter().map(|kind| Entry::new(kind.name, kind.about)).collect()
        }
        What::Venues => {
            let generic =
                (venue::GENERIC, "isolated margin, the liquidation rules of the scenario file");
            let presets = venue::PRESETS.iter().map(|preset| (preset.name, preset.about));
            embedded(&std::iter::once(generic).chain(presets).collect::<Vec<_>>())
        }
        What::Priorities => embedded(&PRIORITIES),
        What::Plans => PLANS.iter().map(|plan| Entry::new(plan.name, &plan.about())).collect(),
        What::Refusals => refusals(),
        What::Adl => embedded(&AdlPolicy::ALL.map(|policy| (policy.name(), policy.about()))),
    }
}

/// Every pair of scenario and venue that is refused.
fn refusals() -> Vec<Entry> {
    let mut refused = Vec::new();
    for listed in scenario::embedded() {
        for preset in venue::PRESETS {
            let loaded = scenario::load_under(&listed.name, Some(preset.name), &[], None);
            if let Err(error) = loaded {
                let pair = format!("{} --venue {}", listed.name, preset.name);
                refused.push(Entry::new(&pair, &error.to_string()));
            }
        }
    }
    refused
}

fn lines(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Entry { name, about, family, .. } in entries {
        let family = family.as_ref().map_or(String::new(), |family| format!("{family:8}"));
        let _ = writeln!(text, "{name:width$}  {family}{about}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_priority_is_one_the_scenario_takes() {
        for (name, _) in PRIORITIES {
            let set = format!("liquidation.key={name}");
            let loaded = scenario::load(scenario::DEFAULT_NAME, &[set], None);
            assert!(loaded.is_ok(), "{name}: {:?}", loaded.err());
        }
    }

    #[test]
    fn nothing_to_list_is_empty() {
        for what in What::value_variants().iter().copied() {
            let entries = entries(what);
            assert!(!entries.is_empty());
            assert_eq!(lines(&entries).lines().count(), entries.len());
        }
    }
}
