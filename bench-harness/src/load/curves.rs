//! What queueing theory says of the measured service times: one server, arrivals at random.

use hdrhistogram::Histogram;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use serde::Serialize;

/// Customers of a simulated queue; its first tenth is not counted.
const CUSTOMERS: usize = 1_000_000;
/// Steps of the inverse distribution of service times.
const STEPS: u32 = 8_192;

/// Measured service times.
#[derive(Clone, Debug)]
pub struct ServiceTimes {
    /// The inverse distribution, at the middle of equal parts, in nanoseconds.
    quantiles_ns: Vec<f64>,
}

/// Time in the system: waiting and service, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sojourn {
    /// Mean.
    pub mean_ns: f64,
    /// 99th percentile.
    pub p99_ns: f64,
}

impl ServiceTimes {
    /// From a histogram; `None` if it is empty. What two clock readings cost stays in: it is
    /// spent, too.
    pub fn new(histogram: &Histogram<u64>) -> Option<Self> {
        if histogram.is_empty() {
            return None;
        }
        let middle = |step: u32| (f64::from(step) + 0.5) / f64::from(STEPS);
        let value = |step| histogram.value_at_quantile(middle(step)) as f64;
        Some(Self { quantiles_ns: (0..STEPS).map(value).collect() })
    }

    /// Mean, in nanoseconds.
    pub fn mean_ns(&self) -> f64 {
        self.quantiles_ns.iter().sum::<f64>() / f64::from(STEPS)
    }

    /// Share of time that a server is busy at this rate.
    pub fn utilisation(&self, msgs_per_s: f64) -> f64 {
        msgs_per_s * self.mean_ns() / 1e9
    }

    /// Mean sojourn if every service took the mean: `S + rho S / 2 (1 - rho)`. `None` from a
    /// utilisation of one on.
    pub fn md1_mean_ns(&self, msgs_per_s: f64) -> Option<f64> {
        let (mean_ns, rho) = (self.mean_ns(), self.utilisation(msgs_per_s));
        (rho < 1.0).then(|| mean_ns + rho * mean_ns / (2.0 * (1.0 - rho)))
    }

    /// Mean sojourn by Pollaczek and Khinchine: `E[S] + lambda E[S^2] / 2 (1 - rho)`.
    pub fn mg1_mean_ns(&self, msgs_per_s: f64) -> Option<f64> {
        let squares: f64 = self.quantiles_ns.iter().map(|s| s * s).sum();
        let rho = self.utilisation(msgs_per_s);
        let waiting = msgs_per_s / 1e9 * squares / f64::from(STEPS) / (2.0 * (1.0 - rho));
        (rho < 1.0).then(|| self.mean_ns() + waiting)
    }

    /// Mean and 99th percentile by Lindley's recursion over a million arrivals.
    pub fn mg1(&self, msgs_per_s: f64, seed: u64) -> Option<Sojourn> {
        if self.utilisation(msgs_per_s) >= 1.0 {
            return None;
        }
        let gap_ns = 1e9 / msgs_per_s;
        let mut source = SplitMix64::seed_from_u64(seed);
        let mut waiting = 0.0_f64;
        let mut sojourns = Vec::with_capacity(CUSTOMERS);
        for n in 0..CUSTOMERS + CUSTOMERS / 10 {
            let place = (u128::from(source.next_u64()) * u128::from(STEPS)) >> 64;
            let service = self.quantiles_ns[usize::try_from(place).expect("a step")];
            if n >= CUSTOMERS / 10 {
                sojourns.push(waiting + service);
            }
            let unit = ((source.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            waiting = (waiting + service + libm::log(unit) * gap_ns).max(0.0);
        }
        sojourns.sort_unstable_by(f64::total_cmp);
        Some(Sojourn {
            mean_ns: sojourns.iter().sum::<f64>() / sojourns.len() as f64,
            p99_ns: sojourns[sojourns.len() * 99 / 100],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(values: &[u64]) -> ServiceTimes {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3).expect("valid bounds");
        for value in values {
            histogram.record(*value).expect("in bounds");
        }
        ServiceTimes::new(&histogram).expect("there are values")
    }

    fn near(a: f64, b: f64, part: f64) {
        assert!((a / b - 1.0).abs() <= part, "{a} is not {b}");
    }

    #[test]
    fn constant_service_is_the_deterministic_queue() {
        let times = times(&[1_000]);
        let md1 = times.md1_mean_ns(800_000.0).expect("below one");
        near(md1, 3_000.0, 0.002);
        near(times.mg1_mean_ns(800_000.0).expect("below one"), md1, 1e-9);
        near(times.mg1(800_000.0, 1).expect("below one").mean_ns, md1, 0.03);
        assert_eq!(times.md1_mean_ns(1_010_000.0), None);
    }

    #[test]
    fn varying_service_waits_longer_as_the_formula_says() {
        // Nine of 500 and one of 5,500: mean 1,000, second moment 3.25 million.
        let times = times(&[500, 500, 500, 500, 500, 500, 500, 500, 500, 5_500]);
        let formula = times.mg1_mean_ns(500_000.0).expect("below one");
        near(formula, 1_000.0 + 0.5e-3 * 3.25e6 / 1.0, 0.005);
        let simulated = times.mg1(500_000.0, 1).expect("below one");
        near(simulated.mean_ns, formula, 0.03);
        assert!(simulated.p99_ns > 3.0 * simulated.mean_ns);
    }
}
