//! The switches of a liquidation engine: order, pace, size, and what follows the book.

use thiserror::Error;

use super::venue::{Fillable, ForcedLimit, Outlook, Unfilled, VenueRules};
use crate::types::{Money, Ppm};

/// By what the queue orders triggered accounts; the smallest key goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityKey {
    /// First triggered, first served.
    TriggerTime,
    /// Lowest equity over notional first.
    MarginRatio,
    /// Nearest to, or furthest beyond, its bankruptcy price first.
    BankruptcyDistance,
    /// Largest notional first.
    Notional,
    /// Furthest fillable price first, then largest notional (dYdX v4).
    FillableDistance(Fillable),
    /// Largest expected loss beyond margin first.
    ExpectedShortfall(Outlook),
    /// Fastest growth of that loss per forced step first (Smith's rule).
    CMu(Outlook),
}

/// How forced flow shares the engine with client flow: the one place where they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Forced steps go on after each input until there are none, at most `steps_max` at a time.
    Strict {
        /// Bound on the steps of one input.
        steps_max: u32,
    },
    /// `forced` steps after every `client` inputs.
    Weighted {
        /// Forced steps per turn.
        forced: u32,
        /// Inputs per turn.
        client: u32,
    },
    /// A forced step waits for every input that arrived before its trigger.
    Fifo {
        /// Bound on the steps of one input.
        steps_max: u32,
    },
    /// At most `steps` forced steps in each window of `interval_ns`.
    RateLimited {
        /// Forced steps per window.
        steps: u32,
        /// Length of a window, in nanoseconds.
        interval_ns: u64,
    },
}

/// How much of a position one forced order closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All of it.
    Full,
    /// That part of what is left, rounded up, and at least `lots_min`; then its health is
    /// checked again.
    Fraction {
        /// Part of the position.
        part: Ppm,
        /// Least quantity of a step, in lots.
        lots_min: u32,
    },
    /// Down by so many tiers of maintenance margin; all of it in the lowest (BitMEX, Bybit, OKX).
    StepDown {
        /// Tiers per step.
        tiers: u32,
    },
    /// Of a large position a part first, then, for a while, all of it (Hyperliquid).
    PartThenAll {
        /// Positions worth no more than this close at once.
        above: Money,
        /// The part.
        part: Ppm,
        /// For how long after a part the next order is for all, in nanoseconds.
        window_ns: u64,
    },
    /// The least that makes it healthy again.
    Minimal(Minimal),
    /// A share of that least which grows with the time since the trigger (after Drift v2).
    Throttled {
        /// The least.
        minimal: Minimal,
        /// The share at once.
        initial: Ppm,
        /// After so long it is all of it, in nanoseconds.
        duration_ns: u64,
    },
    /// A part while the position is not far below, all of it then (Aave's close factor).
    CloseFactor {
        /// The part.
        part: Ppm,
        /// Health factor above which a part is enough.
        health: Ppm,
        /// Value and debt below which all of it closes.
        least: Money,
    },
}

/// What the least step to health assumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minimal {
    /// What closing costs, as a part of its value: fees and half the spread.
    pub cost: Ppm,
    /// By what each lot moves the price, in 10^-12 of it.
    pub impact: u32,
    /// What must be left above maintenance margin, as a part of the value.
    pub buffer: Ppm,
}

/// How the fund unwinds what it took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwind {
    /// Largest forced order, in lots.
    pub lots_max: u32,
    /// Worst price, as a distance from the mark.
    pub band: Ppm,
    /// Least time between two forced orders, in nanoseconds.
    pub interval_ns: u64,
}

/// Everything that decides how unhealthy positions are disposed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationRules {
    /// Off for the paired run: marks trigger nothing.
    pub enabled: bool,
    /// Order among triggered accounts.
    pub key: PriorityKey,
    /// Order against client flow.
    pub discipline: Discipline,
    /// Size of a forced order.
    pub plan: Plan,
    /// Fee on forced fills, to the fund; cut to what the position has left.
    pub fee: Ppm,
    /// How the fund gets rid of positions.
    pub unwind: Unwind,
    /// Bound on the positions that one input moves into the queue.
    pub triggers_max: u32,
    /// Where the venue differs further.
    pub venue: VenueRules,
}

/// Why rules were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    /// A bound lets nothing happen.
    #[error("{0} is 0, expected at least 1")]
    Zero(&'static str),
    /// A number is out of its range.
    #[error("{0} is out of range, expected {1}")]
    Range(&'static str, &'static str),
}

impl LiquidationRules {
    /// Checks that every bound lets at least one step happen, so that a backlog always drains.
    pub fn check(&self) -> Result<(), RulesError> {
        let bounds: &[(&'static str, u64)] = match &self.discipline {
            Discipline::Strict { steps_max } | Discipline::Fifo { steps_max } => {
                &[("steps_max", u64::from(*steps_max))]
            }
            Discipline::Weighted { forced, client } => {
                &[("forced", u64::from(*forced)), ("client", u64::from(*client))]
            }
            Discipline::RateLimited { steps, interval_ns } => {
                &[("steps", u64::from(*steps)), ("interval_ns", *interval_ns)]
            }
        };
        let plan = match self.plan {
            Plan::Full | Plan::Minimal(_) => 1,
            Plan::Fraction { part, lots_min } => u64::from(part.parts()) + u64::from(lots_min),
            Plan::StepDown { tiers } => u64::from(tiers),
            Plan::PartThenAll { part, .. } | Plan::CloseFactor { part, .. } => {
                u64::from(part.parts())
            }
            Plan::Throttled { duration_ns, .. } => duration_ns,
        };
        let venue = &self.venue;
        let keeps = venue.order.unfilled == Unfilled::Keep;
        let draw = venue.draw.map_or(1, |draw| u64::from(draw.most));
        let others = [
            ("plan part and lots_min", plan),
            ("unwind lots_max", u64::from(self.unwind.lots_max)),
            ("unwind interval_ns", self.unwind.interval_ns),
            ("triggers_max", u64::from(self.triggers_max)),
            // What is kept would be tried again and again at one instant.
            (
                "again_ns of a venue that keeps what is unfilled",
                if keeps { venue.order.again_ns } else { 1 },
            ),
            (
                "the time for which a forced order rests",
                if let Unfilled::Rest(for_ns) = venue.order.unfilled { for_ns } else { 1 },
            ),
            ("fund window_ns", venue.fund.window_ns),
            ("draw most", draw),
        ];
        match bounds.iter().chain(&others).find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(RulesError::Zero(name)),
            None => self.key.check().and_then(|()| self.check_venue()),
        }
    }
}

impl LiquidationRules {
    /// Checks rules that only together make sense.
    fn check_venue(&self) -> Result<(), RulesError> {
        let limited = matches!(self.discipline, Discipline::RateLimited { .. });
        if self.venue.draw.is_some() && !limited {
            return Err(RulesError::Range("a draw", "a rate-limited discipline"));
        }
        if self.venue.fund.resume > self.venue.fund.drawdown {
            return Err(RulesError::Range("fund resume", "at most its drawdown"));
        }
        let order = &self.venue.order;
        if order.unfilled.rests() && order.limit != ForcedLimit::Bankruptcy {
            return Err(RulesError::Range("the limit of an order that rests", "bankruptcy"));
        }
        if let ForcedLimit::Fillable(fillable) = order.limit {
            PriorityKey::FillableDistance(fillable).check()?;
        }
        Ok(())
    }
}

impl PriorityKey {
    fn check(self) -> Result<(), RulesError> {
        let parts_max = 10 * Ppm::SCALE;
        match self {
            Self::FillableDistance(Fillable { adjustment_ppm, spread_ppm })
                if adjustment_ppm > parts_max || spread_ppm > parts_max =>
            {
                Err(RulesError::Range("a fillable price's factor", "at most 10"))
            }
            Self::ExpectedShortfall(outlook) | Self::CMu(outlook) if outlook.sigma == Ppm::ZERO => {
                Err(RulesError::Zero("key sigma"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::{Draw, FundRules};

    fn rules() -> LiquidationRules {
        LiquidationRules {
            enabled: true,
            key: PriorityKey::TriggerTime,
            discipline: Discipline::RateLimited { steps: 1, interval_ns: 1 },
            plan: Plan::Full,
            fee: Ppm::ZERO,
            unwind: Unwind { lots_max: 1, band: Ppm::ONE, interval_ns: 1 },
            triggers_max: 1,
            venue: VenueRules::default(),
        }
    }

    fn refused(change: impl FnOnce(&mut LiquidationRules)) -> Option<RulesError> {
        let mut rules = rules();
        change(&mut rules);
        rules.check().err()
    }

    #[test]
    fn a_discipline_lets_something_happen() {
        assert_eq!(refused(|_| ()), None);
        for (discipline, expected) in [
            (Discipline::Strict { steps_max: 1 }, None),
            (Discipline::Strict { steps_max: 0 }, Some(RulesError::Zero("steps_max"))),
            (Discipline::Fifo { steps_max: 1 }, None),
            (Discipline::Fifo { steps_max: 0 }, Some(RulesError::Zero("steps_max"))),
            (Discipline::Weighted { forced: 1, client: 1 }, None),
            (Discipline::Weighted { forced: 0, client: 1 }, Some(RulesError::Zero("forced"))),
            (Discipline::Weighted { forced: 1, client: 0 }, Some(RulesError::Zero("client"))),
            (Discipline::RateLimited { steps: 0, interval_ns: 1 }, Some(RulesError::Zero("steps"))),
            (
                Discipline::RateLimited { steps: 1, interval_ns: 0 },
                Some(RulesError::Zero("interval_ns")),
            ),
        ] {
            assert_eq!(refused(|rules| rules.discipline = discipline), expected, "{discipline:?}");
        }
        assert_eq!(
            refused(|rules| rules.unwind.lots_max = 0),
            Some(RulesError::Zero("unwind lots_max"))
        );
        assert_eq!(
            refused(|rules| rules.unwind.interval_ns = 0),
            Some(RulesError::Zero("unwind interval_ns"))
        );
        assert_eq!(refused(|rules| rules.triggers_max = 0), Some(RulesError::Zero("triggers_max")));
    }

    #[test]
    fn a_plan_closes_something() {
        let (one, none) = (Ppm::new(1).unwrap(), Ppm::ZERO);
        let minimal = Minimal { cost: none, impact: 0, buffer: none };
        for (plan, works) in [
            (Plan::Minimal(minimal), true),
            (Plan::Fraction { part: one, lots_min: 0 }, true),
            (Plan::Fraction { part: none, lots_min: 1 }, true),
            (Plan::Fraction { part: one, lots_min: 1 }, true),
            (Plan::Fraction { part: none, lots_min: 0 }, false),
            (Plan::StepDown { tiers: 1 }, true),
            (Plan::StepDown { tiers: 0 }, false),
            (Plan::PartThenAll { above: Money::ZERO, part: one, window_ns: 0 }, true),
            (Plan::PartThenAll { above: Money::ZERO, part: none, window_ns: 1 }, false),
            (Plan::CloseFactor { part: one, health: none, least: Money::ZERO }, true),
            (Plan::CloseFactor { part: none, health: one, least: Money::ZERO }, false),
            (Plan::Throttled { minimal, initial: none, duration_ns: 1 }, true),
            (Plan::Throttled { minimal, initial: one, duration_ns: 0 }, false),
        ] {
            let expected =
                if works { None } else { Some(RulesError::Zero("plan part and lots_min")) };
            assert_eq!(refused(|rules| rules.plan = plan), expected, "{plan:?}");
        }
    }

    #[test]
    fn what_is_kept_waits_before_it_is_tried_again() {
        let kept = |again_ns| {
            refused(|rules| {
                (rules.venue.order.unfilled, rules.venue.order.again_ns) =
                    (Unfilled::Keep, again_ns);
            })
        };
        assert_eq!(kept(1), None);
        assert_eq!(
            kept(0),
            Some(RulesError::Zero("again_ns of a venue that keeps what is unfilled"))
        );
        let rests = |for_ns| refused(|rules| rules.venue.order.unfilled = Unfilled::Rest(for_ns));
        assert_eq!(rests(1), None);
        assert_eq!(rests(0), Some(RulesError::Zero("the time for which a forced order rests")));
        assert!(Unfilled::Rest(1).rests() && !Unfilled::Keep.rests() && !Unfilled::Dispose.rests());
    }

    #[test]
    fn rules_that_only_together_make_sense_are_held_together() {
        let range = |error| matches!(error, Some(RulesError::Range(..)));
        let draw = |most| Some(Draw { most, seed: 0 });
        assert_eq!(refused(|rules| rules.venue.draw = draw(1)), None);
        assert_eq!(
            refused(|rules| rules.venue.draw = draw(0)),
            Some(RulesError::Zero("draw most"))
        );
        assert!(range(refused(|rules| {
            rules.venue.draw = draw(1);
            rules.discipline = Discipline::Strict { steps_max: 1 };
        })));
        let fund = |drawdown, resume, window_ns| {
            let [drawdown, resume] = [drawdown, resume].map(|parts| Ppm::new(parts).unwrap());
            refused(|rules| rules.venue.fund = FundRules { drawdown, resume, window_ns })
        };
        assert_eq!(
            (fund(5, 5, 1), fund(5, 5, 0)),
            (None, Some(RulesError::Zero("fund window_ns")))
        );
        assert!(range(fund(5, 6, 1)));
        let limit = |unfilled, limit| {
            refused(|rules| {
                (rules.venue.order.unfilled, rules.venue.order.limit) = (unfilled, limit);
            })
        };
        assert_eq!(limit(Unfilled::Rest(1), ForcedLimit::Bankruptcy), None);
        assert!(range(limit(Unfilled::Rest(1), ForcedLimit::Band(Ppm::ONE))));
        assert_eq!(limit(Unfilled::Dispose, ForcedLimit::Band(Ppm::ONE)), None);
    }

    #[test]
    fn a_key_assumes_a_price_that_can_move() {
        let most = 10 * Ppm::SCALE;
        for (adjustment_ppm, spread_ppm, fits) in
            [(0, 0, true), (most, most, true), (most + 1, 0, false), (0, most + 1, false)]
        {
            let fillable = Fillable { adjustment_ppm, spread_ppm };
            let key = refused(|rules| rules.key = PriorityKey::FillableDistance(fillable));
            assert_eq!(key.is_none(), fits, "{fillable:?}");
            let limit = ForcedLimit::Fillable(fillable);
            let limit = refused(|rules| rules.venue.order.limit = limit);
            assert_eq!(limit, key);
        }
        for (parts, expected) in [(1, None), (0, Some(RulesError::Zero("key sigma")))] {
            let outlook = Outlook { sigma: Ppm::new(parts).unwrap(), cost: Ppm::ZERO };
            for key in [PriorityKey::ExpectedShortfall(outlook), PriorityKey::CMu(outlook)] {
                assert_eq!(refused(|rules| rules.key = key), expected, "{key:?}");
            }
        }
    }
}
