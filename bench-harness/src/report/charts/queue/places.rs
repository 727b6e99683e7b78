//! What a place in the queue means: fills, adverse selection, worth.

use plotly::Plot;

use super::super::{Chart, DataTable, layout, panel_title};
use super::{KINDS, axes, kind_keys, pm, series};
use crate::study::queue::answers::{Answers, Group, Measured};

/// Groups of one kind, at the best price, by place.
fn of_kind<'a>(groups: &'a [Group], (phase, flow): (&str, &str)) -> Vec<&'a Group> {
    let is_kind = |group: &&Group| {
        group.phase == phase && group.flow == flow && group.level.unwrap_or(0) == 0
    };
    groups.iter().filter(is_kind).collect()
}

fn lots_ahead(lots: f64) -> String {
    if lots.is_nan() { "not observed".to_owned() } else { format!("{lots:.1}") }
}

/// One picture of the four kinds over places.
fn four(
    groups: &[Group],
    (id, title, caption): (&'static str, &'static str, &str),
    (x, y): (&str, &str),
    pick: fn(&Group) -> Option<Measured>,
    scale: f64,
) -> Option<Chart> {
    let mut figure = Plot::new();
    let mut table = DataTable::new(&[x, "phase", "side", "probes", y, "lots ahead"]);
    let mut any = false;
    for (phase, flow, name, colour, dashed) in KINDS {
        let mut points = Vec::new();
        for group in of_kind(groups, (phase, flow)) {
            let picked = pick(group);
            if let Some(m) = picked {
                let scaled =
                    Measured { value: m.value * scale, half_width: m.half_width * scale, n: m.n };
                points.push((group.place as f64, scaled));
            }
            table.rows.push(vec![
                group.place.to_string(),
                phase.to_owned(),
                flow.to_owned(),
                group.n.to_string(),
                pm(picked, scale, 3),
                lots_ahead(group.lots_ahead),
            ]);
        }
        any |= !points.is_empty();
        figure.add_trace(series(name, colour, dashed, &points));
    }
    figure.set_layout(axes(layout(), x, y).annotations(vec![panel_title(1.01, &kind_keys())]));
    any.then(|| Chart {
        id,
        title,
        caption: caption.to_owned(),
        height_px: 380,
        is_narrow: true,
        figure: figure.to_json(),
        table,
    })
}

pub(super) fn by_place(answers: &Answers) -> Option<Chart> {
    let caption = "Share of probes that filled within the horizon, best price; bars are 95 % \
                   intervals over seeds. 0 is the front of the queue, 100 the back.";
    let about = ("queue-fill", "Fill probability by place in the queue", caption);
    let axes = ("place in the queue (%)", "filled (%)");
    four(&answers.by_rank, about, axes, |group| group.fill, 100.0)
}

pub(super) fn by_place_soon(answers: &Answers) -> Option<Chart> {
    let caption = "Share of probes that filled within a second, best price: what a place decides \
                   where nearly all fill in the end.";
    let about = ("queue-fill-1s", "Fill probability within a second", caption);
    let axes = ("place in the queue (%)", "filled in 1 s (%)");
    four(&answers.by_rank, about, axes, |group| group.fill_1s, 100.0)
}

pub(super) fn by_lots(answers: &Answers) -> Option<Chart> {
    let caption = "The same by the lots ahead (least of a bin), all levels together. Not a curve \
                   of one queue: many lots ahead stand in other markets than few.";
    let about = ("queue-lots", "Fill probability by volume ahead", caption);
    let axes = ("lots ahead (from)", "filled (%)");
    four(&answers.by_lots_ahead, about, axes, |group| group.fill, 100.0)
}

pub(super) fn mark_out(answers: &Answers) -> Option<Chart> {
    let caption = "Mid less price ten seconds after the fill, signed: below zero the fill was at a \
                   loss. Given the fill; best price.";
    let about = ("queue-mark-out", "Adverse selection by place in the queue", caption);
    let axes = ("place in the queue (%)", "mark-out after 10 s (ticks)");
    four(&answers.by_rank, about, axes, |group| group.mark_out_10s, 1.0)
}

pub(super) fn value(answers: &Answers) -> Option<Chart> {
    let caption = "Mark-out after ten seconds if filled, nothing otherwise: the expected profit of \
                   standing there, before fees. Probes that were crossed are left out.";
    let about = ("queue-value", "What a place is worth", caption);
    let axes = ("place in the queue (%)", "expected profit (ticks)");
    four(&answers.by_rank, about, axes, |group| group.value, 1.0)
}
