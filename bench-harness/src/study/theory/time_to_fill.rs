//! When orders fill, in the model of Cont, Stoikov and Talreja: cumulative incidence beside
//! Kaplan-Meier, which answers another question.

use seawall_engine::types::Side;

use super::crowd::{Crowd, Rates, Start};
use super::noise::Noise;
use super::oracles::ORACLES;
use super::row::Row;
use super::sampling::{CHUNK, Counted, Plan, TOGETHER, rows};
use super::venue::Venue;
use crate::study::parallel;
use crate::study::statistics::{each_of, normal_reach};
use crate::study::survival::{End, Waits};

/// Waits of an own bid, last of `bids`, from its arrival to its fill or the first move of the mid.
fn waits<V: Venue>(
    plan: Plan,
    test: &str,
    (cell, paths): (usize, u64),
    (bids, asks): (u32, u32),
) -> Waits {
    let chunks = usize::try_from(paths / CHUNK).expect("some thousands");
    let parts = parallel::map(plan.workers, chunks, |chunk| {
        let noise = Noise::new(test, cell, chunk);
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let mut path = || {
            crowd.start(Start { bids, asks, own: [true, false] });
            loop {
                let step = crowd.step(Some(f64::INFINITY));
                match (step.filled, step.moved) {
                    (Some(Side::Buy), _) => return (crowd.time(), End::Filled),
                    (_, Some(_)) => return (crowd.time(), End::MovedAway),
                    _ => {}
                }
            }
        };
        (0..CHUNK).map(|_| path()).collect::<Vec<_>>()
    });
    Waits::new(parts.concat())
}

/// The share filled, and the share whose price has moved away, by a time.
pub(super) fn incidence<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let curves = &ORACLES.cont_stoikov_talreja.incidence;
    let rows_all = curves.iter().map(|curve| 2 * curve.points.len()).sum();
    let paths = plan.paths(rows_all);
    let mut counted = Vec::new();
    for (cell, curve) in curves.iter().enumerate() {
        let waits = waits::<V>(plan, test, (cell, paths), (curve.bids, curve.asks));
        for [minutes, filled, away] in &curve.points {
            for (what, end, expected) in
                [("filled", End::Filled, filled), ("away", End::MovedAway, away)]
            {
                let share = waits.cumulative_incidence(end, *minutes).expect("all paths end");
                counted.push(Counted {
                    name: format!("{test}/{what}-b{}-a{}-{minutes}min", curve.bids, curve.asks),
                    expected: *expected,
                    hits: whole(share * paths as f64),
                    n: paths,
                });
            }
        }
    }
    rows(counted, plan.probability_tolerance())
}

/// Without censoring the estimator is a share of the paths.
fn whole(count: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of paths, up to rounding"
    )]
    {
        count.round() as u64
    }
}

/// Kaplan-Meier with a move of the mid treated as censoring tends to the law of the time to fill
/// were there no move, and so lies far above the share that fills.
pub(super) fn kaplan_meier<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    /// Later, too few are left waiting.
    const LAST_MIN: f64 = 2.0;
    let curves = &ORACLES.cont_stoikov_talreja.uncensored;
    let points = |curve: &[[f64; 2]]| curve.iter().filter(|point| point[0] <= LAST_MIN).count();
    let rows_all = curves.iter().map(|curve| points(&curve.points)).sum();
    let reach = normal_reach(each_of(TOGETHER, rows_all));
    let mut rows = Vec::new();
    for (cell, curve) in curves.iter().enumerate() {
        // Censoring costs information: four times the paths.
        let paths = 4 * plan.paths(rows_all);
        let waits = waits::<V>(plan, test, (cell, paths), (curve.place, curve.place));
        for [minutes, expected] in curve.points.iter().take(points(&curve.points)) {
            let name = format!("{test}/b{}-{minutes}min", curve.place);
            let got = waits.kaplan_meier(*minutes, reach).expect("some still wait");
            let filled = waits.cumulative_incidence(End::Filled, *minutes);
            let row = Row::compare(name, *expected, got, plan.probability_tolerance());
            rows.push(row.noted(format!(
                "cumulative incidence of the same paths: {:.4}; {} at risk",
                filled.expect("all paths end"),
                waits.at_risk(*minutes)
            )));
        }
    }
    rows
}
