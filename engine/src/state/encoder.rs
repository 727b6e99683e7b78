//! Writes canonical bytes to whatever takes them.

use super::Canonical;

const BUFFER_BYTES: usize = 8 * 1024;

/// Collects bytes and hands them on in pieces.
pub(crate) struct Encoder<'a> {
    buffer: Vec<u8>,
    out: &'a mut dyn FnMut(&[u8]),
}

impl std::fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({} bytes waiting)", self.buffer.len())
    }
}

impl<'a> Encoder<'a> {
    /// An encoder whose bytes go to `out`. Nothing is complete before [`Encoder::finish`].
    pub(crate) fn new(out: &'a mut dyn FnMut(&[u8])) -> Self {
        Self { buffer: Vec::with_capacity(BUFFER_BYTES + 256), out }
    }

    /// Writes raw bytes.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    /// Writes one value.
    #[inline]
    pub(crate) fn put(&mut self, value: &impl Canonical) {
        value.put(self);
    }

    /// Writes how many of something follow.
    pub(crate) fn count(&mut self, count: usize) {
        let count = u32::try_from(count).expect("no list of the state has 2^32 members");
        self.put(&count);
    }

    /// Writes a list with its length.
    pub(crate) fn list<T: Canonical>(&mut self, items: &[T]) {
        self.count(items.len());
        for item in items {
            item.put(self);
        }
    }

    /// Hands on what is left.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        (self.out)(&self.buffer);
        self.buffer.clear();
    }
}
