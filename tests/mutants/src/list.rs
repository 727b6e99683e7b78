//! The mutants: what they are is cargo-mutants' to say.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

/// A place in a file, as cargo-mutants counts: lines and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// From here up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// A mutant.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mutant {
    /// Path of the file from the root of the repository.
    pub(crate) file: String,
    /// File, place, and what is changed into what.
    pub(crate) name: String,
    pub(crate) genre: Genre,
    pub(crate) replacement: String,
    pub(crate) span: Span,
}

impl Mutant {
    /// What it is called wherever its line may be: the file, the change, and the line's text.
    pub(crate) fn key(&self, source: &str) -> String {
        let change = self.name.splitn(4, ':').nth(3).unwrap_or(&self.name).trim();
        let line = source.lines().nth(self.span.start.line - 1).unwrap_or("").trim();
        format!("{}: {change} :: {line}", self.file)
    }

    /// The file with this mutant alone.
    pub(crate) fn alone(&self, source: &str) -> String {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1));
        let starts: Vec<usize> = starts.collect();
        let byte = |place: Place| {
            let line = &source[starts[place.line - 1]..];
            let column = line.char_indices().nth(place.column - 1).map_or(line.len(), |(at, _)| at);
            starts[place.line - 1] + column
        };
        let (before, after) = (&source[..byte(self.span.start)], &source[byte(self.span.end)..]);
        format!("{before}{}{after}", self.replacement)
    }

    /// The room: the folder in `engine/src`.
    pub(crate) fn room(&self) -> String {
        self.file.trim_start_matches("engine/src/").split('/').next().unwrap_or("").to_owned()
    }
}

/// Asks cargo-mutants for the mutants of some files, by file.
pub(crate) fn of_files(patterns: &[String]) -> Result<BTreeMap<String, Vec<Mutant>>, String> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--package", "seawall-engine"]);
    for pattern in patterns {
        command.args(["--file", pattern]);
    }
    let output = command.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo mutants (cargo install cargo-mutants --locked): {said}"));
    }
    let all: Vec<Mutant> = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("what cargo mutants lists is not understood: {error}"))?;
    let mut files = BTreeMap::<String, Vec<Mutant>>::new();
    for mutant in all {
        files.entry(mutant.file.clone()).or_default().push(mutant);
    }
    Ok(files)
}
