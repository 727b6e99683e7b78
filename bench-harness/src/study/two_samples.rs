//! Is B another number than A? Two samples of processes, compared as benchstat does: medians, a
//! bootstrap interval of their ratio, Mann-Whitney's p, and what difference could have been seen.
//!
//! The unit is the *process*, not the message: messages of one process share its memory layout and
//! its machine's mood, and are no independent observations. No outlier is removed.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// Resamples of the ratio of medians.
pub const RESAMPLES: usize = 10_000;
/// Two-sided confidence of its interval, and one minus the level of the test.
pub const CONFIDENCE: f64 = 0.95;
/// Probability with which the detectable effect would be detected.
pub const POWER: f64 = 0.8;
/// Up to this product of sizes the null distribution is counted, above it is normal.
const COUNTED_MAX: usize = 900;

/// B against A.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TwoSamples {
    /// Processes of A.
    pub n_a: usize,
    /// Processes of B.
    pub n_b: usize,
    /// Median of A.
    pub median_a: f64,
    /// Median of B.
    pub median_b: f64,
    /// Median of B over median of A; `None` when A's is zero.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's 95 % interval (percentile bootstrap); `None` with one process on
    /// either side.
    pub ratio_low: Option<f64>,
    /// Upper end.
    pub ratio_high: Option<f64>,
    /// Two-sided p of Mann and Whitney; `None` with one process on either side.
    pub p_value: Option<f64>,
    /// Least relative difference that so many processes of this spread show at the 5 % level four
    /// times of five; `None` with fewer than two on either side, or values that are not positive.
    pub detectable: Option<f64>,
}

/// Compares B with A. `None` if one of them has no value.
pub fn two_samples(a: &[f64], b: &[f64]) -> Option<TwoSamples> {
    let (median_a, median_b) = (median(a)?, median(b)?);
    let several = a.len() > 1 && b.len() > 1;
    let interval = if several { ratio_interval(a, b) } else { None };
    Some(TwoSamples {
        n_a: a.len(),
        n_b: b.len(),
        median_a,
        median_b,
        ratio: (median_a != 0.0).then(|| median_b / median_a),
        ratio_low: interval.map(|(low, _)| low),
        ratio_high: interval.map(|(_, high)| high),
        p_value: several.then(|| mann_whitney(a, b)),
        detectable: if several { detectable(a, b) } else { None },
    })
}

/// The median; of an even number, the mean of the middle two. `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    median_of_sorted(&sorted)
}

fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// Both samples are drawn again with replacement. The draws depend on the sizes alone, so the same
/// values give the same interval everywhere.
fn ratio_interval(a: &[f64], b: &[f64]) -> Option<(f64, f64)> {
    let mut source = SplitMix64::seed_from_u64((a.len() as u64) << 32 | b.len() as u64);
    let mut again = |values: &[f64], drawn: &mut Vec<f64>| {
        drawn.clear();
        for _ in values {
            let place = (u128::from(source.next_u64()) * values.len() as u128) >> 64;
            drawn.push(values[usize::try_from(place).expect("a place among the values")]);
        }
        drawn.sort_unstable_by(f64::total_cmp);
        median_of_sorted(drawn)
    };
    let mut drawn = Vec::with_capacity(a.len().max(b.len()));
    let mut ratios = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let (of_a, of_b) = (again(a, &mut drawn)?, again(b, &mut drawn)?);
        if of_a == 0.0 {
            return None;
        }
        ratios.push(of_b / of_a);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    // 2.5 % of the resamples lie outside on either side.
    let outside = RESAMPLES / 40;
    Some((ratios[outside], ratios[RESAMPLES - 1 - outside]))
}

/// Two-sided p of Mann and Whitney's U: counted where no values are equal and the samples are
/// small, normal with corrections for ties and continuity otherwise.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    let pairs = a.len() * b.len();
    let (mut below, mut equal) = (0, 0);
    for of_a in a {
        below += b.iter().filter(|of_b| of_a < of_b).count();
        equal += b.iter().filter(|of_b| of_a.total_cmp(of_b).is_eq()).count();
    }
    let ties = tied_groups(a, b);
    if ties == 0.0 && pairs <= COUNTED_MAX {
        return counted(a.len(), b.len(), below.min(pairs - below));
    }
    let (total, pairs) = ((a.len() + b.len()) as f64, pairs as f64);
    let variance = pairs / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let u = (2 * below + equal) as f64 / 2.0;
    let distance = ((u - pairs / 2.0).abs() - 0.5).max(0.0);
    (2.0 * Normal::standard().cdf(-distance / variance.sqrt())).min(1.0)
}

/// The sum of t^3 - t over groups of t equal values.
fn tied_groups(a: &[f64], b: &[f64]) -> f64 {
    let mut all: Vec<f64> = a.iter().chain(b).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let groups = all.chunk_by(|x, y| x.total_cmp(y).is_eq());
    groups.map(|group| group.len() as f64).map(|t| t * t * t - t).sum()
}

/// Twice the share of arrangements of n and m values with a U of at most `u`.
fn counted(n: usize, m: usize, u: usize) -> f64 {
    // ways[j][v]: arrangements of the values of A so far with j values of B and U = v.
    let mut ways = vec![vec![0.0_f64; u + 1]; m + 1];
    for row in &mut ways {
        row[0] = 1.0;
    }
    for _ in 0..n {
        let before = std::mem::replace(&mut ways, vec![vec![0.0; u + 1]; m + 1]);
        for j in 0..=m {
            for v in 0..=u {
                // The largest value is A's, above all j of B; or it is B's.
                let of_a = if v >= j { before[j][v - j] } else { 0.0 };
                let of_b = if j > 0 { ways[j - 1][v] } else { 0.0 };
                ways[j][v] = of_a + of_b;
            }
        }
    }
    let all: f64 = (1..=n).map(|k| (m + k) as f64 / k as f64).product();
    (2.0 * ways[m].iter().sum::<f64>() / all).min(1.0)
}

/// From the spread of the logarithms; Mann-Whitney's efficiency for normal ones is 3 / pi.
fn detectable(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.iter().chain(b).any(|value| *value <= 0.0) {
        return None;
    }
    let squares = |values: &[f64]| {
        let logs: Vec<f64> = values.iter().map(|value| libm::log(*value)).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        logs.iter().map(|log| (log - mean) * (log - mean)).sum::<f64>()
    };
    let (n, m) = (a.len() as f64, b.len() as f64);
    let variance = (squares(a) + squares(b)) / (n + m - 2.0);
    let error = (variance * (1.0 / n + 1.0 / m) * std::f64::consts::PI / 3.0).sqrt();
    let normal = Normal::standard();
    let reach = normal.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) + normal.inverse_cdf(POWER);
    Some(libm::exp(reach * error) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b}");
    }

    #[test]
    fn small_samples_are_counted_as_in_the_tables() {
        // All of A below all of B: 2 / C(6, 3) and 2 / C(20, 10).
        close(mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1, 1e-12);
        let low: Vec<f64> = (0..10).map(f64::from).collect();
        let high: Vec<f64> = (10..20).map(f64::from).collect();
        close(mann_whitney(&low, &high), 2.0 / 184_756.0, 1e-12);
        // U = 23 of two times ten: 0.0433 (the table's critical value at 5 % is 23).
        let p = counted(10, 10, 23);
        close(p, 0.0433, 5e-5);
        assert!(counted(10, 10, 24) > 0.05);
    }

    #[test]
    fn counting_and_the_normal_curve_agree_in_larger_samples() {
        let a: Vec<f64> = (0..30).map(|n| f64::from(n * 7 % 61)).collect();
        let b: Vec<f64> = (0..30).map(|n| f64::from(n * 11 % 67) + 0.5 + 6.0).collect();
        let counted = mann_whitney(&a, &b);
        let tied: Vec<f64> = b.iter().chain(&b[..1]).copied().collect();
        let normal = mann_whitney(&a, &tied);
        assert!((counted - normal).abs() < 0.03, "{counted} and {normal}");
    }

    #[test]
    fn equal_samples_do_not_differ() {
        close(mann_whitney(&[2.0; 10], &[2.0; 10]), 1.0, 0.0);
        let same = two_samples(&[2.0; 10], &[2.0; 10]).expect("there are values");
        assert_eq!(
            (same.ratio, same.ratio_low, same.ratio_high),
            (Some(1.0), Some(1.0), Some(1.0))
        );
        assert_eq!(same.detectable, Some(0.0));
    }

    #[test]
    fn a_shift_is_seen_and_its_interval_holds_it() {
        let a: Vec<f64> = (0..12).map(|n| 100.0 + f64::from(n * 5 % 12)).collect();
        let b: Vec<f64> = a.iter().map(|value| value * 1.2).collect();
        let shift = two_samples(&a, &b).expect("there are values");
        let (low, high) = (shift.ratio_low.unwrap(), shift.ratio_high.unwrap());
        assert!(low < 1.2 && 1.2 < high && low > 1.1 && high < 1.3, "{low} to {high}");
        assert!(shift.p_value.unwrap() < 0.001);
        // Spread 3.5 %, twelve each: 2.80 * 0.035 * sqrt(1/6 * 1.047) = 4.1 %.
        close(shift.detectable.unwrap(), 0.041, 0.004);
    }

    #[test]
    fn the_test_errs_as_often_as_it_says() {
        let mut source = SplitMix64::seed_from_u64(1);
        let mut draw =
            || -> Vec<f64> { (0..10).map(|_| (source.next_u64() >> 12) as f64).collect() };
        let wrong = (0..2_000).filter(|_| mann_whitney(&draw(), &draw()) < 0.05).count();
        assert!((60..=130).contains(&wrong), "{wrong} of 2,000 at the 5 % level");
    }

    #[test]
    fn one_process_has_no_interval() {
        let one = two_samples(&[4.0], &[5.0, 6.0]).expect("there are values");
        assert_eq!((one.ratio, one.p_value, one.ratio_low), (Some(1.375), None, None));
        assert_eq!(two_samples(&[], &[1.0]), None);
        let zero = two_samples(&[0.0; 3], &[1.0; 3]).expect("there are values");
        assert_eq!((zero.ratio, zero.ratio_low), (None, None));
    }
}
