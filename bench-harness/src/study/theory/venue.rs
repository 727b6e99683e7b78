//! The queues under test: the engine's own book and sweep, one unit order at a time.

use seawall_engine::book::OrderBook;
use seawall_engine::matching::{Fill, sweep};
use seawall_engine::types::{OrderId, Price, Qty, Side};

/// Whose order it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Owner {
    /// One of the random crowd.
    Crowd = 0,
    /// The order that is watched; the crowd's cancellations never touch it.
    Own = 1,
}

/// What a random flow needs of a market. The real one is [`RealBook`]; tests also run broken ones,
/// to see the validation fail.
pub(super) trait Venue: Default {
    /// Adds a unit order at the end of the queue at a price.
    fn rest(&mut self, owner: Owner, side: Side, price: Price);
    /// A market order of one unit; `None` if the other side is empty.
    fn take(&mut self, side: Side) -> Option<Fill>;
    /// Cancels the crowd's order that stands `rank`-th (from 0) among the crowd's at a price.
    fn cancel(&mut self, price: Price, rank: u64);
    /// The best price of a side.
    fn best(&self, side: Side) -> Option<Price>;
    /// Orders at a price.
    fn waiting(&self, price: Price) -> u64;
    /// Empties both sides.
    fn clear(&mut self);
}

/// A price that the caller knows to be one.
pub(super) const fn ticks(ticks: u32) -> Price {
    match Price::new(ticks) {
        Some(price) => price,
        None => panic!("a price of the validation is in the domain"),
    }
}

/// Prices that the flows use.
const DOMAIN: (Price, Price) = (ticks(1), ticks(32));
/// Room for a queue that nobody will see: memory is reserved, not touched.
const ORDERS_MAX: u32 = 1 << 20;
const UNIT: Qty = match Qty::new(1) {
    Some(unit) => unit,
    None => panic!("one lot is a quantity"),
};

/// The engine's book, matched by the engine's sweep.
#[derive(Debug)]
pub(super) struct RealBook {
    book: OrderBook,
    next_id: u64,
}

impl Default for RealBook {
    fn default() -> Self {
        Self { book: OrderBook::new(DOMAIN, ORDERS_MAX), next_id: 1 }
    }
}

impl RealBook {
    /// The crowd's orders at a price, first to last.
    #[cfg(test)]
    pub(super) fn book(&mut self) -> &mut OrderBook {
        &mut self.book
    }
}

impl Venue for RealBook {
    #[inline]
    fn rest(&mut self, owner: Owner, side: Side, price: Price) {
        self.book.insert(OrderId(self.next_id), owner as u32, side, price, UNIT);
        self.next_id += 1;
    }

    #[inline]
    fn take(&mut self, side: Side) -> Option<Fill> {
        let limit = match side {
            Side::Buy => DOMAIN.1,
            Side::Sell => DOMAIN.0,
        };
        let mut fill = None;
        sweep(&mut self.book, side, limit, UNIT, |next| fill = Some(next));
        fill
    }

    #[inline]
    fn cancel(&mut self, price: Price, rank: u64) {
        let crowd =
            self.book.queue(price).filter(|(_, order)| order.owner == Owner::Crowd as u32);
        let rank = usize::try_from(rank).expect("a queue fits memory");
        let (_, order) = { crowd }.nth(rank).expect("the rank is one of the queue");
        // By id, as a client would.
        let slot = self.book.find(order.id).expect("a resting order is found by its id");
        self.book.remove(slot);
    }

    #[inline]
    fn best(&self, side: Side) -> Option<Price> {
        self.book.best(side)
    }

    #[inline]
    fn waiting(&self, price: Price) -> u64 {
        // Every order is one lot.
        self.book.lots_at(price)
    }

    fn clear(&mut self) {
        for (side, limit) in [(Side::Buy, DOMAIN.1), (Side::Sell, DOMAIN.0)] {
            sweep(&mut self.book, side, limit, Qty::MAX, |_| {});
        }
        assert!(self.book.is_empty(), "a sweep without limit empties the book");
    }
}

#[cfg(test)]
pub(super) mod broken {
    //! Books that are wrong in one way each.

    use super::*;

    macro_rules! delegate {
        ($($method:ident(&$($mutable:ident)? self $(, $arg:ident: $kind:ty)*) $(-> $out:ty)?;)*) => {
            $(fn $method(&$($mutable)? self $(, $arg: $kind)*) $(-> $out)? {
                self.0.$method($($arg),*)
            })*
        };
    }

    /// Fills the last order of the best price first.
    #[derive(Debug, Default)]
    pub(in super::super) struct LastInFirstOut(RealBook);

    impl Venue for LastInFirstOut {
        delegate! {
            rest(&mut self, owner: Owner, side: Side, price: Price);
            cancel(&mut self, price: Price, rank: u64);
            best(&self, side: Side) -> Option<Price>;
            waiting(&self, price: Price) -> u64;
            clear(&mut self);
        }

        fn take(&mut self, side: Side) -> Option<Fill> {
            let price = self.0.best(side.opposite())?;
            let (slot, order) = self.0.book().queue(price).last()?;
            self.0.book().remove(slot);
            Some(Fill {
                slot,
                maker: order.id,
                owner: order.owner,
                price,
                qty: order.qty,
                maker_leaves_lots: 0,
            })
        }
    }

    /// Cancels whoever is first of the crowd, whichever order was meant.
    #[derive(Debug, Default)]
    pub(in super::super) struct CancelsTheFirst(RealBook);

    impl Venue for CancelsTheFirst {
        delegate! {
            rest(&mut self, owner: Owner, side: Side, price: Price);
            take(&mut self, side: Side) -> Option<Fill>;
            best(&self, side: Side) -> Option<Price>;
            waiting(&self, price: Price) -> u64;
            clear(&mut self);
        }

        fn cancel(&mut self, price: Price, _rank: u64) {
            self.0.cancel(price, 0);
        }
    }

    /// Loses one cancellation in ten.
    #[derive(Debug, Default)]
    pub(in super::super) struct LosesCancels(RealBook, u32);

    impl Venue for LosesCancels {
        delegate! {
            rest(&mut self, owner: Owner, side: Side, price: Price);
            take(&mut self, side: Side) -> Option<Fill>;
            best(&self, side: Side) -> Option<Price>;
            waiting(&self, price: Price) -> u64;
            clear(&mut self);
        }

        fn cancel(&mut self, price: Price, rank: u64) {
            self.1 += 1;
            if !self.1.is_multiple_of(10) {
                self.0.cancel(price, rank);
            }
        }
    }
}
