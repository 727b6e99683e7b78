//! The exogenous price: a martingale in small steps, with jumps and a volatility of its own where
//! the scenario asks for them, times a given (for instance recorded) path, times the shock's fall
//! and rebound.

use super::keyed::{Key, Purpose};
use super::number::{real, whole};
use crate::scenario::Scenario;

/// The index over the whole run, drawn before it starts.
#[derive(Clone, Debug)]
pub struct IndexPath {
    step_ns: u64,
    ticks: Vec<f64>,
}

impl IndexPath {
    /// Draws the path of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let step_ns = scenario.index.step_ms * 1_000_000;
        let steps = scenario.clock.duration_ms / scenario.index.step_ms + 2;
        let own = Key::new(scenario.seed, scenario.lane_number(), Purpose::Index);
        let steps_of = Steps {
            own,
            first: Key::new(scenario.seed, 0, Purpose::Index),
            share: scenario.correlation(),
        };
        let per_step = (real(scenario.index.step_ms) / 1_000.0).sqrt();
        let deviation = scenario.index.volatility_bp / 10_000.0 * per_step;
        let mut volatility = Volatility::new(scenario);
        let jumps = Jumps::new(scenario);
        let mut level = real(scenario.market.reference_ticks);
        let ticks = (0..steps).map(|step| {
            let time_ms = step * scenario.index.step_ms;
            let now = level * shock_factor(scenario, time_ms) * path_factor(scenario, time_ms);
            let deviation = deviation * volatility.factor(step);
            // Four deviations bound a step, so no draw can take the level to zero.
            level *= 1.0 + deviation * steps_of.normal(step).clamp(-4.0, 4.0);
            level *= jumps.factor(step);
            now
        });
        Self { step_ns, ticks: ticks.collect() }
    }

    /// The index at a time, in ticks and fractions of them.
    #[inline]
    pub fn at(&self, time_ns: u64) -> f64 {
        let step = usize::try_from(time_ns / self.step_ns).unwrap_or(usize::MAX);
        self.ticks[step.min(self.ticks.len() - 1)]
    }

    /// The index at a time, in whole ticks.
    pub fn ticks_at(&self, time_ns: u64) -> u32 {
        whole(self.at(time_ns), 1, u32::MAX)
    }
}

/// Normal steps of a market's index, correlated with the first market's.
struct Steps {
    own: Key,
    first: Key,
    share: f64,
}

impl Steps {
    fn normal(&self, step: u64) -> f64 {
        let first = self.first.at(step).normal();
        if self.own == self.first {
            return first;
        }
        let rest = (1.0 - self.share * self.share).max(0.0).sqrt();
        self.share * first + rest * self.own.at(step).normal()
    }
}

/// A volatility whose logarithm reverts to its mean (an Ornstein-Uhlenbeck process sampled at the
/// steps, so exact); one without a spread.
struct Volatility {
    key: Key,
    spread: f64,
    persistence: f64,
    state: f64,
}

impl Volatility {
    fn new(scenario: &Scenario) -> Self {
        let index = &scenario.index;
        let halves = real(index.step_ms) / real(index.volatility_half_life_ms);
        let key = Key::new(scenario.seed, scenario.lane_number(), Purpose::IndexVolatility);
        // It starts from its stationary law.
        let state = key.at(u64::MAX).normal();
        let persistence = libm::exp2(-halves);
        Self { key, spread: index.volatility_spread, persistence, state }
    }

    fn factor(&mut self, step: u64) -> f64 {
        if self.spread == 0.0 {
            return 1.0;
        }
        let innovation = (1.0 - self.persistence * self.persistence).sqrt();
        self.state = self.state * self.persistence + innovation * self.key.at(step).normal();
        // The mean of the squared factor is one, so the long-run variance is what was asked for.
        libm::exp(self.spread * self.state - self.spread * self.spread)
    }
}

/// Jumps at random times, up or down.
struct Jumps {
    key: Key,
    chance: f64,
    deviation: f64,
}

impl Jumps {
    fn new(scenario: &Scenario) -> Self {
        let index = &scenario.index;
        let rate = index.jumps_per_hour / 3_600_000.0 * real(index.step_ms);
        Self {
            key: Key::new(scenario.seed, scenario.lane_number(), Purpose::IndexJump),
            chance: -libm::expm1(-rate),
            deviation: index.jump_bp / 10_000.0,
        }
    }

    fn factor(&self, step: u64) -> f64 {
        if self.chance == 0.0 {
            return 1.0;
        }
        let mut draw = self.key.at(step);
        let happens = draw.unit() < self.chance;
        if happens { 1.0 + self.deviation * draw.normal().clamp(-4.0, 4.0) } else { 1.0 }
    }
}

/// The given path at a time, as a part of the price at the start; straight between its points.
fn path_factor(scenario: &Scenario, time_ms: u64) -> f64 {
    let path = &scenario.index.path;
    let after = path.partition_point(|point| point.time_ms <= time_ms);
    let (before, next) = (after.saturating_sub(1), after.min(path.len() - 1));
    let (a, b) = (&path[before], &path[next]);
    let level = |ppm: u64| real(ppm) / 1e6;
    if b.time_ms <= a.time_ms {
        return level(a.level_ppm);
    }
    let part = real(time_ms - a.time_ms) / real(b.time_ms - a.time_ms);
    level(a.level_ppm) + (level(b.level_ppm) - level(a.level_ppm)) * part
}

/// What the shock leaves of the price.
fn shock_factor(scenario: &Scenario, time_ms: u64) -> f64 {
    let shock = &scenario.shock;
    let since = |start: u64, length: u64| {
        (real(time_ms.saturating_sub(start)) / real(length)).clamp(0.0, 1.0)
    };
    let fall = since(shock.start_ms + shock.index_drop_after_ms, shock.index_drop_ms);
    let back = since(shock.start_ms + shock.index_rebound_after_ms, shock.index_rebound_ms);
    let back = back * real(shock.index_rebound_ppm) / 1e6;
    1.0 - shock.index_drop_bp / 10_000.0 * (fall - back).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn the_index_falls_by_the_shock_and_comes_back_in_part() {
        let sets = [
            "index.volatility_bp=0",
            "shock.start_ms=10000",
            "shock.index_drop_after_ms=1000",
            "shock.index_drop_ms=2000",
            "shock.index_drop_bp=200",
            "shock.index_rebound_ppm=500000",
            "shock.index_rebound_after_ms=20000",
            "shock.index_rebound_ms=10000",
        ];
        let scenario = load("flash-crash", &sets.map(str::to_owned), None).expect("it is valid");
        let index = IndexPath::new(&scenario);
        let at = |second: u64| index.ticks_at(second * 1_000_000_000);
        assert_eq!([0, 11, 12, 13, 29].map(at), [50_000, 50_000, 49_500, 49_000, 49_000]);
        assert_eq!([35, 40, 299].map(at), [49_250, 49_500, 49_500]);
    }

    fn calm(sets: &[&str], seed: u64) -> IndexPath {
        let quiet = ["shock.index_drop_bp=0", "clock.duration_ms=3600000"];
        let sets: Vec<String> = quiet.iter().chain(sets).map(|set| (*set).to_owned()).collect();
        IndexPath::new(&load("flash-crash", &sets, Some(seed)).expect("it is valid"))
    }

    /// Mean squared return of a step, in bp².
    fn variance_bp(index: &IndexPath) -> f64 {
        let returns = index.ticks.windows(2).map(|pair| (pair[1] / pair[0] - 1.0) * 1e4);
        returns.map(|r| r * r).sum::<f64>() / real(index.ticks.len() as u64 - 1)
    }

    #[test]
    fn a_volatility_of_its_own_keeps_the_mean_variance_and_fattens_tails() {
        let kurtosis = |index: &IndexPath| {
            let returns = index.ticks.windows(2).map(|pair| (pair[1] / pair[0] - 1.0) * 1e4);
            let fourth = returns.map(|r| r * r * r * r).sum::<f64>();
            let variance = variance_bp(index);
            fourth / real(index.ticks.len() as u64 - 1) / (variance * variance)
        };
        // Short-lived, so that an hour holds hundreds of independent levels.
        let own = ["index.volatility_spread=0.5", "index.volatility_half_life_ms=5000"];
        let (plain, own) = (calm(&[], 1), calm(&own, 1));
        // Two bp over a second are 0.2 bp² over a step of 50 ms.
        assert!((variance_bp(&plain) - 0.2).abs() < 0.005, "{}", variance_bp(&plain));
        assert!((variance_bp(&own) - 0.2).abs() < 0.04, "{}", variance_bp(&own));
        assert!(kurtosis(&own) > 1.3 * kurtosis(&plain), "{}", kurtosis(&own));
    }

    #[test]
    fn jumps_come_at_their_rate() {
        let index =
            calm(&["index.volatility_bp=0", "index.jumps_per_hour=60", "index.jump_bp=30"], 1);
        let jumps = index.ticks.windows(2).filter(|pair| pair[0].to_bits() != pair[1].to_bits());
        let count = jumps.count();
        assert!((35..=90).contains(&count), "{count} jumps in an hour");
    }

    #[test]
    fn a_given_path_is_followed_straight_between_its_points() {
        let text = "base = \"flash-crash\"\nname = \"x\"\n[index]\nvolatility_bp = 0.0\n\
                    path = [{ time_ms = 0, level_ppm = 1000000 }, { time_ms = 10000, level_ppm = 900000 },\
                    { time_ms = 20000, level_ppm = 950000 }]\n[shock]\nindex_drop_bp = 0.0\n";
        let scenario = crate::scenario::from_text(text, "x", &[], None).expect("it is valid");
        let index = IndexPath::new(&scenario);
        let at = |second: u64| index.ticks_at(second * 1_000_000_000);
        assert_eq!(
            [0, 5, 10, 15, 20, 100].map(at),
            [50_000, 47_500, 45_000, 46_250, 47_500, 47_500]
        );
    }
}
