//! Inputs that are not orders: money in and out, leverage.

use super::Engine;
use crate::types::{AccountId, Event, EventSink, Money, Ppm, RejectReason, SymbolId};

type Checked = Result<(), RejectReason>;

impl Engine {
    pub(super) fn check_symbol(&self, symbol: SymbolId) -> Checked {
        if symbol.index() < self.markets.len() { Ok(()) } else { Err(RejectReason::UnknownSymbol) }
    }

    /// An account that a client may trade for.
    pub(super) fn check_client(&self, account: AccountId) -> Checked {
        if self.ledger.is_fund(account) {
            return Err(RejectReason::FundAccount);
        }
        self.check_open(account)
    }

    pub(super) fn check_open(&self, account: AccountId) -> Checked {
        if self.ledger.is_open(account) { Ok(()) } else { Err(RejectReason::UnknownAccount) }
    }

    pub(super) fn deposit(
        &mut self,
        account: AccountId,
        amount: Money,
        sink: &mut impl EventSink,
    ) -> Checked {
        if !self.ledger.has_room_for(account) {
            return Err(RejectReason::UnknownAccount);
        }
        if !self.ledger.admits(amount) {
            return Err(RejectReason::AmountOutOfRange);
        }
        self.ledger.deposit(account, amount);
        sink.event(Event::Deposited { account, amount });
        Ok(())
    }

    pub(super) fn withdraw(
        &mut self,
        account: AccountId,
        amount: Money,
        sink: &mut impl EventSink,
    ) -> Checked {
        self.check_client(account)?;
        if !amount.is_positive() {
            return Err(RejectReason::AmountOutOfRange);
        }
        if self.time_ns < self.gated_until_ns {
            return Err(RejectReason::WithdrawalsGated);
        }
        let cross = self.ledger.account(account).is_cross();
        let cash =
            if cross { self.withdrawable(account) } else { self.ledger.account(account).cash };
        if cash < amount {
            return Err(RejectReason::InsufficientCash);
        }
        self.ledger.withdraw(account, amount);
        if cross {
            self.ledger.note_due(account);
        }
        sink.event(Event::Withdrawn { account, amount });
        Ok(())
    }

    pub(super) fn set_leverage(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        initial: Ppm,
        sink: &mut impl EventSink,
    ) -> Checked {
        self.check_symbol(symbol)?;
        self.check_client(account)?;
        let market = &mut self.markets[symbol.index()];
        if initial < market.rules.initial_default() {
            return Err(RejectReason::AmountOutOfRange);
        }
        let position = &mut market.positions[account.index()];
        if position.lots() != 0 || position.open_lots != [0, 0] || position.reduce_lots != 0 {
            return Err(RejectReason::LeverageInUse);
        }
        position.set_initial(initial);
        sink.event(Event::LeverageSet { symbol, account, initial });
        Ok(())
    }
}
