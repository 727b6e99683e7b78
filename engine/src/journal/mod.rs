//! The command log: every input of a shard, in order, in a form that replays to the same events.
//!
//! Inputs alone are logged; events, forced orders and state follow from them. This module holds
//! the format (`docs/JOURNAL.md`), a streaming writer and a streaming reader of one segment.
//! Nothing here syncs: what a power cut leaves is the business of [`crate::durability`].
//!
//! ```
//! use seawall_engine::journal::{JournalReader, JournalWriter, Tail};
//! use seawall_engine::types::{Input, Seq, Sequenced};
//!
//! let mut writer = JournalWriter::new(Vec::new(), 7);
//! let step = Sequenced { seq: Seq(1), time_ns: 5, ingress_ns: 5, input: Input::Step };
//! writer.append(&step)?;
//! let log = writer.finish()?;
//!
//! let mut reader = JournalReader::new(log.as_slice())?;
//! assert_eq!(reader.header().genesis, 7);
//! let inputs: Vec<_> = reader.by_ref().collect::<Result<_, _>>()?;
//! assert_eq!(inputs, [step]);
//! assert!(matches!(reader.tail(), Some(Tail::Clean { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codec;
mod encoder;
mod frame;
mod outcome;
mod reader;
mod window;
mod writer;

pub use codec::{BODY_BYTES_MAX, DecodeError, decode_body, encode_body};
pub(crate) use encoder::SegmentEncoder;
pub use frame::{
    BATCH_INPUTS_MAX, COMMIT_FRAME_BYTES, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, HEADER_BYTES, MAGIC,
    SegmentHeader, VERSION,
};
pub use outcome::{JournalError, Tail};
pub use reader::{JournalReader, SegmentEnd};
pub use writer::JournalWriter;
