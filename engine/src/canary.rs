//! Planted bugs, to show that the tests catch bugs (`docs/TESTING.md`, Canaries).
//!
//! They exist only in a build with `--cfg canary`, where one of them is chosen at start. In every
//! other build `planted` is a constant `false` and nothing of them is left.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Canary {
    /// A replaced order that shrinks loses its place in the queue.
    PriorityLost = 1,
    /// A mass cancel leaves an order behind.
    CancelDropped = 2,
    /// What an order reserves is rounded down.
    RoundedDown = 3,
    /// A position that has recovered is liquidated anyway.
    HealthNotChecked = 4,
    /// A mark that equals a trigger price does not trigger.
    TriggerMissed = 5,
    /// The liquidation queue serves the last key first.
    QueueReversed = 6,
    /// A fee is taken and booked nowhere.
    FeeLost = 7,
    /// A snapshot forgets the shard's kill switch.
    StateForgotten = 8,
    /// The log acknowledges a batch before it is synced.
    AcknowledgedBeforeSync = 9,
    /// Frames are believed whatever their checksum says.
    ChecksumIgnored = 10,
}

impl Canary {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PriorityLost,
        Self::CancelDropped,
        Self::RoundedDown,
        Self::HealthNotChecked,
        Self::TriggerMissed,
        Self::QueueReversed,
        Self::FeeLost,
        Self::StateForgotten,
        Self::AcknowledgedBeforeSync,
        Self::ChecksumIgnored,
    ];
}

/// Whether that bug is in this process.
#[cfg(not(canary))]
#[inline(always)]
#[allow(clippy::inline_always, reason = "nothing of it may be left in a real build")]
pub(crate) const fn planted(_: Canary) -> bool {
    false
}

#[cfg(canary)]
static CHOSEN: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Whether that bug is in this process.
#[cfg(canary)]
pub(crate) fn planted(canary: Canary) -> bool {
    CHOSEN.load(std::sync::atomic::Ordering::Relaxed) == canary as u8
}

/// Plants one bug, or none.
#[cfg(canary)]
pub fn plant(canary: Option<Canary>) {
    let chosen = canary.map_or(0, |canary| canary as u8);
    CHOSEN.store(chosen, std::sync::atomic::Ordering::Relaxed);
}
