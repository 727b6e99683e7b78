//! Nanoseconds since the start of a run, from the processor's time-stamp counter where it is
//! invariant and from the operating system where it is not.

use std::hint::black_box;

use quanta::Clock;

/// A clock that starts at zero. Copies on other threads agree with it.
#[derive(Clone, Debug)]
pub struct RunClock {
    clock: Clock,
    origin: u64,
}

impl RunClock {
    /// Starts now; the first one of a process is calibrated, which takes some 200 ms.
    pub fn start() -> Self {
        let clock = Clock::new();
        let origin = clock.raw();
        Self { clock, origin }
    }

    /// Nanoseconds since the start.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.clock.delta_as_nanos(self.origin, self.clock.raw())
    }

    /// The clock as it is: [`Self::ns`] says what it means. For who reads it often and reckons later.
    #[inline]
    pub fn ticks(&self) -> u64 {
        self.clock.raw()
    }

    /// Nanoseconds from the start to a reading of [`Self::ticks`].
    #[inline]
    pub fn ns(&self, ticks: u64) -> u64 {
        self.clock.delta_as_nanos(self.origin, ticks)
    }

    /// What one reading costs, in nanoseconds: the least mean of several tries.
    pub fn cost_ns(&self) -> f64 {
        const READINGS: u32 = 20_000;
        let once = || {
            let start_ns = self.now_ns();
            for _ in 0..READINGS {
                black_box(self.now_ns());
            }
            (self.now_ns() - start_ns) as f64 / f64::from(READINGS)
        };
        (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
    }
}
