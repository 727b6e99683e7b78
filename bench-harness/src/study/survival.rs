//! Times that end in one of several ways: Kaplan-Meier and cumulative incidence.
//!
//! The two answer different questions. *Cumulative incidence* is the share of orders that have
//! filled by then, other ends included. *Kaplan-Meier* with the other ends treated as censoring
//! is the share that would have filled were there no other end, and only if the ends are
//! independent. They differ wherever orders end in another way; neither is a correction of the
//! other.

use super::statistics::Estimate;

/// How an order's wait ended; at the same time in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It filled.
    Filled,
    /// The price moved away.
    MovedAway,
    /// Its owner cancelled it.
    Cancelled,
    /// It was still waiting when the record ended.
    Waiting,
}

/// Waits with their ends, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Waits(Vec<(f64, End)>);

impl Waits {
    /// Sorts the waits by their length. At the same time fills come before other ends, and those
    /// before waits that were cut: who is censored then was at risk when the others ended (Kaplan
    /// and Meier's convention).
    pub fn new(mut waits: Vec<(f64, End)>) -> Self {
        waits.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1 as u8).cmp(&(b.1 as u8))));
        Self(waits)
    }

    /// Kaplan-Meier's share filled by `time`, every other end treated as independent censoring;
    /// the half-width is `reach` of Greenwood's standard errors. `None` where nobody is at risk
    /// any more before `time`.
    pub fn kaplan_meier(&self, time: f64, reach: f64) -> Option<Estimate> {
        let mut survival = 1.0;
        let mut greenwood = 0.0;
        let mut at_risk = self.0.len();
        for (when, end) in &self.0 {
            if *when > time {
                break;
            }
            let before = at_risk as f64;
            at_risk -= 1;
            if *end == End::Filled {
                survival *= 1.0 - 1.0 / before;
                greenwood += 1.0 / (before * (before - 1.0).max(1.0));
            }
        }
        (at_risk > 0).then(|| Estimate {
            value: 1.0 - survival,
            half_width: reach * survival * greenwood.sqrt(),
            n: self.0.len() as u64,
        })
    }

    /// The share that has ended in `end` by `time`, among all, other ends competing: Aalen and
    /// Johansen's estimator, where [`End::Waiting`] alone is censoring. `None` where nobody is at
    /// risk any more before `time`.
    pub fn cumulative_incidence(&self, end: End, time: f64) -> Option<f64> {
        assert!(end != End::Waiting, "waiting is no end");
        let mut survival = 1.0;
        let mut incidence = 0.0;
        let mut at_risk = self.0.len();
        for (when, how) in &self.0 {
            if *when > time {
                break;
            }
            if *how != End::Waiting {
                let share = survival / at_risk as f64;
                survival -= share;
                if *how == end {
                    incidence += share;
                }
            }
            at_risk -= 1;
        }
        // Without anybody at risk the curve is known only if all have ended.
        (at_risk > 0 || survival < 1e-9).then_some(incidence)
    }

    /// Kaplan-Meier's curve of one end, every other one treated as independent censoring: the
    /// times at which it happened and the share for which it had by then. Who is censored at the
    /// same time was at risk. The curve ends with the last time at which at least `at_risk_min`
    /// waited: beyond, single waits move it.
    pub fn kaplan_meier_curve(&self, end: End, at_risk_min: usize) -> Vec<(f64, f64)> {
        let mut curve = Vec::new();
        let mut survival = 1.0;
        let mut at_risk = self.0.len();
        for tied in self.0.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            if at_risk < at_risk_min.max(1) {
                break;
            }
            let ended = tied.iter().filter(|(_, how)| *how == end).count();
            if ended > 0 {
                survival *= 1.0 - ended as f64 / at_risk as f64;
                curve.push((tied[0].0, 1.0 - survival));
            }
            at_risk -= tied.len();
        }
        curve
    }

    /// Waits that have not ended by `time`.
    pub fn at_risk(&self, time: f64) -> usize {
        self.0.len() - self.0.partition_point(|(when, _)| *when <= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    /// Five waits: filled at 1, away at 2, filled at 3, waiting at 4, filled at 5.
    fn waits() -> Waits {
        Waits::new(vec![
            (3.0, End::Filled),
            (1.0, End::Filled),
            (4.0, End::Waiting),
            (2.0, End::MovedAway),
            (5.0, End::Filled),
        ])
    }

    #[test]
    fn kaplan_meier_by_hand() {
        let waits = waits();
        // 1 − 4/5, then two at risk fewer: 1 − 4/5 · 2/3.
        close(waits.kaplan_meier(1.5, 1.0).expect("four at risk").value, 0.2);
        let estimate = waits.kaplan_meier(3.5, 1.0).expect("two at risk");
        close(estimate.value, 1.0 - 0.8 * 2.0 / 3.0);
        let survival = 0.8 * 2.0 / 3.0;
        close(estimate.half_width, survival * (1.0 / 20.0 + 1.0 / 6.0_f64).sqrt());
        assert!(waits.kaplan_meier(5.0, 1.0).is_none());
    }

    #[test]
    fn a_curve_of_one_end_by_hand() {
        let curve = waits().kaplan_meier_curve(End::Filled, 1);
        assert_eq!(curve.iter().map(|(time, _)| *time).collect::<Vec<_>>(), [1.0, 3.0, 5.0]);
        close(curve[1].1, 1.0 - 0.8 * 2.0 / 3.0);
        close(curve[2].1, 1.0);
        // At 2 one of seven is cancelled, whatever else ends then; two fills of that time were at
        // risk.
        let tied = tied([0, 1, 2, 3, 4, 5, 6]);
        let curve = tied.kaplan_meier_curve(End::Cancelled, 1);
        assert_eq!(curve.len(), 1);
        close(curve[0].1, 1.0 / 7.0);
        assert_eq!(tied.kaplan_meier_curve(End::Filled, 4), [(2.0, 1.0 - 5.0 / 7.0)]);
    }

    #[test]
    fn cumulative_incidence_by_hand() {
        let waits = waits();
        close(waits.cumulative_incidence(End::Filled, 3.5).expect("two at risk"), 0.4);
        close(waits.cumulative_incidence(End::MovedAway, 3.5).expect("two at risk"), 0.2);
        // One of the two left is censored at 4, so the last fill counts for both.
        close(waits.cumulative_incidence(End::Filled, 5.0).expect("all have ended"), 0.8);
        assert_eq!(waits.at_risk(3.0), 2);
    }

    /// Seven waits with ties: at 2 two fills, one away and one cancel; at 4 one fill and one still
    /// waiting; at 6 one away.
    fn tied(order: [usize; 7]) -> Waits {
        let waits = [
            (2.0, End::MovedAway),
            (2.0, End::Filled),
            (4.0, End::Waiting),
            (2.0, End::Cancelled),
            (4.0, End::Filled),
            (2.0, End::Filled),
            (6.0, End::MovedAway),
        ];
        Waits::new(order.map(|place| waits[place]).to_vec())
    }

    #[test]
    fn ties_by_hand() {
        // The order in which they were written down does not matter.
        for order in [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 0, 2, 5, 6, 1, 4]] {
            let waits = tied(order);
            // Kaplan-Meier: at 2, two of seven; at 4, one of three.
            let km = waits.kaplan_meier(3.0, 1.0).expect("three at risk");
            close(km.value, 2.0 / 7.0);
            close(km.half_width, 5.0 / 7.0 * (2.0_f64 / (7.0 * 5.0)).sqrt());
            let km = waits.kaplan_meier(5.0, 1.0).expect("one at risk");
            close(km.value, 1.0 - 5.0 / 7.0 * 2.0 / 3.0);
            let greenwood = 2.0_f64 / (7.0 * 5.0) + 1.0 / (3.0 * 2.0);
            close(km.half_width, 5.0 / 7.0 * 2.0 / 3.0 * greenwood.sqrt());
            // Cumulative incidence: at 2 two, one and one of seven; at 4 a third of what is left.
            let share = |end, time| waits.cumulative_incidence(end, time).expect("known");
            close(share(End::Filled, 3.0), 2.0 / 7.0);
            close(share(End::MovedAway, 3.0), 1.0 / 7.0);
            close(share(End::Cancelled, 3.0), 1.0 / 7.0);
            close(share(End::Filled, 5.0), 2.0 / 7.0 + 3.0 / 7.0 / 3.0);
            // The last one has what the one still waiting at 4 left undecided.
            close(share(End::MovedAway, 7.0), 1.0 / 7.0 + 2.0 / 7.0);
            let all = [End::Filled, End::MovedAway, End::Cancelled].map(|end| share(end, 7.0));
            close(all.iter().sum::<f64>(), 1.0);
            assert_eq!((waits.at_risk(1.0), waits.at_risk(2.0), waits.at_risk(4.0)), (7, 3, 1));
        }
    }

    #[test]
    fn the_estimators_agree_without_other_ends() {
        let waits = Waits::new((1..=10).map(|n| (f64::from(n), End::Filled)).collect());
        for time in [0.5, 3.0, 7.5] {
            let km = waits.kaplan_meier(time, 1.0).expect("some at risk").value;
            close(km, waits.cumulative_incidence(End::Filled, time).expect("some at risk"));
        }
    }
}
