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
    committed_bytes: u64,
    committed_seq: u64,
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
        Ok(Self {
            window,
            header,
            chain: Chain::new(&header, &encoded),
            next_seq: header.first_seq,
            last_time_ns: 0,
            batch: Vec::with_capacity(BATCH_INPUTS_MAX as usize),
            yielded: 0,
            committed_bytes: HEADER_BYTES as u64,
            committed_seq: header.first_seq - 1,
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
                self.committed_bytes = self.window.offset();
                self.committed_seq = head.seq;
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
        self.tail = Some(if rest.all_zero && stopped_at == self.committed_bytes {
            Tail::Clean { bytes: self.committed_bytes }
        } else {
            Tail::Torn {
                committed_bytes: self.committed_bytes,
                after: Seq(self.committed_seq),
                dropped_inputs: self.next_seq - 1 - self.committed_seq,
                stopped_at,
            }
        });
        Ok(None)
    }

    /// Reads to the end, looking for anything that is not zero and for two frames that follow
    /// each other.
    fn search_rest(&mut self) -> io::Result<Rest> {
        let mut rest = Rest { all_zero: true, good_at: None };
        loop {
            let bytes = self.window.fill(SEARCH_BYTES)?;
            let at_end = bytes.len() < SEARCH_BYTES;
            // Frames start at multiples of eight.
            let step = bytes.len().saturating_sub(SEARCH_OVERLAP_BYTES) & !7;
            rest.all_zero &= bytes.iter().all(|&byte| byte == 0);
            if let Some(distance) = find_chained_pair(self.chain, bytes) {
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
/// as its length and its stored checksum are not.
fn find_chained_pair(chain: Chain, bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).step_by(8).find_map(|at| {
        let first = whole_frame(&bytes[at..])?;
        let second_at = at + first.frame_bytes();
        let second = whole_frame(&bytes[second_at..])?;
        let frame = &bytes[second_at..second_at + second.frame_bytes()];
        chain.follows(&bytes[at..], frame).then_some(second_at)
    })
}
