//! What a market says of its mark, its funding and its open interest.

use super::{FundingRules, MarkRules, MarketRules, MarketRulesError};
use crate::risk::{MarkInput, MarkRule};
use crate::types::Money;

/// How a market bounds what is open in it (`docs/MARGIN.md`, Open interest). The default does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenInterestRules {
    /// Most lots of all longs together; 0 for no bound.
    pub lots_max: u64,
    /// Initial margin grows with the value of what is open from here on...
    pub scale_from: Money,
    /// ...and is all of it from here on; zero for no such rule.
    pub scale_to: Money,
}

/// Mark, funding and open interest of a market. The default is a given mark and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceRules {
    /// How the mark is made.
    pub mark: MarkRules,
    /// How funding is made and paid, if it is.
    pub funding: Option<FundingRules>,
    /// What bounds open interest.
    pub open_interest: OpenInterestRules,
}

impl MarketRules {
    /// The same market with rules for its mark, its funding and its open interest.
    pub fn with_price_rules(mut self, rules: PriceRules) -> Result<Self, MarketRulesError> {
        rules.mark.check().map_err(MarketRulesError::Mark)?;
        if let Some(funding) = &rules.funding {
            funding.check().map_err(MarketRulesError::Funding)?;
        }
        let OpenInterestRules { scale_from, scale_to, .. } = rules.open_interest;
        if scale_from.is_negative() || (scale_to != Money::ZERO && scale_to <= scale_from) {
            return Err(MarketRulesError::OpenInterest);
        }
        self.marks_given =
            rules.mark.rule == MarkRule::One(MarkInput::Given) && rules.funding.is_none();
        self.price_rules = rules;
        Ok(self)
    }

    /// How the mark is made, funding paid and open interest bounded.
    pub const fn price_rules(&self) -> &PriceRules {
        &self.price_rules
    }
}
