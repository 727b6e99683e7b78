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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules::tests::spec;

    #[test]
    fn a_band_needs_a_window() {
        let with = |window_ns| {
            let rules = AuctionRules { band: Ppm::ZERO, window_ns, reopen_ns: 0 };
            MarketRules::new(spec()).unwrap().with_auctions(rules)
        };
        assert_eq!(with(0), Err(MarketRulesError::HaltWindow));
        let window_ns = with(1).unwrap().auctions().map(|rules| rules.window_ns);
        assert_eq!(window_ns, Some(1));
    }
}
