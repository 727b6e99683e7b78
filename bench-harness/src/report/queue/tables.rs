//! The study's tables, shared by the terminal and the page.

use super::super::charts::DataTable;
use super::super::numbers;
use crate::study::queue::answers::{Answers, Measured};
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

fn share(value: Option<f64>) -> String {
    value.map_or(NOT_OBSERVED.to_owned(), percent)
}

fn lots_ahead(lots: f64) -> String {
    if lots.is_nan() { NOT_OBSERVED.to_owned() } else { format!("{lots:.0}") }
}

/// Headings of the tables that a terminal shortens.
pub(super) const BY_PLACE: &str = "By place in the queue";
pub(super) const PAIRS: &str = "Orders of real size";

/// All tables, with a heading and a remark.
pub(super) fn tables(answers: &Answers) -> Vec<(&'static str, String, DataTable)> {
    let level = shown_level(answers);
    let absorbing = "absorbing: the side that forced orders hit";
    vec![
        (
            BY_PLACE,
            format!(
                "Level {level} (0 is the best price); {absorbing}. Value: mark-out after 10 s if \
                 filled, else nothing."
            ),
            ranks(answers, level),
        ),
        (
            "By volume ahead",
            "Lots ahead at the start, from the least of a bin; all levels together.".to_owned(),
            lots(answers),
        ),
        (
            "Time to fill, back of the best queue",
            "Cumulative incidence is the share that has filled, other ends competing. \
             Kaplan-Meier, with Greenwood's band, is the share that would have filled were there \
             no other end: no fill rate."
                .to_owned(),
            ends(answers),
        ),
        (
            "Front minus back",
            "The front against the back of the same queue at the same instant.".to_owned(),
            worth(answers),
        ),
        (
            "The market's own orders",
            "Real orders that stood last in the best queue, until they filled or their owners \
             left."
                .to_owned(),
            orders(answers),
        ),
        (
            "What moves a queue forward",
            "Shares of the lots that left ahead of a probe.".to_owned(),
            moved(answers),
        ),
        (
            PAIRS,
            "Pairs of runs with and without one order at the back of the best queue.".to_owned(),
            causal(answers),
        ),
    ]
}

/// The best of the levels that were asked for.
fn shown_level(answers: &Answers) -> u32 {
    answers.levels.iter().copied().min().unwrap_or(0)
}

/// Some columns of a table: a terminal has no room for all.
pub(super) fn columns(table: &DataTable, chosen: &[usize]) -> DataTable {
    let pick = |row: &Vec<String>| chosen.iter().map(|place| row[*place].clone()).collect();
    DataTable { header: pick(&table.header), rows: table.rows.iter().map(pick).collect() }
}

fn ranks(answers: &Answers, level: u32) -> DataTable {
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
    for group in answers.by_rank.iter().filter(|group| group.level == Some(level)) {
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
            lots_ahead(group.lots_ahead),
            pm(group.mark_out_1s, 1.0, 2),
            pm(group.mark_out_10s, 1.0, 2),
            pm(group.mark_out_60s, 1.0, 2),
            pm(group.mark_out_cascade_end, 1.0, 2),
            pm(group.value, 1.0, 3),
        ]);
    }
    table
}

fn lots(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "phase",
        "side",
        "lots ahead",
        "probes",
        "filled (%)",
        "in 1 s (%)",
        "mark-out 10 s",
        "value",
    ]);
    for group in &answers.by_lots_ahead {
        table.rows.push(vec![
            group.phase.to_owned(),
            group.flow.to_owned(),
            format!("{}+", group.place),
            numbers::count(group.n),
            pm(group.fill, 100.0, 1),
            pm(group.fill_1s, 100.0, 1),
            pm(group.mark_out_10s, 1.0, 2),
            pm(group.value, 1.0, 3),
        ]);
    }
    table
}

/// Points of the curves of the last in the queue, a decade of time apart.
fn ends(answers: &Answers) -> DataTable {
    let mut table = DataTable::new(&[
        "of",
        "phase",
        "side",
        "after",
        "filled",
        "moved away",
        "otherwise",
        "Kaplan-Meier",
        "at risk",
    ]);
    for curve in answers.curves.iter().filter(|curve| curve.rank_percent == 100) {
        // Forty steps from a millisecond to the horizon: every tenth.
        for point in curve.points.iter().step_by(10).skip(1) {
            let km = point.kaplan_meier.zip(point.greenwood);
            table.rows.push(vec![
                curve.of.to_owned(),
                curve.phase.to_owned(),
                curve.flow.to_owned(),
                format!("{:.2} s", point.seconds),
                percent(point.filled),
                percent(point.moved_away),
                percent(point.crossed + point.cancelled),
                km.map_or(NOT_OBSERVED.to_owned(), |(value, half_width)| {
                    format!("{:.1} ± {:.1} %", value * 100.0, half_width * 100.0)
                }),
                point.at_risk.to_string(),
            ]);
        }
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
            share(moved.trades),
            share(moved.cancels),
            share(moved.liquidation_cancels),
            share(moved.reprices),
            share(moved.reductions),
            share(moved.self_trade),
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

pub(super) fn estimators(answers: &Answers) -> DataTable {
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

pub(super) fn delays(answers: &Answers) -> DataTable {
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

pub(super) fn loads(answers: &Answers) -> DataTable {
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
