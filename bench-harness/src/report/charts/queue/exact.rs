//! The exact curve of the theory and what the real book did.

use plotly::common::Mode;
use plotly::{Plot, Scatter};

use super::super::{Chart, DataTable, colour, layout, panel_title};
use super::{axes, keys, line, series};
use crate::study::queue::answers::Measured;
use crate::study::theory::Row;

/// The exact curve of the theory and what the real book did.
pub(super) fn exact(rows: &[Row]) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&["own place", "orders at the ask", "exact", "measured"]);
    let shades = [(1, colour::FORCED), (3, colour::FUND), (5, colour::MARK)];
    for (asks, colour) in shades {
        let mut points = Vec::new();
        let mut curve = (Vec::new(), Vec::new());
        for row in rows {
            let Some((place, of)) = cell(&row.name) else { continue };
            let (Some(expected), Some(measured)) = (row.expected, row.measured) else { continue };
            if of != asks {
                continue;
            }
            curve.0.push(f64::from(place));
            curve.1.push(expected);
            points.push((
                f64::from(place),
                Measured { value: measured, half_width: row.half_width, n: row.n },
            ));
            table.rows.push(vec![
                place.to_string(),
                of.to_string(),
                format!("{expected:.5}"),
                format!("{measured:.5} ± {:.5}", row.half_width),
            ]);
        }
        figure.add_trace(
            Scatter::new(curve.0, curve.1)
                .name(format!("exact, {asks} at the ask"))
                .mode(Mode::Lines)
                .line(line(colour, false)),
        );
        let measured = series(&format!("measured, {asks} at the ask"), colour, false, &points);
        figure.add_trace(measured.mode(Mode::Markers));
    }
    if table.rows.is_empty() {
        return None;
    }
    let names = [
        ("1 at the ask", colour::FORCED),
        ("3 at the ask", colour::FUND),
        ("5 at the ask", colour::MARK),
    ];
    figure.set_layout(
        axes(
            layout(),
            "own place in the queue (orders, the own one counted)",
            "P(fill before the mid moves)",
        )
        .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    Some(Chart {
        id: "queue-exact",
        title: "Theory: exact curve and the real book",
        caption: "Cont, Stoikov and Talreja's flow played into the engine's own book: lines are \
                  the exact curve (Proposition 5), marks what the book did, with 99.9 % intervals \
                  for all together."
            .to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

/// Place and orders at the ask of a row `cst-fill/b2-a3`.
pub(in crate::report) fn cell(name: &str) -> Option<(u32, u32)> {
    let (place, asks) = name.split_once('/')?.1.split_once('-')?;
    Some((place.strip_prefix('b')?.parse().ok()?, asks.strip_prefix('a')?.parse().ok()?))
}
