//! Every unit of money of the shard that is not in a position: free cash, reserves, fees.

use zerocopy::FromZeros;

use crate::types::{AccountId, MONEY_MAX_UNITS, Money};

/// One account's money outside positions.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C)]
pub struct Account {
    /// Neither reserved nor margin.
    pub(crate) cash: Money,
    /// Kept by resting orders.
    pub(crate) reserved: Money,
    /// Whether a deposit has opened it.
    pub(crate) open: u64,
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
        accounts[AccountId::FUND.index()].open = 1;
        Self { accounts, fees: Money::ZERO, net_deposits: Money::ZERO }
    }

    /// Whether a deposit has opened the account.
    #[inline]
    pub fn is_open(&self, account: AccountId) -> bool {
        self.accounts.get(account.index()).is_some_and(|account| account.open != 0)
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
        entry.open = 1;
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
