//! The receiving side: matches events with what was sent and takes the time.

use hdrhistogram::Histogram;
use seawall_engine::core::EventHasher;
use seawall_engine::pipeline::{Answer, Outbound, answer};
use seawall_engine::types::{AccountId, Event, EventSink, Input, OrderId};

use super::outcome::{Cell, Counts, FilledLots};
use super::plan::{FLOWS, lane};
use super::samples::Notes;
use super::stages::{Answered, is_followed};
use super::touched::{room, touched};
use super::{Pace, Plan, RunClock};
use crate::measure::histogram::nanoseconds;

/// How far the liquidation of an account has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Healthy,
    Triggered,
    Sent,
}

/// An account's liquidation and the input that triggered it.
#[derive(Clone, Copy, Debug, Default)]
struct Liquidation {
    stage: Stage,
    input: usize,
    /// Where it is kept, if samples are.
    sample: usize,
}

/// Histograms of one cell.
#[derive(Debug)]
struct Timings {
    order_to_ack: Histogram<u64>,
    order_to_fill: Histogram<u64>,
}

/// Reads every event of a run.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    plan: &'a Plan<'a>,
    clock: RunClock,
    pace: Pace,
    hasher: EventHasher,
    timings: Vec<Timings>,
    /// By lane: answers come in the order of sending; the next one is to this input or a later one.
    unanswered: Vec<usize>,
    /// Gateways beside the control lane; 1 without one.
    gateways: usize,
    horizon_ns: u64,
    /// Lots that traded within the horizon.
    pub(super) filled: FilledLots,
    /// The input whose order had its first fill already.
    first_filled: usize,
    liquidations: Vec<Liquidation>,
    pub(super) counts: Counts,
    /// The followed inputs, by sequence number.
    pub(super) followed: Vec<Answered>,
    /// Answers and fills, order by order.
    pub(super) notes: Notes,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        clock: RunClock,
        gateways: usize,
        horizon_ns: u64,
    ) -> Self {
        let timings = || Timings { order_to_ack: nanoseconds(), order_to_fill: nanoseconds() };
        Self {
            plan,
            clock,
            pace: Pace::Closed,
            hasher: EventHasher::default(),
            timings: std::iter::repeat_with(timings).take(plan.cells()).collect(),
            unanswered: vec![0; gateways + 1],
            gateways,
            horizon_ns,
            filled: FilledLots::default(),
            first_filled: usize::MAX,
            liquidations: touched(plan.accounts()),
            counts: Counts::default(),
            followed: room(plan.inputs().len() / 16 + 1),
            notes: Notes::new(plan.inputs().len()),
        }
    }

    /// From now on latency counts from this schedule.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Takes one event. The clock is read before the event is hashed.
    #[inline]
    pub(super) fn take(&mut self, out: Outbound) {
        self.look_at(&out);
        self.hasher.event(out.event);
        self.counts.events += 1;
    }

    #[inline]
    fn look_at(&mut self, out: &Outbound) {
        let n = usize::try_from(out.tag).expect("a tag is the place of an input");
        let input = &self.plan.inputs()[n].input;
        if let Some(answer) = answer(input, &out.event) {
            self.answered(n, out.seq.0, answer);
            return;
        }
        match out.event {
            Event::Trade { qty, taker, taker_account, .. } => {
                self.traded(n, input, taker, taker_account, u64::from(qty.lots()));
            }
            Event::Triggered { account, .. } => {
                let sample = usize::MAX;
                *self.liquidation(account) =
                    Liquidation { stage: Stage::Triggered, input: n, sample };
            }
            Event::Forced { account, qty, .. } if self.was_triggered(account) => {
                self.forced(account, u64::from(qty.lots()));
            }
            _ => {}
        }
    }

    /// Hash of everything so far.
    pub(super) fn events_hash(&self) -> u128 {
        self.hasher.digest()
    }

    /// The measured latencies.
    pub(super) fn into_cells(mut self) -> Vec<Cell> {
        for n in self.plan.setup()..self.plan.inputs().len() {
            let Some(cell) = self.plan.cell(n) else { continue };
            let (done, fill_ns) = (self.notes.answered[n], self.notes.fills_ns[n]);
            if done > 0 {
                let latency_ns = self.clock.ns(done).saturating_sub(self.due_ns(n)).max(1);
                self.timings[cell].order_to_ack.saturating_record(latency_ns);
            }
            if fill_ns > 0 {
                self.timings[cell].order_to_fill.saturating_record(fill_ns);
            }
        }
        let phases = self.plan.phases();
        let names = FLOWS.iter().flat_map(|flow| phases.iter().map(move |phase| (*flow, phase)));
        let cell = |((flow, phase), timings): ((_, &String), Timings)| Cell {
            flow,
            phase: phase.clone(),
            order_to_ack: timings.order_to_ack,
            order_to_fill: timings.order_to_fill,
        };
        names.zip(self.timings).map(cell).collect()
    }

    #[inline]
    fn answered(&mut self, n: usize, seq: u64, answer: Answer) {
        let unanswered = &mut self.unanswered[lane(&self.plan.inputs()[n].input, self.gateways)];
        if n < *unanswered {
            self.counts.answered_twice += 1;
        }
        *unanswered = n + 1;
        match answer {
            Answer::Accepted => self.counts.acknowledged += 1,
            Answer::Rejected => self.counts.rejected += 1,
        }
        if !self.pace.is_open() || n < self.plan.setup() {
            return;
        }
        // One reading and one store: what it means is reckoned when the run is over.
        let done = self.clock.ticks();
        self.notes.answered[n] = done;
        if is_followed(seq) && self.followed.len() < self.followed.capacity() {
            self.followed.push(Answered { seq, n, done });
        }
    }

    #[inline]
    fn traded(
        &mut self,
        n: usize,
        input: &Input,
        taker: OrderId,
        taker_account: AccountId,
        lots: u64,
    ) {
        self.counts.trades += 1;
        if taker.is_derived() {
            self.forced_filled(taker_account, lots);
            return;
        }
        let own = match input {
            Input::Order(new) => new.order == taker,
            Input::Replace { order, .. } => *order == taker,
            _ => false,
        };
        if !own {
            return;
        }
        let first = self.first_filled != n;
        let takes = self.plan.takes(n);
        if !first && !takes {
            return;
        }
        let Some(latency_ns) = self.latency_ns(n) else { return };
        if takes && latency_ns <= self.horizon_ns {
            self.filled.taker.filled_lots += lots;
        }
        if !first {
            return;
        }
        self.first_filled = n;
        self.notes.fills_ns[n] = latency_ns;
    }

    fn forced(&mut self, account: AccountId, lots: u64) {
        self.counts.forced_orders += 1;
        let Liquidation { stage, input, .. } = *self.liquidation(account);
        let latency_ns = self.latency_ns(input);
        if latency_ns.is_some() {
            self.filled.forced.sent_lots += lots;
        }
        if stage != Stage::Triggered {
            return;
        }
        self.liquidation(account).stage = Stage::Sent;
        if let Some(cell) = self.plan.forced_cell(input)
            && let Some(latency_ns) = latency_ns
        {
            self.timings[cell].order_to_ack.saturating_record(latency_ns);
            let sample = self.notes.forced(input, latency_ns);
            self.liquidation(account).sample = sample;
        }
    }

    fn forced_filled(&mut self, account: AccountId, lots: u64) {
        let Liquidation { stage, input, sample } = *self.liquidation(account);
        let latency_ns = self.latency_ns(input);
        if latency_ns.is_some_and(|ns| ns <= self.horizon_ns) {
            self.filled.forced.filled_lots += lots;
        }
        if stage != Stage::Sent {
            return;
        }
        self.liquidation(account).stage = Stage::Healthy;
        if let Some(cell) = self.plan.forced_cell(input)
            && let Some(latency_ns) = latency_ns
        {
            self.timings[cell].order_to_fill.saturating_record(latency_ns);
            self.notes.forced_filled(sample, latency_ns);
        }
    }

    /// Whether it was ever triggered, which a fund's account never is. The first input of a run opens
    /// an account, so it triggers none.
    fn was_triggered(&mut self, account: AccountId) -> bool {
        self.liquidation(account).input > 0
    }

    fn liquidation(&mut self, account: AccountId) -> &mut Liquidation {
        if account.index() >= self.liquidations.len() {
            self.liquidations.resize(account.index() + 1, Liquidation::default());
        }
        &mut self.liquidations[account.index()]
    }

    /// From the scheduled send of input `n` to now; `None` without a schedule.
    #[inline]
    fn latency_ns(&self, n: usize) -> Option<u64> {
        if !self.pace.is_open() || n < self.plan.setup() {
            return None;
        }
        Some(self.clock.now_ns().saturating_sub(self.due_ns(n)).max(1))
    }

    /// When input `n`, which is not setup, was due.
    #[inline]
    fn due_ns(&self, n: usize) -> u64 {
        self.pace.scheduled_ns((n - self.plan.setup()) as u64)
    }
}
