//! One offline page of what the latency laboratory found: each table, its bars, and two pictures
//! of the rate ladder.

use std::fmt::Write as _;

use plotly::common::{Line, Mode, Title};
use plotly::layout::{Axis, AxisType, HoverMode, Margin};
use plotly::{Layout, Plot, Scatter};

use super::page::plotting_library;
use crate::load::lab::Findings;

/// Series of the ladder: key of the column, name, colour, whether it is theory.
const LADDER: [(&str, &str, &str, bool); 6] = [
    ("p50_ns", "p50", "#1f9d6b", false),
    ("p99_ns", "p99", "#d6453d", false),
    ("undisturbed_p99_ns", "undisturbed p99", "#c4741a", false),
    ("md1_mean_ns", "M/D/1 mean", "#8c939d", true),
    ("mg1_mean_ns", "M/G/1 mean", "#3b7ddd", true),
    ("mg1_p99_ns", "M/G/1 p99", "#8a63d2", true),
];
const COLOURS: [&str; 6] = ["#1f9d6b", "#3b7ddd", "#c4741a", "#d6453d", "#8a63d2", "#8c939d"];
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;\
                     padding:0 1rem;color:#1c2128;background:#fff}pre{overflow-x:auto;font-size:13px}\
                     h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.soft{color:#5a6470}\
                     .chart{height:470px}";

/// The page. `environment` is the line of the preflight: what may be read from the figures.
pub fn bench_page(title: &str, environment: &str, all: &[Findings]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style>{}<h1>{title}</h1><p class=\"soft\">{}</p>",
        plotting_library(),
        escaped(environment),
        title = escaped(title)
    );
    for found in all {
        let _ = write!(page, "<h2>{}</h2>", escaped(found.name));
        for (place, plot) in plots(found, environment).iter().enumerate() {
            let id = format!("{}-{place}", found.name);
            let _ = write!(page, "<div class=\"chart\">{}</div>", plot.to_inline_html(Some(&id)));
        }
        let _ = write!(page, "<pre>{}</pre>", escaped(&found.render()));
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn plots(found: &Findings, environment: &str) -> Vec<Plot> {
    let mut plots = Vec::new();
    if found.name == "ladder" {
        let x = found.lines.iter().map(|line| line.name.clone());
        let x: Vec<String> = x.collect();
        let mut plot = Plot::new();
        for (key, name, colour, is_theory) in LADDER {
            let Some(place) = found.columns.iter().position(|column| column.0 == key) else {
                continue;
            };
            let y: Vec<Option<f64>> = found.lines.iter().map(|line| line.cells[place]).collect();
            let mut line = Line::new().color(colour).width(2.0);
            if is_theory {
                line = line.dash(plotly::common::DashType::Dash);
            }
            plot.add_trace(
                Scatter::new(x.clone(), y).name(name).mode(Mode::LinesMarkers).line(line),
            );
        }
        plot.set_layout(layout("order to ack against load", environment, "load, of capacity"));
        plots.push(plot);
    }
    if !found.curves.is_empty() {
        let mut plot = Plot::new();
        for (curve, colour) in found.curves.iter().zip(COLOURS.iter().cycle()) {
            let (x, y): (Vec<f64>, Vec<f64>) = curve.points.iter().map(|[x, y]| (*x, *y)).unzip();
            let line = Line::new().color(*colour).width(2.0);
            plot.add_trace(Scatter::new(x, y).name(&curve.name).mode(Mode::Lines).line(line));
        }
        let ranks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
        let axis = Axis::new()
            .type_(AxisType::Log)
            .title(Title::with_text("percentile"))
            .tick_values(vec![1.0, 10.0, 100.0, 1e3, 1e4, 1e5])
            .tick_text(ranks.to_vec());
        let title = "order to ack by percentile";
        plots.push(plot_with(plot, layout(title, environment, "").x_axis(axis)));
    }
    plots
}

fn plot_with(mut plot: Plot, layout: Layout) -> Plot {
    plot.set_layout(layout);
    plot
}

fn layout(title: &str, environment: &str, x_title: &str) -> Layout {
    // The grade stands on every picture: a shared machine's tails are not the engine's.
    let grade = environment.split_once(" (").map_or(environment, |(grade, _)| grade);
    Layout::new()
        .title(Title::with_text(format!("{title}: {grade}")))
        .auto_size(true)
        .margin(Margin::new().left(70).right(16).top(48).bottom(56))
        .hover_mode(HoverMode::X)
        .x_axis(Axis::new().title(Title::with_text(x_title)))
        .y_axis(
            Axis::new()
                .type_(AxisType::Log)
                .tick_values(vec![10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10])
                .tick_text(vec![
                    "10 ns", "100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s",
                    "10 s",
                ]),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::lab::{Curve, Unit};

    #[test]
    fn the_page_is_offline_and_names_the_grade_on_every_picture() {
        let columns = [("p50_ns", "p50", Unit::Ns), ("mg1_mean_ns", "M/G/1 mean", Unit::Ns)];
        let mut found = Findings::new("ladder", "how <fast>", &columns);
        found.line("10 %", vec![Some(500.0), Some(200.0)]);
        found.line("20 %", vec![Some(510.0), None]);
        let points = vec![[1.0, 100.0], [100.0, 5_000.0]];
        found.curves.push(Curve { name: "10 %".to_owned(), points });
        let page = bench_page("pipeline", "environment grade D (shared)", &[found]);
        let own = page.rsplit_once("<h1>").expect("a heading").1;
        assert_eq!(own.matches("environment grade D\"").count(), 2, "{own}");
        assert!(own.contains("how &lt;fast&gt;") && !own.contains("src="), "{own}");
    }
}
