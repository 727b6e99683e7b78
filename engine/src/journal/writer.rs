//! Writes one segment as a stream.

use std::io::{self, Write};

use super::encoder::SegmentEncoder;
use super::frame::SegmentHeader;
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
    encoder: SegmentEncoder,
    flushed_bytes: u64,
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
        Self { out, encoder: SegmentEncoder::new(header, 0), flushed_bytes: 0, failed: false }
    }

    /// Appends one input. Panics unless sequence numbers follow each other and time never falls:
    /// anything else is a bug of the caller, and a log with a gap could never be replayed.
    #[inline]
    pub fn append(&mut self, message: &Sequenced) -> io::Result<()> {
        self.encoder.append(message);
        if self.encoder.is_full() {
            self.encoder.commit();
        }
        if self.encoder.buffer().len() >= BUFFER_BYTES { self.write_out() } else { Ok(()) }
    }

    /// Commits what was appended since the last commit and hands it to the output.
    pub fn commit(&mut self) -> io::Result<()> {
        self.encoder.commit();
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
        self.flushed_bytes + self.encoder.buffer().len() as u64
    }

    /// Inputs appended so far end before this sequence number.
    pub const fn next_seq(&self) -> u64 {
        self.encoder.next_seq()
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("the command log was closed by an earlier I/O error"));
        }
        let result = self.out.write_all(self.encoder.buffer());
        self.failed = result.is_err();
        self.flushed_bytes += self.encoder.buffer().len() as u64;
        self.encoder.clear();
        result
    }
}
