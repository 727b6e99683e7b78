//! Where the engine's events go: into the hash, the measures and the makers' private feed.

use std::collections::VecDeque;

use core::ops::Range;

use seawall_engine::core::EventHasher;
use seawall_engine::types::{
    AccountId, CancelCause, Event, EventSink, Input, OrderId, RejectReason, Side,
};

use crate::agents::Notice;
use crate::measure::Recorder;

/// Whose input was refused, and why.
pub(super) type Refused = (AccountId, RejectReason);

/// The sink of one input's events. Events leave the engine one service time after the other.
pub(super) struct Tap<'a> {
    pub(super) hasher: &'a mut EventHasher,
    pub(super) recorder: &'a mut Recorder,
    pub(super) notices: &'a mut VecDeque<Notice>,
    pub(super) makers: &'a Range<u32>,
    /// When the next event leaves, in nanoseconds; after the last one, when the engine is free.
    pub(super) now_ns: u64,
    pub(super) event_ns: u64,
    pub(super) egress_ns: u64,
    pub(super) last_ticks: u32,
    /// The first refusal.
    pub(super) refused: Option<Refused>,
    /// Lots of the input's own order that have not filled, if it is a maker's.
    left: Option<(OrderId, u32)>,
    is_new: bool,
}

impl<'a> Tap<'a> {
    pub(super) fn new(
        hasher: &'a mut EventHasher,
        recorder: &'a mut Recorder,
        notices: &'a mut VecDeque<Notice>,
        makers: &'a Range<u32>,
        input: &Input,
    ) -> Self {
        let left = match input {
            Input::Replace { account, order, qty, .. } if makers.contains(&account.0) => {
                Some((*order, qty.lots()))
            }
            Input::Order(new) if makers.contains(&new.account.0) => {
                Some((new.order, new.qty.lots()))
            }
            _ => None,
        };
        Self {
            hasher,
            recorder,
            notices,
            makers,
            now_ns: 0,
            event_ns: 0,
            egress_ns: 0,
            last_ticks: 0,
            refused: None,
            left,
            is_new: matches!(input, Input::Order(_)),
        }
    }

    #[inline]
    fn notify(&mut self, account: AccountId, order: OrderId, lots: i64, gone: bool) {
        // A forced order is the engine's: its account may be a maker's, its id is not.
        if self.makers.contains(&account.0) && order.is_client() {
            let time_ns = self.now_ns + self.egress_ns;
            self.notices.push_back(Notice { time_ns, order, lots, gone });
        }
    }

    /// The input's own order took: if it is a maker's, its owner hears of it.
    fn took(&mut self, account: AccountId, order: OrderId, lots: u32, side: Side) {
        let Some((_, left)) = self.left.filter(|(own, _)| *own == order) else { return };
        let left = left - lots;
        self.left = Some((order, left));
        self.notify(account, order, side.sign() * i64::from(lots), left == 0);
    }
}

impl EventSink for Tap<'_> {
    #[inline]
    fn event(&mut self, event: Event) {
        self.now_ns += self.event_ns;
        self.hasher.event(event);
        self.recorder.event(&event, self.now_ns);
        match event {
            Event::Trade {
                side,
                price,
                qty,
                taker,
                taker_account,
                maker,
                maker_account,
                maker_leaves_lots,
                ..
            } => {
                self.last_ticks = price.ticks();
                let bought = side.opposite().sign() * i64::from(qty.lots());
                self.notify(maker_account, maker, bought, maker_leaves_lots == 0);
                self.took(taker_account, taker, qty.lots(), side);
            }
            Event::Rejected { account, order, reason, .. } => {
                self.refused = self.refused.or(Some((account, reason)));
                if let Some(order) = order {
                    let gone = self.is_new || reason == RejectReason::UnknownOrder;
                    self.notify(account, order, 0, gone);
                }
            }
            Event::Cancelled { account, order, cause, .. } if cause != CancelCause::Client => {
                self.notify(account, order, 0, true);
            }
            _ => {}
        }
    }
}
