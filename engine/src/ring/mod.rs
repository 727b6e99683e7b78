//! Bounded lock-free rings: one producer to one consumer, and one producer to many readers.
//!
//! A slot is one cache line and carries its own sequence number, so a message costs one line
//! transfer: there is no index line that both sides fight for. A consumer publishes how far it
//! is once per batch, and a producer looks at that only when the room it knows of is used up.
//!
//! A batch becomes visible at once: its first slot is written last. [`Producer::stage`] makes one of
//! messages that come one by one. A message that needed two
//! slots could be sent that way; none does, `pipeline` asserts that inputs and events fit one.
//!
//! **A full ring is an answer, never a loss**: [`Producer::push`] hands the message back.
//!
//! All unsafe code of the house is in `slots`, behind two operations: publish a position, read a
//! position. `spsc` and `broadcast` owe it one promise each, stated where they call it. (And one
//! instruction that moves nothing but a cache line, in `prefetch`.)
//!
//! ```
//! use seawall_engine::ring::{Full, spsc};
//! let (mut producer, mut consumer) = spsc::<u64>(2);
//! assert_eq!(producer.push_batch(&[1, 2, 3]), 2);
//! assert_eq!(producer.push(3), Err(Full(3)));
//! assert_eq!(consumer.pop(), Some(1));
//! assert_eq!(producer.push(3), Ok(()));
//! ```
#![allow(
    unsafe_code,
    reason = "a slot is written by one thread and read by others without a lock; only here"
)]

mod array_queue;
mod broadcast;
mod prefetch;
mod slots;
mod spsc;
mod sync;
mod transport;
mod wait;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

pub use array_queue::{ArrayQueueRing, QueueReceiver, QueueSender};
pub use broadcast::{
    Publisher, Reader, ReaderLag, ReaderSpec, WhenSlow, broadcast, broadcast_with,
};
pub use slots::{CAPACITY_MAX, PAYLOAD_BYTES_MAX};
pub use spsc::{Consumer, Producer, spsc};
pub use transport::{RingReceiver, RingSender, SeqSlotRing, Transport};
pub use wait::{WaitStrategy, Waiter};

use thiserror::Error;

/// The ring had no room; here is the message back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the ring is full")]
pub struct Full<T>(pub T);
