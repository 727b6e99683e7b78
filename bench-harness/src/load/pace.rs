//! When each message is due: fixed before the run.

use std::sync::Arc;

use seawall_engine::types::Sequenced;

use super::Arrivals;

/// Fraction bits of the interval, so that no rate drifts over a long run.
const FRACTION_BITS: u32 = 20;
const NS_PER_S: f64 = 1e9;

/// The schedule of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the ring takes it: finds capacity, says nothing about latency.
    Closed,
    /// At a constant rate, whatever happens.
    Open {
        /// When the first message is due.
        start_ns: u64,
        /// Time between messages, in 2^-20 nanoseconds.
        interval: u64,
    },
    /// At times that were drawn before, whatever happens.
    Drawn {
        /// When the run starts.
        start_ns: u64,
        /// Due times from there, rising.
        offsets_ns: Arc<[u64]>,
    },
}

impl Pace {
    /// A constant rate from `start_ns` on; `None` unless it is between one message in a thousand
    /// seconds and one per nanosecond.
    pub fn open(msgs_per_s: f64, start_ns: u64) -> Option<Self> {
        let interval = NS_PER_S / msgs_per_s * f64::from(1_u32 << FRACTION_BITS);
        let one_ns = f64::from(1_u32 << FRACTION_BITS);
        if !(one_ns..=one_ns * 1e12).contains(&interval) {
            return None;
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above: between 2^20 and 2^60"
        )]
        let interval = interval.round() as u64;
        Some(Self::Open { start_ns, interval })
    }

    /// The schedule of `inputs` under an arrival process; `None` unless the rate is possible.
    pub fn arriving(
        arrivals: Arrivals,
        inputs: &[Sequenced],
        msgs_per_s: f64,
        start_ns: u64,
    ) -> Option<Self> {
        let even = Self::open(msgs_per_s, start_ns)?;
        Some(match arrivals.offsets_ns(inputs, msgs_per_s) {
            None => even,
            Some(offsets_ns) => Self::Drawn { start_ns, offsets_ns: offsets_ns.into() },
        })
    }

    /// When message `n` (from 0) is due.
    #[inline]
    pub fn scheduled_ns(&self, n: u64) -> u64 {
        match *self {
            Self::Closed => 0,
            Self::Drawn { start_ns, ref offsets_ns } => {
                start_ns + offsets_ns[usize::try_from(n).expect("a place in the plan")]
            }
            Self::Open { start_ns, interval } => {
                let after = (u128::from(n) * u128::from(interval)) >> FRACTION_BITS;
                start_ns + u64::try_from(after).expect("a run is shorter than centuries")
            }
        }
    }

    /// When it starts, if there is a schedule.
    pub const fn start_ns(&self) -> Option<u64> {
        match *self {
            Self::Closed => None,
            Self::Open { start_ns, .. } | Self::Drawn { start_ns, .. } => Some(start_ns),
        }
    }

    /// The same schedule with another start.
    #[must_use]
    pub fn starting_at(mut self, at_ns: u64) -> Self {
        if let Self::Open { start_ns, .. } | Self::Drawn { start_ns, .. } = &mut self {
            *start_ns = at_ns;
        }
        self
    }

    /// Whether there is a schedule, so that lateness means something.
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// The rate that it offers, if there is a schedule.
    pub fn msgs_per_s(&self) -> Option<f64> {
        match self {
            Self::Closed => None,
            // Over a million intervals, so that the fraction counts.
            Self::Open { start_ns, .. } => {
                Some(1e15 / (self.scheduled_ns(1_000_000) - start_ns) as f64)
            }
            Self::Drawn { offsets_ns, .. } => {
                let last_ns = offsets_ns.last().copied().unwrap_or(0).max(1);
                Some((offsets_ns.len() as f64 - 1.0).max(1.0) * NS_PER_S / last_ns as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_keeps_its_rate() {
        let pace = Pace::open(3e6, 500).expect("a possible rate");
        assert_eq!(pace.scheduled_ns(0), 500);
        let after_a_second = pace.scheduled_ns(3_000_000) - 500;
        assert!(after_a_second.abs_diff(1_000_000_000) < 10, "{after_a_second}");
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0.0, -1.0, f64::NAN, 1e10, 1e-4, f64::INFINITY] {
            assert_eq!(Pace::open(rate, 0), None, "{rate}");
        }
    }
}
