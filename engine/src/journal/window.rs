//! A reader's bytes around the current position, with the position in the file.

use std::io::{self, ErrorKind, Read};

const CHUNK_BYTES: usize = 1 << 18;

/// Buffered bytes of `input` from the current position on.
#[derive(Debug)]
pub(super) struct Window<R: Read> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    at_end: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), start: 0, offset: 0, at_end: false }
    }

    /// The bytes from here on, at least `wanted` unless the input ends before.
    #[inline]
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.start < wanted && !self.at_end {
            self.refill(wanted)?;
        }
        Ok(self.bytes())
    }

    /// The bytes that are here already.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Moves on. Panics beyond what is here: nobody can have looked at it.
    #[inline]
    pub(super) fn consume(&mut self, bytes: usize) {
        assert!(bytes <= self.bytes().len(), "what is consumed was looked at");
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Bytes consumed so far.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    fn refill(&mut self, wanted: usize) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        while self.buffer.len() < wanted && !self.at_end {
            let used = self.buffer.len();
            self.buffer.resize(used + CHUNK_BYTES, 0);
            let read = self.input.read(&mut self.buffer[used..]);
            let got = *read.as_ref().unwrap_or(&0);
            self.buffer.truncate(used + got);
            match read {
                Ok(got) => self.at_end = got == 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
