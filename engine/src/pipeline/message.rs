//! What goes into a shard's rings and what comes out, each one ring slot.

use crate::ring::PAYLOAD_BYTES_MAX;
use crate::types::{Event, Input, Seq};

/// What a gateway sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The gateway's own number for it, echoed with every event that it causes. With several
    /// gateways, put the gateway's number into the top bits.
    pub tag: u64,
    /// When it was taken, if it was recorded; a live shard puts its own time here.
    pub time_ns: u64,
    /// When it arrived at the venue.
    pub ingress_ns: u64,
    /// The input.
    pub input: Input,
}

/// What readers get: one event, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// The sequence number the shard gave the input.
    pub seq: Seq,
    /// The gateway's number for it.
    pub tag: u64,
    /// What happened.
    pub event: Event,
}

// Both leave eight bytes of a cache line to the slot's sequence number. Should an event outgrow
// 40 bytes, `seq` and `tag` become 32-bit distances to a base that a marker message carries.
const _: () = assert!(size_of::<Inbound>() <= PAYLOAD_BYTES_MAX);
const _: () = assert!(size_of::<Outbound>() <= PAYLOAD_BYTES_MAX);
