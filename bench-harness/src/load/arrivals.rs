//! Arrival processes: when each message of a plan is due, drawn before the run from a seed.

use std::str::FromStr;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use seawall_engine::types::Sequenced;
use thiserror::Error;

const NS_PER_S: f64 = 1e9;

/// How messages arrive. The rate is given apart; these are shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Arrivals {
    /// Evenly spaced.
    #[default]
    Constant,
    /// Independent: exponential gaps.
    Poisson {
        /// Seed of the gaps.
        seed: u64,
    },
    /// `size` at one instant, then nothing until the rate is kept.
    Bursts {
        /// Messages of a burst.
        size: usize,
    },
    /// Each message makes more likely that others follow (Hawkes with an exponential kernel).
    Hawkes {
        /// Seed of the gaps.
        seed: u64,
        /// Mean number of messages that one message causes directly, from 0 to below 1.
        branching: f64,
        /// Mean time until it does, in mean gaps between messages.
        decay_gaps: f64,
    },
    /// Evenly spaced, but `size` messages from number `at` on are due at one instant.
    OneBurst {
        /// First message of the burst.
        at: usize,
        /// Messages of the burst.
        size: usize,
    },
    /// As recorded, so many times faster; the rate is what follows from that.
    Recorded {
        /// Seconds of the recording that pass in one second.
        speed: f64,
    },
    /// As recorded, faster or slower so that the mean rate is the one given.
    RecordedShape,
}

/// What was asked for is no arrival process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected `constant`, `poisson[:SEED]`, `bursts[:SIZE]` with a size of 1 to 1000000, \
     `hawkes[:BRANCHING[:SEED]]` with a branching from 0 to below 1, or `recorded`"
)]
pub struct ArrivalsError;

impl FromStr for Arrivals {
    type Err = ArrivalsError;

    fn from_str(text: &str) -> Result<Self, ArrivalsError> {
        fn number<T: FromStr>(text: Option<&str>, usual: T) -> Result<T, ArrivalsError> {
            text.map_or(Ok(usual), |text| text.parse().map_err(|_| ArrivalsError))
        }
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let arrivals = match name {
            "constant" => Self::Constant,
            "recorded" => Self::RecordedShape,
            "poisson" => Self::Poisson { seed: number(parts.next(), 1)? },
            "bursts" => Self::Bursts { size: number(parts.next(), 100)? },
            "hawkes" => Self::Hawkes {
                branching: number(parts.next(), 0.8)?,
                seed: number(parts.next(), 1)?,
                decay_gaps: 10.0,
            },
            _ => return Err(ArrivalsError),
        };
        let possible = match arrivals {
            Self::Bursts { size } => (1..=1_000_000).contains(&size),
            Self::Hawkes { branching, .. } => (0.0..1.0).contains(&branching),
            _ => true,
        };
        if possible && parts.next().is_none() { Ok(arrivals) } else { Err(ArrivalsError) }
    }
}

impl Arrivals {
    /// Due times of `inputs`, in nanoseconds from the first; `None` for [`Self::Constant`], which
    /// needs no list.
    pub fn offsets_ns(self, inputs: &[Sequenced], msgs_per_s: f64) -> Option<Vec<u64>> {
        let gap_ns = NS_PER_S / msgs_per_s;
        let count = inputs.len();
        let even = |n: usize| nanoseconds(n as f64 * gap_ns);
        match self {
            Self::Constant => None,
            Self::Poisson { seed } => {
                let mut uniform = Uniform::new(seed);
                let mut at = 0.0;
                Some((0..count).map(|_| step(&mut at, uniform.exponential() * gap_ns)).collect())
            }
            Self::Bursts { size } => Some((0..count).map(|n| even(n / size * size)).collect()),
            Self::OneBurst { at, size } => {
                // What follows the burst keeps its own distance from it.
                let place = |n: usize| n - n.saturating_sub(at).min(size);
                Some((0..count).map(|n| even(place(n))).collect())
            }
            Self::Hawkes { seed, branching, decay_gaps } => {
                Some(hawkes(count, gap_ns, branching, decay_gaps, &mut Uniform::new(seed)))
            }
            Self::Recorded { speed } => Some(recorded(inputs, speed)),
            Self::RecordedShape => {
                let (first, last) = (inputs.first()?.ingress_ns, inputs.last()?.ingress_ns);
                let span_ns = last.saturating_sub(first).max(1) as f64;
                Some(recorded(inputs, span_ns / (count as f64 * gap_ns)))
            }
        }
    }
}

/// Recorded times from the first, so many times faster; never falling.
fn recorded(inputs: &[Sequenced], speed: f64) -> Vec<u64> {
    let first_ns = inputs.first().map_or(0, |input| input.ingress_ns);
    let mut last = 0;
    let due = |input: &Sequenced| {
        let since = input.ingress_ns.saturating_sub(first_ns) as f64 / speed;
        last = nanoseconds(since).max(last);
        last
    };
    inputs.iter().map(due).collect()
}

fn step(at: &mut f64, by: f64) -> u64 {
    let now = *at;
    *at += by;
    nanoseconds(now)
}

fn nanoseconds(value: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to times that a run can have"
    )]
    let whole = value.clamp(0.0, 1e18) as u64;
    whole
}

/// Ogata's thinning: between arrivals the intensity only falls, so its present value bounds it.
fn hawkes(
    count: usize,
    gap_ns: f64,
    branching: f64,
    decay_gaps: f64,
    uniform: &mut Uniform,
) -> Vec<u64> {
    let decay = 1.0 / (decay_gaps * gap_ns);
    let base = (1.0 - branching) / gap_ns;
    // It starts in its mean state: excited by as much as it is on average.
    let (mut excited, mut at) = (branching / gap_ns, 0.0);
    let mut due = Vec::with_capacity(count);
    while due.len() < count {
        let bound = base + excited;
        let wait = uniform.exponential() / bound;
        at += wait;
        excited *= libm::exp(-decay * wait);
        if uniform.unit() * bound <= base + excited {
            due.push(nanoseconds(at));
            excited += branching * decay;
        }
    }
    due
}

/// Uniform numbers from a seed.
struct Uniform(SplitMix64);

impl Uniform {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    /// In (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// With mean one.
    fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seawall_engine::types::{Input, Seq};

    fn inputs(count: u64) -> Vec<Sequenced> {
        let input =
            |n| Sequenced { seq: Seq(n), time_ns: n * n, ingress_ns: n * n, input: Input::Step };
        (0..count).map(input).collect()
    }

    /// Mean gap and squared coefficient of variation of counts in windows of 100 gaps.
    fn moments(due: &[u64], gap_ns: f64) -> (f64, f64) {
        let last = *due.last().expect("there are arrivals") as f64;
        let window = 100.0 * gap_ns;
        let mut counts = vec![0.0; usize::try_from(nanoseconds(last / window)).expect("small")];
        for at in due {
            let place = usize::try_from(nanoseconds(*at as f64 / window)).expect("small");
            if let Some(count) = counts.get_mut(place) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let squares: f64 = counts.iter().map(|c| (c - mean) * (c - mean)).sum();
        (last / due.len() as f64, squares / counts.len() as f64 / mean)
    }

    #[test]
    fn every_process_keeps_its_rate() {
        let inputs = inputs(400_000);
        let hawkes = Arrivals::Hawkes { seed: 3, branching: 0.5, decay_gaps: 5.0 };
        // Index of dispersion: 1 for Poisson, 1 / (1 - n)^2 = 4 for Hawkes in long windows.
        for (arrivals, dispersion) in [
            (Arrivals::Poisson { seed: 3 }, 0.95..1.05),
            (hawkes, 3.3..4.3),
            (Arrivals::Bursts { size: 10 }, 0.0..0.01),
        ] {
            let due = arrivals.offsets_ns(&inputs, 1e6).expect("a list");
            assert!(due.is_sorted() && due.len() == inputs.len());
            let (gap_ns, found) = moments(&due, 1_000.0);
            assert!((gap_ns / 1_000.0 - 1.0).abs() < 0.02, "{arrivals:?}: {gap_ns}");
            assert!(dispersion.contains(&found), "{arrivals:?}: {found}");
            assert_eq!(arrivals.offsets_ns(&inputs, 1e6), Some(due), "the seed decides");
        }
    }

    #[test]
    fn a_burst_is_due_at_one_instant() {
        let due = Arrivals::OneBurst { at: 3, size: 4 }.offsets_ns(&inputs(10), 1e9);
        assert_eq!(due, Some(vec![0, 1, 2, 3, 3, 3, 3, 3, 4, 5]));
    }

    #[test]
    fn recorded_times_are_scaled() {
        let due = Arrivals::Recorded { speed: 2.0 }.offsets_ns(&inputs(5), 1.0);
        assert_eq!(due, Some(vec![0, 0, 2, 4, 8]));
        // Five in five milliseconds: sixteen recorded nanoseconds become that.
        let shape = Arrivals::RecordedShape.offsets_ns(&inputs(5), 1e3);
        assert_eq!(shape, Some(vec![0, 312_500, 1_250_000, 2_812_500, 5_000_000]));
    }

    #[test]
    fn arrivals_are_named_on_a_command_line() {
        let hawkes = Arrivals::Hawkes { seed: 7, branching: 0.5, decay_gaps: 10.0 };
        for (text, arrivals) in [
            ("constant", Arrivals::Constant),
            ("poisson", Arrivals::Poisson { seed: 1 }),
            ("poisson:9", Arrivals::Poisson { seed: 9 }),
            ("bursts:64", Arrivals::Bursts { size: 64 }),
            ("hawkes:0.5:7", hawkes),
            ("recorded", Arrivals::RecordedShape),
        ] {
            assert_eq!(text.parse(), Ok(arrivals), "{text}");
        }
        for text in
            ["", "uniform", "poisson:x", "poisson:1:2", "bursts:0", "hawkes:1", "hawkes:NaN"]
        {
            assert_eq!(text.parse::<Arrivals>(), Err(ArrivalsError), "{text}");
        }
    }
}
