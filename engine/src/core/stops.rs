//! Stop orders that wait for a reference price (`docs/ORDERS.md`, Stops).
//!
//! What waits on one reference is kept in the structure of an order book: a stop that triggers at
//! or below its price stands as a bid, one that triggers at or above as an offer. As long as
//! nothing has triggered the reference lies between them, so that book is never crossed, and the
//! best price of each side is the next trigger.
//!
//! Trailing stops wait there, too, at the trigger that they have now, and in a list by when they
//! were placed ([`super::trailing`]).

use zerocopy::FromZeros;

use super::market_state::insert_checked;
use super::trailing::{Trailing, trigger_behind};
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::risk::Ledger;
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{
    AccountId, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Reference, Side, SymbolId, Trail,
};

/// Bits of a waiting stop's flags.
pub(super) mod stop_flag {
    /// It becomes a sell.
    pub(in crate::core) const SELLS: u8 = 1;
    /// It becomes a reduce-only order.
    pub(in crate::core) const REDUCE_ONLY: u8 = 2;
    /// Its trigger follows its reference.
    pub(in crate::core) const TRAILS: u8 = 4;
    /// Its distance is a part of the price, not ticks.
    pub(in crate::core) const BY_PART: u8 = 8;
}
use stop_flag::{BY_PART, REDUCE_ONLY, SELLS, TRAILS};

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
pub(super) struct Watch {
    pub(super) waiting: OrderBook,
    /// By slot.
    pub(super) notes: Vec<Note>,
    pub(super) trailing: Trailing,
}

/// What a waiting stop needs beyond its record in the structure of a book.
#[derive(Clone, Copy, Debug, Default, FromZeros)]
#[repr(C)]
pub(super) struct Note {
    /// The order that it is linked to, 0 for none.
    pub(super) linked: u64,
    /// Limit of the order that it becomes, 0 for a market order.
    pub(super) limit: u32,
    /// Of a trailing stop: its distance, in ticks or parts per million.
    pub(super) distance: u32,
    /// Of a trailing stop: the best price that its reference has reached, in ticks.
    pub(super) best: u32,
    /// Neighbours in the list of trailing stops, 0 for none.
    pub(super) older: u32,
    pub(super) younger: u32,
}

impl Note {
    /// How far behind its reference a trailing stop stays.
    pub(super) fn trail(&self, flags: u8) -> Trail {
        if flags & BY_PART == 0 {
            return Trail::Ticks(self.distance);
        }
        Trail::Part(Ppm::new(self.distance).expect("it was a part"))
    }
}

impl Stops {
    pub(super) fn new(symbol: SymbolId, domain: (Price, Price), stops_max: u32) -> Self {
        let watch = |_| Watch {
            waiting: OrderBook::new(domain, stops_max),
            notes: Note::new_vec_zeroed(stops_max as usize + 1)
                .expect("memory for the stops is there at start"),
            trailing: Trailing::default(),
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
        let (trails, distance) = match waits.trail {
            None => (0, 0),
            Some((Trail::Ticks(ticks), _)) => (TRAILS, ticks),
            Some((Trail::Part(part), _)) => (TRAILS | BY_PART, part.parts()),
        };
        let slot = watch.waiting.insert_flagged(RestingOrder {
            id: order.order,
            owner: order.account.0,
            side: waits.stands_on,
            price: waits.trigger,
            qty: order.qty,
            flags: sells | reduces | trails,
        });
        let limit = waits.limit.map_or(0, Price::ticks);
        watch.notes[slot.index()] = Note { limit, distance, ..Note::default() };
        if let Some((_, best)) = waits.trail {
            watch.notes[slot.index()].best = best.ticks();
            watch.trailing.push(&mut watch.notes, waits.stands_on, slot);
        }
        self.waiting += 1;
    }

    /// Whether a stop of that id waits.
    pub(super) fn has(&self, id: OrderId) -> bool {
        self.watches.iter().any(|watch| watch.waiting.find(id).is_some())
    }

    /// Owner of a waiting stop.
    pub(super) fn owner(&self, id: OrderId) -> Option<AccountId> {
        let watch = self.watches.iter().find_map(|watch| {
            let slot = watch.waiting.find(id)?;
            Some(watch.waiting.order(slot).owner)
        });
        watch.map(AccountId)
    }

    /// Takes a stop out, if it waits.
    pub(super) fn take_out(&mut self, id: OrderId) -> Option<Gone> {
        if self.is_empty() {
            return None;
        }
        let (stop, note) = self.watches.iter_mut().find_map(|watch| {
            let slot = watch.waiting.find(id)?;
            Some(watch.take_out(slot))
        })?;
        self.waiting -= 1;
        Some(Gone { account: AccountId(stop.owner), qty: stop.qty, linked: note.linked() })
    }

    /// Takes an account's stop out, if it waits.
    pub(super) fn cancel(&mut self, account: AccountId, id: OrderId) -> Option<Gone> {
        if self.is_empty() || self.owner(id) != Some(account) {
            return None;
        }
        self.take_out(id)
    }

    /// Owner and link, 0 for none, of a waiting stop.
    pub(super) fn leg(&self, id: OrderId) -> Option<(u32, u64)> {
        self.watches.iter().find_map(|watch| {
            let slot = watch.waiting.find(id)?;
            Some((watch.waiting.order(slot).owner, watch.notes[slot.index()].linked))
        })
    }

    /// The order that a waiting stop is linked to, to be read or set; `None` if it does not wait.
    pub(super) fn linked_mut(&mut self, id: OrderId) -> Option<&mut u64> {
        self.watches.iter_mut().find_map(|watch| {
            let slot = watch.waiting.find(id)?;
            Some(&mut watch.notes[slot.index()].linked)
        })
    }

    /// Lets the triggers of trailing stops follow a reference that is at `price` now.
    pub(super) fn follow(&mut self, watch: Reference, price: Price) {
        self.watches[watch as usize].follow(price);
    }

    /// An account's next stop of a side or both, in the order in which they would trigger.
    pub(super) fn next_of(&self, account: AccountId, side: Option<Side>) -> Option<OrderId> {
        self.in_order().find_map(|(order, _)| {
            let wanted = side.is_none_or(|side| side == side_of(&order));
            (order.owner == account.0 && wanted).then_some(order.id)
        })
    }

    /// Every waiting stop with its note: by reference, those below from the highest, then those
    /// above from the lowest, first placed first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (RestingOrder, &Note)> + '_ {
        self.watches.iter().flat_map(|watch| {
            [Side::Buy, Side::Sell].into_iter().flat_map(move |stands_on| {
                let levels = watch.waiting.depth(stands_on);
                let stops = levels.flat_map(move |(price, _)| watch.waiting.queue(price));
                stops.map(move |(slot, order)| (order, &watch.notes[slot.index()]))
            })
        })
    }

    /// Takes out the next stop that a reference at `price` has reached, as the order it becomes.
    /// Comes with the order that it was linked to.
    pub(super) fn pop_reached(
        &mut self,
        watch: Reference,
        price: Price,
    ) -> Option<(NewOrder, Option<OrderId>)> {
        let watch = &mut self.watches[watch as usize];
        let below = watch.waiting.front(Side::Buy);
        let below = below.filter(|slot| watch.waiting.order(*slot).price >= price);
        let above = watch.waiting.front(Side::Sell);
        let above = above.filter(|slot| watch.waiting.order(*slot).price <= price);
        let slot: Slot = below.or(above)?;
        let (stop, note) = watch.take_out(slot);
        self.waiting -= 1;
        let order = NewOrder {
            symbol: self.symbol,
            account: AccountId(stop.owner),
            order: stop.id,
            side: side_of(&stop),
            qty: stop.qty,
            kind: Price::new(note.limit).map_or(OrderKind::Market, OrderKind::Limit),
            reduce_only: stop.flags & REDUCE_ONLY != 0,
        };
        Some((order, note.linked()))
    }

    /// Checks what the structure rests on.
    pub(super) fn assert_consistent(&self) {
        for watch in &self.watches {
            watch.waiting.assert_consistent();
            assert!(watch.trailing_holds(), "an older trailing stop has seen more");
        }
        let waiting: u32 = self.watches.iter().map(|watch| watch.waiting.len()).sum();
        assert_eq!(waiting, self.waiting, "every stop waits on one reference");
    }
}

impl Watch {
    /// Takes a stop out with its note.
    fn take_out(&mut self, slot: Slot) -> (RestingOrder, Note) {
        let stop = self.waiting.remove(slot);
        let note = self.notes[slot.index()];
        if stop.flags & TRAILS != 0 {
            self.trailing.remove(&mut self.notes, stop.side, slot);
        }
        (stop, note)
    }
}

impl Note {
    /// Whether it is what a stop with those flags needs, in a market of that domain.
    fn fits(&self, stop: &RestingOrder, book: &OrderBook) -> bool {
        if stop.flags & TRAILS == 0 {
            return (self.distance, self.best, stop.flags & BY_PART) == (0, 0, 0);
        }
        let stands_on = side_of(stop).opposite();
        let by_part = stop.flags & BY_PART != 0;
        let best = Price::new(self.best).filter(|best| book.in_domain(*best));
        self.limit == 0
            && stop.side == stands_on
            && (!by_part || Ppm::new(self.distance).is_some())
            && best.is_some_and(|best| {
                trigger_behind(self.trail(stop.flags), stands_on, best) == Some(stop.price)
            })
    }

    fn linked(&self) -> Option<OrderId> {
        (self.linked != 0).then_some(OrderId(self.linked))
    }
}

/// A stop that waits no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    pub(super) account: AccountId,
    pub(super) qty: Qty,
    /// The order that it was linked to.
    pub(super) linked: Option<OrderId>,
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
    /// Of a trailing stop: how far behind which price its trigger stays.
    pub(super) trail: Option<(Trail, Price)>,
}

impl Waits {
    /// What a stop waits for.
    pub(super) const fn stop(
        order: &NewOrder,
        watch: Reference,
        take_profit: bool,
        (trigger, limit): (Price, Option<Price>),
    ) -> Self {
        // A buy that limits a loss triggers when the price has risen; one that takes a profit,
        // when it has fallen.
        let above = matches!(order.side, Side::Buy) != take_profit;
        let stands_on = if above { Side::Sell } else { Side::Buy };
        Self { watch, trigger, limit, stands_on, trail: None }
    }

    /// What a trailing stop waits for, with its reference at `best`; `None` if its distance is
    /// none or leads to no price.
    pub(super) fn trailing(
        order: &NewOrder,
        watch: Reference,
        by: Trail,
        best: Price,
    ) -> Option<Self> {
        let stands_on = order.side.opposite();
        let trigger = trigger_behind(by, stands_on, best)?;
        Some(Self { watch, trigger, limit: None, stands_on, trail: Some((by, best)) })
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
            let Watch { waiting, notes, trailing: _ } = watch;
            for side in [Side::Buy, Side::Sell] {
                for (slot, stop) in waiting.depth(side).flat_map(|(price, _)| waiting.queue(price))
                {
                    // Neighbours in the list of trailing stops follow from its order, below.
                    let Note { linked, limit, distance, best, older: _, younger: _ } =
                        &notes[slot.index()];
                    put!(out; &reference, &stop, limit, distance, best, linked);
                }
            }
        }
        for watch in watches {
            for stands_on in [Side::Buy, Side::Sell] {
                for slot in watch.trailing.by_age(&watch.notes, stands_on) {
                    out.put(&watch.waiting.order(slot).id);
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
            let fits = !ledger.is_fund(owner)
                && stop.id.is_client()
                && ledger.is_open(owner)
                && stop.flags & !(SELLS | REDUCE_ONLY | TRAILS | BY_PART) == 0
                && book.find(stop.id).is_none()
                && !self.has(stop.id);
            input.check(fits, || "stops of open accounts, of ids of their own".to_owned())?;
            let watch = &mut self.watches[reference as usize];
            let slot = insert_checked(&mut watch.waiting, stop, input)?;
            let limit: u32 = input.get()?;
            let is_limit =
                limit == 0 || Price::new(limit).is_some_and(|price| book.in_domain(price));
            input.check(is_limit, || "a limit of the domain, or 0".to_owned())?;
            let note = Note {
                limit,
                distance: input.get()?,
                best: input.get()?,
                linked: input.get()?,
                ..Note::default()
            };
            input.check(note.fits(&stop, book), || "a trail of a trailing stop".to_owned())?;
            watch.notes[slot.index()] = note;
            self.waiting += 1;
        }
        self.restore_ages(input)
    }

    /// Which trailing stops are older.
    fn restore_ages(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        for watch in &mut self.watches {
            for stands_on in [Side::Buy, Side::Sell] {
                let levels = watch.waiting.depth(stands_on);
                let stops = levels.flat_map(|(price, _)| watch.waiting.queue(price));
                let count = stops.filter(|(_, stop)| stop.flags & TRAILS != 0).count();
                for _ in 0..count {
                    let id: OrderId = input.get()?;
                    let slot = watch.waiting.find(id).filter(|slot| {
                        let stop = watch.waiting.order(*slot);
                        let listed = watch.trailing.lists_it(&watch.notes, stands_on, *slot);
                        stop.side == stands_on && stop.flags & TRAILS != 0 && !listed
                    });
                    let slot = slot.ok_or_else(|| input.refuse("each trailing stop once"))?;
                    watch.trailing.push(&mut watch.notes, stands_on, slot);
                }
            }
            input.check(watch.trailing_holds(), || "trailing stops by age".to_owned())?;
        }
        Ok(())
    }
}
