//! Finds live orders by id: an open-addressing table over live orders only.
//!
//! An entry is eight bytes: a 32-bit tag of the id and the order's slot; the id itself is compared
//! in the order's own record, which the caller touches next anyway. Eight consecutive ids share
//! one cache line of the table, because ids are handed out in sequence and live orders are mostly
//! recent ones. Linear probing; a removal closes the gap, so there are no tombstones and the table
//! never degrades.

use super::orders::{OrderStore, Slot};
use crate::types::OrderId;

/// Ids of live orders.
#[derive(Debug)]
pub(super) struct IdTable {
    /// `tag << 32 | slot`; zero is empty.
    entries: Vec<u64>,
    mask: u32,
    /// How far the tag's hashed part is shifted down to make a line number.
    line_shift: u32,
    len: u32,
}

const LINE_BITS: u32 = 3;
const HASH_BITS: u32 = 32 - LINE_BITS;

impl IdTable {
    /// A table for `orders_max` live orders, at most half full.
    pub(super) fn new(orders_max: u32) -> Self {
        let capacity = (u64::from(orders_max) * 2).next_power_of_two().max(64);
        let bits = capacity.trailing_zeros();
        assert!(bits <= 32, "the table's index fits the tag");
        Self {
            entries: vec![0; usize::try_from(capacity).expect("the table fits memory")],
            mask: u32::try_from(capacity - 1).expect("at most 2^32 entries"),
            line_shift: HASH_BITS - (bits - LINE_BITS),
            len: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Hash of the id's upper bits above its three lowest bits: together they name the home place.
    #[inline]
    const fn tag(id: OrderId) -> u32 {
        let hash = (id.0 >> LINE_BITS).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let low = id.0 & ((1 << LINE_BITS) - 1);
        #[allow(clippy::cast_possible_truncation, reason = "29 and 3 bits by construction")]
        {
            (((hash >> (64 - HASH_BITS)) as u32) << LINE_BITS) | low as u32
        }
    }

    #[inline]
    const fn home(&self, tag: u32) -> u32 {
        let line = (tag >> LINE_BITS) >> self.line_shift;
        (line << LINE_BITS) | (tag & ((1 << LINE_BITS) - 1))
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "an entry is two 32-bit halves")]
    const fn split(entry: u64) -> (u32, Option<Slot>) {
        ((entry >> 32) as u32, Slot::from_raw(entry as u32))
    }

    #[inline]
    pub(super) fn find(&self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let tag = Self::tag(id);
        let mut place = self.home(tag);
        loop {
            let (here, slot) = Self::split(self.entries[place as usize]);
            let slot = slot?;
            if here == tag && orders.id(slot) == id {
                return Some(slot);
            }
            place = (place + 1) & self.mask;
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot) {
        let tag = Self::tag(id);
        let mut place = self.home(tag);
        while self.entries[place as usize] != 0 {
            place = (place + 1) & self.mask;
        }
        self.entries[place as usize] = (u64::from(tag) << 32) | u64::from(slot.raw());
        self.len += 1;
    }

    #[inline]
    pub(super) fn remove(&mut self, id: OrderId, slot: Slot) {
        let wanted = (u64::from(Self::tag(id)) << 32) | u64::from(slot.raw());
        let mut place = self.home(Self::tag(id));
        while self.entries[place as usize] != wanted {
            assert!(self.entries[place as usize] != 0, "a live order's id is in the table");
            place = (place + 1) & self.mask;
        }
        self.close_gap(place);
        self.len -= 1;
    }

    /// Moves later entries of the same probe run into the gap, as far as their homes allow.
    #[inline]
    fn close_gap(&mut self, mut gap: u32) {
        let mut place = gap;
        loop {
            place = (place + 1) & self.mask;
            let entry = self.entries[place as usize];
            if entry == 0 {
                break;
            }
            let home = self.home(Self::split(entry).0);
            // The entry may move back to the gap unless its home lies after the gap.
            if (place.wrapping_sub(home) & self.mask) >= (place.wrapping_sub(gap) & self.mask) {
                self.entries[gap as usize] = entry;
                gap = place;
            }
        }
        self.entries[gap as usize] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::orders::RestingOrder;
    use super::*;
    use crate::types::{Price, Qty, Side};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn order(id: u64) -> RestingOrder {
        RestingOrder {
            id: OrderId(id),
            owner: 0,
            side: Side::Buy,
            price: Price::MIN,
            qty: Qty::MAX,
            flags: 0,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_map(
            ops in prop::collection::vec((prop_oneof![0_u64..200, any::<u64>(), (0_u64..50).prop_map(|n| n << 40)], any::<bool>()), 1..600)
        ) {
            let mut orders = OrderStore::new(64);
            let mut table = IdTable::new(64);
            let mut model: BTreeMap<u64, Slot> = BTreeMap::new();
            for (id, add) in ops {
                if add && !model.contains_key(&id) && !orders.is_full() {
                    let slot = orders.take(order(id));
                    table.insert(OrderId(id), slot);
                    model.insert(id, slot);
                } else if let Some(slot) = model.remove(&id) {
                    table.remove(OrderId(id), slot);
                    orders.release(slot);
                }
                for (id, slot) in &model {
                    prop_assert_eq!(table.find(OrderId(*id), &orders), Some(*slot));
                }
                prop_assert_eq!(table.find(OrderId(id ^ 1), &orders), model.get(&(id ^ 1)).copied());
            }
        }
    }
}
