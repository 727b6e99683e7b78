//! How reading a segment can end.

use std::io;

use thiserror::Error;

use super::codec::DecodeError;
use super::frame::HEADER_BYTES;
use crate::types::Seq;

/// How a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Right after a commit, or after the header alone.
    Clean {
        /// Length of what was read, zero padding left out.
        bytes: u64,
    },
    /// What follows the last commit does not count: a write that was cut off.
    Torn {
        /// Where the part that counts ends.
        committed_bytes: u64,
        /// Last sequence number that counts; one less than the segment's first if none does.
        after: Seq,
        /// Good inputs without a commit that were dropped.
        dropped_inputs: u64,
        /// Where reading stopped.
        stopped_at: u64,
    },
}

/// Why a segment was refused.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Reading failed.
    #[error("reading the command log failed: {0}")]
    Io(#[from] io::Error),
    /// Shorter than a header.
    #[error("{bytes} bytes long, expected at least a header of {HEADER_BYTES} bytes")]
    TooShort {
        /// Length found.
        bytes: usize,
    },
    /// The header is not one.
    #[error("{field} of the segment header is {found:#x}, expected {expected}")]
    Header {
        /// The field's name.
        field: &'static str,
        /// What was found.
        found: u64,
        /// What was expected.
        expected: &'static str,
    },
    /// A frame is damaged although good ones follow, so it was not cut off but changed.
    #[error(
        "frame at byte {offset} after {after} is damaged (kind, length or checksum), \
         and good frames follow it at byte {good_at}"
    )]
    Damaged {
        /// Where the damaged frame starts.
        offset: u64,
        /// Last sequence number before it.
        after: Seq,
        /// Where a good frame was found.
        good_at: u64,
    },
    /// A frame's checksum is right and its content is not.
    #[error("frame at byte {offset}: {source}")]
    Decode {
        /// Where the frame starts.
        offset: u64,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A frame's checksum is right and its place is not.
    #[error("frame at byte {offset}: {field} is {found}, expected {expected}")]
    Order {
        /// Where the frame starts.
        offset: u64,
        /// The field's name.
        field: &'static str,
        /// What was found.
        found: u64,
        /// What was expected, exactly or at least.
        expected: u64,
    },
}
