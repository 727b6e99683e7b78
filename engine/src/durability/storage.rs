//! The seam between the log and a disk.

use std::fmt::Debug;
use std::io::{self, Read};

/// A flat directory of files. Nothing survives a power cut but what was synced: contents by
/// [`StorageFile::sync`], names by [`Storage::sync_names`].
pub trait Storage: Debug + Send {
    /// A file of it.
    type File: StorageFile;

    /// Names of the files there are, in any order.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Creates a file of `bytes` zeros with room for all of them on the disk, so that a full disk
    /// shows here. Fails if there is one of that name.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Self::File>;

    /// Opens a file to read and write.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, in place of the one that had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes what was created, renamed and removed survive a power cut.
    fn sync_names(&self) -> io::Result<()>;
}

/// An open file.
pub trait StorageFile: Debug + Send {
    /// Its length.
    fn bytes(&self) -> io::Result<u64>;

    /// Reads from `offset` on, as much as there is up to the length of `out`; zero at the end.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far survive a power cut. After an error nothing is known of
    /// what was written since the last sync, and a second attempt proves nothing.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file as a stream of bytes.
#[derive(Debug)]
pub struct FileReader<F> {
    file: F,
    offset: u64,
}

impl<F: StorageFile> FileReader<F> {
    /// Reads a file from its start.
    pub const fn new(file: F) -> Self {
        Self { file, offset: 0 }
    }
}

impl<F: StorageFile> Read for FileReader<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.offset, out)?;
        self.offset += read as u64;
        Ok(read)
    }
}
