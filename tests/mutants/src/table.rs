//! What became of the mutants, room by room.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::list::Mutant;
use crate::sites::Id;
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
    rows: BTreeMap<String, Row>,
    /// What each mutant is called wherever it stands.
    keys: BTreeMap<Id, String>,
    /// Mutants that change nothing that can be seen.
    equivalent: BTreeSet<String>,
    missed: Vec<String>,
    /// Mutants by the program that catches them.
    catches: BTreeMap<&'static str, u32>,
    /// Lines of the list of equivalent mutants that are wrong.
    wrong: u32,
}

impl Table {
    /// Reads the list of equivalent mutants.
    pub(crate) fn new(repository: &Path, mutants: &BTreeMap<Id, Mutant>) -> Result<Self, String> {
        let path = repository.join("tests/mutants/equivalent.txt");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut equivalent = BTreeSet::new();
        let mut reason = "";
        for (number, line) in text.lines().enumerate() {
            if let Some(said) = line.strip_prefix("# ") {
                reason = said;
            } else if !line.trim().is_empty() {
                if reason.is_empty() {
                    return Err(format!("{}:{}: no reason", path.display(), number + 1));
                }
                equivalent.insert(line.to_owned());
            }
        }
        Ok(Self {
            rows: BTreeMap::new(),
            keys: keys(repository, mutants),
            equivalent,
            missed: Vec::new(),
            catches: BTreeMap::new(),
            wrong: 0,
        })
    }

    fn row(&mut self, mutant: &Mutant) -> &mut Row {
        let row = self.rows.entry(mutant.room()).or_default();
        row.mutants += 1;
        row
    }

    /// What a mutant is called wherever it stands.
    pub(crate) fn key(&self, id: Id) -> &str {
        &self.keys[&id]
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

    /// The tests that `met` it have spoken.
    pub(crate) fn verdict(&mut self, id: Id, mutant: &Mutant, verdict: Verdict, met: &[&str]) {
        let key = self.keys[&id].clone();
        let is_listed = self.equivalent.contains(&key);
        match verdict {
            Verdict::Caught(by) | Verdict::Endless(by) => {
                *self.catches.entry(by).or_default() += 1;
                if is_listed {
                    println!("caught by {by}, and listed as equivalent:\n         {key}");
                    self.wrong += 1;
                }
                let row = self.row(mutant);
                match verdict {
                    Verdict::Endless(_) => row.endless += 1,
                    _ => row.caught += 1,
                }
            }
            Verdict::Missed if is_listed => self.row(mutant).equivalent += 1,
            Verdict::Missed => {
                let by = if met.is_empty() { "nothing".to_owned() } else { met.join(", ") };
                println!("missed   {}\n         met by {by}\n         {key}", mutant.name);
                self.row(mutant).missed += 1;
                self.missed.push(key);
            }
        }
    }

    /// The keys of what was missed.
    pub(crate) fn missed(&self) -> &[String] {
        &self.missed
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
        let catches = self.catches.iter().map(|(by, count)| format!("{by} {count}"));
        println!("\ncaught or ended by: {}", catches.collect::<Vec<_>>().join(", "));
    }

    /// Whether none was missed, and none is listed wrongly.
    pub(crate) fn passed(&self) -> bool {
        self.wrong == 0 && self.rows.values().all(|row| row.missed == 0)
    }
}

/// Names without line numbers; the second of the same change in the same line says so.
fn keys(repository: &Path, mutants: &BTreeMap<Id, Mutant>) -> BTreeMap<Id, String> {
    let (mut sources, mut seen) = (BTreeMap::new(), BTreeMap::<String, u32>::new());
    let mut keys = BTreeMap::new();
    for (id, mutant) in mutants {
        let source = sources.entry(&mutant.file).or_insert_with(|| {
            fs::read_to_string(repository.join(&mutant.file)).unwrap_or_default()
        });
        let key = mutant.key(source);
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        keys.insert(*id, if *count == 1 { key } else { format!("{key} ({count})") });
    }
    keys
}
