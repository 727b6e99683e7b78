//! Runs the runs of a plan, each in a process of its own, so many at a time.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::error::SweepError;
use super::plan::{Job, Plan};
use super::store::Store;
use crate::measure::summary::Summary;

/// What a child process is asked, on its standard input as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    /// The resolved scenario, as TOML.
    pub scenario: String,
    /// Also run it without liquidations.
    pub paired: bool,
}

/// A run that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub job: Job,
    /// What it said, or how it died.
    pub reason: String,
}

/// How the workers of a sweep are set up.
#[derive(Debug)]
pub struct Workers<'a> {
    /// The program whose `run-one` is asked.
    pub program: &'a Path,
    /// So many at a time.
    pub count: NonZeroUsize,
}

/// What came of the jobs.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Runs that were finished already.
    pub kept: usize,
    /// Runs that were finished now.
    pub finished: usize,
    /// Runs that failed.
    pub failures: Vec<Failure>,
}

impl Workers<'_> {
    /// Runs what is not finished yet; `progress` hears of every job. Stops at the first result that
    /// cannot be kept.
    pub fn run(
        &self,
        plan: &Plan,
        store: &Store,
        jobs: &[Job],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Done, SweepError> {
        let mut open = Vec::new();
        for job in jobs {
            if store.get(plan, *job)?.is_none() {
                open.push(*job);
            }
        }
        let kept = jobs.len() - open.len();
        progress(kept);
        let (next, done, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let failures = Mutex::new(Vec::new());
        let work = || -> Result<(), SweepError> {
            while !stop.load(Ordering::Relaxed) {
                let Some(job) = open.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                let answered = self.ask(plan, *job).and_then(|answer| match answer {
                    Ok(summary) => store.put(plan, *job, &summary),
                    Err(reason) => {
                        failures.lock().push(Failure { job: *job, reason });
                        Ok(())
                    }
                });
                if let Err(error) = answered {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
                progress(kept + done.fetch_add(1, Ordering::Relaxed) + 1);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads = self.count.get().min(open.len());
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let ends: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().expect("a worker does not panic"))
                .collect();
            ends.into_iter().collect::<Result<(), _>>()
        })?;
        let mut failures = failures.into_inner();
        failures.sort_by_key(|failure| (failure.job.point, failure.job.seed));
        let finished = open.len() - failures.len();
        Ok(Done { kept, finished, failures })
    }

    /// Runs one job in a child process. The inner result is what the run came to.
    fn ask(&self, plan: &Plan, job: Job) -> Result<Result<Summary, String>, SweepError> {
        let cannot = |error: std::io::Error| SweepError::Child {
            path: PathBuf::from(self.program),
            reason: error.to_string(),
        };
        let question = Question { scenario: plan.scenario(job).to_toml(), paired: plan.paired };
        let question = serde_json::to_vec(&question).expect("a question is plain data");
        let mut child = Command::new(self.program)
            .arg("run-one")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A child that died before it read is seen by how it ended.
            let _ = stdin.write_all(&question);
        }
        // Standard error is short (one message); the answer is read first.
        let mut answer = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            let _ = stdout.read_to_end(&mut answer);
        }
        let output = child.wait_with_output().map_err(cannot)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
            return Ok(Err(format!("{} {last}", output.status).trim().to_owned()));
        }
        Ok(serde_json::from_slice(&answer).map_err(|error| format!("its answer: {error}")))
    }
}
