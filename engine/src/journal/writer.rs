//! Writes one segment as a stream.

use std::io::{self, Write};

use super::codec::{BODY_BYTES_MAX, encode_body, put_u32};
use super::frame::{
    BATCH_INPUTS_MAX, COMMIT_BODY_BYTES, Chain, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FrameHead,
    FrameKind, SegmentHeader,
};
use crate::types::Sequenced;

const BUFFER_BYTES: usize = 64 * 1024;

/// Appends inputs to a segment. What is not followed by a commit does not count for a reader, so
/// end with [`JournalWriter::finish`].
///
/// An I/O error closes the writer: what reached the medium is unknown, and a retry could leave
/// a gap. Every later call fails.
#[derive(Debug)]
pub struct JournalWriter<W: Write> {
    out: W,
    buffer: Vec<u8>,
    flushed_bytes: u64,
    chain: Chain,
    next_seq: u64,
    last_time_ns: u64,
    uncommitted: u32,
    failed: bool,
}

impl<W: Write> JournalWriter<W> {
    /// Starts the first segment of a log. `genesis` names the log; a reader compares it with the
    /// configuration it is about to replay into.
    pub fn new(out: W, genesis: u128) -> Self {
        Self::with_header(out, &SegmentHeader::first(genesis))
    }

    /// Starts any segment.
    pub fn with_header(out: W, header: &SegmentHeader) -> Self {
        assert!(header.first_seq >= 1, "sequence numbers start at 1");
        let encoded = header.encode();
        let mut buffer = Vec::with_capacity(BUFFER_BYTES + FRAME_BYTES_MAX);
        buffer.extend_from_slice(&encoded);
        Self {
            out,
            buffer,
            flushed_bytes: 0,
            chain: Chain::new(header, &encoded),
            next_seq: header.first_seq,
            last_time_ns: 0,
            uncommitted: 0,
            failed: false,
        }
    }

    /// Appends one input. Sequence numbers follow each other and time never falls: anything else
    /// is a bug of the caller, and a log with a gap could never be replayed.
    #[inline]
    pub fn append(&mut self, message: &Sequenced) -> io::Result<()> {
        assert_eq!(message.seq.0, self.next_seq, "inputs are logged in sequence");
        assert!(message.time_ns >= self.last_time_ns, "time never falls");
        assert!(message.ingress_ns <= message.time_ns, "an input arrives before it is taken");
        let mut body = [0; BODY_BYTES_MAX];
        let body_bytes = encode_body(message, &mut body);
        self.next_seq += 1;
        self.last_time_ns = message.time_ns;
        self.push_frame(FrameKind::Input, message.seq.0, &body[..body_bytes]);
        self.uncommitted += 1;
        if self.uncommitted == BATCH_INPUTS_MAX {
            self.push_commit();
        }
        if self.buffer.len() >= BUFFER_BYTES { self.write_out() } else { Ok(()) }
    }

    /// Commits what was appended since the last commit and hands it to the output.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.uncommitted > 0 {
            self.push_commit();
        }
        self.write_out()
    }

    /// Commits, flushes and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.commit()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Bytes of the segment so far, those still buffered included.
    pub fn bytes_written(&self) -> u64 {
        self.flushed_bytes + self.buffer.len() as u64
    }

    /// Inputs appended so far end before this sequence number.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn push_commit(&mut self) {
        let mut body = [0; COMMIT_BODY_BYTES];
        put_u32(&mut body, 0, self.uncommitted);
        put_u32(&mut body, 4, self.chain.last());
        self.push_frame(FrameKind::Commit, self.next_seq - 1, &body);
        self.uncommitted = 0;
    }

    #[inline]
    fn push_frame(&mut self, kind: FrameKind, seq: u64, body: &[u8]) {
        let head = FrameHead { kind, body_bytes: body.len(), seq, time_ns: self.last_time_ns };
        let mut frame = [0; FRAME_BYTES_MAX];
        let frame = &mut frame[..head.frame_bytes()];
        head.encode(frame);
        frame[FRAME_HEAD_BYTES..].copy_from_slice(body);
        self.chain.seal(frame);
        self.buffer.extend_from_slice(frame);
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("the command log was closed by an earlier I/O error"));
        }
        let result = self.out.write_all(&self.buffer);
        self.failed = result.is_err();
        self.flushed_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        result
    }
}
