//! The measures M1 to M24: each in `summary.json`, in Parquet, in the report and in the docs.

mod program;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use seawall::measure::catalogue::{self, MEASURES};
use serde_json::Value;

use program::{seawall, stderr};

/// A row of the docs: number, paths, unit, definition, source.
struct Documented {
    number: u32,
    paths: Vec<String>,
    rest: [String; 3],
}

/// The tables of `docs/MEASURES.md`, row by row.
fn documented() -> Vec<Documented> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/MEASURES.md");
    let text = fs::read_to_string(path).expect("the docs are there");
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let number = cells.first()?.strip_prefix('M')?.parse().ok()?;
        let [_, paths, unit, definition, source] = cells[..] else {
            panic!("five cells: {line}");
        };
        let quoted = paths.split('`').skip(1).step_by(2);
        let paths = quoted.map(|path| path.trim_end_matches(".*").to_owned()).collect();
        Some(Documented { number, paths, rest: [unit, definition, source].map(str::to_owned) })
    };
    text.lines().filter_map(row).collect()
}

/// Every leaf of a document by its path.
fn leaves(path: &str, value: &Value, all: &mut BTreeMap<String, Value>) {
    let Value::Object(fields) = value else {
        // A list is a text here.
        let list = value.as_array().map(|_| Value::from(value.to_string()));
        all.insert(path.to_owned(), list.unwrap_or_else(|| value.clone()));
        return;
    };
    for (name, field) in fields {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(&path, field, all);
    }
}

/// What `measures.parquet` has: number, and the value as JSON.
fn table(path: &Path) -> BTreeMap<String, (u32, Value)> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).expect("a Parquet file");
    let rows = reader.get_row_iter(None).expect("it has rows").map(|row| {
        let fields: BTreeMap<String, Field> =
            row.expect("a row").into_columns().into_iter().collect();
        let (Field::UInt(number), Field::Str(path)) = (&fields["number"], &fields["path"]) else {
            panic!("a number and a path: {fields:?}");
        };
        let value = match (&fields["value"], &fields["text"]) {
            (Field::Double(value), Field::Null) => Value::from(*value),
            (Field::Null, Field::Str(text)) => Value::from(text.clone()),
            (Field::Null, Field::Null) => Value::Null,
            other => panic!("a number or a text: {other:?}"),
        };
        (path.clone(), (*number, value))
    });
    rows.collect()
}

/// What a run left: numbers of its summary, rows of its table, and its page.
struct Left {
    numbers: BTreeMap<String, Value>,
    rows: BTreeMap<String, (u32, Value)>,
    page: String,
}

impl Left {
    /// By a few seconds of three markets, so that there are correlations.
    fn by_run(place: &Path, name: &str, set: &str) -> Self {
        let short = ["clock.duration_ms=14000", "shock.start_ms=5000", "holders.longs=2000", set];
        let mut arguments = vec!["run", "contagion", "--quiet", "--json", "--out", name];
        arguments.extend(short.iter().flat_map(|set| ["--set", set]));
        let output = seawall(place, &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        let run = place.join(name);
        let summary = fs::read(run.join("summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        let mut numbers = BTreeMap::new();
        leaves("", &summary, &mut numbers);
        let rows = table(&run.join("measures.parquet"));
        Self { numbers, rows, page: fs::read_to_string(run.join("report.html")).unwrap() }
    }

    /// Looks for all that a path of a measure names in all three places; returns how many there are.
    fn check(&self, number: u32, path: &str) -> usize {
        let named = self.numbers.iter().filter(|(leaf, _)| catalogue::covers(path, leaf));
        let mut count = 0;
        for (leaf, value) in named {
            let (_, saved) = self.rows.get(leaf).unwrap_or_else(|| panic!("{leaf} is in no row"));
            let is_same = value.as_f64().map_or(saved == value, |v| saved.as_f64() == Some(v));
            assert!(is_same, "{leaf}: {value} in summary.json, {saved} in measures.parquet");
            let shown = value.as_str().map_or(value.to_string(), str::to_owned);
            let shown = shown.replace('"', "&#34;");
            let cell = format!("data-key=\"{leaf}\">{shown}</td><td>M");
            assert!(self.page.contains(&cell), "M{number}: {leaf} is not on the page");
            count += 1;
        }
        count
    }
}

#[test]
fn every_measure_is_in_the_summary_in_parquet_in_the_report_and_in_the_docs() {
    let place = tempfile::tempdir().unwrap();
    // One fund for all markets, and one for each.
    let runs = ["venue", "symbol"]
        .map(|scope| Left::by_run(place.path(), scope, &format!("liquidation.fund_scope={scope}")));
    let documented = documented();
    for (number, paths) in (1..).zip(MEASURES) {
        let docs: Vec<&Documented> = documented.iter().filter(|row| row.number == number).collect();
        for row in &docs {
            assert!(row.rest.iter().all(|cell| !cell.is_empty()), "M{number}: {:?}", row.paths);
        }
        let all: Vec<&str> = docs.iter().flat_map(|row| &row.paths).map(String::as_str).collect();
        for pattern in paths {
            let is_told = |path: &&str| catalogue::covers(pattern, path);
            assert!(all.iter().any(is_told), "M{number}: {pattern} is not in docs/MEASURES.md");
        }
        for path in all {
            let is_listed = paths.iter().any(|pattern| catalogue::covers(pattern, path));
            assert!(is_listed, "M{number}: {path} of the docs is not in the catalogue");
            let found: usize = runs.iter().map(|run| run.check(number, path)).sum();
            assert!(found > 0, "M{number}: {path} is not in summary.json");
        }
        let marked = runs[0].rows.values().filter(|(of, _)| *of == number).count();
        assert!(marked > 0, "no row of measures.parquet is of M{number}");
    }
    let told: Vec<u32> = documented.iter().map(|row| row.number).collect();
    assert!(told.iter().all(|number| (1..=24).contains(number)) && told.is_sorted());
}
