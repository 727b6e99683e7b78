//! The sending side: offers each message when it is due, whatever became of the ones before.

use hdrhistogram::Histogram;
use seawall_engine::pipeline::Inbound;
use seawall_engine::ring::RingSender;
use seawall_engine::types::Input;

use super::plan::{is_control, lane};
use super::touched::touched;
use super::{Pace, Plan};
use crate::measure::histogram::nanoseconds;

/// Most messages sent before the caller gets to do something else.
const BURST_MAX: usize = 64;

/// Sends a plan through its lanes: one ring, or a control lane and a ring for each gateway.
#[derive(Debug)]
pub(super) struct Generator<'a, S> {
    plan: &'a Plan<'a>,
    pace: Pace,
    /// Dropped when everything was offered: the shard then knows that nothing follows.
    lanes: Vec<S>,
    next: usize,
    pub(super) refused: u64,
    /// By input: how late it was sent, in nanoseconds; 0 if it was not, or nothing is due.
    pub(super) lags_ns: Vec<u64>,
}

impl<'a, S: RingSender<Inbound>> Generator<'a, S> {
    pub(super) fn new(plan: &'a Plan<'a>, lanes: Vec<S>) -> Self {
        Self {
            plan,
            pace: Pace::Closed,
            lanes,
            next: 0,
            refused: 0,
            lags_ns: touched(plan.inputs().len()),
        }
    }

    /// Offers what is left at this pace.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Messages offered so far.
    pub(super) const fn offered(&self) -> usize {
        self.next
    }

    /// Whether everything was offered, or nobody listens any more.
    pub(super) const fn is_done(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Offers what is due at `now_ns`, up to message `end`, and says how many.
    #[inline]
    pub(super) fn send_due(&mut self, now_ns: u64, end: usize) -> usize {
        if self.lanes.is_empty() {
            return 0;
        }
        let gateways = self.lanes.len().max(2) - 1;
        let first = self.next;
        let end = end.min(self.plan.inputs().len());
        while self.next < end && self.next - first < BURST_MAX {
            let after_setup = (self.next - self.plan.setup().min(self.next)) as u64;
            let due_ns = self.pace.scheduled_ns(after_setup);
            if due_ns > now_ns {
                break;
            }
            let message = &self.plan.inputs()[self.next];
            let inbound = Inbound {
                tag: self.next as u64,
                time_ns: message.time_ns,
                ingress_ns: message.ingress_ns,
                input: message.input,
            };
            if self.lanes[lane(&message.input, gateways)].push(inbound).is_err() {
                if !self.pace.is_open() || is_control(&message.input) {
                    break;
                }
                self.refused += 1;
            } else if self.pace.is_open() {
                self.lags_ns[self.next] = (now_ns - due_ns).max(1);
            }
            self.next += 1;
        }
        let offered = self.next - first;
        let abandoned = offered == 0 && self.lanes[0].is_abandoned();
        if self.next == self.plan.inputs().len() || abandoned {
            self.lanes.clear();
        }
        offered
    }

    /// How late messages were sent.
    pub(super) fn send_lag(&self) -> Histogram<u64> {
        let mut lag = nanoseconds();
        let sent = self.lags_ns.iter().filter(|lag_ns| **lag_ns > 0);
        sent.for_each(|lag_ns| lag.saturating_record(*lag_ns));
        lag
    }

    /// Offered commands, and steps.
    pub(super) fn offered_by_kind(&self) -> (u64, u64) {
        let offered = &self.plan.inputs()[..self.next];
        let steps = offered.iter().filter(|m| matches!(m.input, Input::Step)).count() as u64;
        (offered.len() as u64 - steps, steps)
    }
}
