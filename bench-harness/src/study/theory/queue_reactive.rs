//! Huang, Lehalle and Rosenbaum (2015): the law of a queue whose rates depend on its size, with
//! the reference price held still, so that queues do not know of each other.

use seawall_engine::types::{Price, Side};

use super::noise::Noise;
use super::oracles::ORACLES;
use super::row::Row;
use super::sampling::{Plan, TOGETHER};
use super::venue::{Owner, Venue, ticks};
use crate::study::parallel;
use crate::study::statistics::{Estimate, each_of, mean_of_batches};

const PRICE: Price = ticks(16);
/// Largest queue of the calibration.
const SIZES: usize = 51;
/// Independent replicas of each depth.
const REPLICAS: usize = 40;

type Law = [f64; SIZES];

/// The stationary law by detailed balance.
fn stationary(depth: &[[f64; 3]]) -> Law {
    let mut law = [0.0; SIZES];
    law[0] = 1.0;
    for n in 1..SIZES {
        law[n] = law[n - 1] * depth[n - 1][0] / (depth[n][1] + depth[n][2]);
    }
    let sum: f64 = law.iter().sum();
    law.map(|weight| weight / sum)
}

fn mean(law: &Law) -> f64 {
    law.iter().enumerate().map(|(n, share)| n as f64 * share).sum()
}

/// Shares of time that the real queue spends at each size, over `events` events after as many
/// again divided by ten, which are forgotten.
fn replica<V: Venue>(depth: &[[f64; 3]], mut noise: Noise, events: u64) -> Law {
    let mut venue = V::with_room(64);
    let mut time_at = [0.0; SIZES];
    for event in 0..events + events / 10 {
        let n = usize::try_from(venue.waiting(PRICE)).expect("a queue of at most 50");
        let [limit, cancel, market] = depth[n];
        let limit = if n + 1 == SIZES { 0.0 } else { limit };
        // Nothing can be taken from an empty queue, whatever the table says of its rates.
        let (cancel, market) = if n == 0 { (0.0, 0.0) } else { (cancel, market) };
        let total = limit + cancel + market;
        if event >= events / 10 {
            time_at[n] += noise.exponential() / total;
        }
        let draw = noise.unit() * total;
        if draw < limit {
            venue.rest(Owner::Crowd, Side::Sell, PRICE);
        } else if draw < limit + market {
            venue.take(Side::Buy);
        } else {
            let rank = noise.below(n as u64);
            venue.cancel(PRICE, rank);
        }
    }
    let sum: f64 = time_at.iter().sum();
    time_at.map(|time| time / sum)
}

/// Total variation between the measured and the stationary law, and the mean size, by depth.
pub(super) fn laws<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let depths = &ORACLES.queue_reactive.depths;
    let events = if plan.deep { 8_000_000 } else { 600_000 };
    let (variation_tolerance, mean_tolerance) = if plan.deep { (0.01, 0.05) } else { (0.04, 0.2) };
    let replicas = parallel::map(plan.workers, depths.len() * REPLICAS, |job| {
        let (depth, number) = (job / REPLICAS, job % REPLICAS);
        replica::<V>(&depths[depth], Noise::new(test, depth, number), events)
    });
    let n = events * REPLICAS as u64;
    let confidence = each_of(TOGETHER, 2 * depths.len());
    let mut rows = Vec::new();
    for (number, (depth, laws)) in depths.iter().zip(replicas.chunks(REPLICAS)).enumerate() {
        let expected = stationary(depth);
        let sizes: Vec<f64> = laws.iter().map(mean).collect();
        rows.push(Row::compare(
            format!("{test}/total-variation-depth-{}", number + 1),
            0.0,
            variation(laws, &expected, n),
            variation_tolerance,
        ));
        rows.push(Row::compare(
            format!("{test}/mean-size-depth-{}", number + 1),
            mean(&expected),
            mean_of_batches(&sizes, n, confidence),
            mean_tolerance,
        ));
    }
    rows
}

/// The total variation of the replicas' mean law. Its half-width bounds what noise alone makes of
/// it: half the sum over sizes of the reach of each share's interval.
fn variation(laws: &[Law], expected: &Law, n: u64) -> Estimate {
    let confidence = each_of(TOGETHER, 3 * SIZES);
    let mut estimate = Estimate { value: 0.0, half_width: 0.0, n };
    for (size, share) in expected.iter().enumerate() {
        let shares: Vec<f64> = laws.iter().map(|law| law[size]).collect();
        let got = mean_of_batches(&shares, n, confidence);
        estimate.value += (got.value - share).abs() / 2.0;
        estimate.half_width += got.half_width / 2.0;
    }
    estimate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_the_published_one() {
        let law = stationary(&ORACLES.queue_reactive.depths[0]);
        let published = [0.1777, 0.0925, 0.0972, 0.0876, 0.0771, 0.0689, 0.0612, 0.0538, 0.0469];
        for (share, published) in law.iter().zip(published) {
            assert!((share - published).abs() < 6e-5, "{share} is not {published}");
        }
        let means = [5.497, 13.668, 19.061];
        for (depth, published) in ORACLES.queue_reactive.depths.iter().zip(means) {
            assert!((mean(&stationary(depth)) - published).abs() < 6e-4);
        }
    }
}
