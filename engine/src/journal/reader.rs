//! Reads one segment as a stream and says how it ended.

use std::io::{self, Read};

use super::codec::{array, decode_body};
use super::frame::{
    BATCH_INPUTS_MAX, Chain, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FrameHead, FrameKind, HEADER_BYTES,
    SegmentHeader,
};
use super::outcome::{JournalError, Tail};
use super::window::Window;
use crate::types::{Seq, Sequenced};

/// How much is searched at a time when good frames are looked for behind a bad one.
const SEARCH_BYTES: usize = 1 << 16;
const SEARCH_OVERLAP_BYTES: usize = 2 * FRAME_BYTES_MAX;

/// Where the part of a segment that counts ends: behind a commit, or behind the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEnd {
    /// Offset of the byte behind it.
    pub bytes: u64,
    /// Checksum of the last frame, or the header's.
    pub chain: u32,
    /// Sequence number of the input that would follow.
    pub next_seq: u64,
    /// Time of the last input.
    pub last_time_ns: u64,
}

/// Yields the committed inputs of a segment, in order.
///
/// An input is yielded once the commit frame behind it was read, so nothing is ever taken back.
/// After the last item, [`JournalReader::tail`] says how the segment ended; after an error nothing
/// more is yielded and there is no tail.
#[derive(Debug)]
pub struct JournalReader<R: Read> {
    window: Window<R>,
    header: SegmentHeader,
    chain: Chain,
    next_seq: u64,
    last_time_ns: u64,
    batch: Vec<Sequenced>,
    /// How many of a committed `batch` were yielded already.
    yielded: usize,
    committed: SegmentEnd,
    tail: Option<Tail>,
    failed: bool,
}

impl<R: Read> JournalReader<R> {
    /// Opens a segment and checks its header.
    pub fn new(input: R) -> Result<Self, JournalError> {
        let mut window = Window::new(input);
        let bytes = window.fill(HEADER_BYTES)?;
        let Some(encoded) = bytes.first_chunk::<HEADER_BYTES>().copied() else {
            return Err(JournalError::TooShort { bytes: bytes.len() });
        };
        let header = SegmentHeader::decode(&encoded)?;
        window.consume(HEADER_BYTES);
        let chain = Chain::new(&header, &encoded);
        let committed = SegmentEnd {
            bytes: HEADER_BYTES as u64,
            chain: chain.last(),
            next_seq: header.first_seq,
            last_time_ns: 0,
        };
        Ok(Self {
            window,
            header,
            chain,
            next_seq: header.first_seq,
            last_time_ns: 0,
            batch: Vec::with_capacity(BATCH_INPUTS_MAX as usize),
            yielded: 0,
            committed,
            tail: None,
            failed: false,
        })
    }

    /// What the segment says of itself.
    pub const fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// How the segment ended; `None` before its end was reached, and after an error.
    pub const fn tail(&self) -> Option<Tail> {
        self.tail
    }

    /// Where what was read so far and counts ends.
    pub const fn committed(&self) -> &SegmentEnd {
        &self.committed
    }

    /// Reads frames up to the next commit. `false` at the end, with the tail set.
    fn read_batch(&mut self) -> Result<bool, JournalError> {
        self.batch.clear();
        self.yielded = 0;
        loop {
            let before = self.chain.last();
            let Some(head) = self.next_frame()? else { return Ok(false) };
            match head.kind {
                FrameKind::Input => self.take_input(&head)?,
                FrameKind::Commit => self.check_commit(&head, before)?,
                // Nothing writes one yet, and a reader of inputs has no use for it.
                FrameKind::SnapshotMark => {}
            }
            self.window.consume(head.frame_bytes());
            if head.kind == FrameKind::Commit {
                self.committed = SegmentEnd {
                    bytes: self.window.offset(),
                    chain: self.chain.last(),
                    next_seq: self.next_seq,
                    last_time_ns: self.last_time_ns,
                };
                return Ok(true);
            }
        }
    }

    /// The head of the next good frame, which then lies whole at the front of the window; `None`
    /// at the end.
    fn next_frame(&mut self) -> Result<Option<FrameHead>, JournalError> {
        let bytes = self.window.fill(FRAME_BYTES_MAX)?;
        if let Some(head) = whole_frame(bytes)
            && self.chain.accept(&bytes[..head.frame_bytes()])
        {
            return Ok(Some(head));
        }
        let stopped_at = self.window.offset();
        let rest = self.search_rest()?;
        if let Some(good_at) = rest.good_at {
            let after = Seq(self.next_seq - 1);
            return Err(JournalError::Damaged { offset: stopped_at, after, good_at });
        }
        let SegmentEnd { bytes: committed_bytes, next_seq, .. } = self.committed;
        self.tail = Some(if rest.all_zero && stopped_at == committed_bytes {
            Tail::Clean { bytes: committed_bytes }
        } else {
            Tail::Torn {
                committed_bytes,
                after: Seq(next_seq - 1),
                dropped_inputs: self.next_seq - next_seq,
                stopped_at,
            }
        });
        Ok(None)
    }

    /// Reads to the end, looking for anything that is not zero and for frames that would not be
    /// there had the bad one been cut off: any two that follow each other, or, where batches were
    /// synced one by one, one of a later batch. A disk may keep the end of a batch it was not told
    /// to sync and lose its middle.
    fn search_rest(&mut self) -> io::Result<Rest> {
        let mut rest = Rest { all_zero: true, good_at: None };
        loop {
            let bytes = self.window.fill(SEARCH_BYTES)?;
            let at_end = bytes.len() < SEARCH_BYTES;
            // Frames start at multiples of eight.
            let step = bytes.len().saturating_sub(SEARCH_OVERLAP_BYTES) & !7;
            rest.all_zero &= bytes.iter().all(|&byte| byte == 0);
            let later = self.header.synced.then_some(self.committed.next_seq);
            if let Some(distance) = find_chained_pair(self.chain, bytes, later) {
                rest.good_at = Some(self.window.offset() + distance as u64);
            }
            if at_end || rest.good_at.is_some() {
                return Ok(rest);
            }
            self.window.consume(step);
        }
    }

    fn take_input(&mut self, head: &FrameHead) -> Result<(), JournalError> {
        let offset = self.window.offset();
        expect(offset, "sequence number", head.seq, self.next_seq)?;
        if head.time_ns < self.last_time_ns {
            let (found, expected) = (head.time_ns, self.last_time_ns);
            return Err(JournalError::Order { offset, field: "time", found, expected });
        }
        if self.batch.len() == BATCH_INPUTS_MAX as usize {
            let expected = u64::from(BATCH_INPUTS_MAX);
            return expect(offset, "batch length", expected + 1, expected);
        }
        let body = &self.window.bytes()[FRAME_HEAD_BYTES..head.frame_bytes()];
        let message = decode_body(Seq(head.seq), head.time_ns, body)
            .map_err(|source| JournalError::Decode { offset, source })?;
        self.batch.push(message);
        self.next_seq += 1;
        self.last_time_ns = head.time_ns;
        Ok(())
    }

    /// `before` is the checksum of the frame before the commit.
    fn check_commit(&self, head: &FrameHead, before: u32) -> Result<(), JournalError> {
        let offset = self.window.offset();
        let body = &self.window.bytes()[FRAME_HEAD_BYTES..head.frame_bytes()];
        let count = u64::from(u32::from_le_bytes(array(body, 0)));
        let batch_crc = u64::from(u32::from_le_bytes(array(body, 4)));
        expect(offset, "sequence number", head.seq, self.next_seq - 1)?;
        expect(offset, "time", head.time_ns, self.last_time_ns)?;
        expect(offset, "count", count, self.batch.len() as u64)?;
        expect(offset, "batch checksum", batch_crc, u64::from(before))
    }
}

impl<R: Read> Iterator for JournalReader<R> {
    type Item = Result<Sequenced, JournalError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.yielded == self.batch.len() {
            if self.failed || self.tail.is_some() {
                return None;
            }
            match self.read_batch() {
                Ok(true) => {}
                Ok(false) => {
                    self.batch.clear();
                    return None;
                }
                Err(error) => {
                    self.failed = true;
                    self.batch.clear();
                    return Some(Err(error));
                }
            }
        }
        let message = self.batch[self.yielded];
        self.yielded += 1;
        Some(Ok(message))
    }
}

/// What lies behind the point where reading stopped.
#[derive(Debug)]
struct Rest {
    all_zero: bool,
    good_at: Option<u64>,
}

fn expect(offset: u64, field: &'static str, found: u64, expected: u64) -> Result<(), JournalError> {
    if found == expected {
        Ok(())
    } else {
        Err(JournalError::Order { offset, field, found, expected })
    }
}

/// The head of the frame that starts here, if it can be one and lies whole in `bytes`.
fn whole_frame(bytes: &[u8]) -> Option<FrameHead> {
    let head = FrameHead::decode(bytes.first_chunk()?)?;
    (bytes.len() >= head.frame_bytes()).then_some(head)
}

/// Where the second of two frames starts whose checksums chain. The first may be damaged as long
/// as its length and its stored checksum are not. With `next_seq`, only pairs count that prove a
/// batch behind the one that starts with that input.
fn find_chained_pair(chain: Chain, bytes: &[u8], next_seq: Option<u64>) -> Option<usize> {
    (0..bytes.len()).step_by(8).find_map(|at| {
        let first = whole_frame(&bytes[at..])?;
        let second_at = at + first.frame_bytes();
        let second = whole_frame(&bytes[second_at..])?;
        let frame = &bytes[second_at..second_at + second.frame_bytes()];
        let counts = next_seq.is_none_or(|next_seq| is_later(&first, &second, frame, next_seq));
        (counts && chain.follows(&bytes[at..], frame)).then_some(second_at)
    })
}

/// Whether the second of two frames belongs to a later batch than the one that starts with
/// `next_seq`: it follows a commit, or commits inputs that start later, or is too far on.
fn is_later(first: &FrameHead, second: &FrameHead, frame: &[u8], next_seq: u64) -> bool {
    match second.kind {
        FrameKind::Commit => {
            let count = u64::from(u32::from_le_bytes(array(frame, FRAME_HEAD_BYTES)));
            second.seq.saturating_add(1).saturating_sub(count) > next_seq
        }
        _ => {
            let batch_end = next_seq.saturating_add(u64::from(BATCH_INPUTS_MAX));
            first.kind == FrameKind::Commit || second.seq >= batch_end
        }
    }
}
