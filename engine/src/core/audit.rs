//! Reconciles one market's book, positions and trigger index with each other.

use super::details::flag;
use super::market::{Market, Watch};
use crate::risk::Ledger;
use crate::types::{AccountId, Price, Side};

impl Market {
    /// Margins less what positions were entered for, signed by their direction.
    pub(super) fn money(&self) -> i128 {
        let contract = self.rules.contract();
        let of = |position: &crate::risk::Position| {
            let direction = position.side().map_or(0, |side| contract.direction(side));
            position.margin().wide() - i128::from(direction) * position.entry().wide()
        };
        let pool = self.carry.as_ref().map_or(0, |carry| carry.pool.wide());
        self.positions.iter().map(of).sum::<i128>() + pool
    }

    /// Isolated positions in the liquidation queue.
    pub(super) fn locked(&self) -> usize {
        let isolated =
            |position: &&crate::risk::Position| position.is_locked() && !position.is_cross();
        self.positions.iter().filter(isolated).count()
    }

    /// Checks that book, positions and index agree; returns the reserves of all resting orders.
    pub(super) fn assert_consistent(&self, ledger: &Ledger) -> i128 {
        self.book.assert_consistent();
        self.stops.assert_consistent();
        let net: i64 = self.positions.iter().map(crate::risk::Position::lots).sum();
        assert_eq!(net, 0, "positions sum to zero");
        let mut open_lots = vec![[0_u64; 2]; self.positions.len()];
        let mut reduce_lots = vec![0_u64; self.positions.len()];
        let mut reserved = 0;
        for side in [Side::Buy, Side::Sell] {
            for (price, _) in self.book.depth(side) {
                for (slot, order) in self.book.queue(price) {
                    let account = AccountId(order.owner);
                    assert!(ledger.is_open(account), "an order has an owner");
                    let total = self.details.total(slot, &order).lots();
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
            assert_eq!(position.open_lots.map(u64::from), *open, "open lots are those in the book");
            let reduce = reduce_lots[account.index()];
            assert_eq!(u64::from(position.reduce_lots), reduce, "and so are reduce-only lots");
            assert!(reduce <= position.size(), "reduce-only orders only reduce");
            self.assert_indexed(account);
        }
        self.assert_carry();
        reserved
    }

    /// Checks open lots and what funding has left over.
    fn assert_carry(&self) {
        let Some(carry) = &self.carry else { return };
        let open: u64 = self.positions.iter().map(crate::risk::Position::size).sum();
        assert_eq!(carry.open_lots, open, "open lots are those of the positions");
        let accounts = (0..).map(AccountId).zip(&self.positions);
        let owed: i128 = accounts.map(|(id, position)| carry.owed(id, position).wide()).sum();
        let left = carry.pool.wide() - owed;
        assert!(left >= 0, "rounding of funding takes nothing from the pool");
        assert!(open > 0 || left == 0, "what it left is the venue's when all are flat");
    }

    fn assert_indexed(&self, account: AccountId) {
        let position = self.position(account);
        if position.is_cross() {
            return; // Its account is checked as a whole.
        }
        if self.watch == Watch::Keys && account != AccountId::FUND {
            let carry = self.funded().expect("keys are for funding");
            let placed =
                (!position.is_locked()).then_some((position, carry.checkpoints[account.index()]));
            let agrees = carry.index.agrees(&self.rules, &carry.accrual, account, placed);
            assert!(agrees, "a position is indexed by its keys");
            return;
        }
        let expected = match position.side() {
            Some(_)
                if self.watch == Watch::Prices
                    && account != AccountId::FUND
                    && !position.is_locked() =>
            {
                self.rules.trigger_price(position).map_or(0, Price::ticks)
            }
            _ => 0,
        };
        assert_eq!(position.trigger_ticks, expected, "a position is indexed at its trigger price");
    }
}
