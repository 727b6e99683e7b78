//! The command line as a program of its own, for the tests that start it.

use std::path::Path;
use std::process::{Command, Output};

/// Runs it in a directory.
pub(crate) fn seawall(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seawall"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the binary was built with the tests")
}

/// What it said on standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it said when it refused its input.
#[allow(dead_code, reason = "not every test has something refused")]
pub(crate) fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(output.stdout.is_empty(), "an error belongs on standard error");
    stderr(output)
}
