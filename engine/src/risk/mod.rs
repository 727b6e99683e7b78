//! Accounts, positions, mark price and margin. Knows nothing of orders in a book or of matching.

mod auction_rules;
mod ledger;
mod margin;
mod order_rules;
mod position;
mod rules;

pub use auction_rules::AuctionRules;
pub(crate) use ledger::account_state;
pub use ledger::{Account, Ledger};
pub use order_rules::OrderRules;
pub use position::{Position, Released};
pub use rules::{DOMAIN_FACTOR, MarginTier, MarketRules, MarketRulesError, MarketSpec};
