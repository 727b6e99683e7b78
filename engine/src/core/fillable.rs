//! How much an order could have at once, for kinds that want all or a least quantity
//! (`docs/ORDERS.md`, All or a least quantity).

use super::details::flag;
use super::market::Market;
use super::meet::same_party;
use crate::book::{RestingOrder, Slot};
use crate::matching::can_fill;
use crate::risk::Ledger;
use crate::types::{AccountId, OrderId, Price, Qty, SelfTrade, Side};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) limit: Price,
    /// The whole order.
    pub(super) qty: Qty,
    /// What it must have of it.
    pub(super) least: Qty,
    /// What happens when it meets an order of its own party.
    pub(super) self_trade: SelfTrade,
}

impl Market {
    /// Whether the order could have its least quantity at once.
    pub(super) fn could_have(&self, ledger: &Ledger, wanted: &Wanted) -> bool {
        let mode = wanted.self_trade;
        if mode == SelfTrade::Allow && self.details.unlike_their_lots == 0 {
            return can_fill(&self.book, wanted.side, wanted.limit, wanted.least);
        }
        let mut count = Count { had: 0, left: wanted.qty.lots() };
        for (price, _) in self.book.depth(wanted.side.opposite()) {
            let allowed = match wanted.side {
                Side::Buy => price <= wanted.limit,
                Side::Sell => price >= wanted.limit,
            };
            if !allowed {
                break;
            }
            self.count_level(ledger, wanted, mode, price, &mut count);
            if count.had >= wanted.least.lots() {
                return true;
            }
            if count.left == 0 {
                break;
            }
        }
        false
    }

    /// Whether what a resting order may trade depends on what happens before it: one that only
    /// reduces, and one linked to another order of the book, which would cancel it.
    fn depends(&self, slot: Slot, order: &RestingOrder) -> bool {
        if order.flags & flag::LINKED != 0 {
            let other = OrderId(self.details.get(slot).linked);
            if self.book.find(other).is_some() {
                return true;
            }
        }
        order.flags & flag::REDUCE_ONLY != 0
    }

    /// Counts what a level would trade: what it shows, then what it hides.
    #[cold]
    fn count_level(
        &self,
        ledger: &Ledger,
        wanted: &Wanted,
        mode: SelfTrade,
        price: Price,
        count: &mut Count,
    ) {
        for (slot, order) in self.book.queue(price) {
            let owner = AccountId(order.owner);
            let forced = order.flags & flag::FORCED != 0;
            if mode != SelfTrade::Allow && !forced && same_party(ledger, wanted.account, owner) {
                match mode {
                    SelfTrade::CancelNewest | SelfTrade::CancelBoth => count.left = 0,
                    SelfTrade::Decrement => {
                        count.left -= self.details.total(slot, &order).lots().min(count.left);
                    }
                    SelfTrade::Allow | SelfTrade::CancelOldest => {}
                }
            } else if !self.depends(slot, &order) {
                count.take(order.qty.lots());
            }
        }
        for (slot, order) in self.book.queue(price) {
            let owner = AccountId(order.owner);
            // A forced order hides nothing.
            let own = mode != SelfTrade::Allow && same_party(ledger, wanted.account, owner);
            if !own && !self.depends(slot, &order) {
                count.take(self.details.hidden_lots(slot, &order));
            }
        }
    }
}

/// What would have traded so far, and what would be left of the order.
struct Count {
    had: u32,
    left: u32,
}

impl Count {
    fn take(&mut self, lots: u32) {
        let lots = lots.min(self.left);
        self.had += lots;
        self.left -= lots;
    }
}
