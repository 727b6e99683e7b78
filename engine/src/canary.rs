//! Planted bugs, to show that the tests catch bugs (`docs/TESTING.md`, Canaries).
//!
//! They exist only in a build with `--cfg canary`, where `SEAWALL_CANARY=NAME` chooses one at
//! start. In every other build `planted` is a constant `false` and nothing of them is left.

macro_rules! canaries {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Canary {
            $($(#[$doc])* $variant,)+
        }

        impl Canary {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// What it is called in `SEAWALL_CANARY`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

canaries! {
    /// A replaced order that shrinks loses its place in the queue.
    PriorityLost = "priority-lost",
    /// A mass cancel leaves an order behind.
    CancelDropped = "cancel-dropped",
    /// Orders of one party trade with each other.
    SelfTradeIgnored = "self-trade-ignored",
    /// A resting reduce-only order trades more than its owner's position.
    ReduceOnlyOvershoots = "reduce-only-overshoots",
    /// A fill-or-kill order takes what there is.
    FillOrKillPartial = "fill-or-kill-partial",
    /// What an order reserves is rounded down.
    RoundedDown = "rounded-down",
    /// A position that has recovered is liquidated anyway.
    HealthNotChecked = "health-not-checked",
    /// A mark that equals a trigger price does not trigger.
    TriggerMissed = "trigger-missed",
    /// The liquidation queue serves the last key first.
    QueueReversed = "queue-reversed",
    /// The insurance fund pays a shortfall twice.
    FundPaysTwice = "fund-pays-twice",
    /// A fee is taken and booked nowhere.
    FeeLost = "fee-lost",
    /// A snapshot forgets the shard's kill switch.
    StateForgotten = "state-forgotten",
    /// The log acknowledges a batch before it is synced.
    AcknowledgedBeforeSync = "acknowledged-before-sync",
    /// Frames are believed whatever their checksum says.
    ChecksumIgnored = "checksum-ignored",
    /// A ring publishes a message with a relaxed store.
    PublishRelaxed = "publish-relaxed",
}

impl Canary {
    /// The bug of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|canary| canary.name() == name)
    }
}

/// Whether that bug is in this process.
#[cfg(not(canary))]
#[inline(always)]
#[allow(clippy::inline_always, reason = "nothing of it may be left in a real build")]
pub(crate) const fn planted(_: Canary) -> bool {
    false
}

#[cfg(canary)]
pub use chosen::plant;
#[cfg(canary)]
pub(crate) use chosen::planted;

#[cfg(canary)]
mod chosen {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    use super::Canary;

    const NONE: u8 = u8::MAX;
    /// Nobody has chosen yet: the environment does.
    const OPEN: u8 = u8::MAX - 1;

    static CHOSEN: AtomicU8 = AtomicU8::new(OPEN);

    /// Whether that bug is in this process.
    pub(crate) fn planted(canary: Canary) -> bool {
        let chosen = CHOSEN.load(Relaxed);
        let chosen = if chosen == OPEN { choose() } else { chosen };
        chosen == canary as u8
    }

    #[cold]
    fn choose() -> u8 {
        let canary = std::env::var("SEAWALL_CANARY").ok().map(|name| {
            Canary::named(&name).unwrap_or_else(|| {
                let names: Vec<_> = Canary::ALL.iter().map(|canary| canary.name()).collect();
                panic!("SEAWALL_CANARY is {name:?}, expected one of {}", names.join(", "))
            })
        });
        plant(canary)
    }

    /// Plants one bug, or none, from here on.
    pub fn plant(canary: Option<Canary>) -> u8 {
        let chosen = canary.map_or(NONE, |canary| canary as u8);
        CHOSEN.store(chosen, Relaxed);
        chosen
    }
}
