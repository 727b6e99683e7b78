//! What can go wrong between a run and its directory, in words a person can act on.

use std::io;
use std::path::{Path, PathBuf};

/// A run directory could not be made, written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The directory named by the user holds something already.
    #[error(
        "{}: the directory is not empty; name another with --out, or pass --force to write into it",
        path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The same, where nothing may be overwritten.
    #[error("{}: the directory is not empty; expected a new or an empty one with --out", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("{}: cannot write: {reason}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why, with the remedy where there is an obvious one.
        reason: String,
    },
    /// A file of a saved run is missing or not what it should be.
    #[error("{}: {reason}; expected {expected}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What was found.
        reason: String,
        /// What should have been there.
        expected: &'static str,
    },
}

impl ReportError {
    /// A failed write, with a full disk and a missing permission in plain words.
    pub fn write(path: &Path, source: &io::Error) -> Self {
        let reason = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full; free some space or choose another place with --out".to_owned()
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "permission denied; choose a writable place with --out".to_owned()
            }
            _ => source.to_string(),
        };
        Self::Write { path: path.to_owned(), reason }
    }

    /// A failed write whose error type is not `io::Error`; the cause is looked up underneath it.
    pub fn write_through(path: &Path, source: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(source);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Self::write(path, io);
            }
            cause = error.source();
        }
        Self::Write { path: path.to_owned(), reason: source.to_string() }
    }

    /// A file that could not be read.
    pub fn read(path: &Path, reason: &dyn ToString, expected: &'static str) -> Self {
        Self::Read { path: path.to_owned(), reason: reason.to_string(), expected }
    }
}
