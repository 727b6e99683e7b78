//! Impact of a metaorder: how the price move grows with the size sold. Measured and reported; no
//! parameter of the laboratory has been chosen for it.
//!
//! A metaorder of Q lots is sold at the market in equal parts over 20 s, in the laboratory's own
//! market of makers and takers, without liquidations and with an index that nobody pushes. The
//! impact is the mid at its end, less the mid of the same seed without it. Impact = c·Q^δ: δ is the
//! slope of the logarithms of the mean impacts, by least squares, with a jackknife interval over
//! seeds.

use super::row::Row;
use super::sampling::{Plan, TOGETHER};
use crate::scenario::{self, Scenario};
use crate::simulation::{self, RunOptions};
use crate::study::parallel;
use crate::study::statistics::{Estimate, mean_of_batches};

/// Lots sold; the first run of a seed sells nothing.
const SIZES: [u64; 6] = [0, 2_500, 5_000, 10_000, 20_000, 40_000];
const START_MS: u64 = 10_000;
const SOLD_MS: u64 = 20_000;

/// Row of the exponent, and of the mean impact of each size.
pub(super) fn exponent(plan: Plan, test: &'static str) -> Vec<Row> {
    let seeds: usize = if plan.deep { 96 } else { 12 };
    let mids = parallel::map(plan.workers, seeds * SIZES.len(), |job| {
        let (seed, size) = (job / SIZES.len(), job % SIZES.len());
        mid_after(&market(seed as u64 + 1, SIZES[size]))
    });
    let impacts: Vec<[f64; SIZES.len() - 1]> = mids
        .chunks(SIZES.len())
        .map(|mids| std::array::from_fn(|size| mids[0] - mids[size + 1]))
        .collect();
    let mut rows = vec![Row::reported(
        format!("{test}/exponent"),
        jackknife(&impacts),
        format!(
            "{seeds} seeds, {} to {} lots in 20 s; the Tokyo exchange over eight years: 0.489 \
             (Sato and Kanazawa, 2024)",
            SIZES[1],
            SIZES[SIZES.len() - 1]
        ),
    )];
    for (size, lots) in SIZES[1..].iter().enumerate() {
        let of_size: Vec<f64> = impacts.iter().map(|impact| impact[size]).collect();
        let got = mean_of_batches(&of_size, seeds as u64, TOGETHER);
        let note = "mean impact, in basis points".to_owned();
        rows.push(Row::reported(format!("{test}/bp-{lots}-lots"), got, note));
    }
    rows
}

/// The default market with nothing but the metaorder, until that has ended.
fn market(seed: u64, lots: u64) -> Scenario {
    let mut scenario =
        scenario::load(scenario::DEFAULT_NAME, &[], Some(seed)).expect("it is embedded");
    scenario.liquidation.enabled = false;
    scenario.clock.duration_ms = START_MS + SOLD_MS;
    let shock = &mut scenario.shock;
    (shock.start_ms, shock.sell_duration_ms, shock.sell_lots) = (START_MS, SOLD_MS, lots);
    shock.index_drop_bp = 0.0;
    scenario
}

/// Mean mid of the last second, in basis points of the reference price.
fn mid_after(scenario: &Scenario) -> f64 {
    let mut options = RunOptions { paired: false, ..RunOptions::default() };
    let result = simulation::run(scenario, &mut options).expect("a valid scenario runs");
    let last = &result.tables.timeline;
    let last = &last[last.len().saturating_sub(10)..];
    let mid = |(bid, ask): (u32, u32)| f64::midpoint(f64::from(bid), f64::from(ask));
    let sum: f64 = last.iter().map(|row| mid((row.bid_ticks, row.ask_ticks))).sum();
    sum / last.len() as f64 / scenario.market.reference_ticks as f64 * 1e4
}

/// The exponent over all seeds, and its interval from leaving one seed out at a time.
fn jackknife<const K: usize>(impacts: &[[f64; K]]) -> Estimate {
    let n = impacts.len() as f64;
    let all = slope(impacts.iter());
    let pseudo: Vec<f64> = (0..impacts.len())
        .map(|left_out| {
            let others = impacts.iter().enumerate().filter(|(place, _)| *place != left_out);
            n * all - (n - 1.0) * slope(others.map(|(_, impact)| impact))
        })
        .collect();
    let spread = mean_of_batches(&pseudo, impacts.len() as u64, TOGETHER);
    Estimate { value: all, ..spread }
}

/// Least squares through the logarithms of sizes and mean impacts; not a number if a mean is not
/// above zero.
fn slope<'a, const K: usize>(impacts: impl Iterator<Item = &'a [f64; K]>) -> f64 {
    let mut sums = [0.0; K];
    let mut n = 0.0;
    for impact in impacts {
        n += 1.0;
        sums.iter_mut().zip(impact).for_each(|(sum, one)| *sum += one);
    }
    let points: Vec<(f64, f64)> = SIZES[1..]
        .iter()
        .zip(sums)
        .map(|(lots, sum)| (libm::log(*lots as f64), libm::log(sum / n)))
        .collect();
    let k = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / k, y + point.1 / k));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_exponent_is_found() {
        let impact =
            |scale: f64| std::array::from_fn(|size| scale * libm::pow(SIZES[size + 1] as f64, 0.6));
        let impacts: Vec<[f64; 5]> = [0.5, 1.0, 1.5, 2.5].map(impact).to_vec();
        let found = jackknife(&impacts);
        assert!((found.value - 0.6).abs() < 1e-9, "{found:?}");
        assert!(found.half_width < 1e-9, "seeds that differ by a factor agree on the exponent");
        let noisy = [impact(1.0), std::array::from_fn(|size| 40.0 + size as f64), impact(0.7)];
        assert!(jackknife(&noisy).half_width > 0.01);
    }

    #[test]
    fn without_a_metaorder_there_is_no_impact() {
        let mid = mid_after(&market(3, 0));
        let again = mid_after(&market(3, 0));
        assert!((mid - again).abs() < 1e-12, "the pair of a seed is the same market");
        assert!(mid > 0.0);
    }
}
