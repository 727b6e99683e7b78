//! `seawall journal`: looks into a command log, without changing it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use seawall_engine::core::{Engine, EventHasher, ShardConfig};
use seawall_engine::durability::{
    Directory, LogTail, RecoveryError, Storage as _, decode_snapshot, recover_at_most,
};
use seawall_engine::journal::{JournalError, JournalReader, Tail};
use seawall_engine::types::Seq;
use serde::Serialize;
use thiserror::Error;

use crate::load::genesis;
use crate::scenario::{self, ScenarioError};

/// What to do with a command log: a directory of segments and snapshots, or one segment such as a
/// run's `commands.swl`.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Shows segments, snapshots and how the log ends
    Inspect(JournalArgs),
    /// Reads every frame and holds every snapshot against the replay; exit 1 if corrupt
    Verify(JournalArgs),
    /// Applies the log to an empty shard and prints the state's hash
    Replay(ReplayLogArgs),
}

/// Which log.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall journal inspect runs/flash-crash-1/commands.swl
  seawall journal verify /var/lib/seawall --scenario flash-crash --json

Exit status: 0 clean or torn, 1 corrupt, 2 bad input.")]
pub struct JournalArgs {
    /// Directory of a log, or one segment.
    pub log: PathBuf,
    /// Scenario it was recorded under: a file or an embedded name. Without it, `scenario.toml` beside
    /// the log.
    #[arg(long, value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
}

/// Which log, and how far.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall journal replay runs/flash-crash-1/commands.swl
  seawall journal replay runs/flash-crash-1/commands.swl --until 100000 --json

Exit status: 0 done, 1 corrupt, 2 bad input.")]
pub struct ReplayLogArgs {
    /// The log.
    #[command(flatten)]
    pub log: JournalArgs,
    /// Stops after the input of that sequence number.
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub until: Option<u64>,
}

/// Why a log could not be looked into.
#[derive(Debug, Error)]
pub enum JournalCliError {
    /// It is damaged: exit 1.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// A file could not be read.
    #[error("{}: {source}, expected {expected}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// What was expected there.
        expected: &'static str,
    },
    /// The scenario was refused.
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    /// The log is shorter than was asked for.
    #[error("the log ends with input {last}, expected it to reach {until}")]
    TooShort {
        /// Its last input.
        last: u64,
        /// The input asked for.
        until: u64,
    },
    /// The result could not be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

impl From<ScenarioError> for JournalCliError {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(Box::new(error))
    }
}

impl From<RecoveryError> for JournalCliError {
    fn from(error: RecoveryError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// What `--json` prints.
#[derive(Debug, Default, Serialize)]
struct Findings {
    log: String,
    segments: u64,
    snapshots: Vec<SnapshotLine>,
    genesis: String,
    first_seq: u64,
    last_seq: u64,
    inputs: u64,
    /// `clean` or `torn`.
    tail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    torn_at: Option<String>,
    dropped_inputs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_hash: Option<String>,
}

#[derive(Debug, Serialize)]
struct SnapshotLine {
    file: String,
    bytes: u64,
    /// `good`, or what is wrong with it.
    state: String,
    #[serde(skip)]
    seq: u64,
    #[serde(skip)]
    hash: Option<u128>,
}

/// Looks and prints.
pub fn run(command: &JournalCommand, out: &mut impl Write) -> Result<(), JournalCliError> {
    let (args, findings) = match command {
        JournalCommand::Inspect(args) => (args, look(args, Depth::Frames)?),
        JournalCommand::Verify(args) => (args, look(args, Depth::State)?),
        JournalCommand::Replay(args) => {
            (&args.log, look(&args.log, Depth::Until(args.until.unwrap_or(u64::MAX)))?)
        }
    };
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &findings).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&findings, out)?;
    }
    Ok(out.flush()?)
}

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Frames,
    State,
    Until(u64),
}

fn look(args: &JournalArgs, depth: Depth) -> Result<Findings, JournalCliError> {
    let metadata = fs::metadata(&args.log).map_err(|source| JournalCliError::Unreadable {
        path: args.log.clone(),
        source,
        expected: "a command log",
    })?;
    if metadata.is_dir() { look_into_directory(args, depth) } else { look_into_file(args, depth) }
}

/// The configuration and the name of the log that is for it.
fn configuration(args: &JournalArgs) -> Result<(ShardConfig, u128), JournalCliError> {
    let scenario = match &args.scenario {
        Some(name) => scenario::load(name, &[], None)?,
        None => {
            let path = if args.log.is_dir() {
                args.log.join("scenario.toml")
            } else {
                args.log.with_file_name("scenario.toml")
            };
            let expected = "the scenario of the log beside it; or name one with --scenario";
            fs::metadata(&path).map_err(|source| JournalCliError::Unreadable {
                path: path.clone(),
                source,
                expected,
            })?;
            scenario::load(&path.display().to_string(), &[], None)?
        }
    };
    Ok((scenario.shard_config(), genesis(&scenario)))
}

fn look_into_file(args: &JournalArgs, depth: Depth) -> Result<Findings, JournalCliError> {
    let path = &args.log;
    let corrupt =
        |source: JournalError| JournalCliError::Corrupt(format!("{}: {source}", path.display()));
    let file = File::open(path).map_err(|source| JournalCliError::Unreadable {
        path: path.clone(),
        source,
        expected: "a command log",
    })?;
    let mut reader = JournalReader::new(io::BufReader::new(file)).map_err(corrupt)?;
    let header = *reader.header();
    let mut shard = match depth {
        Depth::Frames => None,
        Depth::State | Depth::Until(_) => {
            let (config, name) = configuration(args)?;
            if name != header.genesis {
                let (found, name) = (header.genesis, format!("{name:032x}"));
                return Err(JournalCliError::Corrupt(format!(
                    "{}: recorded under {found:032x}, but the scenario is {name}",
                    path.display()
                )));
            }
            Some((Engine::new(&config), EventHasher::default()))
        }
    };
    let mut last_seq = header.first_seq - 1;
    for input in reader.by_ref() {
        let input = input.map_err(corrupt)?;
        last_seq = input.seq.0;
        if let Some((engine, hasher)) = &mut shard {
            engine.apply(&input, hasher);
        }
        if depth == Depth::Until(last_seq) {
            break;
        }
    }
    reached(depth, last_seq)?;
    let mut findings = Findings {
        log: path.display().to_string(),
        segments: 1,
        genesis: format!("{:032x}", header.genesis),
        first_seq: header.first_seq,
        last_seq,
        inputs: last_seq + 1 - header.first_seq,
        tail: "clean",
        ..Findings::default()
    };
    if let Some(Tail::Torn { committed_bytes, dropped_inputs, .. }) = reader.tail() {
        findings.tail = "torn";
        findings.torn_at = Some(format!("byte {committed_bytes}"));
        findings.dropped_inputs = dropped_inputs;
    }
    if let Some((engine, hasher)) = shard {
        findings.state_hash = Some(format!("{:032x}", engine.state_hash()));
        findings.events_hash = Some(format!("{:032x}", hasher.digest()));
    }
    Ok(findings)
}

fn reached(depth: Depth, last: u64) -> Result<(), JournalCliError> {
    match depth {
        Depth::Until(until) if until != u64::MAX && last < until => {
            Err(JournalCliError::TooShort { last, until })
        }
        _ => Ok(()),
    }
}

fn look_into_directory(args: &JournalArgs, depth: Depth) -> Result<Findings, JournalCliError> {
    let path = &args.log;
    let unreadable = |source| JournalCliError::Unreadable {
        path: path.clone(),
        source,
        expected: "the directory of a command log that no process has open",
    };
    let (config, name) = configuration(args)?;
    let storage = Directory::open(path).map_err(unreadable)?;
    let snapshots = snapshots(path, &config, name).map_err(unreadable)?;
    let newest = match depth {
        Depth::Frames => Seq(u64::MAX),
        Depth::Until(until) => Seq(until),
        // As far back as the log goes.
        Depth::State => oldest_start(&storage, &snapshots).map_err(unreadable)?,
    };
    let (mut state_at, mut differs) = (None, None);
    let recovered = recover_at_most(&storage, &config, name, newest, |engine, input| {
        let here = |line: &&SnapshotLine| line.seq == input.seq.0 && line.hash.is_some();
        if let Some(line) = snapshots.iter().find(here).filter(|_| depth == Depth::State)
            && line.hash != Some(engine.state_hash())
        {
            differs = Some(format!("{}: its state is not the one that the log gives", line.file));
        }
        if depth == Depth::Until(input.seq.0) {
            state_at = Some(engine.state_hash());
        }
    })?;
    if let Some(differs) = differs {
        return Err(JournalCliError::Corrupt(differs));
    }
    let last_seq = recovered.engine.seq().0;
    reached(depth, last_seq)?;
    let mut findings = Findings {
        log: path.display().to_string(),
        segments: recovered.segments,
        snapshots,
        genesis: format!("{name:032x}"),
        first_seq: last_seq + 1 - recovered.replayed,
        last_seq,
        inputs: recovered.replayed,
        tail: "clean",
        ..Findings::default()
    };
    if let LogTail::Torn { name, at_byte, dropped_inputs, .. } = &recovered.tail {
        findings.tail = "torn";
        findings.torn_at = Some(format!("{name}, byte {at_byte}"));
        findings.dropped_inputs = *dropped_inputs;
    }
    let hash = state_at.unwrap_or_else(|| recovered.engine.state_hash());
    findings.state_hash = (depth != Depth::Frames).then(|| format!("{hash:032x}"));
    let damaged = findings.snapshots.iter().find(|line| line.state != "good");
    if let Some(SnapshotLine { file, state, .. }) = damaged.filter(|_| depth == Depth::State) {
        return Err(JournalCliError::Corrupt(format!("{file}: {state}")));
    }
    Ok(findings)
}

/// The newest snapshot from which the whole log that is there can be replayed; 0 for its start.
fn oldest_start(storage: &Directory, snapshots: &[SnapshotLine]) -> io::Result<Seq> {
    let is_whole = storage.names()?.iter().any(|name| name.starts_with("log-0000000000-"));
    let oldest = snapshots.iter().find(|line| line.hash.is_some()).map_or(0, |line| line.seq);
    Ok(Seq(if is_whole { 0 } else { oldest }))
}

fn snapshots(path: &Path, config: &ShardConfig, name: u128) -> io::Result<Vec<SnapshotLine>> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(seq) = file.strip_prefix("snapshot-").and_then(|f| f.strip_suffix(".sws")) else {
            continue;
        };
        let seq = seq.parse().unwrap_or(0);
        let bytes = fs::read(entry.path())?;
        let (state, hash) = match decode_snapshot(&bytes, config, name) {
            Ok(engine) => ("good".to_owned(), Some(engine.state_hash())),
            Err(error) => (error.to_string(), None),
        };
        lines.push(SnapshotLine { file, bytes: bytes.len() as u64, state, seq, hash });
    }
    lines.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(lines)
}

fn print(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    let Findings { log, segments, genesis, first_seq, last_seq, inputs, tail, .. } = findings;
    writeln!(out, "{log}")?;
    writeln!(out, "  {segments} segments of log {genesis}")?;
    writeln!(out, "  {inputs} inputs, {first_seq} to {last_seq}")?;
    match &findings.torn_at {
        None => writeln!(out, "  ends {tail}")?,
        Some(place) => writeln!(
            out,
            "  ends {tail} at {place}: {} inputs behind it do not count",
            findings.dropped_inputs
        )?,
    }
    for SnapshotLine { file, bytes, state, .. } in &findings.snapshots {
        writeln!(out, "  {file}: {bytes} bytes, {state}")?;
    }
    if let Some(hash) = &findings.state_hash {
        writeln!(out, "  state  {hash}")?;
    }
    if let Some(hash) = &findings.events_hash {
        writeln!(out, "  events {hash}")?;
    }
    Ok(())
}
