//! `manifest.json`: which program, which input and which machine made a run.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Where a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this package.
    pub version: String,
    /// Commit of the source tree the program was built in, if it can be told.
    pub commit: Option<String>,
    /// `release` or `debug`.
    pub profile: String,
    /// The command line.
    pub command_line: Vec<String>,
    /// Seed, where the command has one.
    pub seed: Option<u64>,
    /// Hash of the resolved input, where the command has one.
    pub config_hash: Option<String>,
    /// When it began, UTC.
    pub date: String,
    /// The machine.
    pub machine: Machine,
}

/// What it ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Processor, as the system names it.
    pub cpu: String,
    /// Logical cores this process may use.
    pub cores: usize,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Operating system and architecture.
    pub platform: String,
    /// Kernel release.
    pub kernel: String,
    /// Compiler, if the build says so.
    pub rustc: Option<String>,
}

impl Manifest {
    /// The manifest of this process, without seed and config hash.
    pub fn of_this_process() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("SEAWALL_COMMIT").map(str::to_owned).or_else(source_commit),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            command_line: std::env::args().collect(),
            seed: None,
            config_hash: None,
            date: utc_date(SystemTime::now()),
            machine: Machine::this(),
        }
    }

    /// The program as results depend on it: its version and commit.
    pub fn program(&self) -> String {
        let commit = self.commit.as_deref().unwrap_or("of an unknown commit");
        format!("seawall {} {commit}", self.version)
    }

    /// The same with what identifies the input.
    #[must_use]
    pub fn of_input(self, seed: u64, config_hash: &str) -> Self {
        Self { seed: Some(seed), config_hash: Some(config_hash.to_owned()), ..self }
    }
}

impl Machine {
    fn this() -> Self {
        Self {
            cpu: cpu_model().unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_bytes(),
            platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: read_trimmed("/proc/sys/kernel/osrelease").unwrap_or_default(),
            rustc: option_env!("SEAWALL_RUSTC").map(str::to_owned),
        }
    }
}

fn read_trimmed(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn cpu_model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}

/// The commit of the source tree, with a mark when it has uncommitted changes. Answers nothing
/// where the tree or git is gone, as on a machine the binary was copied to.
fn source_commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-C", env!("CARGO_MANIFEST_DIR")])
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if dirty.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// `2026-01-31T23:59:59Z`, from the proleptic Gregorian calendar.
fn utc_date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 1 March of year 0, so that a leap day ends its year.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_follow_the_calendar() {
        let date = |seconds| utc_date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_735_689_599), "2024-12-31T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn the_machine_has_a_core_at_least() {
        let manifest = Manifest::of_this_process().of_input(7, "ab");
        assert!(manifest.machine.cores >= 1);
        assert_eq!((manifest.seed, manifest.config_hash.as_deref()), (Some(7), Some("ab")));
    }
}
