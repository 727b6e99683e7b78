//! The liquidation queue: waits, who overtook whom, and Little's law as a check on every run.

use seawall_engine::liquidation::QueueStats;

use super::histogram::{nanoseconds, percentiles};
use super::summary::{QueueClass, QueueOwn, QueueSummary};

/// Counts who waits, twice: from the events, and from what the engine says.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Entered and left with the input under way.
    entered: u64,
    left: u64,
    inside: u64,
    /// Sums of the times at which somebody entered and left.
    entries_ns: u128,
    exits_ns: u128,
    /// The engine's backlog integrated over time, in nanoseconds.
    area_ns: u128,
    backlog: u64,
    backlog_max: u64,
    last_ns: u64,
    services: Vec<(u64, u64)>,
    /// The second under way, how many were closed in it, and the most in any.
    second: u64,
    closed: u64,
    closed_max: u64,
}

impl Waiting {
    /// Somebody entered the queue.
    pub(super) fn enter(&mut self) {
        self.entered += 1;
    }

    /// Somebody left it.
    pub(super) fn leave(&mut self) {
        self.left += 1;
    }

    /// Somebody was flat; times never decrease.
    pub(super) fn close(&mut self, now_ns: u64) {
        let second = now_ns / 1_000_000_000;
        if second != self.second {
            (self.second, self.closed) = (second, 0);
        }
        self.closed += 1;
        self.closed_max = self.closed_max.max(self.closed);
    }

    /// Somebody was served for the first time.
    pub(super) fn serve(&mut self, trigger_ns: u64, now_ns: u64) {
        self.services.push((trigger_ns, now_ns));
    }

    /// The engine is done with an input and says how many wait.
    #[inline]
    pub(super) fn end(&mut self, now_ns: u64, backlog: usize) {
        if self.backlog > 0 {
            self.area_ns += u128::from(self.backlog) * u128::from(now_ns - self.last_ns);
        }
        self.last_ns = now_ns;
        self.backlog = backlog as u64;
        self.backlog_max = self.backlog_max.max(self.backlog);
        if self.entered + self.left > 0 {
            self.entries_ns += u128::from(self.entered) * u128::from(now_ns);
            self.exits_ns += u128::from(self.left) * u128::from(now_ns);
            self.inside = (self.inside + self.entered).saturating_sub(self.left);
            (self.entered, self.left) = (0, 0);
        }
    }

    /// The backlog's area less the sum of the waits: zero, or events and queue disagree.
    fn residual_ns(&self) -> i128 {
        // Who still waits has waited until now.
        let now = u128::from(self.inside) * u128::from(self.last_ns);
        let signed = |sum: u128| i128::try_from(sum).unwrap_or(i128::MAX);
        let waits = signed(self.exits_ns + now) - signed(self.entries_ns);
        signed(self.area_ns) - waits
    }

    /// The queue in numbers; `own` is what the engine counted.
    pub(super) fn summarise(&self, own: &QueueStats) -> QueueSummary {
        let mut waits = nanoseconds();
        for (trigger_ns, now_ns) in &self.services {
            waits.saturating_record(now_ns - trigger_ns);
        }
        let overtaken = overtakers(&self.services);
        let residual_ns = self.residual_ns();
        QueueSummary {
            wait_ns: percentiles(&waits),
            overtaking: (!self.services.is_empty())
                .then(|| overtaken as f64 / self.services.len() as f64),
            backlog_max: self.backlog_max,
            closed_per_second_max: self.closed_max,
            littles_law_residual_ns: i64::try_from(residual_ns).unwrap_or(i64::MAX),
            own: QueueOwn {
                solvent: class(own, 0),
                bankrupt: class(own, 1),
                inversions: own.inversions,
                backlog_max: own.backlog_max,
            },
        }
    }
}

/// One class of the engine's counters: 0 entered solvent, 1 bankrupt.
fn class(own: &QueueStats, class: usize) -> QueueClass {
    let served = own.served[class];
    QueueClass {
        served,
        wait_mean_ns: (served > 0).then(|| own.wait_ns[class] as f64 / served as f64),
        wait_max_ns: (served > 0).then_some(own.wait_max_ns[class]),
    }
}

/// Services that came before that of somebody triggered earlier.
fn overtakers(services: &[(u64, u64)]) -> usize {
    // Services are in order of time; from the last to the first, the earliest trigger behind.
    let mut earliest_behind = u64::MAX;
    let mut count = 0;
    for (trigger_ns, _) in services.iter().rev() {
        count += usize::from(earliest_behind < *trigger_ns);
        earliest_behind = earliest_behind.min(*trigger_ns);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn littles_law_holds_if_the_engine_says_what_the_events_say() {
        let mut waiting = Waiting::default();
        let inputs = [(10, 2, 0, 2), (15, 1, 1, 2), (40, 0, 2, 0), (50, 1, 0, 1), (80, 0, 0, 1)];
        for (now, enter, leave, backlog) in inputs {
            (0..enter).for_each(|_| waiting.enter());
            (0..leave).for_each(|_| waiting.leave());
            waiting.end(now, backlog);
        }
        assert_eq!(waiting.residual_ns(), 0);
        assert_eq!(waiting.area_ns, 2 * 5 + 2 * 25 + 30);
        // A queue that forgets one is found out.
        waiting.end(90, 0);
        waiting.end(100, 0);
        assert_ne!(waiting.residual_ns(), 0);
    }

    #[test]
    fn closings_are_counted_by_the_second() {
        let mut waiting = Waiting::default();
        for now_ms in [500, 900, 1_000, 1_999, 1_999, 3_000] {
            waiting.close(now_ms * 1_000_000);
        }
        assert_eq!(waiting.closed_max, 3);
    }

    #[test]
    fn overtaking_is_being_served_before_an_earlier_trigger() {
        assert_eq!(overtakers(&[(1, 10), (2, 11), (3, 12)]), 0);
        assert_eq!(overtakers(&[(3, 10), (1, 11), (2, 12)]), 1);
        assert_eq!(overtakers(&[(3, 10), (2, 11), (1, 12)]), 2);
    }
}
