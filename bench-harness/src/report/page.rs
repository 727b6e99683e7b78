//! `report.html`: one file, no network, readable in ten seconds at the top.

use askama::Template;
use plotly::Plot;

use super::charts::{self, Chart, DataTable};
use super::leaves::{self, Leaf};
use super::manifest::Manifest;
use super::run_directory::SavedRun;
use super::{numbers, story, tabulate};
use crate::measure::summary::Summary;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    manifest: &'a Manifest,
    command: String,
    size: String,
    headline: String,
    paid: String,
    conservation: String,
    tiles: [Tile; 3],
    phases: DataTable,
    liquidations: DataTable,
    groups: Vec<Group>,
    exact: Vec<Leaf>,
    files: &'a [String],
    plotting_library: String,
}

/// One of the three numbers at the top.
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// Charts that stand side by side where there is room.
pub(super) struct Group {
    pub(super) class: &'static str,
    pub(super) charts: Vec<ChartView>,
}

pub(super) struct ChartView {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) height_px: u32,
    pub(super) figure_json: String,
    pub(super) table: DataTable,
}

/// The page of a run; `files` are the names that stand beside it.
pub fn render(run: &SavedRun, files: &[String]) -> String {
    let summary = &run.summary;
    let page = Page {
        summary,
        manifest: &run.manifest,
        command: run.manifest.command_line.join(" "),
        size: format!(
            "{} commands, {} simulated",
            numbers::count(summary.commands),
            numbers::seconds(summary.sim_seconds)
        ),
        headline: story::what_happened(summary),
        paid: story::who_paid(summary),
        conservation: capitalised(&story::conservation(summary)),
        tiles: tiles(summary),
        phases: tabulate::phases(summary),
        liquidations: tabulate::liquidations(summary),
        groups: groups(charts::all(run)),
        exact: leaves::of(summary),
        files,
        plotting_library: plotting_library(),
    };
    page.render().expect("the template formats into a string and calls nothing that can fail")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().to_string() + letters.as_str())
}

fn tiles(summary: &Summary) -> [Tile; 3] {
    let liquidation = &summary.liquidation;
    let money = story::currency(summary);
    let amplification = summary.market.amplification.map_or_else(
        || "no shock to compare with".to_owned(),
        |factor| {
            format!("forced flow made the shock {} times as large", numbers::decimal(factor, 1))
        },
    );
    let shared = if liquidation.socialised > 0 {
        format!("and {} shared by everybody", money.compact(liquidation.socialised))
    } else {
        format!("against {} of fees taken in", money.compact(liquidation.insurance_fees))
    };
    [
        Tile {
            label: "fall of the mark",
            value: numbers::percent(summary.market.drawdown_bp / 10_000.0),
            note: amplification,
        },
        Tile {
            label: "forced quantity filled in the book",
            value: numbers::percent_or_none(liquidation.fill_rate),
            note: format!(
                "{} of {} lots",
                numbers::compact(liquidation.forced_filled_qty as f64),
                numbers::compact(liquidation.forced_qty as f64)
            ),
        },
        Tile {
            label: "paid by the insurance fund",
            value: money.compact(liquidation.insurance_paid),
            note: shared,
        },
    ]
}

/// Neighbouring narrow charts share a row.
pub(super) fn groups(charts: Vec<Chart>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for chart in charts {
        let class = if chart.is_narrow { "pair" } else { "wide" };
        let view = view(chart);
        match groups.last_mut() {
            Some(group) if group.class == class => group.charts.push(view),
            _ => groups.push(Group { class, charts: vec![view] }),
        }
    }
    groups
}

fn view(chart: Chart) -> ChartView {
    ChartView {
        id: chart.id,
        title: chart.title,
        caption: chart.caption,
        height_px: chart.height_px,
        // The figure stands inside a script element: nothing in it may close that element.
        figure_json: chart.figure.replace('<', "\\u003c"),
        table: chart.table,
    }
}

/// The plotting library's bundle. The crate hands out two scripts, the library and a typesetter of
/// formulae; no chart here has a formula, so only the first is embedded.
pub(super) fn plotting_library() -> String {
    const OPEN: &str = "<script type=\"text/javascript\">";
    let scripts = Plot::offline_js_sources();
    let second = scripts.match_indices(OPEN).nth(1).map_or(scripts.len(), |(at, _)| at);
    scripts[..second].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::tables::Tables;
    use crate::report::events::Events;
    use crate::report::fixture;

    fn run() -> SavedRun {
        SavedRun {
            summary: fixture::summary(),
            tables: fixture::tables(),
            events: fixture::events(),
            manifest: Manifest::of_this_process(),
        }
    }

    /// The page without the plotting library, which mentions everything.
    fn own_part(page: &str) -> String {
        page.replace(&plotting_library(), "")
    }

    #[test]
    fn the_page_is_whole_offline_and_small() {
        let page = render(&run(), &["summary.json".to_owned()]);
        assert!(page.len() < 8_000_000, "{} bytes", page.len());
        assert!(page.contains("Plotly.newPlot") && page.contains("plotly.js v"));
        let own = own_part(&page);
        assert!(own.len() < 1_500_000, "{} bytes besides the library", own.len());
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!own.contains(outside), "the page points outside: {outside}");
        }
        let charts = [
            "timeline",
            "quantity",
            "payers",
            "fill-rate",
            "order-to-ack",
            "order-to-fill",
            "fund",
        ];
        for id in charts {
            assert!(own.contains(&format!("id=\"{id}\"")), "no chart {id}");
        }
    }

    #[test]
    fn every_number_of_the_summary_is_on_the_page() {
        let run = run();
        let page = render(&run, &[]);
        let leaves = leaves::of(&run.summary);
        assert!(leaves.len() > 100, "{} leaves", leaves.len());
        for leaf in leaves {
            let (path, value) = (&leaf.path, leaf.shown());
            assert!(page.contains(&format!("data-key=\"{path}\">{value}<")), "{path} = {value}");
        }
    }

    #[test]
    fn hostile_names_are_text() {
        let mut run = run();
        run.summary.scenario = "<script>alert(1)</script>".to_owned();
        run.summary.currency = "</script><b>".to_owned();
        let own = own_part(&render(&run, &["<i>.json".to_owned()]));
        assert!(!own.contains("<script>alert") && !own.contains("</script><b>"));
        assert!(!own.contains("<i>.json"));
    }

    #[test]
    fn an_empty_run_still_has_a_page() {
        let run = SavedRun {
            summary: Summary::default(),
            tables: Tables::default(),
            events: Events::default(),
            manifest: Manifest::default(),
        };
        let page = own_part(&render(&run, &[]));
        assert!(page.contains("No account was liquidated."));
        assert!(!page.contains("class=\"chart\""));
    }
}
