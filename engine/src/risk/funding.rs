//! Funding: what longs pay to shorts so that the contract stays near its index
//! (`docs/MARGIN.md`, Funding).

use super::decay::BILLION;
use super::mark::{Fair, Seen};
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{Contract, ContractKind, Money, Price};

/// How a market's funding rate is made and paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingRules {
    /// Time between two payments.
    pub interval_ns: u64,
    /// Whose premium over the index is sampled.
    pub fair: Fair,
    /// Interest rate, in parts per billion per `divisor` intervals.
    pub interest_ppb: i64,
    /// How far interest less premium may move the rate, either way.
    pub clamp_ppb: i64,
    /// The rate's greatest size, before it is divided.
    pub cap_ppb: i64,
    /// What is paid at a time is the rate over this: 8 where an eight-hour rate is paid hourly.
    pub divisor: u32,
    /// Charged on the value at the index price instead of the mark.
    pub on_index: bool,
    /// Paid an interval later than it was made (`BitMEX`).
    pub later: bool,
}

/// Greatest cap of a rate: four tenths (Hyperliquid: 4 % an hour of an eight-hour rate is a cap of
/// 32 %). A payment that would go beyond [`PAID_UNITS_MAX`] is not made.
pub const FUNDING_CAP_PPB_MAX: i64 = 400_000_000;
/// Most that a market's largest position may have paid or received since the start, in money units:
/// what it owes at any time then fits 64 bits, and so does what a cross account's positions owe
/// together (`core::reach`).
pub const PAID_UNITS_MAX: i64 = 1 << 58;
/// Parts of a billionth of a unit in which an inverse contract's funding per lot is kept.
const INVERSE_PARTS: i128 = 1 << 16;

impl FundingRules {
    /// What is wrong with them, if anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.interval_ns == 0 {
            return Err("an interval above 0");
        }
        if !(1..=FUNDING_CAP_PPB_MAX).contains(&self.cap_ppb) {
            return Err("a cap above 0 and at most four tenths");
        }
        if self.interest_ppb.abs() > self.cap_ppb {
            return Err("an interest rate within the cap");
        }
        if !(0..=i64::from(u32::MAX)).contains(&self.clamp_ppb) {
            return Err("a clamp of 0 to 4.29");
        }
        if self.divisor == 0 {
            return Err("a divisor above 0");
        }
        Ok(())
    }

    /// The rate of one payment for a mean premium: premium plus clamped interest, capped, divided
    /// and rounded down.
    ///
    /// ```
    /// use seawall_engine::risk::{Fair, FundingRules};
    /// // Hyperliquid: a premium of 1 % makes 0.95 % per eight hours.
    /// let rules = FundingRules {
    ///     interval_ns: 28_800_000_000_000, fair: Fair::Mid, interest_ppb: 100_000, clamp_ppb: 500_000,
    ///     cap_ppb: 40_000_000, divisor: 1, on_index: true, later: false,
    /// };
    /// assert_eq!(rules.rate_ppb(10_000_000), 9_500_000);
    /// ```
    pub fn rate_ppb(&self, premium_ppb: i64) -> i64 {
        let interest = (self.interest_ppb - premium_ppb).clamp(-self.clamp_ppb, self.clamp_ppb);
        let rate = (premium_ppb + interest).clamp(-self.cap_ppb, self.cap_ppb);
        rate.div_euclid(i64::from(self.divisor))
    }
}

/// The rate in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Premium {
    /// The interval of the samples, once there was a mark input.
    pub(crate) interval: Option<u64>,
    pub(crate) sum: i128,
    pub(crate) count: u32,
    /// The rate that was made last.
    pub(crate) rate_ppb: i64,
}

impl Canonical for Premium {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { interval, sum, count, rate_ppb } = self;
        put!(out; interval, sum, count, rate_ppb);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (interval, sum) = (input.get()?, input.get()?);
        Ok(Self { interval, sum, count: input.get()?, rate_ppb: input.get()? })
    }
}

/// A payment that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) rate_ppb: i64,
    pub(crate) price: Price,
}

impl Premium {
    /// What a mark input at that time ends: the state after the intervals that are over, and the
    /// payment that falls due.
    pub(crate) fn at(
        &self,
        rules: &FundingRules,
        time_ns: u64,
        (mark, index): (Option<Price>, Option<Price>),
    ) -> (Self, Option<Due>) {
        let interval = time_ns / rules.interval_ns;
        if self.interval.is_none_or(|before| before == interval) {
            return (Self { interval: Some(interval), ..*self }, None);
        }
        let made = if self.count == 0 {
            0
        } else {
            let mean = self.sum.div_euclid(i128::from(self.count));
            rules.rate_ppb(i64::try_from(mean).expect("a mean of samples of 64 bits"))
        };
        let rate_ppb = if rules.later { self.rate_ppb } else { made };
        let price = if rules.on_index { index } else { mark };
        let due = price.filter(|_| rate_ppb != 0).map(|price| Due { rate_ppb, price });
        (Self { interval: Some(interval), rate_ppb: made, ..Self::default() }, due)
    }

    /// Whether rules could have made it by then.
    pub(crate) fn suits(&self, rules: Option<&FundingRules>, time_ns: u64) -> bool {
        let Some(rules) = rules else { return *self == Self::default() };
        let most = i128::from(self.count) * i128::from(i64::MAX);
        self.interval.is_none_or(|interval| interval <= time_ns / rules.interval_ns)
            && (self.interval.is_some() || *self == Self::default())
            && self.sum.checked_abs().is_some_and(|sum| sum <= most)
            && self.rate_ppb.checked_abs().is_some_and(|rate| rate <= rules.cap_ppb)
    }

    /// Takes a sample.
    pub(crate) fn sample(&mut self, rules: &FundingRules, seen: &Seen, mark: Price) {
        if let Some(premium_ppb) = seen.premium_ppb(rules.fair, mark)
            && self.count < u32::MAX
        {
            self.sum += i128::from(premium_ppb);
            self.count += 1;
        }
    }
}

/// What one lot has paid since the start, in billionths of a money unit (of parts of one for an
/// inverse contract): longs pay when it rises, shorts when it falls.
///
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accrual {
    pub(crate) parts: i128,
    pub(crate) per_lot: i128,
}

impl Accrual {
    pub(crate) const fn new(contract: Contract) -> Self {
        let parts = match contract.kind {
            ContractKind::Linear => 1,
            ContractKind::Inverse => INVERSE_PARTS,
        };
        Self { parts, per_lot: 0 }
    }

    /// What makes a money unit.
    pub(crate) const fn unit(&self) -> i128 {
        BILLION * self.parts
    }

    /// Adds a payment, unless a position of `lots_max` would then have paid or received more than
    /// [`PAID_UNITS_MAX`] since the start. Says whether it was made.
    pub(crate) fn pay(&mut self, contract: Contract, due: &Due, lots_max: u32) -> bool {
        let (unit, ticks) = (i128::from(contract.unit), i128::from(due.price.ticks()));
        let rate = i128::from(due.rate_ppb);
        let per_lot = self.per_lot
            + match contract.kind {
                ContractKind::Linear => unit * ticks * rate,
                ContractKind::Inverse => (unit * rate * self.parts).div_euclid(ticks),
            };
        let made = self.is_payable(per_lot, lots_max);
        if made {
            self.per_lot = per_lot;
        }
        made
    }

    /// Whether a position of `lots_max` may have paid so much per lot.
    pub(crate) fn is_payable(&self, per_lot: i128, lots_max: u32) -> bool {
        let most = per_lot.checked_abs().and_then(|paid| paid.checked_mul(i128::from(lots_max)));
        most.is_some_and(|most| most / self.unit() <= i128::from(PAID_UNITS_MAX))
    }

    /// What a position of signed `lots` receives since `checkpoint` (less than nothing if it
    /// pays), rounded down: what rounding takes stays in the market's funding pool.
    pub(crate) fn owed(&self, lots: i64, checkpoint: i128) -> Money {
        let paid = i128::from(lots) * (self.per_lot - checkpoint);
        Money::narrow((-paid).div_euclid(self.unit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> FundingRules {
        FundingRules {
            interval_ns: 8,
            fair: Fair::Mid,
            interest_ppb: 100_000,
            clamp_ppb: 500_000,
            cap_ppb: 40_000_000,
            divisor: 1,
            on_index: false,
            later: false,
        }
    }

    #[test]
    fn rates_follow_the_published_forms() {
        // Hyperliquid's example (reference T5), and hourly payments of an eighth.
        assert_eq!(rules().rate_ppb(10_000_000), 9_500_000);
        assert_eq!(FundingRules { divisor: 8, ..rules() }.rate_ppb(10_000_000), 1_187_500);
        // Within the clamp a rate is the interest alone: 0.01 %.
        assert_eq!(rules().rate_ppb(0), 100_000);
        assert_eq!(rules().rate_ppb(-400_000), 100_000);
        assert_eq!(rules().rate_ppb(600_000), 100_000);
        assert_eq!(rules().rate_ppb(600_001), 100_001);
        // The cap: 4 %.
        assert_eq!(rules().rate_ppb(90_000_000), 40_000_000);
        assert_eq!(rules().rate_ppb(-90_000_000), -40_000_000);
        // dYdX: no clamped interest, a cap of 6 (IMF - MMF).
        let dydx = FundingRules { clamp_ppb: 0, cap_ppb: 60_000_000, ..rules() };
        assert_eq!(dydx.rate_ppb(70_000_000), 60_000_000);
        assert_eq!(dydx.rate_ppb(5), 5);
    }

    #[test]
    fn a_payment_is_zero_sum_but_for_rounding() {
        let contract = Contract { kind: ContractKind::Linear, unit: 3 };
        let mut accrual = Accrual::new(contract);
        let price = Price::new(101).unwrap();
        assert!(accrual.pay(contract, &Due { rate_ppb: 9_500_000, price }, 7));
        // 7 lots of 303 money units at 0.95 % are 20.1495 units.
        assert_eq!(accrual.owed(7, 0), Money::new(-21));
        assert_eq!(accrual.owed(-7, 0), Money::new(20));
    }

    #[test]
    fn an_interval_pays_its_own_rate_or_the_one_before() {
        let price = Price::new(100);
        let sampled =
            |rate| Premium { interval: Some(0), sum: 30_000_000, count: 3, rate_ppb: rate };
        let (after, due) = sampled(7).at(&rules(), 8, (price, None));
        assert_eq!((after.rate_ppb, due.unwrap().rate_ppb), (9_500_000, 9_500_000));
        let later = FundingRules { later: true, ..rules() };
        let (after, due) = sampled(7).at(&later, 8, (price, None));
        assert_eq!((after.rate_ppb, due.unwrap().rate_ppb), (9_500_000, 7));
        assert_eq!(sampled(7).at(&rules(), 7, (price, None)).1, None);
        // Without a sample nothing is paid, whatever the interest.
        assert_eq!(Premium { count: 0, ..sampled(7) }.at(&rules(), 8, (price, None)).1, None);
    }

    #[test]
    fn a_rate_that_cannot_have_been_made_is_refused() {
        let made = Premium { interval: Some(4), sum: 0, count: 2, rate_ppb: 40_000_000 };
        let suits = |premium: Premium| premium.suits(Some(&rules()), 39);
        assert!(suits(made) && suits(Premium::default()));
        assert!(!suits(Premium { interval: Some(5), ..made }), "an interval to come");
        assert!(!suits(Premium { interval: None, ..made }), "nothing was sampled");
        let most = 2 * i128::from(i64::MAX);
        for (sum, fits) in [(most, true), (-most, true), (most + 1, false), (i128::MIN, false)] {
            assert_eq!(suits(Premium { sum, ..made }), fits, "{sum}");
        }
        for (rate_ppb, fits) in [(-40_000_000, true), (40_000_001, false), (i64::MIN, false)] {
            assert_eq!(suits(Premium { rate_ppb, ..made }), fits, "{rate_ppb}");
        }
        assert!(Premium::default().suits(None, 39));
        assert!(!made.suits(None, 39), "no funding");
    }

    #[test]
    fn a_count_of_samples_ends() {
        let seen = Seen {
            given: Price::MIN,
            index: Some(Price::MIN),
            last: None,
            bid: None,
            ask: None,
            time_ns: 0,
            rate_ppb: 0,
            left_ns: 0,
            interval_ns: 0,
        };
        let rules = FundingRules { fair: Fair::Mark, ..rules() };
        let mut premium = Premium { count: u32::MAX - 1, ..Premium::default() };
        for _ in 0..2 {
            premium.sample(&rules, &seen, Price::new(3).unwrap());
        }
        assert_eq!((premium.count, premium.sum), (u32::MAX, 2 * BILLION));
    }

    #[test]
    fn the_largest_position_pays_within_its_bound() {
        for (kind, unit) in
            [(ContractKind::Linear, BILLION), (ContractKind::Inverse, BILLION * INVERSE_PARTS)]
        {
            let accrual = Accrual::new(Contract { kind, unit: 1 });
            assert_eq!(accrual.unit(), unit);
            let most = i128::from(PAID_UNITS_MAX / 4) * unit;
            for (per_lot, fits) in [(most, true), (-most, true), (most + unit, false)] {
                assert_eq!(accrual.is_payable(per_lot, 4), fits, "{per_lot}");
            }
            for per_lot in [-most - unit, i128::MIN, i128::MAX] {
                assert!(!accrual.is_payable(per_lot, 4), "{per_lot}");
            }
        }
    }

    #[test]
    fn an_inverse_lot_pays_parts_of_a_unit() {
        let contract = Contract { kind: ContractKind::Inverse, unit: 70_000 };
        let mut accrual = Accrual::new(contract);
        let due = Due { rate_ppb: 9_500_000, price: Price::new(101).unwrap() };
        assert!(accrual.pay(contract, &due, 7));
        // 70,000 / 101 are 693.07 units, and 0.95 % of them 6.584; seven lots are 46.09.
        assert_eq!((accrual.owed(7, 0), accrual.owed(-7, 0)), (Money::new(-47), Money::new(46)));
        let before = accrual.per_lot;
        assert!(accrual.pay(contract, &due, 7));
        assert_eq!(accrual.owed(7, before), Money::new(-47));
    }
}
