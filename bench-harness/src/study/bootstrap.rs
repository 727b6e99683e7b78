//! Intervals of means over seeds by resampling: no shape of the distribution is assumed.
//!
//! Resamples are a function of the number of values and of nothing else, so the same values give
//! the same interval on any machine, and measures over the same seeds share their resamples.

use std::collections::BTreeMap;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use serde::{Deserialize, Serialize};

/// Resamples of one interval.
pub const RESAMPLES: usize = 2_000;
/// Two-sided confidence of the intervals.
pub const CONFIDENCE: f64 = 0.95;

/// A mean over seeds with its interval (percentile bootstrap).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Seeds that have a value.
    pub n: usize,
    /// The mean.
    pub mean: f64,
    /// Lower end of the 95 % interval; `None` with one value.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Resampled places that are kept: 64 MiB of them. More values are resampled as they are drawn.
const KEPT_MAX: usize = 1 << 24;

/// Draws resamples once for each number of values, as long as they are few enough to be kept.
#[derive(Debug, Default)]
pub struct Bootstrap {
    tables: BTreeMap<usize, Vec<u32>>,
}

impl Bootstrap {
    /// Nothing drawn yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The mean of some values with its interval; `None` without values.
    pub fn mean(&mut self, values: &[f64]) -> Option<Mean> {
        let n = values.len();
        let first = *values.first()?;
        let mean = mean_of(values.iter().copied(), n);
        // Equal values have no spread; resampling them would only add rounding.
        let constant = values.iter().all(|value| value.to_bits() == first.to_bits());
        if constant {
            let end = (n > 1).then_some(first);
            return Some(Mean { n, mean: first, low: end, high: end });
        }
        let mut means = if n * RESAMPLES > KEPT_MAX {
            means_as_drawn(values)
        } else {
            let table = self.table(n);
            let mean = |places: &[u32]| mean_of(places.iter().map(|at| values[*at as usize]), n);
            table.chunks_exact(n).map(mean).collect()
        };
        means.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let (low, high) = (quantile(&means, tail), quantile(&means, 1.0 - tail));
        Some(Mean { n, mean, low: Some(low), high: Some(high) })
    }

    fn table(&mut self, n: usize) -> &[u32] {
        let kept: usize = self.tables.values().map(Vec::len).sum();
        if !self.tables.contains_key(&n) && kept + n * RESAMPLES > KEPT_MAX {
            self.tables.clear();
        }
        self.tables.entry(n).or_insert_with(|| draws(n).take(n * RESAMPLES).collect())
    }
}

/// Means of resamples that are drawn and forgotten: the same as by a table.
fn means_as_drawn(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut places = draws(n);
    let mean = |_| mean_of(places.by_ref().take(n).map(|place| values[place as usize]), n);
    (0..RESAMPLES).map(mean).collect()
}

/// The sum goes from the first value to the last, so it is the same everywhere.
fn mean_of(values: impl Iterator<Item = f64>, n: usize) -> f64 {
    values.sum::<f64>() / n as f64
}

/// The quantile of sorted values: the n-th of N, counted from one, is the quantile n / N.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len() - 1;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of one times a length, clamped to the places there are"
    )]
    let place = (part * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    sorted[place.min(last)]
}

/// Places among `n` values, without end.
fn draws(n: usize) -> impl Iterator<Item = u32> {
    let mut source = SplitMix64::seed_from_u64(n as u64);
    std::iter::repeat_with(move || {
        let high = (u128::from(source.next_u64()) * n as u128) >> 64;
        u32::try_from(high).expect("a place among the values fits 32 bits")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_mean_and_narrows() {
        let mut bootstrap = Bootstrap::new();
        let values: Vec<f64> = (0..100).map(|n| f64::from(n % 10)).collect();
        let few = bootstrap.mean(&values[..20]).expect("there are values");
        let many = bootstrap.mean(&values).expect("there are values");
        let width = |mean: Mean| mean.high.unwrap() - mean.low.unwrap();
        assert!(few.low.unwrap() < few.mean && few.mean < few.high.unwrap());
        assert!(width(many) < width(few));
        // Standard deviation 2.87, so 1.96 standard errors of 100 values are 0.563.
        assert!((width(many) / 2.0 - 0.563).abs() < 0.06, "{}", width(many) / 2.0);
        let again = Bootstrap::new().mean(&values).expect("there are values");
        assert_eq!(many, again, "resamples do not depend on what was drawn before");
    }

    #[test]
    fn means_of_many_values_are_the_same_without_a_table() {
        let values: Vec<f64> = (0..50).map(|n| f64::from(n * n % 17)).collect();
        let mut bootstrap = Bootstrap::new();
        let table = bootstrap.table(50);
        let mean = |places: &[u32]| mean_of(places.iter().map(|at| values[*at as usize]), 50);
        let kept: Vec<f64> = table.chunks_exact(50).map(mean).collect();
        assert_eq!(means_as_drawn(&values), kept);
    }

    #[test]
    fn tables_do_not_add_up_without_end() {
        let mut bootstrap = Bootstrap::new();
        (1_000..1_040).for_each(|n| assert_eq!(bootstrap.table(n).len(), n * RESAMPLES));
        let kept: usize = bootstrap.tables.values().map(Vec::len).sum();
        assert!(kept <= KEPT_MAX, "{kept} places are kept");
    }

    #[test]
    fn few_values_say_what_they_can() {
        let mut bootstrap = Bootstrap::new();
        assert_eq!(bootstrap.mean(&[]), None);
        let one = bootstrap.mean(&[3.0]).expect("there is a value");
        assert_eq!((one.n, one.mean, one.low), (1, 3.0, None));
        let zeros = bootstrap.mean(&[0.0; 30]).expect("there are values");
        assert_eq!((zeros.mean, zeros.low, zeros.high), (0.0, Some(0.0), Some(0.0)));
    }
}
