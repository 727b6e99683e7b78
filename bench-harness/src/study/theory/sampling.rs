//! How much is sampled, and how counts become rows.

use std::num::NonZeroUsize;

use super::noise::Noise;
use super::row::Row;
use crate::study::parallel;
use crate::study::statistics::{Proportion, each_of};

/// The rows of one table all hold together with this probability, if the engine is right.
pub(super) const TOGETHER: f64 = 0.999;

/// How thorough a validation is, and on how many cores.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Narrow intervals: minutes to an hour instead of a minute.
    pub deep: bool,
    /// Threads.
    pub workers: NonZeroUsize,
}

impl Plan {
    /// Widest half-width of a probability.
    pub(super) const fn probability_tolerance(self) -> f64 {
        if self.deep { 0.001 } else { 0.008 }
    }

    /// Paths that make the exact interval of any probability that narrow in a table of `rows`.
    pub(super) fn paths(self, rows: usize) -> u64 {
        paths_for(self.probability_tolerance(), rows)
    }
}

/// Paths after which a probability in a table of `rows` is known to `half_width`.
fn paths_for(half_width: f64, rows: usize) -> u64 {
    let reach = crate::study::statistics::normal_reach(each_of(TOGETHER, rows)) / half_width;
    // The exact interval is a little wider than the normal one: 2 % more paths, whole chunks.
    let needed = reach * reach / 4.0 * 1.02;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some millions, above zero"
    )]
    let needed = needed.ceil() as u64;
    whole_chunks(needed)
}

/// So many paths or a few more, in whole chunks.
pub(super) const fn whole_chunks(paths: u64) -> u64 {
    paths.div_ceil(CHUNK) * CHUNK
}

/// Paths of one job.
pub(super) const CHUNK: u64 = 5_000;

/// Runs `paths` paths of each cell in chunks, each with its own stream, and adds the counts up.
/// `chunk` is given the cell, its noise and the number of paths.
pub(super) fn tally<const K: usize>(
    plan: Plan,
    test: &str,
    (cells, paths): (usize, u64),
    chunk: impl Fn(usize, Noise, u64) -> [u64; K] + Sync,
) -> Vec<[u64; K]> {
    let chunks = usize::try_from(paths / CHUNK).expect("some thousands");
    assert!(paths % CHUNK == 0 && chunks > 0, "whole chunks, at least one");
    let counts = parallel::map(plan.workers, cells * chunks, |job| {
        let (cell, number) = (job / chunks, job % chunks);
        chunk(cell, Noise::new(test, cell, number), CHUNK)
    });
    let add = |chunks: &[[u64; K]]| {
        let mut sum = [0; K];
        for counts in chunks {
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        sum
    };
    counts.chunks(chunks).map(add).collect()
}

/// A probability of theory and what was counted.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) name: String,
    pub(super) expected: f64,
    pub(super) hits: u64,
    pub(super) n: u64,
}

/// The rows of one table of probabilities: exact intervals, the risk shared between the rows.
pub(super) fn rows(cells: Vec<Counted>, tolerance: f64) -> Vec<Row> {
    let confidence = each_of(TOGETHER, cells.len());
    let row = |cell: Counted| {
        let got = Proportion { hits: cell.hits, n: cell.n }.estimate(confidence);
        Row::compare(cell.name, cell.expected, got, tolerance)
    };
    cells.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_paths_for_the_tolerance() {
        for deep in [false, true] {
            let plan = Plan { deep, workers: NonZeroUsize::MIN };
            for rows in [1, 25, 60] {
                let n = plan.paths(rows);
                let worst = Proportion { hits: n / 2, n }.estimate(each_of(TOGETHER, rows));
                assert!(worst.half_width <= plan.probability_tolerance());
            }
        }
    }

    #[test]
    fn counts_do_not_depend_on_the_workers() {
        let run = |workers| {
            let plan = Plan { deep: false, workers: NonZeroUsize::new(workers).expect("some") };
            tally(plan, "workers", (3, 4 * CHUNK), |cell, mut noise, paths| {
                [(0..paths).map(|_| noise.below(cell as u64 + 2)).sum::<u64>()]
            })
        };
        assert_eq!(run(1), run(3));
    }
}
