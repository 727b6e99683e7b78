//! What events do to trackers.

use super::record::{Ahead, Cause, End, Record, Step, TrackerId};
use super::{QueueTrackers, State, Subject, Tracker, outwards};
use crate::types::{CancelCause, Event, OrderId, Price, Side, SymbolId};

impl QueueTrackers {
    /// Takes one event, in the order in which the engine says them.
    pub fn event(&mut self, event: &Event) {
        if self.levels.is_empty() && self.followed.is_empty() {
            return;
        }
        match *event {
            Event::Accepted { symbol, order, qty, .. } => self.accepted(symbol, order, qty.lots()),
            Event::Rested { symbol, order, side, price, qty, .. } => {
                self.rested(symbol, order, (side, price), qty.lots());
            }
            Event::Trade { symbol, side, price, qty, taker, maker, maker_leaves_lots, .. } => {
                self.filled_probes(symbol, maker, (side.opposite(), price));
                self.shrink(symbol, maker, maker_leaves_lots, Cause::Trade);
                self.gave_unplaced(symbol, maker, maker_leaves_lots);
                self.took(symbol, taker, qty.lots());
                self.taking = Some((symbol, taker, side, price));
            }
            Event::Cancelled { symbol, order, cause, .. } => self.cancelled(symbol, order, cause),
            Event::Halted { symbol, .. } => self.begin_halt(symbol),
            Event::Reopened { symbol } => drop(self.halted.remove(&symbol)),
            Event::AuctionTrade { symbol, buy, sell, .. } => {
                self.end_in_halt(symbol, buy);
                self.end_in_halt(symbol, sell);
            }
            Event::Reduced { symbol, order, qty, cause, .. } => {
                let why = match cause {
                    CancelCause::SelfTrade => Cause::SelfTrade,
                    other => Cause::Reduction(other),
                };
                self.shrink(symbol, order, qty.lots(), why);
                self.cut_on_its_way(symbol, order, qty.lots());
            }
            Event::Replaced { symbol, order, qty, in_place: true, .. } => {
                self.shrink(symbol, order, qty.lots(), Cause::Reduction(CancelCause::Client));
            }
            Event::Replaced { symbol, order, qty, in_place: false, .. } => {
                self.shrink(symbol, order, 0, Cause::Repriced);
                if let Some(id) = self.live(symbol, order) {
                    self.trackers[id.index()].state = State::Awaiting(Some(qty.lots()));
                }
            }
            _ => {}
        }
    }

    /// Nothing is followed through a halt, in which sides may cross and one price may have two
    /// queues. What was known of the market's orders is forgotten: an auction moves them unseen.
    fn begin_halt(&mut self, symbol: SymbolId) {
        self.halted.insert(symbol);
        let own: Vec<TrackerId> =
            self.waiting().filter(|id| self.trackers[id.index()].symbol == symbol).collect();
        for id in own {
            self.end_as(id, End::Halted);
        }
        self.levels.retain(|(of, _), _| *of != symbol);
        self.members.retain(|(of, _), _| *of != symbol);
    }

    /// An order that was to be followed from when it rests does so in a halted market.
    fn end_in_halt(&mut self, symbol: SymbolId, order: OrderId) {
        if let Some(id) = self.live(symbol, order) {
            self.end_as(id, End::Halted);
        }
    }

    /// The tracker of an order, if it has not ended.
    fn live(&self, symbol: SymbolId, order: OrderId) -> Option<TrackerId> {
        let id = *self.followed.get(&(symbol, order))?;
        self.end(id).is_none().then_some(id)
    }

    /// An order was admitted: if its id was another one's before, that one is followed no more.
    fn accepted(&mut self, symbol: SymbolId, order: OrderId, lots: u32) {
        match self.live(symbol, order) {
            Some(id) => self.trackers[id.index()].state = State::Awaiting(Some(lots)),
            None => drop(self.followed.remove(&(symbol, order))),
        }
    }

    fn rested(
        &mut self,
        symbol: SymbolId,
        order: OrderId,
        (side, price): (Side, Price),
        lots: u32,
    ) {
        if self.halted.contains(&symbol) {
            self.end_in_halt(symbol, order);
            return;
        }
        let mut before = None;
        if let Some(level) = self.levels.get_mut(&(symbol, price)) {
            let ahead = Ahead { orders: level.orders, lots: level.lots };
            let member = level.join(price, lots);
            self.members.insert((symbol, order), member);
            before = Some((ahead, member.ticket - 1));
        }
        if let Some(id) = self.followed.get(&(symbol, order)).copied() {
            self.own_rest(id, (side, price), before, lots);
        }
        self.cross(symbol, side.opposite(), price);
        self.leave_behind(symbol, side, price);
    }

    /// A followed order joined a queue.
    fn own_rest(
        &mut self,
        id: TrackerId,
        (side, price): (Side, Price),
        before: Option<(Ahead, u64)>,
        lots: u32,
    ) {
        // An iceberg order whose part was used up is back with its next one.
        let is_back = self.trackers[id.index()].state == State::Ended(End::Filled);
        if is_back {
            self.take_end_back(id);
        } else if self.end(id).is_some() {
            return;
        }
        let cause = if is_back { Cause::OwnRequeue } else { Cause::OwnRest };
        let tracker = &mut self.trackers[id.index()];
        tracker.side = side;
        tracker.price = price;
        let symbol = tracker.symbol;
        let Some((ahead, last_ahead)) = before else {
            tracker.state = State::Unplaced;
            self.unplaced.push((id, cause));
            return;
        };
        tracker.ahead = ahead;
        tracker.state = State::Queued { last_ahead };
        self.level_mut(symbol, price).trackers.push(id);
        self.step(id, cause, u64::from(lots));
    }

    /// What looked like the end of an iceberg order was the end of its shown part.
    fn take_end_back(&mut self, id: TrackerId) {
        let is_its_end =
            |record: &Record| matches!(record, Record::End { tracker, .. } if *tracker == id);
        if let Some(at) = self.records.iter().rposition(is_its_end) {
            self.records.remove(at);
        }
    }

    /// A followed order that has not been found in the book yet traded there.
    fn gave_unplaced(&mut self, symbol: SymbolId, maker: OrderId, left: u32) {
        if left == 0
            && let Some(id) = self.live(symbol, maker)
            && self.trackers[id.index()].state == State::Unplaced
        {
            self.end_as(id, End::Filled);
        }
    }

    /// Self-trade prevention cut a followed order before it came to rest.
    fn cut_on_its_way(&mut self, symbol: SymbolId, order: OrderId, left: u32) {
        if let Some(id) = self.live(symbol, order)
            && let State::Awaiting(lots) = &mut self.trackers[id.index()].state
        {
            *lots = Some(left);
        }
    }

    /// A resting order has `left` lots now.
    fn shrink(&mut self, symbol: SymbolId, order: OrderId, left: u32, cause: Cause) {
        let Some(member) = self.members.get_mut(&(symbol, order)) else { return };
        let key = (symbol, member.price);
        // Of a price that is followed no more, the lots are not what they were either.
        let Some(level) = self.levels.get_mut(&key).filter(|l| l.serial == member.serial) else {
            self.members.remove(&(symbol, order));
            return;
        };
        let (gone, is_gone) = (member.lots - left, left == 0);
        member.lots = left;
        let member = *member;
        if is_gone {
            self.members.remove(&(symbol, order));
        }
        level.orders -= u32::from(is_gone);
        level.lots -= u64::from(gone);
        if gone == 0 {
            return;
        }
        for place in 0..level.trackers.len() {
            let id = self.levels[&key].trackers[place];
            let tracker = &mut self.trackers[id.index()];
            let State::Queued { last_ahead } = tracker.state else { continue };
            if member.ticket <= last_ahead {
                tracker.ahead.orders -= u32::from(is_gone);
                tracker.ahead.lots -= u64::from(gone);
                self.step(id, cause, u64::from(gone));
            }
        }
        if let Some(id) = self.live(symbol, order) {
            self.own_shrink(id, gone, is_gone, cause);
        }
    }

    /// The followed order itself traded, shrank or left.
    fn own_shrink(&mut self, id: TrackerId, gone: u32, is_gone: bool, cause: Cause) {
        let own = match cause {
            Cause::Trade => Cause::OwnFill,
            Cause::Repriced => Cause::OwnRequeue,
            // Its end follows, and says the same.
            Cause::Cancel(_) => return,
            Cause::SelfTrade if is_gone => return,
            _ => Cause::OwnReduction,
        };
        self.step(id, own, u64::from(gone));
        let Tracker { symbol, price, .. } = self.trackers[id.index()];
        if is_gone && own == Cause::OwnFill {
            self.end_as(id, End::Filled);
        } else if is_gone {
            self.release(symbol, price, Some(id));
        }
    }

    fn cancelled(&mut self, symbol: SymbolId, order: OrderId, cause: CancelCause) {
        let why = match cause {
            CancelCause::SelfTrade => Cause::SelfTrade,
            other => Cause::Cancel(other),
        };
        self.shrink(symbol, order, 0, why);
        if let Some(id) = self.live(symbol, order) {
            self.end_as(id, End::Cancelled(cause));
        }
        // What a taker could not have at the last price where it traded would have gone to a probe.
        if let Some((_, taker, side, price)) = self.taking
            && (taker, cause) == (order, CancelCause::Unfilled)
        {
            self.fill_front(symbol, side.opposite(), price);
        }
    }

    /// A followed order took before it came to rest.
    fn took(&mut self, symbol: SymbolId, taker: OrderId, lots: u32) {
        let Some(id) = self.live(symbol, taker) else { return };
        let State::Awaiting(left) = self.trackers[id.index()].state else { return };
        let left = left.map(|left| left.saturating_sub(lots));
        self.trackers[id.index()].state = State::Awaiting(left);
        self.step(id, Cause::OwnFill, u64::from(lots));
        if left == Some(0) {
            self.end_as(id, End::Filled);
        }
    }

    /// A maker is about to trade: probes that stand first before it would have, and so would
    /// those at better prices.
    fn filled_probes(&mut self, symbol: SymbolId, maker: OrderId, (side, price): (Side, Price)) {
        while let Some((.., best, id)) = self.first_probe(symbol, side)
            && best < outwards(side, price)
        {
            self.end_as(id, End::Filled);
        }
        // A maker behind a probe trades: nothing stands ahead of the probe any more.
        if self.members.contains_key(&(symbol, maker)) {
            self.fill_front(symbol, side, price);
        }
    }

    /// Probes of a price with nothing ahead have filled.
    fn fill_front(&mut self, symbol: SymbolId, side: Side, price: Price) {
        let Some(level) = self.levels.get(&(symbol, price)) else { return };
        let is_first = |id: &TrackerId| {
            let tracker = &self.trackers[id.index()];
            let is_probe = tracker.subject == Subject::Probe && tracker.side == side;
            is_probe && tracker.ahead.orders == 0
        };
        let first: Vec<TrackerId> = level.trackers.iter().copied().filter(is_first).collect();
        for id in first {
            self.end_as(id, End::Filled);
        }
    }

    fn first_probe(&self, symbol: SymbolId, side: Side) -> Option<super::Place> {
        let from = (symbol, side, i64::MIN, TrackerId(0));
        let first = *self.probes.range(from..).next()?;
        (first.0 == symbol && first.1 == side).then_some(first)
    }

    /// An order of the other side rests at `price`: probes of `side` there or beyond are crossed.
    fn cross(&mut self, symbol: SymbolId, side: Side, price: Price) {
        while let Some((.., best, id)) = self.first_probe(symbol, side)
            && best <= outwards(side, price)
        {
            self.end_as(id, End::Crossed);
        }
    }

    /// An order of `side` rests at `price`: trackers for which that is too far away have ended.
    fn leave_behind(&mut self, symbol: SymbolId, side: Side, price: Price) {
        let from = (symbol, side, i64::MIN, TrackerId(0));
        while let Some(&(other, its, away, id)) = self.aways.range(from..).next()
            && (other, its) == (symbol, side)
            && away <= -outwards(side, price)
        {
            self.end_as(id, End::MovedAway);
        }
    }

    pub(super) fn step(&mut self, tracker: TrackerId, cause: Cause, lots: u64) {
        let Tracker { ahead, price, .. } = self.trackers[tracker.index()];
        let time_ns = self.time_ns;
        self.records.push(Record::Step(Step { tracker, time_ns, cause, lots, ahead, price }));
    }

    pub(super) fn end_as(&mut self, id: TrackerId, end: End) {
        let tracker = &mut self.trackers[id.index()];
        if let State::Ended(_) = tracker.state {
            return;
        }
        tracker.state = State::Ended(end);
        let Tracker { symbol, side, price, away, .. } = *tracker;
        self.probes.remove(&(symbol, side, outwards(side, price), id));
        if let Some(away) = away {
            self.aways.remove(&(symbol, side, -outwards(side, away), id));
        }
        self.release(symbol, price, Some(id));
        let time_ns = self.time_ns;
        self.records.push(Record::End { tracker: id, time_ns, end });
    }
}
