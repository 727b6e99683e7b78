//! Runs a script through the reference and the real engine and prints every event, to look into a
//! difference by hand: `cargo run -p conformance --example explain -- FILE`.

use std::process::ExitCode;

use conformance::differential::{Pair, What};
use conformance::script;
use seawall_engine::core::Engine;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: explain FILE");
        return ExitCode::from(2);
    };
    let script = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| script::read(&text).map_err(|error| error.to_string()))
        .and_then(|script| script.setup.build().map(|_| script));
    let script = match script {
        Ok(script) => script,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let mut pair = Pair::<Engine>::open(&script.setup);
    for entry in &script.entries {
        let sequenced = &entry.input;
        println!("t={} {}", sequenced.time_ns, script::input_line(&sequenced.input));
        let outcome = pair.apply(sequenced);
        for event in pair.events() {
            println!("  > {}", script::event_line(event));
        }
        if let Err(difference) = outcome.and_then(|()| pair.compare_state()) {
            println!("{difference}");
            if difference.what != What::Contradiction {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
