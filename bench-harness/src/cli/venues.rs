//! `seawall run --venue all`: every preset on the same scenario, shock and seed, side by side.

use std::fmt::Write as _;
use std::fs;

use serde::Serialize;

use super::{CliError, Output, RunArgs, output};
use crate::measure::summary::Summary;
use crate::report::charts::DataTable;
use crate::report::{
    Manifest, Placement, ReportError, RunDirectory, comparison, numbers, story, terminal,
};
use crate::scenario::{self, Fault, Scenario, venue};
use crate::simulation::{self, RunOptions, SimulationError};
use crate::study::comparison::{Comparison, Point, PointResult, compare};
use crate::study::parallel;

/// A preset under which the scenario makes no sense.
#[derive(Debug, Serialize)]
struct Refused {
    venue: &'static str,
    reason: String,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct SideBySide<'a> {
    manifest: &'a Manifest,
    venues: &'a [Summary],
    refused: &'a [Refused],
    comparison: &'a Comparison,
}

/// Runs all presets and prints them side by side.
pub(super) fn run(args: &RunArgs, output: Output) -> Result<(), CliError> {
    let (scenarios, refused) = scenarios(args)?;
    let first = &scenarios[0];
    let name = format!("{}-venues", first.name);
    let placement = match &args.out {
        Some(path) => Placement::At { path, force: args.force },
        None => Placement::Default { scenario: &name, seed: first.seed },
    };
    let directory = RunDirectory::create(placement)?;
    let seeds: Vec<u64> = (first.seed..first.seed + args.seeds.unwrap_or(1)).collect();
    output.note(format_args!(
        "{} venues on {}, {} seeds from {}",
        scenarios.len(),
        first.name,
        seeds.len(),
        first.seed
    ));
    let by_point = simulate(&scenarios, &seeds)?;
    let runs: Vec<Summary> = by_point.iter().map(|runs| runs[0].clone()).collect();
    let point = |scenario: &Scenario| Point {
        settings: vec![("venue".to_owned(), scenario.venue.clone())],
    };
    let points: Vec<Point> = scenarios.iter().map(point).collect();
    let comparison = compare(&first.name, &seeds, &points, &by_point);
    let manifest = Manifest::of_this_process().of_input(first.seed, &first.config_hash());
    let table = side_by_side(&runs);
    let result = SideBySide {
        manifest: &manifest,
        venues: &runs,
        refused: &refused,
        comparison: &comparison,
    };
    let write = |file: &str, text: String| {
        let path = directory.path().join(file);
        fs::write(&path, text).map_err(|source| ReportError::write(&path, &source))
    };
    let json = serde_json::to_string_pretty(&result).expect("a comparison is plain data");
    write("venues.json", json + "\n")?;
    let title = format!("{} under every venue's rules, seed {}", first.name, first.seed);
    let files = ["venues.json".to_owned()];
    let top = Some((title, table.clone()));
    write("venues.html", comparison::render_with(&comparison, &manifest, &files, top))?;
    output.result(&result, || text(&table, &comparison, &refused, &directory))?;
    match by_point.iter().flatten().find(|run| run.conservation_error != 0) {
        None => Ok(()),
        Some(run) => Err(CliError::Check(format!("{}: {}", run.venue, story::conservation(run)))),
    }
}

/// Every scenario at every seed, by scenario.
fn simulate(scenarios: &[Scenario], seeds: &[u64]) -> Result<Vec<Vec<Summary>>, SimulationError> {
    let jobs = scenarios.len() * seeds.len();
    let runs = parallel::map(parallel::cores(), jobs, |job| {
        let (scenario, seed) = (&scenarios[job / seeds.len()], seeds[job % seeds.len()]);
        let mut options = RunOptions { paired: false, ..RunOptions::default() };
        let scenario = Scenario { seed, ..scenario.clone() };
        simulation::run(&scenario, &mut options).map(|result| result.summary)
    });
    let runs = runs.into_iter().collect::<Result<Vec<Summary>, SimulationError>>()?;
    Ok(runs.chunks(seeds.len()).map(<[Summary]>::to_vec).collect())
}

/// The scenario under the generic rules and under every preset that it makes sense under.
fn scenarios(args: &RunArgs) -> Result<(Vec<Scenario>, Vec<Refused>), CliError> {
    let load = |venue| scenario::load_under(&args.scenario, Some(venue), &args.sets, args.seed);
    let mut scenarios =
        vec![Scenario { venue: venue::GENERIC.to_owned(), ..load(venue::GENERIC)? }];
    let mut refused = Vec::new();
    for preset in venue::PRESETS {
        match load(preset.name) {
            Ok(scenario) => scenarios.push(scenario),
            Err(error) => match error.fault() {
                Fault::Senseless(reason) => {
                    refused.push(Refused { venue: preset.name, reason: reason.clone() });
                }
                _ => return Err(error.into()),
            },
        }
    }
    Ok((scenarios, refused))
}

fn side_by_side(runs: &[Summary]) -> DataTable {
    let mut table = DataTable::new(&[
        "venue", "hit", "in book", "taken", "ADL", "accounts", "fund", "shared", "fall", "to flat",
    ]);
    for run in runs {
        let (l, money) = (&run.liquidation, story::currency(run));
        let amount = |amount| numbers::compact(money.units(amount));
        table.rows.push(vec![
            run.venue.clone(),
            numbers::count(l.accounts_triggered),
            numbers::percent_or_none(l.fill_rate),
            amount(l.backstop_notional),
            amount(l.adl_notional),
            numbers::count(l.adl_accounts),
            amount(l.insurance_paid),
            amount(l.socialised),
            numbers::percent(run.market.drawdown_bp / 10_000.0),
            numbers::duration_ns(l.time_to_flat_ns.p50),
        ]);
    }
    table
}

/// Means over seeds with their intervals, venue by venue.
fn with_intervals(comparison: &Comparison) -> DataTable {
    const SHOWN: [(&str, &str); 5] = [
        ("accounts closed", "liquidation.accounts_closed"),
        ("fund lost", "liquidation.insurance_paid"),
        ("ADL", "liquidation.adl_notional"),
        ("shared", "liquidation.socialised"),
        ("fall (bp)", "market.drawdown_bp"),
    ];
    let mut header = vec!["venue".to_owned()];
    header.extend(SHOWN.iter().map(|(name, _)| (*name).to_owned()));
    let row = |point: &PointResult| {
        let venue = point.settings.first().map_or(String::new(), |(_, venue)| venue.clone());
        let cell = |(_, path): &(&str, &str)| {
            point.measures.get(*path).map_or(numbers::NONE.to_owned(), comparison::with_interval)
        };
        core::iter::once(venue).chain(SHOWN.iter().map(cell)).collect()
    };
    DataTable { header, rows: comparison.points.iter().map(row).collect() }
}

fn text(
    table: &DataTable,
    comparison: &Comparison,
    refused: &[Refused],
    directory: &RunDirectory,
) -> String {
    let mut text = terminal::drawn(table, output::style());
    if comparison.seeds.len() > 1 {
        let drawn = terminal::drawn(&with_intervals(comparison), output::style());
        let _ = write!(
            text,
            "\n\nOver {} seeds, means and 95 % bootstrap intervals, amounts in money units:\n\n{drawn}",
            comparison.seeds.len()
        );
    }
    for Refused { venue, reason } in refused {
        let _ = write!(text, "\nnot run: {venue}: {reason}");
    }
    text.push_str(
        "\n\nhit: accounts triggered. in book: of forced quantity. taken, ADL: notional taken over, and \
         deleveraged against so many accounts.\nfund: what it lost on that. shared: loss that accounts \
         shared. to flat: median from trigger to flat.\n",
    );
    let page = directory.path().join("venues.html");
    let _ = writeln!(text, "\nComparison: {}", page.display());
    text
}
