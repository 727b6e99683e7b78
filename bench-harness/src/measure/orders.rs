//! What happens to client orders: acknowledgement, first fill, filled quantity.

use hdrhistogram::Histogram;
use seawall_engine::types::{AccountId, Input, OrderId, OrderKind, Qty, RejectReason, Sequenced};

use super::fill_rate::FillTally;
use super::histogram::{nanoseconds, percentiles};
use super::summary::{FlowLatency, MakerQuotes};
use super::tables::FlowHistograms;
use crate::agents::makers::slot_of;
use crate::scenario::{Role, Roles, Scenario, small};

/// Latencies of one flow while they are recorded, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct FlowRecorder {
    pub(super) order_to_ack: Histogram<u64>,
    pub(super) order_to_fill: Histogram<u64>,
    pub(super) time_to_first_fill: Histogram<u64>,
}

impl FlowRecorder {
    pub(super) fn new() -> Self {
        let [order_to_ack, order_to_fill, time_to_first_fill] = [(); 3].map(|()| nanoseconds());
        Self { order_to_ack, order_to_fill, time_to_first_fill }
    }

    pub(super) fn summarise(&self) -> FlowLatency {
        FlowLatency {
            order_to_ack: percentiles(&self.order_to_ack),
            order_to_fill: percentiles(&self.order_to_fill),
            time_to_first_fill: percentiles(&self.time_to_first_fill),
        }
    }

    pub(super) fn into_tables(self, flow: &'static str) -> FlowHistograms {
        let Self { order_to_ack, order_to_fill, .. } = self;
        FlowHistograms { flow, order_to_ack, order_to_fill }
    }
}

/// The client order that the engine is working on.
#[derive(Clone, Copy, Debug)]
struct Current {
    order: OrderId,
    role: Role,
    sent_ns: u64,
    lots: u64,
    is_market: bool,
    filled: bool,
}

/// A maker's order that rests, in its maker's slot.
#[derive(Clone, Copy, Debug)]
struct Resting {
    order: OrderId,
    sent_ns: u64,
    filled: bool,
}

/// Follows the client orders of a run.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) makers: FlowRecorder,
    pub(super) takers: FlowRecorder,
    pub(super) maker_fills: FillTally,
    pub(super) taker_fills: FillTally,
    /// Lots of the shock's orders by row, submitted and filled.
    pub(super) shock_fills: FillTally,
    roles: Roles,
    levels: usize,
    resting: Vec<Resting>,
    current: Option<Current>,
    pub(super) quotes: MakerQuotes,
    egress_ns: u64,
    maker_ack_ns: u64,
    horizon_ns: u64,
    sample_ns: u64,
}

impl Orders {
    pub(super) fn new(scenario: &Scenario, rows: usize) -> Self {
        let roles = scenario.roles();
        let levels = small(2 * scenario.makers.levels) as usize;
        let none = Resting { order: OrderId(0), sent_ns: 0, filled: false };
        Self {
            makers: FlowRecorder::new(),
            takers: FlowRecorder::new(),
            maker_fills: FillTally::new(rows),
            taker_fills: FillTally::new(rows),
            shock_fills: FillTally::new(rows),
            resting: vec![none; roles.makers.len() * levels],
            roles,
            levels,
            current: None,
            quotes: MakerQuotes::default(),
            maker_ack_ns: scenario.latency.maker_ack_ns,
            egress_ns: scenario.latency.egress_ns,
            horizon_ns: scenario.clock.horizon_ms * 1_000_000,
            sample_ns: scenario.clock.sample_ms * 1_000_000,
        }
    }

    /// An input is about to be applied; its client sent it at `sent_ns`.
    #[inline]
    pub(super) fn begin(&mut self, input: &Sequenced, sent_ns: u64) {
        self.count_quote(&input.input);
        let current = |account, order, qty: Qty, is_market| Current {
            order,
            role: self.roles.role(account),
            sent_ns,
            lots: u64::from(qty.lots()),
            is_market,
            filled: false,
        };
        self.current = match &input.input {
            Input::Order(new) => {
                Some(current(new.account, new.order, new.qty, new.kind == OrderKind::Market))
            }
            Input::Replace { account, order, qty, .. } => {
                Some(current(*account, *order, *qty, false))
            }
            _ => None,
        };
    }

    #[inline]
    fn count_quote(&mut self, input: &Input) {
        let makers = &self.roles.makers;
        match input {
            Input::Order(new) if makers.contains(&new.account.0) => {
                self.quotes.orders += 1;
                self.quotes.added_lots += u64::from(new.qty.lots());
            }
            Input::Replace { account, qty, .. } if makers.contains(&account.0) => {
                self.quotes.replaces += 1;
                self.quotes.added_lots += u64::from(qty.lots());
            }
            Input::Cancel { account, .. } if makers.contains(&account.0) => {
                self.quotes.cancels += 1;
            }
            _ => {}
        }
    }

    /// How long an account waits for what happened to its order.
    #[inline]
    fn ack_ns(&self, role: Role) -> u64 {
        if role == Role::Maker { self.maker_ack_ns } else { self.egress_ns }
    }

    /// An order was taken back, or changed to so much.
    #[inline]
    pub(super) fn moved(&mut self, account: AccountId, qty: Qty) {
        if self.roles.makers.contains(&account.0) {
            self.quotes.moved_lots += u64::from(qty.lots());
        }
    }

    /// The current order was admitted, or changed so that it lost its place.
    #[inline]
    pub(super) fn admitted(&mut self, order: OrderId, qty: Qty, now_ns: u64) {
        self.acknowledged(order, now_ns);
        if let Some(current) = self.current
            && current.order == order
        {
            self.submitted(&current, u64::from(qty.lots()));
        }
    }

    /// The current order was answered.
    #[inline]
    pub(super) fn acknowledged(&mut self, order: OrderId, now_ns: u64) {
        if let Some(current) = self.current
            && current.order == order
        {
            let elapsed = now_ns + self.ack_ns(current.role) - current.sent_ns;
            if let Some(flow) = self.flow(current.role) {
                flow.order_to_ack.saturating_record(elapsed);
            }
        }
    }

    /// An input was refused. A market order that met an empty side was submitted all the same.
    pub(super) fn rejected(&mut self, account: AccountId, reason: RejectReason) {
        if reason == RejectReason::UnknownOrder && self.roles.makers.contains(&account.0) {
            self.quotes.late += 1;
        }
        if let Some(current) = self.current
            && current.is_market
            && reason == RejectReason::NoLiquidity
        {
            self.submitted(&current, current.lots);
        }
    }

    /// What is left of the current order rests.
    #[inline]
    pub(super) fn rested(&mut self, order: OrderId) {
        if let Some(current) = self.current
            && current.order == order
            && current.role == Role::Maker
        {
            let place = self.place(order);
            let Current { sent_ns, filled, .. } = current;
            self.resting[place] = Resting { order, sent_ns, filled };
        }
    }

    /// The current order took.
    #[inline]
    pub(super) fn took(&mut self, lots: u64, now_ns: u64) {
        let Some(mut current) = self.current else { return };
        let row = self.row(current.sent_ns);
        let elapsed = now_ns + self.ack_ns(current.role) - current.sent_ns;
        if !current.filled {
            current.filled = true;
            self.current = Some(current);
            if let Some(flow) = self.flow(current.role) {
                flow.order_to_fill.saturating_record(elapsed);
            }
        }
        if let Some(fills) = self.fills(current.role) {
            fills.fill(row, lots);
        }
    }

    /// A resting order of a maker was hit.
    #[inline]
    pub(super) fn made(&mut self, order: OrderId, account: AccountId, lots: u64, now_ns: u64) {
        if !self.roles.makers.contains(&account.0) {
            return;
        }
        self.quotes.fills += 1;
        let place = self.place(order);
        let resting = self.resting[place];
        if resting.order != order {
            return;
        }
        let elapsed = now_ns + self.maker_ack_ns - resting.sent_ns;
        if !resting.filled {
            self.resting[place].filled = true;
            self.makers.time_to_first_fill.saturating_record(elapsed);
        }
        if elapsed <= self.horizon_ns {
            let row = self.row(resting.sent_ns);
            self.maker_fills.fill(row, lots);
        }
    }

    fn submitted(&mut self, current: &Current, lots: u64) {
        let row = self.row(current.sent_ns);
        if let Some(fills) = self.fills(current.role) {
            fills.submit(row, lots);
        }
    }

    #[inline]
    fn row(&self, time_ns: u64) -> usize {
        usize::try_from(time_ns / self.sample_ns).unwrap_or(usize::MAX)
    }

    #[inline]
    fn place(&self, order: OrderId) -> usize {
        let (account, slot) = slot_of(order);
        (account.0 - self.roles.makers.start) as usize * self.levels + slot as usize
    }

    #[inline]
    fn flow(&mut self, role: Role) -> Option<&mut FlowRecorder> {
        match role {
            Role::Maker => Some(&mut self.makers),
            Role::Taker | Role::Shock | Role::Background => Some(&mut self.takers),
            _ => None,
        }
    }

    /// The shock's fills are kept apart: takers degrade against their own calm phase, in which
    /// the shock sends nothing.
    #[inline]
    fn fills(&mut self, role: Role) -> Option<&mut FillTally> {
        match role {
            Role::Maker => Some(&mut self.maker_fills),
            Role::Taker => Some(&mut self.taker_fills),
            Role::Shock => Some(&mut self.shock_fills),
            _ => None,
        }
    }
}
