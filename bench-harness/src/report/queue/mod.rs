//! The queue-position study as files, as a page and as text.

mod pictures;
mod tables;
mod text;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use askama::Template;
use serde_json::Value;

use seawall_engine::journal::JournalReader;
use seawall_engine::types::Sequenced;

use super::charts::{self, DataTable};
use super::page::{Group, groups, plotting_library};
use super::{Manifest, ReportError, table_files};
use crate::study::queue::Findings;
use crate::study::queue::why::Why;
use crate::study::theory::Row;

pub use text::{study as text, why as why_text};

/// Name of the page in a study's directory.
pub const PAGE: &str = "queue.html";

/// Everything a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct QueuePage<'a> {
    /// What was found.
    pub findings: &'a Findings,
    /// The theory's rows for the exact curve; may be empty.
    pub theory: &'a [Row],
    /// The path of one order.
    pub path: Option<&'a Why>,
    /// Which program, which input, which machine.
    pub manifest: &'a Manifest,
}

/// Charts and tables under a headline: what pages of studies share.
#[derive(Template)]
#[template(path = "queue.html")]
pub(super) struct Page<'a> {
    pub(super) title: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) headline: String,
    pub(super) sentence: String,
    pub(super) manifest: &'a Manifest,
    pub(super) command: String,
    pub(super) tables: Vec<(&'static str, String, DataTable)>,
    pub(super) groups: Vec<Group>,
    pub(super) exact: Vec<(String, String)>,
    pub(super) files: &'a [&'static str],
    pub(super) plotting_library: String,
}

const FILES: [&str; 8] = [
    "queue.json",
    "manifest.json",
    "scenario.toml",
    "probes.parquet",
    "late.parquet",
    "orders.parquet",
    "estimates.parquet",
    "pictures.parquet",
];

/// Writes a study's directory.
pub fn save(directory: &Path, page: &QueuePage<'_>, scenario: &str) -> Result<(), ReportError> {
    fs::create_dir_all(directory).map_err(|source| ReportError::write(directory, &source))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(|source| ReportError::write(&path, &source))
    };
    write(FILES[0], &pretty(&page.findings.answers))?;
    write(FILES[1], &pretty(page.manifest))?;
    write(FILES[2], scenario.as_bytes())?;
    table_files::write_table(&directory.join(FILES[3]), &page.findings.probes)?;
    table_files::write_table(&directory.join(FILES[4]), &page.findings.late)?;
    table_files::write_table(&directory.join(FILES[5]), &page.findings.orders)?;
    table_files::write_table(&directory.join(FILES[6]), &page.findings.estimates)?;
    table_files::write_table(&directory.join(FILES[7]), &pictures::points(page))?;
    write(PAGE, render(page).as_bytes())
}

fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("plain data")
}

fn render(page: &QueuePage<'_>) -> String {
    let answers = &page.findings.answers;
    let value = serde_json::to_value(answers).expect("answers are plain data");
    let mut exact = Vec::new();
    leaves("", &value, &mut exact);
    let title = format!("{}: queue position in a cascade", answers.scenario);
    let facts = vec![
        ("scenario", answers.scenario.clone()),
        ("seeds", format!("{} from {}", answers.seeds, answers.first_seed)),
        ("probes", super::numbers::count(answers.probes)),
    ];
    Page {
        title,
        facts,
        headline: text::headline(answers),
        sentence: text::sentence(answers),
        manifest: page.manifest,
        command: page.manifest.command_line.join(" "),
        tables: tables::tables(answers),
        groups: groups(charts::queue_charts(answers, page.theory, page.path)),
        exact,
        files: &FILES,
        plotting_library: plotting_library(),
    }
    .render()
    .expect("the template formats into a string and calls nothing that can fail")
}

/// The page of one order's path.
pub fn why_page(why: &Why, manifest: &Manifest) -> String {
    let chart = charts::queue_trajectory(why);
    Page {
        title: format!("order {}", why.order),
        facts: vec![("order", why.order.to_string()), ("end", why.end.to_owned())],
        headline: format!("Why order {} was {}", why.order, why.end),
        sentence: String::new(),
        manifest,
        command: manifest.command_line.join(" "),
        tables: vec![("Step by step", String::new(), tables::path(why))],
        groups: groups(
            chart.into_iter().map(|chart| charts::Chart { is_narrow: false, ..chart }).collect(),
        ),
        exact: Vec::new(),
        files: &[],
        plotting_library: plotting_library(),
    }
    .render()
    .expect("the template formats into a string and calls nothing that can fail")
}

fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let join =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| leaves(&join(name), field, found));
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(&join(&number.to_string()), item, found);
            }
        }
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

/// The inputs of a run directory's command log.
pub fn commands(path: &Path) -> Result<Vec<Sequenced>, ReportError> {
    let expected = "a command log (commands.swl of a run directory)";
    let file = File::open(path).map_err(|source| ReportError::read(path, &source, expected))?;
    let reader = JournalReader::new(BufReader::new(file))
        .map_err(|source| ReportError::read(path, &source, expected))?;
    reader
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| ReportError::read(path, &source, expected))
}
