//! The oracles without a planted bug: they must be silent. It stops at the first that is not, so
//! that a mutant (`tests/mutants`) is held against it in a moment; with `quick` it asks less.

use std::process::ExitCode;

use canaries::oracles::{Caught, first_to_catch, quick_to_catch};

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "quick");
    match if quick { quick_to_catch() } else { first_to_catch() } {
        None => ExitCode::SUCCESS,
        Some(Caught { oracle, how, commands }) => {
            eprintln!("{oracle}: {how}, after {commands} commands");
            ExitCode::FAILURE
        }
    }
}
