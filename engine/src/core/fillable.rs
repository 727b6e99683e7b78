//! How much an order could have at once, for kinds that want all or a least quantity
//! (`docs/ORDERS.md`, All or a least quantity).

use super::market::Market;
use super::meet::same_party;
use crate::matching::can_fill;
use crate::risk::Ledger;
use crate::types::{AccountId, Price, Qty, SelfTrade, Side};

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
}

impl Market {
    /// Whether the order could have its least quantity at once.
    pub(super) fn could_have(&self, ledger: &Ledger, wanted: &Wanted) -> bool {
        let mode = ledger.account(wanted.account).self_trade();
        if mode == SelfTrade::Allow {
            return can_fill(&self.book, wanted.side, wanted.limit, wanted.least);
        }
        self.could_have_of_others(ledger, wanted, mode)
    }

    /// The same where orders of one party do not trade: looks at orders, not levels.
    #[cold]
    fn could_have_of_others(&self, ledger: &Ledger, wanted: &Wanted, mode: SelfTrade) -> bool {
        let mut left = wanted.qty.lots();
        let mut had = 0;
        for (price, _) in self.book.depth(wanted.side.opposite()) {
            let allowed = match wanted.side {
                Side::Buy => price <= wanted.limit,
                Side::Sell => price >= wanted.limit,
            };
            if !allowed {
                break;
            }
            for (_, order) in self.book.queue(price) {
                let lots = order.qty.lots().min(left);
                if same_party(ledger, wanted.account, AccountId(order.owner)) {
                    match mode {
                        SelfTrade::CancelNewest | SelfTrade::CancelBoth => left = 0,
                        SelfTrade::Decrement => left -= lots,
                        SelfTrade::Allow | SelfTrade::CancelOldest => {}
                    }
                } else {
                    had += lots;
                    left -= lots;
                }
                if had >= wanted.least.lots() || left == 0 {
                    return had >= wanted.least.lots();
                }
            }
        }
        false
    }
}
