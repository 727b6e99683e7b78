//! The study in words and tables, shared by the terminal and the page.

use std::fmt::Write as _;
use std::path::Path;

use super::super::charts::DataTable;
use super::super::numbers;
use super::super::terminal::{Style, drawn};
use crate::study::queue::answers::{Answers, Measured, Worth};
use crate::study::queue::why::Why;

const NOT_OBSERVED: &str = "not observed";

fn pm(value: Option<Measured>, scale: f64, places: usize) -> String {
    value.map_or_else(
        || NOT_OBSERVED.to_owned(),
        |m| format!("{:.places$} ± {:.places$}", m.value * scale, m.half_width * scale),
    )
}

fn percent(share: f64) -> String {
    if share.is_nan() { NOT_OBSERVED.to_owned() } else { format!("{:.1} %", share * 100.0) }
}

/// What the front was worth at the best price of a phase and side.
fn worth_of<'a>(answers: &'a Answers, phase: &str, flow: &str) -> Option<&'a Worth> {
    answers.worth.iter().find(|worth| (worth.phase, worth.flow, worth.level) == (phase, flow, 0))
}

/// What the study says in one sentence.
pub(super) fn headline(answers: &Answers) -> String {
    let say = |phase: &str, flow: &str| {
        let worth = worth_of(answers, phase, flow)?.value?;
        Some(format!("{:+.2} ± {:.2}", worth.value, worth.half_width))
    };
    let phase = |phase: &str| {
        let (hit, other) = (say(phase, "absorbing")?, say(phase, "other")?);
        Some(format!("in the {phase} by {hit} ticks where forced orders hit and {other} opposite"))
    };
    let parts: Vec<String> = ["calm", "peak"].into_iter().filter_map(phase).collect();
    if parts.is_empty() {
        return "No queue was long enough to have a front and a back.".to_owned();
    }
    format!("The front of the best queue is worth more than its back: {}.", parts.join("; "))
}

/// How it was found.
pub(super) fn sentence(answers: &Answers) -> String {
    format!(
        "{} probes of no size in {} cascades; a wait is cut after {}, and a price that moved {} \
         ticks away has left. Intervals are 95 %, over seeds.",
        numbers::count(answers.probes),
        answers.seeds,
        numbers::duration_ns(answers.horizon_ns),
        answers.away_ticks
    )
}

/// All tables, with a heading and a remark.
pub(super) fn tables(answers: &Answers) -> Vec<(&'static str, &'static str, DataTable)> {
    vec![
        (
            "By place in the queue, best price",
            "absorbing: the side that forced orders hit. Value: mark-out after 10 s if filled, else nothing.",
            ranks(answers),
        ),
        (
            "Front minus back",
            "The front against the back of the same queue at the same instant.",
            worth(answers),
        ),
        (
            "The market's own orders",
            "Real orders that stood last in the best queue, until they filled or their owners left.",
            orders(answers),
        ),
        (
            "What moves a queue forward",
            "Shares of the lots that left ahead of a probe.",
            moved(answers),
        ),
        (
            "Orders of real size",
            "Pairs of runs with and without one order at the back of the best queue.",
            causal(answers),
        ),
    ]
}

/// Some columns of a table: a terminal has no room for all.
fn columns(table: &DataTable, chosen: &[usize]) -> DataTable {
    let pick = |row: &Vec<String>| chosen.iter().map(|place| row[*place].clone()).collect();
    DataTable { header: pick(&table.header), rows: table.rows.iter().map(pick).collect() }
}

fn ranks(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "place",
        "probes",
        "filled (%)",
        "in 1 s (%)",
        "away",
        "crossed",
        "waiting",
        "lots ahead",
        "mark-out 1 s",
        "mark-out 10 s",
        "60 s",
        "peak's end",
        "value",
    ]);
    for group in answers.by_rank.iter().filter(|group| group.level == Some(0)) {
        table.rows.push(vec![
            group.phase.to_owned(),
            group.flow.to_owned(),
            format!("{} %", group.place),
            numbers::count(group.n),
            pm(group.fill, 100.0, 1),
            pm(group.fill_1s, 100.0, 1),
            percent(group.moved_away),
            percent(group.crossed),
            percent(group.waiting),
            format!("{:.0}", group.lots_ahead),
            pm(group.mark_out_1s, 1.0, 2),
            pm(group.mark_out_10s, 1.0, 2),
            pm(group.mark_out_60s, 1.0, 2),
            pm(group.mark_out_cascade_end, 1.0, 2),
            pm(group.value, 1.0, 3),
        ]);
    }
    table
}

fn worth(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "level",
        "fill (points)",
        "in 1 s (points)",
        "value (ticks)",
        "mark-out, both filled",
        "queues",
    ]);
    for worth in &answers.worth {
        table.rows.push(vec![
            worth.phase.to_owned(),
            worth.flow.to_owned(),
            worth.level.to_string(),
            pm(worth.fill, 100.0, 1),
            pm(worth.fill_1s, 100.0, 1),
            pm(worth.value, 1.0, 3),
            pm(worth.mark_out_both, 1.0, 3),
            worth.fill.map_or(NOT_OBSERVED.to_owned(), |m| numbers::count(m.n)),
        ]);
    }
    table
}

fn orders(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "orders",
        "filled (%)",
        "left",
        "waiting",
        "mark-out 1 s",
        "10 s",
    ]);
    for group in &answers.orders {
        table.rows.push(vec![
            group.phase.to_owned(),
            group.flow.to_owned(),
            numbers::count(group.n),
            pm(group.fill, 100.0, 1),
            percent(group.cancelled),
            percent(group.waiting),
            pm(group.mark_out_1s, 1.0, 2),
            pm(group.mark_out_10s, 1.0, 2),
        ]);
    }
    table
}

fn moved(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "lots",
        "trades",
        "cancels",
        "of liquidated",
        "repriced",
        "reduced",
        "self-trade",
    ]);
    for moved in &answers.moved_by {
        table.rows.push(vec![
            moved.phase.to_owned(),
            moved.flow.to_owned(),
            numbers::count(moved.lots),
            percent(moved.trades),
            percent(moved.cancels),
            percent(moved.liquidation_cancels),
            percent(moved.reprices),
            percent(moved.reductions),
            percent(moved.self_trade),
        ]);
    }
    table
}

fn causal(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "lots",
        "pairs",
        "refused",
        "probe filled (%)",
        "order reached (%)",
        "difference",
        "order in full (%)",
        "mid after 1 s",
        "after 10 s",
        "drawdown (bp)",
    ]);
    for effect in &answers.causal.effects {
        table.rows.push(vec![
            effect.phase.to_owned(),
            effect.flow.to_owned(),
            effect.lots.to_string(),
            effect.n.to_string(),
            effect.refused.to_string(),
            pm(effect.probe_fill, 100.0, 1),
            pm(effect.order_reached, 100.0, 1),
            pm(effect.difference, 100.0, 1),
            pm(effect.order_full, 100.0, 1),
            pm(effect.mid_1s, 1.0, 2),
            pm(effect.mid_10s, 1.0, 2),
            pm(effect.drawdown_bp, 1.0, 1),
        ]);
    }
    table
}

fn estimators(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "model",
        "during",
        "shadows",
        "truly filled",
        "bias (points)",
        "error (lots)",
        "rmse",
        "if said",
        "if not",
    ]);
    let share = |value: Option<f64>| value.map_or(NOT_OBSERVED.to_owned(), percent);
    for score in answers.estimators.iter().filter(|score| score.during != "recovery") {
        table.rows.push(vec![
            score.model.clone(),
            score.during.to_owned(),
            numbers::count(score.n),
            percent(score.true_fill),
            pm(score.bias, 100.0, 2),
            pm(score.error, 1.0, 1),
            format!("{:.1}", score.rmse),
            share(score.filled_if_said),
            share(score.filled_if_not),
        ]);
    }
    table
}

fn delays(answers: &Answers) -> DataTable {
    let mut table =
        DataTable::new(&["phase", "side", "delay", "decisions", "filled (%)", "gone", "value"]);
    let shown = |phase: &str| phase == "calm" || phase == "peak";
    for point in answers.latency.iter().filter(|point| shown(point.phase)) {
        table.rows.push(vec![
            point.phase.to_owned(),
            point.flow.to_owned(),
            numbers::duration_ns(point.delay_ns),
            numbers::count(point.n),
            pm(point.fill, 100.0, 1),
            percent(point.no_queue),
            pm(point.value, 1.0, 2),
        ]);
    }
    table
}

fn loads(answers: &Answers) -> DataTable {
    let mut table =
        DataTable::new(&["service", "busy", "phase", "side", "place", "filled (%)", "in 1 s (%)"]);
    let shown = |phase: &str| phase == "calm" || phase == "peak";
    for point in answers.load.iter().filter(|point| shown(point.phase)) {
        table.rows.push(vec![
            format!("× {}", point.scale),
            percent(point.utilisation),
            point.phase.to_owned(),
            point.flow.to_owned(),
            format!("{} %", point.rank_percent),
            pm(point.fill, 100.0, 1),
            pm(point.fill_1s, 100.0, 1),
        ]);
    }
    table
}

/// The study for a terminal.
pub fn study(answers: &Answers, page: &Path, style: Style) -> String {
    let mut text = format!("{}\n{}\n", headline(answers), sentence(answers));
    let mut all = tables(answers);
    all[0].2 = columns(&all[0].2, &[0, 1, 2, 3, 4, 5, 11, 14]);
    all[4].2 = columns(&all[4].2, &[0, 1, 2, 3, 5, 6, 7, 9, 10]);
    all.push(("Latency", "Decide, then join the back of the best queue later.", delays(answers)));
    all.push(("Load", "The same cascades with a slower engine.", loads(answers)));
    all.push(("Estimators against the truth", "", estimators(answers)));
    for (title, remark, table) in all {
        let _ = write!(text, "\n{title}\n");
        if !remark.is_empty() {
            let _ = writeln!(text, "{remark}");
        }
        let _ = writeln!(text, "{}", drawn(&table, style));
    }
    let _ = writeln!(text, "\nReport: {}", page.display());
    text
}

/// The steps of an order's path.
pub(super) fn path(why: &Why) -> DataTable {
    let mut table =
        DataTable::new(&["time", "cause", "lots", "orders ahead", "lots ahead", "price"]);
    for step in &why.steps {
        let detail = step.detail.map_or(String::new(), |detail| format!(": {detail}"));
        table.rows.push(vec![
            format!("{:.6} s", step.time_ns as f64 / 1e9),
            format!("{}{detail}", step.cause),
            numbers::count(step.lots),
            step.orders_ahead.to_string(),
            numbers::count(step.lots_ahead),
            numbers::count(u64::from(step.price_ticks)),
        ]);
    }
    table
}

/// An order's path for a terminal.
pub fn why(why: &Why, style: Style) -> String {
    let end = match (why.end_ns, why.cancel_cause) {
        (Some(at), Some(cause)) => format!("{} at {:.6} s: {cause}", why.end, at as f64 / 1e9),
        (Some(at), None) => format!("{} at {:.6} s", why.end, at as f64 / 1e9),
        _ => "still resting when the run ended; its end is not observed".to_owned(),
    };
    let moved: Vec<String> =
        why.moved_by.iter().map(|(cause, lots)| format!("{cause} {lots} lots")).collect();
    let moved =
        if moved.is_empty() { "nothing moved it forward".to_owned() } else { moved.join(", ") };
    format!(
        "order {}: {end}\nmoved forward by: {moved}\n\n{}\n",
        why.order,
        drawn(&path(why), style)
    )
}
