//! The rules of mark, funding and open interest that a scenario names.

use seawall_engine::risk::{
    Fair, FundingRules, MarkInput, MarkInputs, MarkRule, MarkRules, OpenInterestRules, PriceRules,
    Smoothing,
};

use super::resolve::{signed, small};
use super::spec::{FairName, MarkInputName, MarkName, Scenario, SmoothingName};

const NS_PER_MS: u64 = 1_000_000;

impl Scenario {
    /// Whether the venue is sent an index price: where its mark or its funding is made of it, and
    /// it does not make the index itself.
    pub fn sends_index(&self) -> bool {
        !self.index_is_made() && self.uses_index()
    }

    fn uses_index(&self) -> bool {
        self.funding.enabled || !matches!(self.mark.rule, MarkName::Given | MarkName::Oracle)
    }

    pub(super) fn price_rules(&self) -> PriceRules {
        let market = &self.market;
        PriceRules {
            mark: self.mark_rules(),
            funding: self.funding.enabled.then(|| self.funding_rules()),
            open_interest: OpenInterestRules {
                lots_max: market.open_interest_max_lots,
                scale_from: self.money(market.open_interest_scale_from_currency),
                scale_to: self.money(market.open_interest_scale_to_currency),
            },
        }
    }

    fn mark_rules(&self) -> MarkRules {
        let mark = &self.mark;
        let tau_ns = mark.smoothing_ms * NS_PER_MS;
        let of: Vec<MarkInput> = mark.median_of.iter().map(|name| input(*name)).collect();
        MarkRules {
            rule: match mark.rule {
                MarkName::Given => MarkRule::One(MarkInput::Given),
                MarkName::Index => MarkRule::One(MarkInput::Index),
                MarkName::Last => MarkRule::One(MarkInput::Last),
                MarkName::Mid => MarkRule::One(MarkInput::Mid),
                MarkName::BookMedian => MarkRule::One(MarkInput::BookMedian),
                MarkName::DecayingBasis => MarkRule::One(MarkInput::DecayingBasis),
                MarkName::SmoothedBasis => MarkRule::One(MarkInput::SmoothedBasis),
                MarkName::Median => {
                    MarkRule::Median(MarkInputs::new(&of).expect("the list was checked"))
                }
                MarkName::Oracle => MarkRule::Oracle {
                    interval_ns: mark.oracle_interval_ms * NS_PER_MS,
                    lag_ns: mark.oracle_lag_ms * NS_PER_MS,
                },
            },
            fair: fair(mark.fair),
            smoothing: match mark.smoothing {
                SmoothingName::Average => Smoothing::Average { tau_ns },
                SmoothingName::Weighted => Smoothing::Weighted { tau_ns },
                SmoothingName::Mean => Smoothing::Mean { points: small(mark.smoothing_points) },
            },
            stale_ns: mark.stale_ms * NS_PER_MS,
        }
    }

    fn funding_rules(&self) -> FundingRules {
        let funding = &self.funding;
        FundingRules {
            interval_ns: funding.interval_ms * NS_PER_MS,
            fair: fair(funding.fair),
            interest_ppb: signed(funding.interest_ppb),
            clamp_ppb: signed(funding.clamp_ppb),
            cap_ppb: signed(funding.cap_ppb),
            divisor: small(funding.divisor),
            on_index: funding.on_index,
            later: funding.later,
        }
    }
}

const fn input(name: MarkInputName) -> MarkInput {
    match name {
        MarkInputName::Given => MarkInput::Given,
        MarkInputName::Index => MarkInput::Index,
        MarkInputName::Last => MarkInput::Last,
        MarkInputName::Mid => MarkInput::Mid,
        MarkInputName::BookMedian => MarkInput::BookMedian,
        MarkInputName::DecayingBasis => MarkInput::DecayingBasis,
        MarkInputName::SmoothedBasis => MarkInput::SmoothedBasis,
    }
}

const fn fair(name: FairName) -> Fair {
    match name {
        FairName::Last => Fair::Last,
        FairName::Mid => Fair::Mid,
        FairName::BookMedian => Fair::BookMedian,
        FairName::Mark => Fair::Mark,
    }
}
