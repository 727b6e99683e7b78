//! Runs the tests against one mutant after the other.

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
    /// Longest that it may take: many times what it takes without a mutant.
    pub(crate) patience: Duration,
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

/// Most memory of a test, in KiB.
const MEMORY_KIB: u64 = 6 << 20;

fn run(evidence: &Evidence, id: Id, directory: &Path) -> Result<Outcome, String> {
    // A shell limits the memory; exec, so that what is killed is the test.
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY_KIB}; exec \"$@\""), "sh"])
        .arg(&evidence.program)
        .args(evidence.arguments)
        .env("SEAWALL_MUTANT", id.to_string())
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", evidence.program.display()))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(if status.success() { Outcome::Passed } else { Outcome::Failed });
        }
        if started.elapsed() > evidence.patience {
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            return Ok(Outcome::Endless);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs everything without a mutant: it must pass, and says how long is long.
pub(crate) fn calibrate(evidence: &mut [Evidence], directory: &Path) -> Result<(), String> {
    for each in evidence {
        let started = Instant::now();
        let Outcome::Passed = run(each, 0, directory)? else {
            return Err(format!("{} fails without a mutant", each.name));
        };
        let took = started.elapsed();
        each.patience = (took * 8).max(Duration::from_secs(15));
        eprintln!("{} passes without a mutant in {:.1} s", each.name, took.as_secs_f64());
    }
    Ok(())
}

/// Holds one mutant against the tests, the quick ones first.
pub(crate) fn judge(evidence: &[Evidence], id: Id, directory: &Path) -> Result<Verdict, String> {
    for each in evidence {
        match run(each, id, directory)? {
            Outcome::Passed => {}
            Outcome::Failed => return Ok(Verdict::Caught(each.name)),
            Outcome::Endless => return Ok(Verdict::Endless(each.name)),
        }
    }
    Ok(Verdict::Missed)
}
