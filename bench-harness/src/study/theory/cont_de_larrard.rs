//! Cont and de Larrard (2013): first exits of two queues whose rates do not depend on their sizes.

use seawall_engine::types::{Price, Side};

use super::noise::Noise;
use super::oracles::ORACLES;
use super::row::Row;
use super::sampling::{Counted, Plan, rows, tally, whole_chunks};
use super::venue::{Owner, Venue, ticks};

const BID: Price = ticks(16);
const ASK: Price = ticks(17);
/// A cancellation takes one of the first orders: which one does not matter to the sizes, and a
/// walk to the end of a queue of a million would.
const REACH: u64 = 16;
/// In balance a queue grows with the square root of the events, and some paths have millions.
const ORDERS_MAX: u32 = 1 << 18;

/// Two best queues with constant rates, per unit of time and side.
#[derive(Debug)]
struct Pair<V> {
    venue: V,
    noise: Noise,
    limit: f64,
    /// Market orders and cancellations together, half of each.
    removal: f64,
    /// Bids and asks, as the book counts them.
    sizes: [u64; 2],
    time: f64,
}

/// How a path ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// The asks were gone first.
    Up,
    /// The bids were gone first.
    Down,
    /// Neither, by the horizon.
    Survived,
}

impl<V: Venue> Pair<V> {
    fn new(noise: Noise, limit: f64, removal: f64) -> Self {
        Self { venue: V::with_room(ORDERS_MAX), noise, limit, removal, sizes: [0; 2], time: 0.0 }
    }

    fn start(&mut self, bids: u32, asks: u32) {
        self.venue.clear();
        self.time = 0.0;
        for _ in 0..bids {
            self.venue.rest(Owner::Crowd, Side::Buy, BID);
        }
        for _ in 0..asks {
            self.venue.rest(Owner::Crowd, Side::Sell, ASK);
        }
        self.sizes = [BID, ASK].map(|price| self.venue.waiting(price));
    }

    /// Runs until one queue is empty; time is drawn only if there is a horizon. `passes` is told
    /// the sizes before every event.
    fn run(&mut self, horizon: f64, mut passes: impl FnMut([u64; 2])) -> Exit {
        let rate = 2.0 * (self.limit + self.removal);
        let arrival = self.limit / (self.limit + self.removal);
        loop {
            passes(self.sizes);
            if horizon.is_finite() {
                self.time += self.noise.exponential() / rate;
                if self.time > horizon {
                    return Exit::Survived;
                }
            }
            let (side, price) =
                if self.noise.below(2) == 0 { (Side::Buy, BID) } else { (Side::Sell, ASK) };
            if self.noise.unit() < arrival {
                self.venue.rest(Owner::Crowd, side, price);
            } else if self.noise.below(2) == 0 {
                self.venue.take(side.opposite());
            } else {
                let rank = self.noise.below(self.sizes[side.index()].min(REACH));
                self.venue.cancel(price, rank);
            }
            self.sizes[side.index()] = self.venue.waiting(price);
            if self.venue.best(side).is_none() {
                return if side == Side::Sell { Exit::Up } else { Exit::Down };
            }
        }
    }
}

/// Proposition 2: P(the next move is up) of `bids` against `asks` when arrivals and removals
/// balance, by Simpson's rule over its integral.
fn first_exit(bids: u32, asks: u32) -> f64 {
    const STEPS: u32 = 4_096;
    let width = std::f64::consts::PI / f64::from(STEPS);
    let integrand = |t: f64| {
        let base = 2.0 - libm::cos(t);
        let root = base - (base * base - 1.0).max(0.0).sqrt();
        // At 0 the ratio sin(nt) / tan(t/2) tends to 2n.
        let ratio = if t == 0.0 {
            2.0 * f64::from(bids)
        } else {
            libm::sin(f64::from(bids) * t) / libm::tan(t / 2.0)
        };
        libm::pow(root, f64::from(asks)) * ratio
    };
    let sum: f64 = (0..=STEPS)
        .map(|step| {
            let weight = match step {
                0 | STEPS => 1.0,
                odd if odd % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * integrand(f64::from(step) * width)
        })
        .sum();
    sum * width / 3.0 / std::f64::consts::PI
}

/// Bids and asks of a cell of the table count from one to this.
const SIDE_CELLS: usize = 5;
const CELLS: usize = SIDE_CELLS * SIDE_CELLS;

/// The cell of two sizes, if the table has one.
fn cell_of([bids, asks]: [u64; 2]) -> Option<usize> {
    let place = |size: u64| usize::try_from(size).ok()?.checked_sub(1).filter(|n| *n < SIDE_CELLS);
    Some(place(bids)? * SIDE_CELLS + place(asks)?)
}

/// Proposition 2, in balance: the law of the next move.
///
/// A path tells of every cell that it passes: from its first visit on it is a path that began
/// there. So each cell has more paths than were begun in it, one of a path, independent of each
/// other.
pub(super) fn exits<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    /// Paths of the rarest cell, of one order at each side, for each path begun in it: 3.57.
    const PASSED: (u64, u64) = (7, 2);
    let sizes = |cell: usize| {
        let small = |n| u32::try_from(n).expect("a table is small");
        (small(cell / SIDE_CELLS + 1), small(cell % SIDE_CELLS + 1))
    };
    let begun = whole_chunks(plan.paths(CELLS) * PASSED.1 / PASSED.0);
    let counts = tally(plan, test, (CELLS, begun), |cell, noise, paths| {
        let (bids, asks) = sizes(cell);
        let mut pair = Pair::<V>::new(noise, 1.0, 1.0);
        // Ups, then paths, of every cell.
        let mut counts = [0; 2 * CELLS];
        for _ in 0..paths {
            pair.start(bids, asks);
            let mut passed = 0_u32;
            let exit = pair.run(f64::INFINITY, |sizes| {
                passed |= cell_of(sizes).map_or(0, |cell| 1 << cell);
            });
            while passed != 0 {
                let cell = passed.trailing_zeros() as usize;
                passed &= passed - 1;
                counts[cell] += u64::from(exit == Exit::Up);
                counts[CELLS + cell] += 1;
            }
        }
        counts
    });
    let sum = |place: usize| counts.iter().map(|counts| counts[place]).sum::<u64>();
    let counted = (0..CELLS).map(|cell| {
        let (bids, asks) = sizes(cell);
        Counted {
            name: format!("{test}/b{bids}-a{asks}"),
            expected: first_exit(bids, asks),
            hits: sum(cell),
            n: sum(CELLS + cell),
        }
    });
    rows(counted.collect(), plan.probability_tolerance())
}

/// Proposition 1: P(no move by then), when removals outweigh arrivals.
pub(super) fn survival<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let cdl = &ORACLES.cont_de_larrard;
    let size = (cdl.survival.len(), plan.paths(cdl.survival.len()));
    let counts = tally(plan, test, size, |cell, noise, paths| {
        let mut pair = Pair::<V>::new(noise, cdl.survival_limit, cdl.survival_removal);
        let mut survived = 0;
        for _ in 0..paths {
            pair.start(cdl.survival_bids, cdl.survival_asks);
            survived += u64::from(pair.run(cdl.survival[cell][0], |_| {}) == Exit::Survived);
        }
        [survived, paths]
    });
    let counted = cdl.survival.iter().zip(&counts).map(|([seconds, expected], [hits, n])| {
        Counted { name: format!("{test}/{seconds}s"), expected: *expected, hits: *hits, n: *n }
    });
    rows(counted.collect(), plan.probability_tolerance())
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::super::venue::RealBook;
    use super::super::venue::broken::LosesCancels;
    use super::*;
    use crate::study::parallel;

    #[test]
    fn the_integral_has_its_known_values() {
        assert!((first_exit(2, 1) - 0.697_653).abs() < 1e-6);
        for n in 1..6 {
            assert!((first_exit(n, n) - 0.5).abs() < 1e-9, "equal queues are even");
            for p in 1..6 {
                assert!((first_exit(n, p) + first_exit(p, n) - 1.0).abs() < 1e-9);
            }
        }
        // Far away the queues look like Brownian motion in a quadrant.
        let continuum = std::f64::consts::FRAC_2_PI * libm::atan(40.0 / 20.0);
        assert!((first_exit(40, 20) - continuum).abs() < 1e-3);
    }

    #[test]
    fn a_book_that_loses_cancels_fails() {
        let plan = Plan { deep: false, workers: parallel::cores() };
        let failed = |rows: Vec<Row>| rows.iter().any(|row| row.verdict == Verdict::Fail);
        assert!(!failed(survival::<RealBook>(plan, "cdl-survival")));
        assert!(failed(survival::<LosesCancels>(plan, "cdl-survival")));
    }

    #[test]
    fn every_cell_has_paths_enough_and_a_wrong_count_is_seen() {
        let plan = Plan { deep: false, workers: parallel::cores() };
        let rows = exits::<RealBook>(plan, "cdl-first-exit");
        assert_eq!(rows.len(), CELLS);
        assert!(rows.iter().all(|row| row.verdict == Verdict::Pass), "{rows:?}");
        assert!(rows.iter().all(|row| row.n >= plan.paths(CELLS)), "{rows:?}");
        // Where a path has been is its start's own cell and others, never one outside the table.
        assert_eq!([cell_of([1, 1]), cell_of([5, 5])], [Some(0), Some(CELLS - 1)]);
        assert_eq!([cell_of([0, 3]), cell_of([3, 6])], [None, None]);
    }
}
