//! How a market's mark price is made: an integer state machine, sampled at mark inputs
//! (`docs/MARGIN.md`, Mark).

use super::decay::{BILLION, decay_ppb};
use super::lagged::Lagged;
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{PRICE_TICKS_MAX, Price, RejectReason};

/// A price that a mark can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MarkInput {
    /// The price that the mark input brings: an oracle's, or that of other venues.
    Given = 0,
    /// The index price.
    Index = 1,
    /// The last trade in the book.
    Last = 2,
    /// Half-way between best bid and best offer.
    Mid = 3,
    /// Median of best bid, best offer and last trade.
    BookMedian = 4,
    /// The index and what is left of the funding rate until it is paid (`BitMEX`; Binance's P1).
    DecayingBasis = 5,
    /// The index and the smoothed distance of the book from it (Deribit; Binance's P2; the first
    /// of Hyperliquid's three).
    SmoothedBasis = 6,
}

impl MarkInput {
    /// Every one, in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::Given,
        Self::Index,
        Self::Last,
        Self::Mid,
        Self::BookMedian,
        Self::DecayingBasis,
        Self::SmoothedBasis,
    ];
}

/// A set of prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkInputs(u8);

impl MarkInputs {
    /// Those; `None` if there is none.
    pub fn new(inputs: &[MarkInput]) -> Option<Self> {
        let bits = inputs.iter().fold(0, |bits, input| bits | 1 << *input as u8);
        (bits != 0).then_some(Self(bits))
    }

    /// Whether one is among them.
    pub const fn contains(self, input: MarkInput) -> bool {
        self.0 & (1 << input as u8) != 0
    }

    /// Those in it, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = MarkInput> {
        MarkInput::ALL.into_iter().filter(move |input| self.contains(*input))
    }
}

/// How the mark is made of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRule {
    /// It is one of them.
    One(MarkInput),
    /// It is the median of several.
    Median(MarkInputs),
    /// It is the given price, taken at most once in each window of `interval_ns`, in force with
    /// the first mark input that is at least `lag_ns` later; the very first one at once.
    Oracle {
        /// Length of a window.
        interval_ns: u64,
        /// From when it is taken to when it is in force.
        lag_ns: u64,
    },
}

/// How a distance from the index is smoothed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoothing {
    /// Exponential moving average: the old one counts `e^(−t/tau)`, the sample the rest.
    Average {
        /// Its time constant.
        tau_ns: u64,
    },
    /// Exponential average of samples weighted by the time since the one before (Hyperliquid).
    Weighted {
        /// Its time constant.
        tau_ns: u64,
    },
    /// Mean of the last samples (Binance: 30 of a second each).
    Mean {
        /// How many.
        points: u32,
    },
}

/// Which price of the book is compared with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fair {
    /// The last trade.
    Last,
    /// Half-way between best bid and best offer.
    Mid,
    /// Median of best bid, best offer and last trade.
    BookMedian,
    /// The mark. Only a premium can be of it: a mark cannot be made of itself.
    Mark,
}

/// How a market's mark is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkRules {
    /// Of what.
    pub rule: MarkRule,
    /// What is smoothed where the rule asks for it.
    pub fair: Fair,
    /// How it is smoothed.
    pub smoothing: Smoothing,
    /// A mark triggers nothing any more when it is older than this; 0 for never.
    pub stale_ns: u64,
}

impl Default for MarkRules {
    /// The given price itself, never stale.
    fn default() -> Self {
        Self {
            rule: MarkRule::One(MarkInput::Given),
            fair: Fair::Mid,
            smoothing: Smoothing::Average { tau_ns: 30_000_000_000 },
            stale_ns: 0,
        }
    }
}

/// Longest time constant of an average: an hour. Its sums stay within 128 bits.
pub const TAU_NS_MAX: u64 = 3_600_000_000_000;
/// Most samples of a mean.
pub const MEAN_POINTS_MAX: u32 = 64;
/// Most windows that an oracle's price may lag.
pub const LAG_WINDOWS_MAX: u64 = 64;
/// A sample's time counts at most this many time constants.
const WEIGHT_TAUS_MAX: u64 = 32;
/// Parts of a tick in which distances are kept.
const MICRO: i64 = 1_000_000;

impl MarkRules {
    /// What is wrong with them, if anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.smoothing {
            Smoothing::Average { tau_ns } | Smoothing::Weighted { tau_ns } => {
                if !(1..=TAU_NS_MAX).contains(&tau_ns) {
                    return Err("a time constant of more than 0 and at most an hour");
                }
            }
            Smoothing::Mean { points } => {
                if !(1..=MEAN_POINTS_MAX).contains(&points) {
                    return Err("a mean of 1 to 64 samples");
                }
            }
        }
        if self.fair == Fair::Mark {
            return Err("a smoothed price of the book, not the mark itself");
        }
        if let MarkRule::Oracle { interval_ns, lag_ns } = self.rule
            && (interval_ns == 0 || lag_ns / interval_ns >= LAG_WINDOWS_MAX)
        {
            return Err("an oracle window above 0 and a lag of less than 64 of them");
        }
        Ok(())
    }

    fn smooths(&self) -> bool {
        match self.rule {
            MarkRule::One(input) => input == MarkInput::SmoothedBasis,
            MarkRule::Median(inputs) => inputs.contains(MarkInput::SmoothedBasis),
            MarkRule::Oracle { .. } => false,
        }
    }
}

/// What stands when a mark input is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) given: Price,
    pub(crate) index: Option<Price>,
    pub(crate) last: Option<Price>,
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
    pub(crate) time_ns: u64,
    /// The funding rate in force, in parts per billion, and what is left of its interval.
    pub(crate) rate_ppb: i64,
    pub(crate) left_ns: u64,
    pub(crate) interval_ns: u64,
}

impl Seen {
    fn index_ticks(&self) -> i64 {
        ticks(self.index.unwrap_or(self.given))
    }

    fn last_ticks(&self) -> i64 {
        ticks(self.last.unwrap_or(self.given))
    }

    /// Twice the middle of the spread, or of what stands in for it.
    fn mid_twice(&self) -> i64 {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) => ticks(bid) + ticks(ask),
            _ => 2 * self.last_ticks(),
        }
    }

    fn book_median(&self) -> i64 {
        let mut prices = [0; 3];
        let mut count = 0;
        for price in [self.bid, self.ask, self.last].into_iter().flatten() {
            prices[count] = ticks(price);
            count += 1;
        }
        if count == 0 { ticks(self.given) } else { median(&mut prices[..count]) }
    }

    /// A fair price in millionths of a tick; `mark` stands for the mark.
    pub(crate) fn fair_micro(&self, fair: Fair, mark: Price) -> i64 {
        match fair {
            Fair::Last => self.last_ticks() * MICRO,
            Fair::Mid => self.mid_twice() * (MICRO / 2),
            Fair::BookMedian => self.book_median() * MICRO,
            Fair::Mark => ticks(mark) * MICRO,
        }
    }

    /// The premium of a fair price over the index in parts per billion, rounded down; none without
    /// an index.
    pub(crate) fn premium_ppb(&self, fair: Fair, mark: Price) -> Option<i64> {
        let index = i128::from(ticks(self.index?)) * i128::from(MICRO);
        let distance = i128::from(self.fair_micro(fair, mark)) - index;
        Some(narrow((distance * BILLION).div_euclid(index)))
    }

    fn decaying_basis(&self) -> i64 {
        let index = self.index_ticks();
        if self.interval_ns == 0 {
            return index;
        }
        let basis = i128::from(index) * i128::from(self.rate_ppb) * i128::from(self.left_ns);
        index + narrow(nearest(basis, BILLION * i128::from(self.interval_ns)))
    }
}

/// A smoothed distance from the index, in millionths of a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Smoothed {
    pub(crate) average: i64,
    /// Weighted: what is left of the samples' times.
    pub(crate) weight: i128,
    /// Mean: sum of the samples.
    pub(crate) sum: i128,
    /// Mean: samples so far, at most as many as it is of, and where the next one goes.
    pub(crate) count: u32,
    pub(crate) next: u32,
    pub(crate) sampled_ns: u64,
}

/// The memory of a mark's rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MarkState {
    pub(crate) smoothed: Smoothed,
    /// Mean: its samples.
    pub(crate) samples: Vec<i64>,
    /// Oracle: prices that are not in force yet.
    lagged: Lagged<Price>,
}

impl MarkState {
    /// Nothing seen yet, and room for what the rules keep.
    pub(crate) fn new(rules: &MarkRules) -> Self {
        let points = match rules.smoothing {
            Smoothing::Mean { points } => points,
            _ => 0,
        };
        Self { samples: Vec::with_capacity(points as usize), ..Self::default() }
    }

    /// The mark that comes into force now, if one does, or that it lies outside the domain; then
    /// nothing has changed.
    pub(crate) fn advance(
        &mut self,
        rules: &MarkRules,
        seen: &Seen,
        (low, high): (Price, Price),
    ) -> Result<Option<Price>, RejectReason> {
        if let MarkRule::Oracle { interval_ns, lag_ns } = rules.rule {
            return Ok(self.lagged.take(seen.given, seen.time_ns, interval_ns, lag_ns));
        }
        let smoothed = rules.smooths().then(|| self.sampled(rules, seen));
        let ticks = match rules.rule {
            MarkRule::One(input) => value(seen, input, smoothed.as_ref()),
            MarkRule::Median(inputs) => {
                let mut prices = [0; MarkInput::ALL.len()];
                let mut count = 0;
                for input in inputs.iter() {
                    prices[count] = value(seen, input, smoothed.as_ref());
                    count += 1;
                }
                median(&mut prices[..count])
            }
            MarkRule::Oracle { .. } => unreachable!("returned above"),
        };
        let price = u32::try_from(ticks).ok().and_then(Price::new);
        let price = price.filter(|price| (low..=high).contains(price));
        let Some(price) = price else { return Err(RejectReason::PriceOutOfDomain) };
        if let Some(smoothed) = smoothed {
            self.keep(rules, seen, smoothed);
        }
        Ok(Some(price))
    }

    /// The smoothed distance with this sample in it; as it was where there is no index.
    fn sampled(&self, rules: &MarkRules, seen: &Seen) -> Smoothed {
        let mut next = self.smoothed;
        if seen.index.is_none() {
            return next;
        }
        let sample = distance(rules, seen);
        let elapsed_ns = seen.time_ns - next.sampled_ns;
        let first = next.count == 0;
        match rules.smoothing {
            Smoothing::Average { .. } if first => next.average = sample,
            Smoothing::Average { tau_ns } => {
                let kept = decay_ppb(elapsed_ns, tau_ns);
                let old = i128::from(next.average) - i128::from(sample);
                next.average = sample + narrow((old * kept).div_euclid(BILLION));
            }
            Smoothing::Weighted { tau_ns } => {
                let kept = decay_ppb(elapsed_ns, tau_ns);
                let weight = if first { 1 } else { elapsed_ns.min(WEIGHT_TAUS_MAX * tau_ns) };
                let weight = i128::from(weight);
                let old = next.weight * kept / BILLION;
                next.weight = old + weight;
                if next.weight > 0 {
                    let sum = i128::from(next.average) * old + i128::from(sample) * weight;
                    next.average = narrow(sum.div_euclid(next.weight));
                }
            }
            Smoothing::Mean { points } => {
                let place = next.next as usize;
                let old = if next.count == points { self.samples[place] } else { 0 };
                next.sum += i128::from(sample) - i128::from(old);
                next.next = (next.next + 1) % points;
                let count = i128::from(points.min(next.count + 1));
                next.average = narrow(next.sum.div_euclid(count));
            }
        }
        next.count = (next.count + 1).min(match rules.smoothing {
            Smoothing::Mean { points } => points,
            _ => 1,
        });
        next.sampled_ns = seen.time_ns;
        next
    }

    fn keep(&mut self, rules: &MarkRules, seen: &Seen, smoothed: Smoothed) {
        if let (Smoothing::Mean { points }, Some(_)) = (rules.smoothing, seen.index) {
            self.samples.resize(points as usize, 0);
            self.samples[self.smoothed.next as usize] = distance(rules, seen);
        }
        self.smoothed = smoothed;
    }
}

impl MarkState {
    /// Whether rules of a domain could have made it by then.
    pub(crate) fn suits(
        &self,
        rules: &MarkRules,
        (low, high): (Price, Price),
        time_ns: u64,
    ) -> bool {
        let Self { smoothed, samples, lagged } = self;
        if let MarkRule::Oracle { interval_ns, .. } = rules.rule {
            let within = |price: &Price| (low..=high).contains(price);
            return *smoothed == Smoothed::default()
                && samples.is_empty()
                && lagged.suits(interval_ns, time_ns, within);
        }
        let smooths = rules.smooths() || *self == Self::default();
        smooths
            && *lagged == Lagged::default()
            && smoothed.sampled_ns <= time_ns
            && distance_fits(smoothed.average)
            && match rules.smoothing {
                Smoothing::Mean { points } => {
                    let sum: i128 = samples.iter().map(|sample| i128::from(*sample)).sum();
                    let len = if smoothed.count == 0 { 0 } else { points as usize };
                    (smoothed.weight, smoothed.sum) == (0, sum)
                        && samples.len() == len
                        && smoothed.count <= points
                        && smoothed.next < points
                        && samples.iter().all(|sample| distance_fits(*sample))
                }
                Smoothing::Average { tau_ns } | Smoothing::Weighted { tau_ns } => {
                    // Weights that decay while they grow: a little more than the longest time
                    // that a sample counts.
                    let most = i128::from(WEIGHT_TAUS_MAX + 1) * i128::from(tau_ns);
                    (0..=most).contains(&smoothed.weight)
                        && (smoothed.sum, smoothed.next) == (0, 0)
                        && smoothed.count <= 1
                        && samples.is_empty()
                }
            }
    }
}

/// Whether two prices can be so many millionths of a tick apart.
const fn distance_fits(micro: i64) -> bool {
    micro.unsigned_abs() <= PRICE_TICKS_MAX as u64 * MICRO as u64
}

impl Canonical for Smoothed {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { average, weight, sum, count, next, sampled_ns } = self;
        put!(out; average, weight, sum, count, next, sampled_ns);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (average, weight, sum) = (input.get()?, input.get()?, input.get()?);
        let (count, next) = (input.get()?, input.get()?);
        Ok(Self { average, weight, sum, count, next, sampled_ns: input.get()? })
    }
}

impl Canonical for MarkState {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { smoothed, samples, lagged } = self;
        put!(out; smoothed, lagged);
        out.list(samples);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (smoothed, lagged) = (input.get()?, input.get()?);
        let samples = input.list(MEAN_POINTS_MAX as usize, "samples of a mean")?;
        Ok(Self { smoothed, samples, lagged })
    }
}

/// How far the fair price lies from the index, in millionths of a tick.
fn distance(rules: &MarkRules, seen: &Seen) -> i64 {
    seen.fair_micro(rules.fair, seen.given) - seen.index_ticks() * MICRO
}

fn value(seen: &Seen, input: MarkInput, smoothed: Option<&Smoothed>) -> i64 {
    match input {
        MarkInput::Given => ticks(seen.given),
        MarkInput::Index => seen.index_ticks(),
        MarkInput::Last => seen.last_ticks(),
        MarkInput::Mid => narrow(nearest(i128::from(seen.mid_twice()), 2)),
        MarkInput::BookMedian => seen.book_median(),
        MarkInput::DecayingBasis => seen.decaying_basis(),
        MarkInput::SmoothedBasis => {
            let average = smoothed.map_or(0, |smoothed| smoothed.average);
            let micro = i128::from(seen.index_ticks()) * i128::from(MICRO) + i128::from(average);
            narrow(nearest(micro, i128::from(MICRO)))
        }
    }
}

/// The middle one of the prices, or the middle two's mean, rounded down.
fn median(prices: &mut [i64]) -> i64 {
    prices.sort_unstable();
    let (low, high) = (prices[(prices.len() - 1) / 2], prices[prices.len() / 2]);
    (low + high).div_euclid(2)
}

/// The nearest whole number, halves upwards.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

fn ticks(price: Price) -> i64 {
    i64::from(price.ticks())
}

fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).expect("prices and their distances are far below 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000_000;

    fn at(seconds: u64, index: u32, bid: u32, ask: u32) -> Seen {
        Seen {
            given: Price::new(index + 7).unwrap(),
            index: Price::new(index),
            last: Price::new(bid),
            bid: Price::new(bid),
            ask: Price::new(ask),
            time_ns: seconds * S,
            rate_ppb: 0,
            left_ns: 0,
            interval_ns: 0,
        }
    }

    fn one(input: MarkInput, smoothing: Smoothing) -> MarkRules {
        MarkRules { rule: MarkRule::One(input), smoothing, ..MarkRules::default() }
    }

    fn next(state: &mut MarkState, rules: &MarkRules, seen: &Seen) -> Option<u32> {
        let domain = (Price::new(1).unwrap(), Price::MAX);
        state.advance(rules, seen, domain).expect("it lies in the domain").map(Price::ticks)
    }

    fn once(rule: MarkRule, seen: &Seen) -> u32 {
        let rules = MarkRules { rule, ..MarkRules::default() };
        next(&mut MarkState::default(), &rules, seen).expect("it is in force at once")
    }

    #[test]
    fn the_fair_price_is_the_index_and_the_rate_that_is_left() {
        // BitMEX: index (1 + rate * time to funding / interval): 0.01 % with half the time to go.
        let seen = Seen {
            rate_ppb: 100_000,
            left_ns: 4 * 3_600 * S,
            interval_ns: 8 * 3_600 * S,
            ..at(0, 1_000_000, 1, 2)
        };
        assert_eq!(once(MarkRule::One(MarkInput::DecayingBasis), &seen), 1_000_050);
        let paid = Seen { left_ns: 0, ..seen };
        assert_eq!(once(MarkRule::One(MarkInput::DecayingBasis), &paid), 1_000_000);
        // A negative rate; halves go upwards.
        let seen = Seen { rate_ppb: -100_000, ..seen };
        assert_eq!(once(MarkRule::One(MarkInput::DecayingBasis), &seen), 999_950);
        let seen = Seen { rate_ppb: -1_000, ..seen };
        assert_eq!(once(MarkRule::One(MarkInput::DecayingBasis), &seen), 1_000_000);
    }

    #[test]
    fn the_average_forgets_with_its_time_constant() {
        // Deribit: a 30-second average of fair price less index. The book jumps by 1000 ticks.
        let rules = one(MarkInput::SmoothedBasis, Smoothing::Average { tau_ns: 30 * S });
        let mut state = MarkState::default();
        assert_eq!(next(&mut state, &rules, &at(0, 50_000, 49_999, 50_001)), Some(50_000));
        // After one time constant 1 - 1/e of it has arrived, in one sample or in many.
        assert_eq!(next(&mut state, &rules, &at(30, 50_000, 50_999, 51_001)), Some(50_632));
        let mut state = MarkState::default();
        next(&mut state, &rules, &at(0, 50_000, 49_999, 50_001));
        for second in 1..=30 {
            next(&mut state, &rules, &at(second, 50_000, 50_999, 51_001));
        }
        // Each sample rounds by at most two micro-ticks.
        let exact = 632_120_559;
        assert!((exact - 60..=exact).contains(&state.smoothed.average), "{state:?}");
    }

    #[test]
    fn weighted_samples_count_by_their_time() {
        // Hyperliquid: sums of samples and of their times, both decaying within 150 s.
        let rules = one(MarkInput::SmoothedBasis, Smoothing::Weighted { tau_ns: 150 * S });
        let mut state = MarkState::default();
        next(&mut state, &rules, &at(0, 50_000, 50_000, 50_000));
        for second in 1..=50 {
            next(&mut state, &rules, &at(3 * second, 50_000, 50_100, 50_100));
        }
        // All the time that counts was spent at +100: the first sample has no time of its own.
        assert_eq!(state.smoothed.average, 100_000_000);
        let before = state.smoothed.weight;
        next(&mut state, &rules, &at(153, 50_000, 50_000, 50_000));
        // The old ones' weight has decayed by e^(-3/150); three seconds are new.
        let old = before * 980_198_673 / BILLION;
        let expected = 100_000_000 * old / (old + 3 * i128::from(S));
        assert_eq!(i128::from(state.smoothed.average), expected);
    }

    #[test]
    fn a_mean_is_of_the_last_samples() {
        let rules = one(MarkInput::SmoothedBasis, Smoothing::Mean { points: 3 });
        let mut state = MarkState::default();
        let marks = [0, 30, 60, 90, 120].map(|off: u32| {
            next(&mut state, &rules, &at(off.into(), 50_000, 50_000 + off, 50_000 + off))
        });
        assert_eq!(marks.map(Option::unwrap), [50_000, 50_015, 50_030, 50_060, 50_090]);
    }

    #[test]
    fn a_median_is_the_middle_one() {
        let seen = at(0, 50_000, 50_010, 50_031);
        let median = |of: &[MarkInput]| once(MarkRule::Median(MarkInputs::new(of).unwrap()), &seen);
        assert_eq!(median(&[MarkInput::Index, MarkInput::Last, MarkInput::Mid]), 50_010);
        assert_eq!(median(&[MarkInput::Index, MarkInput::Mid]), 50_010);
        assert_eq!(once(MarkRule::One(MarkInput::Mid), &seen), 50_021);
        assert_eq!(once(MarkRule::One(MarkInput::BookMedian), &seen), 50_010);
        let empty = Seen { bid: None, ask: None, last: None, index: None, ..seen };
        for input in MarkInput::ALL {
            assert_eq!(once(MarkRule::One(input), &empty), 50_007, "{input:?}");
        }
    }

    #[test]
    fn an_oracle_takes_once_a_window_and_lags() {
        let rule = MarkRule::Oracle { interval_ns: 3 * S, lag_ns: 4 * S };
        let rules = MarkRules { rule, ..MarkRules::default() };
        let mut state = MarkState::default();
        let mut given =
            |second: u64, price: u32| next(&mut state, &rules, &at(second, price - 7, 1, 2));
        let marks = [(0, 100), (1, 101), (3, 103), (4, 104), (6, 106), (9, 109), (20, 120)]
            .map(|(second, price)| given(second, price));
        let expected = [Some(100), None, None, None, None, Some(103), Some(109)];
        assert_eq!(marks, expected);
    }

    #[test]
    fn a_mark_outside_the_domain_changes_nothing() {
        let rules = one(MarkInput::SmoothedBasis, Smoothing::Mean { points: 2 });
        let mut state = MarkState::default();
        next(&mut state, &rules, &at(0, 50_000, 50_000, 50_000));
        let before = state.clone();
        let domain = (Price::new(1).unwrap(), Price::new(50_010).unwrap());
        let refused = state.advance(&rules, &at(1, 50_000, 50_100, 50_100), domain);
        assert_eq!(refused, Err(RejectReason::PriceOutOfDomain));
        assert_eq!(state, before);
    }

    proptest! {
        #[test]
        fn a_smoothed_distance_stays_within_its_samples(
            weighted in any::<bool>(),
            tau_ns in 1..TAU_NS_MAX,
            samples in prop::collection::vec((any::<u32>(), 1..Price::MAX.ticks()), 1..40),
        ) {
            let smoothing =
                if weighted { Smoothing::Weighted { tau_ns } } else { Smoothing::Average { tau_ns } };
            let rules = one(MarkInput::SmoothedBasis, smoothing);
            let mut state = MarkState::default();
            let (mut time_ns, mut low, mut high) = (0, i64::MAX, i64::MIN);
            for (elapsed, price) in samples {
                time_ns += u64::from(elapsed) * u64::from(elapsed) / 1_000;
                let seen = Seen { time_ns, ..at(0, 1_000, price, price) };
                let domain = (Price::new(1).unwrap(), Price::MAX);
                let _ = state.advance(&rules, &seen, domain);
                let distance = (i64::from(price) - 1_000) * MICRO;
                (low, high) = (low.min(distance), high.max(distance));
                prop_assert!((low..=high).contains(&state.smoothed.average));
            }
        }
    }
}
