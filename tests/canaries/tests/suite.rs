//! The oracles without a planted bug: they must be silent. It stops at the first that is not, so
//! that a mutant (`tests/mutants`) is held against it in a moment; with `quick` it asks less, with
//! `engine` only what looks at the engine.

use std::process::ExitCode;

use canaries::oracles::{Caught, first_of_engine_to_catch, first_to_catch, quick_to_catch};

fn main() -> ExitCode {
    let caught = match std::env::args().nth(1).as_deref() {
        Some("quick") => quick_to_catch(),
        Some("engine") => first_of_engine_to_catch(),
        _ => first_to_catch(),
    };
    match caught {
        None => ExitCode::SUCCESS,
        Some(Caught { oracle, how, commands }) => {
            eprintln!("{oracle}: {how}, after {commands} commands");
            ExitCode::FAILURE
        }
    }
}
