//! How long limit orders live until they are cancelled. Many outlive the record or are executed,
//! so their lives are cut short: Kaplan and Meier's estimator, executions and the record's end
//! taken as independent censoring. That is what the model does: an order's cancel is set when it
//! comes, and an execution may come first.

use super::curve::{of_steps, whole};
use super::measure::{Fate, Seen};
use crate::scenario::order_flow::Curve;
use crate::study::survival::{End, Waits};

/// A curve ends where fewer orders are left to be watched.
const AT_RISK_MIN: usize = 20;

/// Times in seconds and the share that is cancelled by then.
pub(super) fn cancelled(orders: &[Seen]) -> Vec<(f64, f64)> {
    let waits = orders.iter().map(|order| {
        let end = match order.fate {
            Fate::Cancelled => End::Cancelled,
            Fate::Taken => End::Filled,
            Fate::Resting => End::Waiting,
        };
        (order.life_ns as f64 / 1e9, end)
    });
    Waits::new(waits.collect()).kaplan_meier_curve(End::Cancelled, AT_RISK_MIN)
}

/// The same as a curve of a scenario, in microseconds.
pub(super) fn curve(orders: &[Seen]) -> Curve {
    let cancelled = cancelled(orders);
    if cancelled.is_empty() {
        // Nobody cancels.
        return vec![[0, 0]];
    }
    let steps: Vec<(u64, f64)> =
        cancelled.into_iter().map(|(seconds, share)| (whole(seconds * 1e6), share)).collect();
    of_steps(&steps)
}

/// The share cancelled by a time.
pub(super) fn at(curve: &[(f64, f64)], seconds: f64) -> f64 {
    let place = curve.partition_point(|point| point.0 <= seconds);
    place.checked_sub(1).map_or(0.0, |place| curve[place].1)
}

/// The greatest difference of two such curves, up to where the shorter one ends.
pub(super) fn distance(a: &[(f64, f64)], b: &[(f64, f64)]) -> Option<f64> {
    let end = a.last()?.0.min(b.last()?.0);
    let times = a.iter().chain(b).map(|point| point.0).filter(|time| *time <= end);
    Some(times.map(|time| (at(a, time) - at(b, time)).abs()).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seconds: u64, fate: Fate) -> Seen {
        Seen { behind: Some(0), spread: 1, lots: 1, life_ns: seconds * 1_000_000_000, fate }
    }

    #[test]
    fn executions_cut_lives_short_and_are_no_cancels() {
        let mut orders: Vec<Seen> = (1..=40).map(|n| order(n, Fate::Cancelled)).collect();
        orders.extend((1..=40).map(|n| order(n, Fate::Taken)));
        let curve = cancelled(&orders);
        // One of those at risk is cancelled at each time, and one is executed.
        assert!((curve[0].1 - 1.0 / 80.0).abs() < 1e-12);
        let second = 1.0 - (1.0 - 1.0 / 80.0) * (1.0 - 1.0 / 78.0);
        assert!((curve[1].1 - second).abs() < 1e-12);
        // Watched up to twenty at risk.
        assert_eq!(curve.len(), 31);
    }

    #[test]
    fn curves_are_compared_up_to_where_the_shorter_ends() {
        let (long, short) = ([(1.0, 0.25), (2.0, 0.75)], [(1.0, 0.125), (1.5, 0.5)]);
        let apart = distance(&long, &short).unwrap();
        assert!((apart - 0.25).abs() < 1e-12, "{apart}");
        assert!(distance(&long, &[]).is_none());
    }
}
