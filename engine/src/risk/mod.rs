//! Accounts, positions, mark price and margin. Knows nothing of orders in a book or of matching.

mod ledger;
mod margin;
mod position;
mod rules;

pub use ledger::{Account, Ledger};
pub use position::{Position, Released};
pub use rules::{DOMAIN_FACTOR, MarginTier, MarketRules, MarketRulesError, MarketSpec};
