//! The log beside the shard: inputs go to it as they are applied, and what the shard says of them is
//! released once they are as durable as was asked for.
//!
//! The shard does not wait for the disk: it goes on while a batch is being synced, and what comes
//! in meanwhile is the next batch. Both rings bound how far it may run ahead.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use super::message::Outbound;
use super::shard_loop::GATEWAY_BATCH;
use crate::durability::{CommandLog, Durability, LogError, Storage};
use crate::journal::BATCH_INPUTS_MAX;
use crate::ring::{
    Consumer, Full, Producer, Reader, RingReceiver, RingSender, SeqSlotRing, Transport,
};
use crate::types::{Seq, Sequenced};

/// Inputs that may wait for room before the list of them takes more memory: a turn of 65 lanes.
const OVERFLOW_INPUTS: usize = 65 * GATEWAY_BATCH;

/// How far the log is: written by its thread, read by everybody who releases acknowledgements.
#[derive(Clone, Debug)]
pub struct Watermark(Arc<WatermarkState>);

#[derive(Debug)]
struct WatermarkState {
    acknowledged: CachePadded<AtomicU64>,
    failed: AtomicBool,
}

impl Watermark {
    fn new(acknowledged: Seq) -> Self {
        let acknowledged = CachePadded::new(AtomicU64::new(acknowledged.0));
        Self(Arc::new(WatermarkState { acknowledged, failed: AtomicBool::new(false) }))
    }

    /// The last input whose events may be released.
    #[inline]
    pub fn acknowledged(&self) -> Seq {
        // Acquire: who sees the number sees that the batch was synced before.
        Seq(self.0.acknowledged.load(Ordering::Acquire))
    }

    /// Whether the log failed: nothing further will be released.
    pub fn has_failed(&self) -> bool {
        self.0.failed.load(Ordering::Acquire)
    }
}

/// The shard's end: takes every input before it is applied.
#[derive(Debug)]
pub struct LogTap {
    ring: Producer<Sequenced>,
    /// What found no room. One turn's inputs at most.
    overflow: VecDeque<Sequenced>,
}

impl LogTap {
    /// Takes one input.
    #[inline]
    pub(super) fn push(&mut self, input: &Sequenced) {
        if !self.overflow.is_empty() {
            self.overflow.push_back(*input);
        } else if let Err(Full(input)) = RingSender::push(&mut self.ring, *input) {
            self.overflow.push_back(input);
        }
    }

    /// Whether nothing waits for room any more.
    #[inline]
    pub(super) fn flush(&mut self) -> bool {
        while let Some(input) = self.overflow.front() {
            if RingSender::push(&mut self.ring, *input).is_err() {
                return false;
            }
            self.overflow.pop_front();
        }
        true
    }

    /// Whether nothing waits for room.
    pub(super) fn is_flushed(&self) -> bool {
        self.overflow.is_empty()
    }

    /// Whether the log's end is gone: it failed.
    pub(super) fn is_gone(&self) -> bool {
        RingSender::is_abandoned(&self.ring)
    }
}

/// What a turn of the log's loop came to.
#[derive(Debug)]
pub enum LogTurn {
    /// So many inputs became durable; zero means there was nothing to do.
    Committed(usize),
    /// The shard is gone and everything it applied is committed.
    Finished,
    /// The log is closed; nothing more will be acknowledged.
    Failed(LogError),
}

/// What the log did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Inputs committed.
    pub inputs: u64,
    /// Batches, each one write and, where the level asks for it, one sync.
    pub batches: u64,
    /// Most inputs of one batch.
    pub batch_max: u64,
}

/// The log's side, driven one turn at a time.
#[derive(Debug)]
pub struct LogLoop<S: Storage> {
    log: CommandLog<S>,
    ring: Consumer<Sequenced>,
    watermark: Watermark,
    counts: LogCounts,
}

/// Puts a log behind a ring of at least `slots` inputs: the shard's end, the loop for a thread of its
/// own, and how far it is.
pub fn log_channel<S: Storage>(
    log: CommandLog<S>,
    slots: usize,
) -> (LogTap, LogLoop<S>, Watermark) {
    let (sender, ring) = SeqSlotRing::channel::<Sequenced>(slots);
    let watermark = Watermark::new(log.acknowledged());
    let tap = LogTap { ring: sender, overflow: VecDeque::with_capacity(OVERFLOW_INPUTS) };
    let counts = LogCounts::default();
    (tap, LogLoop { log, ring, watermark: watermark.clone(), counts }, watermark)
}

impl<S: Storage> LogLoop<S> {
    /// Takes what waits, commits it, and lets its events be released.
    pub fn turn(&mut self) -> LogTurn {
        match self.try_turn() {
            Ok(0) if RingReceiver::is_finished(&self.ring) => LogTurn::Finished,
            Ok(count) => LogTurn::Committed(count),
            Err(error) => {
                self.watermark.0.failed.store(true, Ordering::Release);
                LogTurn::Failed(error)
            }
        }
    }

    fn try_turn(&mut self) -> Result<usize, LogError> {
        let max = match self.log.options().durability {
            Durability::Each => 1,
            _ => BATCH_INPUTS_MAX as usize,
        };
        let mut result = Ok(());
        let log = &mut self.log;
        let count = self.ring.drain(max, |input| {
            if result.is_ok() {
                result = log.append(&input);
            }
        });
        result?;
        if count > 0 {
            let acknowledged = log.commit()?;
            self.watermark.0.acknowledged.store(acknowledged.0, Ordering::Release);
            self.counts.inputs += count as u64;
            self.counts.batches += 1;
            self.counts.batch_max = self.counts.batch_max.max(count as u64);
        }
        Ok(count)
    }

    /// Runs until the shard is gone or the log fails; says how many of each. `idle` is called when
    /// there is nothing to do.
    pub fn run(
        mut self,
        mut idle: impl FnMut(bool),
    ) -> (LogCounts, Result<CommandLog<S>, LogError>) {
        loop {
            match self.turn() {
                LogTurn::Committed(count) => idle(count > 0),
                LogTurn::Finished => return (self.counts, Ok(self.log)),
                LogTurn::Failed(error) => return (self.counts, Err(error)),
            }
        }
    }
}

/// A reader that sees an event once its input is as durable as was asked for; without a watermark,
/// at once.
#[derive(Debug)]
pub struct ReleasedReader {
    reader: Reader<Outbound>,
    watermark: Option<Watermark>,
    /// The first event that is not released yet.
    held: Option<Outbound>,
    /// Everything up to here is.
    acknowledged: Seq,
}

impl ReleasedReader {
    /// Puts a reader behind a watermark.
    pub const fn new(reader: Reader<Outbound>, watermark: Option<Watermark>) -> Self {
        Self { reader, watermark, held: None, acknowledged: Seq(0) }
    }

    /// Takes up to `max` released events in order, and says how many.
    #[inline]
    pub fn drain(&mut self, max: usize, mut each: impl FnMut(Outbound)) -> usize {
        if self.watermark.is_none() {
            return self.reader.drain(max, each);
        }
        let mut taken = 0;
        while taken < max {
            let Some(out) = self.held.take().or_else(|| self.reader.pop()) else { break };
            if !self.is_released(out.seq) {
                self.held = Some(out);
                break;
            }
            each(out);
            taken += 1;
        }
        taken
    }

    #[inline]
    fn is_released(&mut self, seq: Seq) -> bool {
        if seq > self.acknowledged
            && let Some(watermark) = &self.watermark
        {
            self.acknowledged = watermark.acknowledged();
        }
        seq <= self.acknowledged
    }

    /// Whether an event waits for the disk.
    pub const fn is_waiting(&self) -> bool {
        self.held.is_some()
    }

    /// Whether nothing more will be released: everything was, or the log failed.
    pub fn is_finished(&self) -> bool {
        match (&self.held, &self.watermark) {
            (None, _) => self.reader.is_finished(),
            (Some(out), Some(watermark)) => {
                // In this order: what was acknowledged before the failure is still released.
                watermark.has_failed() && out.seq > watermark.acknowledged()
            }
            (Some(_), None) => false,
        }
    }
}
