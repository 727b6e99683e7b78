//! How sure a measurement is: intervals of proportions and means.
//!
//! `confidence` is two-sided: 0.999 leaves 0.0005 on either side. Quantiles come from `statrs`.

use statrs::distribution::{Beta, ContinuousCDF, Normal, StudentsT};

/// A measured number with the half-width of its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// What was measured.
    pub value: f64,
    /// The interval reaches no further than this on either side.
    pub half_width: f64,
    /// Observations.
    pub n: u64,
}

impl Estimate {
    /// A number that is exact: no noise, so no interval.
    pub const fn exact(value: f64, n: u64) -> Self {
        Self { value, half_width: 0.0, n }
    }
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The larger distance from a value inside to either end.
    pub fn reach(self, value: f64) -> f64 {
        (value - self.low).max(self.high - value)
    }
}

/// The confidence of each of `rows` intervals at which all of them hold together with probability
/// `together` or more (Bonferroni; no independence is assumed).
pub fn each_of(together: f64, rows: usize) -> f64 {
    1.0 - (1.0 - together) / rows.max(1) as f64
}

/// How many standard errors a normal interval reaches on either side.
pub fn normal_reach(confidence: f64) -> f64 {
    let normal = Normal::standard();
    -normal.inverse_cdf((1.0 - confidence) / 2.0)
}

/// Successes among trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// Successes.
    pub hits: u64,
    /// Trials.
    pub n: u64,
}

impl Proportion {
    /// The share of successes.
    ///
    /// Panics without trials: what was not observed has no value.
    pub fn value(self) -> f64 {
        assert!(self.n > 0 && self.hits <= self.n, "a proportion is of something");
        self.hits as f64 / self.n as f64
    }

    /// The exact interval of Clopper and Pearson: never too narrow, whatever the proportion.
    pub fn clopper_pearson(self, confidence: f64) -> Interval {
        let tail = (1.0 - confidence) / 2.0;
        let (hits, misses) = (self.hits as f64, (self.n - self.hits) as f64);
        let quantile = |a: f64, b: f64, p: f64| {
            Beta::new(a, b).expect("both shapes are above zero").inverse_cdf(p)
        };
        Interval {
            low: if self.hits == 0 { 0.0 } else { quantile(hits, misses + 1.0, tail) },
            high: if self.hits == self.n { 1.0 } else { quantile(hits + 1.0, misses, 1.0 - tail) },
        }
    }

    /// Wilson's interval: about right on average, shorter than the exact one; for bands in
    /// pictures.
    pub fn wilson(self, confidence: f64) -> Interval {
        let z = normal_reach(confidence);
        let (n, p) = (self.n as f64, self.value());
        let shrink = 1.0 + z * z / n;
        let centre = (p + z * z / (2.0 * n)) / shrink;
        let reach = z / shrink * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        Interval { low: (centre - reach).max(0.0), high: (centre + reach).min(1.0) }
    }

    /// The proportion with the reach of its exact interval.
    pub fn estimate(self, confidence: f64) -> Estimate {
        let value = self.value();
        let half_width = self.clopper_pearson(confidence).reach(value);
        Estimate { value, half_width, n: self.n }
    }
}

/// The mean of independent batches with Student's interval. `n` is what the batches hold together.
///
/// Panics with fewer than two batches: their spread would be unknown.
pub fn mean_of_batches(batches: &[f64], n: u64, confidence: f64) -> Estimate {
    assert!(batches.len() >= 2, "an interval needs two batches");
    let count = batches.len() as f64;
    let mean = batches.iter().sum::<f64>() / count;
    let squares: f64 = batches.iter().map(|x| (x - mean) * (x - mean)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let student =
        StudentsT::new(0.0, 1.0, count - 1.0).expect("at least one degree of freedom is left");
    let reach = -student.inverse_cdf((1.0 - confidence) / 2.0);
    Estimate { value: mean, half_width: reach * error, n }
}

/// A ratio of sums over clusters (a mean of observations that depend on each other within a cluster
/// and not between them), with Student's interval from the linearised spread between clusters.
/// `None` with fewer than two clusters that hold something. Clusters are (sum, observations).
pub fn ratio_of_clusters(clusters: &[(f64, u64)], confidence: f64) -> Option<Estimate> {
    let held = || clusters.iter().filter(|(_, n)| *n > 0);
    let count = held().count();
    if count < 2 {
        return None;
    }
    let n: u64 = held().map(|(_, n)| n).sum();
    let ratio = held().map(|(sum, _)| sum).sum::<f64>() / n as f64;
    let squares: f64 = held()
        .map(|(sum, n)| {
            let residual = sum - ratio * *n as f64;
            residual * residual
        })
        .sum();
    let k = count as f64;
    let error = (squares * k / (k - 1.0)).sqrt() / n as f64;
    let student = StudentsT::new(0.0, 1.0, k - 1.0).expect("at least one degree of freedom");
    let reach = -student.inverse_cdf((1.0 - confidence) / 2.0);
    Some(Estimate { value: ratio, half_width: reach * error, n })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b}");
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        close(normal_reach(0.95), 1.959_964, 1e-6);
        close(normal_reach(0.99), 2.575_829, 1e-6);
        close(normal_reach(0.999), 3.290_527, 1e-6);
    }

    #[test]
    fn exact_intervals_are_those_of_the_tables() {
        // 8 of 10 at 95 %: 0.4439 to 0.9748; none of 10: up to 0.3085.
        let some = Proportion { hits: 8, n: 10 }.clopper_pearson(0.95);
        close(some.low, 0.443_905, 1e-5);
        close(some.high, 0.974_793, 1e-5);
        let none = Proportion { hits: 0, n: 10 }.clopper_pearson(0.95);
        close(none.low, 0.0, 0.0);
        close(none.high, 1.0 - libm::pow(0.025, 0.1), 1e-9);
        let all = Proportion { hits: 10, n: 10 }.clopper_pearson(0.95);
        close(all.low, libm::pow(0.025, 0.1), 1e-9);
        close(all.high, 1.0, 0.0);
    }

    #[test]
    fn exact_intervals_become_normal_in_large_samples() {
        for n in [100_000_u64, 5_000_000] {
            for hits in [n / 2, n / 5, n / 100] {
                let proportion = Proportion { hits, n };
                let p = proportion.value();
                let normal = normal_reach(0.999_96) * (p * (1.0 - p) / n as f64).sqrt();
                let reach = proportion.estimate(0.999_96).half_width;
                // A thousand hits are skewed enough for five per cent on the longer side.
                assert!(reach > normal && reach < normal * 1.06, "{reach} against {normal}");
            }
        }
    }

    #[test]
    fn wilson_is_that_of_the_tables() {
        // 8 of 10 at 95 %: 0.4902 to 0.9433.
        let interval = Proportion { hits: 8, n: 10 }.wilson(0.95);
        close(interval.low, 0.490_162, 1e-5);
        close(interval.high, 0.943_318, 1e-5);
    }

    #[test]
    fn batches_have_students_interval() {
        // Mean 3, standard deviation sqrt(2.5), t(4, 97.5 %) = 2.776445.
        let estimate = mean_of_batches(&[1.0, 2.0, 3.0, 4.0, 5.0], 500, 0.95);
        close(estimate.value, 3.0, 1e-12);
        close(estimate.half_width, 2.776_445 * (0.5_f64).sqrt(), 1e-5);
        assert_eq!(estimate.n, 500);
    }

    #[test]
    fn clusters_of_equal_size_are_batches() {
        let means = [1.0, 2.0, 3.0, 4.0, 5.0];
        let clusters = means.map(|mean| (mean * 20.0, 20));
        let found = ratio_of_clusters(&clusters, 0.95).expect("five clusters");
        let batches = mean_of_batches(&means, 100, 0.95);
        close(found.value, batches.value, 1e-12);
        close(found.half_width, batches.half_width, 1e-12);
        assert_eq!(found.n, 100);
        assert!(
            ratio_of_clusters(&[(1.0, 3), (0.0, 0)], 0.95).is_none(),
            "one cluster has no spread"
        );
    }

    #[test]
    fn rows_of_a_family_share_the_risk() {
        close(each_of(0.999, 25), 0.999_96, 1e-12);
        close(each_of(0.999, 1), 0.999, 1e-12);
    }
}
