//! Reconciles book, positions, trigger index, queue and ledger with each other: the seam where
//! engines that test their parts apart have failed.

use std::fmt::Debug;

use super::Engine;
use super::details::flag;
use super::market::{Market, Watch};
use crate::risk::{Ledger, Position};
use crate::types::{AccountId, Price, Side};

impl Engine {
    /// Whether book, positions, trigger index, liquidation queue and ledger agree and no money was
    /// created or destroyed; otherwise what is broken. Takes time proportional to the whole state.
    pub fn audit(&self) -> Result<(), String> {
        ensure_eq(&self.conservation_error(), &0, "no money is created or destroyed")?;
        let mut reserved: i128 = 0;
        for market in &self.markets {
            let broken = |broken| format!("symbol {}: {broken}", market.symbol.0);
            reserved += market.audit(&self.ledger).map_err(broken)?;
        }
        let accounts = self.ledger.accounts();
        let kept: i128 = accounts.map(|(_, account)| account.reserved.wide()).sum();
        ensure_eq(&kept, &reserved, "reserves are those of the resting orders")?;
        let locked: usize = self.markets.iter().map(Market::locked).sum();
        let locked = locked + self.audit_cross()?;
        self.audit_resting()?;
        ensure(self.knows_fund_symbols(), "symbols with a fund's position are listed")?;
        let waiting = self.backlog() + self.resting.len();
        ensure_eq(&locked, &waiting, "positions in liquidation wait in the queue or rest")
    }

    /// As [`Engine::audit`]; panics if something is broken.
    pub fn assert_consistent(&self) {
        if let Err(broken) = self.audit() {
            panic!("{broken}");
        }
    }
}

pub(super) fn ensure(holds: bool, promise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("broken: {promise}")) }
}

pub(super) fn ensure_eq<T: PartialEq + Debug>(
    found: &T,
    expected: &T,
    promise: &str,
) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("broken: {promise}: found {found:?}, expected {expected:?}"))
    }
}

impl Market {
    /// Margins less what positions were entered for, signed by their direction.
    pub(super) fn money(&self) -> i128 {
        let contract = self.rules.contract();
        let of = |position: &Position| {
            let direction = position.side().map_or(0, |side| contract.direction(side));
            position.margin().wide() - i128::from(direction) * position.entry().wide()
        };
        let pool = self.carry.as_ref().map_or(0, |carry| carry.pool.wide());
        self.positions.iter().map(of).sum::<i128>() + pool
    }

    /// Isolated positions in the liquidation queue.
    pub(super) fn locked(&self) -> usize {
        let isolated = |position: &&Position| position.is_locked() && !position.is_cross();
        self.positions.iter().filter(isolated).count()
    }

    /// Checks that book, positions and index agree; returns the reserves of all resting orders.
    pub(super) fn audit(&self, ledger: &Ledger) -> Result<i128, String> {
        self.book.assert_consistent();
        assert_eq!(self.halted, self.book.in_call(), "a halted market's book holds a call");
        self.stops.assert_consistent();
        for (stop, _) in self.stops.in_order() {
            ensure(self.link_holds(stop.owner, stop.id), "links of stops go both ways")?;
        }
        let net: i128 = self.positions.iter().map(|position| i128::from(position.lots())).sum();
        ensure_eq(&net, &0, "positions sum to zero")?;
        let mut open_lots = vec![[0_u64; 2]; self.positions.len()];
        let mut reduce_lots = vec![0_u64; self.positions.len()];
        let mut reserved = 0;
        for side in [Side::Buy, Side::Sell] {
            for (price, _) in self.book.depth(side) {
                for (slot, order) in self.book.queue_of(side, price) {
                    let account = AccountId(order.owner);
                    ensure(ledger.is_open(account), "an order has an owner")?;
                    ensure(self.link_holds(order.owner, order.id), "links go both ways")?;
                    let total = self.details.total(slot, &order).lots();
                    if order.flags & flag::FORCED != 0 {
                        self.audit_forced(&order)?;
                        continue;
                    }
                    if order.flags & flag::REDUCE_ONLY != 0 {
                        reduce_lots[account.index()] += u64::from(total);
                        continue;
                    }
                    open_lots[account.index()][side.index()] += u64::from(total);
                    let initial = self.initial(account);
                    reserved += self.rules.reserve(price, total, initial).wide();
                }
            }
        }
        for (account, (position, open)) in
            (0..).map(AccountId).zip(self.positions.iter().zip(&open_lots))
        {
            let kept = position.open_lots.map(u64::from);
            ensure_eq(&kept, open, "open lots are those in the book")?;
            let reduce = reduce_lots[account.index()];
            ensure_eq(&u64::from(position.reduce_lots), &reduce, "and so are reduce-only lots")?;
            ensure(reduce <= position.size(), "reduce-only orders only reduce")?;
            ensure_eq(
                &position.is_fund(),
                &ledger.is_fund(account),
                "a fund's account is its own",
            )?;
            let is_own = !position.is_fund() || account == self.fund || position.lots() == 0;
            ensure(is_own, "a fund holds positions in its group's markets only")?;
            self.audit_index(account)?;
        }
        self.audit_carry()?;
        Ok(reserved)
    }

    /// Checks open lots and what funding has left over.
    fn audit_carry(&self) -> Result<(), String> {
        let Some(carry) = &self.carry else { return Ok(()) };
        let open: u64 = self.positions.iter().map(Position::size).sum();
        ensure_eq(&carry.open_lots, &open, "open lots are those of the positions")?;
        let accounts = (0..).map(AccountId).zip(&self.positions);
        let owed: i128 = accounts.map(|(id, position)| carry.owed(id, position).wide()).sum();
        let left = carry.pool.wide() - owed;
        ensure(left >= 0, "rounding of funding takes nothing from the pool")?;
        ensure(open > 0 || left == 0, "what it left is the venue's when all are flat")
    }

    fn audit_index(&self, account: AccountId) -> Result<(), String> {
        let position = self.position(account);
        if position.is_cross() {
            return Ok(()); // Its account is checked as a whole.
        }
        if self.watch == Watch::Keys && !position.is_fund() {
            let carry = self.funded().expect("keys are for funding");
            let placed =
                (!position.is_locked()).then_some((position, carry.checkpoints[account.index()]));
            let agrees = carry.index.agrees(&self.rules, &carry.accrual, account, placed);
            return ensure(agrees, "a position is indexed by its keys");
        }
        let expected = match position.side() {
            Some(_)
                if self.watch == Watch::Prices && !position.is_fund() && !position.is_locked() =>
            {
                self.rules.trigger_price(position).map_or(0, Price::ticks)
            }
            _ => 0,
        };
        ensure_eq(&position.trigger_ticks, &expected, "a position is indexed at its trigger price")
    }
}
