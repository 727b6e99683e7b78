//! What some resting orders need beyond their record in the book: a table beside the book's
//! slots, looked at only for an order whose flags say so.

use zerocopy::FromZeros;

use super::market::Market;
use crate::book::{RestingOrder, Slot};
use crate::liquidation::LiquidationRules;
use crate::types::{AccountId, OrderKind, Ppm, Price, Qty};

/// Bits of a resting order's flags.
pub(super) mod flag {
    /// It expires.
    pub(in crate::core) const GOOD_TILL: u8 = 1;
    /// It only reduces its owner's position.
    pub(in crate::core) const REDUCE_ONLY: u8 = 2;
    /// The book shows only a part of it.
    pub(in crate::core) const ICEBERG: u8 = 4;
    /// As soon as it trades, another order is cancelled.
    pub(in crate::core) const LINKED: u8 = 8;
    /// It is a forced order that rests: the engine's own, which closes its owner's position.
    pub(in crate::core) const FORCED: u8 = 16;
}

/// Flags of orders whose quantity in the book is not simply what may trade.
const UNLIKE_THEIR_LOTS: u8 = flag::REDUCE_ONLY | flag::ICEBERG | flag::LINKED;

/// What a flagged order needs; a field means something only under its flag.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C)]
pub(super) struct Detail {
    /// The order that it is linked to.
    pub(super) linked: u64,
    /// The second at which it expires.
    pub(super) expiry_s: u32,
    /// What the book does not show.
    pub(super) hidden_lots: u32,
    /// The largest part that is shown.
    pub(super) display_lots: u32,
}

impl Detail {
    pub(super) const NONE: Self = Self { linked: 0, expiry_s: 0, hidden_lots: 0, display_lots: 0 };
}

/// Details by slot.
#[derive(Debug)]
pub(super) struct Details {
    by_slot: Vec<Detail>,
    /// Resting orders whose quantity in the book is not simply what may trade.
    pub(super) unlike_their_lots: u32,
    /// What a forced order that rests pays.
    pub(super) forced: ForcedTerms,
    /// Accounts whose resting forced orders have traded since somebody looked.
    pub(super) hit: Vec<AccountId>,
}

/// What fills of forced orders that rest cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForcedTerms {
    /// The liquidation fee.
    pub(super) fee: Ppm,
    /// What an order for all of the position leaves of its margin goes to the fund.
    pub(super) whole_forfeits: bool,
    /// What closing a part releases stays with the rest as its margin.
    pub(super) keeps_margin: bool,
}

impl ForcedTerms {
    fn of(rules: &LiquidationRules) -> Self {
        let order = &rules.venue.order;
        Self {
            fee: rules.fee,
            whole_forfeits: order.whole_forfeits,
            keeps_margin: order.keeps_margin,
        }
    }
}

impl Details {
    pub(super) fn new(accounts_max: u32, orders_max: u32, rules: &LiquidationRules) -> Self {
        let by_slot = Detail::new_vec_zeroed(orders_max as usize + 1)
            .expect("memory for the orders' details is there at start");
        let rests = rules.venue.order.unfilled.rests();
        let hit = Vec::with_capacity(if rests { accounts_max as usize + 1 } else { 0 });
        Self { by_slot, unlike_their_lots: 0, forced: ForcedTerms::of(rules), hit }
    }

    /// Notes that a resting forced order of an account has traded. The list has room for every
    /// account once.
    pub(super) fn note_hit(&mut self, account: AccountId) {
        if self.hit.len() == self.hit.capacity() {
            self.hit.sort_unstable();
            self.hit.dedup();
        }
        self.hit.push(account);
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &Detail {
        &self.by_slot[slot.index()]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Detail {
        &mut self.by_slot[slot.index()]
    }

    /// Notes a flagged order that joins the book.
    pub(super) fn add(&mut self, slot: Slot, flags: u8, detail: Detail) {
        self.by_slot[slot.index()] = detail;
        self.unlike_their_lots += u32::from(flags & UNLIKE_THEIR_LOTS != 0);
    }

    /// Notes that a flagged order has left it.
    pub(super) fn forget(&mut self, flags: u8) {
        self.unlike_their_lots -= u32::from(flags & UNLIKE_THEIR_LOTS != 0);
    }

    /// Notes that a resting order's flags change.
    pub(super) fn reflag(&mut self, from: u8, to: u8) {
        self.unlike_their_lots += u32::from(to & UNLIKE_THEIR_LOTS != 0);
        self.unlike_their_lots -= u32::from(from & UNLIKE_THEIR_LOTS != 0);
    }

    /// What the book does not show of an order.
    #[inline]
    pub(super) fn hidden_lots(&self, slot: Slot, order: &RestingOrder) -> u32 {
        if order.flags & flag::ICEBERG == 0 { 0 } else { self.get(slot).hidden_lots }
    }

    /// An order's whole open quantity.
    #[inline]
    pub(super) fn total(&self, slot: Slot, order: &RestingOrder) -> Qty {
        let lots = order.qty.lots() + self.hidden_lots(slot, order);
        Qty::new(lots).expect("an order's whole quantity was one order's")
    }
}

/// The flags under which an order of that kind rests.
#[inline]
pub(super) const fn flags_of(kind: OrderKind, reduce_only: bool) -> u8 {
    let kind = match kind {
        OrderKind::GoodTill { .. } => flag::GOOD_TILL,
        OrderKind::Iceberg { .. } => flag::ICEBERG,
        _ => 0,
    };
    if reduce_only { kind | flag::REDUCE_ONLY } else { kind }
}

/// What an order of that kind shows first of what is left of it, and what it needs.
pub(super) fn shown(kind: OrderKind, left: Qty) -> (Qty, Detail) {
    match kind {
        OrderKind::GoodTill { expiry_s, .. } => (left, Detail { expiry_s, ..Detail::NONE }),
        OrderKind::Iceberg { display, .. } => {
            let first = left.min(display);
            let hidden_lots = left.lots() - first.lots();
            (first, Detail { hidden_lots, display_lots: display.lots(), ..Detail::NONE })
        }
        _ => (left, Detail::NONE),
    }
}

impl Market {
    /// The kind under which a resting order goes on when it is replaced.
    pub(super) fn kind_at(&self, slot: Slot, order: &RestingOrder, price: Price) -> OrderKind {
        if order.flags & flag::GOOD_TILL != 0 {
            let expiry_s = self.details.get(slot).expiry_s;
            return OrderKind::GoodTill { price, expiry_s };
        }
        if order.flags & flag::ICEBERG != 0 {
            let display = Qty::new(self.details.get(slot).display_lots);
            return OrderKind::Iceberg { price, display: display.expect("it was a quantity") };
        }
        OrderKind::Limit(price)
    }
}
