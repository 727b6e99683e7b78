//! Mutation testing in one build (`docs/TESTING.md`, Mutants).
//!
//! cargo-mutants says what the mutants are and would build the engine once for each of them. Here
//! all of them are written into one copy of the engine, where the environment chooses one at start,
//! so that two thousand mutants cost one build and two thousand runs of the tests.
//!
//! `cargo run --release -p mutants -- types book/ladder …` tests rooms or files of `engine/src`.

mod list;
mod schema;
mod sites;
mod table;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use list::Mutant;
use sites::Id;
use table::Table;
use trial::{Evidence, calibrate, judge};

/// What is built, package by package.
const PACKAGES: [&[&str]; 2] = [
    &[
        "-p",
        "canaries",
        "--test",
        "suite",
        "--test",
        "arithmetic",
        "--test",
        "bounds",
        "--test",
        "cross_intervals",
        "--test",
        "small_worlds",
    ],
    &["-p", "seawall-engine", "--lib", "--test", "journal", "--test", "margin_golden"],
];

/// A program of tests and its arguments.
type Spec = (&'static str, &'static [&'static str]);

/// In the order in which a mutant meets them: what is quick and catches most comes first.
const ORDER: [Spec; 9] = [
    ("suite", &["quick"]),
    ("seawall_engine", &["--skip", "ring::", "--skip", "pipeline::"]),
    ("arithmetic", &[]),
    ("margin_golden", &[]),
    ("journal", &[]),
    ("bounds", &[]),
    ("cross_intervals", &[]),
    ("small_worlds", &[]),
    ("suite", &[]),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("it was built there")
}

fn evidence(programs: &BTreeMap<String, PathBuf>) -> Result<Vec<Evidence>, String> {
    ORDER
        .iter()
        .map(|(name, arguments)| {
            let program = programs.get(*name).ok_or_else(|| format!("{name} was not built"))?;
            let patience = Duration::from_secs(600);
            Ok(Evidence { name, program: program.clone(), arguments, patience })
        })
        .collect()
}

fn test(rooms: &[String]) -> Result<bool, String> {
    let repository = repository();
    let patterns: Vec<String> = rooms
        .iter()
        .flat_map(|room| [format!("engine/src/{room}/**"), format!("engine/src/{room}.rs")])
        .collect();
    let listed = list::of_files(&patterns)?;
    let mutants: BTreeMap<Id, Mutant> = (1..).zip(listed.into_values().flatten()).collect();
    let root = repository.join("target/mutants/tree");
    let mut tree = tree::Tree::new(&repository, root.clone(), &mutants)?;
    // A directory of its own: the copy's packages have the names of the repository's, and cargo
    // would take one for the other.
    let target = repository.join("target/mutants/build");
    let programs = tree.build(&target, &PACKAGES)?;
    let mut evidence = evidence(&programs)?;
    let directory = root.join("tests");
    calibrate(&mut evidence, &directory)?;
    let mut table = Table::new(&repository)?;
    let started = Instant::now();
    for (id, mutant) in &mutants {
        if tree.unviable.contains(id) {
            table.unviable(mutant);
        } else if tree.fixed.contains(id) {
            table.fixed(mutant);
        } else {
            let verdict = judge(&evidence, *id, &directory)?;
            table.verdict(mutant, verdict);
        }
        if id % 50 == 0 {
            eprintln!("{id} of {} mutants, {} s", mutants.len(), started.elapsed().as_secs());
        }
    }
    table.print();
    Ok(table.passed())
}

fn main() -> ExitCode {
    let rooms: Vec<String> = std::env::args().skip(1).collect();
    if rooms.is_empty() {
        eprintln!("usage: mutants ROOM…, a room or a file of engine/src without its ending");
        return ExitCode::from(2);
    }
    match test(&rooms) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
