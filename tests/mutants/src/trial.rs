//! Runs the tests against one mutant after the other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sites::Id;

/// A program of tests.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: &'static [&'static str],
    /// Most processor time that it may take: some times what it takes without a mutant.
    pub(crate) patience: Duration,
    /// Mutants whose place it comes by; it says nothing of the others.
    pub(crate) meets: BTreeSet<Id>,
}

impl Evidence {
    /// One of which nothing is known yet.
    pub(crate) fn new(
        name: &'static str,
        program: PathBuf,
        arguments: &'static [&'static str],
    ) -> Self {
        let patience = Duration::from_secs(300);
        Self { name, program, arguments, patience, meets: BTreeSet::new() }
    }
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A test fails, in the program of that name.
    Caught(&'static str),
    /// A test never ends, or needs memory without end.
    Endless(&'static str),
    /// Every test passes.
    Missed,
}

enum Outcome {
    Passed,
    Failed,
    Endless,
}

/// Most memory of a test that is really there, in bytes: what is only reserved costs nothing, and
/// the engine reserves for the largest shard.
const MEMORY_MAX: u64 = 4 << 30;
/// Longest that a test may do nothing.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Time between two looks at a test.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// What a process has come to.
#[derive(Clone, Copy, Debug)]
struct Used {
    processor: Duration,
    memory: u64,
    is_stopped: bool,
}

/// From `/proc`: processor time in hundredths of a second, memory in pages of 4 KiB.
fn used(process: u32) -> Option<Used> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok());
    let processor = Duration::from_millis(10 * (number(11)? + number(12)?));
    let is_stopped = fields.first() == Some(&"T");
    Some(Used { processor, memory: number(21)? << 12, is_stopped })
}

/// Runs a program; returns what it came to, and the processor time that it took.
fn run(evidence: &Evidence, mutant: &str, directory: &Path) -> Result<(Outcome, Duration), String> {
    let mut child = Command::new(&evidence.program)
        .args(evidence.arguments)
        .env("SEAWALL_MUTANT", mutant)
        // The same cases every time, and no time spent on making a failure small.
        .envs([("PROPTEST_RNG_SEED", "1"), ("PROPTEST_MAX_SHRINK_ITERS", "0")])
        .envs([("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1"), ("RUST_TEST_THREADS", "1")])
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", evidence.program.display()))?;
    let (mut processor, mut idle, mut looked) = (Duration::ZERO, Duration::ZERO, Instant::now());
    loop {
        let seen = used(child.id());
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            let outcome = if status.success() { Outcome::Passed } else { Outcome::Failed };
            return Ok((outcome, seen.map_or(processor, |seen| seen.processor)));
        }
        let gap = looked.elapsed();
        looked = Instant::now();
        if let Some(seen) = seen {
            // Who is stopped is not idle, and neither was whoever was not looked at for long.
            let is_idle = seen.processor == processor && !seen.is_stopped && gap < IDLE_MAX / 60;
            idle = if is_idle { idle + gap } else { Duration::ZERO };
            processor = seen.processor;
            if processor > evidence.patience || seen.memory > MEMORY_MAX || idle > IDLE_MAX {
                child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                return Ok((Outcome::Endless, processor));
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Runs everything without a mutant: it must pass, and says how long is long and whom it meets.
pub(crate) fn calibrate(
    evidence: &mut [Evidence],
    directory: &Path,
    scratch: &Path,
) -> Result<(), String> {
    for each in evidence {
        let _ = fs::remove_file(scratch);
        let mutant = format!("meets {}", scratch.display());
        let (Outcome::Passed, took) = run(each, &mutant, directory)? else {
            return Err(format!("{} fails without a mutant", each.name));
        };
        each.patience = took * 3 + Duration::from_secs(3);
        let met = fs::read_to_string(scratch).unwrap_or_default();
        each.meets = met.lines().filter_map(|id| id.parse().ok()).collect();
        let (count, seconds) = (each.meets.len(), took.as_secs_f64());
        eprintln!("{} meets {count} mutants and passes without one in {seconds:.1} s", each.name);
    }
    Ok(())
}

/// Holds a program against itself: the only mutant that is in it has no number.
pub(crate) fn judge_alone(evidence: &Evidence, directory: &Path) -> Result<Verdict, String> {
    Ok(match run(evidence, "0", directory)?.0 {
        Outcome::Passed => Verdict::Missed,
        Outcome::Failed => Verdict::Caught(evidence.name),
        Outcome::Endless => Verdict::Endless(evidence.name),
    })
}

/// Holds one mutant against the tests that meet it, the quick ones first.
pub(crate) fn judge(evidence: &[Evidence], id: Id, directory: &Path) -> Result<Verdict, String> {
    for each in evidence.iter().filter(|each| each.meets.contains(&id)) {
        match run(each, &id.to_string(), directory)?.0 {
            Outcome::Passed => {}
            Outcome::Failed => return Ok(Verdict::Caught(each.name)),
            Outcome::Endless => return Ok(Verdict::Endless(each.name)),
        }
    }
    Ok(Verdict::Missed)
}
