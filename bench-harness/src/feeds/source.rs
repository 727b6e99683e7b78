//! A file as a stream of lines or of bytes, whatever it is compressed with.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{FeedError, RowError};

/// How a file is compressed, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// xz, one or more streams.
    Xz,
    /// Zstandard, one or more frames.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// Bytes that decide the compression: the longest magic number is xz's, of six.
const MAGIC_BYTES: usize = 6;

/// Compressions that exist and are not read, so that the error can name them.
const UNSUPPORTED: [(&[u8], &str); 4] = [
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7-zip"),
    (b"\x04\x22\x4d\x18", "lz4"),
];

impl Compression {
    fn detect(magic: &[u8]) -> Result<Self, &'static str> {
        if let Some((_, name)) = UNSUPPORTED.iter().find(|(start, _)| magic.starts_with(start)) {
            return Err(name);
        }
        Ok(if magic.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if magic.starts_with(b"\xfd7zXZ\0") {
            Self::Xz
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::Plain
        })
    }

    fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "gz" => Some(Self::Gzip),
            "xz" => Some(Self::Xz),
            "zst" | "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    fn reader(self, raw: Counted<File>, magic: Vec<u8>) -> io::Result<Box<dyn Read + Send>> {
        let raw = BufReader::with_capacity(CHUNK_BYTES, io::Cursor::new(magic).chain(raw));
        Ok(match self {
            Self::Plain => Box::new(raw),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(raw)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
        })
    }
}

/// Counts what is read from a file, so that an error inside a decoder has an offset.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

const CHUNK_BYTES: usize = 64 * 1024;
/// Longest line unless its reader says more: far above any row, small enough that a file of one endless line costs nothing.
const LINE_BYTES_MAX: usize = 4 * 1024;

/// A file's content, decompressed as it is asked for. Memory is two chunks and the decoder's own
/// window, however long the file.
pub struct Source {
    path: PathBuf,
    compression: Compression,
    reader: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
    columns: &'static str,
    line_bytes_max: usize,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    lines: u64,
    /// Decompressed bytes given out.
    taken: u64,
    reading: Duration,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("compression", &self.compression)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a file of rows with these columns (for messages) and finds out its compression.
    pub fn open(path: &Path, columns: &'static str) -> Result<Self, FeedError> {
        let started = Instant::now();
        let opened = |source| FeedError::Open { path: path.to_owned(), source };
        let file = File::open(path).map_err(opened)?;
        if file.metadata().map_err(opened)?.is_dir() {
            return Err(opened(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let bytes = Arc::new(AtomicU64::new(0));
        let mut raw = Counted { inner: file, bytes: Arc::clone(&bytes) };
        let mut magic = Vec::with_capacity(MAGIC_BYTES);
        (&mut raw).take(MAGIC_BYTES as u64).read_to_end(&mut magic).map_err(opened)?;
        let compression = Compression::detect(&magic)
            .map_err(|found| FeedError::UnknownCompression { path: path.to_owned(), found })?;
        match Compression::of_name(path) {
            Some(expected) if expected != compression => {
                return Err(FeedError::NotWhatItsNameSays { path: path.to_owned(), expected });
            }
            _ => {}
        }
        let reader = compression.reader(raw, magic).map_err(opened)?;
        Ok(Self {
            path: path.to_owned(),
            compression,
            reader,
            bytes,
            columns,
            line_bytes_max: LINE_BYTES_MAX,
            buffer: vec![0; CHUNK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            lines: 0,
            taken: 0,
            reading: started.elapsed(),
        })
    }

    /// For rows that may be longer than those of messages: the most bytes of a line, less than 64 KiB.
    #[must_use]
    pub fn with_line_max(mut self, bytes: usize) -> Self {
        assert!(bytes < CHUNK_BYTES, "a line fits the buffer");
        self.line_bytes_max = bytes;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is compressed.
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Lines given out so far: the number of the last one.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Decompressed bytes given out so far by [`Self::exactly`]: the offset of the next one.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Time spent so far in reading and decompressing.
    pub const fn reading(&self) -> Duration {
        self.reading
    }

    /// The next line without its line end, or `None` after the last. The last line may lack its
    /// line end.
    pub fn line(&mut self) -> Result<Option<&[u8]>, FeedError> {
        let mut seen = 0;
        loop {
            let pending = &self.buffer[self.start..self.end];
            if let Some(length) = find_newline(&pending[seen..]).map(|at| at + seen) {
                let start = self.start;
                self.start += length + 1;
                self.lines += 1;
                return Ok(Some(without_return(&self.buffer[start..start + length])));
            }
            seen = pending.len();
            if seen > self.line_bytes_max {
                return Err(self.too_long());
            }
            if !self.refill()? {
                if seen == 0 {
                    return Ok(None);
                }
                let start = self.start;
                self.start = self.end;
                self.lines += 1;
                return Ok(Some(without_return(&self.buffer[start..self.end])));
            }
        }
    }

    /// The next `count` bytes (at most 64 KiB), or `None` at the end of the file.
    pub fn exactly(&mut self, count: usize) -> Result<Option<&[u8]>, FeedError> {
        assert!(count <= CHUNK_BYTES, "a message fits the buffer");
        while self.end - self.start < count {
            if !self.refill()? {
                let found = self.end - self.start;
                if found == 0 {
                    return Ok(None);
                }
                return Err(self.refused_byte(RowError::Truncated { found, expected: count }));
            }
        }
        let start = self.start;
        self.start += count;
        self.taken += count as u64;
        Ok(Some(&self.buffer[start..self.start]))
    }

    /// An error about the line read last.
    #[cold]
    pub fn refused_line(&self, row: RowError) -> FeedError {
        FeedError::Row { path: self.path.clone(), line: self.lines, row }
    }

    /// An error about what begins at the next byte.
    #[cold]
    pub fn refused_byte(&self, row: RowError) -> FeedError {
        FeedError::Message { path: self.path.clone(), byte: self.taken, row }
    }

    /// Moves what is pending to the front and reads behind it; false at the end of the file.
    fn refill(&mut self) -> Result<bool, FeedError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let started = Instant::now();
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.reading += started.elapsed();
        let count = count.map_err(|source| FeedError::Read {
            path: self.path.clone(),
            compression: self.compression,
            byte: self.bytes.load(Ordering::Relaxed),
            line: self.lines,
            source,
        })?;
        self.end += count;
        Ok(count > 0)
    }

    #[cold]
    fn too_long(&self) -> FeedError {
        let row = RowError::LineTooLong { max: self.line_bytes_max, expected: self.columns };
        FeedError::Row { path: self.path.clone(), line: self.lines + 1, row }
    }
}

/// The decompressed content as bytes, for readers that bring their own framing.
impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && !self.refill().map_err(io::Error::other)? {
            return Ok(0);
        }
        let count = out.len().min(self.end - self.start);
        out[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        self.taken += count as u64;
        Ok(count)
    }
}

fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
