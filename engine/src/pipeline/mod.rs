//! Threads and rings around a shard: gateways → shard → readers.
//!
//! Each gateway has a ring of its own into the shard, so a full one refuses that gateway and nobody
//! else. The shard polls them in a fixed rotation, gives out sequence numbers in the order it
//! takes, applies, and publishes events to a broadcast ring that every reader sees in full.
//!
//! Back-pressure is explicit both ways: a full ring in front hands the message back to its sender,
//! a full ring behind keeps the shard from taking more until its slowest reader, which it can name,
//! moves on. Nothing is dropped inside.
//!
//! Where commands must survive, a log stands beside the shard ([`log_channel`]): it takes inputs as
//! they are applied, and readers see what the shard said once the input is durable.
//!
//! Shutting down is dropping the gateways: the shard drains, publishes, and drops its end of
//! the broadcast ring, which tells the readers that nothing follows.
//!
//! **This is the only module that starts threads.** It reads no clock: a live shard is given one.

mod durable;
mod guard;
mod message;
mod shard;
mod shard_loop;
mod thread;
mod topology;

#[cfg(test)]
mod tests;

pub use durable::{LogCounts, LogLoop, LogTap, LogTurn, ReleasedReader, Watermark, log_channel};
pub use guard::{GatewayGuard, Refusal, Throttle};
pub use message::{Inbound, Outbound};
pub use shard::{Answer, NullShard, Shard, answer};
pub use shard_loop::{GATEWAY_BATCH, ShardCounts, ShardLoop, Timing, Turn};
pub use thread::{EngineThread, PipelineError};
pub use topology::{Layout, Topology, our_cores, pin_to};
