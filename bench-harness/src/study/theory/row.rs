//! What a test prints: one row per number it checks.

use serde::Serialize;

use crate::study::statistics::Estimate;

/// Whether a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The interval is narrow enough and holds what was expected.
    Pass,
    /// It is not, or does not.
    Fail,
    /// It could not be run here; the note says why.
    Skipped,
    /// There is nothing that it ought to be: measured and told.
    Reported,
}

/// One number: what theory says, what the engine did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The test and the cell, `test/cell`.
    pub name: String,
    /// Where the expected number comes from.
    pub source: String,
    /// What theory says; `None` for a row that was skipped or is only reported.
    pub expected: Option<f64>,
    /// What the engine did; `None` for a row that was skipped.
    pub measured: Option<f64>,
    /// How far the interval of the measured number reaches.
    pub half_width: f64,
    /// The widest half-width that still counts as an answer; without noise, the largest
    /// difference that does.
    pub tolerance: f64,
    /// Observations.
    pub n: u64,
    /// Whether it holds.
    pub verdict: Verdict,
    /// A remark, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Row {
    /// Compares a measurement with theory. It passes if the half-width is at most `tolerance` and
    /// the interval holds `expected`.
    pub(super) fn compare(name: String, expected: f64, got: Estimate, tolerance: f64) -> Self {
        // The comparison is written so that a value that is not a number fails.
        let holds = got.half_width <= tolerance && (got.value - expected).abs() <= got.half_width;
        Self {
            name,
            source: String::new(),
            expected: Some(expected),
            measured: Some(got.value),
            half_width: got.half_width,
            tolerance,
            n: got.n,
            verdict: if holds { Verdict::Pass } else { Verdict::Fail },
            note: None,
        }
    }

    /// A row without noise that holds if the numbers differ by at most `tolerance`.
    pub(super) fn within(
        name: String,
        expected: f64,
        measured: f64,
        tolerance: f64,
        n: u64,
    ) -> Self {
        let mut row = Self::compare(name, expected, Estimate::exact(measured, n), tolerance);
        let holds = (measured - expected).abs() <= tolerance;
        row.verdict = if holds { Verdict::Pass } else { Verdict::Fail };
        row
    }

    /// A row that could not be run here.
    pub(super) fn skipped(name: String, why: String) -> Self {
        Self {
            name,
            source: String::new(),
            expected: None,
            measured: None,
            half_width: 0.0,
            tolerance: 0.0,
            n: 0,
            verdict: Verdict::Skipped,
            note: Some(why),
        }
    }

    /// A number that nothing is expected of. Without an interval it fails all the same.
    pub(super) fn reported(name: String, got: Estimate, note: String) -> Self {
        let is_known = got.value.is_finite() && got.half_width.is_finite();
        Self {
            name,
            source: String::new(),
            expected: None,
            measured: Some(got.value),
            half_width: got.half_width,
            tolerance: 0.0,
            n: got.n,
            verdict: if is_known { Verdict::Reported } else { Verdict::Fail },
            note: Some(note),
        }
    }

    /// The same with a remark.
    #[must_use]
    pub(super) fn noted(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expected: f64, value: f64, half_width: f64, tolerance: f64) -> Verdict {
        let got = Estimate { value, half_width, n: 1 };
        Row::compare(String::new(), expected, got, tolerance).verdict
    }

    #[test]
    fn a_row_passes_only_if_it_is_narrow_and_right() {
        assert_eq!(verdict(0.5, 0.503, 0.004, 0.008), Verdict::Pass);
        assert_eq!(verdict(0.5, 0.505, 0.004, 0.008), Verdict::Fail);
        assert_eq!(verdict(0.5, 0.505, 0.009, 0.008), Verdict::Fail, "too wide to say");
        assert_eq!(verdict(0.5, f64::NAN, 0.004, 0.008), Verdict::Fail);
        assert_eq!(verdict(0.5, 0.5, f64::NAN, 0.008), Verdict::Fail);
    }
}
