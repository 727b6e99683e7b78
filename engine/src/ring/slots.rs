//! The slots of a ring: the only place where memory is shared without a lock.

use std::fmt;
use std::mem::MaybeUninit;

use super::prefetch::fetch_for_writing;
use super::sync::{AtomicUsize, Ordering, UnsafeCell, publish_order};

/// Most bytes of a message: a cache line less the sequence number.
pub const PAYLOAD_BYTES_MAX: usize = 56;
/// Most slots of a ring.
pub const CAPACITY_MAX: usize = 1 << 26;

/// How many slots ahead of the one that it writes a batch asks for lines.
const WRITE_AHEAD: usize = 8;
/// Slots that a reader looks at before it copies the first of them.
const LOOK_AHEAD: usize = 16;

// A position never wraps: 2^64 messages take centuries.
const _: () = assert!(usize::BITS == 64);

/// One cache line: which message it holds, and the message.
#[repr(C, align(64))]
struct Slot<T> {
    /// One more than the position of the message in it; 0 before the first.
    sequence: AtomicUsize,
    payload: UnsafeCell<MaybeUninit<T>>,
}

impl<T: Copy> Slot<T> {
    /// # Safety
    ///
    /// That of [`Slots::publish`], and this is the slot of `position`.
    #[inline]
    unsafe fn publish(&self, position: usize, message: T) {
        // SAFETY: the pointer is valid and aligned, it is the slot's own cell. Nobody else writes
        // (one publisher), and nobody reads: readers of the old message are done by contract, and
        // readers of the new one wait for the sequence number that is stored below.
        self.payload.with_mut(|payload| unsafe { payload.write(MaybeUninit::new(message)) });
        self.sequence.store(position + 1, publish_order());
    }

    /// Whether it holds the message at `position`.
    #[inline]
    fn holds(&self, position: usize) -> bool {
        // Acquire: pairs with the store in `publish`.
        self.sequence.load(Ordering::Acquire) == position + 1
    }

    /// # Safety
    ///
    /// That of [`Slots::read`]; this is the slot of a position of which [`Self::holds`] was true in
    /// this thread.
    #[inline]
    unsafe fn message(&self) -> T {
        // SAFETY: the pointer is valid and aligned, it is the slot's own cell. The write of this
        // message happened before (acquired by `holds`), the next one does not start by contract.
        let message = self.payload.with(|payload| unsafe { payload.read() });
        // SAFETY: the sequence number said that `publish` wrote a message here.
        unsafe { message.assume_init() }
    }
}

/// A power of two of slots. Position `p` lives in slot `p mod capacity`.
pub(super) struct Slots<T> {
    slots: Box<[Slot<T>]>,
    mask: usize,
}

// SAFETY: `publish` and `read` are the only accesses to a payload, and their contracts order every
// write of a slot before the reads of it and after the reads of what it overwrites. Messages are
// handed to other threads by value, so `T: Send` is needed and enough: a `Copy` type has no
// interior mutability that two copies could share.
unsafe impl<T: Copy + Send> Sync for Slots<T> {}
// SAFETY: the slots own their messages.
unsafe impl<T: Copy + Send> Send for Slots<T> {}

impl<T: Copy> Slots<T> {
    /// At least `capacity` slots, rounded up to a power of two. All memory is touched here.
    pub(super) fn new(capacity: usize) -> Self {
        const {
            assert!(size_of::<T>() <= PAYLOAD_BYTES_MAX, "a message fits one cache line");
            // loom's atomics carry their history.
            assert!(cfg!(loom) || size_of::<Slot<T>>() == 64, "a slot is one cache line");
        }
        assert!((1..=CAPACITY_MAX).contains(&capacity), "a ring has 1 to 2^26 slots");
        let capacity = capacity.next_power_of_two();
        let empty = || Slot {
            sequence: AtomicUsize::new(0),
            payload: UnsafeCell::new(MaybeUninit::uninit()),
        };
        let slots = std::iter::repeat_with(empty).take(capacity).collect();
        Self { slots, mask: capacity - 1 }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.mask + 1
    }

    #[inline]
    fn slot(&self, position: usize) -> &Slot<T> {
        &self.slots[position & self.mask]
    }

    /// Puts a message at `position` and makes it visible.
    ///
    /// # Safety
    ///
    /// Only one thread publishes, every position once; and every reader has read the message at
    /// `position - capacity` (if there was one) and will not read it again, in an order that this
    /// thread has acquired.
    #[inline]
    pub(super) unsafe fn publish(&self, position: usize, message: T) {
        // SAFETY: promised by the caller.
        unsafe { self.slot(position).publish(position, message) };
    }

    /// Puts messages at `first` and the positions after it and makes them visible together. Positions
    /// below `limit` are free.
    ///
    /// A reader that has come to `first` waits there, and the slot at `first` is written last: so
    /// it sees the whole batch or nothing of it, and does not pull lines away from under the
    /// writer.
    ///
    /// A store waits until its line has come from the reader's core, and only so many stores can wait. So the
    /// lines of free slots are asked for before their turn, the next batch's among them.
    ///
    /// # Safety
    ///
    /// That of [`Self::publish`] for each of the positions, and nobody has published beyond
    /// `first` before.
    #[inline]
    pub(super) unsafe fn publish_batch(&self, first: usize, limit: usize, messages: &[T]) {
        let Some((head, rest)) = messages.split_first() else { return };
        // Kept in registers: nothing below could change them, which the compiler cannot know.
        let (slots, mask) = (&*self.slots, self.mask);
        for (position, message) in (first + 1..).zip(rest) {
            let ahead = position + WRITE_AHEAD;
            if ahead < limit {
                fetch_for_writing(&slots[ahead & mask]);
            }
            // SAFETY: promised by the caller for every position of the batch.
            unsafe { slots[position & mask].publish(position, *message) };
        }
        // SAFETY: as above.
        unsafe { self.publish(first, *head) };
    }

    /// Whether the message at `position` is there. A hint where the position may have been given
    /// back: the answer is then no.
    #[inline]
    pub(super) fn holds(&self, position: usize) -> bool {
        self.slot(position).holds(position)
    }

    /// Hands out up to `max` messages from `next` on, in order, moves `next` past them and says how
    /// many there were.
    ///
    /// # Safety
    ///
    /// That of [`Self::read`] for `next` and every position behind it.
    #[inline]
    pub(super) unsafe fn drain(
        &self,
        next: &mut usize,
        max: usize,
        mut each: impl FnMut(T),
    ) -> usize {
        // Kept in registers: nothing below could change them, which the compiler cannot know.
        let (slots, mask) = (&*self.slots, self.mask);
        let mut taken = 0;
        while taken < max {
            let ahead = LOOK_AHEAD.min(max - taken);
            let ready = self.ready(*next, ahead);
            let positions = *next..*next + ready;
            *next += ready;
            taken += ready;
            for position in positions {
                // SAFETY: promised by the caller; `ready` found the message of this position.
                each(unsafe { slots[position & mask].message() });
            }
            if ready < ahead {
                break;
            }
        }
        taken
    }

    /// How many messages from `first` on are there, in order, up to `max`.
    ///
    /// It looks at sequence numbers only: each is on a line of its own that the other core wrote,
    /// and looking at many before copying any lets the processor fetch those lines at the same time.
    #[inline]
    fn ready(&self, first: usize, max: usize) -> usize {
        let (slots, mask) = (&*self.slots, self.mask);
        let mut count = 0;
        while count < max && slots[(first + count) & mask].holds(first + count) {
            count += 1;
        }
        count
    }

    /// The message at `position`, once it is there.
    ///
    /// # Safety
    ///
    /// The position has not been given back: until the caller has published that it is done with
    /// `position`, no message is published at `position + capacity`.
    #[inline]
    pub(super) unsafe fn read(&self, position: usize) -> Option<T> {
        let slot = self.slot(position);
        // SAFETY: promised by the caller; it holds the message of this position.
        slot.holds(position).then(|| unsafe { slot.message() })
    }
}

/// The message that readers wait for, kept back while others are written behind it.
///
/// Until it is let go readers find nothing, and so pull no line away from under the writer but the one
/// that they look at.
#[derive(Debug)]
pub(super) struct Held<T>(Option<(usize, T)>);

impl<T: Copy> Held<T> {
    pub(super) const NOTHING: Self = Self(None);

    /// Puts a message at `position`. It becomes visible with [`Self::publish`].
    ///
    /// # Safety
    ///
    /// That of [`Slots::publish`], and positions come in order.
    #[inline]
    pub(super) unsafe fn stage(&mut self, slots: &Slots<T>, position: usize, message: T) {
        if self.0.is_none() {
            self.0 = Some((position, message));
        } else {
            // SAFETY: promised by the caller.
            unsafe { slots.publish(position, message) };
        }
    }

    /// Makes everything visible that was staged.
    ///
    /// # Safety
    ///
    /// `slots` are those it was staged in.
    #[inline]
    pub(super) unsafe fn publish(&mut self, slots: &Slots<T>) {
        if let Some((position, message)) = self.0.take() {
            // SAFETY: promised when it was staged, and nobody has written to its position since.
            unsafe { slots.publish(position, message) };
        }
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("capacity", &(self.mask + 1)).finish_non_exhaustive()
    }
}
