//! A calibration as text and as a page.

mod pictures;
mod tables;
mod text;

use std::path::Path;

use askama::Template;

use super::Manifest;
use super::page::{groups, plotting_library};
use super::queue::Page;
use super::terminal::Style;
use crate::calibrate::Calibrated;
use crate::calibrate::goodness::Goodness;
use crate::calibrate::measure::Measured;

/// Record and run side by side.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The record's file.
    pub file: &'a Path,
    /// The scenario's file.
    pub scenario: &'a Path,
    /// What was measured of the record and fitted to it.
    pub calibrated: &'a Calibrated,
    /// What was measured of the run.
    pub synthetic: &'a Measured,
    /// How far they are apart.
    pub goodness: &'a Goodness,
}

/// The page: one file, no network.
pub fn page(compared: &Compared<'_>, manifest: &Manifest) -> String {
    let goodness = compared.goodness;
    let name = |path: &Path| {
        path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned())
    };
    let reasons: Vec<String> = tables::reasons(goodness)
        .into_iter()
        .map(|(names, why)| format!("No bound for {names}: {why}."))
        .collect();
    let mut hawkes = format!(
        "Fitted by maximum likelihood; the branching ratio of the scenario's process is {:.3}. Residuals are rescaled \
         times: exponentials of mean one if the model is true, whose KS distance would be above the 5 % level once in \
         twenty times.",
        goodness.branching_ratio
    );
    if let Some(paced) = tables::paced(goodness) {
        hawkes = format!("{hawkes} {paced}");
    }
    Page {
        title: format!("{}: calibration", name(compared.file)),
        facts: vec![("record", name(compared.file)), ("scenario", name(compared.scenario))],
        headline: text::headline(compared),
        sentence: text::sentence(compared),
        manifest,
        command: manifest.command_line.join(" "),
        tables: vec![
            ("Record and run", reasons.join(" "), tables::goodness(goodness)),
            ("Processes of arrivals", hawkes, tables::processes(&goodness.processes)),
            (
                "Power-law tails of the record's sizes",
                "By maximum likelihood, from the least size that the law fits best from (Clauset, Shalizi and Newman \
                 2009)."
                    .to_owned(),
                tables::tails(&goodness.size_tails),
            ),
            ("Arrivals", String::new(), tables::arrivals(compared)),
        ],
        groups: groups(pictures::charts(compared)),
        exact: Vec::new(),
        files: &[],
        plotting_library: plotting_library(),
    }
    .render()
    .expect("the template formats into a string and calls nothing that can fail")
}

/// The terminal's text.
pub fn text(compared: &Compared<'_>, style: Style) -> String {
    text::text(compared, style)
}
