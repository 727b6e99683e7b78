//! Finds live orders by id: a hash table over live orders only, in buckets of half a cache line.
//!
//! A bucket holds up to six orders: a byte of each id's hash, all in one word, and their slots. The
//! id itself is compared in the order's own record, which the caller touches next anyway. One
//! comparison of a word finds the six bytes at once, so a search branches on what it finds and
//! nothing else; a removal clears a byte and moves nothing.
//!
//! What finds no room in its own bucket goes to the next one that has some, and every bucket it
//! passed counts it: a search goes on only past a bucket that counts somebody.
//!
//! In front of the table stand the youngest orders, one per place, at the lowest bits of their ids.
//! Most orders are gone before a younger one claims their place, and never enter the table: what
//! they cost is one line that stays in the first-level cache. An order that is claimed upon moves
//! to the table, so whatever ids a sender chooses, the worst is a table without this shortcut.
//!
//! The table starts small and doubles as orders come to rest, so that what a search touches stays
//! in cache whatever room was asked for. Room for every size is set aside at the start, and written
//! when the table moves there: memory that was never written costs nothing.

use super::orders::{OrderStore, Slot};
use crate::types::OrderId;

/// The place of a young order.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Young {
    id: OrderId,
    /// Nothing if the place is free, whatever its id.
    slot: Option<Slot>,
}

/// Places for young orders: an eighth of a small first-level cache.
const YOUNG: usize = 1 << 8;

/// An id's place among the young.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the lowest bits are what is wanted")]
const fn young_place(id: OrderId) -> usize {
    id.0 as usize & (YOUNG - 1)
}

/// Six places of the table.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
struct Bucket {
    /// A byte per place, zero if it is empty; above them, how many orders passed by.
    head: u64,
    slots: [u32; PLACES],
}

const PLACES: usize = 6;
const _: () = assert!(size_of::<Bucket>() == 32, "two buckets share a cache line");

/// One in every place's byte.
const ONES: u64 = 0x0000_0101_0101_0101;
/// The top bit of every place's byte: set in the byte of a place in use.
const TOPS: u64 = ONES << 7;
/// One order that passed by.
const PASSED: u64 = 1 << 48;

impl Bucket {
    /// The top bits of the bytes that may equal `byte`: surely the lowest of them, and what lies
    /// above it maybe not.
    #[inline]
    const fn candidates(&self, byte: u64) -> u64 {
        let differ = self.head ^ (byte * ONES);
        differ.wrapping_sub(ONES) & !differ & TOPS
    }

    /// The top bits of the bytes of empty places.
    #[inline]
    const fn empty(&self) -> u64 {
        !self.head & TOPS
    }

    #[inline]
    const fn passed(&self) -> bool {
        self.head >= PASSED
    }

    /// Counts an order that passed by; at the highest count it stays there for good.
    fn pass(&mut self) {
        self.head = self.head.checked_add(PASSED).unwrap_or(self.head);
    }

    /// Takes back what [`Self::pass`] counted.
    fn unpass(&mut self) {
        if self.head.checked_add(PASSED).is_some() {
            self.head -= PASSED;
        }
    }

    #[inline]
    fn slot(&self, place: usize) -> Option<Slot> {
        Slot::from_raw(self.slots[place])
    }

    #[inline]
    fn fill(&mut self, place: usize, byte: u64, slot: Slot) {
        self.slots[place] = slot.raw();
        self.head |= byte.wrapping_shl(shift_of(place));
    }

    #[inline]
    fn clear(&mut self, place: usize) {
        self.head &= !0xFF_u64.wrapping_shl(shift_of(place));
    }
}

/// The place of the lowest top bit.
#[inline]
const fn place_of(tops: u64) -> usize {
    (tops.trailing_zeros() / 8) as usize
}

/// How far up a place's byte stands.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a place is below six")]
const fn shift_of(place: usize) -> u32 {
    (place as u32).wrapping_mul(8)
}

/// Ids of live orders.
#[derive(Debug)]
pub(super) struct IdTable {
    young: Box<[Young; YOUNG]>,
    buckets: Vec<Bucket>,
    /// Larger tables to move to, the next one last.
    larger: Vec<Vec<Bucket>>,
    /// How far a hash is shifted down to make a bucket's number.
    shift: u32,
    /// Live orders at which the table doubles.
    len_max: u32,
}

/// Buckets of the first table.
const BUCKETS_MIN: u64 = 1 << 6;
/// Live orders per bucket above which a table doubles, while there is a larger one.
const OCCUPANTS: u32 = 3;

impl IdTable {
    /// A table for `orders_max` live orders, at most half full.
    pub(super) fn new(orders_max: u32) -> Self {
        let most = u64::from(orders_max.div_ceil(OCCUPANTS)).next_power_of_two().max(BUCKETS_MIN);
        let sizes = ::core::iter::successors(Some(most), |size| Some(size / 2));
        let sizes = sizes.take_while(|size| *size >= BUCKETS_MIN);
        let table =
            |size| Vec::with_capacity(usize::try_from(size).expect("the table fits memory"));
        let mut larger: Vec<Vec<Bucket>> = sizes.map(table).collect();
        let buckets = larger.pop().expect("there is one size at least");
        let young = Box::new([Young { id: OrderId(0), slot: None }; YOUNG]);
        let mut table = Self { young, buckets, larger, shift: 0, len_max: 0 };
        table.start();
        table
    }

    /// Empties the table, and sets what follows from its number of buckets.
    fn start(&mut self) {
        // Zeroed memory of this alignment would be written at once for every size.
        self.buckets.resize(self.buckets.capacity(), Bucket { head: 0, slots: [0; PLACES] });
        let bits = self.buckets.len().trailing_zeros();
        self.shift = u64::BITS - bits;
        // The last table is the largest: it is never left.
        self.len_max = if self.larger.is_empty() { u32::MAX } else { OCCUPANTS << bits };
    }

    /// Moves to the next larger table.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, orders: &OrderStore) {
        let Some(larger) = self.larger.pop() else { return };
        let smaller = ::core::mem::replace(&mut self.buckets, larger);
        self.start();
        for bucket in smaller {
            let mut used = bucket.head & TOPS;
            while used != 0 {
                let slot = bucket.slot(place_of(used)).expect("a place in use names a slot");
                self.place(orders.get(slot).id, slot);
                used &= used - 1;
            }
        }
    }

    /// Ids in the table, counted one by one.
    pub(super) fn count(&self) -> usize {
        let young = self.young.iter().filter(|place| place.slot.is_some()).count();
        let used = |bucket: &Bucket| (bucket.head & TOPS).count_ones() as usize;
        young + self.buckets.iter().map(used).sum::<usize>()
    }

    /// An id's own bucket, and its byte in whatever bucket it is.
    #[inline]
    const fn home(&self, id: OrderId) -> (usize, u64) {
        // Fibonacci hashing: ids in sequence spread evenly.
        let hash = id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        #[allow(clippy::cast_possible_truncation, reason = "at most 2^32 buckets")]
        let bucket = hash.wrapping_shr(self.shift) as usize;
        (bucket, (hash >> 32 & 0x7F) | 0x80)
    }

    #[inline]
    const fn after(&self, bucket: usize) -> usize {
        (bucket + 1) & (self.buckets.len() - 1)
    }

    #[inline]
    pub(super) fn find(&self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let Young { id: here, slot } = self.young[young_place(id)];
        if here == id && slot.is_some() { slot } else { self.find_grown(id, orders) }
    }

    /// As [`Self::find`], of an order that is not among the young.
    #[inline(never)]
    fn find_grown(&self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let (home, byte) = self.home(id);
        let (_, _, slot) = self.locate(home, byte, |slot| orders.id(slot) == id)?;
        Some(slot)
    }

    /// The bucket and place of an order from its own bucket on, and its slot.
    #[inline]
    fn locate(
        &self,
        home: usize,
        byte: u64,
        is_wanted: impl Fn(Slot) -> bool,
    ) -> Option<(usize, usize, Slot)> {
        let bucket = &self.buckets[home];
        let mut candidates = bucket.candidates(byte);
        while candidates != 0 {
            let place = place_of(candidates);
            let slot = bucket.slot(place)?;
            if is_wanted(slot) {
                return Some((home, place, slot));
            }
            candidates &= candidates - 1;
        }
        if bucket.passed() { self.locate_beyond(home, byte, is_wanted) } else { None }
    }

    /// As [`Self::locate`], in the buckets after the order's own.
    #[cold]
    #[inline(never)]
    fn locate_beyond(
        &self,
        home: usize,
        byte: u64,
        is_wanted: impl Fn(Slot) -> bool,
    ) -> Option<(usize, usize, Slot)> {
        let mut at = home;
        // Once around at most: every bucket may have been passed.
        for _ in 1..self.buckets.len() {
            at = self.after(at);
            let bucket = &self.buckets[at];
            let mut candidates = bucket.candidates(byte);
            while candidates != 0 {
                let place = place_of(candidates);
                let slot = bucket.slot(place)?;
                if is_wanted(slot) {
                    return Some((at, place, slot));
                }
                candidates &= candidates - 1;
            }
            if !bucket.passed() {
                break;
            }
        }
        None
    }

    /// Adds the id of an order that is not in the table; `orders` holds it already.
    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot, orders: &OrderStore) {
        let place = &mut self.young[young_place(id)];
        let older = ::core::mem::replace(place, Young { id, slot: Some(slot) });
        if let Some(slot) = older.slot {
            self.grow_up(older.id, slot, orders);
        }
    }

    /// Moves an order that is no longer young to the table.
    #[inline(never)]
    fn grow_up(&mut self, id: OrderId, slot: Slot, orders: &OrderStore) {
        self.place(id, slot);
        if orders.len() > self.len_max {
            self.grow(orders);
        }
    }

    /// Writes an order into the first empty place from its own bucket on.
    #[inline]
    fn place(&mut self, id: OrderId, slot: Slot) {
        let (home, byte) = self.home(id);
        let bucket = &mut self.buckets[home];
        let empty = bucket.empty();
        if empty == 0 {
            self.place_beyond(home, byte, slot);
        } else {
            bucket.fill(place_of(empty), byte, slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn place_beyond(&mut self, home: usize, byte: u64, slot: Slot) {
        let mut at = home;
        while self.buckets[at].empty() == 0 {
            self.buckets[at].pass();
            at = self.after(at);
        }
        let place = place_of(self.buckets[at].empty());
        self.buckets[at].fill(place, byte, slot);
    }

    /// Removes the id of the order in a slot.
    #[inline]
    pub(super) fn remove(&mut self, id: OrderId, slot: Slot) {
        let young = &mut self.young[young_place(id)];
        if young.slot == Some(slot) {
            young.slot = None;
        } else {
            self.remove_grown(id, slot);
        }
    }

    /// As [`Self::remove`], of an order that is not among the young.
    #[inline(never)]
    fn remove_grown(&mut self, id: OrderId, slot: Slot) {
        let (home, byte) = self.home(id);
        let found = self.locate(home, byte, |here| here == slot);
        let (bucket, place, _) = found.expect("a live order's id is in the table");
        self.clear(home, bucket, place);
    }

    /// Removes an id if it is there; says in which slot its order is.
    #[inline]
    pub(super) fn take(&mut self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let young = &mut self.young[young_place(id)];
        if young.id == id && young.slot.is_some() {
            return young.slot.take();
        }
        self.take_grown(id, orders)
    }

    /// As [`Self::take`], of an order that is not among the young.
    #[inline(never)]
    fn take_grown(&mut self, id: OrderId, orders: &OrderStore) -> Option<Slot> {
        let (home, byte) = self.home(id);
        let (bucket, place, slot) = self.locate(home, byte, |slot| orders.id(slot) == id)?;
        self.clear(home, bucket, place);
        Some(slot)
    }

    #[inline]
    fn clear(&mut self, home: usize, bucket: usize, place: usize) {
        self.buckets[bucket].clear(place);
        if bucket != home {
            self.unpass(home, bucket);
        }
    }

    /// Takes an order off the counts of the buckets it had passed.
    #[cold]
    #[inline(never)]
    fn unpass(&mut self, home: usize, bucket: usize) {
        let mut at = home;
        while at != bucket {
            self.buckets[at].unpass();
            at = self.after(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::orders::RestingOrder;
    use super::*;
    use crate::types::{Price, Qty, Side};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Puts an order into the store.
    fn place(orders: &mut OrderStore, order: RestingOrder) -> Slot {
        let slot = orders.reserve();
        orders.fill(slot, order, None);
        slot
    }

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

    /// A table with orders of those ids, in slots that it returns.
    fn table_of(ids: impl IntoIterator<Item = u64>, room: u32) -> (IdTable, OrderStore, Vec<Slot>) {
        let (mut orders, mut table) = (OrderStore::new(room), IdTable::new(room));
        let mut slots = Vec::new();
        for id in ids {
            let slot = place(&mut orders, order(id));
            table.insert(OrderId(id), slot, &orders);
            slots.push(slot);
        }
        (table, orders, slots)
    }

    /// Ids whose hashes have the same upper 32 bits: one bucket and one byte for all of them, and one
    /// place among the young.
    fn of_one_place(n: u64) -> u64 {
        const INVERSE: u64 = 0xF1DE_83E1_9937_733D;
        ((7 << 32) | (n << 16)).wrapping_mul(INVERSE)
    }

    proptest! {
        #[test]
        fn agrees_with_a_map(
            ops in prop::collection::vec((ids(), 0_u8..3), 1..if cfg!(miri) { 200 } else { 600 })
        ) {
            let mut orders = OrderStore::new(64);
            let mut table = IdTable::new(64);
            let mut model: BTreeMap<u64, Slot> = BTreeMap::new();
            for (n, (id, op)) in ops.into_iter().enumerate() {
                if op == 0 && !model.contains_key(&id) && !orders.is_full() {
                    let slot = place(&mut orders, order(id));
                    table.insert(OrderId(id), slot, &orders);
                    model.insert(id, slot);
                } else if op == 1 {
                    let slot = model.remove(&id);
                    prop_assert_eq!(table.take(OrderId(id), &orders), slot);
                    if let Some(slot) = slot {
                        orders.release(slot);
                    }
                } else if let Some(slot) = model.remove(&id) {
                    table.remove(OrderId(id), slot);
                    orders.release(slot);
                }
                prop_assert_eq!(table.find(OrderId(id ^ 1), &orders), model.get(&(id ^ 1)).copied());
                // An interpreter is slow: it looks at everybody now and then.
                if !cfg!(miri) || n % 32 == 0 {
                    prop_assert_eq!(table.count(), model.len());
                    for (id, slot) in &model {
                        prop_assert_eq!(table.find(OrderId(*id), &orders), Some(*slot));
                    }
                }
            }
        }
    }

    /// Ids close together, anywhere, that claim one place among the young, and that share a bucket.
    /// (One strategy and not one of four: drawing a union seeds a generator for each id, which takes an
    /// interpreter minutes.)
    fn ids() -> impl Strategy<Value = u64> {
        (0_u8..4, any::<u64>()).prop_map(|(kind, n)| match kind {
            0 => n % 200,
            1 => n,
            2 => (n % 50) << 40,
            _ => n % 40 * YOUNG as u64 + 5,
        })
    }

    #[test]
    fn orders_that_share_every_place_are_told_apart() {
        const ORDERS: u64 = 40;
        let id = |n| OrderId(of_one_place(n));
        let (mut table, mut orders, slots) = table_of((0..ORDERS).map(of_one_place), 64);
        let homes: std::collections::BTreeSet<_> = (0..ORDERS).map(|n| table.home(id(n))).collect();
        assert_eq!(homes.len(), 1, "one bucket, one byte");
        for (n, slot) in (0..ORDERS).zip(&slots) {
            assert_eq!(table.find(id(n), &orders), Some(*slot));
        }
        assert_eq!(table.find(id(ORDERS), &orders), None);
        for (n, slot) in (0..ORDERS).zip(&slots).step_by(3) {
            table.remove(id(n), *slot);
            assert_eq!(table.find(id(n), &orders), None);
            orders.release(*slot);
        }
        assert_eq!(table.count(), 26);
    }

    #[test]
    #[cfg_attr(miri, ignore = "twenty thousand orders take an interpreter minutes")]
    fn growing_keeps_every_id() {
        const ORDERS: u64 = 20_000;
        let scattered = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1;
        assert_eq!(IdTable::new(1 << 15).buckets.len(), 1 << 6, "it starts small");
        let (mut table, mut orders, slots) = table_of((0..ORDERS).map(scattered), 1 << 15);
        assert_eq!(table.buckets.len(), 1 << 13, "it has doubled as often as it must");
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

    #[test]
    fn ids_in_a_row_are_young_together() {
        let (table, ..) = table_of(1..=YOUNG as u64, 512);
        assert!(table.buckets.iter().all(|bucket| bucket.head == 0));
        let (table, ..) = table_of(1..=YOUNG as u64 + 1, 512);
        assert_eq!(table.buckets.iter().filter(|bucket| bucket.head != 0).count(), 1);
    }

    #[test]
    fn a_table_doubles_beyond_three_orders_a_bucket() {
        let claims_one_place = |count: u64| (0..count).map(|n| n * YOUNG as u64);
        let buckets = |count| table_of(claims_one_place(count), 1 << 10).0.buckets.len();
        assert_eq!((buckets(192), buckets(193)), (64, 128));
    }

    #[test]
    fn who_leaves_is_no_longer_counted_as_having_passed() {
        let (mut table, mut orders, slots) = table_of((0..20).map(of_one_place), 64);
        assert!(table.buckets.iter().any(Bucket::passed));
        for (n, slot) in (0..20).zip(slots) {
            table.remove(OrderId(of_one_place(n)), slot);
            orders.release(slot);
        }
        assert!(table.buckets.iter().all(|bucket| bucket.head == 0));
    }

    #[test]
    fn a_count_that_is_full_stays() {
        let mut bucket = Bucket { head: 5, slots: [0; PLACES] };
        assert!(!bucket.passed());
        bucket.pass();
        assert_eq!((bucket.head, bucket.passed()), (5 | 1 << 48, true));
        bucket.unpass();
        assert_eq!(bucket.head, 5);
        let full = 5 | 0xFFFF << 48;
        bucket.head = full;
        bucket.pass();
        bucket.unpass();
        assert_eq!(bucket.head, full);
    }

    #[test]
    fn bytes_tell_the_orders_of_a_bucket_apart() {
        let (table, ..) = table_of([], 64);
        let bytes = (0..1_000).map(|id| table.home(OrderId(id)).1);
        let bytes: std::collections::BTreeSet<u64> = bytes.collect();
        assert_eq!(bytes, (0x80..0x100).collect());
    }
}
