//! A progress bar for a run, on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Output;
use crate::report::numbers;
use crate::simulation::Progress;

/// Redraws a second at most.
const REDRAWS_HZ: u8 = 10;

/// The bar of a run; hidden when it is unwanted or standard error is no terminal.
#[derive(Debug)]
pub(super) struct RunBar {
    bar: ProgressBar,
}

impl RunBar {
    pub(super) fn new(output: Output) -> Self {
        let target = if output.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(REDRAWS_HZ)
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{prefix} [{wide_bar}] {percent:>3} %, {msg}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Shows how far the run has come.
    pub(super) fn show(&self, progress: Progress) {
        let name = if progress.paired { "without liquidations" } else { "cascade" };
        self.bar.set_prefix(name);
        self.bar.set_length(progress.end_ns.max(1));
        self.bar.set_position(progress.time_ns.min(progress.end_ns));
        self.bar.set_message(format!("{} commands", numbers::compact(progress.commands as f64)));
    }

    /// Takes the bar away.
    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
    }
}
