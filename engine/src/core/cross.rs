//! Accounts whose positions share their margin (`docs/MARGIN.md`, Cross margin).
//!
//! What such an account has above its maintenance is split among its positions, and each stands in its
//! symbol's trigger index as an isolated position with its part would. As long as no mark has reached one
//! of them the account is healthy; when one is reached, or anything else about the account changes, the
//! account is *due*: it is looked at exactly.

use ::core::ops::Add;

use super::Engine;
use super::audit::{ensure, ensure_eq};
use super::market::{Market, Watch};
use crate::liquidation::TriggerIndex;
use crate::risk::{Account, Position, Reach, Room, account_state};
use crate::types::{
    AccountId, Event, EventSink, FundCause, Money, Ppm, Price, Qty, RejectReason, Side, SymbolId,
};

const SCALE: i128 = Ppm::SCALE as i128;

/// Which position of a cross account is closed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PositionOrder {
    /// The one with the greatest loss at its mark.
    #[default]
    LargestLoss,
    /// The one with the greatest maintenance margin.
    LargestMaintenance,
    /// The one with the greatest value.
    LargestValue,
    /// The first symbol's.
    Symbol,
}

/// What an account's positions come to at their marks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// Cash, reserves, what collateral counts for, and profit and funding of the positions.
    pub(super) equity: i128,
    /// Maintenance, in money units times a million.
    maintenance: i128,
    /// Initial margin of the positions, each rounded up.
    initial: i128,
    positions: u32,
    /// Assets that count for something.
    assets: u32,
    /// Whether one of the marks is too old to trigger, or one of the markets is halted.
    stale: bool,
}

impl Sum {
    /// What equity exceeds maintenance by, times a million.
    fn headroom(&self) -> i128 {
        self.equity * SCALE - self.maintenance
    }

    pub(super) fn is_unhealthy(&self) -> bool {
        self.positions > 0 && self.headroom() < 0
    }
}

/// One position of a cross account at its mark.
#[derive(Clone, Copy, Debug)]
struct Held {
    position: Position,
    mark: Price,
    profit: Money,
    owed: Money,
    value: Money,
    maintenance: i128,
}

/// `floor(amount · part / whole)` for `0 ≤ part ≤ whole`: the product may need more than 128 bits.
fn part_of(amount: i128, part: i128, whole: i128) -> i128 {
    if let Some(product) = amount.checked_mul(part) {
        return product.div_euclid(whole);
    }
    // Long division, bit by bit from the highest.
    let (mut quotient, mut rest) = (0_i128, 0_i128);
    for bit in (0..i128::BITS).rev() {
        let addend = if amount.unsigned_abs() >> bit & 1 == 1 { part } else { 0 };
        let sum = 2 * rest + addend;
        quotient = 2 * quotient + sum / whole;
        rest = sum % whole;
    }
    if amount >= 0 { quotient } else { -quotient - i128::from(rest > 0) }
}

impl Market {
    fn held(&self, account: AccountId) -> Option<Held> {
        let position = *self.position(account);
        position.side()?;
        let mark = self.mark.expect("a cross account trades where there is a mark");
        let value = self.rules.contract.value(mark, position.size());
        let (tier, deduction) = self.rules.tier(value);
        Some(Held {
            position,
            mark,
            profit: position.profit(self.rules.contract, mark),
            owed: self.owed(account),
            value,
            maintenance: value.wide() * i128::from(tier.maintenance.parts()) - deduction,
        })
    }

    /// What trading `lots` at a limit loses against the mark.
    pub(super) fn slip(&self, side: Side, lots: u64, limit: Price, mark: Price) -> Money {
        let contract = self.rules.contract;
        let (at_limit, at_mark) = (contract.value(limit, lots), contract.value(mark, lots));
        (-contract.profit(side, at_limit, at_mark)).max(Money::ZERO)
    }
}

impl Account {
    /// Whether its positions share their margin.
    #[inline]
    pub(crate) fn is_cross(&self) -> bool {
        self.state & account_state::CROSS != 0
    }
}

impl Engine {
    /// Sums an account up.
    pub(super) fn sum(&self, account: AccountId) -> Sum {
        let money = self.ledger.account(account);
        let mut sum = Sum { equity: money.cash.wide() + money.reserved.wide(), ..Sum::default() };
        for market in &self.markets {
            let Some(held) = market.held(account) else { continue };
            let rate = market.initial(account);
            sum.equity += held.profit.wide() + held.owed.wide();
            sum.maintenance += held.maintenance;
            sum.initial += rate.of_ceil(held.value).wide();
            sum.positions += 1;
            sum.stale |= market.is_stale(self.time_ns) || market.halted;
        }
        for asset in &self.assets {
            let value = asset.value(account);
            sum.equity += value.wide();
            sum.assets += u32::from(value != Money::ZERO);
        }
        sum
    }

    /// Notes what a cross account may spend, for the admission of an order of its.
    #[cold]
    pub(super) fn measure(&mut self, account: AccountId, place: usize) {
        let sum = self.sum(account);
        let reserved = self.ledger.account(account).reserved.wide();
        self.ledger.rooms[place] = Room {
            account,
            available: Money::narrow(sum.equity - sum.initial - reserved),
            headroom: sum.headroom(),
            reach: self.reach_of(account),
        };
    }

    /// How far an account's positions and resting orders reach.
    fn reach_of(&self, account: AccountId) -> Reach {
        let of = |market: &Market| {
            let lots = market.position(account).reach_lots([0; 2]);
            if lots == 0 { Reach::NONE } else { Reach::of(&market.rules, lots) }
        };
        self.markets.iter().map(of).fold(Reach::NONE, Reach::add)
    }

    pub(super) fn set_margin_mode(
        &mut self,
        account: AccountId,
        cross: bool,
        sink: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        self.check_client(account)?;
        let busy = |market: &Market| {
            let position = market.position(account);
            position.is_locked()
                || position.lots() != 0
                || position.open_lots != [0, 0]
                || position.reduce_lots != 0
        };
        let state = self.ledger.account(account);
        let holds = self.assets.iter().any(|asset| asset.lots(account) != 0);
        if state.cash.is_negative() || holds || self.markets.iter().any(busy) {
            return Err(RejectReason::MarginModeInUse);
        }
        self.ledger.account_mut(account).set_state(account_state::CROSS, cross);
        for market in &mut self.markets {
            if self.has_cross {
                market.unplace(account);
            }
            market.positions[account.index()].set_cross(cross);
            if market.watch == Watch::Prices && cross && market.cross_index.is_none() {
                market.cross_index = Some(Box::new(TriggerIndex::new(market.rules.domain)));
            }
        }
        self.has_cross |= cross;
        sink.event(Event::MarginModeSet { account, cross });
        Ok(())
    }

    /// What a cross account may withdraw: cash that its positions do not need.
    pub(super) fn withdrawable(&self, account: AccountId) -> Money {
        self.ledger.account(account).cash.min(Money::narrow(self.available(account)))
    }

    /// Equity that neither positions nor resting orders need.
    pub(super) fn available(&self, account: AccountId) -> i128 {
        let sum = self.sum(account);
        sum.equity - sum.initial - self.ledger.account(account).reserved.wide()
    }

    /// Takes the cross accounts that the mark has reached out of a symbol's index: they are due.
    #[cold]
    pub(super) fn pull_cross(&mut self, symbol: SymbolId, mark: Price) {
        let mut reached = ::core::mem::take(&mut self.scratch_accounts);
        let market = &mut self.markets[symbol.index()];
        while let Some(index) = &mut market.cross_index
            && let Some(side) = index.reached(mark)
        {
            index.bucket(&market.positions, side, &mut reached);
            for account in &reached {
                index.place(&mut market.positions, *account, None);
                self.ledger.note_due(*account);
            }
        }
        self.scratch_accounts = reached;
    }

    /// The same of accounts that a market with funding has found.
    pub(super) fn pull_found(&mut self, symbol: SymbolId, found: &[AccountId]) {
        let market = &mut self.markets[symbol.index()];
        for account in found {
            if market.position(*account).is_cross() {
                market.unplace(*account);
                self.ledger.note_due(*account);
            }
        }
    }

    /// Looks at the accounts that are due, ascending, and triggers the unhealthy ones.
    #[cold]
    pub(super) fn trigger_cross(
        &mut self,
        budget: &mut usize,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) {
        let mut due = ::core::mem::take(&mut self.ledger.due);
        due.sort_unstable();
        let mut kept = 0;
        for n in 0..due.len() {
            let account = due[n];
            self.ledger.account_mut(account).set_state(account_state::DUE, false);
            if *budget == 0 || !self.look_at(account, budget, time_ns, sink) {
                self.ledger.account_mut(account).set_state(account_state::DUE, true);
                due[kept] = account;
                kept += 1;
            }
        }
        due.truncate(kept);
        assert!(self.ledger.due.is_empty(), "looking at an account makes none due");
        self.ledger.due = due;
    }

    /// Looks at one account. Returns false if it must be looked at again with the next input.
    fn look_at(
        &mut self,
        account: AccountId,
        budget: &mut usize,
        time_ns: u64,
        sink: &mut impl EventSink,
    ) -> bool {
        let money = self.ledger.account(account);
        if money.state & account_state::LOCKED != 0 || !money.is_cross() {
            return true;
        }
        self.rechecks += 1;
        let sum = self.sum(account);
        if sum.positions == 0 {
            self.settle_cross(account, sink);
            self.unplace(account);
            return true;
        }
        if !self.rules.enabled {
            return true;
        }
        if !sum.is_unhealthy() {
            return self.spread(account, &sum);
        }
        if sum.stale {
            return false;
        }
        *budget -= 1;
        self.lock_cross(account, true);
        self.realise_cross(account);
        let (symbol, position, mark) = self.first_to_close(account).expect("it has a position");
        let market = &self.markets[symbol.index()];
        let side = position.side().expect("it is a position");
        let lots = u32::try_from(position.size()).expect("a position fits its bound");
        let qty = Qty::new(lots).expect("it is a position");
        let bankruptcy = market.rules.bankruptcy_price(&position);
        self.enqueue(symbol, account, &position, mark, (time_ns, time_ns));
        sink.event(Event::Triggered { symbol, account, side, qty, mark, bankruptcy });
        true
    }

    /// A cross account without positions owes nothing: it sells collateral, and the fund pays what
    /// it still lacks.
    pub(super) fn settle_cross(&mut self, account: AccountId, sink: &mut impl EventSink) {
        self.sell_collateral(account, sink);
        let equity = self.sum(account).equity;
        if equity >= 0 {
            return;
        }
        let amount = Money::narrow(equity);
        self.ledger.account_mut(account).cash -= amount;
        let answering = self.ledger.answering(account);
        let fund = self.ledger.account_mut(answering);
        fund.cash += amount;
        let balance = fund.cash;
        let (symbol, cause) = (self.first_symbol_of(answering), FundCause::Shortfall);
        sink.event(Event::Fund { symbol, cause, amount, balance });
    }

    /// Takes an account out of every index.
    fn unplace(&mut self, account: AccountId) {
        for market in &mut self.markets {
            market.unplace(account);
        }
        for asset in &mut self.assets {
            asset.unplace(account);
        }
    }

    /// Splits what a healthy account has above maintenance among its positions and assets and puts
    /// each where its part says. Returns false, and puts none, if a mark stands where one of them would trigger.
    fn spread(&mut self, account: AccountId, sum: &Sum) -> bool {
        let part = sum.headroom() / i128::from(sum.positions + sum.assets);
        let mut apart = true;
        for market in &mut self.markets {
            let Some(held) = market.held(account) else {
                market.unplace(account);
                continue;
            };
            let margin = (part + held.maintenance).div_euclid(SCALE);
            let margin = Money::narrow(margin - held.owed.wide() - held.profit.wide());
            apart &= market.place_cross(account, &held.position.with_margin(margin), held.mark);
        }
        for asset in &mut self.assets {
            asset.place(account, part / SCALE);
        }
        if !apart {
            self.unplace(account);
        }
        apart
    }

    /// The account's position in a symbol as an isolated one, with the part of its equity that its
    /// maintenance is of all of it (Lighter's zero price; dYdX's bankruptcy price).
    fn as_isolated(&self, account: AccountId, sum: &Sum, held: &Held) -> Position {
        let part = if sum.maintenance == 0 {
            sum.equity
        } else {
            part_of(sum.equity, held.maintenance, sum.maintenance)
        };
        let margin = Money::narrow(part - held.profit.wide());
        debug_assert!(self.ledger.account(account).is_cross());
        held.position.with_margin(margin)
    }

    /// The position that is closed next, as an isolated one, with its symbol and mark.
    pub(super) fn first_to_close(&self, account: AccountId) -> Option<(SymbolId, Position, Price)> {
        let sum = self.sum(account);
        let rank = |held: &Held| match self.position_order {
            PositionOrder::LargestLoss => held.profit.wide(),
            PositionOrder::LargestMaintenance => -held.maintenance,
            PositionOrder::LargestValue => -held.value.wide(),
            PositionOrder::Symbol => 0,
        };
        let held = self.markets.iter().filter_map(|market| {
            let held = market.held(account)?;
            Some((rank(&held), market.symbol, held))
        });
        let (_, symbol, held) = held.min_by_key(|(rank, symbol, _)| (*rank, *symbol))?;
        Some((symbol, self.as_isolated(account, &sum, &held), held.mark))
    }

    /// The account's position in a symbol as an isolated one.
    pub(super) fn as_isolated_in(
        &self,
        symbol: SymbolId,
        account: AccountId,
    ) -> Option<(SymbolId, Position, Price)> {
        let held = self.markets[symbol.index()].held(account)?;
        Some((symbol, self.as_isolated(account, &self.sum(account), &held), held.mark))
    }

    /// Locks or unlocks an account in all its symbols.
    pub(super) fn lock_cross(&mut self, account: AccountId, locked: bool) {
        self.ledger.account_mut(account).set_state(account_state::LOCKED, locked);
        for market in &mut self.markets {
            market.positions[account.index()].set_locked(locked);
        }
        self.unplace(account);
        if !locked {
            self.ledger.note_due(account);
        }
    }

    /// Gives the account what all its positions are owed.
    pub(super) fn realise_cross(&mut self, account: AccountId) {
        for market in &mut self.markets {
            market.realise(account, &mut self.ledger);
        }
    }

    /// Whether an account that is due would be triggered now.
    pub(super) fn cross_waits(&self) -> bool {
        self.rules.enabled
            && self.ledger.due.iter().any(|account| {
                let locked = self.ledger.account(*account).state & account_state::LOCKED != 0;
                let sum = self.sum(*account);
                !locked && (sum.is_unhealthy() && !sum.stale)
            })
    }

    /// Checks that no cross account is unhealthy without being due or in the queue, and returns how
    /// many are in the queue.
    pub(super) fn audit_cross(&self) -> Result<usize, String> {
        let mut due = self.ledger.due.clone();
        due.sort_unstable();
        for asset in &self.assets {
            asset.audit()?;
        }
        let mut locked = 0;
        for (id, account) in self.ledger.accounts().filter(|(_, account)| account.is_cross()) {
            let is_due = account.state & account_state::DUE != 0;
            ensure_eq(&is_due, &due.binary_search(&id).is_ok(), "the list of due accounts")?;
            let is_locked = account.state & account_state::LOCKED != 0;
            locked += usize::from(is_locked);
            let known = is_due || is_locked || !self.rules.enabled;
            ensure(known || !self.sum(id).is_unhealthy(), "an unhealthy account is not missed")?;
        }
        Ok(locked)
    }
}

impl Market {
    /// Takes a cross account's position out of its index.
    pub(super) fn unplace(&mut self, account: AccountId) {
        match self.watch {
            Watch::Nowhere => {}
            Watch::Prices => {
                if let Some(index) = &mut self.cross_index {
                    index.place(&mut self.positions, account, None);
                }
            }
            Watch::Keys => {
                if let Some(carry) = self.carry.as_deref_mut() {
                    carry.unplace(&self.rules, account);
                }
            }
        }
    }

    /// Puts a cross account's position where it would trigger as an isolated one. Returns whether the
    /// mark has not reached that yet.
    fn place_cross(&mut self, account: AccountId, position: &Position, mark: Price) -> bool {
        let side = position.side().expect("a position is placed");
        match self.watch {
            Watch::Nowhere => true,
            Watch::Keys => {
                let carry = self.carry.as_deref_mut().expect("keys are for funding");
                carry.place_cross(&self.rules, account, position);
                let effective = carry.effective(account, position);
                !self.rules.is_unhealthy(&effective, mark)
            }
            Watch::Prices => {
                let trigger = self.rules.trigger_price(position);
                let place = trigger.map(|price| (side, price));
                let index = self.cross_index.as_mut().expect("there is a cross account");
                index.place(&mut self.positions, account, place);
                !self.rules.is_unhealthy(position, mark)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn a_part_of_more_than_128_bits_is_rounded_down() {
        let whole = (1_i128 << 81) + 7;
        for amount in [(1_i128 << 70) + 3, -(1_i128 << 70) - 3, (1 << 60) + 1, 5, -5, 0] {
            assert_eq!(part_of(amount, whole, whole), amount);
            assert_eq!(part_of(amount, 0, whole), 0);
            // Two halves of an even whole: floor and ceiling of the half.
            let half = part_of(amount, 1 << 80, 1 << 81);
            assert_eq!(half, amount.div_euclid(2), "{amount}");
        }
    }
}
