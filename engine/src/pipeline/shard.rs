//! What the pipeline drives: the engine, or something in its place.

use crate::core::Engine;
use crate::types::{CancelCause, Event, EventSink, HaltCause, Input, Ppm, Qty, Sequenced};

/// Something that applies inputs in sequence and emits their events.
pub trait Shard: Send {
    /// Applies one input.
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink);

    /// Called after each turn of the loop, busy or not, with the inputs applied in it and the
    /// events published so far: for who measures. Does nothing by itself.
    #[inline]
    fn turned(&mut self, _applied: usize, _published: u64) {}
}

impl Shard for Engine {
    #[inline]
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        Self::apply(self, input, sink);
    }
}

/// Answers every input with the one event that acknowledges it and does nothing else: what the
/// pipeline costs without an engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullShard;

impl Shard for NullShard {
    #[inline]
    fn apply(&mut self, input: &Sequenced, sink: &mut impl EventSink) {
        if let Some(event) = acknowledgement(&input.input) {
            sink.event(event);
        }
    }
}

#[inline]
fn acknowledgement(input: &Input) -> Option<Event> {
    Some(match *input {
        Input::Order(new) => Event::Accepted {
            symbol: new.symbol,
            account: new.account,
            order: new.order,
            side: new.side,
            price: new.kind.price(),
            qty: new.qty,
        },
        Input::Cancel { symbol, account, order } => {
            let (qty, cause) = (Qty::MAX, CancelCause::Client);
            Event::Cancelled { symbol, account, order, qty, cause }
        }
        Input::Replace { symbol, account, order, price, qty } => {
            Event::Replaced { symbol, account, order, price, qty, in_place: true }
        }
        Input::Mark { symbol, price } => Event::Marked { symbol, price },
        Input::Index { symbol, price } => Event::Indexed { symbol, price },
        Input::Deposit { account, amount } => Event::Deposited { account, amount },
        Input::Withdraw { account, amount } => Event::Withdrawn { account, amount },
        Input::Leverage { symbol, account, initial } => {
            Event::LeverageSet { symbol, account, initial }
        }
        Input::Block { symbol, buyer, seller, price, qty } => {
            Event::Block { symbol, buyer, seller, price, qty }
        }
        Input::SelfTrade { account, mode, group } => Event::SelfTradeSet { account, mode, group },
        Input::MassCancel { account, .. } => Event::MassCancelled { account, orders: 0 },
        Input::CancelOnDisconnect { account, enabled } => {
            Event::CancelOnDisconnectSet { account, enabled }
        }
        Input::Disconnect { account } => Event::Disconnected { account, orders: 0 },
        Input::MarginMode { account, cross } => Event::MarginModeSet { account, cross },
        Input::AssetPrice { asset, price } => {
            Event::AssetPriced { asset, price, haircut: Ppm::ZERO }
        }
        Input::DepositAsset { account, asset, qty } => {
            Event::AssetDeposited { account, asset, qty }
        }
        Input::WithdrawAsset { account, asset, qty } => {
            Event::AssetWithdrawn { account, asset, qty }
        }
        Input::Kill { account, engaged } => Event::KillSwitch { account, engaged },
        Input::Halt { symbol } => {
            Event::Halted { symbol, cause: HaltCause::Command, reference: None }
        }
        Input::Reopen { symbol } => Event::Reopened { symbol },
        Input::Indicative { symbol } => {
            Event::Indicative { symbol, price: None, lots: 0, surplus_lots: 0 }
        }
        Input::Link { symbol, account, order, other } => {
            Event::Linked { symbol, account, order, other }
        }
        Input::Step => return None,
    })
}

/// Whether `event` is the answer to `input`, and which: the one event that says it was accepted
/// or refused. Every input but `Step` has exactly one.
#[inline]
pub fn answer(input: &Input, event: &Event) -> Option<Answer> {
    let accepted = match (input, event) {
        (Input::Step, _) => false,
        // Forced orders are never rejected, so a rejection is always the input's own.
        (_, Event::Rejected { .. }) => return Some(Answer::Rejected),
        (Input::Order(new), Event::Accepted { order, .. } | Event::StopPlaced { order, .. }) => {
            new.order == *order
        }
        (Input::Cancel { order: id, .. }, Event::Cancelled { order, cause, .. }) => {
            id == order && *cause == CancelCause::Client
        }
        // Another market may reopen by itself before the input.
        (Input::Reopen { symbol: one }, Event::Reopened { symbol }) => one == symbol,
        (Input::Replace { order: id, .. }, Event::Replaced { order, .. }) => id == order,
        (Input::Mark { .. }, Event::Marked { .. })
        | (Input::Deposit { .. }, Event::Deposited { .. })
        | (Input::Withdraw { .. }, Event::Withdrawn { .. })
        | (Input::Leverage { .. }, Event::LeverageSet { .. })
        | (Input::Block { .. }, Event::Block { .. })
        | (Input::SelfTrade { .. }, Event::SelfTradeSet { .. })
        | (Input::MassCancel { .. }, Event::MassCancelled { .. })
        | (Input::CancelOnDisconnect { .. }, Event::CancelOnDisconnectSet { .. })
        | (Input::Disconnect { .. }, Event::Disconnected { .. })
        | (Input::Index { .. }, Event::Indexed { .. })
        | (Input::Link { .. }, Event::Linked { .. })
        | (Input::Halt { .. }, Event::Halted { .. })
        | (Input::Indicative { .. }, Event::Indicative { .. })
        | (Input::MarginMode { .. }, Event::MarginModeSet { .. })
        | (Input::AssetPrice { .. }, Event::AssetPriced { .. })
        | (Input::DepositAsset { .. }, Event::AssetDeposited { .. })
        | (Input::WithdrawAsset { .. }, Event::AssetWithdrawn { .. })
        | (Input::Kill { .. }, Event::KillSwitch { .. }) => true,
        _ => false,
    };
    accepted.then_some(Answer::Accepted)
}

/// How the shard answered an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was acknowledged.
    Accepted,
    /// It was refused by the rules.
    Rejected,
}
