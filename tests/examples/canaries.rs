//! Plants one bug after the other and says which oracle catches it, and after how many commands.
//!
//! `RUSTFLAGS='--cfg canary' cargo run --profile canary -p conformance --example canaries`
//!
//! Exits with 1 if a bug is not caught, or if something is "caught" where no bug is.

#[cfg(not(canary))]
fn main() -> std::process::ExitCode {
    eprintln!("no bugs are planted in this build; build it with RUSTFLAGS='--cfg canary'");
    std::process::ExitCode::from(2)
}

#[cfg(canary)]
fn main() -> std::process::ExitCode {
    oracles::main()
}

#[cfg(canary)]
mod oracles {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::ExitCode;
    use std::time::Instant;

    use conformance::coverage::Coverage;
    use conformance::differential::{What, run_seed};
    use conformance::disk::{Disk, Fault};
    use conformance::durable::Script;
    use conformance::restarting::Restarting;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{Rng, SeedableRng};
    use seawall_engine::canary::{Canary, plant};
    use seawall_engine::core::Engine;
    use seawall_engine::types::Seq;

    /// Seeds that an oracle tries before it gives up.
    const SEEDS: u64 = 150;
    const COMMANDS: usize = 2_000;

    /// What caught a bug, and after how many commands.
    type Caught = Option<(&'static str, u64)>;
    /// An oracle.
    type Oracle = fn() -> Caught;

    /// The oracles, the cheapest first.
    const ORACLES: [(&str, Oracle); 4] = [
        ("differential", differential),
        ("restart", restart),
        ("crash", crash),
        ("corruption", corruption),
    ];

    fn differential() -> Caught {
        let mut coverage = Coverage::default();
        for seed in 0..SEEDS {
            if let Err(failure) = run_seed::<Engine>(seed, COMMANDS, &mut coverage) {
                let how = match failure.difference.what {
                    What::Events { .. } => "events differ from the reference",
                    What::State(_) => "state differs from the reference",
                    What::Panic => "the auditor or an assertion",
                    What::Contradiction => "the reference contradicts itself",
                };
                return Some((how, coverage.commands));
            }
        }
        None
    }

    fn restart() -> Caught {
        let mut coverage = Coverage::default();
        for seed in 0..SEEDS / 5 {
            if run_seed::<Restarting>(seed, COMMANDS / 2, &mut coverage).is_err() {
                return Some(("a restart from a snapshot", coverage.commands));
            }
        }
        None
    }

    fn crash() -> Caught {
        let mut commands = 0;
        for seed in 0..4 {
            let script = Script::new(seed, 300);
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let whole = Disk::new();
            script.run(&whole, &mut Seq(0)).ok()?;
            for operation in 1..=whole.operations() {
                let disk = Disk::new();
                disk.plan(operation, Fault::Die);
                let mut told = Seq(0);
                let _ = script.run(&disk, &mut told);
                commands += script.inputs.len() as u64;
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

    fn corruption() -> Caught {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let script = Script::new(0, 400);
        let disk = Disk::new();
        script.run(&disk, &mut Seq(0)).ok()?;
        for round in 1..2_000_u64 {
            let lying = disk.copy();
            lying.damage(|files| {
                let logs = files.iter_mut().filter(|(name, _)| name.starts_with("log-"));
                for (_, bytes) in logs {
                    let at = usize::try_from(random.next_u64() % 8_000).expect("small");
                    bytes[at.min(8_000)] ^= 1 << (random.next_u64() % 8);
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

    fn caught() -> (Caught, &'static str) {
        for (name, oracle) in ORACLES {
            let found = catch_unwind(AssertUnwindSafe(oracle));
            match found {
                Ok(None) => {}
                Ok(found) => return (found, name),
                Err(_) => return (Some(("a panic", 0)), name),
            }
        }
        (None, "")
    }

    pub(crate) fn main() -> ExitCode {
        // What is caught is often a panic; its message is not the news.
        std::panic::set_hook(Box::new(|_| {}));
        let mut passed = true;
        println!("{:<24} {:<13} {:<36} {:>9} {:>7}", "bug", "oracle", "how", "commands", "s");
        for canary in std::iter::once(None).chain(Canary::ALL.map(Some)) {
            plant(canary);
            let started = Instant::now();
            let (found, oracle) = caught();
            let seconds = started.elapsed().as_secs_f64();
            let name = canary.map_or("none".to_owned(), |canary| format!("{canary:?}"));
            let (how, commands) = found.unwrap_or(("not caught", 0));
            println!("{name:<24} {oracle:<13} {how:<36} {commands:>9} {seconds:>7.1}");
            passed &= found.is_some() == canary.is_some() && seconds < 60.0;
        }
        if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
