//! Snapshots: the whole state of a shard after some input, in one file.

use std::io;

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use super::log::parse_segment_name;
use super::{Storage, StorageFile};
use crate::core::{Engine, ShardConfig};
use crate::state::StateError;
use crate::types::Seq;

/// Length of a snapshot's header.
pub const SNAPSHOT_HEADER_BYTES: usize = 64;
/// Snapshots that are kept: the newest, and one to fall back to.
pub const SNAPSHOTS_KEPT: usize = 2;

const MAGIC: [u8; 8] = *b"SEAWSNP\n";
const VERSION: u16 = 1;
const TEMPORARY: &str = "snapshot.tmp";

/// Why a snapshot was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// A field of the header is not what it should be.
    #[error("{field} of the snapshot's header is not {expected}")]
    Header {
        /// The field's name.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The state does not have the hash that the header states: the file is damaged.
    #[error("the state has hash {found:032x}, the header says {expected:032x}")]
    Hash {
        /// Of the bytes there are.
        found: u128,
        /// By the header.
        expected: u128,
    },
    /// The hash is right and the content is not.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The name of a snapshot's file.
pub(super) fn snapshot_name(seq: Seq) -> String {
    format!("snapshot-{:020}.sws", seq.0)
}

/// What a snapshot's name says of it.
pub(super) fn parse_snapshot_name(name: &str) -> Option<Seq> {
    let seq = name.strip_prefix("snapshot-")?.strip_suffix(".sws")?.parse().ok().map(Seq)?;
    (snapshot_name(seq) == name).then_some(seq)
}

/// A shard as a file's bytes. `genesis` names the log that the snapshot belongs to.
///
/// Panics if the state takes 4 GiB or more.
pub fn encode_snapshot(engine: &Engine, genesis: u128) -> Vec<u8> {
    let body = engine.state_bytes();
    let length = u32::try_from(body.len()).expect("a state takes less than 4 GiB");
    let mut bytes = Vec::with_capacity(SNAPSHOT_HEADER_BYTES + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 6]);
    bytes.extend_from_slice(&genesis.to_le_bytes());
    bytes.extend_from_slice(&engine.seq().0.to_le_bytes());
    bytes.extend_from_slice(&xxh3_128(&body).to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// The shard that a file's bytes hold. Everything is checked, and nothing panics.
pub fn decode_snapshot(
    bytes: &[u8],
    config: &ShardConfig,
    genesis: u128,
) -> Result<Engine, SnapshotError> {
    let refuse = |field, expected| Err(SnapshotError::Header { field, expected });
    let Some((header, body)) = bytes.split_first_chunk::<SNAPSHOT_HEADER_BYTES>() else {
        return refuse("length", "64 bytes");
    };
    if header[..8] != MAGIC {
        return refuse("magic", "\"SEAWSNP\\n\": this is not a snapshot");
    }
    if header[60..] != crc32c::crc32c(&header[..60]).to_le_bytes() {
        return refuse("checksum", "that of its bytes");
    }
    if header[8..10] != VERSION.to_le_bytes() {
        return refuse("version", "1");
    }
    if header[10..16] != [0; 6] {
        return refuse("reserved byte", "zero");
    }
    if header[16..32] != genesis.to_le_bytes() {
        return refuse("genesis", "that of this log and configuration");
    }
    if u32::try_from(body.len()).ok().map(u32::to_le_bytes).as_ref() != header[56..60].first_chunk()
    {
        return refuse("state length", "that of the file");
    }
    let expected = u128::from_le_bytes(*header[40..56].first_chunk().expect("sixteen bytes"));
    let found = xxh3_128(body);
    if found != expected {
        return Err(SnapshotError::Hash { found, expected });
    }
    let engine = Engine::from_state_bytes(config, body)?;
    if header[32..40] != engine.seq().0.to_le_bytes() {
        return refuse("sequence number", "that of the state");
    }
    Ok(engine)
}

/// Writes a snapshot beside a log: under a temporary name, synced, renamed, and the directory
/// synced. Then drops snapshots beyond [`SNAPSHOTS_KEPT`] and segments that none of those kept
/// needs. A crash at any point leaves the older snapshots and the whole log.
pub fn write_snapshot<S: Storage>(storage: &S, engine: &Engine, genesis: u128) -> io::Result<()> {
    let bytes = encode_snapshot(engine, genesis);
    if storage.names()?.iter().any(|name| name == TEMPORARY) {
        storage.remove(TEMPORARY)?;
    }
    let mut file = storage.create(TEMPORARY, bytes.len() as u64)?;
    file.write_at(0, &bytes)?;
    file.sync()?;
    storage.rename(TEMPORARY, &snapshot_name(engine.seq()))?;
    storage.sync_names()?;
    drop_superseded(storage)
}

fn drop_superseded<S: Storage>(storage: &S) -> io::Result<()> {
    let names = storage.names()?;
    let mut snapshots: Vec<Seq> =
        names.iter().filter_map(|name| parse_snapshot_name(name)).collect();
    snapshots.sort_unstable();
    let superseded = snapshots.len().saturating_sub(SNAPSHOTS_KEPT);
    for seq in &snapshots[..superseded] {
        storage.remove(&snapshot_name(*seq))?;
    }
    // With a single snapshot nothing stands behind it but the whole log.
    if snapshots.len() < SNAPSHOTS_KEPT {
        return Ok(());
    }
    let oldest = snapshots[superseded];
    let mut segments: Vec<(u64, u64, &String)> = names
        .iter()
        .filter_map(|name| parse_segment_name(name).map(|(segment, seq)| (segment, seq, name)))
        .collect();
    segments.sort_unstable();
    for pair in segments.windows(2) {
        if pair[1].1 > oldest.0.saturating_add(1) {
            break;
        }
        storage.remove(pair[0].2)?;
    }
    storage.sync_names()
}
