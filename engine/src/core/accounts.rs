//! Inputs about an account as a whole: self-trade prevention, mass cancels, lost connections, the
//! kill switch (`docs/ORDERS.md`).

use super::Engine;
use super::details::flag;
use super::market::Market;
use super::open_orders::OpenOrders;
use crate::canary::{Canary, planted};
use crate::risk::{Ledger, account_state};
use crate::types::{
    AccountId, CancelCause, Event, EventSink, RejectReason, SelfTrade, Side, SymbolId,
};

type Checked<T> = Result<T, RejectReason>;

impl Engine {
    /// An account that may send new orders and changes.
    #[inline]
    pub(super) fn check_trader(&self, account: AccountId) -> Checked<()> {
        self.check_client(account)?;
        let killed = self.ledger.account(account).state & account_state::KILLED != 0;
        if killed || self.killed { Err(RejectReason::KillSwitch) } else { Ok(()) }
    }

    pub(super) fn set_self_trade(
        &mut self,
        account: AccountId,
        mode: SelfTrade,
        group: u32,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_client(account)?;
        let state = self.ledger.account_mut(account);
        state.set_self_trade(mode);
        state.group = group;
        sink.event(Event::SelfTradeSet { account, mode, group });
        Ok(())
    }

    pub(super) fn mass_cancel(
        &mut self,
        account: AccountId,
        symbol: Option<SymbolId>,
        side: Option<Side>,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        if let Some(symbol) = symbol {
            self.check_symbol(symbol)?;
        }
        self.check_open(account)?;
        let orders = self.cancel_many(account, symbol, side, CancelCause::MassCancel, sink);
        sink.event(Event::MassCancelled { account, orders });
        Ok(())
    }

    pub(super) fn set_cancel_on_disconnect(
        &mut self,
        account: AccountId,
        enabled: bool,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_client(account)?;
        let state = self.ledger.account_mut(account);
        state.set_state(account_state::CANCEL_ON_DISCONNECT, enabled);
        sink.event(Event::CancelOnDisconnectSet { account, enabled });
        Ok(())
    }

    pub(super) fn disconnect(
        &mut self,
        account: AccountId,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_open(account)?;
        let state = self.ledger.account(account).state;
        let mut orders = 0;
        if state & account_state::CANCEL_ON_DISCONNECT != 0 {
            orders = self.cancel_many(account, None, None, CancelCause::Disconnect, sink);
        }
        sink.event(Event::Disconnected { account, orders });
        Ok(())
    }

    pub(super) fn set_kill_switch(
        &mut self,
        account: Option<AccountId>,
        engaged: bool,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        match account {
            None => self.killed = engaged,
            Some(account) => {
                self.check_client(account)?;
                self.ledger.account_mut(account).set_state(account_state::KILLED, engaged);
            }
        }
        sink.event(Event::KillSwitch { account, engaged });
        Ok(())
    }

    /// Cancels an account's orders, symbols ascending. Returns how many.
    fn cancel_many(
        &mut self,
        account: AccountId,
        symbol: Option<SymbolId>,
        side: Option<Side>,
        cause: CancelCause,
        sink: &mut impl EventSink,
    ) -> u32 {
        let markets = match symbol {
            Some(symbol) => &mut self.markets[symbol.index()..=symbol.index()],
            None => &mut self.markets[..],
        };
        let ledger = &mut self.ledger;
        let mut cancelled = 0;
        for market in markets {
            cancelled += market.cancel_side(ledger, sink, account, side, cause);
            cancelled += market.cancel_stops(sink, account, side, cause);
        }
        cancelled
    }
}

impl Market {
    /// Cancels an account's resting orders of a side or both, oldest first. Returns how many.
    pub(super) fn cancel_side(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
        account: AccountId,
        side: Option<Side>,
        cause: CancelCause,
    ) -> u32 {
        let mut cancelled = 0;
        let mut cursor = OpenOrders::first(self.position(account));
        while let Some(slot) = cursor {
            cursor = self.open_orders.next(slot);
            let dropped = cause == CancelCause::MassCancel && planted(Canary::CancelDropped);
            let order = self.book.order(slot);
            // A forced order that rests is the engine's own.
            let is_own = order.flags & flag::FORCED == 0;
            if !dropped && is_own && side.is_none_or(|side| order.side == side) {
                let (book, mut settlement) = self.split(ledger, sink);
                settlement.cancel(book, slot, cause);
                cancelled += 1;
            }
        }
        cancelled
    }

    /// Cancels an account's waiting stops of a side or both, in the order in which they would
    /// trigger. Returns how many.
    fn cancel_stops(
        &mut self,
        sink: &mut impl EventSink,
        account: AccountId,
        side: Option<Side>,
        cause: CancelCause,
    ) -> u32 {
        let mut cancelled = 0;
        while let Some(order) = self.stops.next_of(account, side) {
            let qty = self.cancel_stop(account, order).expect("it waits");
            sink.event(Event::Cancelled { symbol: self.symbol, account, order, qty, cause });
            cancelled += 1;
        }
        cancelled
    }
}
