//! The page of `seawall compare`: what got worse or better, as a picture and as a table.

use askama::Template;
use plotly::common::{ErrorData, ErrorType, Marker, Mode};
use plotly::layout::Axis;
use plotly::{Plot, Scatter};

use super::charts::{Chart, DataTable, colour, key, layout, panel_title};
use super::manifest::Manifest;
use super::page::{Group, groups, plotting_library};

/// Numbers that one picture can show.
const SHOWN_MAX: usize = 40;
/// Ratios further out than these ends are drawn there.
const RATIO: [f64; 2] = [0.1, 10.0];

/// One number of both.
#[derive(Clone, Debug)]
pub struct ComparedNumber {
    /// Its name.
    pub name: String,
    /// B over A, where A is not zero.
    pub ratio: Option<f64>,
    /// The ratio's 95 % interval, with several processes on both sides.
    pub interval: Option<(f64, f64)>,
    /// `worse`, `better`, `changed` or `same`.
    pub verdict: &'static str,
    /// The row as the terminal has it, after the name.
    pub cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    manifest: &'a Manifest,
    headline: String,
    a: &'a str,
    b: &'a str,
    sentence: &'a str,
    groups: Vec<Group>,
    all: DataTable,
    command: String,
    plotting_library: String,
}

/// The page; `header` names the cells of a row.
pub fn compare_page(
    (a, b): (&str, &str),
    header: &[&str],
    numbers: &[ComparedNumber],
    sentence: &str,
    manifest: &Manifest,
) -> String {
    let count = |verdict: &str| numbers.iter().filter(|one| one.verdict == verdict).count();
    let headline = format!(
        "{} numbers: {} worse, {} better, {} changed, {} the same",
        numbers.len(),
        count("worse"),
        count("better"),
        count("changed"),
        count("same")
    );
    let mut all = DataTable::new(header);
    for one in numbers {
        let mut row = vec![one.name.clone()];
        row.extend(one.cells.iter().cloned());
        all.rows.push(row);
    }
    let page = Page {
        manifest,
        headline,
        a,
        b,
        sentence,
        groups: groups(chart(numbers, header).into_iter().collect()),
        all,
        command: manifest.command_line.join(" "),
        plotting_library: plotting_library(),
    };
    page.render().expect("the template formats into a string and calls nothing that can fail")
}

fn hue(verdict: &str) -> &'static str {
    match verdict {
        "worse" => colour::FORCED,
        "better" => colour::MAKER,
        "changed" => colour::TAKER,
        _ => colour::INDEX,
    }
}

/// The ratios of what is not the same, the furthest from one first.
fn chart(numbers: &[ComparedNumber], header: &[&str]) -> Option<Chart> {
    let distance = |one: &ComparedNumber| one.ratio.map_or(0.0, |ratio| libm::log(ratio).abs());
    let drawable = |one: &&ComparedNumber| one.ratio.is_some_and(|ratio| ratio > 0.0);
    let mut shown: Vec<&ComparedNumber> = numbers.iter().filter(drawable).collect();
    if shown.iter().any(|one| one.verdict != "same") {
        shown.retain(|one| one.verdict != "same");
    }
    shown.sort_by(|a, b| distance(b).total_cmp(&distance(a)).then_with(|| a.name.cmp(&b.name)));
    let left = shown.len().saturating_sub(SHOWN_MAX);
    shown.truncate(SHOWN_MAX);
    if shown.is_empty() {
        return None;
    }
    let mut table = DataTable::new(header);
    for one in &shown {
        let mut row = vec![one.name.clone()];
        row.extend(one.cells.iter().cloned());
        table.rows.push(row);
    }
    let mut plot = Plot::new();
    for verdict in ["same", "changed", "better", "worse"] {
        let of: Vec<&&ComparedNumber> =
            shown.iter().rev().filter(|one| one.verdict == verdict).collect();
        if !of.is_empty() {
            plot.add_trace(trace(&of, hue(verdict)));
        }
    }
    let order: Vec<String> = shown.iter().rev().map(|one| one.name.clone()).collect();
    let axis = Axis::new().auto_margin(true).fixed_range(true);
    let axis = axis.category_order(plotly::layout::CategoryOrder::Array).category_array(order);
    let keys = ["worse", "better", "changed"].map(|verdict| key(verdict, hue(verdict)));
    plot.set_layout(
        layout()
            .x_axis(Axis::new().type_(plotly::layout::AxisType::Log).zero_line(false))
            .y_axis(axis)
            .annotations(vec![panel_title(1.01, &format!("B over A: {}", keys.join(", ")))]),
    );
    let more = if left > 0 { format!(" {left} more in the table below.") } else { String::new() };
    Some(Chart {
        id: "ratios",
        title: "What is not the same",
        caption: format!(
            "Median of B over median of A on a logarithmic axis, with the bootstrap interval where both \
             sides have several processes; ratios beyond {} and {} are drawn there.{more}",
            RATIO[0], RATIO[1]
        ),
        height_px: 110 + 26 * u32::try_from(shown.len()).unwrap_or(40),
        is_narrow: false,
        figure: plot.to_json(),
        table,
    })
}

fn trace(of: &[&&ComparedNumber], hue: &'static str) -> Box<Scatter<f64, String>> {
    let inside = |ratio: f64| ratio.clamp(RATIO[0], RATIO[1]);
    let centre = |one: &ComparedNumber| inside(one.ratio.unwrap_or(1.0));
    let reach = |end: fn((f64, f64)) -> f64| -> Vec<f64> {
        let length = |one: &&&ComparedNumber| {
            one.interval.map_or(0.0, |ends| (inside(end(ends)) - centre(one)).abs())
        };
        of.iter().map(length).collect()
    };
    let x = of.iter().map(|one| centre(one)).collect();
    let y = of.iter().map(|one| one.name.clone()).collect();
    Scatter::new(x, y).mode(Mode::Markers).marker(Marker::new().color(hue).size(9)).error_x(
        ErrorData::new(ErrorType::Data)
            .symmetric(false)
            .array(reach(|ends| ends.1))
            .array_minus(reach(|ends| ends.0))
            .color(hue)
            .thickness(1.5),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_changed_and_hostile_names_are_text() {
        let number = |name: &str, ratio, verdict| ComparedNumber {
            name: name.to_owned(),
            ratio: Some(ratio),
            interval: Some((ratio * 0.9, ratio * 1.1)),
            verdict,
            cells: vec!["1".to_owned(), "2".to_owned()],
        };
        let numbers = [
            number("a/<script>", 2.0, "worse"),
            number("b", 1.0, "same"),
            number("c", 1e6, "changed"),
        ];
        let manifest = Manifest::default();
        let page = compare_page(("x", "y"), &["", "A", "B"], &numbers, "threshold 5 %", &manifest);
        assert!(page.contains("3 numbers: 1 worse, 0 better, 1 changed, 1 the same"));
        let own = page.replace(&plotting_library(), "");
        assert!(own.contains("id=\"ratios\"") && !own.contains("a/<script>"));
    }
}
