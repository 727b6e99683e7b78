//! Accounts, positions, mark price and margin.

mod rules;

pub use rules::{DOMAIN_FACTOR, MarginTier, MarketRules, MarketRulesError, MarketSpec};
