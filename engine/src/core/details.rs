//! What some resting orders need beyond their record in the book: a table beside the book's
//! slots, looked at only for an order whose flags say so.

use zerocopy::FromZeros;

use super::market::Market;
use crate::book::{RestingOrder, Slot};
use crate::types::OrderKind;

/// Bits of a resting order's flags.
pub(super) mod flag {
    /// It expires.
    pub(in crate::core) const GOOD_TILL: u8 = 1;
}

/// What a flagged order needs; a field means something only under its flag.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C)]
pub(super) struct Detail {
    /// The second at which it expires.
    pub(super) expiry_s: u32,
}

/// Details by slot.
#[derive(Debug)]
pub(super) struct Details {
    by_slot: Vec<Detail>,
}

impl Details {
    pub(super) fn new(orders_max: u32) -> Self {
        let by_slot = Detail::new_vec_zeroed(orders_max as usize + 1)
            .expect("memory for the orders' details is there at start");
        Self { by_slot }
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &Detail {
        &self.by_slot[slot.index()]
    }

    #[inline]
    pub(super) fn set(&mut self, slot: Slot, detail: Detail) {
        self.by_slot[slot.index()] = detail;
    }
}

/// The flags under which an order of that kind rests.
#[inline]
pub(super) const fn flags_of(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::GoodTill { .. } => flag::GOOD_TILL,
        _ => 0,
    }
}

/// What an order of that kind needs.
pub(super) const fn detail_of(kind: OrderKind) -> Detail {
    let expiry_s = match kind {
        OrderKind::GoodTill { expiry_s, .. } => expiry_s,
        _ => 0,
    };
    Detail { expiry_s }
}

impl Market {
    /// The kind under which a resting order goes on when it is replaced.
    pub(super) fn kind_at(
        &self,
        slot: Slot,
        order: &RestingOrder,
        price: crate::types::Price,
    ) -> OrderKind {
        if order.flags & flag::GOOD_TILL != 0 {
            let expiry_s = self.details.get(slot).expiry_s;
            return OrderKind::GoodTill { price, expiry_s };
        }
        OrderKind::Limit(price)
    }
}
