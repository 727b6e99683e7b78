//! Other people's rings behind the engine's interface, to compare with and to choose from.
//!
//! Each keeps a message on a cache line of its own, as ours does, so that what is compared is the
//! way of handing over and not the packing.

mod disruptor;
mod ringbuf;
mod rtrb;

#[cfg(test)]
mod tests;

pub use self::disruptor::DisruptorRing;
pub use self::ringbuf::RingbufRing;
pub use self::rtrb::RtrbRing;

/// A message on a line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line<T>(T);
