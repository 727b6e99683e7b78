//! Segment header and frames: layout, checksum, chain. `docs/JOURNAL.md` has the tables.

use super::codec::{BODY_BYTES_MAX, array, put_u16, put_u32, put_u64};
use super::outcome::JournalError;
use crate::canary::{Canary, planted};

/// First bytes of a segment.
pub const MAGIC: [u8; 8] = *b"SEAWALL\n";
/// Version of the format that is written, and the only one that is read.
pub const VERSION: u16 = 1;
/// Length of a segment header.
pub const HEADER_BYTES: usize = 64;
/// Length of a frame without its body.
pub const FRAME_HEAD_BYTES: usize = 24;
/// Longest frame.
pub const FRAME_BYTES_MAX: usize = FRAME_HEAD_BYTES + BODY_BYTES_MAX;
/// Most inputs between two commit frames: what a reader holds back until it knows they count.
pub const BATCH_INPUTS_MAX: u32 = 4096;

/// Length of a commit frame.
pub const COMMIT_FRAME_BYTES: usize = FRAME_HEAD_BYTES + COMMIT_BODY_BYTES;
/// Bit of the header's flags: a batch is written only once the batch before it was synced.
const SYNCED_FLAG: u8 = 1;

/// Length of a commit's body: count and batch checksum.
pub(super) const COMMIT_BODY_BYTES: usize = 8;
/// Length of a snapshot mark's body: a state hash.
const SNAPSHOT_BODY_BYTES: usize = 16;
const HEADER_CRC_AT: usize = 60;
const FRAME_CRC_AT: usize = 4;

// Frames stay aligned as long as every part of them is.
const _: () = assert!(HEADER_BYTES.is_multiple_of(8) && FRAME_BYTES_MAX.is_multiple_of(8));

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Place among the segments of one log, from 0.
    pub segment: u64,
    /// Sequence number of its first input.
    pub first_seq: u64,
    /// Which log it belongs to: the hash of the configuration the inputs were made for.
    pub genesis: u128,
    /// Checksum of the last frame of the segment before; 0 in the first.
    pub chain: u32,
    /// Whether a batch was written only once the batch before it was synced. What a power cut
    /// leaves of the last batch can then be told from damage to what was synced.
    pub synced: bool,
}

impl SegmentHeader {
    /// The header of a log's first segment.
    pub const fn first(genesis: u128) -> Self {
        Self { segment: 0, first_seq: 1, genesis, chain: 0, synced: false }
    }

    /// The header as bytes, checksum included.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        put_u16(&mut bytes, 8, VERSION);
        bytes[10] = if self.synced { SYNCED_FLAG } else { 0 };
        put_u64(&mut bytes, 16, self.segment);
        put_u64(&mut bytes, 24, self.first_seq);
        bytes[32..48].copy_from_slice(&self.genesis.to_le_bytes());
        put_u32(&mut bytes, 48, self.chain);
        let crc = crc32c::crc32c(&bytes[..HEADER_CRC_AT]);
        put_u32(&mut bytes, HEADER_CRC_AT, crc);
        bytes
    }

    /// Reads a header back.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, JournalError> {
        let refuse = |field, found, expected| Err(JournalError::Header { field, found, expected });
        let magic: [u8; 8] = array(bytes, 0);
        if magic != MAGIC {
            let found = u64::from_le_bytes(magic);
            return refuse("magic", found, "\"SEAWALL\\n\": this is not a command log");
        }
        let version = u16::from_le_bytes(array(bytes, 8));
        if version != VERSION {
            return refuse("version", u64::from(version), "1");
        }
        let stored = u32::from_le_bytes(array(bytes, HEADER_CRC_AT));
        if stored != crc32c::crc32c(&bytes[..HEADER_CRC_AT]) {
            return refuse("checksum", u64::from(stored), "the checksum of the header's bytes");
        }
        if bytes[10] & !SYNCED_FLAG != 0 {
            return refuse("flags", u64::from(bytes[10]), "0 or 1");
        }
        let reserved = [&bytes[11..16], &bytes[52..HEADER_CRC_AT]].concat();
        if let Some(&byte) = reserved.iter().find(|&&byte| byte != 0) {
            return refuse("reserved byte", u64::from(byte), "zero");
        }
        let first_seq = u64::from_le_bytes(array(bytes, 24));
        if first_seq == 0 {
            return refuse("first sequence number", 0, "at least 1");
        }
        Ok(Self {
            segment: u64::from_le_bytes(array(bytes, 16)),
            first_seq,
            genesis: u128::from_le_bytes(array(bytes, 32)),
            chain: u32::from_le_bytes(array(bytes, 48)),
            synced: bytes[10] == SYNCED_FLAG,
        })
    }
}

/// The running checksum of one segment: each frame's is seeded with the one before it and with
/// what names the log and the segment, so a frame cannot pass in another place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    salt: u32,
    last: u32,
}

impl Chain {
    /// The chain of a segment starts with its header's checksum.
    pub(super) fn new(header: &SegmentHeader, encoded: &[u8; HEADER_BYTES]) -> Self {
        let mixed = (header.genesis ^ u128::from(header.segment)).to_le_bytes();
        let salt = u32::from_le_bytes(array(&mixed, 0));
        Self { salt, last: u32::from_le_bytes(array(encoded, HEADER_CRC_AT)) }
    }

    /// The chain behind a frame of that checksum.
    pub(super) const fn at(self, last: u32) -> Self {
        Self { salt: self.salt, last }
    }

    /// Checksum of the last frame.
    pub(super) const fn last(self) -> u32 {
        self.last
    }

    /// Whether `frame` follows `previous`, going by the checksum that `previous` states.
    pub(super) fn follows(self, previous: &[u8], frame: &[u8]) -> bool {
        let last = u32::from_le_bytes(array(previous, FRAME_CRC_AT));
        Self { salt: self.salt, last }.accept(frame)
    }

    /// Checksum of `frame` as the next one, whatever its checksum field holds.
    #[inline]
    fn next(self, frame: &[u8]) -> u32 {
        let head = crc32c::crc32c_append(self.last ^ self.salt, &frame[..FRAME_CRC_AT]);
        crc32c::crc32c_append(head, &frame[FRAME_CRC_AT + 4..])
    }

    /// Fills in the checksum of `frame` and moves on.
    #[inline]
    pub(super) fn seal(&mut self, frame: &mut [u8]) {
        self.last = self.next(frame);
        put_u32(frame, FRAME_CRC_AT, self.last);
    }

    /// Whether `frame` is the next one; moves on if it is.
    #[inline]
    pub(super) fn accept(&mut self, frame: &[u8]) -> bool {
        let crc = self.next(frame);
        let ok = crc == u32::from_le_bytes(array(frame, FRAME_CRC_AT))
            || planted(Canary::ChecksumIgnored);
        if ok {
            self.last = crc;
        }
        ok
    }
}

/// What a frame holds; numbers are stable, 0 is never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FrameKind {
    Input = 1,
    Commit = 2,
    /// Reserved: a snapshot of this state exists. Not written yet.
    SnapshotMark = 3,
}

impl FrameKind {
    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Input,
            2 => Self::Commit,
            3 => Self::SnapshotMark,
            _ => return None,
        })
    }

    const fn allows(self, body_bytes: usize) -> bool {
        match self {
            Self::Input => body_bytes <= BODY_BYTES_MAX && body_bytes.is_multiple_of(8),
            Self::Commit => body_bytes == COMMIT_BODY_BYTES,
            Self::SnapshotMark => body_bytes == SNAPSHOT_BODY_BYTES,
        }
    }
}

/// The fixed part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) kind: FrameKind,
    pub(super) body_bytes: usize,
    pub(super) seq: u64,
    pub(super) time_ns: u64,
}

impl FrameHead {
    /// Writes everything but the checksum.
    #[inline]
    pub(super) fn encode(self, frame: &mut [u8]) {
        frame[0] = self.kind as u8;
        frame[1] = 0;
        let body_bytes = u16::try_from(self.body_bytes).expect("a body is at most 32 bytes long");
        put_u16(frame, 2, body_bytes);
        put_u64(frame, 8, self.seq);
        put_u64(frame, 16, self.time_ns);
    }

    /// Reads a head, or `None` where no frame can start: unknown kind, flags, impossible length.
    #[inline]
    pub(super) fn decode(bytes: &[u8; FRAME_HEAD_BYTES]) -> Option<Self> {
        let kind = FrameKind::from_byte(bytes[0])?;
        let body_bytes = usize::from(u16::from_le_bytes(array(bytes, 2)));
        if bytes[1] != 0 || !kind.allows(body_bytes) {
            return None;
        }
        let seq = u64::from_le_bytes(array(bytes, 8));
        Some(Self { kind, body_bytes, seq, time_ns: u64::from_le_bytes(array(bytes, 16)) })
    }

    /// Length of the whole frame.
    pub(super) const fn frame_bytes(&self) -> usize {
        FRAME_HEAD_BYTES + self.body_bytes
    }
}
