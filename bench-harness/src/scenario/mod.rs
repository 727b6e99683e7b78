//! A TOML file becomes a checked [`Scenario`].

mod check;
pub(crate) mod check_flow;
mod check_funds;
mod check_further;
mod collateral;
mod error;
mod funds;
mod further;
pub mod order_flow;
mod prices;
mod resolve;
mod roles;
mod spec;
mod text;
pub mod venue;

pub(crate) use collateral::COIN;
pub use error::{Fault, Hint, Place, ScenarioError};
pub use funds::{FundScope, FundSpec};
pub use further::{FIRST_MARKET, FurtherMarket, Griefer, Lane, Portfolios};
pub(crate) use resolve::{SYMBOL, small};
pub use roles::{Flow, Role, Roles};
pub use spec::{
    Arbitrageurs, BackgroundSpec, Clock, Collateral, ContractName, Defence, Defenders,
    DisciplineName, FairName, Funding, HaircutName, Holders, Index, Keepers, KeyName, Latency,
    Liquidation, Makers, Manipulation, Mark, MarkInputName, MarkName, Market, PathPoint, PlanName,
    Probe, Reentry, Scenario, Shock, SmoothingName, Takers, Tier,
};

use std::path::Path;

use serde::Serialize;

use text::Assembly;

/// The scenario that every key's default and type is read from.
const DEFAULT: &str = include_str!("../../scenarios/flash-crash.toml");

/// The same for tables that a scenario may leave out.
const FURTHER: &str = include_str!("further.toml");

macro_rules! embed {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),+]
    };
}

const EMBEDDED: [(&str, &str); 25] = embed![
    "flash-crash",
    "no-leverage",
    "infinite-depth",
    "unlimited-insurance",
    "oracle-lag",
    "oracle-freeze",
    "oracle-spike",
    "maker-withdrawal",
    "liquidation-hunt",
    "spoofing",
    "fund-exhaustion",
    "adl-face-off",
    "rate-limits",
    "inclusion-auction",
    "partial-liquidation",
    "price-bands",
    "overload",
    "adl-reentry",
    "defended",
    "adaptive-haircuts",
    "large-tick",
    "contagion",
    "hedged",
    "backstop-griefing",
    "toxic-spiral",
];

/// Name of the scenario that runs when none is named.
pub const DEFAULT_NAME: &str = "flash-crash";

/// One embedded scenario, as a list shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// What it shows, in one line.
    pub about: String,
    /// What it shows, in a paragraph.
    pub description: String,
    /// Where it comes from.
    pub source: String,
}

/// The embedded scenarios.
pub fn embedded() -> Vec<Listed> {
    let listed = |name: &str| {
        let Scenario { family, about, description, source, .. } = load(name, &[], None).ok()?;
        Some(Listed { name: name.to_owned(), family, about, description, source })
    };
    EMBEDDED.into_iter().filter_map(|(name, _)| listed(name)).collect()
}

/// Loads an embedded scenario by name, or a file by path; applies `sets` (`KEY=VALUE` with dotted
/// keys, in their order) and the seed; checks the result.
///
/// A file may start from an embedded scenario with `base = "NAME"` and change what it names.
pub fn load(
    name_or_path: &str,
    sets: &[String],
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    load_under(name_or_path, None, sets, seed)
}

/// [`load`] under a venue's preset, embedded or a file of that form: its rules replace the
/// scenario's, `sets` replace both.
///
/// # Errors
///
/// Also when the venue is unknown, its rules are not whole, or the scenario makes no sense under it.
pub fn load_under(
    name_or_path: &str,
    venue: Option<&str>,
    sets: &[String],
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    let (name, text) = read(name_or_path)?;
    let preset = match venue {
        None | Some(venue::GENERIC) => None,
        Some(path) if is_path(path) => Some((path.to_owned(), text_of(path)?)),
        Some(venue) => {
            let preset = venue::find(venue)?;
            Some((format!("venues/{venue}.toml"), preset.text.to_owned()))
        }
    };
    let preset = preset.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    assemble(&text, &name, preset, sets, seed)
}

/// [`load`] of a text; `name` is what messages call it.
pub fn from_text(
    text: &str,
    name: &str,
    sets: &[String],
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    assemble(text, name, None, sets, seed)
}

/// Lays base, text, preset (its name and text) and `sets` over each other, and checks the result.
pub(crate) fn assemble(
    text: &str,
    name: &str,
    preset: Option<(&str, &str)>,
    sets: &[String],
    seed: Option<u64>,
) -> Result<Scenario, ScenarioError> {
    let mut assembly = Assembly::new(DEFAULT, FURTHER, name);
    if let Some((base, place)) = Assembly::base_of(text, name)? {
        let Some((_, base_text)) = EMBEDDED.into_iter().find(|(name, _)| *name == base) else {
            return Err(Fault::OutOfRange {
                place,
                key: "base".to_owned(),
                found: format!("`{base}`"),
                expected: format!("one of {}", known()),
                hint: Hint(text::nearest(&base, EMBEDDED.into_iter().map(|(name, _)| name))),
            }
            .into());
        };
        if base != DEFAULT_NAME {
            assembly.overlay(DEFAULT, DEFAULT_NAME)?;
        }
        assembly.overlay(base_text, &base)?;
    }
    assembly.overlay(text, name)?;
    if let Some((name, text)) = preset {
        assembly.overlay(text, name)?;
        venue::check(text, name)?;
    }
    for argument in sets {
        assembly.set(argument)?;
    }
    let (table, places) = assembly.finish()?;
    let scenario = check::scenario(table, &places, seed)?;
    match venue::refusal(&scenario) {
        None => Ok(scenario),
        Some(reason) => Err(Fault::Senseless(reason).into()),
    }
}

fn known() -> String {
    EMBEDDED.map(|(name, _)| name).join(", ")
}

fn read(name_or_path: &str) -> Result<(String, String), ScenarioError> {
    if let Some((name, text)) = EMBEDDED.into_iter().find(|(name, _)| *name == name_or_path) {
        return Ok((name.to_owned(), text.to_owned()));
    }
    if !is_path(name_or_path) && !Path::new(name_or_path).exists() {
        return Err(Fault::UnknownScenario {
            name: name_or_path.to_owned(),
            known: known(),
            hint: Hint(text::nearest(name_or_path, EMBEDDED.into_iter().map(|(name, _)| name))),
        }
        .into());
    }
    Ok((name_or_path.to_owned(), text_of(name_or_path)?))
}

/// Whether it is meant as a path and not as a name.
fn is_path(name_or_path: &str) -> bool {
    let path = Path::new(name_or_path);
    path.extension().is_some() || path.components().count() > 1
}

fn text_of(path: &str) -> Result<String, ScenarioError> {
    let bytes = std::fs::read(path)
        .map_err(|error| Fault::Unreadable { path: path.to_owned(), message: error.to_string() })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        let place = Place::File { name: path.to_owned(), line };
        Fault::NotToml { place, message: "not UTF-8, expected text".to_owned() }
    })?;
    Ok(text)
}
