//! A comparison of points over seeds: as terminal tables, and as a page.

use std::fmt::Write as _;

use askama::Template;

use super::charts::{self, DataTable};
use super::manifest::Manifest;
use super::numbers;
use super::page::{Group, Tile, groups, plotting_library};
use super::terminal::{self, Style};
use crate::study::bootstrap::Mean;
use crate::study::comparison::{Comparison, PointResult};
use crate::study::measures::HEADLINES;

/// Points that are compared with the first measure by measure; of further ones pages show headline
/// measures.
pub const COMPARED_POINTS: usize = 12;

#[derive(Template)]
#[template(path = "comparison.html")]
struct Page<'a> {
    manifest: &'a Manifest,
    comparison: &'a Comparison,
    command: String,
    headline: String,
    sentence: String,
    tiles: Vec<Tile>,
    top: Option<(String, DataTable)>,
    changes: Vec<(String, DataTable)>,
    groups: Vec<Group>,
    files: &'a [String],
    plotting_library: String,
}

/// A number of any size in a few digits.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    if size >= 1e4 {
        numbers::compact(value)
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        let places = match size {
            _ if size >= 100.0 => 1,
            _ if size >= 1.0 => 3,
            _ if size >= 1e-3 => 5,
            _ => return format!("{value:.2e}"),
        };
        let text = numbers::decimal(value, places);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// A mean and its interval.
pub fn with_interval(mean: &Mean) -> String {
    format!("{} {}", figure(mean.mean), interval(mean)).trim_end().to_owned()
}

/// `[low, high]`, or nothing where there is no interval.
pub(super) fn interval(mean: &Mean) -> String {
    match (mean.low, mean.high) {
        (Some(low), Some(high)) => format!("[{}, {}]", figure(low), figure(high)),
        _ => String::new(),
    }
}

/// What a point changes against the first one: headline measures with their differences.
pub fn changes(comparison: &Comparison, point: usize) -> DataTable {
    let (base, other) = (&comparison.points[0], &comparison.points[point]);
    let mut table = DataTable::new(&["measure", "first", "this", "difference", "95 % interval"]);
    for headline in HEADLINES {
        let (Some(first), Some(this)) =
            (base.measures.get(headline.path), other.measures.get(headline.path))
        else {
            continue;
        };
        let difference = other.differences.get(headline.path);
        table.rows.push(vec![
            headline.path.to_owned(),
            figure(first.mean),
            figure(this.mean),
            difference.map_or_else(|| numbers::NONE.to_owned(), |mean| figure(mean.mean)),
            difference.map_or_else(String::new, interval),
        ]);
    }
    table
}

/// How many of all measures differ at any seed.
fn differing(comparison: &Comparison, point: usize) -> (usize, usize) {
    let differences = &comparison.points[point].differences;
    let is_change = |mean: &&Mean| mean.mean != 0.0 || mean.low != mean.high;
    (differences.values().filter(is_change).count(), differences.len())
}

fn sentence(comparison: &Comparison) -> String {
    let seeds = comparison.seeds.len();
    let missing = match comparison.missing {
        0 => String::new(),
        missing => format!(" {missing} runs are missing."),
    };
    format!(
        "{} points × {seeds} seeds, all noise shared: differences are taken seed by seed. \
         Intervals are 95 % percentile bootstrap over seeds.{missing}",
        comparison.points.len()
    )
}

/// The comparison for a terminal.
pub fn render_terminal(comparison: &Comparison, style: Style) -> String {
    let mut text = format!("{}: {}\n", comparison.scenario, sentence(comparison));
    let listed = comparison.points.len().min(COMPARED_POINTS);
    for (number, point) in comparison.points[..listed].iter().enumerate().skip(1) {
        let (changed, of) = differing(comparison, number);
        let _ = write!(
            text,
            "\nfirst: {}\nthis:  {}\n{changed} of {of} measures differ\n",
            comparison.points[0].label, point.label
        );
        text.push_str(&terminal::drawn(&changes(comparison, number), style));
        text.push('\n');
    }
    if comparison.points.len() == 1 {
        text.push_str(&terminal::drawn(&means(comparison), style));
        text.push('\n');
    }
    if comparison.points.len() > listed {
        let more = comparison.points.len() - listed;
        let _ = writeln!(text, "\n{more} more points in the files");
    }
    text
}

/// The headline measures of a single point.
fn means(comparison: &Comparison) -> DataTable {
    let mut table = DataTable::new(&["measure", "runs", "mean", "95 % interval"]);
    for headline in HEADLINES {
        let Some(mean) = comparison.points[0].measures.get(headline.path) else { continue };
        table.rows.push(vec![
            headline.path.to_owned(),
            mean.n.to_string(),
            figure(mean.mean),
            interval(mean),
        ]);
    }
    table
}

/// The page; `files` stand beside it.
pub fn render(comparison: &Comparison, manifest: &Manifest, files: &[String]) -> String {
    render_with(comparison, manifest, files, None)
}

/// The page with a table of its own at the top.
pub fn render_with(
    comparison: &Comparison,
    manifest: &Manifest,
    files: &[String],
    top: Option<(String, DataTable)>,
) -> String {
    let listed = 1..comparison.points.len().min(COMPARED_POINTS);
    let changes = listed.map(|point| {
        let (changed, of) = differing(comparison, point);
        let label = &comparison.points[point].label;
        (format!("{label}: {changed} of {of} measures differ"), changes(comparison, point))
    });
    let page = Page {
        manifest,
        comparison,
        command: manifest.command_line.join(" "),
        headline: headline(comparison),
        sentence: sentence(comparison),
        tiles: tiles(comparison),
        top,
        changes: changes.collect(),
        groups: groups(charts::points(comparison)),
        files,
        plotting_library: plotting_library(),
    };
    page.render().expect("the template formats into a string and calls nothing that can fail")
}

/// Three measures at the top: of two points the difference, of more the range.
fn tiles(comparison: &Comparison) -> Vec<Tile> {
    const SHOWN: [(&str, &str); 3] = [
        ("fall of the mark (bp)", "market.drawdown_bp"),
        ("accounts liquidated", "liquidation.accounts_closed"),
        ("paid by the insurance fund (money units)", "liquidation.insurance_paid"),
    ];
    let tile = |(label, path): (&'static str, &str)| {
        let of = |point: &PointResult| point.measures.get(path).copied();
        let mut means: Vec<f64> =
            comparison.points.iter().filter_map(of).map(|mean| mean.mean).collect();
        let first = *means.first()?;
        if let [_, other] = &comparison.points[..]
            && let Some(change) = other.differences.get(path)
        {
            let sign = if change.mean > 0.0 { "+" } else { "" };
            let value = format!("{sign}{}", figure(change.mean));
            let note = format!("{} against the first's {}", interval(change), figure(first));
            return Some(Tile { label, value, note });
        }
        means.sort_unstable_by(f64::total_cmp);
        let (low, high) = (*means.first()?, *means.last()?);
        let value = format!("{} to {}", figure(low), figure(high));
        Some(Tile { label, value, note: format!("{} at the first point", figure(first)) })
    };
    SHOWN.into_iter().filter_map(tile).collect()
}

fn headline(comparison: &Comparison) -> String {
    match &comparison.points[..] {
        [first, other] => format!("{}, against {}", first.label, other.label),
        points => format!("{} settings side by side", points.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::study::comparison::{Point, compare};

    fn comparison() -> Comparison {
        let run = |seed, closed| {
            let mut summary = Summary { seed, ..Summary::default() };
            summary.liquidation.accounts_closed = closed;
            summary.market.amplification = Some(1.5);
            summary
        };
        let points =
            [Point::default(), Point { settings: vec![("a.b".to_owned(), "<script>".to_owned())] }];
        let runs = [vec![run(1, 5), run(2, 7)], vec![run(1, 9), run(2, 12)]];
        compare("x", &[1, 2], &points, &runs)
    }

    #[test]
    fn differences_are_told_with_their_intervals() {
        let text = render_terminal(&comparison(), Style::default());
        assert!(text.contains("1 of"), "{text}");
        assert!(text.contains("4.5") && text.contains("[4, 5]"), "{text}");
    }

    #[test]
    fn the_page_is_whole_and_hostile_labels_are_text() {
        let page = render(&comparison(), &Manifest::default(), &[]);
        assert!(page.len() < 8_000_000);
        let own = page.replace(&plotting_library(), "");
        assert!(own.contains("id=\"closed\"") && !own.contains("<script>:"));
        assert!(!own.contains("=<script>"));
    }

    #[test]
    fn figures_keep_a_few_digits() {
        assert_eq!(figure(0.0), "0");
        assert_eq!(figure(1.5), "1.5");
        assert_eq!(figure(-0.25), "−0.25");
        assert_eq!(figure(123_456.0), "123k");
    }
}
