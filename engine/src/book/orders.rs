//! Where resting orders live: a preallocated slab of half-cache-line records.

use ::core::num::NonZeroU32;

use zerocopy::FromZeros;

use crate::types::{OrderId, Price, Qty, Side};

/// A place in the order store. Zero is no place, so `Option<Slot>` takes four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct Slot(NonZeroU32);

impl Slot {
    #[inline]
    pub(crate) const fn from_raw(raw: u32) -> Option<Self> {
        match NonZeroU32::new(raw) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The slot as a number from 1 to the store's capacity.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0.get()
    }

    /// The slot as an index into tables kept beside the store.
    #[inline]
    pub const fn index(self) -> usize {
        self.0.get() as usize
    }
}

/// A resting order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestingOrder {
    /// Its id.
    pub id: OrderId,
    /// The owner's tag.
    pub owner: u32,
    /// Bid or offer.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// What of it rests.
    pub qty: Qty,
    /// What the owner of the book keeps beside it; 0 for an order about which there is nothing
    /// more to know.
    pub flags: u8,
}

/// One order and its links, half a cache line. Zero links mean none.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C, align(32))]
struct Node {
    id: u64,
    /// Towards the back of the queue; in a free node, the next free one.
    next: u32,
    /// Towards the front of the queue.
    prev: u32,
    price: u32,
    lots: u32,
    owner: u32,
    side: u8,
    flags: u8,
    spare: u16,
}

const _: () = assert!(size_of::<Node>() == 32, "two orders share a cache line");

/// All resting orders of a book.
#[derive(Debug)]
pub(super) struct OrderStore {
    nodes: Vec<Node>,
    free: u32,
    /// Nodes from here on were never used, so the free list need not be built in advance.
    fresh: u32,
    len: u32,
}

impl OrderStore {
    pub(super) fn new(orders_max: u32) -> Self {
        let nodes = Node::new_vec_zeroed(orders_max as usize + 1)
            .expect("memory for the order store is there at start");
        Self { nodes, free: 0, fresh: 1, len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len as usize + 1 == self.nodes.len()
    }

    /// Stores an order without links.
    #[inline]
    pub(super) fn take(&mut self, order: RestingOrder) -> Slot {
        let raw = if self.free == 0 {
            self.fresh += 1;
            self.fresh - 1
        } else {
            self.free
        };
        let node = &mut self.nodes[raw as usize];
        if self.free != 0 {
            self.free = node.next;
        }
        *node = Node {
            id: order.id.0,
            next: 0,
            prev: 0,
            price: order.price.ticks(),
            lots: order.qty.lots(),
            owner: order.owner,
            side: u8::from(order.side == Side::Sell),
            flags: order.flags,
            spare: 0,
        };
        self.len += 1;
        Slot::from_raw(raw).expect("slot 0 is never handed out")
    }

    #[inline]
    pub(super) fn release(&mut self, slot: Slot) {
        let node = &mut self.nodes[slot.index()];
        node.lots = 0;
        node.next = self.free;
        self.free = slot.raw();
        self.len -= 1;
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> RestingOrder {
        let node = &self.nodes[slot.index()];
        RestingOrder {
            id: OrderId(node.id),
            owner: node.owner,
            side: if node.side == 0 { Side::Buy } else { Side::Sell },
            price: Price::new(node.price).expect("a live order has a price"),
            qty: Qty::new(node.lots).expect("a live order has a quantity"),
            flags: node.flags,
        }
    }

    #[inline]
    pub(super) fn id(&self, slot: Slot) -> OrderId {
        OrderId(self.nodes[slot.index()].id)
    }

    #[inline]
    pub(super) fn set_qty(&mut self, slot: Slot, qty: Qty) {
        self.nodes[slot.index()].lots = qty.lots();
    }

    #[inline]
    pub(super) fn next(&self, slot: Slot) -> Option<Slot> {
        Slot::from_raw(self.nodes[slot.index()].next)
    }

    #[inline]
    pub(super) fn prev(&self, slot: Slot) -> Option<Slot> {
        Slot::from_raw(self.nodes[slot.index()].prev)
    }

    #[inline]
    pub(super) fn set_next(&mut self, slot: Slot, next: Option<Slot>) {
        self.nodes[slot.index()].next = next.map_or(0, Slot::raw);
    }

    #[inline]
    pub(super) fn set_prev(&mut self, slot: Slot, prev: Option<Slot>) {
        self.nodes[slot.index()].prev = prev.map_or(0, Slot::raw);
    }
}
