//! From what a disk holds to a running shard.

use std::io;

use thiserror::Error;

use super::log::{parse_segment_name, segment_name};
use super::snapshot::{SnapshotError, decode_snapshot, parse_snapshot_name, snapshot_name};
use super::{FileReader, Storage, StorageFile};
use crate::core::{Engine, ShardConfig};
use crate::journal::{HEADER_BYTES, JournalError, JournalReader, SegmentEnd, SegmentHeader, Tail};
use crate::types::{NoEvents, Seq, Sequenced};

/// How a log ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTail {
    /// Right after a batch.
    Clean,
    /// A batch was being written when everything stopped. Nobody was told of it; it is dropped.
    Torn {
        /// The file.
        name: String,
        /// Where the part that counts ends.
        at_byte: u64,
        /// Last input that counts.
        after: Seq,
        /// Good inputs behind it that are dropped.
        dropped_inputs: u64,
    },
}

/// Where the next input goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogEnd {
    /// Into a segment that is not there yet, or was cut off while it was made.
    Missing { header: SegmentHeader, torn: Option<String>, last_time_ns: u64 },
    /// Behind this place of a segment.
    Within { name: String, header: SegmentHeader, end: SegmentEnd },
}

/// A shard as the disk has it.
#[derive(Debug)]
pub struct Recovered {
    /// The shard.
    pub engine: Engine,
    /// How the log ended.
    pub tail: LogTail,
    /// Input of the snapshot that was used, if there was one.
    pub snapshot: Option<Seq>,
    /// Newer snapshots that were damaged, with what was wrong: an older one or the log's start
    /// stood in for them.
    pub damaged_snapshots: Vec<(String, SnapshotError)>,
    /// Segments read.
    pub segments: u64,
    /// Inputs of the log that were applied.
    pub replayed: u64,
    pub(crate) end: LogEnd,
}

/// Why there is no shard: the disk holds something that no crash leaves.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// Reading failed.
    #[error("{name}: {source}")]
    Io {
        /// The file or directory.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A segment is damaged.
    #[error("{name}: {source}")]
    Segment {
        /// The file.
        name: String,
        /// Where and how.
        source: JournalError,
    },
    /// A segment that is not the last ends in the middle of a batch.
    #[error("{name}: torn at byte {at_byte} after {after}, although later segments exist")]
    TornWithin {
        /// The file.
        name: String,
        /// Where.
        at_byte: u64,
        /// Last good input.
        after: Seq,
    },
    /// A segment's header does not follow the segment before it, or is not of this log.
    #[error("{name}: the header is not the one that belongs here ({what})")]
    Header {
        /// The file.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// A segment is missing.
    #[error("{expected} is missing: the log goes on with {found}")]
    Missing {
        /// The file that should be there.
        expected: String,
        /// The file that is there.
        found: String,
    },
    /// The log does not reach back to what it must follow.
    #[error("the log starts with {first}, but {needed}")]
    NoStart {
        /// First input of the log.
        first: u64,
        /// What would have to be there.
        needed: String,
    },
    /// A snapshot is newer than the log: the end of the log is missing.
    #[error("the snapshot is of {snapshot}, but the log ends with {log}: its end is missing")]
    LogEndsEarly {
        /// Input of the snapshot.
        snapshot: Seq,
        /// Last input of the log.
        log: Seq,
    },
}

/// Rebuilds a shard: the newest good snapshot, then every input of the log behind it, each handed
/// to `each` after it was applied. Every segment there is gets verified, also those before the
/// snapshot. Changes nothing on the disk.
pub fn recover<S: Storage>(
    storage: &S,
    config: &ShardConfig,
    genesis: u128,
    each: impl FnMut(&Engine, &Sequenced),
) -> Result<Recovered, RecoveryError> {
    recover_at_most(storage, config, genesis, Seq(u64::MAX), each)
}

/// As [`recover`], from a snapshot of no later input than `newest`; `Seq(0)` replays the whole log.
pub fn recover_at_most<S: Storage>(
    storage: &S,
    config: &ShardConfig,
    genesis: u128,
    newest: Seq,
    mut each: impl FnMut(&Engine, &Sequenced),
) -> Result<Recovered, RecoveryError> {
    let io = |source| RecoveryError::Io { name: "the log's directory".to_owned(), source };
    let names = storage.names().map_err(io)?;
    let (start, damaged_snapshots) = newest_snapshot(storage, &names, config, (genesis, newest))?;
    let snapshot = start.as_ref().map(Engine::seq);
    let mut engine = start.unwrap_or_else(|| Engine::new(config));
    let mut segments: Vec<(u64, u64)> =
        names.iter().filter_map(|name| parse_segment_name(name)).collect();
    segments.sort_unstable();
    check_start(&segments, snapshot)?;
    let mut walk = Walk::new(genesis, &segments);
    let mut replayed = 0;
    for (place, (segment, first_seq)) in segments.iter().enumerate() {
        let is_last = place + 1 == segments.len();
        walk.read(storage, (*segment, *first_seq), is_last, |input| {
            if input.seq > engine.seq() {
                engine.apply(input, &mut NoEvents);
                replayed += 1;
                each(&engine, input);
            }
        })?;
    }
    let log_ends = Seq(walk.end.next_seq - 1);
    if !segments.is_empty() && engine.seq() > log_ends {
        return Err(RecoveryError::LogEndsEarly { snapshot: engine.seq(), log: log_ends });
    }
    let count = segments.len() as u64;
    let (tail, end) = walk.finish(engine.seq(), engine.time_ns());
    Ok(Recovered { engine, tail, snapshot, damaged_snapshots, segments: count, replayed, end })
}

type Snapshots = (Option<Engine>, Vec<(String, SnapshotError)>);

fn newest_snapshot<S: Storage>(
    storage: &S,
    names: &[String],
    config: &ShardConfig,
    (genesis, newest): (u128, Seq),
) -> Result<Snapshots, RecoveryError> {
    let mut snapshots: Vec<Seq> =
        names.iter().filter_map(|name| parse_snapshot_name(name)).collect();
    snapshots.retain(|seq| *seq <= newest);
    snapshots.sort_unstable();
    let mut damaged = Vec::new();
    for seq in snapshots.into_iter().rev() {
        let name = snapshot_name(seq);
        let bytes = read_all(storage, &name)
            .map_err(|source| RecoveryError::Io { name: name.clone(), source })?;
        match decode_snapshot(&bytes, config, genesis) {
            Ok(engine) if engine.seq() == seq => return Ok((Some(engine), damaged)),
            Ok(_) => damaged.push((
                name,
                SnapshotError::Header { field: "sequence number", expected: "that of the name" },
            )),
            Err(error) => damaged.push((name, error)),
        }
    }
    Ok((None, damaged))
}

fn read_all<S: Storage>(storage: &S, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut FileReader::new(storage.open(name)?), &mut bytes)?;
    Ok(bytes)
}

/// Checks that segments follow each other by name and reach back far enough.
fn check_start(segments: &[(u64, u64)], snapshot: Option<Seq>) -> Result<(), RecoveryError> {
    let Some((segment, first)) = segments.first().copied() else {
        return match snapshot {
            // A log is begun before its first snapshot can be taken.
            Some(seq) => Err(RecoveryError::LogEndsEarly { snapshot: seq, log: Seq(0) }),
            None => Ok(()),
        };
    };
    let needed = snapshot.map_or(1, |seq| seq.0.saturating_add(1));
    if first > needed || (segment > 0 && snapshot.is_none()) {
        let needed = match snapshot {
            Some(seq) => format!("the newest good snapshot is of input {}", seq.0),
            None => "there is no good snapshot, and input 1 is not in it".to_owned(),
        };
        return Err(RecoveryError::NoStart { first, needed });
    }
    for pair in segments.windows(2) {
        if pair[1].0 != pair[0].0 + 1 {
            return Err(RecoveryError::Missing {
                expected: format!("segment {}", pair[0].0 + 1),
                found: segment_name(pair[1].0, pair[1].1),
            });
        }
    }
    Ok(())
}

/// The way through the segments.
struct Walk {
    genesis: u128,
    /// Where the segment before ended; `None` before the first, whose chain is taken as it is.
    before: Option<SegmentEnd>,
    end: SegmentEnd,
    last: LogEnd,
    tail: LogTail,
}

impl Walk {
    fn new(genesis: u128, segments: &[(u64, u64)]) -> Self {
        let first_seq = segments.first().map_or(1, |(_, first_seq)| *first_seq);
        let end = SegmentEnd { bytes: 0, chain: 0, next_seq: first_seq, last_time_ns: 0 };
        let starts_here = segments.first().is_none_or(|(segment, _)| *segment == 0);
        let header = SegmentHeader::first(genesis);
        Self {
            genesis,
            before: starts_here.then_some(end),
            end,
            last: LogEnd::Missing { header, torn: None, last_time_ns: 0 },
            tail: LogTail::Clean,
        }
    }

    fn read<S: Storage>(
        &mut self,
        storage: &S,
        (segment, first_seq): (u64, u64),
        is_last: bool,
        mut each: impl FnMut(&Sequenced),
    ) -> Result<(), RecoveryError> {
        let name = segment_name(segment, first_seq);
        let io = |source| RecoveryError::Io { name: name.clone(), source };
        if is_last && let Some(before) = self.before {
            let file = storage.open(&name).map_err(io)?;
            let follows = SegmentHeader {
                segment,
                first_seq: before.next_seq,
                genesis: self.genesis,
                chain: before.chain,
                synced: false,
            };
            if was_being_made(&file, &follows).map_err(io)? {
                let last_time_ns = before.last_time_ns;
                self.last = LogEnd::Missing { header: follows, torn: Some(name), last_time_ns };
                return Ok(());
            }
        }
        let bad = |source| RecoveryError::Segment { name: name.clone(), source };
        let file = storage.open(&name).map_err(io)?;
        let mut reader = JournalReader::new(FileReader::new(file)).map_err(bad)?;
        let header = *reader.header();
        self.check_header(&header, (segment, first_seq), &name)?;
        let mut last_time_ns = self.end.last_time_ns;
        for input in reader.by_ref() {
            let input = input.map_err(bad)?;
            if input.time_ns < last_time_ns {
                return Err(RecoveryError::Header { name, what: "time falls" });
            }
            last_time_ns = input.time_ns;
            each(&input);
        }
        let end = SegmentEnd { last_time_ns, ..*reader.committed() };
        match reader.tail() {
            Some(Tail::Torn { committed_bytes, after, dropped_inputs, .. }) => {
                if !is_last {
                    let at_byte = committed_bytes;
                    return Err(RecoveryError::TornWithin { name, at_byte, after });
                }
                let at_byte = committed_bytes;
                self.tail = LogTail::Torn { name: name.clone(), at_byte, after, dropped_inputs };
            }
            _ => self.tail = LogTail::Clean,
        }
        self.before = Some(end);
        self.end = end;
        self.last = LogEnd::Within { name, header, end };
        Ok(())
    }

    fn check_header(
        &self,
        header: &SegmentHeader,
        (segment, first_seq): (u64, u64),
        name: &str,
    ) -> Result<(), RecoveryError> {
        let chain = self.before.map(|before| before.chain);
        let wrong = if header.genesis != self.genesis {
            "it belongs to another log or configuration"
        } else if header.segment != segment {
            "it is of another segment"
        } else if header.first_seq != first_seq || first_seq != self.end.next_seq {
            "inputs are missing before it"
        } else if chain.is_some_and(|chain| chain != header.chain) {
            "its chain starts elsewhere"
        } else {
            return Ok(());
        };
        Err(RecoveryError::Header { name: name.to_owned(), what: wrong })
    }

    fn finish(self, seq: Seq, time_ns: u64) -> (LogTail, LogEnd) {
        let end = match self.last {
            LogEnd::Missing { header, torn: None, .. } => {
                let header = SegmentHeader { first_seq: seq.0 + 1, ..header };
                LogEnd::Missing { header, torn: None, last_time_ns: time_ns }
            }
            other => other,
        };
        (self.tail, end)
    }
}

/// Whether the last segment was cut off while it was made: its header is not the one that belongs
/// there, and nothing was written behind it. A header is synced before the first frame.
fn was_being_made<F: StorageFile>(file: &F, follows: &SegmentHeader) -> io::Result<bool> {
    let mut found = [0; HEADER_BYTES];
    let mut filled = 0;
    while filled < HEADER_BYTES {
        let read = file.read_at(filled as u64, &mut found[filled..])?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    let complete = filled == HEADER_BYTES
        && [false, true]
            .map(|synced| SegmentHeader { synced, ..*follows }.encode())
            .contains(&found);
    if complete || SegmentHeader::decode(&found).is_ok() {
        return Ok(false);
    }
    let mut offset = HEADER_BYTES as u64;
    let mut piece = [0; 4096];
    loop {
        let read = file.read_at(offset, &mut piece)?;
        if read == 0 {
            return Ok(true);
        }
        if piece[..read].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset += read as u64;
    }
}
