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

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use list::Mutant;
use sites::Id;
use table::Table;
use trial::{Evidence, Verdict, calibrate, judge};

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
        "--test",
        "snapshots",
    ],
    &["-p", "seawall-engine", "--lib", "--test", "journal", "--test", "margin_golden"],
];

/// In the order in which a mutant meets them that is built alone.
const ALONE: [(&[&str], Spec); 3] = [
    (&["-p", "seawall-engine", "--lib"], ORDER[1]),
    (&["-p", "canaries", "--test", "suite"], ORDER[0]),
    (&["-p", "canaries", "--test", "suite"], ORDER[9]),
];

/// A program of tests and its arguments.
type Spec = (&'static str, &'static [&'static str]);

/// In the order in which a mutant meets them: what is quick and catches most comes first.
const ORDER: [Spec; 10] = [
    ("suite", &["quick"]),
    ("seawall_engine", &["--skip", "ring::", "--skip", "pipeline::"]),
    ("arithmetic", &[]),
    ("margin_golden", &[]),
    ("journal", &[]),
    ("bounds", &[]),
    ("cross_intervals", &[]),
    ("snapshots", &[]),
    ("small_worlds", &[]),
    ("suite", &["engine"]),
];

/// So many of them take a moment.
const QUICK: usize = 7;

/// What is asked for.
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
struct Asked {
    rooms: Vec<String>,
    /// How many mutants at a time.
    jobs: usize,
    /// Only those that were missed the last time.
    again: bool,
    /// Also those that cannot be chosen at run time, each in a build of its own.
    alone: bool,
    /// Only what takes a moment.
    quick: bool,
}

fn asked() -> Option<Asked> {
    let mut asked = Asked { rooms: Vec::new(), jobs: 1, again: false, alone: false, quick: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--jobs" => asked.jobs = arguments.next()?.parse().ok().filter(|jobs| *jobs > 0)?,
            "--again" => asked.again = true,
            "--alone" => asked.alone = true,
            "--quick" => asked.quick = true,
            room if room.starts_with('-') => return None,
            _ => asked.rooms.push(argument),
        }
    }
    (!asked.rooms.is_empty()).then_some(asked)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("it was built there")
}

fn evidence(programs: &BTreeMap<String, PathBuf>) -> Result<Vec<Evidence>, String> {
    ORDER
        .iter()
        .map(|(name, arguments)| {
            let program = programs.get(*name).ok_or_else(|| format!("{name} was not built"))?;
            Ok(Evidence::new(name, program.clone(), arguments))
        })
        .collect()
}

/// Judges mutants, some at a time; `told` hears of each.
fn judge_all(
    evidence: &[Evidence],
    ids: &[Id],
    jobs: usize,
    directory: &Path,
    mut told: impl FnMut(Id, Verdict),
) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let (say, hear) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (say, next) = (say.clone(), &next);
            scope.spawn(move || {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = judge(evidence, *id, directory);
                    let failed = verdict.is_err();
                    if say.send((*id, verdict)).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(say);
        for (id, verdict) in hear {
            told(id, verdict?);
        }
        Ok(())
    })
}

/// Judges a mutant in a build of its own; none if the compiler refuses it.
fn build_and_judge(
    tree: &tree::Tree,
    id: Id,
    target: &Path,
    directory: &Path,
) -> Result<Option<Verdict>, String> {
    for (package, (name, arguments)) in ALONE {
        let Some(programs) = tree.build_alone(id, target, package)? else { return Ok(None) };
        let program = programs.get(name).ok_or_else(|| format!("{name} was not built"))?;
        let evidence = Evidence::new(name, program.clone(), arguments);
        let verdict = trial::judge_alone(&evidence, directory)?;
        if verdict != Verdict::Missed {
            return Ok(Some(verdict));
        }
    }
    Ok(Some(Verdict::Missed))
}

fn test(asked: &Asked) -> Result<bool, String> {
    let repository = repository();
    let patterns: Vec<String> = asked
        .rooms
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
    evidence.truncate(if asked.quick { QUICK } else { ORDER.len() });
    let directory = root.join("tests");
    calibrate(&mut evidence, &directory, &repository.join("target/mutants/met.txt"))?;
    let mut table = Table::new(&repository, &mutants)?;
    let missed = repository.join("target/mutants/missed.txt");
    let before = std::fs::read_to_string(&missed).unwrap_or_default();
    let before: BTreeSet<&str> = before.lines().collect();
    let (mut chosen, mut fixed) = (Vec::new(), Vec::new());
    for (id, mutant) in &mutants {
        if tree.unviable.contains(id) {
            table.unviable(mutant);
        } else if tree.fixed.contains(id) {
            fixed.push(*id);
        } else if !asked.again || before.contains(table.key(*id)) {
            chosen.push(*id);
        }
    }
    let (started, mut done) = (Instant::now(), 0);
    judge_all(&evidence, &chosen, asked.jobs, &directory, |id, verdict| {
        let met = evidence.iter().filter(|each| each.meets.contains(&id)).map(|each| each.name);
        table.verdict(id, &mutants[&id], verdict, &met.collect::<Vec<_>>());
        done += 1;
        if done % 50 == 0 {
            eprintln!("{done} of {}, {} s", chosen.len(), started.elapsed().as_secs());
        }
    })?;
    for id in fixed {
        let alone = repository.join("target/mutants/alone");
        let mutant = &mutants[&id];
        if !asked.alone {
            table.fixed(mutant);
            continue;
        }
        match build_and_judge(&tree, id, &alone, &directory)? {
            Some(verdict) => table.verdict(id, mutant, verdict, &["a build of its own"]),
            None => table.unviable(mutant),
        }
    }
    std::fs::write(&missed, table.missed().join("\n"))
        .map_err(|e| format!("{}: {e}", missed.display()))?;
    table.print();
    Ok(table.passed())
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        eprintln!("usage: mutants [--jobs N] [--quick] [--again] [--alone] ROOM…");
        eprintln!("ROOM     a room, or a file of engine/src without its ending");
        eprintln!("--jobs   so many mutants at a time");
        eprintln!("--quick  asks only the programs that take a moment");
        eprintln!("--again  only those that were missed the last time");
        eprintln!("--alone  builds those one by one that cannot be chosen at run time");
        return ExitCode::from(2);
    };
    match test(&asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
