//! The fuzz targets on a stable toolchain: every regression, every seed of the corpus, then random
//! changes of both (`fuzz/README.md`).
//!
//! `SEAWALL_FUZZ_SECONDS=N` goes on for N seconds a target; without it each gets a fixed number of
//! cases. `SEAWALL_FUZZ_SEED=N` starts elsewhere.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_fuzz::marks;
use seawall_fuzz::targets::{TARGETS, Target};

/// Cases of each target in a run that is not told otherwise.
const CASES: u64 = 400;
/// Longest case that is made.
const BYTES_MAX: usize = 4096;

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, expected a number")))
}

fn fuzz_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// Files of a directory, in order; none if it is not there.
fn cases_in(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut cases: Vec<(PathBuf, Vec<u8>)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.path(), fs::read(entry.path()).ok()?)))
        .collect();
    cases.sort();
    cases
}

/// Runs one case; a panic is saved as a file that can be run again.
fn run(Target { name, run, .. }: &Target, data: &[u8], origin: &str) {
    if catch_unwind(AssertUnwindSafe(|| run(data))).is_err() {
        let find = std::env::temp_dir().join(format!("seawall-find-{name}"));
        fs::write(&find, data).expect("the find is saved");
        panic!(
            "{name}: {origin} breaks a promise; the {} bytes are in {}. Make them fewer, then keep \
             them in fuzz/regressions/{name}/",
            data.len(),
            find.display()
        );
    }
}

/// Makes a new case out of old ones.
fn mutate(random: &mut Xoshiro256PlusPlus, pool: &[Vec<u8>]) -> Vec<u8> {
    let mut below =
        |bound: usize| usize::try_from(random.next_u64() % bound.max(1) as u64).expect("below");
    let mut data = if pool.is_empty() || below(8) == 0 {
        (0..below(BYTES_MAX)).map(|_| u8::try_from(below(256)).expect("a byte")).collect()
    } else {
        pool[below(pool.len())].clone()
    };
    for _ in 0..=below(6) {
        let at = below(data.len() + 1);
        match below(6) {
            0 if at < data.len() => data[at] ^= 1 << below(8),
            1 if at < data.len() => data[at] = u8::try_from(below(256)).expect("a byte"),
            2 => data.insert(at, u8::try_from(below(256)).expect("a byte")),
            3 => data.truncate(at.max(1)),
            4 if !pool.is_empty() => {
                let other = &pool[below(pool.len())];
                let from = below(other.len());
                let piece = &other[from..other.len().min(from + 1 + below(64))];
                data.splice(at..at, piece.iter().copied());
            }
            _ => {
                let end = data.len().min(at + 1 + below(32));
                let piece = data[at.min(end)..end].to_vec();
                data.extend(piece);
            }
        }
    }
    data.truncate(BYTES_MAX);
    data
}

/// Says something past the test runner.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}

#[test]
fn every_target_keeps_its_promises() {
    let time = from_environment("SEAWALL_FUZZ_SECONDS").map(Duration::from_secs);
    let seed = from_environment("SEAWALL_FUZZ_SEED").unwrap_or(1);
    std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
    for target in TARGETS {
        let Target { name, marks, .. } = target;
        let mut pool = Vec::new();
        let mut kept = 0;
        for kind in ["regressions", "seeds", "corpus"] {
            for (path, data) in cases_in(&fuzz_directory().join(kind).join(name)) {
                run(target, &data, &path.display().to_string());
                pool.push(data);
                kept += 1;
            }
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (started, mut cases) = (Instant::now(), 0_u64);
        while time.map_or(cases < CASES, |time| started.elapsed() < time) {
            let data = mutate(&mut random, &pool);
            run(target, &data, "a random case");
            // Half of what is made is made more of.
            if cases.is_multiple_of(2) && pool.len() < 512 {
                pool.push(data);
            }
            cases += 1;
        }
        let reached = marks::take();
        let missing: Vec<_> = marks.iter().filter(|mark| !reached.contains(*mark)).collect();
        assert!(missing.is_empty(), "{name} keeps its promises, but never reached {missing:?}");
        told(format_args!(
            "{name}: {kept} kept cases, {cases} made from seed {seed}, marks: {}",
            marks.join(", ")
        ));
    }
    let _ = std::panic::take_hook();
}
