//! Finished runs, one file each, named after what was asked.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use super::error::SweepError;
use super::plan::{Job, Plan};
use crate::measure::summary::Summary;
use crate::report::ReportError;

/// A sweep's directory: `results/` holds the finished runs.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    program: String,
}

impl Store {
    /// Opens or makes the directory of a sweep. `program` says which program made its results;
    /// results of another are refused.
    pub fn open(path: &Path, program: &str) -> Result<Self, SweepError> {
        let results = path.join("results");
        fs::create_dir_all(&results).map_err(|source| ReportError::write(&results, &source))?;
        let named = path.join("program.txt");
        match fs::read_to_string(&named) {
            Ok(found) if found.trim() == program => {}
            Ok(found) => {
                return Err(SweepError::OtherProgram {
                    path: path.to_owned(),
                    found: found.trim().to_owned(),
                    expected: program.to_owned(),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::write(&named, format!("{program}\n"))
                    .map_err(|source| ReportError::write(&named, &source))?;
            }
            Err(error) => {
                return Err(ReportError::read(&named, &error, "the name of a program").into());
            }
        }
        Ok(Self { path: path.to_owned(), program: program.to_owned() })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the result of a run goes. The name is a hash of the resolved scenario, its seed
    /// included, and of the program.
    pub fn result_path(&self, plan: &Plan, job: Job) -> PathBuf {
        let asked =
            format!("{}\npaired = {}\n{}", self.program, plan.paired, plan.scenario(job).to_toml());
        self.path.join("results").join(format!("{:032x}.json", xxh3_128(asked.as_bytes())))
    }

    /// The result of a run, if it is finished.
    pub fn get(&self, plan: &Plan, job: Job) -> Result<Option<Summary>, SweepError> {
        let path = self.result_path(plan, job);
        let expected = "the summary of a finished run; remove the file to run it again";
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| ReportError::read(&path, &error, expected).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ReportError::read(&path, &error, expected).into()),
        }
    }

    /// Keeps the result of a run. The file appears whole or not at all.
    pub fn put(&self, plan: &Plan, job: Job, summary: &Summary) -> Result<(), SweepError> {
        // What the machine took is not part of the result: the same run is the same file.
        let summary = Summary { wall_seconds: 0.0, loop_cpu_seconds: 0.0, ..summary.clone() };
        let mut text = serde_json::to_string(&summary).expect("a summary is plain data");
        text.push('\n');
        let path = self.result_path(plan, job);
        write_whole(&path, text.as_bytes())
    }
}

/// Writes a file beside its place and moves it there when it is on disk.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SweepError> {
    write_whole_with(path, |out| {
        out.write_all(bytes).map_err(|source| ReportError::write(path, &source).into())
    })
}

/// The same, written by a function.
pub(super) fn write_whole_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> Result<(), SweepError>,
) -> Result<(), SweepError> {
    let part = path.with_extension("part");
    let refused = |source: io::Error| SweepError::from(ReportError::write(path, &source));
    let whole = || {
        let mut out = BufWriter::new(fs::File::create(&part).map_err(refused)?);
        write(&mut out)?;
        let file = out.into_inner().map_err(|error| refused(error.into_error()))?;
        file.sync_data().and_then(|()| fs::rename(&part, path)).map_err(refused)
    };
    whole().inspect_err(|_| {
        // What is there of it is of no use; if it cannot be removed either, the next try will.
        let _ = fs::remove_file(&part);
    })
}
