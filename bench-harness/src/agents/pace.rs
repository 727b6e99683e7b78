//! A factor of a rate that depends on how long ago the last order of its kind came: a modulated
//! renewal process (Cox 1972, The statistical analysis of dependencies in point processes).

use super::number::real;

/// The factors of one kind, and which of them holds.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// From which time after the last order, in nanoseconds, and what.
    factors: Vec<(f64, f64)>,
    /// Which factor holds.
    place: usize,
    last_ns: f64,
}

impl Pace {
    /// Pairs of a time in microseconds and parts per million. At the start the last order is long
    /// ago.
    pub(super) fn new(pairs: &[[u64; 2]]) -> Self {
        let pair = |[from_us, ppm]: &[u64; 2]| (real(*from_us) * 1e3, real(*ppm) / 1e6);
        let factors: Vec<(f64, f64)> = pairs.iter().map(pair).collect();
        Self { place: factors.len().saturating_sub(1), factors, last_ns: 0.0 }
    }

    /// The factor that holds.
    pub(super) fn factor(&self) -> f64 {
        self.factors.get(self.place).map_or(1.0, |factor| factor.1)
    }

    /// When the next one will, if no order comes before.
    pub(super) fn change_ns(&self) -> f64 {
        self.factors.get(self.place + 1).map_or(f64::INFINITY, |next| self.last_ns + next.0)
    }

    /// It is that time: whatever changes then has changed.
    pub(super) fn go_on(&mut self, now_ns: f64) {
        self.place += usize::from(self.change_ns() <= now_ns);
    }

    /// An order came.
    pub(super) fn restart(&mut self, now_ns: f64) {
        (self.place, self.last_ns) = (0, now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_follow_each_other_from_order_to_order() {
        let mut pace = Pace::new(&[[0, 500_000], [10, 2_000_000], [30, 1_000_000]]);
        let is = |pace: &Pace, factor: f64, change_ns: f64| {
            assert!((pace.factor() - factor).abs() < 1e-12, "{pace:?}");
            assert!(pace.change_ns().total_cmp(&change_ns).is_eq(), "{pace:?}");
        };
        is(&pace, 1.0, f64::INFINITY);
        pace.restart(1_000.0);
        is(&pace, 0.5, 11_000.0);
        // A change of another kind's factor leaves this one.
        pace.go_on(10_000.0);
        is(&pace, 0.5, 11_000.0);
        pace.go_on(11_000.0);
        is(&pace, 2.0, 31_000.0);
        pace.go_on(31_000.0);
        is(&pace, 1.0, f64::INFINITY);
        pace.restart(40_000.0);
        is(&pace, 0.5, 50_000.0);
    }
}
