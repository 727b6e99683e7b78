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
        Self::up_to(histogram, u64::MAX)
    }

    /// The same without times above `limit_ns`: what took longer was interrupted.
    pub fn up_to(histogram: &Histogram<u64>, limit_ns: u64) -> Option<Self> {
        let kept = histogram.count_between(0, limit_ns.min(histogram.high()));
        if kept == 0 {
            return None;
        }
        let share = kept as f64 / histogram.len() as f64;
        let middle = |step: u32| share * (f64::from(step) + 0.5) / f64::from(STEPS);
        let value = |step| histogram.value_at_quantile(middle(step)) as f64;
        Some(Self { quantiles_ns: (0..STEPS).map(value).collect() })
    }

    /// The same shape, stretched to another mean.
    #[must_use]
    pub fn with_mean_ns(mut self, mean_ns: f64) -> Self {
        let factor = mean_ns / self.mean_ns();
        self.quantiles_ns.iter_mut().for_each(|value| *value *= factor);
        self
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
    fn interrupted_services_are_left_out() {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3).expect("valid bounds");
        histogram.record_n(1_000, 900).expect("in bounds");
        histogram.record_n(500_000, 100).expect("in bounds");
        let times = ServiceTimes::up_to(&histogram, 10_000).expect("most are kept");
        near(times.mean_ns(), 1_000.0, 0.002);
        assert!(ServiceTimes::new(&histogram).expect("all").mean_ns() > 50_000.0);
        assert!(ServiceTimes::up_to(&histogram, 500).is_none());
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
        near(
            times.with_mean_ns(2_000.0).mg1_mean_ns(250_000.0).expect("same"),
            2.0 * formula,
            0.002,
        );
    }
}
