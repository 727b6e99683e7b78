//! The table of bugs and who caught them, as Markdown: `docs/TESTING.md` keeps one.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use seawall_engine::canary::{Canary, plant};

use canaries::oracles::{Caught, first_to_catch};

/// The longest that catching a bug may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the oracles said about one bug, or about none.
fn judge(canary: Option<Canary>) -> bool {
    plant(canary);
    let started = Instant::now();
    let caught = first_to_catch();
    let took = started.elapsed();
    let Caught { oracle, how, commands } =
        caught.unwrap_or(Caught { oracle: "-", how: "not caught", commands: 0 });
    let name = canary.map_or("none", Canary::name);
    let seconds = took.as_secs_f64();
    println!("| `{name}` | {oracle} | {how} | {commands} | {seconds:.1} |");
    caught.is_some() == canary.is_some() && took < PATIENCE
}

/// Runs every bug, or the one that the environment names, and prints a line for each.
pub(crate) fn print() -> ExitCode {
    // What is caught is often a panic; its message is not the news.
    std::panic::set_hook(Box::new(|_| {}));
    let chosen: Vec<Option<Canary>> = match std::env::var("SEAWALL_CANARY") {
        Ok(name) => match Canary::named(&name) {
            Some(canary) => vec![Some(canary)],
            None => {
                eprintln!("SEAWALL_CANARY is {name:?}, which is none of {:?}", Canary::ALL);
                return ExitCode::from(2);
            }
        },
        // No test of commands can see what order a processor gives two stores: loom's models do.
        Err(_) => std::iter::once(None)
            .chain(Canary::ALL.iter().copied().map(Some))
            .filter(|canary| *canary != Some(Canary::PublishRelaxed))
            .collect(),
    };
    println!("| planted bug | caught by | how | after commands | seconds |");
    println!("|---|---|---|---:|---:|");
    let passed = chosen.into_iter().map(judge).fold(true, |all, one| all && one);
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
