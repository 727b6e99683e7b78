//! The results as a page: `docs/VALIDATION.md` is this module's output and nothing else.

use std::fmt::Write as _;

use super::{Plan, Row, Test, Verdict};
use crate::report::numbers;

/// A number with the digits that matter: five places below ten, fewer above.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let places = match size {
        _ if value.fract() == 0.0 && size < 1e15 => 0,
        _ if size < 10.0 => 5,
        _ if size < 1_000.0 => 3,
        _ => 2,
    };
    numbers::decimal(value, places)
}

/// The whole page.
pub fn page(tables: &[(&Test, Vec<Row>)], plan: Plan) -> String {
    let mut page = String::from(
        "# Validation: theory the engine reproduces\n\n\
         Written by `seawall validate --write-docs docs/VALIDATION.md`; do not edit.\n\n\
         Every test drives the real order book, or the whole engine, with the flow that the theory\n\
         states, from fixed seeds, and asks the real queues. No test computes its answer from the\n\
         formula it checks. A row passes if its interval holds the expected number *and* is narrow\n\
         enough: a half-width beyond the tolerance is a failure. The rows of one table hold together\n\
         with probability 0.999 if the engine is right (Bonferroni; exact Clopper-Pearson intervals for\n\
         probabilities, Student's for means of independent replicas). Rows without noise have a\n\
         half-width of 0 and differ from what is expected by at most the tolerance: a tick for prices,\n\
         nothing for counts, 0.4 % for recorded sweeps. Reported rows are measured and compared with nothing.\n\n",
    );
    let mode = if plan.deep { "`--deep`" } else { "default" };
    let rows: usize = tables.iter().map(|(_, rows)| rows.len()).sum();
    let _ = writeln!(page, "{rows} rows, {mode} tolerances.\n");
    overview(&mut page, tables);
    for (test, rows) in tables {
        section(&mut page, test, rows);
    }
    page
}

fn overview(page: &mut String, tables: &[(&Test, Vec<Row>)]) {
    page.push_str(
        "| test | what it shows | rows | passed | worst deviation |\n|---|---|---|---|---|\n",
    );
    for (test, rows) in tables {
        let passed = rows.iter().filter(|row| row.verdict == Verdict::Pass).count();
        let skipped = rows.iter().filter(|row| row.verdict == Verdict::Skipped).count();
        let reported = rows.iter().filter(|row| row.verdict == Verdict::Reported).count();
        let passed = match (skipped, reported) {
            (0, 0) => passed.to_string(),
            (0, reported) => format!("{passed} ({reported} reported)"),
            (skipped, _) => format!("{passed} ({skipped} skipped)"),
        };
        let worst = rows.iter().filter_map(deviation).fold(0.0, f64::max);
        let _ = writeln!(
            page,
            "| [{0}](#{0}) | {1} | {2} | {passed} | {worst:.2} of the half-width |",
            test.name,
            test.about,
            rows.len()
        );
    }
    page.push('\n');
}

/// How far the measured number lies from the expected one, in half-widths.
fn deviation(row: &Row) -> Option<f64> {
    let width = if row.half_width > 0.0 { row.half_width } else { row.tolerance };
    (width > 0.0).then(|| Some((row.measured? - row.expected?).abs() / width)).flatten()
}

fn section(page: &mut String, test: &Test, rows: &[Row]) {
    let _ =
        writeln!(page, "## {}\n\n{}. Source: {}.\n", test.name, capital(test.about), test.source);
    let noted = rows.iter().any(|row| row.note.is_some());
    page.push_str("| row | expected | measured | half-width | tolerance | n | verdict |");
    page.push_str(if noted { " note |\n" } else { "\n" });
    page.push_str("|---|---|---|---|---|---|---|");
    page.push_str(if noted { "---|\n" } else { "\n" });
    for row in rows {
        let cell = row.name.split_once('/').map_or(row.name.as_str(), |(_, cell)| cell);
        let shown = |value: Option<f64>| value.map_or_else(|| numbers::NONE.to_owned(), number);
        let verdict = match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "**fail**",
            Verdict::Skipped => "skipped",
            Verdict::Reported => "reported",
        };
        let _ = write!(
            page,
            "| {cell} | {} | {} | {} | {} | {} | {verdict} |",
            shown(row.expected),
            shown(row.measured),
            number(row.half_width),
            number(row.tolerance),
            numbers::count(row.n)
        );
        if noted {
            let _ = write!(page, " {} |", row.note.as_deref().unwrap_or(""));
        }
        page.push('\n');
    }
    page.push('\n');
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
