//! The directory a run leaves behind, and how it is read again.
//!
//! A directory that exists is never overwritten silently: a default name gets a number, a name
//! the user chose is refused unless it is empty or forced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ReportError;
use super::events::Events;
use super::manifest::Manifest;
use super::{latency_files, leaves, page, table_files};
use crate::measure::summary::Summary;
use crate::measure::tables::Tables;

const SUMMARY: &str = "summary.json";
const MANIFEST: &str = "manifest.json";
const REPORT: &str = "report.html";
const SCENARIO: &str = "scenario.toml";
const COMMANDS: &str = "commands.swl";

/// More runs of one scenario and seed than anybody keeps.
const NUMBERS_MAX: u32 = 10_000;

/// Where a new run directory goes.
#[derive(Clone, Copy, Debug)]
pub enum Placement<'a> {
    /// `runs/<scenario>-<seed>` under the current directory, with a number if that exists.
    Default {
        /// Scenario's name.
        scenario: &'a str,
        /// Seed.
        seed: u64,
    },
    /// Where the user said.
    At {
        /// The directory.
        path: &'a Path,
        /// Write into it even if it holds something.
        force: bool,
    },
}

/// Everything a run directory holds besides the command stream.
#[derive(Clone, Debug)]
pub struct SavedRun {
    /// The numbers.
    pub summary: Summary,
    /// The tables whose rows are instants of the grid, and the histograms. Rows of event tables are in their files.
    pub tables: Tables,
    /// What the page shows of the event tables.
    pub events: Events,
    /// Where it comes from.
    pub manifest: Manifest,
}

/// A run directory on disk.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    renumbered: bool,
}

impl RunDirectory {
    /// Makes the directory; nothing that exists is touched unless forced.
    pub fn create(placement: Placement<'_>) -> Result<Self, ReportError> {
        match placement {
            Placement::Default { scenario, seed } => {
                Self::create_numbered(Path::new("runs"), &format!("{}-{seed}", safe(scenario)))
            }
            Placement::At { path, force } => Self::create_at(path, force),
        }
    }

    fn create_numbered(parent: &Path, name: &str) -> Result<Self, ReportError> {
        fs::create_dir_all(parent).map_err(|source| ReportError::write(parent, &source))?;
        for number in 1..NUMBERS_MAX {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let path = parent.join(format!("{name}{suffix}"));
            // Creation itself is the test, so two runs started together cannot share a name.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, renumbered: number > 1 }),
                Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(ReportError::write(&path, &source)),
            }
        }
        Err(ReportError::NotEmpty { path: parent.join(name) })
    }

    fn create_at(path: &Path, force: bool) -> Result<Self, ReportError> {
        fs::create_dir_all(path).map_err(|source| ReportError::write(path, &source))?;
        let mut entries = fs::read_dir(path).map_err(|source| ReportError::write(path, &source))?;
        if entries.next().is_some() {
            if !force {
                return Err(ReportError::NotEmpty { path: path.to_owned() });
            }
            remove_outputs(path)?;
        }
        Ok(Self { path: path.to_owned(), renumbered: false })
    }

    /// A directory that a run left.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let expected = "a run directory with summary.json";
        if !path.is_dir() {
            let reason = if path.exists() { "not a directory" } else { "no such directory" };
            return Err(ReportError::read(path, &reason, expected));
        }
        if !path.join(SUMMARY).is_file() {
            return Err(ReportError::read(path, &"no summary.json in it", expected));
        }
        Ok(Self { path: path.to_owned(), renumbered: false })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if the default name was taken and a number was added.
    pub fn was_renumbered(&self) -> bool {
        self.renumbered
    }

    /// Where the simulation writes its command stream.
    pub fn commands_path(&self) -> PathBuf {
        self.path.join(COMMANDS)
    }

    /// Where the page goes.
    pub fn report_path(&self) -> PathBuf {
        self.path.join(REPORT)
    }

    /// Writes `scenario.toml`: feeding it back gives the same run.
    pub fn write_scenario(&self, toml: &str) -> Result<(), ReportError> {
        self.write_text(SCENARIO, toml)
    }

    /// Writes what a finished run leaves besides its event tables, which were written as it went; the page last.
    pub fn save(&self, run: &SavedRun) -> Result<(), ReportError> {
        self.write_json(MANIFEST, &run.manifest)?;
        self.write_json(SUMMARY, &run.summary)?;
        table_files::write(&self.path, &run.tables)?;
        let measures = self.path.join(table_files::MEASURES);
        table_files::write_table(&measures, &leaves::rows(&run.summary))?;
        latency_files::write(&self.path, &run.tables.histograms, run.summary.sim_seconds)?;
        self.write_report(run)
    }

    /// Reads a saved run back.
    pub fn load(&self) -> Result<SavedRun, ReportError> {
        let summary = self.read_json(SUMMARY, "the numbers of a run")?;
        let manifest = self.read_json(MANIFEST, "the manifest of a run")?;
        let mut tables = table_files::read(&self.path)?;
        tables.histograms = latency_files::read(&self.path)?;
        let events = table_files::read_events(&self.path)?;
        Ok(SavedRun { summary, tables, events, manifest })
    }

    /// Writes `report.html` and answers its path.
    pub fn write_report(&self, run: &SavedRun) -> Result<(), ReportError> {
        let files = self.file_names()?;
        let html = page::render(run, &files);
        self.write_text(REPORT, &html)
    }

    /// Files in the directory, sorted, the page itself left out.
    fn file_names(&self) -> Result<Vec<String>, ReportError> {
        let problem = |source: &io::Error| ReportError::read(&self.path, source, "a run directory");
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|source| problem(&source))? {
            let entry = entry.map_err(|source| problem(&source))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.retain(|name| name != REPORT);
        names.sort();
        Ok(names)
    }

    fn write_text(&self, name: &str, text: &str) -> Result<(), ReportError> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|source| ReportError::write(&path, &source))
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), ReportError> {
        let mut text = serde_json::to_string_pretty(value)
            .map_err(|source| ReportError::write_through(&self.path.join(name), &source))?;
        text.push('\n');
        self.write_text(name, &text)
    }

    fn read_json<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<T, ReportError> {
        let path = self.path.join(name);
        let text = fs::read_to_string(&path)
            .map_err(|source| ReportError::read(&path, &source, expected))?;
        serde_json::from_str(&text).map_err(|source| ReportError::read(&path, &source, expected))
    }
}

/// A scenario's name as one path component.
fn safe(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "._-".contains(letter) { letter } else { '-' })
        .collect();
    let safe = safe.trim_matches(['.', '-']);
    if safe.is_empty() { "run".to_owned() } else { safe.to_owned() }
}

/// Removes what a former run left, and nothing else, so that no stale file looks new.
fn remove_outputs(directory: &Path) -> Result<(), ReportError> {
    let entries =
        fs::read_dir(directory).map_err(|source| ReportError::write(directory, &source))?;
    for entry in entries {
        let path = entry.map_err(|source| ReportError::write(directory, &source))?.path();
        if is_output(&path) {
            fs::remove_file(&path).map_err(|source| ReportError::write(&path, &source))?;
        }
    }
    Ok(())
}

fn is_output(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let fixed = [SUMMARY, MANIFEST, REPORT, SCENARIO, COMMANDS, latency_files::LOG_FILE];
    let is_percentiles =
        name.ends_with(".order_to_ack.hgrm") || name.ends_with(".order_to_fill.hgrm");
    fixed.contains(&name) || table_files::is_table(name) || is_percentiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn run() -> SavedRun {
        let summary = fixture::summary();
        let manifest = Manifest::of_this_process().of_input(summary.seed, &summary.config_hash);
        SavedRun { summary, tables: fixture::tables(), events: fixture::events(), manifest }
    }

    #[test]
    fn a_saved_run_gives_the_same_page_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a");
        let made = RunDirectory::create(Placement::At { path: &path, force: false }).unwrap();
        fixture::event_files(&path);
        made.save(&run()).unwrap();
        let page = fs::read(made.report_path()).unwrap();
        let opened = RunDirectory::open(&path).unwrap();
        let loaded = opened.load().unwrap();
        assert_eq!(loaded.summary, run().summary);
        assert_eq!(loaded.events, fixture::events());
        opened.write_report(&loaded).unwrap();
        assert!(fs::read(opened.report_path()).unwrap() == page, "the pages differ");
    }

    #[test]
    fn ratios_read_back_to_the_last_bit() {
        for numerator in 1..20_000_u32 {
            let ratio = f64::from(numerator) / 79_193.0;
            let text = serde_json::to_string(&ratio).unwrap();
            let back: f64 = serde_json::from_str(&text).unwrap();
            assert!(back.to_bits() == ratio.to_bits(), "{text} is read as {back}");
        }
    }

    #[test]
    fn a_taken_default_name_gets_a_number() {
        let parent = tempfile::tempdir().unwrap();
        let make = || RunDirectory::create_numbered(parent.path(), "flash-crash-1").unwrap();
        let (first, second, third) = (make(), make(), make());
        assert!(!first.was_renumbered() && second.was_renumbered());
        assert_eq!(second.path().file_name().unwrap(), "flash-crash-1-2");
        assert_eq!(third.path().file_name().unwrap(), "flash-crash-1-3");
    }

    #[test]
    fn a_chosen_directory_is_never_overwritten_silently() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path();
        fs::write(path.join("notes.txt"), "mine").unwrap();
        fs::write(path.join(SUMMARY), "{}").unwrap();
        let refused = RunDirectory::create(Placement::At { path, force: false }).unwrap_err();
        assert!(refused.to_string().contains("--force"), "{refused}");
        RunDirectory::create(Placement::At { path, force: true }).unwrap();
        assert_eq!(fs::read_to_string(path.join("notes.txt")).unwrap(), "mine");
        assert!(!path.join(SUMMARY).exists(), "a stale file would look new");
    }

    #[test]
    fn names_stay_inside_the_directory() {
        assert_eq!(safe("../../etc/x"), "etc-x");
        assert_eq!(safe("my scenario"), "my-scenario");
        assert_eq!(safe("///"), "run");
    }

    #[test]
    fn what_is_not_a_run_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let missing = RunDirectory::open(&parent.path().join("no")).unwrap_err().to_string();
        assert!(missing.contains("no such directory"), "{missing}");
        let empty = RunDirectory::open(parent.path()).unwrap_err().to_string();
        assert!(empty.contains("summary.json"), "{empty}");
    }
}
