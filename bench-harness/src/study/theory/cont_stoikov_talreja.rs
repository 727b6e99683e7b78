//! Cont, Stoikov and Talreja (2010): the tables of the paper and exact numbers of its model.
//!
//! Every function is generic over the venue so that the tests can see broken ones fail.

use seawall_engine::types::Side;

use super::crowd::{Crowd, Rates, Start, Step};
use super::oracles::{ORACLES, Table};
use super::row::Row;
use super::sampling::{Counted, Plan, rows, tally};
use super::venue::Venue;

/// Orders at the bid and at the ask of a cell of a five by five table.
fn sizes(cell: usize) -> (usize, usize) {
    (cell / 5 + 1, cell % 5 + 1)
}

fn start(cell: usize, own: [bool; 2]) -> Start {
    let (bids, asks) = sizes(cell);
    let small = |n| u32::try_from(n).expect("a table is small");
    Start { bids: small(bids), asks: small(asks), own }
}

fn cells(test: &str, table: &Table, counts: &[[u64; 2]]) -> Vec<Counted> {
    let cell = |(cell, [hits, n]): (usize, &[u64; 2])| {
        let (bids, asks) = sizes(cell);
        let expected = table[bids - 1][asks - 1];
        Counted { name: format!("{test}/b{bids}-a{asks}"), expected, hits: *hits, n: *n }
    };
    counts.iter().enumerate().map(cell).collect()
}

/// Notes what the paper prints beside the exact values.
fn printed(rows: Vec<Row>, table: &Table) -> Vec<Row> {
    let cells = rows.into_iter().zip(table.iter().flatten());
    cells.map(|(row, value)| row.noted(format!("printed {value:.3}"))).collect()
}

/// Runs until the mid moves; whether it moved up.
fn until_mid_moves<V: Venue>(crowd: &mut Crowd<V>) -> bool {
    loop {
        if let Some(moved) = crowd.step(None).moved {
            return moved == Side::Buy;
        }
    }
}

/// Runs until the watched bid fills; `None` if the mid moves first.
fn until_fill<V: Venue>(crowd: &mut Crowd<V>) -> Option<Step> {
    loop {
        let step = crowd.step(None);
        if step.filled.is_some() {
            return Some(step);
        }
        if step.moved.is_some() {
            return None;
        }
    }
}

/// Whether the first mid move at a fill or after it is up.
fn goes_up<V: Venue>(crowd: &mut Crowd<V>, fill: Step) -> bool {
    fill.moved.map_or_else(|| until_mid_moves(crowd), |moved| moved == Side::Buy)
}

/// Table 3: P(the next mid move is up).
pub(super) fn mid_up<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let counts = tally(plan, test, (25, plan.paths(25)), |cell, noise, paths| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let mut ups = 0;
        for _ in 0..paths {
            crowd.start(start(cell, [false; 2]));
            ups += u64::from(until_mid_moves(&mut crowd));
        }
        [ups, paths]
    });
    let cst = &ORACLES.cont_stoikov_talreja;
    let rows = rows(cells(test, &cst.mid_up, &counts), plan.probability_tolerance());
    printed(rows, &cst.table_3_printed)
}

/// Proposition 5: P(the own bid at place b fills before the mid moves), not the misprinted
/// Table 4.
pub(super) fn fill<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    const PLACES: [u32; 6] = [1, 2, 3, 4, 5, 10];
    let cst = &ORACLES.cont_stoikov_talreja;
    let counts = tally(plan, test, (30, plan.paths(30)), |cell, noise, paths| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let start = Start { bids: PLACES[cell / 5], ..start(cell % 5, [true, false]) };
        let mut fills = 0;
        for _ in 0..paths {
            crowd.start(start);
            fills += u64::from(until_fill(&mut crowd).is_some());
        }
        [fills, paths]
    });
    let cell = |(cell, [hits, n]): (usize, &[u64; 2])| {
        let (row, ask) = (cell / 5, cell % 5);
        let name = format!("{test}/b{}-a{}", PLACES[row], ask + 1);
        Counted { name, expected: cst.fill[row][ask], hits: *hits, n: *n }
    };
    let counted = counts.iter().enumerate().map(cell).collect();
    let remark = |(cell, row): (usize, Row)| match cst.table_4_printed.get(cell / 5) {
        Some(printed) => row.noted(format!(
            "Table 4 prints {:.3}, which is 1 − Proposition 5 with bid and ask swapped",
            printed[cell % 5]
        )),
        None => row,
    };
    let rows = rows(counted, plan.probability_tolerance());
    rows.into_iter().enumerate().map(remark).collect()
}

/// Table 5: P(own bid and own ask, last in their queues, both fill before the mid moves).
pub(super) fn spread<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let counts = tally(plan, test, (25, plan.paths(25)), |cell, noise, paths| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let mut made = 0;
        for _ in 0..paths {
            crowd.start(start(cell, [true; 2]));
            let mut fills = 0;
            made += loop {
                let step = crowd.step(None);
                fills += u32::from(step.filled.is_some());
                if fills == 2 {
                    break 1;
                }
                if step.moved.is_some() {
                    break 0;
                }
            };
        }
        [made, paths]
    });
    let cst = &ORACLES.cont_stoikov_talreja;
    let rows = rows(cells(test, &cst.spread, &counts), plan.probability_tolerance());
    printed(rows, &cst.table_5_printed)
}

/// P(the next mid move is up, given that the own bid has filled): a fixed number of fills per
/// cell, however many paths that takes.
pub(super) fn adverse_selection<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let counts = tally(plan, test, (25, plan.paths(25)), |cell, noise, fills| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let (mut ups, mut filled) = (0, 0);
        while filled < fills {
            crowd.start(start(cell, [true, false]));
            if let Some(fill) = until_fill(&mut crowd) {
                filled += 1;
                ups += u64::from(goes_up(&mut crowd, fill));
            }
        }
        [ups, filled]
    });
    let cst = &ORACLES.cont_stoikov_talreja;
    rows(cells(test, &cst.up_given_fill, &counts), plan.probability_tolerance())
}

/// Market sells times 1 to 20: fills become certain, and worthless.
pub(super) fn stress<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    let levels = &ORACLES.cont_stoikov_talreja.stress;
    // Twice the paths: more than half of them fill, and only those tell of P(up given fill).
    let paths = 2 * plan.paths(2 * levels.len());
    let counts = tally(plan, test, (levels.len(), paths), |cell, noise, paths| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(levels[cell][0]), noise);
        let (mut ups, mut fills) = (0, 0);
        for _ in 0..paths {
            crowd.start(Start { bids: 3, asks: 3, own: [true, false] });
            if let Some(fill) = until_fill(&mut crowd) {
                fills += 1;
                ups += u64::from(goes_up(&mut crowd, fill));
            }
        }
        [ups, fills, paths]
    });
    let cell = |([times, fill, up], [ups, fills, paths]): (&[f64; 3], &[u64; 3])| {
        [
            Counted {
                name: format!("{test}/fill-x{times}"),
                expected: *fill,
                hits: *fills,
                n: *paths,
            },
            Counted {
                name: format!("{test}/up-given-fill-x{times}"),
                expected: *up,
                hits: *ups,
                n: *fills,
            },
        ]
    };
    rows(levels.iter().zip(&counts).flat_map(cell).collect(), plan.probability_tolerance())
}

/// Orders decided on now and joining the queue later: what latency costs.
pub(super) fn latency<V: Venue>(plan: Plan, test: &'static str) -> Vec<Row> {
    const POINTS: usize = 7;
    let curves = &ORACLES.cont_stoikov_talreja.latency;
    let cell_count = curves.len() * POINTS;
    let point = |cell: usize| (&curves[cell / POINTS], curves[cell / POINTS].points[cell % POINTS]);
    let size = (cell_count, plan.paths(2 * cell_count));
    let counts = tally(plan, test, size, |cell, noise, paths| {
        let mut crowd = Crowd::<V>::new(Rates::with_sells_times(1.0), noise);
        let (curve, [delay_s, ..]) = point(cell);
        let (mut sent, mut fills) = (0, 0);
        for _ in 0..paths {
            crowd.start(Start { bids: curve.bids, asks: curve.asks, own: [false; 2] });
            if waits(&mut crowd, delay_s / 60.0) {
                sent += 1;
                crowd.join(Side::Buy);
                fills += u64::from(until_fill(&mut crowd).is_some());
            }
        }
        [fills, sent, paths]
    });
    let cell = |(cell, [fills, sent, paths]): (usize, &[u64; 3])| {
        let (curve, [delay_s, fill, worth]) = point(cell);
        let place = format!("b{}-a{}-{delay_s}s", curve.bids, curve.asks);
        let counted = |what, expected, hits: u64| Counted {
            name: format!("{test}/{what}-{place}"),
            expected,
            hits,
            n: *paths,
        };
        [counted("fill", fill, *fills), counted("unmoved", worth, *sent)]
    };
    rows(counts.iter().enumerate().flat_map(cell).collect(), plan.probability_tolerance())
}

/// Runs for that many minutes; whether the mid is still where it was.
fn waits<V: Venue>(crowd: &mut Crowd<V>, minutes: f64) -> bool {
    loop {
        let step = crowd.step(Some(minutes));
        if step.at_horizon {
            return true;
        }
        if step.moved.is_some() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::super::venue::RealBook;
    use super::super::venue::broken::{CancelsTheFirst, LastInFirstOut};
    use super::*;
    use crate::study::parallel;

    type Check = fn(Plan, &'static str) -> Vec<Row>;

    fn failures(table: Check, test: &'static str) -> usize {
        let plan = Plan { deep: false, workers: parallel::cores() };
        table(plan, test).iter().filter(|row| row.verdict == Verdict::Fail).count()
    }

    #[test]
    fn the_real_book_passes() {
        assert_eq!(failures(mid_up::<RealBook>, "cst-table-3"), 0);
        assert_eq!(failures(fill::<RealBook>, "cst-fill"), 0);
    }

    #[test]
    fn a_book_that_fills_the_last_first_fails() {
        assert!(failures(fill::<LastInFirstOut>, "cst-fill") > 20);
    }

    #[test]
    fn a_book_that_cancels_the_wrong_order_fails() {
        assert!(failures(fill::<CancelsTheFirst>, "cst-fill") > 15);
    }
}
