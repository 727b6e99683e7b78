//! Many orders at one instant.

use hdrhistogram::Histogram;
use seawall_engine::ring::Transport;

use super::{Findings, Lab, LabError, Unit};
use crate::load::{Arrivals, DriverOptions, Trip};
use crate::measure::histogram::nanoseconds;
use crate::study::two_samples::median;

/// Messages of the burst.
const SIZE: usize = 10_000;
/// Orders over which a median is taken while looking for the recovery.
const WINDOW: usize = 200;
/// Latency is normal again when a window's median is at most so many times the one before.
const NORMAL: f64 = 2.0;

pub(super) fn run<R: Transport>(lab: &Lab<'_>, say: &dyn Fn(&str)) -> Result<Findings, LabError> {
    let timed = lab.plan.inputs().len() - lab.plan.setup();
    if timed < 4 * SIZE {
        let reason = format!("the stream has {timed} inputs to time, expected {}", 4 * SIZE);
        return Err(LabError::Impossible { experiment: "burst", reason });
    }
    let capacity = lab.capacity::<R>(say)?;
    let columns = [
        ("before_p50_ns", "before p50", Unit::Ns),
        ("burst_p50_ns", "burst p50", Unit::Ns),
        ("burst_max_ns", "burst max", Unit::Ns),
        ("recovery_ns", "recovery", Unit::Ns),
        ("fluid_ns", "capacity says", Unit::Ns),
        ("refused", "refused", Unit::Count),
    ];
    let question = format!("{SIZE} messages at one instant on top of 50 % of capacity");
    let mut found = Findings::new("burst", question, &columns);
    let rate = 0.5 * capacity;
    let arrivals = Arrivals::OneBurst { at: timed / 2, size: SIZE };
    let mut recoveries = Vec::new();
    for run in 1..=lab.runs {
        say(&format!("burst, run {run} of {}", lab.runs));
        let options = DriverOptions { arrivals, ..lab.options(Some(rate)) };
        let outcome = lab.drive::<R>(&options)?;
        found.sound &= outcome.counts.reconciles();
        let start_ns = outcome.pace.scheduled_ns((timed / 2) as u64);
        let response = Response::of(&outcome.trips, start_ns);
        recoveries.extend(response.recovery_ns);
        let cells = vec![
            Some(response.before_p50_ns),
            Some(response.burst.value_at_quantile(0.5) as f64),
            Some(response.burst.max() as f64),
            response.recovery_ns,
            Some(SIZE as f64 / (capacity - rate) * 1e9),
            Some(outcome.counts.refused as f64),
        ];
        found.line(format!("run {run}"), cells);
    }
    found.notes.push(format!(
        "recovery: from the burst until the median of {WINDOW} orders in a row is at most {NORMAL} \
         times the median before it; median of the runs {}",
        median(&recoveries).map_or_else(|| "none".to_owned(), |ns| format!("{:.2} ms", ns / 1e6))
    ));
    found.notes.push(
        "capacity says: the backlog over what capacity leaves beside the offered rate".to_owned(),
    );
    Ok(found)
}

/// What became of a burst.
#[derive(Debug)]
pub(super) struct Response {
    before_p50_ns: f64,
    burst: Histogram<u64>,
    recovery_ns: Option<f64>,
}

impl Response {
    /// From the trips of a run, by due time, and the instant of its burst.
    fn of(trips: &[Trip], start_ns: u64) -> Self {
        let (mut before, mut burst) = (nanoseconds(), nanoseconds());
        let latency = |trip: &Trip| trip.done_ns.saturating_sub(trip.due_ns).max(1);
        for trip in trips {
            if trip.due_ns < start_ns {
                before.saturating_record(latency(trip));
            } else if trip.due_ns == start_ns {
                burst.saturating_record(latency(trip));
            }
        }
        let before_p50_ns = before.value_at_quantile(0.5) as f64;
        let after = trips.partition_point(|trip| trip.due_ns <= start_ns);
        let normal = |window: &&[Trip]| {
            let latencies: Vec<f64> = window.iter().map(|trip| latency(trip) as f64).collect();
            median(&latencies).is_some_and(|p50| p50 <= NORMAL * before_p50_ns)
        };
        let recovered = trips[after..].chunks_exact(WINDOW).find(normal);
        let recovery_ns = recovered.map(|window| (window[0].due_ns - start_ns) as f64);
        Self { before_p50_ns, burst, recovery_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_is_the_first_window_that_is_normal_again() {
        let trip = |due_ns, latency| Trip { due_ns, done_ns: due_ns + latency, is_order: true };
        let mut trips: Vec<Trip> = (0..1_000).map(|n| trip(n * 100, 50)).collect();
        trips.extend((0..500).map(|n| trip(100_000, 10 + n)));
        trips.extend((1..=400).map(|n| trip(100_000 + n * 100, 500)));
        trips.extend((401..=800).map(|n| trip(100_000 + n * 100, 60)));
        let found = Response::of(&trips, 100_000);
        assert!((found.before_p50_ns - 50.0).abs() < 1e-9);
        assert_eq!((found.burst.len(), found.burst.max()), (500, 509));
        assert_eq!(found.recovery_ns, Some(40_100.0));
    }
}
