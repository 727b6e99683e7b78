//! A plausible cascade for the tests of the report; no simulation, no engine, never in the binary.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fixture draws smooth curves within small bounds"
)]

use std::path::Path;

use hdrhistogram::Histogram;

use super::events::Events;
use super::table_stream::TableFiles;
use crate::measure::hand_over::TableSink;
use crate::measure::summary::{
    Distribution, FillRate, FillRates, FlowLatency, Latency, LiquidationSummary, MarketSummary,
    Percentiles, Phase, Phases, Summary,
};
use crate::measure::tables::{
    DeleverageRow, FlowHistograms, FundRow, LiquidationRow, Tables, TimelineRow,
};

const GRID_NS: u64 = 20_000_000;
const INSTANTS: u64 = 3_000;
const SHOCK: u64 = 1_000;
const PEAK_START: u64 = 1_060;
const PEAK_END: u64 = 1_300;

/// The mark at an instant of the grid: flat, a fall, half a recovery, with ripples.
fn mark(instant: u64) -> f64 {
    let ripple = libm::sin(instant as f64 / 17.0) * 12.0 + libm::sin(instant as f64 / 5.3) * 5.0;
    let fall = if instant < SHOCK {
        0.0
    } else if instant < PEAK_END {
        11_000.0 * libm::pow((instant - SHOCK) as f64 / (PEAK_END - SHOCK) as f64, 0.8)
    } else {
        let back = 1.0 - libm::exp(-((instant - PEAK_END) as f64) / 500.0);
        11_000.0 - 5_500.0 * back
    };
    50_000.0 - fall + ripple
}

fn phase_of(instant: u64) -> u32 {
    match instant {
        0..SHOCK => 0,
        SHOCK..PEAK_START => 1,
        PEAK_START..PEAK_END => 2,
        _ => 3,
    }
}

fn timeline_row(instant: u64) -> TimelineRow {
    let phase = phase_of(instant);
    let stress = match phase {
        0 => 0.0,
        1 => 0.5,
        2 => 1.0,
        _ => libm::exp(-((instant - PEAK_END) as f64) / 300.0),
    };
    let mark_ticks = mark(instant);
    let forced = if phase == 2 { 900.0 + 600.0 * libm::sin(instant as f64 / 9.0) } else { 0.0 };
    let depth = 4_000.0 * (1.0 - 0.9 * stress);
    let taken_over = if instant > PEAK_START + 100 { 800.0 * stress } else { 0.0 };
    TimelineRow {
        time_ns: instant * GRID_NS,
        phase,
        mark_ticks: mark_ticks as u32,
        index_ticks: (mark_ticks + 150.0 * stress) as u32,
        bid_ticks: (mark_ticks - 2.0 - 60.0 * stress) as u32,
        ask_ticks: (mark_ticks + 2.0 + 40.0 * stress) as u32,
        bid_depth_10bp_lots: (depth * 0.2) as u64,
        bid_depth_50bp_lots: depth as u64,
        bid_depth_100bp_lots: (depth * 2.0) as u64,
        ask_depth_50bp_lots: (depth * 1.1) as u64,
        commands: (400.0 + 900.0 * stress) as u64,
        traded_lots: (150.0 + 900.0 * stress) as u64,
        forced_lots: forced as u64,
        forced_filled_lots: (forced * 0.63) as u64,
        exogenous_lots: if phase == 1 { 300 } else { 0 },
        taker_lots: 200,
        taker_filled_lots: (198.0 - 70.0 * stress) as u64,
        maker_lots: 900,
        maker_filled_lots: (160.0 + 60.0 * stress) as u64,
        backlog: (140.0 * stress * libm::sin(instant as f64 / 40.0).abs()) as u64,
        fund_cash: 900_000_000 - (taken_over * 400_000.0) as i64,
        fund_position_lots: taken_over as i64,
    }
}

fn histogram(median_ns: f64, spread: f64, count: u32) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are allowed");
    for index in 0..count {
        let rank = (f64::from(index) + 0.5) / f64::from(count);
        let value = median_ns * libm::pow(rank / (1.0 - rank), spread);
        histogram.record(value as u64 + 1).expect("auto-resizing");
    }
    histogram
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    Percentiles {
        count: histogram.len(),
        p50: histogram.value_at_quantile(0.5),
        p90: histogram.value_at_quantile(0.9),
        p99: histogram.value_at_quantile(0.99),
        p99_9: histogram.value_at_quantile(0.999),
        p99_99: histogram.value_at_quantile(0.9999),
        max: histogram.max(),
    }
}

fn flow_latency(histograms: &FlowHistograms) -> FlowLatency {
    FlowLatency {
        order_to_ack: percentiles(&histograms.order_to_ack),
        order_to_fill: percentiles(&histograms.order_to_fill),
        time_to_first_fill: Percentiles::default(),
    }
}

/// The tables of the cascade.
pub(crate) fn tables() -> Tables {
    let histograms = vec![
        FlowHistograms {
            flow: "maker",
            order_to_ack: histogram(180_000.0, 0.25, 60_000),
            order_to_fill: Histogram::new(3).expect("three digits are allowed"),
        },
        FlowHistograms {
            flow: "taker",
            order_to_ack: histogram(210_000.0, 0.3, 30_000),
            order_to_fill: histogram(230_000.0, 0.35, 28_000),
        },
        FlowHistograms {
            flow: "forced",
            order_to_ack: histogram(40_000.0, 0.6, 1_500),
            order_to_fill: histogram(60_000.0, 0.8, 1_400),
        },
    ];
    Tables {
        timeline: (0..INSTANTS).map(timeline_row).collect(),
        liquidations: (0..1_480).map(liquidation_row).collect(),
        deleverages: (0..40).map(deleverage_row).collect(),
        fund: fund_rows(),
        markets: Vec::new(),
        histograms,
    }
}

/// What the page shows of the cascade's events.
pub(crate) fn events() -> Events {
    event_files(tempfile::tempdir().unwrap().path())
}

/// Writes the cascade's event tables; answers what the page shows of them.
pub(crate) fn event_files(directory: &Path) -> Events {
    let (mut files, tables) = (TableFiles::create(directory).unwrap(), tables());
    files.liquidations(&tables.liquidations).unwrap();
    files.deleverages(&tables.deleverages).unwrap();
    files.fund(&tables.fund).unwrap();
    files.finish().unwrap()
}

fn liquidation_row(index: u32) -> LiquidationRow {
    let trigger_ns = (PEAK_START + u64::from(index) * 240 / 1_480) * GRID_NS;
    let mark_ticks = mark(trigger_ns / GRID_NS);
    let part = u64::from(index % 5);
    LiquidationRow {
        account: index + 1,
        long: true,
        trigger_ns,
        first_fill_ns: trigger_ns + 90_000,
        end_ns: trigger_ns + 4_000_000,
        recovered: index.is_multiple_of(200),
        qty_lots: 150,
        trigger_mark_ticks: mark_ticks as u32,
        bankruptcy_ticks: (mark_ticks * 0.993) as u32,
        filled_lots: 150 - 22 * part,
        taken_over_lots: 17 * part,
        deleveraged_lots: 5 * part,
        disposal_ticks: mark_ticks * 0.991,
        liquidation_ticks: 0.0,
        symbol: 0,
        leg: 0,
    }
}

fn deleverage_row(index: u32) -> DeleverageRow {
    let time_ns = (PEAK_START + 150 + u64::from(index) * 2) * GRID_NS;
    DeleverageRow {
        time_ns,
        account: index * 7 + 1,
        counterparty: 20_000 + index,
        qty_lots: 370,
        price_ticks: mark(time_ns / GRID_NS) as u32,
        symbol: 0,
    }
}

fn fund_rows() -> Vec<FundRow> {
    let mut balance = 900_000_000;
    (0..400_u32)
        .map(|index| {
            let cause = u32::from(index.is_multiple_of(4));
            let amount = if cause == 1 { -3_100_000 } else { 210_000 };
            balance += amount;
            let time_ns = (PEAK_START + u64::from(index) / 2) * GRID_NS;
            FundRow { time_ns, cause, amount, balance, fund: 0 }
        })
        .collect()
}

fn phase(from: u64, until: u64, forced_qty: u64) -> Phase {
    let marks: Vec<u32> = (from..until).map(|instant| mark(instant) as u32).collect();
    Phase {
        start_ns: from * GRID_NS,
        end_ns: until * GRID_NS,
        mark_start: marks[0],
        mark_end: marks[marks.len() - 1],
        mark_low: marks.iter().copied().min().unwrap_or(0),
        commands: (until - from) * 420,
        traded_qty: (until - from) * 350,
        forced_qty,
    }
}

fn liquidation(tables: &Tables) -> LiquidationSummary {
    let rows = &tables.liquidations;
    let forced_qty: u64 = rows.iter().map(|row| row.qty_lots).sum();
    let forced_filled_qty: u64 = rows.iter().map(|row| row.filled_lots).sum();
    LiquidationSummary {
        accounts_triggered: 1_480,
        accounts_closed: 1_472,
        forced_qty,
        forced_filled_qty,
        fill_rate: Some(forced_filled_qty as f64 / forced_qty as f64),
        deficit: 342_000_000,
        insurance_paid: 310_000_000,
        insurance_fees: 63_000_000,
        backstop_notional: 12_400_000_000,
        adl_notional: 3_700_000_000,
        adl_accounts: 40,
        socialised: 41_000_000,
        bankrupt_accounts: 212,
        slippage_vs_bankruptcy_bp: Distribution {
            count: 1_472,
            mean: -12.4,
            min: -210.0,
            p1: -160.0,
            p5: -90.0,
            p50: 3.2,
            p95: 44.0,
            p99: 61.0,
            max: 70.0,
        },
        slippage_vs_trigger_mark_bp: Distribution {
            count: 1_472,
            mean: -81.5,
            min: -310.0,
            p1: -260.0,
            p5: -190.0,
            p50: -66.0,
            p95: -2.0,
            p99: 4.0,
            max: 9.0,
        },
        time_to_first_fill_ns: percentiles(&tables.histograms[2].order_to_fill),
        time_to_flat_ns: percentiles(&histogram(4_000_000.0, 0.9, 1_472)),
        ..LiquidationSummary::default()
    }
}

fn fill_rates() -> FillRates {
    let rate = |calm: f64, onset: f64, peak: f64, recovery: f64| FillRate {
        calm: Some(calm),
        onset: Some(onset),
        peak: Some(peak),
        recovery: Some(recovery),
        degradation: Some(1.0 - peak / calm),
    };
    FillRates {
        maker: rate(0.178, 0.22, 0.24, 0.19),
        taker: rate(0.99, 0.86, 0.64, 0.95),
        forced: FillRate { onset: None, ..rate(0.998, 0.0, 0.63, 0.92) },
    }
}

/// The summary of the cascade.
pub(crate) fn summary() -> Summary {
    let tables = tables();
    let [maker, taker, forced] = [0, 1, 2].map(|index| flow_latency(&tables.histograms[index]));
    Summary {
        scenario: "flash-crash".to_owned(),
        venue: "default".to_owned(),
        seed: 7,
        config_hash: "5f0c1d2e3a4b5968".to_owned(),
        events_hash: "0123456789abcdef0123456789abcdef".to_owned(),
        state_hash: "fedcba9876543210fedcba9876543210".to_owned(),
        commands: 1_260_000,
        rejected: 8_211,
        events: 4_420_118,
        trades: 390_114,
        sim_seconds: 60.0,
        wall_seconds: 1.2,
        loop_cpu_seconds: 0.48,
        horizon_ns: 1_000_000_000,
        money_scale: 100,
        currency: "USD".to_owned(),
        leveraged_accounts: 12_000,
        phases: Phases {
            calm: Some(phase(0, SHOCK, 0)),
            onset: Some(phase(SHOCK, PEAK_START, 4_400)),
            peak: Some(phase(PEAK_START, PEAK_END, 177_600)),
            recovery: Some(phase(PEAK_END, INSTANTS, 40_000)),
        },
        liquidation: liquidation(&tables),
        latency_ns: Latency { clock: "virtual".to_owned(), maker, taker, forced },
        fill_rate: fill_rates(),
        market: MarketSummary {
            amplification: Some(13.3),
            drawdown_bp: 2_203.0,
            drawdown_ratio: Some(2.4),
            depth_trough_fraction: Some(0.1),
            depth_half_recovery_ns: Some(4_200_000_000),
            spread_max_ticks: 104,
            ..MarketSummary::default()
        },
        conservation_error: 0,
        ..Summary::default()
    }
}
