//! Paces: robots that place an order and wait. What a Hawkes process makes of the time since the last
//! order of a kind can only fall; a robot that comes again after a second makes it rise. So the rate
//! of a kind is multiplied with a factor of that time, its pace: a modulated renewal process (Cox
//! 1972, The statistical analysis of dependencies in point processes).
//!
//! The factor is constant from one quantile of the recorded gaps to the next. With the process given,
//! the likelihood is greatest where each factor is the orders that came in its part of the time over
//! those that the process expects there. So the recorded gaps are carried in as many numbers as there
//! are quantiles, and what follows what, within the kind and between kinds, stays the process's.

use super::curve::whole;
use super::hawkes::{Hawkes, History, Past};
use super::sample::Distribution;
use crate::scenario::check_flow::FACTOR_MAX_PPM;

/// Orders to a factor, at least.
const ORDERS_MIN: usize = 100;
/// Factors of a pace, at most.
const FACTORS_MAX: usize = 128;
/// Times are whole microseconds, in the scenario too.
const MICRO_S: f64 = 1e-6;

/// The pace of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Times since the last order of the kind after which each factor holds, in seconds, the first 0.
    from_s: Vec<f64>,
    /// The factors.
    factors: Vec<f64>,
}

impl Pace {
    /// One: the process alone.
    pub fn even() -> Self {
        Self { from_s: vec![0.0], factors: vec![1.0] }
    }

    /// The pace of a kind whose rate is otherwise that of `hawkes`.
    pub(super) fn fitted(hawkes: &Hawkes, history: &History, kind: usize) -> Self {
        let gaps = Distribution::new(history.gaps(kind));
        let mut pace = Self { from_s: edges(&gaps), factors: Vec::new() };
        pace.factors = vec![1.0; pace.from_s.len()];
        let mut came = vec![0.0; pace.from_s.len()];
        let mut expected = vec![0.0; pace.from_s.len()];
        pace.walk(hawkes, history, kind, |place, integral, comes| {
            expected[place] += integral;
            came[place] += f64::from(u8::from(comes));
        });
        let most = FACTOR_MAX_PPM as f64 / 1e6;
        let factor = |(came, expected): (&f64, &f64)| {
            if *expected > 0.0 { (came / expected).min(most) } else { 1.0 }
        };
        pace.factors = came.iter().zip(&expected).map(factor).collect();
        pace
    }

    /// Integrals of a kind's rate between its neighbouring orders.
    pub(super) fn residuals(
        &self,
        hawkes: &Hawkes,
        history: &History,
        kind: usize,
    ) -> Distribution {
        let mut residuals = Vec::new();
        let mut sum = 0.0;
        self.walk(hawkes, history, kind, |place, integral, comes| {
            sum += self.factors[place] * integral;
            if comes {
                residuals.push(std::mem::take(&mut sum));
            }
        });
        Distribution::new(residuals)
    }

    /// As the scenario has it.
    pub(super) fn pairs(&self) -> Vec<[u64; 2]> {
        let pair = |(from, factor): (&f64, &f64)| [whole(from * 1e6), whole(factor * 1e6)];
        let mut pairs: Vec<[u64; 2]> = self.from_s.iter().zip(&self.factors).map(pair).collect();
        if let Some(last) = pairs.last_mut() {
            // Nothing came so late, but something may.
            last[1] = last[1].max(1_000);
        }
        pairs
    }

    /// Goes through the time after the first order of a kind, and tells of each stretch in which no
    /// factor changes and no order comes: which factor holds, what the process's rate integrates
    /// to, and whether an order of the kind ends it.
    fn walk(
        &self,
        hawkes: &Hawkes,
        history: &History,
        kind: usize,
        mut tell: impl FnMut(usize, f64, bool),
    ) {
        let mut past = Past::new(history.kinds(), &hawkes.memories_s);
        let mut last: Option<f64> = None;
        let (mut now, mut place) = (0.0, 0);
        let end = (history.end_s(), usize::MAX);
        for (time, of) in history.events().iter().copied().chain([end]) {
            while let Some(change) = last
                .and_then(|last| Some(last + self.from_s.get(place + 1)?))
                .filter(|change| *change < time)
            {
                // Rounding may put a change a little before the time that is.
                let change = change.max(now);
                tell(place, past.go_on(hawkes, kind, change - now), false);
                (now, place) = (change, place + 1);
            }
            let integral = past.go_on(hawkes, kind, time - now);
            now = time;
            if last.is_some() {
                tell(place, integral, of == kind);
            }
            if of == kind {
                (last, place) = (Some(time), 0);
            }
            if of != usize::MAX {
                past.add(of);
            }
        }
    }
}

/// Times at which the factor changes: quantiles of the gaps, in whole microseconds.
fn edges(gaps: &Distribution) -> Vec<f64> {
    let parts = (gaps.n() / ORDERS_MIN).clamp(1, FACTORS_MAX);
    let mut edges = vec![0.0];
    for part in 1..parts {
        let gap = gaps.quantile(part as f64 / parts as f64).unwrap_or(0.0);
        // The next microsecond, so that equal gaps lie on one side of it.
        let edge = ((gap / MICRO_S).floor() + 1.0) * MICRO_S;
        if edge > edges[edges.len() - 1] + 0.5 * MICRO_S {
            edges.push(edge);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng, SeedableRng};
    use rand_xoshiro::SplitMix64;

    use super::super::hawkes;
    use super::*;

    /// Orders after a second and up to a tenth of one, two of three times; by chance otherwise.
    fn robot() -> Vec<f64> {
        let mut draws = SplitMix64::seed_from_u64(11);
        let mut unit = move || (draws.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
        let mut time = 0.0;
        let next = |_| {
            time += if unit() < 2.0 / 3.0 { 1.0 + 0.1 * unit() } else { -libm::log(1.0 - unit()) };
            time
        };
        (0..20_000).map(next).collect()
    }

    #[test]
    fn a_robot_is_no_hawkes_process_but_has_a_pace() {
        let times = robot();
        let end = times[times.len() - 1];
        let history = History::new(&[times], end);
        let process = hawkes::fit(&history, &[0.01, 1.0]).hawkes;
        let off = |residuals: &Distribution| hawkes::distance_from_exponential(residuals).unwrap();
        let alone = off(&process.residuals(&history)[0]);
        let pace = Pace::fitted(&process, &history, 0);
        let paced = off(&pace.residuals(&process, &history, 0));
        assert!(alone > 0.2 && paced < 0.02, "{alone} alone, {paced} with its pace");
        // Just after a second most orders come.
        let at =
            |seconds: f64| pace.factors[pace.from_s.partition_point(|from| *from <= seconds) - 1];
        assert!(at(1.05) > 5.0 * at(0.5), "{pace:?}");
        // As many as there were.
        let mut expected = 0.0;
        pace.walk(&process, &history, 0, |place, part, _| expected += pace.factors[place] * part);
        assert!((expected - 19_999.0).abs() < 1.0, "{expected}");
    }

    #[test]
    fn an_even_pace_leaves_the_process_alone() {
        let times = robot();
        let end = times[times.len() - 1];
        let history = History::new(&[times], end);
        let process = hawkes::fit(&history, &[0.1]).hawkes;
        let same = Pace::even().residuals(&process, &history, 0);
        let expected = process.residuals(&history).remove(0);
        assert_eq!(same.n(), expected.n());
        for (a, b) in same.values().iter().zip(expected.values()) {
            assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        }
        assert_eq!(Pace::even().pairs(), [[0, 1_000_000]]);
    }

    #[test]
    fn few_orders_have_few_factors() {
        assert_eq!(edges(&Distribution::new(vec![0.5; 150])), [0.0]);
        assert_eq!(edges(&Distribution::default()), [0.0]);
        // Equal gaps are never parted.
        assert_eq!(edges(&Distribution::new(vec![0.5; 1_000])).len(), 2);
    }
}
