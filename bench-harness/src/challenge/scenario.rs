//! The five scenarios and what is published about them.

/// Seed of the published hashes.
pub const REFERENCE_SEED: u32 = 23;

/// Orders of a scenario.
pub(super) const ORDERS: u32 = 1_000_000;

/// One scenario: how far and how fast the mid price walks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Volatility of the walk.
    pub volatility: f64,
    /// Standard deviation of the whole walk.
    pub swing: f64,
    /// SHA-256 of the report stream at [`REFERENCE_SEED`], in hexadecimal.
    pub reference_sha256: &'static str,
}

/// All five.
pub const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "static",
        volatility: 0.0,
        swing: 0.0,
        reference_sha256: "9803843ee404fc29c9a0aa5614f8f0d5a58b5c44fcac9ef89067886fcaaa30d1",
    },
    Scenario {
        name: "normal",
        volatility: 0.15,
        swing: 0.02,
        reference_sha256: "e9b2e3926854410b01a035aeb25dd05f1e597c233be8263de9eb49b6713d367e",
    },
    Scenario {
        name: "swing-25",
        volatility: 0.50,
        swing: 0.25,
        reference_sha256: "61a84be9469661bd039e00dbc9a7c011e70b6ace37aadfe60045ea083b05f4df",
    },
    Scenario {
        name: "swing-40",
        volatility: 0.50,
        swing: 0.40,
        reference_sha256: "3cb0175e7982ff09ea220d1feaee3844cf9116a5ce455757879dea1d880b9b9f",
    },
    Scenario {
        name: "flash-crash",
        volatility: 0.50,
        swing: 0.60,
        reference_sha256: "cff8d3f94b709fc64a8b2058a6ca4fb6920364904796e46906895e362d2bb16b",
    },
];

impl Scenario {
    /// The scenario of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// The published hash for a seed, if there is one.
    pub fn reference(&self, seed: u32) -> Option<&'static str> {
        (seed == REFERENCE_SEED).then_some(self.reference_sha256)
    }
}
