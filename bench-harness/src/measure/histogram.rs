//! Latency histograms: three significant digits up to an hour.

use hdrhistogram::Histogram;

use super::summary::{Distribution, Percentiles};

/// An hour: longer latencies are recorded as one.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// An empty histogram of nanoseconds.
pub fn nanoseconds() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are valid")
}

/// The percentiles of the summary.
pub fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    if histogram.is_empty() {
        return Percentiles::default();
    }
    Percentiles {
        count: histogram.len(),
        p50: histogram.value_at_quantile(0.5),
        p90: histogram.value_at_quantile(0.9),
        p99: histogram.value_at_quantile(0.99),
        p99_9: histogram.value_at_quantile(0.999),
        p99_99: histogram.value_at_quantile(0.9999),
        max: histogram.max(),
    }
}

/// Mean and percentiles of signed values, which it sorts. The n-th of N sorted values, counted
/// from one, is the quantile n / N.
pub fn distribution(values: &mut [f64]) -> Distribution {
    values.sort_unstable_by(f64::total_cmp);
    let Some(max) = values.last().copied() else { return Distribution::default() };
    let quantile = |hundredths: usize| {
        let rank = (values.len() * hundredths).div_ceil(100).max(1);
        values[rank - 1]
    };
    Distribution {
        count: values.len() as u64,
        mean: values.iter().sum::<f64>() / values.len() as f64,
        min: values[0],
        p1: quantile(1),
        p5: quantile(5),
        p50: quantile(50),
        p95: quantile(95),
        p99: quantile(99),
        max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let d = distribution(&mut values);
        assert_eq!((d.count, d.mean, d.p50, d.p99, d.max), (100, 50.5, 50.0, 99.0, 100.0));
        assert_eq!((d.min, d.p1, d.p5, d.p95), (1.0, 1.0, 5.0, 95.0));
        assert_eq!(distribution(&mut []), Distribution::default());
        assert_eq!(distribution(&mut [-3.0]).p50.to_bits(), (-3.0_f64).to_bits());
    }

    #[test]
    fn an_empty_histogram_is_null_in_json() {
        let mut histogram = nanoseconds();
        let json = serde_json::to_value(percentiles(&histogram)).expect("it is plain data");
        assert_eq!((&json["count"], &json["p50"]), (&0.into(), &serde_json::Value::Null));
        let back: Percentiles = serde_json::from_value(json).expect("it reads back");
        assert_eq!(back, Percentiles::default());
        assert_eq!(percentiles(&histogram), Percentiles::default());
        histogram.record(1_000).expect("within bounds");
        assert_eq!(percentiles(&histogram).count, 1);
        assert_eq!(percentiles(&histogram).p50, 1_000);
    }
}
