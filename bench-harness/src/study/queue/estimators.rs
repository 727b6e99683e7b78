//! Estimators of queue position for those who see a level's quantity and the trades only.
//!
//! The rules are those that back-testers use. A trade at the price advances the queue. A decrease
//! that no trade explains is split between what stands ahead and what stands behind; the models
//! differ in the split. The probabilistic ones follow Rigtorp (2013) as hftbacktest words them:
//! `P(behind)` is a function of the quantities ahead and behind.

/// A model of what stands ahead of an order that joined the back of a queue.
///
/// Quantities are lots. For one stretch of time in which the level went from `before` to `after`
/// with `traded` lots taken from it, the caller calls [`Self::traded`], then [`Self::changed`].
pub trait QueueEstimator {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The order joins behind `level` lots.
    fn join(&mut self, level: f64);

    /// Lots traded at the price.
    fn traded(&mut self, lots: f64);

    /// The level's quantity went from `before` to `after`, trades included.
    fn changed(&mut self, before: f64, after: f64, traded: f64);

    /// Estimated lots ahead; below zero once the order would have begun to fill.
    fn ahead(&self) -> f64;

    /// Whether, at a trade, the order has begun to fill: to the lot, as hftbacktest rounds.
    fn has_filled(&self) -> bool {
        self.ahead() <= -0.5
    }
}

/// How a decrease without trades is split: the probability that it was behind, from the lots
/// ahead and behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// Everything behind: the order advances by trades alone.
    Behind,
    /// Everything ahead, as far as there is something.
    Ahead,
    /// f(behind) / (f(behind) + f(ahead)), f(x) = x^n.
    Power1(f64),
    /// f(behind) / f(behind + ahead), f(x) = x^n.
    Power2(f64),
    /// 1 − f(ahead / (ahead + behind)), f(x) = x^n.
    Power3(f64),
    /// As `Power1` with f(x) = ln(1 + x).
    Log1,
    /// As `Power2` with f(x) = ln(1 + x).
    Log2,
}

impl Split {
    fn behind(self, ahead: f64, behind: f64) -> f64 {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        let all = ahead + behind;
        match self {
            Self::Behind => 1.0,
            Self::Ahead => 0.0,
            Self::Power1(n) => {
                let (front, back) = (libm::pow(ahead, n), libm::pow(behind, n));
                share(back, front + back)
            }
            Self::Power2(n) => share(libm::pow(behind, n), libm::pow(all, n)),
            Self::Power3(n) => 1.0 - libm::pow(1.0 - share(behind, all), n),
            Self::Log1 => {
                let (front, back) = (libm::log1p(ahead), libm::log1p(behind));
                share(back, front + back)
            }
            Self::Log2 => share(libm::log1p(behind), libm::log1p(all)),
        }
    }
}

/// An estimator by [`Split`].
#[derive(Clone, Debug)]
pub struct SplitEstimator {
    name: &'static str,
    split: Split,
    ahead: f64,
}

impl SplitEstimator {
    /// A model of that name.
    pub const fn new(name: &'static str, split: Split) -> Self {
        Self { name, split, ahead: 0.0 }
    }
}

impl QueueEstimator for SplitEstimator {
    fn name(&self) -> &'static str {
        self.name
    }

    fn join(&mut self, level: f64) {
        self.ahead = level;
    }

    fn traded(&mut self, lots: f64) {
        self.ahead -= lots;
    }

    fn changed(&mut self, before: f64, after: f64, traded: f64) {
        let gone = before - after - traded;
        // Once it has begun to fill there is nothing left to estimate.
        if self.ahead < 0.0 {
            return;
        }
        if gone > 0.0 {
            // Trades are off what is ahead already but not off `before`: as hftbacktest has it.
            let behind = (before - self.ahead).max(0.0);
            let share_behind = self.split.behind(self.ahead, behind).clamp(0.0, 1.0);
            // What cannot have been behind was ahead.
            let from_behind = (share_behind * gone).min(behind);
            self.ahead = (self.ahead - (gone - from_behind)).max(0.0);
        }
        self.ahead = self.ahead.min(after);
    }

    fn ahead(&self) -> f64 {
        self.ahead
    }
}

/// hftbacktest's models and the optimistic one.
pub fn all() -> Vec<Box<dyn QueueEstimator>> {
    let models = [
        ("risk-averse", Split::Behind),
        ("power-1 n=1", Split::Power1(1.0)),
        ("power-1 n=2", Split::Power1(2.0)),
        ("power-1 n=3", Split::Power1(3.0)),
        ("power-2 n=1", Split::Power2(1.0)),
        ("power-2 n=2", Split::Power2(2.0)),
        ("power-2 n=3", Split::Power2(3.0)),
        ("power-3 n=1", Split::Power3(1.0)),
        ("power-3 n=2", Split::Power3(2.0)),
        ("power-3 n=3", Split::Power3(3.0)),
        ("log-1", Split::Log1),
        ("log-2", Split::Log2),
        ("front-optimistic", Split::Ahead),
    ];
    models
        .into_iter()
        .map(|(name, split)| Box::new(SplitEstimator::new(name, split)) as Box<dyn QueueEstimator>)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_is_split_by_the_rule() {
        // 30 ahead, 10 behind, 4 gone: ahead is 30 − 4 · (1 − P(behind)).
        let [ln11, ln31, ln41] = [11.0, 31.0, 41.0].map(libm::log);
        let expected = [
            ("risk-averse", 1.0),
            ("power-1 n=1", 10.0 / 40.0),
            ("power-1 n=2", 100.0 / 1_000.0),
            ("power-1 n=3", 1_000.0 / 28_000.0),
            ("power-2 n=1", 10.0 / 40.0),
            ("power-2 n=2", 100.0 / 1_600.0),
            ("power-2 n=3", 1_000.0 / 64_000.0),
            ("power-3 n=1", 1.0 - 3.0 / 4.0),
            ("power-3 n=2", 1.0 - 9.0 / 16.0),
            ("power-3 n=3", 1.0 - 27.0 / 64.0),
            ("log-1", ln11 / (ln11 + ln31)),
            ("log-2", ln11 / ln41),
            ("front-optimistic", 0.0),
        ];
        let models = all();
        assert_eq!(models.len(), expected.len(), "every model has its case");
        for (mut model, (name, behind)) in models.into_iter().zip(expected) {
            assert_eq!(model.name(), name);
            model.join(30.0);
            model.changed(30.0, 40.0, 0.0);
            assert!((model.ahead() - 30.0).abs() < 1e-12, "{name}: what joins is behind");
            model.changed(40.0, 36.0, 0.0);
            let ahead = 30.0 - 4.0 * (1.0 - behind);
            assert!((model.ahead() - ahead).abs() < 1e-9, "{name}: {}, not {ahead}", model.ahead());
        }
    }

    #[test]
    fn what_cannot_have_been_behind_was_ahead() {
        // 6 ahead, 4 behind, 8 gone: at most 4 of them from behind.
        for (split, ahead) in [(Split::Behind, 2.0), (Split::Log2, 2.0)] {
            let mut model = SplitEstimator::new("", split);
            model.join(6.0);
            model.changed(6.0, 10.0, 0.0);
            model.changed(10.0, 2.0, 0.0);
            assert!((model.ahead() - ahead).abs() < 1e-9, "{split:?}: {}", model.ahead());
        }
        // 5 of 10 gone, a quarter of 4/10 each: from behind 2, from ahead 3.
        let mut model = SplitEstimator::new("", Split::Power1(1.0));
        model.join(6.0);
        model.changed(6.0, 10.0, 0.0);
        model.changed(10.0, 5.0, 0.0);
        assert!((model.ahead() - 3.0).abs() < 1e-9, "{}", model.ahead());
    }

    #[test]
    fn less_than_half_a_lot_is_no_fill() {
        let mut model = SplitEstimator::new("", Split::Power1(1.0));
        model.join(10.0);
        model.traded(10.4);
        assert!(!model.has_filled());
        model.traded(0.1);
        assert!(model.has_filled());
    }

    #[test]
    fn an_empty_level_is_a_number_all_the_same() {
        for mut model in all() {
            model.join(0.0);
            model.changed(0.0, 0.0, 0.0);
            model.changed(0.0, 5.0, 0.0);
            model.changed(5.0, 0.0, 0.0);
            assert!(model.ahead().abs() < 1e-12, "{}: {}", model.name(), model.ahead());
        }
    }

    #[test]
    fn trades_advance_everybody_alike() {
        for mut model in all() {
            model.join(10.0);
            model.traded(4.0);
            model.changed(10.0, 6.0, 4.0);
            assert!((model.ahead() - 6.0).abs() < 1e-12, "{}", model.name());
            model.traded(7.0);
            assert!(model.ahead() < 0.0, "{} has begun to fill", model.name());
        }
    }

    #[test]
    fn what_is_left_bounds_what_is_ahead() {
        let mut model = SplitEstimator::new("", Split::Behind);
        model.join(10.0);
        model.changed(10.0, 3.0, 0.0);
        assert!((model.ahead() - 3.0).abs() < 1e-12);
    }
}
