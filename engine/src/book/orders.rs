//! Where resting orders live: a preallocated slab of half-cache-line records.

use ::core::num::NonZeroU32;

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

/// One order and its links, half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
struct Node {
    id: OrderId,
    /// Towards the back of the queue; in a free node, the next free one.
    next: Option<Slot>,
    /// Towards the front of the queue.
    prev: Option<Slot>,
    price: Price,
    qty: Qty,
    owner: u32,
    tag: Tag,
}

/// Side and flags in one field, written and read at once: two bytes written one by one and read
/// together would make the read wait for both.
#[derive(Clone, Copy, Debug)]
struct Tag(u16);

impl Tag {
    #[inline]
    const fn new(side: Side, flags: u8) -> Self {
        let side = match side {
            Side::Buy => [0, flags],
            Side::Sell => [1, flags],
        };
        Self(u16::from_le_bytes(side))
    }

    #[inline]
    const fn side(self) -> Side {
        if self.0 & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline]
    const fn flags(self) -> u8 {
        self.0.to_le_bytes()[1]
    }
}

const _: () = assert!(size_of::<Node>() == 32, "two orders share a cache line");

impl Node {
    const UNUSED: Self = Self {
        id: OrderId(0),
        next: None,
        prev: None,
        price: Price::MIN,
        qty: Qty::MAX,
        owner: 0,
        tag: Tag::new(Side::Buy, 0),
    };
}

/// All resting orders of a book.
#[derive(Debug)]
pub(super) struct OrderStore {
    /// Its capacity is reserved at the start and touched as nodes are first used. The node at
    /// index 0 is never handed out.
    nodes: Vec<Node>,
    orders_max: u32,
    free: Option<Slot>,
    len: u32,
}

impl OrderStore {
    pub(super) fn new(orders_max: u32) -> Self {
        let mut nodes = Vec::with_capacity(orders_max as usize + 1);
        nodes.push(Node::UNUSED);
        Self { nodes, orders_max, free: None, len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len >= self.orders_max
    }

    /// Takes a place, to be filled at once.
    #[inline]
    pub(super) fn reserve(&mut self) -> Slot {
        assert!(self.len < self.orders_max, "there is room for the order");
        let slot = self.free.unwrap_or_else(|| self.fresh());
        self.free = self.nodes[slot.index()].next;
        self.len = self.len.wrapping_add(1);
        slot
    }

    /// Puts an order into the place reserved for it, behind the last one of its queue.
    #[inline]
    pub(super) fn fill(&mut self, slot: Slot, order: RestingOrder, ahead: Option<Slot>) {
        // As a slice of its own, whose place no write to the book can change.
        let nodes = self.nodes.as_mut_slice();
        let node = &mut nodes[slot.index()];
        // Field by field: a whole node would be put together on the stack and copied from there by
        // a load wider than the stores before it, which has to wait for them.
        node.id = order.id;
        node.next = None;
        node.prev = ahead;
        node.price = order.price;
        node.qty = order.qty;
        node.owner = order.owner;
        node.tag = Tag::new(order.side, order.flags);
        if let Some(ahead) = ahead {
            nodes[ahead.index()].next = Some(slot);
        }
    }

    /// A node that was never used.
    #[cold]
    #[inline(never)]
    fn fresh(&mut self) -> Slot {
        let raw = u32::try_from(self.nodes.len()).ok().and_then(Slot::from_raw);
        self.nodes.push(Node::UNUSED);
        raw.expect("slot 0 is taken, and a book holds fewer than 2^32 orders")
    }

    #[inline]
    pub(super) fn release(&mut self, slot: Slot) {
        self.nodes[slot.index()].next = self.free;
        self.free = Some(slot);
        // What is released was taken.
        self.len = self.len.wrapping_sub(1);
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> RestingOrder {
        let Node { id, owner, tag, price, qty, .. } = self.nodes[slot.index()];
        RestingOrder { id, owner, side: tag.side(), price, qty, flags: tag.flags() }
    }

    #[inline]
    pub(super) fn id(&self, slot: Slot) -> OrderId {
        self.nodes[slot.index()].id
    }

    #[inline]
    pub(super) fn set_qty(&mut self, slot: Slot, qty: Qty) {
        self.nodes[slot.index()].qty = qty;
    }

    pub(super) fn set_flags(&mut self, slot: Slot, flags: u8) {
        let node = &mut self.nodes[slot.index()];
        node.tag = Tag::new(node.tag.side(), flags);
    }

    /// Gives an order a new price and quantity, behind the last one of its queue.
    #[inline]
    pub(super) fn reset(&mut self, slot: Slot, price: Price, qty: Qty, ahead: Option<Slot>) {
        let nodes = self.nodes.as_mut_slice();
        let node = &mut nodes[slot.index()];
        node.price = price;
        node.qty = qty;
        node.next = None;
        node.prev = ahead;
        if let Some(ahead) = ahead {
            nodes[ahead.index()].next = Some(slot);
        }
    }

    /// Tells the neighbours of an order that leaves its queue of each other, and returns them:
    /// towards the front, towards the back.
    #[inline]
    pub(super) fn unlink(&mut self, slot: Slot) -> (Option<Slot>, Option<Slot>) {
        // As a slice of its own, whose place no write to the book can change.
        let nodes = self.nodes.as_mut_slice();
        let Node { prev, next, .. } = nodes[slot.index()];
        if let Some(prev) = prev {
            nodes[prev.index()].next = next;
        }
        if let Some(next) = next {
            nodes[next.index()].prev = prev;
        }
        (prev, next)
    }

    #[inline]
    pub(super) fn next(&self, slot: Slot) -> Option<Slot> {
        self.nodes[slot.index()].next
    }

    #[inline]
    pub(super) fn prev(&self, slot: Slot) -> Option<Slot> {
        self.nodes[slot.index()].prev
    }

    #[inline]
    pub(super) fn set_prev(&mut self, slot: Slot, prev: Option<Slot>) {
        self.nodes[slot.index()].prev = prev;
    }
}
