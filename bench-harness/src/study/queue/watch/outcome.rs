//! What the trackers say becomes the rows' steps and ends.

use seawall_engine::trackers::{Cause, End, Record, Step, TrackerId};
use seawall_engine::types::CancelCause;

use super::super::observation::{Observation, end};
use super::Watch;

impl Watch<'_> {
    /// Moves what the trackers said into the rows.
    pub(super) fn collect(&mut self) {
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend(self.trackers.drain());
        let mut left = Vec::new();
        for record in heard.drain(..) {
            match record {
                Record::Step(step) => {
                    let Some(place) = self.open[step.tracker.index()].row else { continue };
                    if step.cause == Cause::OwnRequeue {
                        left.push((step.tracker, step.time_ns));
                    }
                    add(&mut self.rows[place].row, &step);
                }
                Record::End { tracker, time_ns, end } => {
                    if end == End::Filled {
                        self.shadows.truly_filled(tracker);
                    }
                    let code = match end {
                        End::Filled => end::FILLED,
                        End::MovedAway => end::MOVED_AWAY,
                        End::Crossed => end::CROSSED,
                        End::Cancelled(_) => end::CANCELLED,
                        // The horizon, or somebody who has left: the row says so already. A study's
                        // market is never halted.
                        End::Withdrawn | End::Halted => continue,
                    };
                    self.ended(tracker, time_ns, code);
                }
            }
        }
        self.heard = heard;
        // An order that its owner puts elsewhere has left this queue.
        for (tracker, time_ns) in left {
            self.ended(tracker, time_ns, end::CANCELLED);
            self.trackers.withdraw(tracker);
        }
    }

    fn ended(&mut self, tracker: TrackerId, time_ns: u64, code: u32) {
        let open = self.open[tracker.index()];
        let Some(place) = open.row else { return };
        let wait_ns = time_ns - open.joined_ns.min(time_ns);
        let row = &mut self.rows[place].row;
        if wait_ns < self.plan.horizon_ns && row.end == end::WAITING {
            row.end = code;
            row.wait_ns = wait_ns;
        }
    }
}

fn add(row: &mut Observation, step: &Step) {
    let place = match step.cause {
        Cause::Trade => &mut row.by_trades,
        Cause::Cancel(cause) => {
            if cause == CancelCause::Liquidation {
                row.by_liquidation_cancels += step.lots;
            }
            &mut row.by_cancels
        }
        Cause::Repriced => &mut row.by_reprices,
        Cause::Reduction(_) => &mut row.by_reductions,
        Cause::SelfTrade => &mut row.by_self_trade,
        _ => return,
    };
    *place += step.lots;
}
