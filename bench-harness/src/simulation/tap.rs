//! Where the engine's events go: into the hash, the measures and the private feeds of those who trade.

use std::collections::VecDeque;

use core::ops::Range;

use seawall_engine::core::EventHasher;
use seawall_engine::types::{
    AccountId, CancelCause, Event, EventSink, Input, OrderId, RejectReason, Side,
};

use crate::agents::{Deleveraged, Notice};
use crate::measure::Recorder;

/// Whose input was refused, and why.
pub(super) type Refused = (AccountId, RejectReason);

/// Which population hears of an account's orders, and how long after they happened.
#[derive(Debug)]
pub(super) struct Listeners {
    /// By account.
    of: Vec<u8>,
    /// By population, in nanoseconds.
    pub(super) ack_ns: Vec<u64>,
}

const NOBODY: u8 = u8::MAX;

impl Listeners {
    /// Nobody hears of anything yet.
    pub(super) fn new(accounts: u32) -> Self {
        Self { of: vec![NOBODY; accounts as usize], ack_ns: Vec::new() }
    }

    /// A further population hears of the orders of some accounts.
    pub(super) fn add(&mut self, accounts: Range<u32>, ack_ns: u64) {
        let number = u8::try_from(self.ack_ns.len()).expect("there are a few populations");
        for account in accounts {
            self.of[account as usize] = number;
        }
        self.ack_ns.push(ack_ns);
    }

    #[inline]
    fn population(&self, account: AccountId) -> Option<usize> {
        let number = self.of.get(account.index()).copied().unwrap_or(NOBODY);
        (number != NOBODY).then(|| usize::from(number))
    }
}

/// The sink of one input's events. Events leave the engine one service time after the other.
pub(super) struct Tap<'a> {
    pub(super) hasher: &'a mut EventHasher,
    pub(super) recorder: &'a mut Recorder,
    pub(super) notices: &'a mut [VecDeque<Notice>],
    pub(super) listeners: &'a Listeners,
    /// When the next event leaves, in nanoseconds; after the last one, when the engine is free.
    pub(super) now_ns: u64,
    pub(super) event_ns: u64,
    /// The last trade's price in each market.
    pub(super) last_ticks: &'a mut [u32],
    pub(super) deleveraged: &'a mut Vec<Deleveraged>,
    /// The first refusal.
    pub(super) refused: Option<Refused>,
    /// Lots of the input's own order that have not filled, if somebody hears of it.
    left: Option<(OrderId, u32)>,
    is_new: bool,
}

impl<'a> Tap<'a> {
    pub(super) fn new(
        hasher: &'a mut EventHasher,
        recorder: &'a mut Recorder,
        notices: &'a mut [VecDeque<Notice>],
        listeners: &'a Listeners,
        (last_ticks, deleveraged): (&'a mut [u32], &'a mut Vec<Deleveraged>),
        input: &Input,
    ) -> Self {
        let left = match input {
            Input::Replace { account, order, qty, .. }
                if listeners.population(*account).is_some() =>
            {
                Some((*order, qty.lots()))
            }
            Input::Order(new) if listeners.population(new.account).is_some() => {
                Some((new.order, new.qty.lots()))
            }
            _ => None,
        };
        Self {
            hasher,
            recorder,
            notices,
            listeners,
            now_ns: 0,
            event_ns: 0,
            last_ticks,
            deleveraged,
            refused: None,
            left,
            is_new: matches!(input, Input::Order(_)),
        }
    }

    #[inline]
    fn notify(&mut self, account: AccountId, order: OrderId, lots: i64, gone: bool) {
        // A forced order is the engine's: its account may be a maker's, its id is not.
        if let Some(number) = self.listeners.population(account)
            && order.is_client()
        {
            let time_ns = self.now_ns + self.listeners.ack_ns[number];
            self.notices[number].push_back(Notice { time_ns, order, lots, gone });
        }
    }

    /// The input's own order took: its owner may hear of it.
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
                symbol,
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
                self.last_ticks[symbol.index()] = price.ticks();
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
            Event::Deleveraged { symbol, counterparty, side, qty, .. } => {
                self.deleveraged.push(Deleveraged {
                    symbol,
                    account: counterparty,
                    side: side.opposite(),
                    lots: qty.lots(),
                    time_ns: self.now_ns,
                });
            }
            Event::Cancelled { account, order, cause, .. } if cause != CancelCause::Client => {
                self.notify(account, order, 0, true);
            }
            _ => {}
        }
    }
}
