//! Inputs about an account as a whole: "Self-trade prevention", "Mass cancel", "Lost connections",
//! "Kill switch" of `docs/ORDERS.md`.

use seawall_engine::types::{
    AccountId, CancelCause, Event, OrderId, RejectReason, SelfTrade, Side, SymbolId,
};

use super::market::Resting;
use super::{Reference, Refusal, account_id};

/// What an account has set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    pub(super) mode: SelfTrade,
    pub(super) group: u32,
    killed: bool,
    cancel_on_disconnect: bool,
}

impl Reference {
    /// An open account that is not the fund's.
    pub(super) fn client(&self, account: AccountId) -> Result<usize, Refusal> {
        if self.is_fund(account.index()) {
            return Err((account.index(), RejectReason::FundAccount));
        }
        self.known_account(account)
    }

    /// The same, if no kill switch holds it.
    pub(super) fn trader(&self, account: AccountId) -> Result<usize, Refusal> {
        let a = self.client(account)?;
        self.not_killed(a)?;
        Ok(a)
    }

    pub(super) fn not_killed(&self, account: usize) -> Result<(), Refusal> {
        if self.killed || self.settings[account].killed {
            return Err((account, RejectReason::KillSwitch));
        }
        Ok(())
    }

    /// Whether orders of two accounts must not trade when the first one's order takes.
    pub(super) fn same_party(&self, one: usize, other: usize) -> bool {
        let group = self.settings[one].group;
        one == other || (group != 0 && group == self.settings[other].group)
    }

    pub(super) fn self_trade(
        &mut self,
        account: AccountId,
        mode: SelfTrade,
        group: u32,
    ) -> Result<(), Refusal> {
        let a = self.client(account)?;
        self.settings[a].mode = mode;
        self.settings[a].group = group;
        self.out.push(Event::SelfTradeSet { account, mode, group });
        Ok(())
    }

    pub(super) fn mass_cancel(
        &mut self,
        account: AccountId,
        symbol: Option<SymbolId>,
        side: Option<Side>,
    ) -> Result<(), Refusal> {
        let only = match symbol {
            Some(symbol) => Some(self.known_symbol(symbol, account)?),
            None => None,
        };
        let a = self.known_account(account)?;
        let orders = self.cancel_where(a, only, side, CancelCause::MassCancel);
        self.out.push(Event::MassCancelled { account, orders });
        Ok(())
    }

    pub(super) fn cancel_on_disconnect(
        &mut self,
        account: AccountId,
        enabled: bool,
    ) -> Result<(), Refusal> {
        let a = self.client(account)?;
        self.settings[a].cancel_on_disconnect = enabled;
        self.out.push(Event::CancelOnDisconnectSet { account, enabled });
        Ok(())
    }

    pub(super) fn disconnect(&mut self, account: AccountId) -> Result<(), Refusal> {
        let a = self.known_account(account)?;
        let mut orders = 0;
        if self.settings[a].cancel_on_disconnect {
            orders = self.cancel_where(a, None, None, CancelCause::Disconnect);
        }
        self.out.push(Event::Disconnected { account, orders });
        Ok(())
    }

    pub(super) fn kill(
        &mut self,
        account: Option<AccountId>,
        engaged: bool,
    ) -> Result<(), Refusal> {
        match account {
            None => self.killed = engaged,
            Some(account) => {
                let a = self.client(account)?;
                self.settings[a].killed = engaged;
            }
        }
        self.out.push(Event::KillSwitch { account, engaged });
        Ok(())
    }

    /// Cancels an account's orders, by symbol and then oldest first.
    pub(super) fn cancel_where(
        &mut self,
        account: usize,
        symbol: Option<usize>,
        side: Option<Side>,
        cause: CancelCause,
    ) -> u32 {
        let mut count = 0;
        for s in 0..self.markets.len() {
            if symbol.is_some_and(|only| only != s) {
                continue;
            }
            let mut own: Vec<Resting> = self.markets[s].orders.clone();
            own.retain(|o| o.account == account && side.is_none_or(|only| only == o.side));
            own.retain(|order| !order.is_forced());
            own.sort_unstable_by_key(|order| order.joined);
            for order in own {
                let lots = self.withdraw_order(s, order.id);
                self.say_cancelled(s, account, OrderId(order.id), lots, cause);
                count += 1;
            }
            if cause != CancelCause::Liquidation {
                count += self.cancel_stops(s, account, side, cause);
            }
        }
        count
    }

    /// Cuts a resting order in place, or cancels it if nothing is left.
    pub(super) fn cut_order(&mut self, s: usize, id: u64, cut: i128, cause: CancelCause) {
        let market = &self.markets[s];
        let order = *market.orders.iter().find(|order| order.id == id).expect("it rests");
        if order.total() == cut {
            self.withdraw_order(s, id);
            self.say_cancelled(s, order.account, OrderId(id), cut, cause);
            return;
        }
        let mut rest = order;
        rest.hidden -= cut.min(order.hidden);
        rest.lots -= cut - (order.hidden - rest.hidden);
        *self.cash_of(order.account) += market.reserve_of(&order) - market.reserve_of(&rest);
        let orders = &mut self.markets[s].orders;
        *orders.iter_mut().find(|order| order.id == id).expect("it rests") = rest;
        self.say_reduced(s, order.account, OrderId(id), rest.lots, cause);
    }

    pub(super) fn say_reduced(
        &mut self,
        symbol: usize,
        account: usize,
        order: OrderId,
        lots: i128,
        cause: CancelCause,
    ) {
        let (symbol, account) = (super::symbol_id(symbol), account_id(account));
        self.out.push(Event::Reduced { symbol, account, order, qty: super::qty(lots), cause });
    }
}
