//! The tables that the terminal and the page share.

use super::charts::{self, DataTable};
use super::numbers::{self, NONE};
use super::story;
use crate::measure::summary::{Distribution, FlowLatency, Percentiles, Summary};

fn table(header: &[&str], rows: Vec<Vec<String>>) -> DataTable {
    DataTable { header: header.iter().map(|&name| name.to_owned()).collect(), rows }
}

/// The run by phase: how long, where the mark went, what was traded.
pub fn phases(summary: &Summary) -> DataTable {
    let rows = story::phases(summary)
        .into_iter()
        .map(|(name, phase)| {
            let (from, to) = (u64::from(phase.mark_start), u64::from(phase.mark_end));
            let change = if from == 0 { 0.0 } else { to as f64 / from as f64 - 1.0 };
            vec![
                name.to_owned(),
                numbers::duration_ns(phase.end_ns.saturating_sub(phase.start_ns)),
                format!("{} → {}", numbers::count(from), numbers::count(to)),
                numbers::percent(change),
                numbers::count(u64::from(phase.mark_low)),
                numbers::count(phase.commands),
                numbers::count(phase.traded_qty),
                numbers::count(phase.forced_qty),
            ]
        })
        .collect();
    let header =
        ["phase", "lasted", "mark (ticks)", "change", "low", "commands", "traded", "forced"];
    table(&header, rows)
}

/// Several markets side by side; without rows where there is one.
pub fn markets(summary: &Summary) -> DataTable {
    charts::markets_table(summary)
}

/// What was liquidated and what became of it, one fact a row.
pub fn liquidations(summary: &Summary) -> DataTable {
    let liquidation = &summary.liquidation;
    let triggered = numbers::count(liquidation.accounts_triggered);
    let share = story::triggered_share(summary).map_or(NONE.to_owned(), numbers::percent);
    let rows = [
        (
            "accounts triggered",
            format!("{triggered} of {}", numbers::count(summary.leveraged_accounts)),
            share,
        ),
        ("accounts closed", numbers::count(liquidation.accounts_closed), String::new()),
        (
            "beyond bankruptcy when served",
            numbers::count(liquidation.bankrupt_accounts),
            String::new(),
        ),
        (
            "forced orders",
            format!("{} lots", numbers::count(liquidation.forced_qty)),
            String::new(),
        ),
        (
            "filled in the book",
            format!("{} lots", numbers::count(liquidation.forced_filled_qty)),
            numbers::percent_or_none(liquidation.fill_rate),
        ),
        against("against bankruptcy price", &liquidation.slippage_vs_bankruptcy_bp),
        against("against mark at trigger", &liquidation.slippage_vs_trigger_mark_bp),
        times("trigger to first fill", &liquidation.time_to_first_fill_ns),
        times("trigger to flat", &liquidation.time_to_flat_ns),
    ];
    let rows = rows.map(|(name, value, note)| vec![name.to_owned(), value, note]).to_vec();
    table(&["liquidations", "", ""], rows)
}

fn against(name: &'static str, slippage: &Distribution) -> (&'static str, String, String) {
    if slippage.count == 0 {
        return (name, NONE.to_owned(), String::new());
    }
    let mean = format!("mean {}", numbers::basis_points(slippage.mean));
    (name, mean, format!("median {}", numbers::basis_points(slippage.p50)))
}

fn times(name: &'static str, times: &Percentiles) -> (&'static str, String, String) {
    if times.count == 0 {
        return (name, NONE.to_owned(), String::new());
    }
    let median = format!("median {}", numbers::duration_ns(times.p50));
    (name, median, format!("99 % {}", numbers::duration_ns(times.p99)))
}

/// Who paid, with amounts in full.
pub fn payers(summary: &Summary) -> DataTable {
    let liquidation = &summary.liquidation;
    let money = story::currency(summary);
    let rows = [
        ("loss beyond margin, at the mark", liquidation.deficit, String::new()),
        (
            "insurance fund paid",
            liquidation.insurance_paid,
            format!("took in {} of fees", money.compact(liquidation.insurance_fees)),
        ),
        ("  taken over by the fund", liquidation.backstop_notional, "notional".to_owned()),
        (
            "  closed by auto-deleveraging",
            liquidation.adl_notional,
            format!("notional, {} accounts", numbers::count(liquidation.adl_accounts)),
        ),
        ("socialised", liquidation.socialised, String::new()),
    ];
    let mut rows =
        rows.map(|(name, amount, note)| vec![name.to_owned(), money.full(amount), note]).to_vec();
    for (name, fund) in story::funds(summary).into_iter().rev() {
        let note = format!(
            "of {}; fees {}, taken over {}, ADL {}, shared {}",
            money.compact(fund.start),
            money.compact(fund.fees),
            money.compact(fund.backstop_notional),
            money.compact(fund.adl_notional),
            money.compact(fund.socialised)
        );
        // Right under what all of them paid.
        rows.insert(2, vec![format!("  fund `{name}` paid"), money.full(fund.paid), note]);
    }
    table(&["who paid", "amount", ""], rows)
}

/// Latency percentiles of every flow and measure that has observations.
pub fn latencies(summary: &Summary) -> DataTable {
    let latency = &summary.latency_ns;
    let flows = [("maker", latency.maker), ("taker", latency.taker), ("forced", latency.forced)];
    let mut rows = Vec::new();
    for (flow, measures) in flows {
        for (measure, percentiles) in by_measure(&measures) {
            if percentiles.count > 0 {
                rows.push(latency_row(flow, measure, &percentiles));
            }
        }
    }
    let header =
        ["latency", "flow", "orders", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "greatest"];
    rows.sort_by_key(|row| measure_rank(&row[0]));
    table(&header, rows)
}

const MEASURES: [&str; 3] = ["order to ack", "order to fill", "rested to fill"];

fn by_measure(latency: &FlowLatency) -> [(&'static str, Percentiles); 3] {
    [
        (MEASURES[0], latency.order_to_ack),
        (MEASURES[1], latency.order_to_fill),
        (MEASURES[2], latency.time_to_first_fill),
    ]
}

fn measure_rank(measure: &str) -> usize {
    MEASURES.iter().position(|&name| name == measure).unwrap_or(MEASURES.len())
}

fn latency_row(flow: &str, measure: &str, percentiles: &Percentiles) -> Vec<String> {
    let values = [
        percentiles.p50,
        percentiles.p90,
        percentiles.p99,
        percentiles.p99_9,
        percentiles.p99_99,
        percentiles.max,
    ];
    let mut row = vec![measure.to_owned(), flow.to_owned(), numbers::count(percentiles.count)];
    row.extend(values.map(numbers::duration_ns));
    row
}

/// Fill rate by phase and its degradation.
pub fn fill_rates(summary: &Summary) -> DataTable {
    let rows = charts::flow_fill_rates(summary)
        .into_iter()
        .map(|(flow, rate)| {
            let mut row = vec![flow.to_owned()];
            let values = [rate.calm, rate.onset, rate.peak, rate.recovery];
            row.extend(values.map(numbers::percent_or_none));
            row.push(numbers::degradation(rate.degradation));
            row
        })
        .collect();
    table(&["fill rate", "calm", "onset", "peak", "recovery", "degradation"], rows)
}

/// What the cascade did to the market.
pub fn market(summary: &Summary) -> DataTable {
    let market = &summary.market;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let times = |value: f64| format!("{} times", numbers::decimal(value, 2));
    let rows = vec![
        vec!["amplification of the shock".to_owned(), or_none(market.amplification.map(times))],
        vec!["fall of the mark".to_owned(), numbers::percent(market.drawdown_bp / 10_000.0)],
        vec!["fall, against no liquidations".to_owned(), or_none(market.drawdown_ratio.map(times))],
        vec![
            "bid depth left at the trough".to_owned(),
            numbers::percent_or_none(market.depth_trough_fraction),
        ],
        vec![
            "half the depth back after".to_owned(),
            or_none(market.depth_half_recovery_ns.map(numbers::duration_ns)),
        ],
        vec![
            "widest spread".to_owned(),
            format!("{} ticks", numbers::count(market.spread_max_ticks)),
        ],
    ];
    table(&["market", ""], rows)
}
