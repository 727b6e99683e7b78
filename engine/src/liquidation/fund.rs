//! When the insurance fund stops paying: a fall from its peak, and back (Bybit, OKX).

use super::FundRules;
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{Money, Ppm};

/// The fund's peak over the current and the previous window, and whether it has stopped paying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FundWatch {
    window: u64,
    /// Of the previous and of the current window.
    peaks: [Money; 2],
    stopped: bool,
}

impl FundWatch {
    /// Notes the fund's equity at a time.
    pub(crate) fn note(&mut self, rules: &FundRules, equity: Money, time_ns: u64) {
        let window = time_ns / rules.window_ns;
        if window != self.window {
            let last = if window == self.window + 1 { self.peaks[1] } else { Money::ZERO };
            self.peaks = [last, Money::ZERO];
            self.window = window;
        }
        self.peaks[1] = self.peaks[1].max(equity);
        if self.stopped && equity >= self.below_peak(rules.resume) {
            self.stopped = false;
        }
    }

    /// The peak less that part of it, rounded up.
    fn below_peak(&self, part: Ppm) -> Money {
        let peak = self.peaks[0].max(self.peaks[1]);
        peak - part.of_floor(peak)
    }

    /// What the fund may lose of its equity.
    pub(crate) fn allowance(&self, rules: &FundRules, equity: Money) -> Money {
        if self.stopped {
            return Money::ZERO;
        }
        (equity - self.below_peak(rules.drawdown)).max(Money::ZERO)
    }

    /// A loss was more than it may bear: from here on it does not pay.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether it could be what a fund has seen by a window.
    pub(crate) fn is_possible(&self, window: u64) -> bool {
        self.window <= window && self.peaks.iter().all(|peak| !peak.is_negative())
    }
}

impl Canonical for FundWatch {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { window, peaks: [previous, current], stopped } = self;
        put!(out; window, previous, current, stopped);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (window, previous, current) = (input.get()?, input.get()?, input.get()?);
        Ok(Self { window, peaks: [previous, current], stopped: input.get()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bybits_worked_example() {
        // A pool of one million loses 350,000: 300,000 are paid, 50,000 deleveraged.
        let rules = FundRules {
            drawdown: Ppm::new(300_000).unwrap(),
            resume: Ppm::new(250_000).unwrap(),
            window_ns: 8 * 3_600 * 1_000_000_000,
        };
        let mut watch = FundWatch::default();
        watch.note(&rules, Money::new(1_000_000), 0);
        assert_eq!(watch.allowance(&rules, Money::new(1_000_000)), Money::new(300_000));
        watch.stop();
        watch.note(&rules, Money::new(700_000), 1);
        assert_eq!(watch.allowance(&rules, Money::new(700_000)), Money::ZERO);
        watch.note(&rules, Money::new(749_999), 2);
        assert_eq!(watch.allowance(&rules, Money::new(749_999)), Money::ZERO, "not yet");
        watch.note(&rules, Money::new(750_000), 3);
        assert_eq!(watch.allowance(&rules, Money::new(750_000)), Money::new(50_000));
    }

    #[test]
    fn a_peak_is_forgotten_after_two_windows() {
        let half = Ppm::new(500_000).unwrap();
        let rules = FundRules { drawdown: half, resume: half, window_ns: 10 };
        let mut watch = FundWatch::default();
        watch.note(&rules, Money::new(100), 5);
        watch.note(&rules, Money::new(60), 15);
        assert_eq!(watch.allowance(&rules, Money::new(60)), Money::new(10));
        watch.note(&rules, Money::new(60), 25);
        assert_eq!(watch.allowance(&rules, Money::new(60)), Money::new(30));
    }

    #[test]
    fn what_a_fund_cannot_have_seen_is_refused() {
        let of =
            |peaks: [i64; 2]| FundWatch { window: 4, peaks: peaks.map(Money::new), stopped: true };
        assert!(of([0, 7]).is_possible(4) && of([7, 0]).is_possible(5));
        assert!(!of([0, 7]).is_possible(3), "a window to come");
        assert!(!of([-1, 7]).is_possible(4) && !of([7, -1]).is_possible(4));
    }

    #[test]
    fn a_fund_that_stopped_stays_so_in_a_snapshot() {
        let watch = FundWatch { window: 4, peaks: [Money::new(5), Money::new(6)], stopped: true };
        let bytes = crate::state::bytes_of(|out| watch.put(out));
        assert_eq!(FundWatch::get(&mut Decoder::new(&bytes)), Ok(watch));
    }

    #[test]
    fn a_fund_that_pays_down_to_nothing_has_no_peak() {
        let down_to = |drawdown| FundRules { drawdown, ..FundRules::default() }.has_peak();
        assert!(!down_to(Ppm::ONE) && down_to(Ppm::new(999_999).unwrap()));
    }
}
