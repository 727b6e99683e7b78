//! What survives: a log of commands that is synced before anybody hears of them, snapshots, and
//! recovery from both (`docs/JOURNAL.md`).
//!
//! The log is written through [`Storage`], so that a disk that tears, reorders, lies or fills up
//! can stand in for a real one. Recovery is a value: [`LogTail::Clean`], [`LogTail::Torn`] with what
//! was dropped, or a [`RecoveryError`] that says where the log is damaged and refuses.

mod directory;
mod log;
mod recovery;
mod snapshot;
mod storage;

pub use directory::Directory;
pub use log::{CommandLog, LogError, LogOptions, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MIN};
pub use recovery::{LogTail, Recovered, RecoveryError, recover, recover_at_most};
pub use snapshot::{
    SNAPSHOT_HEADER_BYTES, SNAPSHOTS_KEPT, SnapshotError, decode_snapshot, encode_snapshot,
    write_snapshot,
};
pub use storage::{FileReader, Storage, StorageFile};

use std::fmt;
use std::str::FromStr;

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is logged.
    None,
    /// The command was handed to the operating system: it survives the process, not a power cut.
    Buffered,
    /// The command was synced to the disk, together with whatever else waited.
    Group,
    /// The command was synced to the disk, alone.
    Each,
}

impl Durability {
    /// Every level, from the least.
    pub const ALL: [Self; 4] = [Self::None, Self::Buffered, Self::Group, Self::Each];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Buffered => "buffered",
            Self::Group => "group",
            Self::Each => "each",
        }
    }

    /// Whether an acknowledged command survives a power cut.
    pub const fn syncs(self) -> bool {
        matches!(self, Self::Group | Self::Each)
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Durability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.name() == text);
        found.ok_or_else(|| format!("{text:?}, expected none, buffered, group or each"))
    }
}
