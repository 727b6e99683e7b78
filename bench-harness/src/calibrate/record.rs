//! Flows to measure: a recorded feed, and a run of a scenario.

use std::collections::{BTreeMap, HashMap};
use std::io;

use seawall_engine::core::Engine;
use seawall_engine::types::{Sequenced, Side};

use super::measure::{Measure, Measured};
use crate::export::feed::{Feed, Seen, Update};
use crate::feeds::{FeedError, Message, MessageKind, Priority, Record, RecordReader, RowError};
use crate::scenario::{SYMBOL, Scenario};
use crate::simulation::CommandSink;

/// An order that rested before the record began: its side, price in ticks, and at least so many
/// lots.
type Before = BTreeMap<u64, (Side, u32, u64)>;

/// Finds the orders that rested before the record began: those that end in it without having been
/// entered. Of those that never end nothing is known.
pub(super) fn before(reader: &mut dyn RecordReader, tick: u32) -> Result<Before, FeedError> {
    let mut left: HashMap<u64, u32> = HashMap::new();
    let mut before = Before::new();
    while let Some(record) = reader.record()? {
        let Record::Message(message) = record else { continue };
        let Message { kind, order, size, price, side, .. } = message;
        let lots = size.lots();
        match kind {
            MessageKind::Add => {
                left.insert(order.0, lots);
            }
            MessageKind::ExecuteHidden => {}
            MessageKind::Reduce | MessageKind::Delete | MessageKind::Execute => {
                if let Some(rest) = left.get_mut(&order.0) {
                    *rest = rest.saturating_sub(lots);
                    if *rest == 0 || kind == MessageKind::Delete {
                        left.remove(&order.0);
                    }
                    continue;
                }
                let ticks = on_grid(price.ticks(), tick).map_err(|row| reader.refused(row))?;
                let (_, _, sum) = before.entry(order.0).or_insert((side, ticks, 0));
                *sum += u64::from(lots);
            }
        }
    }
    Ok(before)
}

/// Measures a feed; `before` are the orders that are there at its start.
pub(super) fn measure(
    reader: &mut dyn RecordReader,
    tick: u32,
    before: &Before,
) -> Result<Measured, FeedError> {
    let Some(first) = reader.record()? else { return Ok(Measured::default()) };
    let mut follow = Follow {
        measure: Measure::new(first.time_ns()),
        by_id: reader.format().priority() == Priority::Id,
        id_max: 0,
        tick,
        side: Side::Buy,
        time_ns: 0,
        fills: Vec::new(),
    };
    for (order, (side, ticks, lots)) in before {
        let lots = u32::try_from(*lots).unwrap_or(u32::MAX);
        follow.measure.there(*order, *side, *ticks, lots);
    }
    let mut end_ns = first.time_ns();
    let mut next = Some(first);
    while let Some(record) = next.take() {
        end_ns = record.time_ns();
        follow.record(&record).map_err(|row| reader.refused(row))?;
        if follow.measure.is_full() {
            break;
        }
        next = reader.record()?;
    }
    follow.close();
    let cut = follow.measure.is_full();
    Ok(follow.measure.finish(end_ns, cut))
}

/// Follows a feed.
struct Follow {
    measure: Measure,
    /// Whether an order with a smaller id than one before entered the record late.
    by_id: bool,
    id_max: u64,
    tick: u32,
    /// The order that is taking: its side, its time, and what it took from whom.
    side: Side,
    time_ns: u64,
    fills: Vec<(u64, u32)>,
}

impl Follow {
    fn record(&mut self, record: &Record) -> Result<(), RowError> {
        let Record::Message(message) = record else {
            self.close();
            return Ok(());
        };
        let Message { kind, time_ns, order, size, price, side, .. } = *message;
        let lots = size.lots();
        // Executions of one time and side are one order's; hidden ones between them do not end it.
        let goes_on = kind == MessageKind::ExecuteHidden
            || (kind == MessageKind::Execute && self.side == side.opposite());
        if time_ns != self.time_ns || !goes_on {
            self.close();
        }
        match kind {
            MessageKind::ExecuteHidden => {}
            MessageKind::Execute => {
                (self.side, self.time_ns) = (side.opposite(), time_ns);
                self.fills.push((order.0, lots));
            }
            MessageKind::Reduce => self.measure.cancel(time_ns, order.0, lots),
            // What a record says of the size of a deleted order is all that is left of it.
            MessageKind::Delete => self.measure.cancel(time_ns, order.0, u32::MAX),
            MessageKind::Add => {
                let ticks = on_grid(price.ticks(), self.tick)?;
                let is_late = self.by_id && order.0 < self.id_max;
                self.id_max = self.id_max.max(order.0);
                if is_late {
                    self.measure.late(time_ns, order.0, side, ticks, lots);
                } else {
                    self.measure.add(time_ns, order.0, side, ticks, lots);
                }
            }
        }
        Ok(())
    }

    /// Whoever was taking has taken all.
    fn close(&mut self) {
        if !self.fills.is_empty() {
            self.measure.take(self.time_ns, self.side, &self.fills);
            self.fills.clear();
        }
    }
}

fn on_grid(price: u32, tick: u32) -> Result<u32, RowError> {
    if price.is_multiple_of(tick) {
        Ok(price / tick)
    } else {
        Err(RowError::OffTick { price, tick })
    }
}

/// Measures a run while it goes on: its inputs are applied to an engine once more, and what an
/// observer sees of them is followed as a feed is.
pub(super) struct Run {
    engine: Engine,
    feed: Feed,
    measure: Measure,
    start_ns: u64,
    time_ns: u64,
    end_ns: u64,
}

impl Run {
    /// Watches a run of `scenario` after its warm-up.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let start_ns = scenario.clock.warmup_ms * 1_000_000;
        Self {
            engine: Engine::new(&scenario.shard_config()),
            feed: Feed::new(SYMBOL),
            measure: Measure::new(start_ns),
            start_ns,
            time_ns: 0,
            end_ns: scenario.clock.duration_ms * 1_000_000,
        }
    }

    pub(super) fn finish(self) -> Measured {
        self.measure.finish(self.end_ns, false)
    }

    fn see(&mut self, update: &Update, fills: &mut Vec<(u64, u32)>, side: &mut Side) {
        let time_ns = self.time_ns;
        let is_early = time_ns < self.start_ns;
        match update.seen {
            Seen::Added(order) => {
                let (ticks, lots) = (order.price.ticks(), order.lots);
                if is_early {
                    self.measure.there(order.number, order.side, ticks, lots);
                } else {
                    self.measure.add(time_ns, order.number, order.side, ticks, lots);
                }
            }
            Seen::Executed { order, by_lots } => {
                *side = order.side.opposite();
                fills.push((order.number, by_lots));
            }
            Seen::Reduced { order, by_lots } => self.leave(order.number, by_lots),
            Seen::Deleted(order) => self.leave(order.number, u32::MAX),
            Seen::Crossed { .. } | Seen::Halted | Seen::Reopened => {}
        }
    }

    fn leave(&mut self, order: u64, lots: u32) {
        if self.time_ns < self.start_ns {
            self.measure.forget(order, lots);
        } else {
            self.measure.cancel(self.time_ns, order, lots);
        }
    }
}

impl CommandSink for Run {
    fn command(&mut self, input: &Sequenced) -> io::Result<()> {
        // A record has the times at which orders came, not those at which a busy engine took them.
        self.time_ns = self.time_ns.max(input.ingress_ns);
        self.feed.begin(self.time_ns);
        let mut said = Vec::new();
        self.engine.apply(input, &mut said);
        let (mut fills, mut side) = (Vec::new(), Side::Buy);
        for event in said {
            if let Some(update) = self.feed.fold(&event) {
                self.see(&update, &mut fills, &mut side);
            }
        }
        if fills.is_empty() {
            return Ok(());
        }
        if self.time_ns < self.start_ns {
            for (order, lots) in fills {
                self.measure.forget(order, lots);
            }
        } else {
            self.measure.take(self.time_ns, side, &fills);
        }
        Ok(())
    }
}
