//! The answer to an experiment: a table, bars, and what must be said with it.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use hdrhistogram::iterators::IterationValue;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::report::numbers::{NONE, compact, count, duration_ns, percent};

/// What a column's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Messages a second.
    PerSecond,
    /// Things.
    Count,
    /// A quotient.
    Ratio,
    /// A part of one.
    Part,
    /// Bytes.
    Bytes,
}

/// A column: its key in JSON, its title, its unit.
pub type Column = (&'static str, &'static str, Unit);
/// A number, or nothing.
pub type Cell = Option<f64>;

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// By column.
    pub cells: Vec<Cell>,
}

/// On which side of a bar the figure must be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// At most.
    AtMost(f64),
    /// At least.
    AtLeast(f64),
}

/// A figure and the bound it should keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// What is measured.
    pub what: String,
    /// The figure; `None` where too little was measured for one.
    pub measured: Option<f64>,
    /// The bound.
    #[serde(flatten)]
    pub bound: Bound,
    /// Whether it is kept.
    pub met: bool,
}

impl Bar {
    /// A figure that should be at most `most`.
    pub fn at_most(what: impl Into<String>, measured: Cell, most: f64) -> Self {
        let met = measured.is_some_and(|value| value <= most);
        Self { what: what.into(), measured, bound: Bound::AtMost(most), met }
    }

    /// A figure that should be at least `least`.
    pub fn at_least(what: impl Into<String>, measured: Cell, least: f64) -> Self {
        let met = measured.is_some_and(|value| value >= least);
        Self { what: what.into(), measured, bound: Bound::AtLeast(least), met }
    }
}

/// A line of a picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// What it is of.
    pub name: String,
    /// One over one less the quantile, and the latency there in nanoseconds.
    pub points: Vec<[f64; 2]>,
}

impl Curve {
    /// The percentiles of a histogram.
    pub fn percentiles(name: impl Into<String>, histogram: &Histogram<u64>) -> Self {
        let steps = histogram.iter_quantiles(4).filter(|step| step.quantile_iterated_to() < 1.0);
        let point = |step: IterationValue<u64>| {
            [1.0 / (1.0 - step.quantile_iterated_to()), step.value_iterated_to() as f64]
        };
        Self { name: name.into(), points: steps.map(point).collect() }
    }
}

/// What an experiment found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Short name.
    pub name: &'static str,
    /// The question.
    pub question: String,
    /// Columns of the table.
    pub columns: Vec<Column>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Figures and their bounds.
    pub bars: Vec<Bar>,
    /// Lines of a picture, if there is one.
    pub curves: Vec<Curve>,
    /// What must be said with it.
    pub notes: Vec<String>,
    /// Whether nothing was lost and nothing answered twice: otherwise exit 1.
    pub sound: bool,
}

impl Findings {
    /// Nothing found yet.
    pub fn new(name: &'static str, question: impl Into<String>, columns: &[Column]) -> Self {
        Self {
            name,
            question: question.into(),
            columns: columns.to_vec(),
            lines: Vec::new(),
            bars: Vec::new(),
            curves: Vec::new(),
            notes: Vec::new(),
            sound: true,
        }
    }

    /// Adds a line.
    pub fn line(&mut self, name: impl Into<String>, cells: Vec<Cell>) {
        assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.lines.push(Line { name: name.into(), cells });
    }

    /// As text for a terminal.
    pub fn render(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.question);
        if !self.lines.is_empty() {
            text.push_str(&self.table());
        }
        for bar in &self.bars {
            let (side, bound) = match bar.bound {
                Bound::AtMost(most) => ("at most", most),
                Bound::AtLeast(least) => ("at least", least),
            };
            let measured = bar.measured.map_or_else(|| NONE.to_owned(), figure);
            let verdict = if bar.met { "met" } else { "MISSED" };
            let _ =
                writeln!(text, "  {}: {measured}, {side} {}: {verdict}", bar.what, figure(bound));
        }
        for note in &self.notes {
            let _ = writeln!(text, "  {note}");
        }
        if !self.sound {
            let _ = writeln!(text, "  NOT SOUND: the reckoning above does not add up");
        }
        text
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        let titles = self.columns.iter().map(|(_, title, _)| *title);
        table
            .load_style(presets::NOTHING)
            .force_no_tty()
            .set_header(std::iter::once("").chain(titles));
        for line in &self.lines {
            let cells =
                line.cells.iter().zip(&self.columns).map(|(cell, column)| text(*cell, column.2));
            table.add_row(std::iter::once(line.name.clone()).chain(cells));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{}", line.trim_end());
            text
        })
    }
}

fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.3}") }
}

fn text(cell: Cell, unit: Unit) -> String {
    let Some(value) = cell else { return NONE.to_owned() };
    match unit {
        Unit::Ns => duration_ns(whole(value)),
        Unit::PerSecond => compact(value),
        Unit::Count => count(whole(value)),
        Unit::Ratio => format!("{value:.2}"),
        Unit::Part => percent(value),
        Unit::Bytes => format!("{:.1} MB", value / 1e6),
    }
}

fn whole(value: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a table can show"
    )]
    let whole = value.round().clamp(0.0, 1e18) as u64;
    whole
}

/// A line in JSON: its name and a key for each column.
struct Keyed<'a>(&'a Line, &'a [Column]);

impl Serialize for Keyed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(line, columns) = self;
        let mut map = serializer.serialize_map(Some(columns.len() + 1))?;
        map.serialize_entry("name", &line.name)?;
        for ((key, ..), cell) in columns.iter().zip(&line.cells) {
            map.serialize_entry(key, cell)?;
        }
        map.end()
    }
}

impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines: Vec<Keyed<'_>> =
            self.lines.iter().map(|line| Keyed(line, &self.columns)).collect();
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("question", &self.question)?;
        map.serialize_entry("lines", &lines)?;
        map.serialize_entry("bars", &self.bars)?;
        map.serialize_entry("curves", &self.curves)?;
        map.serialize_entry("notes", &self.notes)?;
        map.serialize_entry("sound", &self.sound)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_a_table_for_people_and_keys_for_programs() {
        let columns = [("p50_ns", "p50", Unit::Ns), ("refused", "refused", Unit::Part)];
        let mut found = Findings::new("burst", "how long", &columns);
        found.line("10 %", vec![Some(1_500.0), None]);
        found.bars.push(Bar::at_most("p99 / p50", Some(4.5), 5.0));
        found.bars.push(Bar::at_least("capacity", None, 0.7));
        let text = found.render();
        assert!(text.contains("10 %") && text.contains("4.500, at most 5: met"), "{text}");
        assert!(text.contains(&format!("capacity: {NONE}, at least 0.700: MISSED")), "{text}");
        let json = serde_json::to_value(&found).expect("JSON");
        assert_eq!(json.pointer("/lines/0/p50_ns"), Some(&1_500.0.into()));
        assert_eq!(json.pointer("/bars/0/at_most"), Some(&5.0.into()));
        assert_eq!(json.pointer("/bars/1/met"), Some(&false.into()));
    }
}
