//! `seawall compare`: is B worse than A?

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::CliError;
use crate::measure::metric::{Better, Samples};
use crate::report::{ComparedNumber, Manifest, compare_page};
use crate::study::two_samples::{CONFIDENCE, TwoSamples, two_samples};

/// Level of the test.
const LEVEL: f64 = 1.0 - CONFIDENCE;

/// Compares the numbers of B with those of A and fails if one got worse.
///
/// A and B are what `--json` of a bench printed, run directories, or directories of either; in a
/// directory every file or run counts as one process. A number got worse if the ratio of medians
/// is beyond the threshold in the bad direction and, with several processes on both sides, Mann and
/// Whitney's p is below 0.05. Numbers of which nobody knows the good direction are shown when they
/// changed, and never fail.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  seawall bench ring --json > before.json      ... change something ...
  seawall bench ring --json > after.json
  seawall compare before.json after.json --threshold 5%
  seawall compare runs/flash-crash-1 runs/flash-crash-2 --all
  seawall compare runs/a runs/b --page compare.html      with a page

Exit status: 0 nothing got worse, 1 something did, 2 bad input or nothing in common.")]
pub(super) struct CompareArgs {
    /// What it was.
    #[arg(value_name = "A")]
    a: PathBuf,
    /// What it is now.
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Largest worsening that passes, as `5%` or `0.05`.
    #[arg(long, value_name = "PART", default_value = "5%", value_parser = part)]
    threshold: f64,
    /// Only numbers whose name contains this; may be given more than once.
    #[arg(long = "only", value_name = "TEXT")]
    only: Vec<String>,
    /// Shows what did not change too.
    #[arg(long)]
    all: bool,
    /// Also writes a page with the numbers that changed as a picture.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// One JSON object on standard output and nothing else there.
    #[arg(long)]
    json: bool,
}

fn part(text: &str) -> Result<f64, String> {
    let expected = || "expected a part such as 5% or 0.05, from 0 to 1000%".to_owned();
    let (number, unit) = match text.trim().strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text.trim(), 1.0),
    };
    let value = number.trim().parse::<f64>().map_err(|_| expected())? * unit;
    if (0.0..=10.0).contains(&value) { Ok(value) } else { Err(expected()) }
}

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Worse,
    Better,
    Changed,
    Same,
}

/// One number of both.
#[derive(Serialize)]
struct Row {
    name: String,
    better: Option<Better>,
    verdict: Verdict,
    #[serde(flatten)]
    compared: TwoSamples,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    a: &'a Path,
    b: &'a Path,
    threshold: f64,
    worse: usize,
    rows: &'a [Row],
}

/// Compares and prints.
pub(super) fn run(args: &CompareArgs, out: &mut impl Write) -> Result<(), CliError> {
    let (a, b) = (load(&args.a)?, load(&args.b)?);
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|t| name.contains(t));
    let mut rows = Vec::new();
    for (name, better, of_a) in a.iter().filter(|(name, ..)| wanted(name)) {
        if let Some(of_b) = b.get(name)
            && let Some(compared) = two_samples(of_a, of_b)
        {
            let verdict = verdict(&compared, better, args.threshold);
            rows.push(Row { name: name.to_owned(), better, verdict, compared });
        }
    }
    if rows.is_empty() {
        return Err(CliError::Usage(format!(
            "{} and {} have no number in common{}",
            args.a.display(),
            args.b.display(),
            if args.only.is_empty() { "" } else { " of those that --only names" }
        )));
    }
    let worse = rows.iter().filter(|row| row.verdict == Verdict::Worse).count();
    if let Some(path) = &args.page {
        let text = page(args, &rows);
        fs::write(path, text).map_err(|source| {
            CliError::Usage(format!("cannot write {}: {source}", path.display()))
        })?;
    }
    if args.json {
        let (a, b, threshold) = (&args.a, &args.b, args.threshold);
        let report = Report { a, b, threshold, worse, rows: &rows };
        serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(args, &rows, out)?;
    }
    out.flush()?;
    if worse == 0 {
        return Ok(());
    }
    let names = rows.iter().filter(|row| row.verdict == Verdict::Worse).map(|row| &*row.name);
    Err(CliError::Check(format!(
        "worse by more than {:.3} %: {}",
        args.threshold * 100.0,
        names.collect::<Vec<_>>().join(", ")
    )))
}

/// The samples of a file, a run directory, or a directory of either.
fn load(path: &Path) -> Result<Samples, CliError> {
    let mut samples = Samples::default();
    for file in files(path)? {
        let text = fs::read_to_string(&file).map_err(|source| {
            let expected = "the JSON of a bench, or a run directory";
            CliError::Usage(format!("{}: {source}, expected {expected}", file.display()))
        })?;
        let document: serde_json::Value = serde_json::from_str(&text)
            .map_err(|source| CliError::Usage(format!("{}: {source}", file.display())))?;
        samples.add(&document);
    }
    if samples.is_empty() {
        return Err(CliError::Usage(format!("{}: holds no number to compare", path.display())));
    }
    Ok(samples)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let summary = |directory: &Path| directory.join("summary.json");
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    if summary(path).is_file() {
        return Ok(vec![summary(path)]);
    }
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|source| CliError::Usage(format!("{}: {source}", path.display())))?;
    let mut files: Vec<PathBuf> = entries
        .iter()
        .map(fs::DirEntry::path)
        .map(|entry| if entry.is_dir() { summary(&entry) } else { entry })
        .filter(|file| file.is_file() && file.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    if files.is_empty() {
        let expected = "run directories or the JSON of benches in it";
        return Err(CliError::Usage(format!("{}: expected {expected}", path.display())));
    }
    Ok(files)
}

fn verdict(compared: &TwoSamples, better: Option<Better>, threshold: f64) -> Verdict {
    let (a, b) = (compared.median_a, compared.median_b);
    if a.to_bits() == b.to_bits() || compared.p_value.is_some_and(|p| p >= LEVEL) {
        return Verdict::Same;
    }
    let Some(better) = better else { return Verdict::Changed };
    // From nothing to something is beyond every threshold.
    let (change, beyond) = (b - a, (b - a).abs() > threshold * a.abs());
    match (better, change > 0.0) {
        _ if !beyond => Verdict::Same,
        (Better::Lower, true) | (Better::Higher, false) => Verdict::Worse,
        (Better::Lower, false) | (Better::Higher, true) => Verdict::Better,
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value}")
    } else {
        format!("{value:.4}")
    }
}

/// Columns of a row.
const HEADER: [&str; 8] = ["", "A", "B", "B / A", "95 % interval", "p", "seen from", ""];

/// The row's cells after its name.
fn cells(row: &Row) -> [String; 7] {
    let c = row.compared;
    let dash = || "-".to_owned();
    let interval = c.ratio_low.zip(c.ratio_high);
    [
        number(c.median_a),
        number(c.median_b),
        c.ratio.map_or_else(dash, |ratio| format!("{ratio:.3}")),
        interval.map_or_else(dash, |(l, h)| format!("[{l:.3} - {h:.3}]")),
        c.p_value.map_or_else(dash, |p| format!("{p:.4}")),
        c.detectable.map_or_else(dash, |d| format!("{:.1} %", d * 100.0)),
        match row.verdict {
            Verdict::Worse => "WORSE",
            Verdict::Better => "better",
            Verdict::Changed => "changed",
            Verdict::Same => "",
        }
        .to_owned(),
    ]
}

/// The page of the comparison.
fn page(args: &CompareArgs, rows: &[Row]) -> String {
    let one = |row: &Row| ComparedNumber {
        name: row.name.clone(),
        ratio: row.compared.ratio,
        interval: row.compared.ratio_low.zip(row.compared.ratio_high),
        verdict: match row.verdict {
            Verdict::Worse => "worse",
            Verdict::Better => "better",
            Verdict::Changed => "changed",
            Verdict::Same => "same",
        },
        cells: cells(row).to_vec(),
    };
    let numbers: Vec<ComparedNumber> = rows.iter().map(one).collect();
    let sentence = format!(
        "Worse or better is what changed by more than {:.3} % in a known direction and, with several \
         processes on both sides, is beyond noise (p below 0.05); changed is what has no known direction.",
        args.threshold * 100.0
    );
    let (a, b) = (args.a.display().to_string(), args.b.display().to_string());
    compare_page((&a, &b), &HEADER, &numbers, &sentence, &Manifest::of_this_process())
}

fn print(args: &CompareArgs, rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(HEADER);
    let shown = |row: &&Row| args.all || row.verdict != Verdict::Same;
    for row in rows.iter().filter(shown) {
        let mut line = vec![row.name.clone()];
        line.extend(cells(row));
        table.add_row(line);
    }
    if table.row_iter().next().is_some() {
        writeln!(out, "{table}\n")?;
    }
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    writeln!(
        out,
        "{} numbers: {} worse, {} better, {} changed, {} the same; threshold {:.3} %",
        rows.len(),
        count(Verdict::Worse),
        count(Verdict::Better),
        count(Verdict::Changed),
        count(Verdict::Same),
        args.threshold * 100.0
    )?;
    let single = rows.iter().filter(|row| row.compared.p_value.is_none()).count();
    let blind = |row: &&Row| row.compared.detectable.is_some_and(|d| d > args.threshold);
    let blind = rows.iter().filter(blind).count();
    if single > 0 {
        writeln!(
            out,
            "{single} of them have one process on a side: no interval. Fine for virtual time, \
             which repeats to the digit; too few for a clock."
        )?;
    }
    if blind > 0 {
        writeln!(
            out,
            "{blind} of them could not have shown a change of {:.3} % (column \"seen from\"): run \
             more processes, or on a quieter machine.",
            args.threshold * 100.0
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(a: &[f64], b: &[f64]) -> TwoSamples {
        two_samples(a, b).expect("there are values")
    }

    #[test]
    fn a_number_is_worse_beyond_the_threshold_in_the_bad_direction() {
        let slower = compared(&[100.0], &[106.0]);
        assert_eq!(verdict(&slower, Some(Better::Lower), 0.05), Verdict::Worse);
        assert_eq!(verdict(&slower, Some(Better::Lower), 0.07), Verdict::Same);
        assert_eq!(verdict(&slower, Some(Better::Higher), 0.05), Verdict::Better);
        assert_eq!(verdict(&slower, None, 0.05), Verdict::Changed);
        let from_nothing = compared(&[0.0], &[1.0]);
        assert_eq!(verdict(&from_nothing, Some(Better::Lower), 10.0), Verdict::Worse);
    }

    #[test]
    fn noise_is_not_a_regression() {
        let a = [100.0, 140.0, 90.0, 160.0, 110.0];
        let b = [120.0, 150.0, 95.0, 100.0, 165.0];
        assert_eq!(verdict(&compared(&a, &b), Some(Better::Lower), 0.05), Verdict::Same);
    }

    #[test]
    fn thresholds_are_parts() {
        assert_eq!(part("5%"), Ok(0.05));
        assert_eq!(part("0.05"), Ok(0.05));
        assert!(part("-1%").is_err() && part("much").is_err() && part("2000%").is_err());
    }
}
