//! What a run came to.

use hdrhistogram::Histogram;
use seawall_engine::pipeline::{LogCounts, ShardCounts, Topology};
use seawall_engine::types::Sequenced;
use serde::Serialize;

use super::Pace;
use super::samples::SampleRow;
use super::stages::Stages;
use super::stalls::{Trip, Undisturbed};
use crate::measure::histogram::nanoseconds;
use crate::scenario::Flow;

/// Latencies of one flow in one phase.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Whose orders.
    pub flow: Flow,
    /// In which phase.
    pub phase: String,
    /// From the scheduled send (forced: of the input that triggered) to the answer.
    pub order_to_ack: Histogram<u64>,
    /// From the same moment to the first fill, of orders that fill on arrival.
    pub order_to_fill: Histogram<u64>,
}

/// What went in and what came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Commands offered, steps not counted: they have no answer.
    pub sent: u64,
    /// Commands the engine accepted.
    pub acknowledged: u64,
    /// Commands the engine refused.
    pub rejected: u64,
    /// Commands the full ring refused.
    pub refused: u64,
    /// Answers to a command that had one already: always 0.
    pub answered_twice: u64,
    /// Steps.
    pub steps: u64,
    /// Events.
    pub events: u64,
    /// Trades.
    pub trades: u64,
    /// Forced orders of liquidated accounts.
    pub forced_orders: u64,
}

impl Counts {
    /// Whether every command was answered exactly once, by the engine or by the ring.
    pub const fn reconciles(&self) -> bool {
        self.sent == self.acknowledged + self.rejected + self.refused && self.answered_twice == 0
    }
}

/// Lots of one flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// Lots sent, those refused at the ring among them.
    pub sent_lots: u64,
    /// Of them, lots that traded within the horizon of the scheduled send.
    pub filled_lots: u64,
}

impl Filled {
    /// The fill rate; `None` if nothing was sent.
    pub fn rate(&self) -> Option<f64> {
        (self.sent_lots > 0).then(|| self.filled_lots as f64 / self.sent_lots as f64)
    }
}

/// Lots sent and filled by flow, of orders that trade on arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilledLots {
    /// Orders of takers, from their own scheduled send.
    pub taker: Filled,
    /// Forced orders, from the scheduled send of the input that triggered.
    pub forced: Filled,
}

/// Everything a run measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The schedule it kept.
    pub pace: Pace,
    /// Where its threads ran.
    pub topology: Topology,
    /// Whether every thread is where the topology says.
    pub pinned: bool,
    /// The ring in front.
    pub transport: &'static str,
    /// What went in and out.
    pub counts: Counts,
    /// What the shard says of itself.
    pub shard: ShardCounts,
    /// Inputs after the setup that were offered.
    pub offered: u64,
    /// Inputs after the setup that the shard applied.
    pub applied: u64,
    /// From the first due time to the last event.
    pub wall_ns: u64,
    /// Latencies by flow and phase; empty for [`Pace::Closed`].
    pub cells: Vec<Cell>,
    /// Lots sent and filled in time; all zero for [`Pace::Closed`].
    pub filled: FilledLots,
    /// With several gateways: the inputs in the order in which the shard took them. Replayed, they
    /// give the same events.
    pub taken: Option<Vec<Sequenced>>,
    /// Hash of the events of that replay, once somebody made it.
    pub replay_hash: Option<u128>,
    /// Time inside the engine, one input in sixteen.
    pub service: Histogram<u64>,
    /// From the scheduled to the actual send.
    pub send_lag: Histogram<u64>,
    /// Where the time goes, one input in sixteen.
    pub stages: Stages,
    /// From due to answered, by due time; empty for [`Pace::Closed`].
    pub trips: Vec<Trip>,
    /// Every timed order, by due time, if they were kept.
    pub samples: Vec<SampleRow>,
    /// Latency of all orders, with and without what stalls touched.
    pub undisturbed: Undisturbed,
    /// Lengths of the stalls of every spinning thread.
    pub stalls: Histogram<u64>,
    /// Hash of the events.
    pub events_hash: u128,
    /// What one reading of the clock costs, in nanoseconds.
    pub clock_cost_ns: f64,
    /// What the log did, if there was one.
    pub log: Option<LogCounts>,
    /// Pages that the process touched for the first time while the clock ran, where the system says.
    pub page_faults: Option<u64>,
    /// Whether all memory was mapped and locked before.
    pub memory_locked: bool,
}

impl Outcome {
    /// Inputs applied per second.
    pub fn msgs_per_s(&self) -> f64 {
        self.applied as f64 / (self.wall_ns.max(1) as f64 / 1e9)
    }

    /// One measure of one flow over all phases.
    pub fn flow_total(
        &self,
        flow: Flow,
        measure: impl Fn(&Cell) -> &Histogram<u64>,
    ) -> Histogram<u64> {
        let mut total = nanoseconds();
        for cell in self.cells.iter().filter(|cell| cell.flow == flow) {
            total.add(measure(cell)).expect("all have the same bounds");
        }
        total
    }
}
