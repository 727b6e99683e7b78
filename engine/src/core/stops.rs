//! Stop orders that wait for a reference price (`docs/ORDERS.md`, Stops).
//!
//! What waits on one reference is kept in the structure of an order book: a stop that triggers at
//! or below its price stands as a bid, one that triggers at or above as an offer. As long as
//! nothing has triggered the reference lies between them, so that book is never crossed, and the
//! best price of each side is the next trigger.

use zerocopy::FromZeros;

use super::market_state::insert_checked;
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::risk::Ledger;
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{
    AccountId, NewOrder, OrderId, OrderKind, Price, Qty, Reference, Side, SymbolId,
};

/// Bits of a waiting stop's flags.
const SELLS: u8 = 1;
const REDUCE_ONLY: u8 = 2;

/// One symbol's waiting stops.
#[derive(Debug)]
pub(super) struct Stops {
    symbol: SymbolId,
    /// How many wait.
    waiting: u32,
    watches: [Watch; 3],
}

/// What waits on one reference.
#[derive(Debug)]
struct Watch {
    waiting: OrderBook,
    /// Limits by slot, 0 for a market order.
    limits: Vec<u32>,
}

impl Stops {
    pub(super) fn new(symbol: SymbolId, domain: (Price, Price), stops_max: u32) -> Self {
        let watch = |_| Watch {
            waiting: OrderBook::new(domain, stops_max),
            limits: u32::new_vec_zeroed(stops_max as usize + 1)
                .expect("memory for the stops is there at start"),
        };
        Self { symbol, waiting: 0, watches: Reference::ALL.map(watch) }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn is_full(&self, watch: Reference) -> bool {
        self.watches[watch as usize].waiting.is_full()
    }

    /// Adds a stop whose trigger the reference has not reached.
    pub(super) fn place(&mut self, order: &NewOrder, waits: &Waits) {
        let watch = &mut self.watches[waits.watch as usize];
        let sells = if order.side == Side::Sell { SELLS } else { 0 };
        let reduces = if order.reduce_only { REDUCE_ONLY } else { 0 };
        let slot = watch.waiting.insert_flagged(RestingOrder {
            id: order.order,
            owner: order.account.0,
            side: waits.stands_on,
            price: waits.trigger,
            qty: order.qty,
            flags: sells | reduces,
        });
        watch.limits[slot.index()] = waits.limit.map_or(0, Price::ticks);
        self.waiting += 1;
    }

    /// Whether a stop of that id waits.
    pub(super) fn has(&self, id: OrderId) -> bool {
        self.watches.iter().any(|watch| watch.waiting.find(id).is_some())
    }

    /// Takes an account's stop out, if it waits.
    pub(super) fn cancel(&mut self, account: AccountId, id: OrderId) -> Option<Qty> {
        if self.is_empty() {
            return None;
        }
        let qty = self.watches.iter_mut().find_map(|watch| {
            let slot = watch.waiting.find(id)?;
            let own = watch.waiting.order(slot).owner == account.0;
            own.then(|| watch.waiting.remove(slot).qty)
        })?;
        self.waiting -= 1;
        Some(qty)
    }

    /// An account's next stop of a side or both, in the order in which they would trigger.
    pub(super) fn next_of(&self, account: AccountId, side: Option<Side>) -> Option<OrderId> {
        self.in_order().find_map(|(order, _)| {
            let wanted = side.is_none_or(|side| side == side_of(&order));
            (order.owner == account.0 && wanted).then_some(order.id)
        })
    }

    /// Every waiting stop with its limit: by reference, those below from the highest, then those
    /// above from the lowest, first placed first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (RestingOrder, u32)> + '_ {
        self.watches.iter().flat_map(|watch| {
            [Side::Buy, Side::Sell].into_iter().flat_map(move |stands_on| {
                let levels = watch.waiting.depth(stands_on);
                let stops = levels.flat_map(move |(price, _)| watch.waiting.queue(price));
                stops.map(move |(slot, order)| (order, watch.limits[slot.index()]))
            })
        })
    }

    /// Takes out the next stop that a reference at `price` has reached, as the order it becomes.
    pub(super) fn pop_reached(&mut self, watch: Reference, price: Price) -> Option<NewOrder> {
        let watch = &mut self.watches[watch as usize];
        let below = watch.waiting.front(Side::Buy);
        let below = below.filter(|slot| watch.waiting.order(*slot).price >= price);
        let above = watch.waiting.front(Side::Sell);
        let above = above.filter(|slot| watch.waiting.order(*slot).price <= price);
        let slot: Slot = below.or(above)?;
        let limit = Price::new(watch.limits[slot.index()]);
        let stop = watch.waiting.remove(slot);
        self.waiting -= 1;
        Some(NewOrder {
            symbol: self.symbol,
            account: AccountId(stop.owner),
            order: stop.id,
            side: side_of(&stop),
            qty: stop.qty,
            kind: limit.map_or(OrderKind::Market, OrderKind::Limit),
            reduce_only: stop.flags & REDUCE_ONLY != 0,
        })
    }

    /// Checks what the structure rests on.
    pub(super) fn assert_consistent(&self) {
        for watch in &self.watches {
            watch.waiting.assert_consistent();
        }
        let waiting: u32 = self.watches.iter().map(|watch| watch.waiting.len()).sum();
        assert_eq!(waiting, self.waiting, "every stop waits on one reference");
    }
}

/// The side of the order that a stop becomes.
fn side_of(stop: &RestingOrder) -> Side {
    if stop.flags & SELLS == 0 { Side::Buy } else { Side::Sell }
}

/// What a stop waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) watch: Reference,
    pub(super) trigger: Price,
    pub(super) limit: Option<Price>,
    /// `Buy` if it triggers at its price or below, `Sell` if at it or above.
    pub(super) stands_on: Side,
}

impl Waits {
    /// What an order waits for, if it is a stop.
    pub(super) const fn of(order: &NewOrder) -> Option<Self> {
        let OrderKind::Stop { watch, take_profit, trigger, limit } = order.kind else {
            return None;
        };
        // A buy that limits a loss triggers when the price has risen; one that takes a profit,
        // when it has fallen.
        let above = matches!(order.side, Side::Buy) != take_profit;
        let stands_on = if above { Side::Sell } else { Side::Buy };
        Some(Self { watch, trigger, limit, stands_on })
    }

    /// Whether a reference has reached it.
    pub(super) fn is_reached(&self, price: Price) -> bool {
        match self.stands_on {
            Side::Buy => price <= self.trigger,
            Side::Sell => price >= self.trigger,
        }
    }
}

impl Stops {
    /// Writes every waiting stop: its reference, itself, its limit.
    pub(super) fn put(&self, out: &mut Encoder<'_>) {
        let Self { symbol: _, waiting, watches } = self;
        put!(out; waiting);
        for (reference, watch) in Reference::ALL.into_iter().zip(watches) {
            let Watch { waiting, limits } = watch;
            for side in [Side::Buy, Side::Sell] {
                for (slot, stop) in waiting.depth(side).flat_map(|(price, _)| waiting.queue(price))
                {
                    put!(out; &reference, &stop, &limits[slot.index()]);
                }
            }
        }
    }

    /// Fills an empty structure; `book` holds the orders whose ids the stops must not share.
    pub(super) fn restore(
        &mut self,
        book: &OrderBook,
        ledger: &Ledger,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let waiting: u32 = input.get()?;
        for _ in 0..waiting {
            let reference: Reference = input.get()?;
            let stop: RestingOrder = input.get()?;
            let owner = AccountId(stop.owner);
            let fits = owner != AccountId::FUND
                && ledger.is_open(owner)
                && stop.flags & !(SELLS | REDUCE_ONLY) == 0
                && book.find(stop.id).is_none()
                && !self.has(stop.id);
            input.check(fits, || "stops of open accounts, of ids of their own".to_owned())?;
            let watch = &mut self.watches[reference as usize];
            let slot = insert_checked(&mut watch.waiting, stop, input)?;
            let limit: u32 = input.get()?;
            let is_limit =
                limit == 0 || Price::new(limit).is_some_and(|price| book.in_domain(price));
            input.check(is_limit, || "a limit of the domain, or 0".to_owned())?;
            watch.limits[slot.index()] = limit;
            self.waiting += 1;
        }
        Ok(())
    }
}
