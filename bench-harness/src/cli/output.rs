//! Where words go: results to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use clap::Args;
use serde::Serialize;

use crate::report::terminal::Style;

/// What every command can be told about its output.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Output {
    /// Print one JSON object on standard output and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// No progress and no notes on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

impl Output {
    /// A remark that is not the result.
    pub fn note(self, text: impl Display) {
        if !self.quiet {
            // Nobody may be listening; a remark is not worth failing for.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Prints the result, as JSON or as text.
    pub fn result(self, json: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut stdout, json)?;
            writeln!(stdout)?;
        } else {
            stdout.write_all(text().as_bytes())?;
        }
        stdout.flush()
    }
}

/// An error, on standard error.
pub(super) fn complain(error: &impl Display) {
    let label = if is_coloured(&io::stderr()) { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
    let _ = writeln!(io::stderr(), "{label}: {error}");
}

/// How tables on standard output are drawn.
pub(super) fn style() -> Style {
    let width = comfy_table::Table::new().width();
    Style { colour: is_coloured(&io::stdout()), width }
}

/// Colours only on a terminal, and never where `NO_COLOR` asks for none.
fn is_coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
