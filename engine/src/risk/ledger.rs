//! Every unit of money of the shard that is not in a position: free cash, reserves, fees.

use zerocopy::FromZeros;

use super::Reach;
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
    /// Its positions share their margin.
    pub(crate) const CROSS: u32 = 8;
    /// It must be looked at: see `Ledger::due`.
    pub(crate) const DUE: u32 = 16;
    /// All of it is in the liquidation queue.
    pub(crate) const LOCKED: u32 = 32;
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
    /// Cross accounts that must be looked at, each once.
    pub(crate) due: Vec<AccountId>,
    /// Insurance funds: the first accounts.
    funds: u32,
    /// By account, where there are several funds: the one of the market of its last booking.
    answering: Vec<u32>,
    /// What cross accounts may spend on the input under way.
    pub(crate) rooms: [Room; 2],
}

/// What a cross account may spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) account: AccountId,
    /// Equity that neither positions nor resting orders need as initial margin.
    pub(crate) available: Money,
    /// What equity exceeds maintenance by, in money units times a million.
    pub(crate) headroom: i128,
    /// How far its positions and orders reach in all symbols.
    pub(crate) reach: Reach,
}

impl Room {
    pub(crate) const NONE: Self =
        Self { account: AccountId::FUND, available: Money::ZERO, headroom: 0, reach: Reach::NONE };
}

impl Ledger {
    /// Room for `accounts_max` accounts, all closed but the first ones: those of the funds.
    pub fn new(accounts_max: u32, funds: u32) -> Self {
        let mut accounts = Account::new_vec_zeroed(accounts_max as usize)
            .expect("memory for the accounts is there at start");
        for fund in &mut accounts[..funds as usize] {
            fund.state = account_state::OPEN;
        }
        let rooms = [Room::NONE; 2];
        let due = Vec::with_capacity(accounts_max as usize);
        let answering = vec![0; if funds > 1 { accounts_max as usize } else { 0 }];
        let (fees, net_deposits) = (Money::ZERO, Money::ZERO);
        Self { accounts, fees, net_deposits, due, funds, answering, rooms }
    }

    /// How many insurance funds there are.
    #[inline]
    pub(crate) const fn funds(&self) -> u32 {
        self.funds
    }

    /// Whether an account is an insurance fund's.
    #[inline]
    pub(crate) const fn is_fund(&self, account: AccountId) -> bool {
        account.0 < self.funds
    }

    /// The fund that answers for a cross account.
    pub(crate) fn answering(&self, account: AccountId) -> AccountId {
        AccountId(self.answering.get(account.index()).copied().unwrap_or(0))
    }

    /// A booking of a cross account in a market of that fund.
    #[cold]
    pub(crate) fn note_booked(&mut self, account: AccountId, fund: AccountId) {
        if let Some(answering) = self.answering.get_mut(account.index()) {
            *answering = fund.0;
        }
        self.note_due(account);
    }

    /// The accounts for which another fund than the first answers, with its number.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (AccountId, u32)> + '_ {
        let all = (0..).map(AccountId).zip(self.answering.iter().copied());
        all.filter(|(_, fund)| *fund != 0)
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

    /// Notes that a cross account must be looked at.
    #[cold]
    pub(crate) fn note_due(&mut self, account: AccountId) {
        let state = self.account_mut(account);
        if state.state & (account_state::DUE | account_state::LOCKED) == 0 {
            state.state |= account_state::DUE;
            self.due.push(account);
        }
    }

    /// What a cross account may spend on the input under way.
    pub(crate) fn room(&self, account: AccountId) -> &Room {
        let found = self.rooms.iter().find(|room| room.account == account);
        found.expect("a cross account is measured before its orders are admitted")
    }

    /// Moves an order's reserve out of free cash.
    #[inline]
    pub(crate) fn reserve(&mut self, account: AccountId, amount: Money) {
        let account = self.account_mut(account);
        account.cash -= amount;
        account.reserved += amount;
        let covered = !account.cash.is_negative() || account.state & account_state::CROSS != 0;
        assert!(covered, "free cash covers what an order reserves");
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
        let mut paid = fee.min(account.cash).max(Money::ZERO);
        if paid != fee && account.state & account_state::CROSS != 0 {
            paid = fee;
        }
        account.cash -= paid;
        paid
    }
}

impl Canonical for Account {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { cash, reserved, state, group } = self;
        // Whether it is due decides nothing: an account that need not be looked at is left alone.
        put!(out; cash, reserved, &(state & !account_state::DUE), group);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (cash, reserved, state) = (input.get()?, input.get()?, input.get::<u32>()?);
        let known = account_state::OPEN
            | account_state::KILLED
            | account_state::CANCEL_ON_DISCONNECT
            | account_state::CROSS
            | account_state::LOCKED;
        let mode = state >> account_state::SELF_TRADE_SHIFT;
        let bits = state & ((1 << account_state::SELF_TRADE_SHIFT) - 1);
        let shares = bits & account_state::CROSS != 0 || bits & account_state::LOCKED == 0;
        let is_state = bits & account_state::OPEN != 0
            && shares
            && bits & !known == 0
            && (mode as usize) < SelfTrade::ALL.len();
        input.check(is_state, || "the state of an open account".to_owned())?;
        Ok(Self { cash, reserved, state, group: input.get()? })
    }
}

impl Ledger {
    /// Writes every open account and what they share.
    pub(crate) fn put(&self, out: &mut Encoder<'_>) {
        // After a restart every cross account is due; the rooms are of one input.
        let Self { accounts: _, fees, net_deposits, due: _, funds: _, answering, rooms: _ } = self;
        put!(out; fees, net_deposits);
        let open = || self.accounts().filter(|(_, account)| account.state != 0);
        out.count(open().count());
        for (id, account) in open() {
            put!(out; &id, account);
        }
        if !answering.is_empty() {
            out.count(self.answered().count());
            for (account, fund) in self.answered() {
                put!(out; &account, &fund);
            }
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
            let account: Account = input.get()?;
            let own = !self.is_fund(id) || !account.is_cross();
            input.check(own, || "a fund that shares no margin".to_owned())?;
            self.accounts[id.index()] = account;
            if account.is_cross() {
                self.note_due(id);
            }
        }
        self.restore_answering(input)?;
        input
            .check(!self.fees.is_negative() && self.net_deposits.units() <= MONEY_MAX_UNITS, || {
                "fees at least 0 and net deposits within their bound".to_owned()
            })
    }

    fn restore_answering(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        if self.answering.is_empty() {
            return Ok(());
        }
        let mut next = 0;
        for _ in 0..input.count(self.answering.len(), "accounts that other funds answer for")? {
            let (account, fund): (AccountId, u32) = (input.get()?, input.get()?);
            let fits =
                account.index() >= next && self.is_open(account) && (1..self.funds).contains(&fund);
            input.check(fits, || "accounts by rising id, and funds that there are".to_owned())?;
            next = account.index() + 1;
            self.answering[account.index()] = fund;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: AccountId = AccountId(1);

    fn ledger(cross: bool) -> Ledger {
        let mut ledger = Ledger::new(2, 1);
        ledger.deposit(CLIENT, Money::new(10));
        ledger.account_mut(CLIENT).set_state(account_state::CROSS, cross);
        ledger
    }

    #[test]
    fn a_fee_is_cut_to_the_cash_there_is_unless_margin_is_shared() {
        for (cross, fee, paid) in
            [(false, 7, 7), (false, 10, 10), (false, 11, 10), (true, 7, 7), (true, 11, 11)]
        {
            let mut ledger = ledger(cross);
            assert_eq!(ledger.charge(CLIENT, Money::new(fee)), Money::new(paid), "{cross} {fee}");
            assert_eq!(ledger.account(CLIENT).cash, Money::new(10 - paid));
        }
    }

    #[test]
    fn a_reserve_may_exceed_the_cash_of_those_who_share_margin() {
        let mut ledger = ledger(true);
        ledger.reserve(CLIENT, Money::new(11));
        let account = ledger.account(CLIENT);
        assert_eq!((account.cash, account.reserved), (Money::new(-1), Money::new(11)));
    }

    #[test]
    #[should_panic(expected = "free cash covers what an order reserves")]
    fn a_reserve_beyond_free_cash_is_a_mistake() {
        ledger(false).reserve(CLIENT, Money::new(11));
    }

    #[test]
    fn money_comes_in_within_its_bound() {
        let mut ledger = ledger(false);
        let most = MONEY_MAX_UNITS - 10;
        for (amount, fits) in [(0, false), (-1, false), (1, true), (most, true), (most + 1, false)]
        {
            assert_eq!(ledger.admits(Money::new(amount)), fits, "{amount}");
        }
        ledger.withdraw(CLIENT, Money::new(4));
        assert_eq!(
            (ledger.account(CLIENT).cash, ledger.net_deposits()),
            (Money::new(6), Money::new(6))
        );
    }
}
