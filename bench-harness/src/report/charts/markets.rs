//! Several markets of one shard on one time axis: their marks, and what the fund holds of each.

use plotly::common::{Line, LineShape, Mode};
use plotly::{Plot, Scatter};

use super::{Chart, DataTable, colour, key, panel_axis, panel_title, seconds};
use crate::measure::summary::{MarketResult, Summary};
use crate::measure::tables::MarketRow;
use crate::report::numbers;
use crate::report::run_directory::SavedRun;

const MARKS: [f64; 2] = [0.42, 0.95];
const FUND: [f64; 2] = [0.0, 0.30];

/// Points of a series at most.
const POINTS: usize = 700;

/// One for each market, round and round.
const COLOURS: [&str; 6] =
    [colour::MARK, colour::FORCED, colour::BID, colour::ASK, colour::FUND, colour::INDEX];

pub(super) fn chart(run: &SavedRun) -> Option<Chart> {
    let rows = &run.tables.markets;
    if rows.is_empty() {
        return None;
    }
    let names = names(&run.summary);
    let mut figure = Plot::new();
    let mut keys = Vec::new();
    for of_market in rows.chunk_by(|a, b| a.symbol == b.symbol) {
        let symbol = of_market[0].symbol as usize;
        let hue = COLOURS[symbol % COLOURS.len()];
        let name = names.get(symbol).map_or("", |name| *name);
        keys.push(key(name, hue));
        add(&mut figure, of_market, name, hue);
    }
    let marks = format!("<b>Mark</b>, % of its start: {}", keys.join(", "));
    figure.set_layout(
        super::layout()
            .x_axis(super::time_axis().anchor("y2"))
            .y_axis(panel_axis(&MARKS))
            .y_axis2(panel_axis(&FUND))
            .annotations(vec![
                panel_title(MARKS[1] + 0.01, &marks),
                panel_title(FUND[1] + 0.01, "<b>What the fund holds of each</b> (lots)"),
            ]),
    );
    let caption =
        "All markets of the shard. The other pictures of this page are of the first one; what \
                   was liquidated and who paid are of all of them."
            .to_owned();
    Some(Chart {
        id: "markets",
        title: "Every market",
        caption,
        height_px: 520,
        is_narrow: false,
        figure: figure.to_json(),
        table: table(&run.summary),
    })
}

fn add(figure: &mut Plot, rows: &[MarketRow], name: &str, hue: &'static str) {
    let start = rows.iter().find(|row| row.mark_ticks > 0).map_or(1, |row| row.mark_ticks);
    let part = |row: &MarketRow| {
        let percent = f64::from(row.mark_ticks) / f64::from(start) * 100.0;
        (row.mark_ticks > 0).then_some((percent * 1e3).round() / 1e3)
    };
    let stride = rows.len().div_ceil(POINTS).max(1);
    // Of each stretch its lowest and its highest mark, so that no fall is thinned away.
    let ends = |stretch: &[MarketRow]| {
        let by_mark = |n: &usize| stretch[*n].mark_ticks;
        let low = (0..stretch.len()).min_by_key(by_mark).unwrap_or(0);
        let high = (0..stretch.len()).max_by_key(by_mark).unwrap_or(0);
        [stretch[low.min(high)], stretch[low.max(high)]]
    };
    let kept: Vec<MarketRow> = rows.chunks(2 * stride).flat_map(ends).collect();
    let line = || Line::new().color(hue).width(1.6);
    figure.add_trace(
        Scatter::new(
            kept.iter().map(|row| seconds(row.time_ns)).collect(),
            kept.iter().map(part).collect(),
        )
        .name(name)
        .mode(Mode::Lines)
        .line(line()),
    );
    let thin: Vec<&MarketRow> = rows.iter().step_by(stride).collect();
    figure.add_trace(
        Scatter::new(
            thin.iter().map(|row| seconds(row.time_ns)).collect(),
            thin.iter().map(|row| row.fund_position_lots).collect(),
        )
        .name(name)
        .mode(Mode::Lines)
        .line(line().shape(LineShape::Hv))
        .y_axis("y2"),
    );
}

/// The markets' names by symbol.
fn names(summary: &Summary) -> Vec<&str> {
    let mut named: Vec<(u64, &str)> =
        summary.markets.iter().map(|(name, market)| (market.symbol, name.as_str())).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, name)| name).collect()
}

/// The markets side by side.
pub(in crate::report) fn table(summary: &Summary) -> DataTable {
    let mut table = DataTable::new(&[
        "market",
        "hit",
        "forced",
        "in book",
        "taken",
        "ADL",
        "fall",
        "depth",
        "corr. calm",
        "cascade",
    ]);
    let mut markets: Vec<(&String, &MarketResult)> = summary.markets.iter().collect();
    markets.sort_unstable_by_key(|(_, market)| market.symbol);
    let lots = |lots: u64| numbers::compact(lots as f64);
    let part = |value: Option<f64>| {
        value.map_or(numbers::NONE.to_owned(), |value| numbers::decimal(value, 2))
    };
    for (name, market) in markets {
        let filled = market.forced_filled_qty as f64 / market.forced_qty as f64;
        table.rows.push(vec![
            name.clone(),
            numbers::count(market.triggered),
            lots(market.forced_qty),
            numbers::percent_or_none((market.forced_qty > 0).then_some(filled)),
            lots(market.taken_over_qty),
            lots(market.deleveraged_qty),
            numbers::percent(market.market.drawdown_bp / 10_000.0),
            numbers::percent_or_none(market.market.depth_trough_fraction),
            part(market.correlation_calm),
            part(market.correlation_cascade),
        ]);
    }
    table
}
