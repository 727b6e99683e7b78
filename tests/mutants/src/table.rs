//! What became of the mutants, room by room.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::list::Mutant;
use crate::trial::Verdict;

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    mutants: u32,
    unviable: u32,
    caught: u32,
    endless: u32,
    equivalent: u32,
    missed: u32,
    fixed: u32,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Table {
    repository: PathBuf,
    rows: BTreeMap<String, Row>,
    /// Mutants that change nothing that can be seen, with the reason.
    equivalent: BTreeMap<String, String>,
}

impl Table {
    /// Reads the list of equivalent mutants.
    pub(crate) fn new(repository: &Path) -> Result<Self, String> {
        let path = repository.join("tests/mutants/equivalent.txt");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut equivalent = BTreeMap::new();
        let mut reason = String::new();
        for (number, line) in text.lines().enumerate() {
            if let Some(said) = line.strip_prefix("# ") {
                said.clone_into(&mut reason);
            } else if !line.trim().is_empty() {
                if reason.is_empty() {
                    return Err(format!("{}:{}: no reason", path.display(), number + 1));
                }
                equivalent.insert(line.to_owned(), reason.clone());
            }
        }
        Ok(Self { repository: repository.to_owned(), rows: BTreeMap::new(), equivalent })
    }

    fn row(&mut self, mutant: &Mutant) -> &mut Row {
        let row = self.rows.entry(mutant.room()).or_default();
        row.mutants += 1;
        row
    }

    fn key(&self, mutant: &Mutant) -> String {
        let source = fs::read_to_string(self.repository.join(&mutant.file)).unwrap_or_default();
        mutant.key(&source)
    }

    /// The compiler refuses it.
    pub(crate) fn unviable(&mut self, mutant: &Mutant) {
        self.row(mutant).unviable += 1;
    }

    /// It cannot be chosen at run time.
    pub(crate) fn fixed(&mut self, mutant: &Mutant) {
        println!("fixed    {}", mutant.name);
        self.row(mutant).fixed += 1;
    }

    /// The tests have spoken.
    pub(crate) fn verdict(&mut self, mutant: &Mutant, verdict: Verdict) {
        match verdict {
            Verdict::Caught(_) => self.row(mutant).caught += 1,
            Verdict::Endless(_) => self.row(mutant).endless += 1,
            Verdict::Missed => {
                let key = self.key(mutant);
                if self.equivalent.contains_key(&key) {
                    self.row(mutant).equivalent += 1;
                } else {
                    println!("missed   {}\n         {key}", mutant.name);
                    self.row(mutant).missed += 1;
                }
            }
        }
    }

    /// Prints it as Markdown.
    pub(crate) fn print(&self) {
        println!(
            "| room | mutants | do not compile | caught | endless | equivalent | missed | not chosen |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|---:|");
        for (room, row) in &self.rows {
            let Row { mutants, unviable, caught, endless, equivalent, missed, fixed } = row;
            println!(
                "| `{room}` | {mutants} | {unviable} | {caught} | {endless} | {equivalent} | \
                 {missed} | {fixed} |"
            );
        }
    }

    /// Whether none was missed.
    pub(crate) fn passed(&self) -> bool {
        self.rows.values().all(|row| row.missed == 0)
    }
}
