//! The tail of a distribution of sizes as a power law, fitted as in Clauset, Shalizi and Newman
//! (2009), Power-law distributions in empirical data: the exponent by maximum likelihood, the least
//! size from which the law holds by the least Kolmogorov-Smirnov distance.

use serde::Serialize;

use super::sample::Distribution;

/// Candidates for the least size: so many quantiles of the sample.
const CANDIDATES: usize = 60;
/// A tail has at least so many sizes.
const TAIL_MIN: usize = 50;

/// A power law: sizes from `from` on have a density that falls as `size^-exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PowerLaw {
    /// The exponent of the density.
    pub exponent: f64,
    /// Its standard error.
    pub error: f64,
    /// The least size.
    pub from: f64,
    /// Sizes in the tail.
    pub n: usize,
    /// Kolmogorov and Smirnov's distance in the tail.
    pub distance: f64,
}

/// The tail of whole sizes; `None` with too few of them, or without a spread of sizes.
pub fn tail(sizes: &Distribution) -> Option<PowerLaw> {
    let candidates = (0..CANDIDATES).filter_map(|n| {
        let from = sizes.quantile(n as f64 / CANDIDATES as f64)?;
        from_least(sizes, from.max(1.0))
    });
    candidates.min_by(|a, b| a.distance.total_cmp(&b.distance))
}

/// The law from a given least size on. Whole sizes are taken as rounded from a continuous law that
/// begins half a lot lower (Clauset, Shalizi and Newman's equation 3.7).
fn from_least(sizes: &Distribution, from: f64) -> Option<PowerLaw> {
    let values = sizes.values();
    let tail = &values[values.partition_point(|size| *size < from)..];
    let (n, begin) = (tail.len(), from - 0.5);
    let logs: f64 = tail.iter().map(|size| libm::log(size / begin)).sum();
    if n < TAIL_MIN || tail.first() == tail.last() {
        return None;
    }
    let exponent = 1.0 + n as f64 / logs;
    let mut distance = 0.0_f64;
    for (place, size) in tail.iter().enumerate() {
        // Of equal sizes the last place is their share.
        if tail.get(place + 1).is_some_and(|next| next <= size) {
            continue;
        }
        let law = 1.0 - libm::pow((size + 0.5) / begin, 1.0 - exponent);
        distance = distance.max(((place + 1) as f64 / n as f64 - law).abs());
    }
    let error = (exponent - 1.0) / (n as f64).sqrt();
    Some(PowerLaw { exponent, error, from, n, distance })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_is_found_where_it_begins() {
        // Quantiles of a law of exponent 2.5 from 100 on, above as many sizes spread evenly below.
        let law = (0..5_000).map(|n| {
            let share = (f64::from(n) + 0.5) / 5_000.0;
            (99.5 * libm::pow(1.0 - share, -1.0 / 1.5)).round()
        });
        let below = (0..5_000).map(|n| f64::from(n % 99 + 1));
        let found = tail(&Distribution::new(law.chain(below).collect())).expect("there is a tail");
        assert!((found.exponent - 2.5).abs() < 0.1, "{found:?}");
        assert!((80.0..200.0).contains(&found.from), "{found:?}");
        assert!(found.distance < 0.02, "{found:?}");
    }

    #[test]
    fn few_or_equal_sizes_have_no_tail() {
        assert_eq!(tail(&Distribution::new(vec![1.0; 1_000])), None);
        assert_eq!(tail(&Distribution::new(vec![1.0, 2.0, 3.0])), None);
    }
}
