//! A run's market data as others read it: LOBSTER files and hftbacktest's events.
//!
//! The command log of a saved run is applied again; [`feed::Feed`] says what an observer of the venue
//! saw, record by record, and each format writes that down. After every input the book made of the
//! records is held against the engine's, so that a file can be trusted to the lot.

pub mod feed;
pub mod hftbacktest;
pub mod lobster;
mod npz;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use seawall_engine::core::Engine;
use seawall_engine::journal::JournalReader;
use seawall_engine::types::{Sequenced, Side};
use serde::Serialize;

use crate::load::genesis;
use crate::report::ReportError;
use crate::scenario::{self, SYMBOL, Scenario, ScenarioError};
use feed::{Feed, Update};

/// The run's zero on the clock of an exported file: 09:30, as in LOBSTER's own.
pub const OPEN_NS: u64 = 34_200 * SECOND_NS;

const SECOND_NS: u64 = 1_000_000_000;
const DAY_NS: u64 = 86_400 * SECOND_NS;

/// What is written, and how.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Whether LOBSTER's two files are written.
    pub lobster: bool,
    /// Whether hftbacktest's file is written.
    pub hftbacktest: bool,
    /// Price levels of the order-book file, from 1.
    pub levels: usize,
    /// What a tick is worth, in 1e-4 of the currency.
    pub tick: u32,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    /// `lobster-messages`, `lobster-book` or `hftbacktest`.
    pub kind: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Rows.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
}

/// What an export did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Inputs of the run.
    pub inputs: u64,
    /// Records of its market data.
    pub records: u64,
    /// Inputs after which the book of the records was the engine's: all of them.
    pub books_identical: u64,
    /// What was written.
    pub files: Vec<ExportedFile>,
}

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] ReportError),
    /// The scenario beside the log was refused.
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    /// The log belongs to another scenario.
    #[error("{}: recorded under {found:032x}, but scenario.toml is {expected:032x}", path.display())]
    OtherScenario {
        /// The log.
        path: PathBuf,
        /// In its header.
        found: u128,
        /// Of the scenario.
        expected: u128,
    },
    /// The run does not fit into a day.
    #[error("the run lasts {run_s} s; expected at most 52200: LOBSTER's clock ends at midnight")]
    TooLong {
        /// Its length.
        run_s: u64,
    },
    /// The events do not fit into one array.
    #[error("{bytes} bytes of events; expected less than 4 GiB for one npz: take a shorter run")]
    TooLarge {
        /// What they would take.
        bytes: u64,
    },
    /// A price is beyond what the format holds.
    #[error("price {ticks} ticks of {tick} is beyond LOBSTER's 2^31; choose a smaller --tick")]
    Price {
        /// The price.
        ticks: u32,
        /// The tick, in 1e-4 of the currency.
        tick: u32,
    },
}

/// Writes the market data of a saved run into a directory.
///
/// # Errors
///
/// A directory that is no run's, or a file that cannot be written; see [`ExportError`].
pub fn export(run: &Path, out: &Path, options: &ExportOptions) -> Result<Exported, ExportError> {
    let expected = "a run directory with scenario.toml and commands.swl";
    let scenario = run.join("scenario.toml");
    fs::metadata(&scenario).map_err(|source| ReportError::read(&scenario, &source, expected))?;
    let scenario = scenario::load(&scenario.to_string_lossy(), &[], None)
        .map_err(|error| ExportError::Scenario(Box::new(error)))?;
    let log = run.join("commands.swl");
    let unreadable = |reason: &dyn ToString| ReportError::read(&log, reason, expected);
    let file = File::open(&log).map_err(|source| unreadable(&source))?;
    let inputs = JournalReader::new(BufReader::new(file)).map_err(|source| unreadable(&source))?;
    let (found, genesis) = (inputs.header().genesis, genesis(&scenario));
    if found != genesis {
        return Err(ExportError::OtherScenario { path: log, found, expected: genesis });
    }
    let run_s = scenario.clock.duration_ms / 1_000;
    if OPEN_NS + run_s * SECOND_NS > DAY_NS {
        return Err(ExportError::TooLong { run_s });
    }
    fs::create_dir_all(out).map_err(|source| ReportError::write(out, &source))?;
    let mut writers = Writers::create(out, &scenario, options)?;
    let mut tape = Tape::new(&scenario);
    for input in inputs {
        let input = input.map_err(|source| unreadable(&source))?;
        tape.apply(&input, options.levels, |update, feed| writers.write(update, feed))?;
    }
    let Tape { inputs, records, .. } = tape;
    Ok(Exported { inputs, records, books_identical: inputs, files: writers.finish()? })
}

/// A run that is played again.
struct Tape {
    engine: Engine,
    feed: Feed,
    inputs: u64,
    records: u64,
}

impl Tape {
    fn new(scenario: &Scenario) -> Self {
        let engine = Engine::new(&scenario.shard_config());
        Self { engine, feed: Feed::new(SYMBOL), inputs: 0, records: 0 }
    }

    /// Applies one input and hands on what was to be seen of it, one record after the other.
    fn apply(
        &mut self,
        input: &Sequenced,
        levels: usize,
        mut write: impl FnMut(&Update, &Feed) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.feed.begin(input.time_ns);
        let mut said = Vec::new();
        self.engine.apply(input, &mut said);
        for event in said {
            if let Some(update) = self.feed.fold(&event) {
                self.records += 1;
                write(&update, &self.feed)?;
            }
        }
        self.inputs += 1;
        for side in [Side::Buy, Side::Sell] {
            let ours = self.feed.depth(side).take(levels);
            let theirs = self.engine.depth(SYMBOL, side).take(levels);
            assert!(ours.eq(theirs), "the records of input {} give another book", input.seq.0);
        }
        Ok(())
    }
}

/// The files that are being written.
struct Writers {
    lobster: Option<lobster::Writer>,
    hftbacktest: Option<hftbacktest::Writer>,
}

impl Writers {
    fn create(
        out: &Path,
        scenario: &Scenario,
        options: &ExportOptions,
    ) -> Result<Self, ExportError> {
        let lobster = options.lobster.then(|| lobster::Writer::create(out, scenario, options));
        let hftbacktest =
            options.hftbacktest.then(|| hftbacktest::Writer::create(out, scenario, options));
        Ok(Self { lobster: lobster.transpose()?, hftbacktest: hftbacktest.transpose()? })
    }

    fn write(&mut self, update: &Update, feed: &Feed) -> Result<(), ExportError> {
        if let Some(writer) = &mut self.lobster {
            writer.write(update, feed)?;
        }
        if let Some(writer) = &mut self.hftbacktest {
            writer.write(update)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<ExportedFile>, ExportError> {
        let mut files = Vec::new();
        if let Some(writer) = self.lobster {
            files.extend(writer.finish()?);
        }
        if let Some(writer) = self.hftbacktest {
            files.push(writer.finish()?);
        }
        Ok(files)
    }
}

/// A file that is done, with its size.
fn done(kind: &'static str, path: PathBuf, rows: u64) -> Result<ExportedFile, ReportError> {
    let size = fs::metadata(&path).map_err(|source| ReportError::write(&path, &source))?;
    Ok(ExportedFile { kind, path, rows, bytes: size.len() })
}
