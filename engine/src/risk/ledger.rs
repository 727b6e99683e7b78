//! Every unit of money of the shard that is not in a position: free cash, reserves, fees.

use zerocopy::FromZeros;

use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{AccountId, MONEY_MAX_UNITS, Money, SelfTrade};

/// One account's money outside positions.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C)]
pub struct Account {
    /// Neither reserved nor margin.
    pub(crate) cash: Money,
    /// Kept by resting orders.
    pub(crate) reserved: Money,
    /// Bits of [`account_state`]; zero until a deposit opens it.
    pub(crate) state: u32,
    /// The accounts that count as one for self-trade prevention; 0 for none but itself.
    pub(crate) group: u32,
}

/// Bits of an account's state.
pub(crate) mod account_state {
    /// A deposit has opened it.
    pub(crate) const OPEN: u32 = 1;
    /// Its kill switch is engaged.
    pub(crate) const KILLED: u32 = 2;
    /// A lost connection cancels its orders.
    pub(crate) const CANCEL_ON_DISCONNECT: u32 = 4;
    /// Where its self-trade prevention mode starts.
    pub(crate) const SELF_TRADE_SHIFT: u32 = 8;
}

impl Account {
    /// What happens when its order meets one of its own.
    #[inline]
    pub(crate) fn self_trade(&self) -> SelfTrade {
        SelfTrade::ALL[(self.state >> account_state::SELF_TRADE_SHIFT) as usize]
    }

    /// Sets what happens when its order meets one of its own.
    pub(crate) fn set_self_trade(&mut self, mode: SelfTrade) {
        let rest = self.state & ((1 << account_state::SELF_TRADE_SHIFT) - 1);
        self.state = rest | ((mode as u32) << account_state::SELF_TRADE_SHIFT);
    }

    /// Sets or clears one bit of its state.
    pub(crate) fn set_state(&mut self, bit: u32, on: bool) {
        self.state = if on { self.state | bit } else { self.state & !bit };
    }
}

/// All accounts, the venue's fees, and what came in from outside.
#[derive(Debug)]
pub struct Ledger {
    accounts: Vec<Account>,
    pub(crate) fees: Money,
    net_deposits: Money,
}

impl Ledger {
    /// Room for `accounts_max` accounts, all closed but the fund's.
    pub fn new(accounts_max: u32) -> Self {
        let mut accounts = Account::new_vec_zeroed(accounts_max as usize)
            .expect("memory for the accounts is there at start");
        accounts[AccountId::FUND.index()].state = account_state::OPEN;
        Self { accounts, fees: Money::ZERO, net_deposits: Money::ZERO }
    }

    /// Whether a deposit has opened the account.
    #[inline]
    pub fn is_open(&self, account: AccountId) -> bool {
        self.accounts.get(account.index()).is_some_and(|account| account.state != 0)
    }

    /// Whether an account of that id can exist.
    #[inline]
    pub fn has_room_for(&self, account: AccountId) -> bool {
        account.index() < self.accounts.len()
    }

    /// One account.
    #[inline]
    pub fn account(&self, account: AccountId) -> &Account {
        &self.accounts[account.index()]
    }

    #[inline]
    pub(crate) fn account_mut(&mut self, account: AccountId) -> &mut Account {
        &mut self.accounts[account.index()]
    }

    /// All accounts by id.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        (0..).map(AccountId).zip(&self.accounts)
    }

    /// What came in from outside less what went out.
    pub const fn net_deposits(&self) -> Money {
        self.net_deposits
    }

    /// Whether `amount` more would keep all money within its bound.
    pub(crate) fn admits(&self, amount: Money) -> bool {
        amount.is_positive()
            && self
                .net_deposits
                .units()
                .checked_add(amount.units())
                .is_some_and(|total| total <= MONEY_MAX_UNITS)
    }

    pub(crate) fn deposit(&mut self, account: AccountId, amount: Money) {
        let entry = self.account_mut(account);
        entry.state |= account_state::OPEN;
        entry.cash += amount;
        self.net_deposits += amount;
    }

    pub(crate) fn withdraw(&mut self, account: AccountId, amount: Money) {
        self.account_mut(account).cash -= amount;
        self.net_deposits -= amount;
    }

    /// Moves an order's reserve out of free cash.
    #[inline]
    pub(crate) fn reserve(&mut self, account: AccountId, amount: Money) {
        let account = self.account_mut(account);
        account.cash -= amount;
        account.reserved += amount;
        assert!(!account.cash.is_negative(), "free cash covers what an order reserves");
    }

    /// Moves a reserve back into free cash.
    #[inline]
    pub(crate) fn release(&mut self, account: AccountId, amount: Money) {
        let account = self.account_mut(account);
        account.cash += amount;
        account.reserved -= amount;
    }

    /// Takes a fee, cut to what free cash has; returns what was taken.
    #[inline]
    pub(crate) fn charge(&mut self, account: AccountId, fee: Money) -> Money {
        let account = self.account_mut(account);
        let paid = fee.min(account.cash).max(Money::ZERO);
        account.cash -= paid;
        paid
    }
}

impl Canonical for Account {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { cash, reserved, state, group } = self;
        put!(out; cash, reserved, state, group);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (cash, reserved, state) = (input.get()?, input.get()?, input.get::<u32>()?);
        let known =
            account_state::OPEN | account_state::KILLED | account_state::CANCEL_ON_DISCONNECT;
        let mode = state >> account_state::SELF_TRADE_SHIFT;
        let bits = state & ((1 << account_state::SELF_TRADE_SHIFT) - 1);
        let is_state = bits & account_state::OPEN != 0
            && bits & !known == 0
            && (mode as usize) < SelfTrade::ALL.len();
        input.check(is_state, || "the state of an open account".to_owned())?;
        Ok(Self { cash, reserved, state, group: input.get()? })
    }
}

impl Ledger {
    /// Writes every open account and what they share.
    pub(crate) fn put(&self, out: &mut Encoder<'_>) {
        let Self { accounts: _, fees, net_deposits } = self;
        put!(out; fees, net_deposits);
        let open = || self.accounts().filter(|(_, account)| account.state != 0);
        out.count(open().count());
        for (id, account) in open() {
            put!(out; &id, account);
        }
    }

    /// Fills an empty ledger.
    pub(crate) fn restore(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        self.fees = input.get()?;
        self.net_deposits = input.get()?;
        let mut next = 0;
        for _ in 0..input.count(self.accounts.len(), "accounts")? {
            let id: AccountId = input.get()?;
            let fits = id.index() >= next && self.has_room_for(id);
            input.check(fits, || "accounts by rising id, within their bound".to_owned())?;
            next = id.index() + 1;
            self.accounts[id.index()] = input.get()?;
        }
        input
            .check(!self.fees.is_negative() && self.net_deposits.units() <= MONEY_MAX_UNITS, || {
                "fees at least 0 and net deposits within their bound".to_owned()
            })
    }
}
