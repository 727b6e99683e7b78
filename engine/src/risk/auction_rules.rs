//! When a market is halted by itself, and for how long.

use super::{MarketRules, MarketRulesError};
use crate::types::Ppm;

/// Halts and call auctions of a market (`docs/ORDERS.md`, Halts). A market without these rules
/// cannot be halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionRules {
    /// How far a trade or a mark may lie from the price that stood when the window began; zero for
    /// halts by command only.
    pub band: Ppm,
    /// Length of a window, in nanoseconds.
    pub window_ns: u64,
    /// How long a halt lasts, in nanoseconds; zero for until a command ends it.
    pub reopen_ns: u64,
}

impl MarketRules {
    /// The same market, which can be halted.
    pub fn with_auctions(mut self, rules: AuctionRules) -> Result<Self, MarketRulesError> {
        if rules.window_ns < 1 {
            return Err(MarketRulesError::HaltWindow);
        }
        self.auctions = Some(rules);
        Ok(self)
    }

    /// How the market is halted and reopened, if it can be.
    pub const fn auctions(&self) -> Option<AuctionRules> {
        self.auctions
    }
}
