//! The summary of a run for a terminal: tables of at most a hundred columns.

use std::path::Path;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, presets,
};

use super::charts::DataTable;
use super::{numbers, story, tabulate};
use crate::measure::summary::Summary;

/// Columns used where the width of the terminal is not known or larger.
const WIDTH_MAX: u16 = 100;

/// Narrower terminals get lines of this length all the same: wrapped numbers are worse.
const WIDTH_MIN: u16 = 80;

/// How the tables are drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Colours and bold headings.
    pub colour: bool,
    /// Columns of the terminal, where it is known.
    pub width: Option<u16>,
}

impl Style {
    fn columns(self) -> u16 {
        self.width.map_or(WIDTH_MAX, |width| width.clamp(WIDTH_MIN, WIDTH_MAX))
    }
}

/// The whole summary as text, the place of the run directory last.
pub fn render(summary: &Summary, directory: &Path, style: Style) -> String {
    let mut text = String::new();
    let title = format!(
        "{} on venue {}, seed {}: {} commands, {} events, {} simulated",
        summary.scenario,
        summary.venue,
        summary.seed,
        numbers::count(summary.commands),
        numbers::count(summary.events),
        numbers::seconds(summary.sim_seconds)
    );
    let story = format!("{} {}", story::what_happened(summary), story::who_paid(summary));
    text.push_str(&emphasised(&title, style));
    text.push('\n');
    text.push_str(&wrapped(&story, usize::from(style.columns())));
    let tables = [
        tabulate::phases(summary),
        tabulate::markets(summary),
        tabulate::liquidations(summary),
        tabulate::payers(summary),
        tabulate::fill_rates(summary),
        tabulate::latencies(summary),
        tabulate::market(summary),
    ];
    for data in tables.iter().filter(|data| !data.rows.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&drawn(data, style));
    }
    text.push_str("\n\n");
    text.push_str(&closing(summary, directory, style));
    text
}

fn closing(summary: &Summary, directory: &Path, style: Style) -> String {
    let rate = if summary.loop_cpu_seconds > 0.0 {
        summary.commands as f64 / summary.loop_cpu_seconds
    } else {
        0.0
    };
    let speed = format!(
        "{} of loop time, {} commands a second; {}",
        numbers::seconds(summary.loop_cpu_seconds),
        numbers::compact(rate),
        story::conservation(summary)
    );
    let place = directory.join("report.html");
    format!("{speed}\n{}\n", emphasised(&format!("Report: {}", place.display()), style))
}

fn emphasised(text: &str, style: Style) -> String {
    if style.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// A table as text.
pub fn drawn(data: &DataTable, style: Style) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING.header_separator(LineStyle::new('─', '─', '─', '─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(style.columns())
        .set_header(data.header.iter().map(|name| header_cell(name, style)));
    for row in &data.rows {
        table.add_row(row.iter().map(|cell| body_cell(cell, style)));
    }
    for (index, (column, name)) in table.column_iter_mut().zip(&data.header).enumerate() {
        column.set_padding((0, 2));
        // Names and notes begin at the left; numbers end at the right.
        if index > 0 && !(index == 2 && name.is_empty()) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if style.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let lines = table.lines();
    let flush = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned());
    flush.collect::<Vec<_>>().join("\n")
}

fn header_cell(name: &str, style: Style) -> Cell {
    let cell = Cell::new(name);
    if style.colour { cell.add_attribute(Attribute::Bold).fg(Color::Cyan) } else { cell }
}

fn body_cell(text: &str, style: Style) -> Cell {
    let cell = Cell::new(text);
    if style.colour && text == "peak" { cell.fg(Color::Red) } else { cell }
}

/// Words in lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn plain(summary: &Summary) -> String {
        render(summary, Path::new("runs/flash-crash-7"), Style::default())
    }

    #[test]
    fn the_summary_fits_a_terminal_and_names_the_report() {
        let text = plain(&fixture::summary());
        for line in text.lines() {
            assert!(line.chars().count() <= usize::from(WIDTH_MAX), "too wide: {line}");
            assert!(!line.ends_with(' '), "trailing blank: {line:?}");
        }
        assert!(text.trim_end().ends_with("runs/flash-crash-7/report.html"), "{text}");
        for word in ["calm", "peak", "recovery", "socialised", "maker", "forced", "amplification"] {
            assert!(text.contains(word), "{word} is missing");
        }
    }

    #[test]
    fn colours_only_where_asked() {
        let summary = fixture::summary();
        assert!(!plain(&summary).contains('\u{1b}'));
        let coloured = render(&summary, Path::new("x"), Style { colour: true, width: None });
        assert!(coloured.contains('\u{1b}'));
    }

    #[test]
    fn a_broken_ledger_is_shouted() {
        let summary = Summary { conservation_error: 3, ..fixture::summary() };
        assert!(plain(&summary).contains("MONEY NOT CONSERVED: off by 3"));
    }
}
