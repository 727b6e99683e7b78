//! Finds live orders by id: an open-addressing table over live orders only.
//!
//! An entry is eight bytes: a 32-bit tag of the id and the order's slot; the id itself is compared
//! in the order's own record, which the caller touches next anyway. Eight consecutive ids share
//! one cache line of the table, because ids are handed out in sequence and live orders are mostly
//! recent ones. Linear probing; a removal closes the gap, so there are no tombstones and the table
//! never degrades.
//!
//! The table starts small and doubles as orders come to rest, so that what a probe touches stays in
//! cache whatever room was asked for. Every size is allocated at the start, and memory that was
//! never written costs nothing.

use super::orders::{OrderStore, Slot};
use crate::types::OrderId;

/// Ids of live orders.
#[derive(Debug)]
pub(super) struct IdTable {
    /// `tag << 32 | slot`; zero is empty.
    entries: Vec<u64>,
    /// Larger tables to move to, the next one last.
    larger: Vec<Vec<u64>>,
    mask: u32,
    /// How far the tag's hashed part is shifted down to make a line number.
    line_shift: u32,
    /// Live orders at which the table doubles.
    len_max: u32,
}

const LINE_BITS: u32 = 3;
const HASH_BITS: u32 = 32 - LINE_BITS;
/// Size of the first table: half a small first-level cache.
const ENTRIES_MIN: u64 = 1 << 11;
/// Entries per live order below which a table doubles, while there is a larger one.
const SPARSITY: u32 = 4;

impl IdTable {
    /// A table for `orders_max` live orders, at most half full.
    pub(super) fn new(orders_max: u32) -> Self {
        let entries_max = (u64::from(orders_max) * 2).next_power_of_two().max(64);
        let sizes = ::core::iter::successors(Some(entries_max), |size| Some(size / 2));
        let sizes = sizes.take_while(|size| *size == entries_max || *size >= ENTRIES_MIN);
        let table = |size| vec![0; usize::try_from(size).expect("the table fits memory")];
        let mut table = Self {
            entries: Vec::new(),
            larger: sizes.map(table).collect(),
            mask: 0,
            line_shift: 0,
            len_max: 0,
        };
        table.grow();
        table
    }

    /// Moves to the next larger table.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let Some(larger) = self.larger.pop() else { return };
        let bits = larger.len().trailing_zeros();
        assert!(bits <= 32, "the table's index fits the tag");
        let smaller = ::core::mem::replace(&mut self.entries, larger);
        self.mask = u32::try_from(self.entries.len() - 1).expect("at most 2^32 entries");
        self.line_shift = HASH_BITS - (bits - LINE_BITS);
        // The last table is the largest: it is never left.
        self.len_max = if self.larger.is_empty() { u32::MAX } else { (1 << bits) / SPARSITY };
        for entry in smaller {
            if entry != 0 {
                self.place(entry);
            }
        }
    }

    /// Ids in the table, counted one by one.
    pub(super) fn count(&self) -> usize {
        self.entries.iter().filter(|entry| **entry != 0).count()
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
        let line = (tag >> LINE_BITS).wrapping_shr(self.line_shift);
        (line << LINE_BITS) | (tag & ((1 << LINE_BITS) - 1))
    }

    #[inline]
    const fn next(&self, place: u32) -> u32 {
        place.wrapping_add(1) & self.mask
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "an entry is two 32-bit halves")]
    const fn split(entry: u64) -> (u32, Option<Slot>) {
        ((entry >> 32) as u32, Slot::from_raw(entry as u32))
    }

    #[inline]
    pub(super) fn find(&self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        self.find_place(id, orders).map(|(_, slot)| slot)
    }

    /// Where an id's entry stands, and the slot it names.
    #[inline]
    fn find_place(&self, id: OrderId, orders: &OrderStore) -> Option<(u32, Slot)> {
        let tag = Self::tag(id);
        let mut place = self.home(tag);
        loop {
            let (here, slot) = Self::split(self.entries[place as usize]);
            let slot = slot?;
            if here == tag && orders.id(slot) == id {
                return Some((place, slot));
            }
            place = self.next(place);
        }
    }

    /// Adds the id of an order that is not in the table; `live` orders rest with it.
    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot, live: u32) {
        self.place((u64::from(Self::tag(id)) << 32) | u64::from(slot.raw()));
        if live > self.len_max {
            self.grow();
        }
    }

    /// Writes an entry into the first empty place from its home on.
    #[inline]
    fn place(&mut self, entry: u64) {
        let mut place = self.home(Self::split(entry).0);
        while self.entries[place as usize] != 0 {
            place = self.next(place);
        }
        self.entries[place as usize] = entry;
    }

    /// Removes the id of the order in a slot.
    #[inline]
    pub(super) fn remove(&mut self, id: OrderId, slot: Slot) {
        let tag = Self::tag(id);
        let wanted = (u64::from(tag) << 32) | u64::from(slot.raw());
        let mut place = self.home(tag);
        while self.entries[place as usize] != wanted {
            assert!(self.entries[place as usize] != 0, "a live order's id is in the table");
            place = self.next(place);
        }
        self.close_gap(place);
    }

    /// Removes an id if it is there; says in which slot its order is.
    #[inline]
    pub(super) fn take(&mut self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let (place, slot) = self.find_place(id, orders)?;
        self.close_gap(place);
        Some(slot)
    }

    /// Moves later entries of the same probe run into the gap, as far as their homes allow.
    #[inline]
    fn close_gap(&mut self, mut gap: u32) {
        let mut place = gap;
        loop {
            place = self.next(place);
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
                    table.insert(OrderId(id), slot, orders.len());
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

    #[test]
    fn growing_keeps_every_id() {
        const ORDERS: u64 = 20_000;
        let scattered = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1;
        let mut orders = OrderStore::new(1 << 15);
        let mut table = IdTable::new(1 << 15);
        assert!(table.entries.len() < 1 << 12, "it starts small");
        let mut slots = Vec::new();
        for n in 0..ORDERS {
            let slot = orders.take(order(scattered(n)));
            table.insert(OrderId(scattered(n)), slot, orders.len());
            slots.push(slot);
        }
        assert_eq!(table.entries.len(), 1 << 16, "it ends at its largest");
        for (n, slot) in (0..ORDERS).zip(&slots) {
            assert_eq!(table.find(OrderId(scattered(n)), &orders), Some(*slot));
        }
        for (n, slot) in (0..ORDERS).zip(&slots).step_by(2) {
            assert_eq!(table.take(OrderId(scattered(n)), &orders), Some(*slot));
            orders.release(*slot);
        }
        for (n, slot) in (0..ORDERS).zip(&slots) {
            let expected = (n % 2 == 1).then_some(*slot);
            assert_eq!(table.find(OrderId(scattered(n)), &orders), expected);
        }
        assert_eq!(table.count(), 10_000);
    }
}
