//! Every order that a run timed, one by one: for files, off the measured threads.

use std::time::Duration;

use parquet_derive::ParquetRecordWriter;
use serde::{Deserialize, Serialize};

use super::Plan;
use super::plan::FLOWS;
use super::touched::{room, touched};
use crate::measure::histogram::nanoseconds;
use crate::measure::tables::FlowHistograms;
use crate::report::latency_files::Interval;

/// Liquidations of a run that are kept one by one; those after them are in the histograms only.
const FORCED_MAX: usize = 1 << 16;
/// Names of the flows, in the order of their numbers.
const NAMES: [&str; FLOWS.len()] = ["maker", "taker", "forced"];

/// One timed order. Times in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct SampleRow {
    /// Place of the input in the stream; of a forced order, of the input that triggered it.
    pub input: u64,
    /// 0 maker, 1 taker, 2 forced.
    pub flow: u32,
    /// Place of the phase.
    pub phase: u32,
    /// Scheduled send, from the start of the schedule.
    pub due_ns: u64,
    /// How late it was sent; 0 for a forced order, which nobody sends.
    pub send_lag_ns: u64,
    /// From the scheduled send to the answer.
    pub order_to_ack_ns: u64,
    /// From the scheduled send to the first fill; 0 if it had none on arrival.
    pub order_to_fill_ns: u64,
}

/// What a recorder notes of each order; histograms are made of it when the run is over, because a record
/// in one costs more than a note here.
#[derive(Debug)]
pub(super) struct Notes {
    /// By input: latency of the first fill, 0 if there was none.
    pub(super) fills_ns: Vec<u64>,
    /// By input: the clock when it was answered, in ticks; 0 if it was not, or nothing is due.
    pub(super) answered: Vec<u64>,
    /// Forced orders: the input that triggered, latency of the first order and of its first fill.
    forced: Vec<(usize, u64, u64)>,
}

impl Notes {
    /// Room for so many inputs.
    pub(super) fn new(inputs: usize) -> Self {
        Self { fills_ns: touched(inputs), answered: touched(inputs), forced: room(FORCED_MAX) }
    }

    /// Notes an account's first forced order, and says where.
    pub(super) fn forced(&mut self, input: usize, ack_ns: u64) -> usize {
        if self.forced.len() < FORCED_MAX {
            self.forced.push((input, ack_ns, 0));
            self.forced.len() - 1
        } else {
            usize::MAX
        }
    }

    /// Notes the first fill of a forced order.
    pub(super) fn forced_filled(&mut self, place: usize, fill_ns: u64) {
        if let Some((_, _, fill)) = self.forced.get_mut(place) {
            *fill = fill_ns;
        }
    }

    /// The samples, by due time. `due` gives an input's due time and its answer's, both from the start
    /// of the schedule; the answer's is `None` if there was none.
    pub(super) fn rows(
        &self,
        plan: &Plan<'_>,
        lags_ns: &[u64],
        due: impl Fn(usize) -> (u64, Option<u64>),
    ) -> Vec<SampleRow> {
        let small = |n: usize| u32::try_from(n).expect("a few phases");
        let phases = plan.phases().len();
        let order = |n: usize| {
            let (cell, (due_ns, done_ns)) = (plan.cell(n)?, due(n));
            Some(SampleRow {
                input: n as u64,
                flow: small(cell / phases),
                phase: small(cell % phases),
                due_ns,
                send_lag_ns: lags_ns[n],
                order_to_ack_ns: done_ns?.saturating_sub(due_ns).max(1),
                order_to_fill_ns: self.fills_ns[n],
            })
        };
        let forced = |&(n, ack_ns, fill_ns): &(usize, u64, u64)| {
            let cell = plan.forced_cell(n)?;
            Some(SampleRow {
                input: n as u64,
                flow: small(cell / phases),
                phase: small(cell % phases),
                due_ns: due(n).0,
                send_lag_ns: 0,
                order_to_ack_ns: ack_ns,
                order_to_fill_ns: fill_ns,
            })
        };
        let mut rows: Vec<SampleRow> =
            (plan.setup()..plan.inputs().len()).filter_map(order).collect();
        rows.extend(self.forced.iter().filter_map(forced));
        rows.sort_by_key(|row| row.due_ns);
        rows
    }
}

/// Samples as histograms of spans of that length; they come by due time, and so do the spans.
pub fn intervals(samples: &[SampleRow], length: Duration) -> impl Iterator<Item = Interval> {
    let length_ns = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1);
    let spans = samples.chunk_by(move |a, b| a.due_ns / length_ns == b.due_ns / length_ns);
    spans.map(move |span| Interval {
        start: Duration::from_nanos(span[0].due_ns / length_ns * length_ns),
        length,
        flows: by_flow(span),
    })
}

fn by_flow(samples: &[SampleRow]) -> Vec<FlowHistograms> {
    let empty =
        |flow| FlowHistograms { flow, order_to_ack: nanoseconds(), order_to_fill: nanoseconds() };
    let mut flows: Vec<FlowHistograms> = NAMES.map(empty).into();
    for sample in samples {
        let flow = &mut flows[sample.flow as usize];
        flow.order_to_ack.saturating_record(sample.order_to_ack_ns);
        if sample.order_to_fill_ns > 0 {
            flow.order_to_fill.saturating_record(sample.order_to_fill_ns);
        }
    }
    flows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_the_schedule() {
        let sample = |due_ns, flow, order_to_fill_ns| SampleRow {
            due_ns,
            flow,
            order_to_ack_ns: 10 + due_ns,
            order_to_fill_ns,
            ..SampleRow::default()
        };
        let samples = [sample(5, 0, 0), sample(99, 1, 7), sample(300, 2, 0), sample(310, 0, 0)];
        let found: Vec<Interval> = intervals(&samples, Duration::from_nanos(100)).collect();
        let starts: Vec<u128> = found.iter().map(|span| span.start.as_nanos()).collect();
        assert_eq!(starts, [0, 300], "a span in which nothing was due is left out");
        let counts = |span: &Interval| {
            let count = |flow: &FlowHistograms| (flow.order_to_ack.len(), flow.order_to_fill.len());
            span.flows.iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(counts(&found[0]), [(1, 0), (1, 1), (0, 0)]);
        assert_eq!(counts(&found[1]), [(1, 0), (0, 0), (1, 0)]);
    }
}
