//! Estimators against the truth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Clusters, Measured};
use crate::study::queue::observation::{EVE, EstimateRow, end};

/// How good an estimator is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Model.
    pub model: String,
    /// `calm`, `cascade` (onset and peak) or `recovery`.
    pub during: &'static str,
    /// Shadow orders.
    pub n: u64,
    /// Share that truly filled.
    pub true_fill: f64,
    /// Share said to have filled, less that.
    pub bias: Option<Measured>,
    /// Mean estimated less true lots ahead.
    pub error: Option<Measured>,
    /// Root of the mean square error, in lots.
    pub rmse: f64,
    /// Calibration: of those said to fill, the share that did; `null` if none was.
    pub filled_if_said: Option<f64>,
    /// Of those said not to, the share that did all the same.
    pub filled_if_not: Option<f64>,
}

pub(super) fn scores(rows: &[EstimateRow]) -> Vec<Score> {
    #[derive(Default)]
    struct Cell {
        truth: Clusters,
        bias: Clusters,
        error: Clusters,
        square: Clusters,
        said: [u64; 2],
        unsaid: [u64; 2],
    }
    let mut order: Vec<&str> = Vec::new();
    let mut cells: BTreeMap<_, Cell> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.truth != end::CROSSED && row.phase < EVE) {
        let during = match row.phase {
            0 => 0,
            1 | 2 => 1,
            _ => 2,
        };
        let model = order.iter().position(|name| *name == row.model).unwrap_or_else(|| {
            order.push(&row.model);
            order.len() - 1
        });
        let cell: &mut Cell = cells.entry((during, model)).or_default();
        let (truth, said) = (u8::from(row.truth == end::FILLED), u8::from(row.said_filled));
        cell.truth.add(row.seed, f64::from(truth));
        cell.bias.add(row.seed, f64::from(said) - f64::from(truth));
        if row.changes > 0 {
            cell.error.add(row.seed, row.error_mean);
            cell.square.add(row.seed, row.error_square);
        }
        let tally = if row.said_filled { &mut cell.said } else { &mut cell.unsaid };
        tally[0] += u64::from(truth);
        tally[1] += 1;
    }
    let share = |[hits, n]: [u64; 2]| (n > 0).then(|| hits as f64 / n as f64);
    let answer = |((during, model), cell): ((usize, usize), Cell)| Score {
        model: order[model].to_owned(),
        during: ["calm", "cascade", "recovery"][during],
        n: cell.truth.totals().1,
        true_fill: cell.truth.mean(),
        bias: cell.bias.measured(),
        error: cell.error.measured(),
        rmse: cell.square.mean().sqrt(),
        filled_if_said: share(cell.said),
        filled_if_not: share(cell.unsaid),
    };
    cells.into_iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: u64, truth: u32, said_filled: bool, error_mean: f64) -> EstimateRow {
        EstimateRow {
            seed,
            model: "model".to_owned(),
            truth,
            said_filled,
            error_mean,
            error_square: error_mean * error_mean,
            changes: 1,
            ..EstimateRow::default()
        }
    }

    #[test]
    fn a_score_by_hand() {
        let mut rows = Vec::new();
        for seed in [1, 2] {
            rows.push(row(seed, end::FILLED, true, 3.0));
            rows.push(row(seed, end::FILLED, false, -4.0));
            rows.push(row(seed, end::WAITING, true, 0.0));
            rows.push(row(seed, end::WAITING, true, 5.0));
            rows.push(row(seed, end::CROSSED, true, 1e9));
            rows.push(EstimateRow { phase: EVE, ..row(seed, end::FILLED, false, 1e9) });
            // One whose level never changed says nothing of the place.
            rows.push(EstimateRow { changes: 0, ..row(seed, end::WAITING, false, 1e9) });
        }
        let scores = scores(&rows);
        assert_eq!(scores.len(), 1);
        let score = &scores[0];
        assert_eq!((score.during, score.n), ("calm", 10));
        assert!((score.true_fill - 0.4).abs() < 1e-12);
        assert!((score.bias.expect("two seeds").value - 0.2).abs() < 1e-12);
        assert!((score.error.expect("two seeds").value - 1.0).abs() < 1e-12);
        assert!((score.rmse - 12.5_f64.sqrt()).abs() < 1e-12);
        assert!((score.filled_if_said.expect("some were") - 1.0 / 3.0).abs() < 1e-12);
        assert!((score.filled_if_not.expect("some were not") - 0.5).abs() < 1e-12);
    }
}
