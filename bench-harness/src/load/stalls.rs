//! Stalls: a spinning thread that was not there for a while, by its own account.

use hdrhistogram::Histogram;

use super::touched::room;
use crate::measure::histogram::nanoseconds;

/// Longest time between two looks that is no stall, besides the work done between them.
pub const STALL_NS: u64 = 5_000;
/// Stalls kept one by one; those after them are counted.
const KEPT: usize = 1 << 16;

/// A time in which a thread was away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stall {
    /// When it was last there.
    pub from_ns: u64,
    /// When it was back.
    pub to_ns: u64,
}

/// The stalls of one thread.
#[derive(Clone, Debug)]
pub struct StallLog {
    last_ns: u64,
    stalls: Vec<Stall>,
    lengths: Histogram<u64>,
}

impl StallLog {
    /// Nothing yet; memory is taken here.
    pub fn new() -> Self {
        Self { last_ns: 0, stalls: room(KEPT), lengths: nanoseconds() }
    }

    /// The thread is here at `now_ns` and did work since that may take up to `work_ns`.
    #[inline]
    pub fn here(&mut self, now_ns: u64, work_ns: u64) {
        let away_ns = now_ns.saturating_sub(self.last_ns);
        if away_ns > STALL_NS + work_ns && self.last_ns > 0 {
            self.note(now_ns, away_ns);
        }
        self.last_ns = now_ns;
    }

    #[cold]
    fn note(&mut self, now_ns: u64, away_ns: u64) {
        self.lengths.saturating_record(away_ns);
        if self.stalls.len() < KEPT {
            self.stalls.push(Stall { from_ns: self.last_ns, to_ns: now_ns });
        }
    }

    /// The stalls and their lengths.
    pub fn into_parts(self) -> (Vec<Stall>, Histogram<u64>) {
        (self.stalls, self.lengths)
    }
}

impl Default for StallLog {
    fn default() -> Self {
        Self::new()
    }
}

/// From a message's due time to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// When it was due.
    pub due_ns: u64,
    /// When it was answered.
    pub done_ns: u64,
    /// Whether it counts: an order or a replacement.
    pub is_order: bool,
}

/// Latency with and without what the machine took away.
#[derive(Clone, Debug)]
pub struct Undisturbed {
    /// All orders.
    pub raw: Histogram<u64>,
    /// Orders of busy periods that no stall overlaps.
    pub undisturbed: Histogram<u64>,
    /// The same, each order a thousand times or more: a long busy period is likelier to be left out than
    /// a short one, so one that was kept also stands for those like it that were not.
    ///
    /// If stalls begin at random at rate `r`, a period of length `T` is kept with probability `exp(-r T)`,
    /// and its orders count `exp(r T)` times (Horvitz and Thompson, J. Am. Stat. Assoc. 47, 1952).
    pub weighted: Histogram<u64>,
}

/// How often an order counts in [`Undisturbed::weighted`] if nothing like it was left out.
pub(super) const WEIGHT_ONE: u64 = 1_000;
/// An order stands for at most so many.
const WEIGHT_MAX: f64 = 1_000.0;

impl Undisturbed {
    /// Leaves out whole busy periods that overlap a stall. A busy period goes on while a message
    /// is due before all earlier ones are answered: what a stall delays lies in the same period.
    /// Trips come by due time.
    pub fn new(trips: &[Trip], stalls: &mut [Stall]) -> Self {
        stalls.sort_unstable_by_key(|stall| stall.from_ns);
        let rate = stalls_per_ns(trips, stalls);
        let mut found =
            Self { raw: nanoseconds(), undisturbed: nanoseconds(), weighted: nanoseconds() };
        let mut rest = trips;
        let mut next_stall = 0;
        // The latest end of the stalls passed so far: they may overlap each other.
        let mut passed_ns = 0;
        while let Some(first) = rest.first() {
            let mut end_ns = first.done_ns;
            let mut length = 1;
            while let Some(trip) = rest.get(length).filter(|trip| trip.due_ns <= end_ns) {
                end_ns = end_ns.max(trip.done_ns);
                length += 1;
            }
            while let Some(stall) = stalls.get(next_stall).filter(|s| s.from_ns <= end_ns) {
                passed_ns = passed_ns.max(stall.to_ns);
                next_stall += 1;
            }
            let disturbed = passed_ns > first.due_ns;
            let (period, after) = rest.split_at(length);
            let weight = weight(rate, end_ns.saturating_sub(first.due_ns));
            for trip in period.iter().filter(|trip| trip.is_order) {
                let latency_ns = trip.done_ns.saturating_sub(trip.due_ns).max(1);
                found.raw.saturating_record(latency_ns);
                if !disturbed {
                    found.undisturbed.saturating_record(latency_ns);
                    found.weighted.saturating_record_n(latency_ns, weight);
                }
            }
            rest = after;
        }
        found
    }

    /// The share of orders that was left out.
    pub fn excluded(&self) -> f64 {
        1.0 - self.undisturbed.len() as f64 / self.raw.len().max(1) as f64
    }
}

/// How often an order of a kept busy period of that length counts.
fn weight(stalls_per_ns: f64, length_ns: u64) -> u64 {
    let stands_for = libm::exp(stalls_per_ns * length_ns as f64).min(WEIGHT_MAX);
    #[allow(clippy::cast_possible_truncation, reason = "between one and a million")]
    #[allow(clippy::cast_sign_loss, reason = "it is positive")]
    let weight = (stands_for * WEIGHT_ONE as f64).round() as u64;
    weight
}

/// Beginnings of stalls in the time without one, per nanosecond. Stalls come by their beginnings; those
/// that overlap are one.
fn stalls_per_ns(trips: &[Trip], stalls: &[Stall]) -> f64 {
    let Some((first, last)) = trips.first().zip(trips.last()) else { return 0.0 };
    let (from_ns, to_ns) = (first.due_ns, last.done_ns.max(first.due_ns + 1));
    let (mut count, mut stalled_ns, mut passed_ns) = (0_u32, 0, from_ns);
    for stall in stalls.iter().filter(|stall| stall.to_ns > from_ns && stall.from_ns < to_ns) {
        count += u32::from(stall.from_ns >= passed_ns);
        stalled_ns += stall.to_ns.min(to_ns).saturating_sub(stall.from_ns.max(passed_ns));
        passed_ns = passed_ns.max(stall.to_ns);
    }
    f64::from(count) / (to_ns - from_ns).saturating_sub(stalled_ns).max(1) as f64
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng, SeedableRng};
    use rand_xoshiro::SplitMix64;

    use super::*;

    fn trip(due_ns: u64, done_ns: u64) -> Trip {
        Trip { due_ns, done_ns, is_order: true }
    }

    #[test]
    fn work_is_no_stall() {
        let mut log = StallLog::new();
        log.here(1_000, 0);
        log.here(5_000, 0);
        log.here(25_000, 15_000);
        log.here(50_000, 1_000);
        let (stalls, lengths) = log.into_parts();
        assert_eq!(stalls, [Stall { from_ns: 25_000, to_ns: 50_000 }]);
        assert_eq!(lengths.len(), 1);
    }

    #[test]
    fn the_whole_busy_period_of_a_stall_is_left_out() {
        // Three periods: 0 to 30 (two trips), 40 to 90 (two, one waits for the other), 100 to 110.
        let trips = [trip(0, 20), trip(10, 30), trip(40, 80), trip(50, 90), trip(100, 110)];
        let mut stall = [Stall { from_ns: 45, to_ns: 60 }];
        let found = Undisturbed::new(&trips, &mut stall);
        assert_eq!((found.raw.len(), found.undisturbed.len()), (5, 3));
        assert!((found.excluded() - 0.4).abs() < 1e-12);
        assert_eq!(found.undisturbed.max(), 20);
        // A stall between periods leaves out nothing; one over several leaves out all of them.
        let mut between = [Stall { from_ns: 32, to_ns: 38 }];
        assert_eq!(Undisturbed::new(&trips, &mut between).undisturbed.len(), 5);
        let mut long = [Stall { from_ns: 25, to_ns: 105 }, Stall { from_ns: 26, to_ns: 27 }];
        assert_eq!(Undisturbed::new(&trips, &mut long).undisturbed.len(), 0);
    }

    /// A queue whose stalls delay nobody, so that what is left out is known: long periods.
    #[test]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "two seconds in ns")]
    fn weights_make_up_for_long_periods_that_were_left_out() {
        const SERVICE_NS: u64 = 5_000;
        let mut rng = SplitMix64::seed_from_u64(7);
        let mut exponential_ns = |mean_ns: f64| {
            let unit = ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            -mean_ns * libm::log(unit)
        };
        let (mut due, mut free_ns) = (0.0, 0_u64);
        let trips: Vec<Trip> = (0..400_000)
            .map(|_| {
                due += exponential_ns(SERVICE_NS as f64 / 0.8);
                let due_ns = due as u64;
                free_ns = free_ns.max(due_ns) + SERVICE_NS;
                trip(due_ns, free_ns)
            })
            .collect();
        let mut stalls = Vec::new();
        let mut at = 0.0;
        while at < due {
            at += exponential_ns(400_000.0);
            stalls.push(Stall { from_ns: at as u64, to_ns: at as u64 + 3_000 });
        }
        let found = Undisturbed::new(&trips, &mut stalls);
        let p99 = |histogram: &Histogram<u64>| histogram.value_at_quantile(0.99) as f64;
        let (all, kept, weighted) = (&found.raw, &found.undisturbed, &found.weighted);
        assert!((0.2..0.5).contains(&found.excluded()), "{}", found.excluded());
        let short = (kept.mean() / all.mean(), p99(kept) / p99(all));
        assert!(short.0 < 0.9 && short.1 < 0.9, "{short:?}");
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.05;
        assert!(near(weighted.mean(), all.mean()), "{} {}", weighted.mean(), all.mean());
        assert!(near(p99(weighted), p99(all)), "{} {}", p99(weighted), p99(all));
    }

    #[test]
    fn without_stalls_every_order_counts_the_same() {
        let trips = [trip(0, 20), trip(10, 30), trip(40, 80)];
        let found = Undisturbed::new(&trips, &mut []);
        assert_eq!(found.weighted.len(), 3 * WEIGHT_ONE);
        assert_eq!(found.weighted.max(), found.raw.max());
    }
}
