//! A copy of the repository whose engine holds all mutants at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use serde::Deserialize;

use crate::list::Mutant;
use crate::schema::{CHOICE, FEATURES, owner, render};
use crate::sites::{Id, Site, find};

/// What is copied.
const COPIED: [&str; 6] = ["Cargo.toml", "Cargo.lock", "engine", "bench-harness", "tests", "fuzz"];

/// The copy.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<String, Source>,
    /// Mutants that the compiler refuses.
    pub(crate) unviable: BTreeSet<Id>,
    /// Mutants that cannot be chosen at run time.
    pub(crate) fixed: BTreeSet<Id>,
}

/// Programs of tests by name.
pub(crate) type Programs = BTreeMap<String, PathBuf>;

/// A file with mutants.
#[derive(Debug)]
struct Source {
    text: String,
    mutants: Vec<(Id, Mutant)>,
    sites: Vec<Site>,
}

/// Copies a file or a folder, without the files that are `written` anyway.
fn copy(from: &Path, to: &Path, written: &BTreeSet<PathBuf>) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            if name != "target" {
                copy(&from.join(&name), &to.join(&name), written)?;
            }
        }
        return Ok(());
    }
    if written.contains(from) { Ok(()) } else { write_new(to, &fs::read(from)?) }
}

/// A file that is the same keeps its time, so that it is not built again.
fn write_new(to: &Path, text: &[u8]) -> io::Result<()> {
    if fs::read(to).is_ok_and(|old| old == text) { Ok(()) } else { fs::write(to, text) }
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Complaint>,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Complaint {
    level: String,
    rendered: Option<String>,
    spans: Vec<Where>,
}

#[derive(Deserialize)]
struct Where {
    file_name: String,
    line_start: usize,
    line_end: usize,
}

impl Tree {
    /// Copies the repository and finds the site of every mutant.
    pub(crate) fn new(
        repository: &Path,
        root: PathBuf,
        mutants: &BTreeMap<Id, Mutant>,
    ) -> Result<Self, String> {
        fs::create_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        let library = Path::new("engine/src/lib.rs");
        let written = mutants.values().map(|mutant| Path::new(&mutant.file)).chain([library]);
        let written = written.map(|file| repository.join(file)).collect();
        for name in COPIED {
            copy(&repository.join(name), &root.join(name), &written)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        let mut by_file: BTreeMap<&str, Vec<(Id, Mutant)>> = BTreeMap::new();
        for (id, mutant) in mutants {
            by_file.entry(&mutant.file).or_default().push((*id, mutant.clone()));
        }
        let mut files = BTreeMap::new();
        for (file, mutants) in by_file {
            let text = fs::read_to_string(repository.join(file)).map_err(|e| e.to_string())?;
            files.insert(file.to_owned(), Source { text, mutants, sites: Vec::new() });
        }
        let text = fs::read_to_string(repository.join(library)).map_err(|e| e.to_string())?;
        let module = "#[doc(hidden)]\n#[allow(missing_docs)]\npub mod mutant;\n";
        let text = format!("{FEATURES}{text}\n{module}");
        write_new(&root.join(library), text.as_bytes()).map_err(|error| error.to_string())?;
        write_new(&root.join("engine/src/mutant.rs"), CHOICE.as_bytes())
            .map_err(|error| error.to_string())?;
        let (unviable, fixed) = (BTreeSet::new(), BTreeSet::new());
        let mut tree = Self { root, files, unviable, fixed };
        tree.remember(mutants);
        tree.find_sites()?;
        Ok(tree)
    }

    fn memory(&self) -> PathBuf {
        self.root.join("refused.json")
    }

    /// What the compiler refused the last time it will refuse again.
    fn remember(&mut self, mutants: &BTreeMap<Id, Mutant>) {
        let Ok(text) = fs::read(self.memory()) else { return };
        let Ok(names) = serde_json::from_slice::<BTreeSet<String>>(&text) else { return };
        let refused = mutants.iter().filter(|(_, mutant)| names.contains(&mutant.name));
        self.unviable = refused.map(|(id, _)| *id).collect();
    }

    fn note_refused(&self) -> Result<(), String> {
        let mutants = self.files.values().flat_map(|source| &source.mutants);
        let refused = mutants.filter(|(id, _)| self.unviable.contains(id));
        let names: BTreeSet<&str> = refused.map(|(_, mutant)| mutant.name.as_str()).collect();
        let text = serde_json::to_vec(&names).map_err(|error| error.to_string())?;
        fs::write(self.memory(), text).map_err(|error| error.to_string())
    }

    fn find_sites(&mut self) -> Result<(), String> {
        for (file, source) in &mut self.files {
            let found = find(&source.text, &source.mutants).map_err(|e| format!("{file}: {e}"))?;
            source.sites = found.sites;
            self.unviable.extend(found.refused);
            let found = source.sites.iter().flat_map(|site| &site.mutants).map(|(id, _)| *id);
            let found: BTreeSet<Id> = found.chain(self.unviable.iter().copied()).collect();
            self.fixed
                .extend(source.mutants.iter().map(|(id, _)| id).filter(|id| !found.contains(id)));
        }
        Ok(())
    }

    fn write(&self) -> Result<BTreeMap<String, String>, String> {
        let mut written = BTreeMap::new();
        for (file, source) in &self.files {
            let text = render(&source.text, &source.sites, &self.unviable);
            write_new(&self.root.join(file), text.as_bytes())
                .map_err(|e| format!("{file}: {e}"))?;
            written.insert(file.clone(), text);
        }
        Ok(written)
    }

    /// Builds tests, leaving out mutants that do not compile; returns the programs by name.
    pub(crate) fn build(
        &mut self,
        target: &Path,
        packages: &[&[&str]],
    ) -> Result<Programs, String> {
        loop {
            let written = self.write()?;
            if !self.refused(target, &["check", "-p", "canaries", "--tests"], &written)? {
                break;
            }
            eprintln!("{} mutants do not compile", self.unviable.len());
        }
        self.note_refused()?;
        self.programs(target, packages)?.map_err(|lines| complaints(&lines))
    }

    /// Builds tests with one mutant and no choice; none if the compiler refuses it.
    pub(crate) fn build_alone(
        &self,
        id: Id,
        target: &Path,
        package: &[&str],
    ) -> Result<Option<Programs>, String> {
        for (file, Source { text, mutants, .. }) in &self.files {
            let own = mutants.iter().find(|(other, _)| *other == id);
            let text = own.map_or_else(|| text.clone(), |(_, mutant)| mutant.alone(text));
            write_new(&self.root.join(file), text.as_bytes())
                .map_err(|e| format!("{file}: {e}"))?;
        }
        self.programs(target, &[package]).map(Result::ok)
    }

    /// Builds tests; the compiler's complaints if it cannot.
    fn programs(
        &self,
        target: &Path,
        packages: &[&[&str]],
    ) -> Result<Result<Programs, Vec<Line>>, String> {
        let mut programs = BTreeMap::new();
        for package in packages {
            let arguments = [&["test", "--no-run"], *package].concat();
            let (lines, ok) = self.cargo(target, &arguments)?;
            if !ok {
                return Ok(Err(lines));
            }
            for line in lines {
                if let (Some(target), Some(program)) = (line.target, line.executable) {
                    programs.insert(target.name, program);
                }
            }
        }
        Ok(Ok(programs))
    }

    /// Whether the compiler refused something; notes whose it was.
    fn refused(
        &mut self,
        target: &Path,
        arguments: &[&str],
        written: &BTreeMap<String, String>,
    ) -> Result<bool, String> {
        let (lines, ok) = self.cargo(target, arguments)?;
        if ok {
            return Ok(false);
        }
        let before = self.unviable.len();
        for complaint in lines.iter().filter_map(|line| line.message.as_ref()) {
            if complaint.level != "error" {
                continue;
            }
            let owners = complaint.spans.iter().filter_map(|place| {
                let text = written.get(&place.file_name)?;
                (place.line_start..=place.line_end).find_map(|line| owner(text, line))
            });
            self.unviable.extend(owners.take(1));
        }
        if self.unviable.len() == before {
            return Err(complaints(&lines));
        }
        Ok(true)
    }

    fn cargo(&self, target: &Path, arguments: &[&str]) -> Result<(Vec<Line>, bool), String> {
        let mut command = Command::new("cargo");
        command.args(arguments).args(["--message-format", "json", "--target-dir"]).arg(target);
        // What is only unusual in changed code is not what is looked for.
        command.env("RUSTFLAGS", std::env::var("RUSTFLAGS").unwrap_or_default());
        command.env("RUSTC_BOOTSTRAP", "seawall_engine");
        command.current_dir(&self.root).stderr(Stdio::inherit());
        let output = command.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let lines = lines.filter(|line| line.reason.starts_with("compiler-")).collect();
        Ok((lines, output.status.success()))
    }
}

fn complaints(lines: &[Line]) -> String {
    let messages = lines.iter().filter_map(|line| line.message.as_ref());
    let errors = messages.filter(|message| message.level == "error");
    let said: Vec<_> = errors.filter_map(|message| message.rendered.clone()).take(5).collect();
    format!("it does not build, and not because of a mutant:\n{}", said.join("\n"))
}
