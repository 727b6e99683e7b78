//! How much of a position one forced order closes (`docs/LIQUIDATION.md`, Plans).

use super::rules::{Minimal, Plan};
use super::seen::{SCALE, Seen};
use crate::types::{Ppm, QTY_LOTS_MAX};

/// When a position is served.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units come last")]
pub(crate) struct Moment {
    pub(crate) now_ns: u64,
    /// When it was triggered.
    pub(crate) first_ns: u64,
    /// Until when an order is for all of it.
    pub(crate) whole_until_ns: u64,
}

impl Plan {
    /// Lots that the next forced order closes: at least one, at most the largest order.
    pub(crate) fn lots(&self, seen: &Seen<'_>, moment: Moment) -> u32 {
        let lots = match *self {
            Self::Full => seen.lots,
            Self::Fraction { part, lots_min } => {
                share(part, seen.lots).max(u64::from(lots_min)).min(seen.lots)
            }
            Self::StepDown { tiers } => seen.lots - seen.lots_below_tier(tiers),
            Self::PartThenAll { above, part, .. } => {
                let all = seen.value <= above.wide() || moment.now_ns < moment.whole_until_ns;
                if all { seen.lots } else { share(part, seen.lots) }
            }
            Self::Minimal(minimal) => minimal.lots(seen),
            Self::Throttled { minimal, initial, duration_ns } => {
                let passed = u128::from(moment.now_ns - moment.first_ns);
                let grown = passed * u128::from(Ppm::SCALE) / u128::from(duration_ns);
                let parts = u128::from(initial.parts()) + grown;
                let parts = parts.min(u128::from(Ppm::SCALE));
                let part = u32::try_from(parts).ok().and_then(Ppm::new).expect("held to one");
                share(part, minimal.lots(seen))
            }
            Self::CloseFactor { part, health, least } => {
                let debt = seen.value - seen.equity;
                let threshold = seen.value * (SCALE - i128::from(seen.maintenance_rate().parts()));
                let near = threshold > debt * i128::from(health.parts());
                let large = seen.value >= least.wide() && debt >= least.wide();
                if near && large { share(part, seen.lots) } else { seen.lots }
            }
        };
        let lots = lots.clamp(1, u64::from(QTY_LOTS_MAX));
        u32::try_from(lots).expect("bounded by the largest order")
    }

    /// How many forced orders close a position of so many lots, if nothing else happens.
    pub(crate) fn steps(&self, lots: u64) -> u64 {
        match *self {
            Self::Fraction { part, lots_min } => {
                let planned = share(part, lots).max(u64::from(lots_min)).max(1);
                lots.div_ceil(planned)
            }
            _ => 1,
        }
    }
}

/// A part of some lots, rounded up.
fn share(part: Ppm, lots: u64) -> u64 {
    (lots * u64::from(part.parts())).div_ceil(u64::from(Ppm::SCALE))
}

impl Minimal {
    /// The least quantity whose closing makes the position healthy: all of it if there is none.
    ///
    /// With `v` the value of a lot, `r` the maintenance rate, `f` the cost, `a` the impact and `s`
    /// what equity lacks: closing Δ frees `v Δ (r − f)` and costs `v a Δ² / 2`, so Δ is the smaller
    /// root of `v a/2 Δ² − v (r − f) Δ + s = 0`, or `s / (v (r − f))` without impact.
    fn lots(self, seen: &Seen<'_>) -> u64 {
        let buffer = (seen.value * i128::from(self.buffer.parts())).div_euclid(SCALE) + 1;
        let short = seen.maintenance() + 1 + buffer - seen.equity;
        let net = i128::from(seen.maintenance_rate().parts()) - i128::from(self.cost.parts());
        if net <= 0 || seen.value == 0 {
            return seen.lots;
        }
        let lots = i128::from(seen.lots);
        // s / (v 10^-6), times the lots: in lots times 10^6.
        let needed = (short * SCALE * lots + seen.value - 1).div_euclid(seen.value);
        let impact = i128::from(self.impact);
        // a/2 Δ² − (r − f) Δ + s = 0, in 10^-12: Δ = (n − √(n² − 2 a s)) / a with n = (r − f) 10^6.
        let root = if impact == 0 {
            (needed + net - 1).div_euclid(net)
        } else {
            let slope = net * SCALE;
            let Some(inside) = (slope * slope).checked_sub(2 * impact * needed * SCALE) else {
                return seen.lots;
            };
            if inside < 0 {
                return seen.lots;
            }
            (slope - inside.isqrt() + impact - 1).div_euclid(impact)
        };
        u64::try_from(root.clamp(1, lots)).expect("at most the position")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::tests::{linear, market, position, ppm};
    use crate::risk::{MarketRules, Position};
    use crate::types::{Contract, ContractKind, Money, Price, Side};
    use proptest::prelude::*;
    use zerocopy::FromZeros;

    fn rules() -> MarketRules {
        market(Contract { kind: ContractKind::Linear, unit: 1_000_000 }, 1_000, &[(0, 50_000)])
    }

    proptest! {
        /// Closing the minimal step at the mark less cost and impact makes the rest healthy, and a
        /// hundredth of it less does not.
        #[test]
        fn the_minimal_step_is_enough_and_hardly_more(
            lots in 2_000_u64..100_000,
            equity_ppm in 30_000_i64..49_900,
            cost in 0_u32..10_000,
            impact in prop_oneof![Just(0_u32), 1_000_u32..100_000],
        ) {
            let rules = rules();
            let mark = Price::new(1_000).unwrap();
            let value = rules.contract.value(mark, lots);
            let mut position = Position::new_zeroed();
            let margin = Money::narrow(value.wide() * i128::from(equity_ppm) / 1_000_000);
            position.open(Side::Buy, lots, value, margin);
            let seen = Seen::at(&rules, &position, mark).unwrap();
            let minimal = Minimal { cost: Ppm::new(cost).unwrap(), impact, buffer: Ppm::ZERO };
            let step = minimal.lots(&seen);
            // In units of 10^-12 of a lot's value.
            let healthy = |closed: u64| {
                let (closed, lots) = (i128::from(closed), i128::from(lots));
                let equity = i128::from(equity_ppm) * lots * 1_000_000
                    - closed * i128::from(cost) * 1_000_000
                    - closed * closed * i128::from(impact) / 2;
                equity >= (lots - closed) * 50_000 * 1_000_000
            };
            if step < lots {
                prop_assert!(healthy(step));
                prop_assert!(!healthy(step - 1 - step / 100));
            } else {
                prop_assert!((1..lots / 100).all(|part| !healthy(part * 100)));
            }
        }
    }

    /// What a plan closes of a long at 1,000 with so much equity, in a market of three tiers.
    fn closes(plan: Plan, lots: u64, equity: i64, now_ns: u64) -> u32 {
        let rules = linear(1_000, &[(0, 10_000), (10_000, 20_000), (30_000, 50_000)]);
        let long = position(Side::Buy, lots, 1_000 * i64::try_from(lots).unwrap(), equity);
        let seen = Seen::at(&rules, &long, Price::new(1_000).unwrap()).unwrap();
        plan.lots(&seen, Moment { now_ns, first_ns: 0, whole_until_ns: 5 })
    }

    #[test]
    fn a_step_down_leaves_the_most_that_the_lower_tier_holds() {
        let closed = |lots, tiers| closes(Plan::StepDown { tiers }, lots, 100, 9);
        assert_eq!([1, 2, 5].map(|tiers| closed(50, tiers)), [21, 41, 41]);
        assert_eq!([30, 29, 10, 9].map(|lots| closed(lots, 1)), [1, 20, 1, 9]);
    }

    #[test]
    fn all_closes_at_once_of_a_small_position_and_for_a_while_after_a_part() {
        let part = ppm(200_000);
        let closed = |above, now_ns| {
            let above = Money::new(above);
            closes(Plan::PartThenAll { above, part, window_ns: 7 }, 50, 100, now_ns)
        };
        assert_eq!([closed(50_000, 9), closed(49_999, 9)], [50, 10]);
        assert_eq!([4, 5, 6].map(|now_ns| closed(0, now_ns)), [50, 10, 10]);
    }

    #[test]
    fn a_part_is_enough_of_a_large_debt_that_is_nearly_covered() {
        let closed = |equity, health, least| {
            let least = Money::new(least);
            closes(
                Plan::CloseFactor { part: ppm(500_000), health: ppm(health), least },
                50,
                equity,
                9,
            )
        };
        // Worth 50,000, of which 95 % may be owed.
        assert_eq!([2_499, 2_500, 2_501].map(|equity| closed(equity, 1_000_000, 0)), [50, 50, 25]);
        assert_eq!([989_583, 989_584].map(|health| closed(2_000, health, 0)), [25, 50]);
        let least = [47_499, 47_500, 50_001].map(|least| closed(2_501, 0, least));
        assert_eq!(least, [25, 50, 50]);
        assert_eq!([50_000, 50_001].map(|least| closed(-100, 0, least)), [25, 50]);
    }

    #[test]
    fn the_minimal_step_is_rounded_up_to_health() {
        let rules = linear(1_000, &[(0, 50_000)]);
        let step = |equity, cost, impact, buffer| {
            let long = position(Side::Buy, 1_000, 1_000_000, equity);
            let seen = Seen::at(&rules, &long, Price::new(1_000).unwrap()).unwrap();
            Minimal { cost: ppm(cost), impact, buffer: ppm(buffer) }.lots(&seen)
        };
        // Maintenance is 50,000, two units more must be left, and each lot frees 50.
        assert_eq!([49_002, 49_001].map(|equity| step(equity, 0, 0, 0)), [20, 21]);
        assert_eq!(step(49_001, 0, 0, 10_000), 221);
        assert_eq!(step(49_001, 12_926, 0, 0), 28, "27 lots lack two millionths of a lot's value");
        assert_eq!([49_999, 50_000, 50_001].map(|cost| step(49_001, cost, 0, 0)), [1_000; 3]);
        // Where the parabola just reaches what is needed, and where it does not.
        assert_eq!(
            [1_250_000_000, 1_250_000_001].map(|impact| step(49_002, 0, impact, 0)),
            [40, 1_000]
        );
    }
}
