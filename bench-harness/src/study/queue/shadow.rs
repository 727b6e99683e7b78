//! Shadow orders: what every estimator makes of the level-2 view, beside the truth.

use seawall_engine::core::Engine;
use seawall_engine::trackers::{Probe, QueueTrackers, TrackerId};
use seawall_engine::types::{Price, Side};

use super::estimators::{self, QueueEstimator};
use super::observation::{EstimateRow, end};
use super::run::RecordedRun;
use crate::scenario::SYMBOL;

/// One estimator's record of one shadow order.
struct Model {
    estimator: Box<dyn QueueEstimator>,
    said_filled: bool,
    sum: f64,
    squares: f64,
}

/// A place at the back of a queue, as several models see it.
struct Shadow {
    probe: TrackerId,
    side: Side,
    price: Price,
    away: Option<Price>,
    joined_ns: u64,
    deadline_ns: u64,
    lots_ahead: u64,
    before: u64,
    changes: u64,
    truly_filled: bool,
    crossed: bool,
    models: Vec<Model>,
}

/// All shadow orders of a run.
#[derive(Default)]
pub(super) struct Shadows {
    live: Vec<Shadow>,
    done: Vec<Shadow>,
}

fn is_worse(side: Side, one: Price, other: Price) -> bool {
    match side {
        Side::Buy => one < other,
        Side::Sell => one > other,
    }
}

impl Shadow {
    const fn truth(&self) -> u32 {
        if self.truly_filled {
            end::FILLED
        } else if self.crossed {
            end::CROSSED
        } else {
            end::WAITING
        }
    }

    /// The level's quantity changed, or something traded.
    fn update(&mut self, trackers: &QueueTrackers, now: u64, trades: &[(Side, Price, u64)]) {
        let at_price = |trade: &&(Side, Price, u64)| trade.0 == self.side && trade.1 == self.price;
        let traded: u64 = trades.iter().filter(at_price).map(|trade| trade.2).sum();
        let through = trades
            .iter()
            .any(|trade| trade.0 == self.side && is_worse(self.side, trade.1, self.price));
        if traded == 0 && !through && now == self.before {
            return;
        }
        let truth = trackers.ahead(self.probe).map(|ahead| ahead.lots as f64);
        for model in &mut self.models {
            model.estimator.traded(traded as f64);
            model.said_filled |= through || model.estimator.has_filled();
            model.estimator.changed(self.before as f64, now as f64, traded as f64);
            if let Some(truth) = truth {
                let error = model.estimator.ahead().max(0.0) - truth;
                model.sum += error;
                model.squares += error * error;
            }
        }
        self.changes += u64::from(truth.is_some());
        self.before = now;
    }
}

impl Shadows {
    pub(super) fn join(
        &mut self,
        probe: TrackerId,
        place: Probe,
        lots: u64,
        (joined_ns, horizon_ns): (u64, u64),
    ) {
        let model = |mut estimator: Box<dyn QueueEstimator>| {
            estimator.join(lots as f64);
            Model { estimator, said_filled: false, sum: 0.0, squares: 0.0 }
        };
        self.live.push(Shadow {
            probe,
            side: place.side,
            price: place.price,
            away: place.away,
            joined_ns,
            deadline_ns: joined_ns + horizon_ns,
            lots_ahead: lots,
            before: lots,
            changes: 0,
            truly_filled: false,
            crossed: false,
            models: estimators::all().into_iter().map(model).collect(),
        });
    }

    pub(super) fn truly_filled(&mut self, probe: TrackerId) {
        if let Some(shadow) = self.live.iter_mut().find(|shadow| shadow.probe == probe) {
            shadow.truly_filled = true;
        }
    }

    /// An input has been applied.
    pub(super) fn after(
        &mut self,
        engine: &Engine,
        trackers: &QueueTrackers,
        trades: &[(Side, Price, u64)],
        now_ns: u64,
    ) {
        let bests = [engine.best_bid(SYMBOL), engine.best_ask(SYMBOL)];
        let mut place = 0;
        while let Some(shadow) = self.live.get_mut(place) {
            let Shadow { side, price, away, deadline_ns, .. } = *shadow;
            let own = bests[side.index()];
            let other = bests[side.opposite().index()];
            let is_crossed = other.is_some_and(|other| !is_worse(side.opposite(), other, price));
            let now = engine.lots_at(SYMBOL, price);
            if is_crossed {
                shadow.crossed = !shadow.truly_filled;
            } else {
                shadow.update(trackers, now, trades);
            }
            let is_away = own.zip(away).is_some_and(|(own, away)| !is_worse(side, own, away));
            if is_crossed || is_away || now_ns >= deadline_ns {
                self.done.push(self.live.swap_remove(place));
            } else {
                place += 1;
            }
        }
    }

    /// The rows: one for each model and shadow order.
    pub(super) fn finish(
        self,
        run: &RecordedRun,
        absorbing: Option<Side>,
        horizon_ns: u64,
    ) -> Vec<EstimateRow> {
        let mut all: Vec<Shadow> = self.done.into_iter().chain(self.live).collect();
        all.sort_by_key(|shadow| (shadow.joined_ns, shadow.side));
        let mut rows = Vec::new();
        for shadow in all {
            for model in &shadow.models {
                let changes = shadow.changes.max(1) as f64;
                rows.push(EstimateRow {
                    seed: run.scenario.seed,
                    time_ns: shadow.joined_ns,
                    phase: run.phase(shadow.joined_ns, horizon_ns),
                    absorbs: absorbing.unwrap_or(Side::Buy) == shadow.side,
                    model: model.estimator.name().to_owned(),
                    lots_ahead: shadow.lots_ahead,
                    truth: shadow.truth(),
                    said_filled: model.said_filled,
                    error_mean: model.sum / changes,
                    error_square: model.squares / changes,
                    changes: shadow.changes,
                });
            }
        }
        rows
    }
}
