//! The write-ahead log: batches of commands, synced one after the other, over many segments.

use std::io;

use thiserror::Error;

use super::recovery::{LogEnd, Recovered};
use super::{Durability, Storage, StorageFile};
use crate::canary::{Canary, planted};
use crate::journal::{
    COMMIT_FRAME_BYTES, FRAME_BYTES_MAX, HEADER_BYTES, SegmentEncoder, SegmentHeader,
};
use crate::types::{Seq, Sequenced};

/// Length of a segment unless another one is asked for.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;
/// Least length of a segment: a header, one input and its commit.
pub const SEGMENT_BYTES_MIN: u64 = (HEADER_BYTES + FRAME_BYTES_MAX + COMMIT_FRAME_BYTES) as u64;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// Names the log: the hash of the configuration the inputs are for.
    pub genesis: u128,
    /// Length of a segment, at least [`SEGMENT_BYTES_MIN`].
    pub segment_bytes: u64,
    /// What [`CommandLog::commit`] waits for.
    pub durability: Durability,
}

/// Why the log takes nothing more.
#[derive(Debug, Error)]
pub enum LogError {
    /// Writing or syncing failed. What the disk holds of the last batch is unknown; it was not
    /// acknowledged, and the log is closed.
    #[error("the command log cannot be {step}: {source}")]
    Io {
        /// What was attempted.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It failed before. Nothing is tried a second time: a sync that succeeds after one that
    /// failed does not bring back what the system has dropped.
    #[error("the command log was closed by an earlier I/O error")]
    Poisoned,
}

/// An open log. Inputs are collected by [`CommandLog::append`]; [`CommandLog::commit`] says up to
/// which one they may be acknowledged.
#[derive(Debug)]
pub struct CommandLog<S: Storage> {
    storage: S,
    options: LogOptions,
    file: S::File,
    segment: u64,
    /// Where the buffered bytes go.
    offset: u64,
    encoder: SegmentEncoder,
    acknowledged: Seq,
    poisoned: bool,
}

/// The name of a segment's file.
pub(super) fn segment_name(segment: u64, first_seq: u64) -> String {
    format!("log-{segment:010}-{first_seq:020}.swl")
}

/// What a segment's name says of it.
pub(super) fn parse_segment_name(name: &str) -> Option<(u64, u64)> {
    let rest = name.strip_prefix("log-")?.strip_suffix(".swl")?;
    let (segment, first_seq) = rest.split_once('-')?;
    let numbers = (segment.parse().ok()?, first_seq.parse().ok()?);
    (segment_name(numbers.0, numbers.1) == name).then_some(numbers)
}

impl<S: Storage> CommandLog<S> {
    /// Goes on where recovery ended, or starts the log if there was none. A torn tail is cleared and
    /// that is synced before anything is appended.
    ///
    /// Panics if a segment of the options is too short to hold anything.
    pub fn resume(
        storage: S,
        options: LogOptions,
        recovered: &Recovered,
    ) -> Result<Self, LogError> {
        assert!(options.segment_bytes >= SEGMENT_BYTES_MIN, "a segment holds at least one input");
        match &recovered.end {
            LogEnd::Missing { header, torn, last_time_ns } => {
                if let Some(name) = torn {
                    storage.remove(name).map_err(io_error("cleared of a torn segment"))?;
                    storage.sync_names().map_err(io_error("cleared of a torn segment"))?;
                }
                let header = SegmentHeader { synced: options.durability.syncs(), ..*header };
                Self::begin(storage, options, &header, *last_time_ns)
            }
            LogEnd::Within { name, header, end } => {
                let mut file = storage.open(name).map_err(io_error("opened"))?;
                clear(&mut file, end.bytes).map_err(io_error("cleared of its torn tail"))?;
                let log = Self {
                    segment: header.segment,
                    offset: end.bytes,
                    encoder: SegmentEncoder::resume(header, end),
                    acknowledged: Seq(end.next_seq - 1),
                    poisoned: false,
                    file,
                    storage,
                    options,
                };
                // A segment keeps the promise it was begun with.
                if header.synced == options.durability.syncs() { Ok(log) } else { log.rotated() }
            }
        }
    }

    fn begin(
        storage: S,
        options: LogOptions,
        header: &SegmentHeader,
        last_time_ns: u64,
    ) -> Result<Self, LogError> {
        let (file, encoder) = begin_segment(&storage, &options, header, last_time_ns)?;
        let acknowledged = Seq(header.first_seq - 1);
        let (segment, offset) = (header.segment, HEADER_BYTES as u64);
        Ok(Self { storage, options, file, segment, offset, encoder, acknowledged, poisoned: false })
    }

    fn rotated(mut self) -> Result<Self, LogError> {
        self.rotate()?;
        Ok(self)
    }

    /// Collects one input; nothing is promised before the next commit. Panics unless it is the
    /// next one.
    #[inline]
    pub fn append(&mut self, input: &Sequenced) -> Result<(), LogError> {
        let batch = (self.encoder.buffer().len() + FRAME_BYTES_MAX + COMMIT_FRAME_BYTES) as u64;
        if self.encoder.is_full() || self.offset + batch > self.options.segment_bytes {
            self.commit()?;
            if self.offset + (FRAME_BYTES_MAX + COMMIT_FRAME_BYTES) as u64
                > self.options.segment_bytes
            {
                self.guarded(Self::rotate)?;
            }
        }
        self.encoder.append(input);
        Ok(())
    }

    /// Writes what was collected as one batch, syncs it if the level says so, and returns the last
    /// input that may be acknowledged.
    pub fn commit(&mut self) -> Result<Seq, LogError> {
        self.guarded(Self::write_batch)?;
        Ok(self.acknowledged)
    }

    /// The last input that may be acknowledged.
    pub const fn acknowledged(&self) -> Seq {
        self.acknowledged
    }

    /// Inputs that wait for a commit.
    pub const fn waiting(&self) -> u32 {
        self.encoder.uncommitted()
    }

    /// How it is written.
    pub const fn options(&self) -> &LogOptions {
        &self.options
    }

    /// The storage that it is in.
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// Ends with everything committed and synced, whatever the level.
    pub fn close(mut self) -> Result<S, LogError> {
        self.commit()?;
        self.file.sync().map_err(io_error("synced"))?;
        Ok(self.storage)
    }

    /// Runs one step unless an earlier one failed; a failure closes the log for good.
    fn guarded(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        if self.poisoned {
            return Err(LogError::Poisoned);
        }
        let result = step(self);
        self.poisoned = result.is_err();
        result
    }

    fn write_batch(&mut self) -> Result<(), LogError> {
        if self.encoder.uncommitted() == 0 {
            return Ok(());
        }
        self.encoder.commit();
        let written = Seq(self.encoder.next_seq() - 1);
        if planted(Canary::AcknowledgedBeforeSync) {
            self.acknowledged = written;
        }
        let bytes = self.encoder.buffer();
        self.file.write_at(self.offset, bytes).map_err(io_error("written"))?;
        self.offset += bytes.len() as u64;
        self.encoder.clear();
        if self.options.durability.syncs() {
            self.file.sync().map_err(io_error("synced"))?;
        }
        self.acknowledged = written;
        Ok(())
    }

    /// Starts the next segment. Everything before it is synced first: only the last segment of
    /// a log may end torn.
    fn rotate(&mut self) -> Result<(), LogError> {
        self.file.sync().map_err(io_error("synced"))?;
        let header = SegmentHeader {
            segment: self.segment + 1,
            first_seq: self.encoder.next_seq(),
            genesis: self.options.genesis,
            chain: self.encoder.chain(),
            synced: self.options.durability.syncs(),
        };
        let last_time_ns = self.encoder.last_time_ns();
        (self.file, self.encoder) =
            begin_segment(&self.storage, &self.options, &header, last_time_ns)?;
        self.segment = header.segment;
        self.offset = HEADER_BYTES as u64;
        Ok(())
    }
}

/// Creates a segment whose header is on the disk before a frame is written.
fn begin_segment<S: Storage>(
    storage: &S,
    options: &LogOptions,
    header: &SegmentHeader,
    last_time_ns: u64,
) -> Result<(S::File, SegmentEncoder), LogError> {
    let name = segment_name(header.segment, header.first_seq);
    let mut file =
        storage.create(&name, options.segment_bytes).map_err(io_error("given a new segment"))?;
    let mut encoder = SegmentEncoder::new(header, last_time_ns);
    file.write_at(0, encoder.buffer()).map_err(io_error("written"))?;
    encoder.clear();
    file.sync().map_err(io_error("synced"))?;
    storage.sync_names().map_err(io_error("synced with its directory"))?;
    Ok((file, encoder))
}

/// Overwrites everything from `offset` on with zeros and syncs, so that no stale frame can pass
/// for one that follows later.
fn clear(file: &mut impl StorageFile, offset: u64) -> io::Result<()> {
    let zeros = [0; 4096];
    let (mut offset, end) = (offset, file.bytes()?);
    let mut found = [0; 4096];
    let mut is_dirty = false;
    while offset < end {
        let read = file.read_at(offset, &mut found)?;
        if read == 0 {
            break;
        }
        if found[..read].iter().any(|byte| *byte != 0) {
            file.write_at(offset, &zeros[..read])?;
            is_dirty = true;
        }
        offset += read as u64;
    }
    if is_dirty { file.sync() } else { Ok(()) }
}

fn io_error(step: &'static str) -> impl FnOnce(io::Error) -> LogError {
    move |source| LogError::Io { step, source }
}
