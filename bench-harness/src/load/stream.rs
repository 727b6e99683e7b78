//! Where the inputs of a replay come from: a simulation, its command log, a recorded feed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use seawall_engine::core::ShardConfig;
use seawall_engine::journal::{JournalError, JournalReader, JournalWriter, Tail};
use seawall_engine::types::{AccountId, Input, Sequenced};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::PhaseStart;
use crate::feeds::follow::{LoadReader, ReplayOptions};
use crate::feeds::{self, FeedError, OpenOptions};
use crate::measure::summary::{Phase, Summary};
use crate::scenario::{self, Flow, Roles, Scenario, ScenarioError};
use crate::simulation::{self, RunOptions, SimulationError};

/// Inputs and everything that is known of them.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What it is, for reports.
    pub workload: String,
    /// Seed of the run that recorded it.
    pub seed: Option<u64>,
    /// Hash of the scenario, hexadecimal.
    pub config_hash: Option<String>,
    /// The shard it is for.
    pub config: ShardConfig,
    /// The inputs.
    pub inputs: Vec<Sequenced>,
    /// Phases of the run that recorded it, if they are known.
    pub phases: Vec<PhaseStart>,
    /// Hash of the events of the run that recorded it, if it is known.
    pub reference_hash: Option<u128>,
    /// Something the user should know of it.
    pub warning: Option<String>,
    flows: Flows,
}

/// How a stream tells flows apart.
#[derive(Clone, Debug)]
enum Flows {
    /// By the role of the account.
    Roles(Roles),
    /// By the kind of the order: what may rest is a maker's.
    Kinds,
}

/// Why there is no stream.
#[derive(Debug, Error)]
pub enum StreamError {
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
    /// The command log is not one, or is damaged.
    #[error("{}: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: JournalError,
    },
    /// The scenario beside a log is not the one it was recorded with.
    #[error(
        "{}: recorded with the scenario of hash {recorded:032x}, but the one beside it has \
         {found:032x}",
        path.display()
    )]
    OtherScenario {
        /// The log.
        path: PathBuf,
        /// Hash in the log.
        recorded: u128,
        /// Hash of the scenario found.
        found: u128,
    },
    /// The summary beside a log is not one.
    #[error("{}: {source}, expected the summary of a run", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The scenario was refused.
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    /// The simulation stopped.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The feed was refused.
    #[error(transparent)]
    Feed(Box<FeedError>),
}

impl From<ScenarioError> for StreamError {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(Box::new(error))
    }
}

impl From<FeedError> for StreamError {
    fn from(error: FeedError) -> Self {
        Self::Feed(Box::new(error))
    }
}

/// The name of the log that a scenario's inputs belong to: its configuration's hash.
pub fn genesis(scenario: &Scenario) -> u128 {
    u128::from_str_radix(&scenario.config_hash(), 16).expect("a hash of 128 bits in hexadecimal")
}

impl Stream {
    /// Runs the scenario in virtual time and keeps its inputs.
    pub fn simulated(scenario: &Scenario) -> Result<Self, StreamError> {
        let mut inputs: Vec<Sequenced> = Vec::new();
        let mut options = RunOptions { commands: Some(&mut inputs), ..RunOptions::default() };
        options.paired = false;
        let summary = simulation::run(scenario, &mut options)?.summary;
        Ok(Self::of_scenario(scenario, inputs, Some(&summary)))
    }

    /// Reads the command log of a run directory. `scenario.toml` must stand beside it; phases and
    /// the reference hash come from `summary.json`, if that is there.
    pub fn recorded(path: &Path) -> Result<Self, StreamError> {
        let (inputs, recorded, warning) = read_log(path)?;
        let scenario_path = path.with_file_name("scenario.toml");
        let text = fs::read_to_string(&scenario_path).map_err(|source| {
            let expected = "the resolved scenario of the run beside its command log";
            StreamError::Unreadable { path: scenario_path.clone(), source, expected }
        })?;
        let name = scenario_path.display().to_string();
        let scenario = scenario::from_text(&text, &name, &[], None)?;
        let found = genesis(&scenario);
        if recorded != found {
            return Err(StreamError::OtherScenario { path: path.to_owned(), recorded, found });
        }
        let summary = read_summary(&path.with_file_name("summary.json"))?;
        let mut stream = Self::of_scenario(&scenario, inputs, summary.as_ref());
        if warning.is_some() {
            // What was cut off is in the summary's hash.
            stream.reference_hash = None;
        }
        Ok(Self { warning, ..stream })
    }

    /// Reads recorded order flow as load of one account; its format is told by the file.
    pub fn feed(path: &Path, options: &OpenOptions) -> Result<Self, StreamError> {
        let reader = feeds::open(path, feeds::detect(path)?, options)?;
        let mut reader = LoadReader::open(reader, ReplayOptions::default())?;
        let mut inputs = Vec::new();
        while let Some(input) = reader.input()? {
            inputs.push(input);
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Ok(Self {
            workload: name.into_owned(),
            seed: None,
            config_hash: None,
            config: reader.config().clone(),
            inputs,
            phases: Vec::new(),
            reference_hash: None,
            warning: None,
            flows: Flows::Kinds,
        })
    }

    fn of_scenario(scenario: &Scenario, inputs: Vec<Sequenced>, summary: Option<&Summary>) -> Self {
        let hash = summary.and_then(|s| u128::from_str_radix(&s.events_hash, 16).ok());
        Self {
            workload: scenario.name.clone(),
            seed: Some(scenario.seed),
            config_hash: Some(scenario.config_hash()),
            config: scenario.shard_config(),
            inputs,
            phases: summary.map(phases).unwrap_or_default(),
            reference_hash: hash,
            warning: None,
            flows: Flows::Roles(scenario.roles()),
        }
    }

    /// Keeps only the first `count` inputs; there is then no hash to compare with.
    pub fn truncate(&mut self, count: usize) {
        if count < self.inputs.len() {
            self.inputs.truncate(count);
            self.reference_hash = None;
        }
    }

    /// The flow an input belongs to.
    pub fn flow(&self, input: &Input) -> Flow {
        match (&self.flows, input) {
            (Flows::Kinds, Input::Order(new)) if !new.kind.may_rest() => Flow::Taker,
            (Flows::Kinds, _) => Flow::Maker,
            (Flows::Roles(roles), input) => account(input).map_or(Flow::Taker, |a| roles.flow(a)),
        }
    }

    /// SHA-256 of the stream as a command log, hexadecimal.
    pub fn sha256(&self) -> String {
        let hash = self.config_hash.as_deref().unwrap_or("0");
        let genesis = u128::from_str_radix(hash, 16).unwrap_or(0);
        let mut writer = JournalWriter::new(Hashing(Sha256::new()), genesis);
        for input in &self.inputs {
            writer.append(input).expect("hashing does no I/O");
        }
        let Hashing(hasher) = writer.finish().expect("hashing does no I/O");
        let mut text = String::with_capacity(64);
        for byte in hasher.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

const fn account(input: &Input) -> Option<AccountId> {
    match input {
        Input::Order(new) => Some(new.account),
        Input::Cancel { account, .. } | Input::Replace { account, .. } => Some(*account),
        _ => None,
    }
}

fn phases(summary: &Summary) -> Vec<PhaseStart> {
    let all = &summary.phases;
    let named =
        [("calm", all.calm), ("onset", all.onset), ("peak", all.peak), ("recovery", all.recovery)];
    let start = |(name, phase): (&str, Option<Phase>)| {
        Some(PhaseStart { name: name.to_owned(), first_time_ns: phase?.start_ns })
    };
    named.into_iter().filter_map(start).collect()
}

/// The inputs of a log, its genesis, and a warning if its end is torn.
fn read_log(path: &Path) -> Result<(Vec<Sequenced>, u128, Option<String>), StreamError> {
    let expected = "a command log (commands.swl of a run directory)";
    let file = File::open(path).map_err(|source| StreamError::Unreadable {
        path: path.to_owned(),
        source,
        expected,
    })?;
    let refused = |source| StreamError::Log { path: path.to_owned(), source };
    let mut reader = JournalReader::new(BufReader::new(file)).map_err(refused)?;
    let inputs = reader.by_ref().collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let warning = match reader.tail() {
        Some(Tail::Torn { after, dropped_inputs, stopped_at, .. }) => Some(format!(
            "{}: cut off at byte {stopped_at}; {dropped_inputs} inputs after {after} were dropped",
            path.display()
        )),
        Some(Tail::Clean { .. }) | None => None,
    };
    Ok((inputs, reader.header().genesis, warning))
}

fn read_summary(path: &Path) -> Result<Option<Summary>, StreamError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            let expected = "the summary of the run beside its command log";
            return Err(StreamError::Unreadable { path: path.to_owned(), source, expected });
        }
    };
    let summary = serde_json::from_reader(BufReader::new(file));
    summary.map(Some).map_err(|source| StreamError::Summary { path: path.to_owned(), source })
}

/// A writer that keeps only the hash.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
