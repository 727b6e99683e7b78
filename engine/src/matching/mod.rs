//! Crosses an order with a book: best price first, first in first out within a price.
//!
//! Knows nothing of accounts or margin: each fill is handed to the caller, who books it.

use crate::book::{OrderBook, Slot};
use crate::types::{OrderId, Price, Qty, Side};

/// One maker's part of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Where the maker's order stands, or stood if nothing of it is left. Not reused before the
    /// sweep ends.
    pub slot: Slot,
    /// The maker's order.
    pub maker: OrderId,
    /// The maker's tag.
    pub owner: u32,
    /// The maker's price, at which both trade.
    pub price: Price,
    /// Quantity.
    pub qty: Qty,
    /// What still rests of the maker's order, in lots.
    pub maker_leaves_lots: u32,
}

/// Takes up to `qty` at `limit` or better from the side opposite to `side`, calling `on_fill` for
/// each maker in priority order. Returns what is left.
#[inline]
pub fn sweep(
    book: &mut OrderBook,
    side: Side,
    limit: Price,
    qty: Qty,
    mut on_fill: impl FnMut(Fill),
) -> Option<Qty> {
    let mut left = Some(qty);
    while let Some(wanted) = left {
        let Some(slot) = book.front(side.opposite()) else { break };
        let maker = book.order(slot);
        let allowed = match side {
            Side::Buy => maker.price <= limit,
            Side::Sell => maker.price >= limit,
        };
        if !allowed {
            break;
        }
        let qty = wanted.min(maker.qty);
        book.fill_front(slot, &maker, qty);
        left = wanted.minus(qty);
        on_fill(Fill {
            slot,
            maker: maker.id,
            owner: maker.owner,
            price: maker.price,
            qty,
            maker_leaves_lots: maker.qty.lots() - qty.lots(),
        });
    }
    left
}

/// Whether `qty` can be had at `limit` or better, in full. Looks at levels, not orders.
pub fn can_fill(book: &OrderBook, side: Side, limit: Price, qty: Qty) -> bool {
    let mut wanted = u64::from(qty.lots());
    for (price, lots) in book.depth(side.opposite()) {
        let allowed = match side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        if !allowed {
            return false;
        }
        if lots >= wanted {
            return true;
        }
        wanted -= lots;
    }
    false
}
