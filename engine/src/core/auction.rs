//! The call auction that reopens a halted market (`docs/ORDERS.md`, Call auction).

use super::details::flag;
use super::market::Market;
use super::settle::Settlement;
use crate::book::{OrderBook, RestingOrder, Slot};
use crate::risk::Ledger;
use crate::types::{AccountId, CancelCause, Event, EventSink, Price, Qty, Side};

/// What an auction would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// The one price at which everything would trade.
    pub price: Price,
    /// How much would trade, in lots.
    pub lots: u64,
    /// What would be left on the larger side at that price or better: bids positive, offers
    /// negative, in lots.
    pub surplus_lots: i64,
}

impl Market {
    /// The price of greatest executable volume: with least surplus, then nearest the standing
    /// price, then lowest. `None` if the sides do not cross.
    pub(super) fn clearing(&self) -> Option<Clearing> {
        let lowest = self.book.best_in_call(Side::Sell)?;
        let highest = self.book.best_in_call(Side::Buy)?;
        let standing = self.standing();
        let mut bid_lots: u64 = 0;
        for (price, lots) in self.book.depth(Side::Buy) {
            if price < lowest {
                break;
            }
            bid_lots += self.whole_level(Side::Buy, price, lots);
        }
        let mut offer_lots = 0;
        let mut best: Option<Clearing> = None;
        let mut next = Some(lowest).filter(|lowest| *lowest <= highest);
        while let Some(price) = next {
            offer_lots += self.whole_at(Side::Sell, price);
            let found = Clearing {
                price,
                lots: bid_lots.min(offer_lots),
                surplus_lots: signed(bid_lots) - signed(offer_lots),
            };
            if best.is_none_or(|best| rank(&found, standing) > rank(&best, standing)) {
                best = Some(found);
            }
            bid_lots -= self.whole_at(Side::Buy, price);
            next = self.next_price(price).filter(|next| *next <= highest);
        }
        best
    }

    /// The lowest occupied price above a price.
    fn next_price(&self, price: Price) -> Option<Price> {
        let above = Price::new(price.ticks() + 1).filter(|above| self.book.in_domain(*above))?;
        let level = |side| self.book.level_at_or_above(side, above).map(|(price, _)| price);
        [level(Side::Buy), level(Side::Sell)].into_iter().flatten().min()
    }

    fn whole_at(&self, side: Side, price: Price) -> u64 {
        match self.book.level_at_or_above(side, price) {
            Some((at, lots)) if at == price => self.whole_level(side, price, lots),
            _ => 0,
        }
    }

    /// What a level holds, shown or hidden.
    fn whole_level(&self, side: Side, price: Price, lots: u64) -> u64 {
        if self.details.unlike_their_lots == 0 {
            return lots;
        }
        let whole = |(slot, order): (Slot, RestingOrder)| {
            u64::from(order.qty.lots()) + u64::from(self.details.hidden_lots(slot, &order))
        };
        self.book.queue_of(side, price).map(whole).sum()
    }

    /// Trades everything that crosses: at one price, and once more at another if orders that could
    /// not trade have left the sides crossed.
    /// Returns the last price at which something traded.
    pub(super) fn uncross(
        &mut self,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
    ) -> Option<Price> {
        let mut traded_at = None;
        while let Some(Clearing { price, surplus_lots, .. }) = self.clearing() {
            let symbol = self.symbol;
            let (book, mut settlement) = self.split(ledger, sink);
            let mut lots = 0;
            while let Some(pair) = Pair::front(book, price) {
                lots += settlement.cross(book, &pair, price);
            }
            settlement.sink.event(Event::Uncrossed { symbol, price, lots, surplus_lots });
            traded_at = (lots > 0).then_some(price).or(traded_at);
        }
        traded_at
    }
}

/// Greater is better; of equals the first, lower price stays.
fn rank(found: &Clearing, standing: Option<Price>) -> (u64, ::core::cmp::Reverse<(u64, u32)>) {
    let distance = standing.map_or(0, |standing| standing.ticks().abs_diff(found.price.ticks()));
    (found.lots, ::core::cmp::Reverse((found.surplus_lots.unsigned_abs(), distance)))
}

fn signed(lots: u64) -> i64 {
    i64::try_from(lots).expect("2^26 orders of 2^31 lots")
}

/// The first orders of both sides.
struct Pair {
    bid: (Slot, RestingOrder),
    offer: (Slot, RestingOrder),
}

impl Pair {
    /// The pair that trades next at a price, if both sides have an order for it.
    fn front(book: &OrderBook, price: Price) -> Option<Self> {
        let first = |side| {
            let slot = book.front_in_call(side)?;
            Some((slot, book.order(slot)))
        };
        let pair = Self { bid: first(Side::Buy)?, offer: first(Side::Sell)? };
        (pair.bid.1.price >= price && pair.offer.1.price <= price).then_some(pair)
    }
}

impl<S: EventSink> Settlement<'_, S> {
    /// Trades as much as both have, or cancels one that cannot trade. Returns the lots.
    fn cross(&mut self, book: &mut OrderBook, pair: &Pair, price: Price) -> u64 {
        if self.are_linked(pair) {
            let (slot, bid) = pair.bid;
            self.untie(book, slot, bid);
            self.cancel_linked(book, pair.offer.1.id);
            return 0;
        }
        let mut qty = pair.bid.1.qty.min(pair.offer.1.qty);
        for (slot, order) in [&pair.bid, &pair.offer] {
            if order.flags & flag::REDUCE_ONLY == 0 {
                continue;
            }
            let Some(most) = self.may_reduce(order) else {
                self.cancel(book, *slot, CancelCause::ReduceOnly);
                return 0;
            };
            qty = qty.min(most);
        }
        for (slot, order) in [&pair.bid, &pair.offer] {
            if !self.is_funded(*slot, order, qty, price) {
                self.cancel(book, *slot, CancelCause::Unfunded);
                return 0;
            }
        }
        self.trade_pair(book, pair, qty, price);
        u64::from(qty.lots())
    }

    /// Whether the two are linked to each other.
    fn are_linked(&self, pair: &Pair) -> bool {
        let (slot, bid) = pair.bid;
        bid.flags & flag::LINKED != 0 && self.details.get(slot).linked == pair.offer.1.id.0
    }

    /// Whether an order's reserve and its owner's cash pay for what it would open at the auction's
    /// price: a sell's limit may lie far below it, and its reserve was taken there. A cross account
    /// was asked for what its limit loses against the mark.
    fn is_funded(&self, slot: Slot, order: &RestingOrder, qty: Qty, price: Price) -> bool {
        if order.flags & flag::REDUCE_ONLY != 0 {
            return true;
        }
        let account = AccountId(order.owner);
        if self.ledger.account(account).is_cross() {
            return true;
        }
        let lots = u64::from(qty.lots());
        let opening = lots - self.positions[account.index()].closing_lots(order.side, lots);
        let Some(opening) = u32::try_from(opening).ok().filter(|lots| *lots > 0) else {
            return true;
        };
        let initial = self.initial(account);
        let whole = self.details.total(slot, order).lots();
        let released = self.rules.reserve(order.price, whole, initial)
            - self.rules.reserve(order.price, whole - qty.lots(), initial);
        let needed = self.rules.reserve(price, opening, initial);
        self.ledger.account(account).cash + released >= needed
    }

    /// Both sides book the same value; nobody takes, so both pay the maker's fee.
    fn trade_pair(&mut self, book: &mut OrderBook, pair: &Pair, qty: Qty, price: Price) {
        let (bid, offer) = (pair.bid.1, pair.offer.1);
        self.say_auction_trade(price, qty, (bid.id, bid.owner), (offer.id, offer.owner));
        let lots = u64::from(qty.lots());
        let value = self.value(price, lots);
        let mut linked = [None, None];
        for (n, (slot, order)) in [pair.bid, pair.offer].into_iter().enumerate() {
            let (order, other) = self.untie(book, slot, order);
            linked[n] = other;
            let total = self.details.total(slot, &order).lots();
            let next = self.draw(book, slot, &order, qty);
            self.shrink(&order, total, total - qty.lots());
            self.book_maker(&order, lots, value);
            if let Some(part) = next {
                self.say_part(&order, part);
            }
        }
        for other in linked.into_iter().flatten() {
            self.cancel_linked(book, other);
        }
    }
}
