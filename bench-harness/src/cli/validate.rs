//! `seawall validate`: theory and golden tables, against the real queues.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{CliError, Output};
use crate::report::{Manifest, ReportError, numbers};
use crate::study::parallel;
use crate::study::theory::{self, Plan, Row, TESTS, Test, Verdict, document};

/// Compares the engine with classical theory and golden numbers
///
/// Every test drives the real queues with a stated random flow from fixed seeds and prints what
/// theory says beside what was measured, with the half-width of its interval. A half-width beyond
/// the tolerance is a failure. Exit code 1 if a row fails.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall validate                             everything, in a minute or two
  seawall validate cst-table-3 cobham          two tests
  seawall validate --list                      what there is
  seawall validate --deep --json               narrow intervals, as JSON
  seawall validate --write-docs docs/VALIDATION.md")]
pub(super) struct ValidateArgs {
    /// Tests to run; all of them if none is named.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Narrow intervals and heavier loads: takes most of an hour on two cores.
    #[arg(long)]
    deep: bool,
    /// Only list the tests.
    #[arg(long)]
    list: bool,
    /// Also write the results as a Markdown page.
    #[arg(long, value_name = "FILE")]
    write_docs: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Serialize)]
struct Validation<'a> {
    manifest: Manifest,
    deep: bool,
    passed: usize,
    failed: usize,
    skipped: usize,
    reported: usize,
    tests: &'a [Row],
}

/// Runs the tests and prints their rows; fails the check if a row fails.
pub(super) fn run(args: &ValidateArgs) -> Result<(), CliError> {
    let tests = args.names.iter().map(|name| find(name)).collect::<Result<Vec<&Test>, _>>()?;
    let tests = if tests.is_empty() { TESTS.iter().collect() } else { tests };
    if args.list {
        return Ok(args.output.result(&names(&tests), || list(&tests))?);
    }
    let plan = Plan { deep: args.deep, workers: parallel::cores() };
    let began = Instant::now();
    let mut tables = Vec::new();
    let bar = bar(args.output, tests.len());
    for test in tests {
        let began = Instant::now();
        bar.set_message(test.name);
        let rows = test.run(plan);
        let failed = count(&rows, Verdict::Fail);
        bar.inc(1);
        bar.suspend(|| {
            args.output.note(format_args!(
                "{}: {} rows, {failed} failed, {:.1} s",
                test.name,
                rows.len(),
                began.elapsed().as_secs_f64()
            ));
        });
        tables.push((test, rows));
    }
    bar.finish_and_clear();
    let rows: Vec<Row> = tables.iter().flat_map(|(_, rows)| rows.clone()).collect();
    let failed = count(&rows, Verdict::Fail);
    if let Some(path) = &args.write_docs {
        let page = document::page(&tables, plan);
        fs::write(path, page).map_err(|source| ReportError::write(path, &source))?;
    }
    let validation = Validation {
        manifest: Manifest::of_this_process(),
        deep: plan.deep,
        passed: count(&rows, Verdict::Pass),
        failed,
        skipped: count(&rows, Verdict::Skipped),
        reported: count(&rows, Verdict::Reported),
        tests: &rows,
    };
    args.output.result(&validation, || {
        let seconds = began.elapsed().as_secs_f64();
        format!("{}{}\n", text(&tables), summary(&validation, seconds))
    })?;
    if failed == 0 {
        Ok(())
    } else {
        Err(CliError::Check(format!("{failed} of {} rows do not hold", rows.len())))
    }
}

/// What runs, for how long all has run, and how many of the tests are done; alive while one runs.
fn bar(output: Output, tests: usize) -> ProgressBar {
    let target =
        if output.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(tests as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    if !output.quiet {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

fn find(name: &str) -> Result<&'static Test, CliError> {
    theory::find(name).map_err(|near| {
        let hint = near.map_or_else(
            || "see `seawall validate --list`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        CliError::Usage(format!("there is no test named `{name}`; {hint}"))
    })
}

fn count(rows: &[Row], verdict: Verdict) -> usize {
    rows.iter().filter(|row| row.verdict == verdict).count()
}

fn names(tests: &[&Test]) -> serde_json::Value {
    let entry = |test: &&Test| serde_json::json!({ "name": test.name, "about": test.about, "source": test.source });
    serde_json::json!({ "tests": tests.iter().map(entry).collect::<Vec<_>>() })
}

fn list(tests: &[&Test]) -> String {
    let width = tests.iter().map(|test| test.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for test in tests {
        let _ = writeln!(text, "{:width$}  {}", test.name, test.about);
    }
    text
}

fn text(tables: &[(&Test, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (test, rows) in tables {
        let _ = writeln!(text, "{}: {}\n  {}", test.name, test.about, test.source);
        let cell =
            |row: &Row| row.name.split_once('/').map_or_else(|| row.name.clone(), |n| n.1.into());
        let width = rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
        for row in rows {
            let verdict = match row.verdict {
                Verdict::Pass => "pass",
                Verdict::Fail => "FAIL",
                Verdict::Skipped => "skipped",
                Verdict::Reported => "reported",
            };
            let line = match (row.expected, row.measured) {
                (Some(expected), Some(measured)) => format!(
                    "expected {:>10}  measured {:>10} ± {:<8} n {:>11}",
                    document::number(expected),
                    document::number(measured),
                    document::number(row.half_width),
                    numbers::count(row.n)
                ),
                (None, Some(measured)) => format!(
                    "{:>19}  measured {:>10} ± {:<8} n {:>11}",
                    "",
                    document::number(measured),
                    document::number(row.half_width),
                    numbers::count(row.n)
                ),
                _ => row.note.clone().unwrap_or_default(),
            };
            let _ = writeln!(text, "  {:width$}  {line}  {verdict}", cell(row));
        }
        text.push('\n');
    }
    text
}

fn summary(validation: &Validation<'_>, seconds: f64) -> String {
    format!(
        "{} rows: {} pass, {} fail, {} skipped, {} only reported, in {seconds:.0} s",
        validation.tests.len(),
        validation.passed,
        validation.failed,
        validation.skipped,
        validation.reported
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_gets_a_suggestion() {
        let error = find("cst-table-33").expect_err("there is no such test");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean `cst-table-3`?"), "{error}");
        let error = find("zzzzzzzz").expect_err("there is no such test");
        assert!(error.to_string().contains("--list"), "{error}");
    }
}
