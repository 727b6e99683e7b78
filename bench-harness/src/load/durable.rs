//! A log beside the shard of a load run: its thread, and what the disk under it can do.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::durability::{
    CommandLog, Directory, Durability, LogError, LogOptions, RecoveryError, SEGMENT_BYTES_DEFAULT,
    recover,
};
use seawall_engine::pipeline::{LogCounts, LogTap, Watermark, log_channel};
use serde::Serialize;
use thiserror::Error;

/// Inputs between the shard and its log: what the shard may run ahead of the disk.
const LOG_SLOTS: usize = 1 << 14;
/// How long each limit of the disk is measured.
const LIMIT_S: f64 = 0.5;

/// Where and how to log.
#[derive(Clone, Debug)]
pub struct LogPlan {
    /// What an acknowledgement promises; never [`Durability::None`].
    pub durability: Durability,
    /// A directory for the logs of the runs, each in one of its own.
    pub directory: PathBuf,
    /// The shard that is logged.
    pub config: ShardConfig,
}

/// Why there was no log.
#[derive(Debug, Error)]
pub enum LogRunError {
    /// The directory cannot be used.
    #[error("{}: {source}, expected a directory to log to", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no log.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A log with its thread.
#[derive(Debug)]
pub(super) struct LogRun {
    thread: JoinHandle<(LogCounts, Result<CommandLog<Directory>, LogError>)>,
}

impl LogRun {
    /// Starts a new log; returns the shard's end and how far it is.
    pub(super) fn start(plan: &LogPlan) -> Result<(Self, LogTap, Watermark), LogRunError> {
        let fail = |source| LogRunError::Directory { path: plan.directory.clone(), source };
        let place = tempfile::Builder::new().prefix("log-").tempdir_in(&plan.directory);
        let place = place.map_err(fail)?;
        let storage = Directory::open(place.path()).map_err(fail)?;
        let options = LogOptions {
            genesis: 0,
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            durability: plan.durability,
        };
        let fresh = recover(&storage, &plan.config, 0, |_: &Engine, _| {})?;
        let log = CommandLog::resume(storage, options, &fresh)?;
        let (tap, log_loop, watermark) = log_channel(log, LOG_SLOTS);
        let run = move || {
            let mut idle = 0_u32;
            let result = log_loop.run(|worked| {
                idle = if worked { 0 } else { idle + 1 };
                if idle > 64 {
                    thread::yield_now();
                }
            });
            drop(place);
            result
        };
        let thread = thread::Builder::new().name("log".to_owned()).spawn(run).map_err(fail)?;
        Ok((Self { thread }, tap, watermark))
    }

    /// Waits for its end; the shard's end must be gone.
    pub(super) fn join(self) -> Result<LogCounts, LogRunError> {
        let (counts, log) = self.thread.join().expect("the log's thread does not panic");
        log?;
        Ok(counts)
    }
}

/// What a disk can do, measured where the logs go.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DiskLimit {
    /// Writes of 4 KiB, each synced, one after the other.
    pub syncs_per_s: f64,
    /// Bytes written in pieces of 256 KiB, each synced.
    pub synced_bytes_per_s: f64,
}

impl DiskLimit {
    /// Measures for about a second.
    pub fn measure(directory: &std::path::Path) -> io::Result<Self> {
        let syncs = synced_writes(directory, 4 << 10)?;
        let pieces = synced_writes(directory, 256 << 10)?;
        Ok(Self { syncs_per_s: syncs, synced_bytes_per_s: pieces * f64::from(256 << 10) })
    }
}

/// Synced writes of so many bytes per second, over space that was written before.
fn synced_writes(directory: &std::path::Path, bytes: usize) -> io::Result<f64> {
    use std::io::{Seek as _, SeekFrom};
    let mut file = tempfile::tempfile_in(directory)?;
    let piece = vec![1_u8; bytes];
    let room = (16 << 20) / bytes;
    for _ in 0..room {
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_secs_f64(LIMIT_S) {
        if (count as usize).is_multiple_of(room) {
            file.seek(SeekFrom::Start(0))?;
        }
        file.write_all(&piece)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
