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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules::tests::spec;
    use crate::risk::{Fair, Smoothing, TAU_NS_MAX};

    fn with(rules: PriceRules) -> Result<MarketRules, MarketRulesError> {
        MarketRules::new(spec()).unwrap().with_price_rules(rules)
    }

    const FUNDING: FundingRules = FundingRules {
        interval_ns: 1,
        fair: Fair::Mark,
        interest_ppb: -5,
        clamp_ppb: 0,
        cap_ppb: 5,
        divisor: 1,
        on_index: false,
        later: false,
    };

    #[test]
    fn a_given_mark_that_nothing_follows_from_is_known() {
        let mark = |input| {
            let mark = MarkRules { rule: MarkRule::One(input), ..MarkRules::default() };
            PriceRules { mark, ..PriceRules::default() }
        };
        assert!(with(mark(MarkInput::Given)).unwrap().marks_given);
        assert!(!with(mark(MarkInput::Last)).unwrap().marks_given);
        let funded = PriceRules { funding: Some(FUNDING), ..mark(MarkInput::Given) };
        assert!(!with(funded).unwrap().marks_given);
    }

    #[test]
    fn rules_of_a_mark_that_contradict_themselves_are_refused() {
        let refused = |mark| with(PriceRules { mark, ..PriceRules::default() }).is_err();
        let smoothed = |smoothing| MarkRules { smoothing, ..MarkRules::default() };
        for (tau_ns, wrong) in [(0, true), (1, false), (TAU_NS_MAX, false), (TAU_NS_MAX + 1, true)]
        {
            assert_eq!(refused(smoothed(Smoothing::Average { tau_ns })), wrong, "{tau_ns}");
            assert_eq!(refused(smoothed(Smoothing::Weighted { tau_ns })), wrong, "{tau_ns}");
        }
        for (points, wrong) in [(0, true), (1, false), (64, false), (65, true)] {
            assert_eq!(refused(smoothed(Smoothing::Mean { points })), wrong, "{points}");
        }
        assert!(refused(MarkRules { fair: Fair::Mark, ..MarkRules::default() }));
        for (interval_ns, lag_ns, wrong) in
            [(0, 0, true), (1, 0, false), (10, 639, false), (10, 640, true)]
        {
            let rule = MarkRule::Oracle { interval_ns, lag_ns };
            let mark = MarkRules { rule, ..MarkRules::default() };
            assert_eq!(refused(mark), wrong, "{lag_ns} of {interval_ns}");
        }
    }

    #[test]
    fn rules_of_funding_that_contradict_themselves_are_refused() {
        let refused = |rules| {
            let rules = PriceRules { funding: Some(rules), ..PriceRules::default() };
            with(rules).is_err()
        };
        assert!(!refused(FUNDING));
        assert!(refused(FundingRules { interval_ns: 0, ..FUNDING }));
        assert!(refused(FundingRules { divisor: 0, ..FUNDING }));
        for (cap_ppb, wrong) in [(0, true), (1, false), (400_000_000, false), (400_000_001, true)] {
            let rules = FundingRules { cap_ppb, interest_ppb: 0, ..FUNDING };
            assert_eq!(refused(rules), wrong, "{cap_ppb}");
        }
        for (interest_ppb, wrong) in [(-6, true), (5, false), (6, true)] {
            assert_eq!(refused(FundingRules { interest_ppb, ..FUNDING }), wrong, "{interest_ppb}");
        }
        for (clamp_ppb, wrong) in [(-1, true), (0xFFFF_FFFF, false), (0x1_0000_0000, true)] {
            assert_eq!(refused(FundingRules { clamp_ppb, ..FUNDING }), wrong, "{clamp_ppb}");
        }
    }

    #[test]
    fn open_interest_scales_margin_over_a_range() {
        for (from, to, wrong) in
            [(0, 0, false), (7, 0, false), (-1, 0, true), (0, 1, false), (5, 5, true), (5, 4, true)]
        {
            let (scale_from, scale_to) = (Money::new(from), Money::new(to));
            let open_interest = OpenInterestRules { lots_max: 0, scale_from, scale_to };
            let refused = with(PriceRules { open_interest, ..PriceRules::default() });
            assert_eq!(
                refused.err(),
                wrong.then_some(MarketRulesError::OpenInterest),
                "{from} to {to}"
            );
        }
    }
}
