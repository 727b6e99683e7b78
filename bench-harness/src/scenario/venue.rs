//! Venue presets: the published rules of venues, laid over a scenario.
//!
//! A preset replaces how positions are liquidated, how the mark is made and how funding is paid; not
//! the market or the people: the same positions meet the same shock under each.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::{Fault, Hint, Place, ScenarioError};
use super::spec::{DisciplineName, Scenario};
use super::text::nearest;

/// One embedded preset.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Preset {
    /// Its rules: keys like `mark.rule` and their values.
    pub fn rules(&self) -> BTreeMap<String, Value> {
        let table: Table = self.text.parse().expect("an embedded preset is TOML");
        let rules_of = |name: &'static str| {
            let rules = table[name].as_table().expect("a preset has every table").iter();
            rules.map(move |(key, value)| (format!("{name}.{key}"), value.clone()))
        };
        TABLES.into_iter().flat_map(rules_of).collect()
    }
}

/// The preset that is a lending market: nobody can be short.
pub const LENDING: &str = "aave";

/// Rules of the scenario file alone.
pub const GENERIC: &str = "generic";

/// Every embedded preset.
pub const PRESETS: [Preset; 11] = [
    Preset {
        name: "bitmex",
        about: "risk-limit steps by fill-or-kill, takeover at bankruptcy, ADL by return and leverage",
        text: include_str!("../../venues/bitmex.toml"),
    },
    Preset {
        name: "binance",
        about: "one order to compliance or all, takeover at bankruptcy, ADL by LeveragePnL",
        text: include_str!("../../venues/binance.toml"),
    },
    Preset {
        name: "bybit",
        about: "tier steps, pool with a 30 % drawdown trigger, ADL by profit and leverage",
        text: include_str!("../../venues/bybit.toml"),
    },
    Preset {
        name: "okx",
        about: "two tiers at a time, drawdown trigger, ADL at the mark",
        text: include_str!("../../venues/okx.toml"),
    },
    Preset {
        name: "deribit",
        about: "small slices once a second, nothing taken over, losses to the winners",
        text: include_str!("../../venues/deribit.toml"),
    },
    Preset {
        name: "hyperliquid",
        about: "20 %, then all; vault below 2/3 of maintenance; ADL at the previous mark",
        text: include_str!("../../venues/hyperliquid.toml"),
    },
    Preset {
        name: "dydx-v4",
        about: "50 drawn per block, IOC at the fillable price, ADL without a rank",
        text: include_str!("../../venues/dydx-v4.toml"),
    },
    Preset {
        name: "drift",
        about: "transfer to a liquidator, throttled; losses by open interest",
        text: include_str!("../../venues/drift.toml"),
    },
    Preset {
        name: "gmx",
        about: "transfer of the whole position to the pool at the oracle price",
        text: include_str!("../../venues/gmx.toml"),
    },
    Preset {
        name: "lighter",
        about: "IOC at the zero price, fund below the close-out margin",
        text: include_str!("../../venues/lighter.toml"),
    },
    Preset {
        name: "aave",
        about: "lending: close factor 50 %, seizure with a bonus",
        text: include_str!("../../venues/aave.toml"),
    },
];

/// Names that a scenario's `venue` may have.
pub(super) const NAMES: [&str; PRESETS.len() + 1] = {
    let mut names = [GENERIC; PRESETS.len() + 1];
    let mut n = 0;
    while n < PRESETS.len() {
        names[n + 1] = PRESETS[n].name;
        n += 1;
    }
    names
};

/// The tables that hold a venue's rules.
pub const TABLES: [&str; 3] = ["liquidation", "mark", "funding"];

/// Keys that a preset must give: a venue without one of them is not described.
pub const REQUIRED: [&str; 24] = [
    "liquidation.key",
    "liquidation.discipline",
    "liquidation.plan",
    "liquidation.fee_ppm",
    "liquidation.rekey",
    "liquidation.forced_limit",
    "liquidation.unfilled",
    "liquidation.part_keeps_margin",
    "liquidation.part_is_fok",
    "liquidation.whole_forfeits",
    "liquidation.again_ms",
    "liquidation.backstop_always",
    "liquidation.backstop_below_ppm",
    "liquidation.backstop_takes",
    "liquidation.fund_drawdown_ppm",
    "liquidation.fund_resume_ppm",
    "liquidation.residual",
    "liquidation.adl",
    "liquidation.adl_price",
    "liquidation.adl_max_accounts",
    "mark.rule",
    "mark.period_ms",
    "mark.stale_ms",
    "funding.enabled",
];

/// The preset of that name.
pub fn find(name: &str) -> Result<&'static Preset, ScenarioError> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| {
        let known: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        Fault::UnknownVenue {
            name: name.to_owned(),
            known: known.join(", "),
            hint: Hint(nearest(name, known.iter().copied())),
        }
        .into()
    })
}

/// Whether a preset gives every rule; the first that is missing otherwise.
pub fn check(text: &str, name: &str) -> Result<(), ScenarioError> {
    // A text that is not TOML is reported with its line by whoever lays it over the scenario.
    let Ok(whole) = text.parse::<Table>() else { return Ok(()) };
    for key in REQUIRED {
        let (table, rule) = key.split_once('.').expect("a table and a rule");
        let rules = whole.get(table).and_then(Value::as_table);
        if !rules.is_some_and(|rules| rules.contains_key(rule)) {
            let place = line_of(text, name, &format!("[{table}]"));
            return Err(Fault::MissingRule { place, key: key.to_owned() }.into());
        }
    }
    match whole.keys().find(|key| *key != "venue" && !TABLES.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let place = line_of(text, name, &format!("[{key}]"));
            let message = "a venue's file has rules only, under [liquidation], [mark] and [funding]; \
                           market and people are the scenario's";
            let (table, message) = (key.clone(), message.to_owned());
            Err(Fault::Contradiction { place, table, message }.into())
        }
    }
}

/// The line of a file that begins so; the file as a whole if none does.
fn line_of(text: &str, name: &str, beginning: &str) -> Place {
    let name = name.to_owned();
    match text.lines().position(|line| line.trim_start().starts_with(beginning)) {
        Some(line) => Place::File { name, line: line + 1 },
        None => Place::Whole { name },
    }
}

/// Why a scenario makes no sense under its venue, if it does not.
pub fn refusal(scenario: &Scenario) -> Option<String> {
    let venue = scenario.venue.as_str();
    if venue == GENERIC {
        return None;
    }
    let reason = match venue {
        LENDING => of_lending(scenario),
        _ if scenario.family == SPIRAL => Some(
            "has no loans that are liquidated with a bonus, and the scenario is about nothing else"
                .to_owned(),
        ),
        _ => None,
    };
    let reason = reason.or_else(|| of_backstop(scenario)).or_else(|| of_margin(scenario));
    let reason = reason.or_else(|| of_chain(scenario))?;
    Some(format!("venue `{venue}` {reason}"))
}

/// The family of scenarios that only a lending market has.
const SPIRAL: &str = "S11";

fn lists(scenario: &Scenario, name: &str) -> bool {
    scenario.lanes().iter().any(|lane| lane.agents.iter().any(|agent| agent == name))
}

/// A lending market lends money against coins: nobody can be short in it.
fn of_lending(scenario: &Scenario) -> Option<String> {
    let market = "is a lending market, which has no leveraged shorts, and the scenario has";
    if scenario.holders.shorts > 0 {
        let cure = "holders.shorts above 0; run it with --set holders.shorts=0";
        return Some(format!("{market} {cure}"));
    }
    let shorts = |name: &&String| scenario.markets[name.as_str()].holders.shorts > 0;
    if let Some(name) = scenario.markets.keys().find(shorts) {
        let key = format!("markets.{name}.holders.shorts");
        return Some(format!("{market} {key} above 0; run it with --set {key}=0"));
    }
    let who = ["griefer", "hunter", "spoofer"].into_iter().find(|name| lists(scenario, name));
    if let Some(who) = who {
        return Some(format!("{market} the population `{who}`, whose position is one"));
    }
    let portfolios = scenario.portfolios.as_ref()?;
    let is_short = portfolios.hedge_ppm > 0 || portfolios.opposite_ppm > 0;
    is_short.then(|| format!("{market} portfolios that hedge by being short"))
}

/// Whoever griefs a backstop needs one.
fn of_backstop(scenario: &Scenario) -> Option<String> {
    (lists(scenario, "griefer") && !scenario.liquidation.backstop_takes).then(|| {
        "takes no position over, and the scenario is about the backstop that does".to_owned()
    })
}

/// GMX keeps collateral position by position.
fn of_margin(scenario: &Scenario) -> Option<String> {
    let cross = scenario.portfolios.as_ref().is_some_and(|portfolios| portfolios.cross);
    (scenario.venue == "gmx" && cross).then(|| {
        "has collateral position by position, and the scenario has accounts that share it; run it \
         with --set portfolios.cross=false"
            .to_owned()
    })
}

/// Keepers liquidate by their own steps and by nothing else.
fn of_chain(scenario: &Scenario) -> Option<String> {
    let own = scenario.liquidation.discipline == DisciplineName::Weighted;
    (lists(scenario, "keepers") && !own).then(|| {
        "paces its queue by its own rule, so that the scenario's keepers would have nothing to do; \
         run it without them"
            .to_owned()
    })
}
