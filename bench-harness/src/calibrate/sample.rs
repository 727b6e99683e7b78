//! Samples of bounded size, and the distributions they give.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// A uniform sample of a stream, of bounded size (Vitter's algorithm R): every value seen is kept
/// with the same probability. The draws depend on the number of values alone.
#[derive(Clone, Debug)]
pub struct Reservoir<T> {
    kept: Vec<T>,
    seen: u64,
    most: usize,
    draws: SplitMix64,
}

impl<T> Reservoir<T> {
    /// Keeps at most so many.
    pub fn new(most: usize) -> Self {
        Self { kept: Vec::new(), seen: 0, most, draws: SplitMix64::seed_from_u64(0) }
    }

    /// Takes one value.
    pub fn push(&mut self, value: T) {
        self.seen += 1;
        if self.kept.len() < self.most {
            self.kept.push(value);
            return;
        }
        let place = (u128::from(self.draws.next_u64()) * u128::from(self.seen)) >> 64;
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| self.kept.get_mut(place)) {
            *slot = value;
        }
    }

    /// How many values came.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Those that were kept.
    pub fn kept(&self) -> &[T] {
        &self.kept
    }
}

/// A distribution: its sample, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution(Vec<f64>);

impl Distribution {
    /// Of some values, none of which is NaN.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    /// Of whole numbers, which are exact below 2^53.
    pub fn of(values: impl Iterator<Item = u64>) -> Self {
        Self::new(values.map(|value| value as f64).collect())
    }

    /// The values, rising.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many there are.
    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// The share that is at most `value`.
    pub fn share(&self, value: f64) -> f64 {
        self.0.partition_point(|of| *of <= value) as f64 / self.0.len().max(1) as f64
    }

    /// The least value that a share of them does not exceed; `None` without values.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let n = self.0.len() as f64;
        // The first place up to which the values are a share of all.
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = usize::midpoint(low, high);
            let reaches = (middle + 1) as f64 >= share * n;
            (low, high) = if reaches { (low, middle) } else { (middle + 1, high) };
        }
        Some(self.0[low])
    }

    /// The mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// Kolmogorov and Smirnov's distance from another distribution: the greatest difference of
    /// their shares at any value. `None` if one of them has no values.
    pub fn distance(&self, other: &Self) -> Option<f64> {
        if self.0.is_empty() || other.0.is_empty() {
            return None;
        }
        let at = |value: &f64| (self.share(*value) - other.share(*value)).abs();
        let places = self.0.iter().chain(&other.0);
        Some(places.map(at).fold(0.0, f64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_keeps_every_value_alike() {
        let mut reservoir = Reservoir::new(1_000);
        (0..100_000_u64).for_each(|value| reservoir.push(value));
        assert_eq!((reservoir.seen(), reservoir.kept().len()), (100_000, 1_000));
        let kept = Distribution::of(reservoir.kept().iter().copied());
        let all = Distribution::of(0..100_000);
        // 1.95/√1000: a distance that a thousand fair draws exceed once in a thousand times.
        assert!(kept.distance(&all).unwrap() < 0.062, "{:?}", kept.distance(&all));
    }

    #[test]
    fn distances_by_hand() {
        let a = Distribution::new(vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(a.distance(&a), Some(0.0));
        assert_eq!(a.distance(&Distribution::new(vec![3.0, 4.0])), Some(0.5));
        assert_eq!(a.distance(&Distribution::new(vec![9.0])), Some(1.0));
        assert_eq!(a.distance(&Distribution::default()), None);
        assert_eq!((a.share(0.5), a.share(2.0), a.share(9.0)), (0.0, 0.5, 1.0));
    }

    #[test]
    fn quantiles_by_hand() {
        let a = Distribution::new(vec![10.0, 20.0, 30.0, 40.0]);
        let at = |share| a.quantile(share).map(|value| format!("{value}")).unwrap();
        let found = [0.0, 0.25, 0.26, 0.5, 0.75, 1.0].map(at);
        assert_eq!(found, ["10", "10", "20", "20", "30", "40"]);
    }
}
