//! The calibration in words, for the terminal and the page.

use std::fmt::Write as _;

use super::{Compared, tables};
use crate::calibrate::goodness::Verdict;
use crate::report::numbers;
use crate::report::terminal::{Style, drawn};

/// What came out, in a sentence.
pub(super) fn headline(compared: &Compared<'_>) -> String {
    let rows = &compared.goodness.rows;
    let count = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let (within, exceeded) = (count(Verdict::Within), count(Verdict::Exceeded));
    let bounded = within + exceeded;
    format!(
        "{within} of {bounded} bounded quantities of the run are within their bounds of the record."
    )
}

/// What the record was, and what of it is not in the scenario.
pub(super) fn sentence(compared: &Compared<'_>) -> String {
    let recorded = &compared.calibrated.recorded;
    let mut text = format!(
        "{} of record against {} of run, measured by the same code. KS is the greatest difference of the shares at any \
         value.",
        numbers::seconds(recorded.seconds),
        numbers::seconds(compared.synthetic.seconds),
    );
    let left_out = [
        (recorded.reductions, "cancels of a part of an order"),
        (recorded.late, "orders that entered the record late"),
        (recorded.stale, "stale orders that a later one would have met"),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", numbers::count(*n)))
        .collect();
    if !left_out.is_empty() {
        let _ = write!(text, " Not in the model: {}.", left_out.join(", "));
    }
    if recorded.cut {
        text += " The record goes on beyond what is kept of it.";
    }
    text
}

/// The terminal's text.
pub(super) fn text(compared: &Compared<'_>, style: Style) -> String {
    let goodness = compared.goodness;
    let mut text = format!("{}\n{}\n\n", headline(compared), sentence(compared));
    let _ = writeln!(text, "{}\n", drawn(&tables::goodness(goodness), style));
    for (names, why) in tables::reasons(goodness) {
        let _ = writeln!(text, "no bound: {names}: {why}");
    }
    let _ = writeln!(
        text,
        "\nHawkes processes; branching ratio of the scenario's {:.3}\n{}\n",
        goodness.branching_ratio,
        drawn(&tables::processes(&goodness.processes), style)
    );
    if let Some(paced) = tables::paced(goodness) {
        let _ = writeln!(text, "{paced}\n");
    }
    let tails = tables::tails(&goodness.size_tails);
    if !tails.rows.is_empty() {
        let _ = writeln!(text, "Power-law tails of the record's sizes\n{}\n", drawn(&tails, style));
    }
    let _ = writeln!(text, "Scenario: {}", compared.scenario.display());
    text
}
