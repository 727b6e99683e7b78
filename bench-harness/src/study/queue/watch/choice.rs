//! Which places are watched: probes at the chosen ranks of the chosen levels, decisions that will
//! join later, the market's last order, and the estimators' shadow.

use seawall_engine::trackers::{Ahead, Probe, Rank, TrackerId};
use seawall_engine::types::{Price, Side};

use super::super::observation::{Observation, end};
use super::super::rows::{Kind, Pending};
use super::{Open, Watch};
use crate::scenario::SYMBOL;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A decision that has not arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    due_ns: u64,
    time_ns: u64,
    side: Side,
    price: Price,
    away: Option<Price>,
}

impl Watch<'_> {
    fn best(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.engine.best_bid(SYMBOL),
            Side::Sell => self.engine.best_ask(SYMBOL),
        }
    }

    /// Puts probes at the chosen levels and ranks of both sides.
    pub(super) fn choose(&mut self, time_ns: u64) {
        for side in SIDES {
            let away = self.best(side).and_then(|best| beyond(side, best, self.plan.away_ticks));
            let levels: Vec<Price> =
                self.engine.depth(SYMBOL, side).map(|(price, _)| price).collect();
            for level in &self.plan.levels {
                match levels.get(*level as usize).copied() {
                    Some(price) => self.choose_ranks(time_ns, side, (*level, price), away),
                    None => self.miss_ranks(time_ns, side, *level),
                }
            }
            let Some(best) = levels.first().copied() else { continue };
            for (line, delay_ns) in self.plan.delays_ns.iter().enumerate() {
                let due_ns = time_ns + delay_ns;
                let decision = Decision { due_ns, time_ns, side, price: best, away };
                self.under_way[line].push_back(decision);
            }
            if self.plan.estimators {
                self.follow_last(time_ns, side, best);
                self.shadow(time_ns, side, best, away);
            }
        }
    }

    fn choose_ranks(
        &mut self,
        time_ns: u64,
        side: Side,
        (level, price): (u32, Price),
        away: Option<Price>,
    ) {
        let orders = self.engine.queue(SYMBOL, price).count() as u64;
        for rank_percent in self.plan.ranks_percent.clone() {
            // Half an order rounds towards the back.
            let rank = (orders * u64::from(rank_percent) + 50) / 100;
            let rank = Rank::OrdersAhead(u32::try_from(rank).expect("a queue's length"));
            let row = Observation {
                seed: self.run.scenario.seed,
                time_ns,
                level,
                rank_percent,
                ..Observation::default()
            };
            let probe = Probe { symbol: SYMBOL, side, price, rank, away };
            self.join(time_ns, probe, Kind::Probe, row);
        }
    }

    /// The side has no such level: its probes are not observed.
    fn miss_ranks(&mut self, time_ns: u64, side: Side, level: u32) {
        for rank_percent in self.plan.ranks_percent.clone() {
            let row = Observation {
                seed: self.run.scenario.seed,
                time_ns,
                level,
                rank_percent,
                end: end::NO_QUEUE,
                ..Observation::default()
            };
            self.rows.push(Pending { row, kind: Kind::Probe, side, price: Price::MIN });
        }
    }

    /// A probe joins, if its queue is there.
    fn join(&mut self, now_ns: u64, probe: Probe, kind: Kind, mut row: Observation) {
        let Probe { side, price, .. } = probe;
        row.queue_lots = self.engine.lots_at(SYMBOL, price);
        row.end = end::NO_QUEUE;
        if let Ok(id) = self.trackers.probe(&self.engine, probe) {
            let ahead = self.trackers.ahead(id).expect("it has just joined");
            self.wait_for(now_ns, id, &mut row, ahead);
        }
        self.rows.push(Pending { row, kind, side, price });
    }

    /// The row that is about to be pushed is a tracker's, which waits from now on.
    fn wait_for(&mut self, now_ns: u64, id: TrackerId, row: &mut Observation, ahead: Ahead) {
        (row.orders_ahead, row.lots_ahead) = (ahead.orders, ahead.lots);
        row.end = end::WAITING;
        row.wait_ns = self.plan.horizon_ns;
        self.open.resize(id.index() + 1, Open { row: Some(self.rows.len()), joined_ns: now_ns });
        self.deadlines.push_back((now_ns + self.plan.horizon_ns, id));
    }

    /// Follows the last order of a queue, unless it is followed already.
    fn follow_last(&mut self, time_ns: u64, side: Side, price: Price) {
        let Some(last) = self.engine.queue(SYMBOL, price).last() else { return };
        let Ok(id) = self.trackers.follow(&self.engine, SYMBOL, last.id) else { return };
        if id.index() < self.open.len() {
            return;
        }
        let mut row = Observation {
            seed: self.run.scenario.seed,
            time_ns,
            rank_percent: 100,
            queue_lots: self.engine.lots_at(SYMBOL, price),
            ..Observation::default()
        };
        let ahead = self.trackers.ahead(id).expect("it rests");
        self.wait_for(time_ns, id, &mut row, ahead);
        self.rows.push(Pending { row, kind: Kind::Order, side, price });
    }

    /// Decisions arrive and waits are cut, up to a time.
    pub(super) fn arrive(&mut self, now_ns: u64) {
        for line in 0..self.under_way.len() {
            while let Some(decision) =
                self.under_way[line].front().copied().filter(|decision| decision.due_ns <= now_ns)
            {
                self.under_way[line].pop_front();
                let Decision { due_ns, time_ns, side, price, away } = decision;
                let row = Observation {
                    seed: self.run.scenario.seed,
                    time_ns,
                    delay_ns: self.plan.delays_ns[line],
                    rank_percent: 100,
                    ..Observation::default()
                };
                let probe = Probe { symbol: SYMBOL, side, price, rank: Rank::Back, away };
                self.join(due_ns, probe, Kind::Late, row);
            }
        }
        while let Some((_, id)) = self.deadlines.front().filter(|(at, _)| *at <= now_ns) {
            let id = *id;
            self.deadlines.pop_front();
            self.trackers.withdraw(id);
        }
    }

    fn shadow(&mut self, time_ns: u64, side: Side, price: Price, away: Option<Price>) {
        let probe = Probe { symbol: SYMBOL, side, price, rank: Rank::Back, away };
        let Ok(id) = self.trackers.probe(&self.engine, probe) else { return };
        self.open.resize(id.index() + 1, Open { row: None, joined_ns: time_ns });
        let lots = self.engine.lots_at(SYMBOL, price);
        self.deadlines.push_back((time_ns + self.plan.horizon_ns, id));
        self.shadows.join(id, probe, lots, (time_ns, self.plan.horizon_ns));
    }
}

/// The price so many ticks better than another.
fn beyond(side: Side, price: Price, ticks: u32) -> Option<Price> {
    match side {
        Side::Buy => price.ticks().checked_add(ticks),
        Side::Sell => price.ticks().checked_sub(ticks),
    }
    .and_then(Price::new)
}
