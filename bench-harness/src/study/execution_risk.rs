//! Execution risk of one liquidation in closed form.
//!
//! With a buffer `B` between liquidation and bankruptcy price, impact `I`, half-spread, fee, and a
//! normal return of deviation `σ` while the order is on its way, the mean loss beyond the buffer is
//! `μ = I + s/2 + f − B`. Then `P(bad debt) = Φ(μ/σ)` and `E[shortfall] = μ Φ(μ/σ) + σ φ(μ/σ)`, as a
//! part of notional. It assumes that the price has no drift, that the depth is what it was, and
//! that no other forced order is in the way: in a cascade none of that holds.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// What the closed form is told, each as a part of the price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumptions {
    /// From the liquidation to the bankruptcy price.
    pub buffer: f64,
    /// What the order's own size costs.
    pub impact: f64,
    /// Half of the spread.
    pub half_spread: f64,
    /// Fee of the forced fill.
    pub fee: f64,
    /// Standard deviation of the return until the order is served.
    pub deviation: f64,
}

/// Execution beyond the bankruptcy price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRisk {
    /// Its probability.
    pub probability: f64,
    /// Mean shortfall as a part of notional.
    pub shortfall: f64,
}

impl Assumptions {
    /// The published table: daily volatility 8 %, 1 % of a day's volume with square-root impact of
    /// coefficient one, buffer 1.25 %, spread 1 bp, no fee.
    pub fn of_table(latency_s: f64) -> Self {
        let daily: f64 = 0.08;
        Self {
            buffer: 0.0125,
            impact: daily * 0.01_f64.sqrt(),
            half_spread: 0.5e-4,
            fee: 0.0,
            deviation: daily * (latency_s / 86_400.0).sqrt(),
        }
    }

    /// The closed form. Without any deviation it is certain either way.
    pub fn closed(&self) -> ExecutionRisk {
        let mean = self.impact + self.half_spread + self.fee - self.buffer;
        if self.deviation <= 0.0 {
            let is_beyond = mean > 0.0;
            let probability = if is_beyond { 1.0 } else { 0.0 };
            return ExecutionRisk { probability, shortfall: mean.max(0.0) };
        }
        let normal = Normal::standard();
        let z = mean / self.deviation;
        let probability = normal.cdf(z);
        let shortfall = mean * probability + self.deviation * normal.pdf(z);
        ExecutionRisk { probability, shortfall }
    }
}

/// The standard normal quantile.
pub fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_that_of_the_table() {
        let of = |seconds| Assumptions::of_table(seconds).closed();
        for (seconds, expected) in [(60.0, 1.739e-2), (300.0, 0.1726), (1_800.0, 0.3500)] {
            let got = of(seconds).probability;
            assert!((got - expected).abs() < 6e-5, "{seconds} s: {got} is not {expected}");
        }
        assert!((of(1_800.0).shortfall - 2.720e-3).abs() < 1e-6, "{:?}", of(1_800.0));
    }

    #[test]
    fn without_deviation_it_is_certain() {
        let sure = Assumptions { deviation: 0.0, ..Assumptions::of_table(0.0) };
        assert_eq!(sure.closed(), ExecutionRisk { probability: 0.0, shortfall: 0.0 });
        let lost = Assumptions { buffer: 0.0, ..sure };
        assert_eq!(lost.closed().probability.to_bits(), 1.0_f64.to_bits());
    }
}
