//! The engine thread: started, watched, joined.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_utils::CachePadded;
use thiserror::Error;

use super::message::Inbound;
use super::shard::Shard;
use super::shard_loop::{ShardCounts, ShardLoop, Turn};
use super::topology::pin_to;
use crate::ring::{RingReceiver, WaitStrategy, Waiter};

/// Why the engine thread did not start, or how it died.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The system gave no thread.
    #[error("starting the engine thread failed: {0}")]
    Spawn(#[from] io::Error),
    /// It panicked: a broken invariant. What it had published can be trusted, nothing after it.
    #[error("the engine thread died after {applied} inputs: {message}")]
    Died {
        /// Inputs applied by the last heartbeat.
        applied: u64,
        /// What it said.
        message: String,
    },
}

/// No reader has gated yet.
const NOBODY: usize = usize::MAX;

/// Signs of life, written by the engine thread, read by anybody.
#[derive(Debug)]
struct Pulse {
    turns: CachePadded<AtomicU64>,
    applied: CachePadded<AtomicU64>,
    pinned: AtomicBool,
    /// Place of the reader that gated last, or [`NOBODY`]. A place and not a name, so that the engine
    /// thread needs neither a lock nor memory to say it.
    gated_by: AtomicUsize,
}

impl Pulse {
    fn new() -> Self {
        Self {
            turns: CachePadded::default(),
            applied: CachePadded::default(),
            pinned: AtomicBool::new(false),
            gated_by: AtomicUsize::new(NOBODY),
        }
    }
}

/// A running engine thread.
#[derive(Debug)]
pub struct EngineThread<S> {
    pulse: Arc<Pulse>,
    /// Names of the readers, by place.
    readers: Vec<String>,
    thread: JoinHandle<(S, ShardCounts)>,
}

impl<S: Shard + 'static> EngineThread<S> {
    /// Starts a thread that drives `shard_loop` until every gateway is gone and everything is
    /// published. It is pinned to `core` if one is given and the system allows it.
    pub fn start<G: RingReceiver<Inbound> + 'static>(
        shard_loop: ShardLoop<S, G>,
        core: Option<usize>,
        wait: WaitStrategy,
    ) -> Result<Self, PipelineError> {
        let pulse = Arc::new(Pulse::new());
        let readers = shard_loop.reader_names();
        let engine_pulse = Arc::clone(&pulse);
        let run = move || {
            let pinned = core.is_some_and(pin_to);
            engine_pulse.pinned.store(pinned, Ordering::Release);
            drive(shard_loop, &engine_pulse, wait)
        };
        let thread = thread::Builder::new().name("engine".to_owned()).spawn(run)?;
        Ok(Self { pulse, readers, thread })
    }

    /// Whether the thread runs. A heartbeat that stands still while this is true is a stall.
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Turns of the loop so far: rises while the thread runs, busy or not.
    pub fn heartbeat(&self) -> u64 {
        self.pulse.turns.load(Ordering::Acquire)
    }

    /// Whether the thread is pinned to the core it was given. Known after the first heartbeat.
    pub fn is_pinned(&self) -> bool {
        self.pulse.pinned.load(Ordering::Acquire)
    }

    /// The reader that last kept the shard waiting, if any did.
    pub fn gated_by(&self) -> Option<&str> {
        let place = self.pulse.gated_by.load(Ordering::Acquire);
        self.readers.get(place).map(String::as_str)
    }

    /// Waits until the thread has drained everything, and gives the shard back. Drop the gateways
    /// first, and keep reading: a reader that stopped and was not dropped gates it for ever.
    pub fn join(self) -> Result<(S, ShardCounts), PipelineError> {
        let applied = || self.pulse.applied.load(Ordering::Acquire);
        self.thread.join().map_err(|panic| {
            let message = panic_message(panic.as_ref());
            PipelineError::Died { applied: applied(), message }
        })
    }
}

fn drive<S: Shard, G: RingReceiver<Inbound>>(
    mut shard_loop: ShardLoop<S, G>,
    pulse: &Pulse,
    wait: WaitStrategy,
) -> (S, ShardCounts) {
    let mut waiter = Waiter::new(wait);
    let (mut turns, mut applied, mut gated) = (0_u64, 0_u64, false);
    loop {
        turns += 1;
        pulse.turns.store(turns, Ordering::Release);
        match shard_loop.turn() {
            Turn::Applied(0) => waiter.idle(),
            Turn::Applied(count) => {
                waiter.reset();
                applied += count as u64;
                pulse.applied.store(applied, Ordering::Release);
                gated = false;
            }
            Turn::Gated => {
                if !gated {
                    gated = true;
                    let place = shard_loop.slowest_reader_place().unwrap_or(NOBODY);
                    pulse.gated_by.store(place, Ordering::Release);
                }
                waiter.idle();
            }
            Turn::Finished | Turn::LogFailed => return shard_loop.into_parts(),
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
