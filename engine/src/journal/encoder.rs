//! Inputs as the bytes of one segment: frames, their chain, commits.

use super::codec::{BODY_BYTES_MAX, encode_body, put_u32};
use super::frame::{
    BATCH_INPUTS_MAX, COMMIT_BODY_BYTES, Chain, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FrameHead,
    FrameKind, SegmentHeader,
};
use super::reader::SegmentEnd;
use crate::types::Sequenced;

/// Bytes of a segment that are still to be written somewhere.
#[derive(Debug)]
pub(crate) struct SegmentEncoder {
    buffer: Vec<u8>,
    chain: Chain,
    next_seq: u64,
    last_time_ns: u64,
    uncommitted: u32,
}

impl SegmentEncoder {
    /// A new segment; its header waits in the buffer.
    pub(crate) fn new(header: &SegmentHeader, last_time_ns: u64) -> Self {
        assert!(header.first_seq >= 1, "sequence numbers start at 1");
        let encoded = header.encode();
        Self {
            buffer: encoded.to_vec(),
            chain: Chain::new(header, &encoded),
            next_seq: header.first_seq,
            last_time_ns,
            uncommitted: 0,
        }
    }

    /// Goes on behind what was read of a segment.
    pub(crate) fn resume(header: &SegmentHeader, end: &SegmentEnd) -> Self {
        let chain = Chain::new(header, &header.encode()).at(end.chain);
        let SegmentEnd { next_seq, last_time_ns, .. } = *end;
        Self { buffer: Vec::new(), chain, next_seq, last_time_ns, uncommitted: 0 }
    }

    /// Appends one input. Sequence numbers follow each other and time never falls: anything else
    /// is a bug of the caller, and a log with a gap could never be replayed.
    #[inline]
    pub(crate) fn append(&mut self, message: &Sequenced) {
        assert_eq!(message.seq.0, self.next_seq, "inputs are logged in sequence");
        assert!(message.time_ns >= self.last_time_ns, "time never falls");
        assert!(message.ingress_ns <= message.time_ns, "an input arrives before it is taken");
        assert!(!self.is_full(), "a full batch is committed first");
        let mut body = [0; BODY_BYTES_MAX];
        let body_bytes = encode_body(message, &mut body);
        self.next_seq += 1;
        self.last_time_ns = message.time_ns;
        self.push_frame(FrameKind::Input, message.seq.0, &body[..body_bytes]);
        self.uncommitted += 1;
    }

    /// Whether a commit must come before the next input.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.uncommitted == BATCH_INPUTS_MAX
    }

    /// Inputs since the last commit.
    pub(crate) const fn uncommitted(&self) -> u32 {
        self.uncommitted
    }

    /// Commits the inputs since the last commit, if there are any.
    pub(crate) fn commit(&mut self) {
        if self.uncommitted == 0 {
            return;
        }
        let mut body = [0; COMMIT_BODY_BYTES];
        put_u32(&mut body, 0, self.uncommitted);
        put_u32(&mut body, 4, self.chain.last());
        self.push_frame(FrameKind::Commit, self.next_seq - 1, &body);
        self.uncommitted = 0;
    }

    /// What is to be written next.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Forgets what was written.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
    }

    /// Sequence number of the next input.
    pub(crate) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Time of the last input.
    pub(crate) const fn last_time_ns(&self) -> u64 {
        self.last_time_ns
    }

    /// Checksum of the last frame.
    pub(crate) const fn chain(&self) -> u32 {
        self.chain.last()
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
}
