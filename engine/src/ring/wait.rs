//! What a thread does while its rings are empty.

use std::hint;
use std::thread;
use std::time::Duration;

use crossbeam_utils::Backoff;
use crossbeam_utils::sync::Parker;

/// Longest sleep of a parked thread: nobody wakes it, so it looks again by itself.
const PARK: Duration = Duration::from_micros(50);
/// Pauses before [`WaitStrategy::SpinYield`] yields; one is 10 to 40 cycles.
const PAUSES_BEFORE_YIELD: u32 = 4096;

/// How to wait: the further down, the kinder to other threads and the later to wake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitStrategy {
    /// Look again at once.
    Spin,
    /// Look again after a pause instruction: leaves the line to the writer, measured faster.
    #[default]
    SpinPause,
    /// Spin for some 50 microseconds, then give the core to whoever wants it. For a core that
    /// others want too: as fast as spinning while both ends run, and kind when one does not.
    SpinYield,
    /// Spin a little, then give the core to whoever wants it. For more threads than cores.
    Yielding,
    /// Spin, yield, then sleep 50 microseconds at a time.
    Parking,
}

impl WaitStrategy {
    /// All of them, from the most impatient on.
    pub const ALL: [Self; 5] =
        [Self::Spin, Self::SpinPause, Self::SpinYield, Self::Yielding, Self::Parking];

    /// A short name for command lines and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::SpinPause => "pause",
            Self::SpinYield => "spin-yield",
            Self::Yielding => "yield",
            Self::Parking => "park",
        }
    }

    /// Whether a waiting thread never gives its core away: wants a core of its own.
    pub const fn keeps_its_core(self) -> bool {
        matches!(self, Self::Spin | Self::SpinPause)
    }
}

/// A thread's wait: [`Waiter::idle`] each time there was nothing, [`Waiter::reset`] when there was.
#[derive(Debug)]
pub struct Waiter {
    strategy: WaitStrategy,
    pauses: u32,
    backoff: Backoff,
    parker: Parker,
}

impl Waiter {
    /// A wait of that kind.
    pub fn new(strategy: WaitStrategy) -> Self {
        Self { strategy, pauses: 0, backoff: Backoff::new(), parker: Parker::new() }
    }

    /// Waits a moment; longer each time under the patient strategies.
    #[inline]
    pub fn idle(&mut self) {
        match self.strategy {
            WaitStrategy::Spin => {}
            WaitStrategy::SpinPause => hint::spin_loop(),
            WaitStrategy::SpinYield if self.pauses < PAUSES_BEFORE_YIELD => {
                self.pauses += 1;
                hint::spin_loop();
            }
            WaitStrategy::SpinYield => thread::yield_now(),
            WaitStrategy::Parking if self.backoff.is_completed() => self.parker.park_timeout(PARK),
            WaitStrategy::Yielding | WaitStrategy::Parking => self.backoff.snooze(),
        }
    }

    /// There was something to do: start the next wait from the beginning.
    #[inline]
    pub fn reset(&mut self) {
        self.pauses = 0;
        self.backoff.reset();
    }
}
