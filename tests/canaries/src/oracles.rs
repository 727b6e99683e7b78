//! The oracles of the tests, as functions that say what they have caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use conformance::coverage::Coverage;
use conformance::differential::{What, compare, run_seed};
use conformance::disk::{Disk, Fault};
use conformance::durable::Script;
use conformance::restarting::Restarting;
use conformance::script;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_engine::core::Engine;
use seawall_engine::types::Seq;

/// Seeds of the generator that the differential tries before it gives up.
const SEEDS: u64 = 100;
const COMMANDS: usize = 2_000;

/// What caught a bug, and after how many commands.
#[derive(Clone, Copy, Debug)]
pub struct Caught {
    /// The oracle.
    pub oracle: &'static str,
    /// What it saw.
    pub how: &'static str,
    /// Commands until then.
    pub commands: u64,
}

/// How, and after how many commands.
type Found = Option<(&'static str, u64)>;

/// What it is called, and what it does.
type Oracle = (&'static str, fn() -> Found);

/// The oracles, in the order in which they are asked.
const ORACLES: [Oracle; 4] = [
    ("differential", differential),
    ("restart", restart),
    ("crash", crash),
    ("corruption", corruption),
];

/// The scripts and a few seeds: what catches most of what can be caught, in no time.
const QUICK: [Oracle; 2] = [("scripts", scripts), ("differential", few_seeds)];

/// Those that look at the engine and not at its log.
const OF_ENGINE: [Oracle; 2] = [("differential", differential), ("restart", restart)];

/// The first oracle that sees that something is wrong.
pub fn first_to_catch() -> Option<Caught> {
    first_of(&ORACLES)
}

/// The same in a second, with less to say about what is found.
pub fn quick_to_catch() -> Option<Caught> {
    first_of(&QUICK)
}

/// The first that sees that something is wrong with the engine.
pub fn first_of_engine_to_catch() -> Option<Caught> {
    first_of(&OF_ENGINE)
}

fn first_of(oracles: &[Oracle]) -> Option<Caught> {
    oracles.iter().find_map(|(name, ask)| {
        let found = catch_unwind(AssertUnwindSafe(ask)).unwrap_or(Some(("a panic", 0)));
        found.map(|(how, commands)| Caught { oracle: name, how, commands })
    })
}

/// Scenario scripts and regressions, played to the engine and the reference.
fn scripts() -> Found {
    let mut commands = 0;
    for path in ["scripts", "regressions"].into_iter().flat_map(script::files) {
        let script = script::open(&path);
        let inputs: Vec<_> = script.entries.iter().map(|entry| entry.input).collect();
        commands += inputs.len() as u64;
        if compare::<Engine>(&script.setup, &inputs, 1).is_err() {
            return Some(("a scenario differs from the reference", commands));
        }
    }
    None
}

fn few_seeds() -> Found {
    of_seeds(8)
}

fn differential() -> Found {
    of_seeds(SEEDS)
}

fn of_seeds(seeds: u64) -> Found {
    let mut coverage = Coverage::default();
    let failure =
        (0..seeds).find_map(|seed| run_seed::<Engine>(seed, COMMANDS, &mut coverage).err())?;
    let how = match failure.difference.what {
        What::Events { .. } => "events differ from the reference",
        What::State(_) => "state differs from the reference",
        What::Panic => "the auditor, or an assertion",
        What::Contradiction => "the reference contradicts itself",
    };
    Some((how, coverage.commands))
}

fn restart() -> Found {
    let mut coverage = Coverage::default();
    let differs = |seed| run_seed::<Restarting>(seed, COMMANDS / 2, &mut coverage).is_err();
    (0..SEEDS / 5).any(differs).then_some(("a restart from a snapshot differs", coverage.commands))
}

fn crash() -> Found {
    let mut commands = 0;
    for seed in 0..4 {
        let script = Script::new(seed, 300);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let whole = Disk::new();
        script.run(&whole, &mut Seq(0)).expect("nothing fails");
        for operation in 1..=whole.operations() {
            let disk = Disk::new();
            disk.plan(operation, Fault::Die);
            let mut told = Seq(0);
            let _ = script.run(&disk, &mut told);
            // What was acknowledged, and the one that was on its way.
            commands += told.0 + 1;
            let left = disk.after_power_cut(&mut random);
            match script.recover(&left) {
                Ok(recovered) if recovered.engine.seq() < told => {
                    return Some(("an acknowledged command is missing", commands));
                }
                Ok(recovered) if script.is_right(&recovered.engine) => {}
                _ => return Some(("a crash that does not recover", commands)),
            }
        }
    }
    None
}

/// Bits flip in the log; what recovers must be a state that was.
fn corruption() -> Found {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
    let script = Script::new(0, 400);
    let disk = Disk::new();
    script.run(&disk, &mut Seq(0)).expect("nothing fails");
    for round in 1..2_000_u64 {
        let lying = disk.copy();
        lying.damage(|files| {
            let logs = files.iter_mut().filter(|(name, _)| name.starts_with("log-"));
            for (_, bytes) in logs {
                let at = usize::try_from(random.next_u64() % 8_000).expect("small");
                bytes[at] ^= 1 << (random.next_u64() % 8);
            }
        });
        let recover = || script.recover(&lying).map(|found| script.is_right(&found.engine));
        match catch_unwind(AssertUnwindSafe(recover)) {
            Ok(Ok(false)) => return Some(("a damaged log is believed", round * 400)),
            Err(_) => return Some(("a damaged log stops the engine", round * 400)),
            Ok(_) => {}
        }
    }
    None
}
