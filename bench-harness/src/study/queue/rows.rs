//! What a row lacks until its run has ended.

use seawall_engine::types::{Price, Side};

use super::observation::{Observation, end};
use super::run::{Mids, RecordedRun};

const SECOND_NS: u64 = 1_000_000_000;
const CALM: u32 = 0;

/// Which table a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Probe,
    Late,
    Order,
}

/// A row with what its mark-outs will need.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) row: Observation,
    pub(super) kind: Kind,
    pub(super) side: Side,
    pub(super) price: Price,
}

/// What is known at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) run: &'a RecordedRun,
    pub(super) mids: &'a Mids,
    /// The side that forced orders hit most, if there were any.
    pub(super) absorbing: Option<Side>,
    /// The first trigger.
    pub(super) trigger_ns: Option<u64>,
    pub(super) end_ns: u64,
    /// When waits are cut.
    pub(super) horizon_ns: u64,
}

impl Known<'_> {
    /// The row with its phase, its side against the forced flow, and its mark-outs if it filled.
    pub(super) fn finish(&self, pending: Pending) -> Observation {
        let Pending { mut row, side, price, .. } = pending;
        // Joining, waiting, and the mark-out that values are made of.
        row.phase = self.run.phase(row.time_ns, row.delay_ns + self.horizon_ns + 10 * SECOND_NS);
        row.absorbs = side == self.absorbing.unwrap_or(Side::Buy);
        row.since_trigger_ns = self.trigger_ns.map(|at| signed(row.time_ns) - signed(at));
        if row.end == end::FILLED {
            let filled_ns = row.time_ns + row.delay_ns + row.wait_ns;
            // What the calm knows ends with it.
            let is_known = |time_ns| row.phase != CALM || self.run.calm_holds(time_ns);
            let at = |time_ns| {
                self.mids.mark_out(side, price, time_ns, self.end_ns).filter(|_| is_known(time_ns))
            };
            row.mark_out_1s = at(filled_ns + SECOND_NS);
            row.mark_out_10s = at(filled_ns + 10 * SECOND_NS);
            row.mark_out_60s = at(filled_ns + 60 * SECOND_NS);
            let peak_end = self.run.peak_end_ns().filter(|at| *at >= filled_ns);
            row.mark_out_cascade_end = peak_end.and_then(at);
        }
        row
    }
}

fn signed(time_ns: u64) -> i64 {
    i64::try_from(time_ns).expect("a run is shorter than 292 years")
}
