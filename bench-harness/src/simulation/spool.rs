//! Hands inputs to their sink in batches, and keeps the time that takes apart from the loop's.

use seawall_engine::types::Sequenced;

use super::options::{CommandSink, SimulationError};
use super::thread_cpu_seconds;

/// Inputs that wait at most: few enough to stay in the caches beside the engine.
const BATCH: usize = 1_024;

/// Inputs on their way to the sink, if there is one.
pub(super) struct Spool {
    batch: Vec<Sequenced>,
    spent_s: f64,
}

impl Spool {
    pub(super) fn new(is_used: bool) -> Self {
        Self { batch: Vec::with_capacity(if is_used { BATCH } else { 0 }), spent_s: 0.0 }
    }

    /// Takes one input; a full batch goes to the sink.
    #[inline]
    pub(super) fn push(
        &mut self,
        input: &Sequenced,
        sink: &mut dyn CommandSink,
    ) -> Result<(), SimulationError> {
        self.batch.push(*input);
        if self.batch.len() == BATCH { self.flush(sink) } else { Ok(()) }
    }

    /// Sends what is left.
    pub(super) fn flush(&mut self, sink: &mut dyn CommandSink) -> Result<(), SimulationError> {
        let mut batch = core::mem::take(&mut self.batch);
        let sent = self.apart(|| batch.drain(..).try_for_each(|input| sink.command(&input)));
        self.batch = batch;
        Ok(sent?)
    }

    /// Does something with files, whose time is not the loop's.
    pub(super) fn apart<T>(&mut self, files: impl FnOnce() -> T) -> T {
        let begun_s = thread_cpu_seconds();
        let done = files();
        self.spent_s += thread_cpu_seconds() - begun_s;
        done
    }

    /// CPU time that files took so far, in seconds.
    pub(super) fn spent_seconds(&self) -> f64 {
        self.spent_s
    }
}
