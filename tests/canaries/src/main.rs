//! Plants one bug after the other and says which oracle catches it, and after how many commands.
//!
//! `.ci/canaries.sh` builds and runs it. With `SEAWALL_CANARY=NAME` that bug alone.
//! Exits with 1 if a bug is not caught within a minute, or if something is "caught" where no bug
//! is; with 2 in a build that has no bugs.

#[cfg(canary)]
mod table;

#[cfg(canary)]
fn main() -> std::process::ExitCode {
    table::print()
}

#[cfg(not(canary))]
fn main() -> std::process::ExitCode {
    eprintln!("no bugs are planted in this build; build it with RUSTFLAGS='--cfg canary'");
    std::process::ExitCode::from(2)
}
