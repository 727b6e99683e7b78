//! One market's canonical bytes. Orders are written in the order of their queues, then the order
//! in which each account placed them; slots, links and aggregates follow and are not written.

use super::details::{Detail, flag};
use super::market::Market;
use crate::book::{OrderBook, RestingOrder};
use crate::risk::{Ledger, Position};
use crate::state::{AMOUNT_MAX_UNITS, Canonical, Decoder, Encoder, StateError, put};
use crate::types::{AccountId, OrderId, Price, Side};

impl Canonical for RestingOrder {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { id, owner, side, price, qty, flags } = self;
        put!(out; id, owner, side, price, qty, flags);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        Ok(Self {
            id: input.get()?,
            owner: input.get()?,
            side: input.get()?,
            price: input.get()?,
            qty: input.get()?,
            flags: input.get()?,
        })
    }
}

impl Canonical for Detail {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { linked, expiry_s, hidden_lots, display_lots } = self;
        put!(out; linked, expiry_s, hidden_lots, display_lots);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (linked, expiry_s, hidden_lots) = (input.get()?, input.get()?, input.get()?);
        Ok(Self { linked, expiry_s, hidden_lots, display_lots: input.get()? })
    }
}

/// Adds an order to a book if it can stand there.
pub(super) fn insert_checked(
    book: &mut OrderBook,
    order: RestingOrder,
    input: &Decoder<'_>,
) -> Result<crate::book::Slot, StateError> {
    let fits = !book.is_full()
        && book.in_domain(order.price)
        && (book.in_call() || !book.crosses(order.side, order.price))
        && (order.id.is_client() || order.id.is_derived() && order.flags == flag::FORCED)
        && book.find(order.id).is_none();
    input.check(fits, || "an order that fits its book, of an id of its own".to_owned())?;
    Ok(if book.in_call() { book.insert_in_call(order) } else { book.insert_flagged(order) })
}

impl Market {
    pub(super) fn put(&self, out: &mut Encoder<'_>) {
        let Self {
            book,
            positions,
            open_orders,
            details,
            to_clip,
            mark,
            previous_mark,
            index_price,
            last,
            stops,
            // Written before it.
            watchdog: _,
            halted: _,
            // Its place in the list, and configuration.
            symbol: _,
            fund: _,
            rules: _,
            watch: _,
            // Of some markets' rules only: `price_state`.
            marked_ns: _,
            mark_state: _,
            premium: _,
            carry: _,
            // Follow from the positions.
            index: _,
            cross_index: _,
            accounts_used: _,
        } = self;
        put!(out; mark, previous_mark, index_price, last);
        let held = || (0..).map(AccountId).zip(positions).filter(|(_, held)| held.is_state());
        out.count(held().count());
        for (account, position) in held() {
            put!(out; &account, position);
        }
        out.count(book.len() as usize);
        for side in [Side::Buy, Side::Sell] {
            for (slot, order) in book.depth(side).flat_map(|(price, _)| book.queue_of(side, price))
            {
                out.put(&order);
                if order.flags != 0 {
                    out.put(details.get(slot));
                }
            }
        }
        // The order in which a liquidation cancels; the queues alone do not tell it.
        for position in positions {
            for slot in open_orders.of(position) {
                out.put(&book.order(slot).id);
            }
        }
        out.list(to_clip);
        stops.put(out);
    }

    /// Whether it is halted, and what decides when it halts and reopens, of a market that can be.
    pub(super) fn put_halt(&self, out: &mut Encoder<'_>, now_ns: u64) {
        let Some(watchdog) = &self.watchdog else { return };
        let reference = if self.halted {
            watchdog.reference
        } else {
            watchdog.reference_at(now_ns, self.standing())
        };
        put!(out; &self.halted, &reference, &watchdog.due_ns);
    }

    /// Puts it back into an empty market.
    pub(super) fn restore_halt(
        &mut self,
        input: &mut Decoder<'_>,
        now_ns: u64,
    ) -> Result<(), StateError> {
        let Some(watchdog) = &mut self.watchdog else { return Ok(()) };
        let (halted, reference): (bool, Option<Price>) = (input.get()?, input.get()?);
        let due_ns: Option<u64> = input.get()?;
        let fits = reference.is_none_or(|price| self.book.in_domain(price));
        input.check(fits && (halted || due_ns.is_none()), || {
            "a reference of the domain, and a time to reopen of a halted market".to_owned()
        })?;
        watchdog.restore(reference, due_ns, now_ns);
        self.halted = halted;
        if halted {
            self.book.open_call();
        }
        Ok(())
    }

    /// Fills an empty market. The accounts are there already.
    pub(super) fn restore(
        &mut self,
        ledger: &Ledger,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        self.mark = input.get()?;
        self.previous_mark = input.get()?;
        self.index_price = input.get()?;
        self.last = input.get()?;
        let prices = [self.mark, self.previous_mark, self.index_price, self.last];
        let within = prices.into_iter().flatten().all(|price| self.book.in_domain(price));
        input.check(within, || "prices of the market's domain".to_owned())?;
        self.restore_positions(ledger, input)?;
        self.restore_modes(ledger, input)?;
        self.restore_orders(ledger, input)?;
        let accounts_max = self.positions.len();
        self.to_clip = input.list(accounts_max, "accounts to clip")?;
        let open = self.to_clip.iter().all(|account| ledger.is_open(*account));
        input.check(open, || "accounts that are open".to_owned())?;
        self.stops.restore(&self.book, ledger, input)?;
        for account in (0..self.accounts_used).filter_map(|n| u32::try_from(n).ok()) {
            self.refresh(AccountId(account));
        }
        Ok(())
    }

    fn restore_positions(
        &mut self,
        ledger: &Ledger,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let mut next = 0;
        for _ in 0..input.count(self.positions.len(), "positions")? {
            let account: AccountId = input.get()?;
            let mut position: Position = input.get()?;
            let is_fund = ledger.is_fund(account);
            let funds = is_fund && position.lots() != 0;
            let needs_mark = position.is_locked() || funds;
            // The fund takes over the positions of many: it may hold what money can count.
            let most = if is_fund { i64::MAX } else { AMOUNT_MAX_UNITS };
            let fits = account.index() >= next
                && ledger.is_open(account)
                && self.is_worth_at_most(position.size(), most)
                && (self.mark.is_some() || !needs_mark)
                && (!funds || account == self.fund);
            input
                .check(fits, || "positions of open accounts by rising id, in bounds".to_owned())?;
            next = account.index() + 1;
            self.accounts_used = next;
            if is_fund {
                position.set_fund();
            }
            self.positions[account.index()] = position;
        }
        Ok(())
    }

    /// Whether so many lots are worth an amount that a snapshot may hold, at any price.
    fn is_bounded(&self, lots: u64) -> bool {
        self.is_worth_at_most(lots, AMOUNT_MAX_UNITS)
    }

    /// Whether so many lots are worth no more than that at any price.
    fn is_worth_at_most(&self, lots: u64, units: i64) -> bool {
        let (_, high) = self.rules.domain();
        let unit = i128::from(self.rules.contract().unit);
        unit.checked_mul(i128::from(lots))
            .and_then(|scaled| scaled.checked_mul(i128::from(high.ticks())))
            .is_some_and(|value| value <= i128::from(units))
    }

    fn restore_orders(
        &mut self,
        ledger: &Ledger,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let count = input.count(u32::MAX as usize, "orders")?;
        for _ in 0..count {
            let order: RestingOrder = input.get()?;
            let owner = AccountId(order.owner);
            let owned = !ledger.is_fund(owner) && ledger.is_open(owner);
            input.check(owned, || "orders of open accounts".to_owned())?;
            let slot = insert_checked(&mut self.book, order, input)?;
            if order.flags != 0 {
                let detail: Detail = input.get()?;
                input.check(detail_fits(&order, &detail), || {
                    "flags and what they need of an order".to_owned()
                })?;
                self.details.add(slot, order.flags, detail);
            }
            let whole =
                u64::from(order.qty.lots()) + u64::from(self.details.hidden_lots(slot, &order));
            let most = if order.flags == flag::FORCED {
                self.position(owner).size()
            } else {
                self.rules.order_lots_max.into()
            };
            let bounded = whole <= most && self.is_bounded(whole);
            input.check(bounded, || "orders within their bound".to_owned())?;
            self.count_lots(&order, u32::try_from(whole).unwrap_or(u32::MAX), input)?;
            self.accounts_used = self.accounts_used.max(owner.index() + 1);
        }
        self.restore_ages(count, input)
    }

    fn count_lots(
        &mut self,
        order: &RestingOrder,
        whole: u32,
        input: &Decoder<'_>,
    ) -> Result<(), StateError> {
        if order.flags & flag::FORCED != 0 {
            return Ok(());
        }
        let position = &mut self.positions[order.owner as usize];
        let lots = if order.flags & flag::REDUCE_ONLY == 0 {
            &mut position.open_lots[order.side.index()]
        } else {
            &mut position.reduce_lots
        };
        let total = lots.checked_add(whole);
        *lots = total.ok_or_else(|| input.refuse("resting quantities that add up"))?;
        Ok(())
    }

    fn restore_ages(&mut self, count: usize, input: &mut Decoder<'_>) -> Result<(), StateError> {
        let mut seen = vec![false; count + 1];
        let mut last_owner = 0;
        for _ in 0..count {
            let id: OrderId = input.get()?;
            let slot = self.book.find(id);
            let slot = slot.filter(|slot| {
                // A new book gives out its slots from 1 on.
                let first_time = !std::mem::replace(&mut seen[slot.index()], true);
                first_time && self.book.order(*slot).owner >= last_owner
            });
            let slot =
                slot.ok_or_else(|| input.refuse("each resting order once, by rising account"))?;
            last_owner = self.book.order(slot).owner;
            self.open_orders.push(&mut self.positions[last_owner as usize], slot);
        }
        Ok(())
    }

    /// Resting orders that expire, with their last seconds.
    pub(super) fn expiring(&self) -> impl Iterator<Item = (u32, OrderId)> + '_ {
        let orders = [Side::Buy, Side::Sell]
            .into_iter()
            .flat_map(|side| self.book.depth(side).map(move |(price, _)| (side, price)))
            .flat_map(|(side, price)| self.book.queue_of(side, price));
        orders
            .filter(|(_, order)| order.flags & flag::GOOD_TILL != 0)
            .map(|(slot, order)| (self.details.get(slot).expiry_s, order.id))
    }
}

/// Whether an order's flags are known and its details those of its flags, the rest zero.
fn detail_fits(order: &RestingOrder, detail: &Detail) -> bool {
    let known = flag::GOOD_TILL | flag::REDUCE_ONLY | flag::ICEBERG | flag::LINKED | flag::FORCED;
    let expires = order.flags & flag::GOOD_TILL != 0;
    let hides = order.flags & flag::ICEBERG != 0;
    let forced = order.flags & flag::FORCED != 0;
    order.flags & !known == 0
        && (!forced || order.flags == flag::FORCED && order.id.is_derived())
        && (order.flags & flag::LINKED != 0) == (detail.linked != 0)
        && (expires || detail.expiry_s == 0)
        && !(expires && hides)
        && if hides {
            order.qty.lots() <= detail.display_lots
        } else {
            (detail.hidden_lots, detail.display_lots) == (0, 0)
        }
}
