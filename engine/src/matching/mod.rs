//! Crosses an order with a book: best price first, first in first out within a price.
//!
//! Knows nothing of accounts or margin: each fill is handed to the caller, who books it, and a
//! maker with flags (or every maker of a guarded taker) is handed over before it trades.

use ::core::ops::ControlFlow;

use crate::book::{OrderBook, RestingOrder, Slot};
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

/// Who hears of a sweep's fills, and knows what is special about makers.
pub trait Makers {
    /// Whether every maker needs a second look, not only those with flags.
    fn guarded(&self) -> bool;
    /// Books one fill.
    fn fill(&mut self, fill: Fill);
    /// Settles what happens between the taker and a maker that needs a second look: the book is
    /// its to change. Returns what the taker has left, and whether it goes on.
    fn meet(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        wanted: Qty,
    ) -> ControlFlow<Option<Qty>, Option<Qty>>;
}

/// Makers about whom nothing is special.
struct Plain<F>(F);

impl<F: FnMut(Fill)> Makers for Plain<F> {
    #[inline]
    fn guarded(&self) -> bool {
        false
    }

    #[inline]
    fn fill(&mut self, fill: Fill) {
        (self.0)(fill);
    }

    #[inline]
    fn meet(
        &mut self,
        book: &mut OrderBook,
        slot: Slot,
        maker: &RestingOrder,
        wanted: Qty,
    ) -> ControlFlow<Option<Qty>, Option<Qty>> {
        let (left, fill) = trade(book, slot, maker, wanted);
        self.fill(fill);
        ControlFlow::Continue(left)
    }
}

/// Takes up to `qty` at `limit` or better from the side opposite to `side`, calling `on_fill` for
/// each maker in priority order. Returns what is left.
#[inline]
pub fn sweep(
    book: &mut OrderBook,
    side: Side,
    limit: Price,
    qty: Qty,
    on_fill: impl FnMut(Fill),
) -> Option<Qty> {
    match sweep_with(book, side, limit, qty, &mut Plain(on_fill)) {
        ControlFlow::Continue(left) | ControlFlow::Break(left) => left,
    }
}

/// As [`sweep`], for a caller that knows what is special about makers. Breaks with what is left
/// if the taker was stopped.
#[inline]
pub fn sweep_with(
    book: &mut OrderBook,
    side: Side,
    limit: Price,
    qty: Qty,
    makers: &mut impl Makers,
) -> ControlFlow<Option<Qty>, Option<Qty>> {
    let guarded = makers.guarded();
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
        if guarded || maker.flags != 0 {
            left = makers.meet(book, slot, &maker, wanted)?;
            continue;
        }
        let (rest, fill) = trade(book, slot, &maker, wanted);
        left = rest;
        makers.fill(fill);
    }
    ControlFlow::Continue(left)
}

/// Trades as much as both have with the first order of a level. Returns what is left.
#[inline]
fn trade(
    book: &mut OrderBook,
    slot: Slot,
    maker: &RestingOrder,
    wanted: Qty,
) -> (Option<Qty>, Fill) {
    let qty = wanted.min(maker.qty);
    book.fill_front(slot, maker, qty);
    let fill = Fill {
        slot,
        maker: maker.id,
        owner: maker.owner,
        price: maker.price,
        qty,
        maker_leaves_lots: maker.qty.lots() - qty.lots(),
    };
    (wanted.minus(qty), fill)
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
