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
pub(super) trait Venue {
    /// An empty market with room for that many resting orders.
    fn with_room(orders_max: u32) -> Self;
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

impl Venue for RealBook {
    fn with_room(orders_max: u32) -> Self {
        Self { book: OrderBook::new(DOMAIN, orders_max), next_id: 1 }
    }

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
        let crowd = self.book.queue(price).filter(|(_, order)| order.owner == Owner::Crowd as u32);
        let rank = usize::try_from(rank).expect("a queue fits memory");
        let (_, order) = { crowd }.nth(rank).expect("the rank is one of the queue");
        // By id, as a client would.
        self.book.take_out(order.id).expect("a resting order is found by its id");
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
        // Ids of orders that are gone may be used again; few ids keep few cache lines warm.
        self.next_id = 1;
    }
}

#[cfg(test)]
pub(super) mod broken {
    //! Books that are wrong in one way each.

    use super::*;

    /// A real book that one thing is wrong with.
    #[derive(Debug)]
    pub(in super::super) struct Broken<const FAULT: u8> {
        real: RealBook,
        cancels: u32,
    }

    const LAST_IN_FIRST_OUT: u8 = 0;
    const CANCELS_THE_FIRST: u8 = 1;
    const LOSES_CANCELS: u8 = 2;

    /// Fills the last order of the best price first.
    pub(in super::super) type LastInFirstOut = Broken<LAST_IN_FIRST_OUT>;
    /// Cancels whoever is first of the crowd, whichever order was meant.
    pub(in super::super) type CancelsTheFirst = Broken<CANCELS_THE_FIRST>;
    /// Loses one cancellation in ten.
    pub(in super::super) type LosesCancels = Broken<LOSES_CANCELS>;

    impl<const FAULT: u8> Venue for Broken<FAULT> {
        fn with_room(orders_max: u32) -> Self {
            Self { real: RealBook::with_room(orders_max), cancels: 0 }
        }

        fn rest(&mut self, owner: Owner, side: Side, price: Price) {
            self.real.rest(owner, side, price);
        }

        fn take(&mut self, side: Side) -> Option<Fill> {
            if FAULT != LAST_IN_FIRST_OUT {
                return self.real.take(side);
            }
            let price = self.real.best(side.opposite())?;
            let (slot, order) = self.real.book.queue(price).last()?;
            self.real.book.remove(slot);
            let (maker, owner, qty) = (order.id, order.owner, order.qty);
            Some(Fill { slot, maker, owner, price, qty, maker_leaves_lots: 0 })
        }

        fn cancel(&mut self, price: Price, rank: u64) {
            self.cancels += 1;
            match FAULT {
                CANCELS_THE_FIRST => self.real.cancel(price, 0),
                LOSES_CANCELS if self.cancels.is_multiple_of(10) => {}
                _ => self.real.cancel(price, rank),
            }
        }

        fn best(&self, side: Side) -> Option<Price> {
            self.real.best(side)
        }

        fn waiting(&self, price: Price) -> u64 {
            self.real.waiting(price)
        }

        fn clear(&mut self) {
            self.real.clear();
        }
    }
}
