//! The rows of a run's tables. Times are virtual nanoseconds, prices ticks, quantities lots,
//! amounts money units.

use parquet_derive::ParquetRecordWriter;
use serde::{Deserialize, Serialize};

/// The market at one instant of a fixed grid, and what happened since the instant before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct TimelineRow {
    /// Instant.
    pub time_ns: u64,
    /// Phase: 0 calm, 1 onset, 2 peak, 3 recovery.
    pub phase: u32,
    /// Mark price.
    pub mark_ticks: u32,
    /// Exogenous fundamental price.
    pub index_ticks: u32,
    /// Best bid, 0 if none.
    pub bid_ticks: u32,
    /// Best offer, 0 if none.
    pub ask_ticks: u32,
    /// Bid depth within 10 bp of the mid.
    pub bid_depth_10bp_lots: u64,
    /// Bid depth within 50 bp of the mid.
    pub bid_depth_50bp_lots: u64,
    /// Bid depth within 100 bp of the mid.
    pub bid_depth_100bp_lots: u64,
    /// Offer depth within 50 bp of the mid.
    pub ask_depth_50bp_lots: u64,
    /// Commands since the instant before.
    pub commands: u64,
    /// Traded quantity since.
    pub traded_lots: u64,
    /// Forced quantity submitted since.
    pub forced_lots: u64,
    /// Forced quantity filled since.
    pub forced_filled_lots: u64,
    /// Exogenous shock quantity submitted since.
    pub exogenous_lots: u64,
    /// Taker quantity submitted since.
    pub taker_lots: u64,
    /// Taker quantity filled since.
    pub taker_filled_lots: u64,
    /// Maker quantity submitted since.
    pub maker_lots: u64,
    /// What of that filled within the horizon.
    pub maker_filled_lots: u64,
    /// Positions waiting in the liquidation queue.
    pub backlog: u64,
    /// Cash of the fund, or of all of them.
    pub fund_cash: i64,
    /// The position of the market's fund, signed.
    pub fund_position_lots: i64,
}

/// One liquidation, from trigger to flat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct LiquidationRow {
    /// Account.
    pub account: u32,
    /// True for a long.
    pub long: bool,
    /// Trigger time.
    pub trigger_ns: u64,
    /// Time of the first fill; 0 if there was none.
    pub first_fill_ns: u64,
    /// Time it was flat or healthy again; 0 if it never was.
    pub end_ns: u64,
    /// True if it was healthy again when its turn came.
    pub recovered: bool,
    /// Position at the trigger.
    pub qty_lots: u64,
    /// Mark at the trigger.
    pub trigger_mark_ticks: u32,
    /// Bankruptcy price at the trigger.
    pub bankruptcy_ticks: u32,
    /// Filled in the book.
    pub filled_lots: u64,
    /// Taken over by the fund.
    pub taken_over_lots: u64,
    /// Closed by auto-deleveraging.
    pub deleveraged_lots: u64,
    /// Average disposal price (rule 7 of the house), in ticks.
    pub disposal_ticks: f64,
    /// Price at which it was due to be liquidated, in ticks; 0 where it is not computed (contracts
    /// that are not linear).
    pub liquidation_ticks: f64,
    /// Market, by its number.
    #[serde(default)]
    pub symbol: u32,
    /// 0 for the position that was triggered; further positions of the same cross account, in the
    /// order in which they were closed, from 1. Their quantity is what was closed of them.
    #[serde(default)]
    pub leg: u32,
}

impl LiquidationRow {
    /// What was closed of it, by whatever way.
    pub fn closed_lots(&self) -> u64 {
        self.filled_lots + self.taken_over_lots + self.deleveraged_lots
    }
}

/// One auto-deleveraging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct DeleverageRow {
    /// Time.
    pub time_ns: u64,
    /// Account that was closed, 0 for the fund (of several, one of the first for each).
    pub account: u32,
    /// Account that gave up its position.
    pub counterparty: u32,
    /// Quantity.
    pub qty_lots: u64,
    /// Price.
    pub price_ticks: u32,
    /// Market, by its number.
    #[serde(default)]
    pub symbol: u32,
}

/// One change of a fund's cash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct FundRow {
    /// Time.
    pub time_ns: u64,
    /// Cause: 0 liquidation fee, 1 unwind, 2 deleverage, 3 shortfall, 4 socialised, 8 funding, 9 collateral.
    pub cause: u32,
    /// Change.
    pub amount: i64,
    /// Cash after it.
    pub balance: i64,
    /// The fund, by its number.
    #[serde(default)]
    pub fund: u32,
}

/// One of several markets at one instant of the grid, and what was traded since the instant before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ParquetRecordWriter)]
pub struct MarketRow {
    /// Instant.
    pub time_ns: u64,
    /// Market, by its number.
    pub symbol: u32,
    /// Mark price.
    pub mark_ticks: u32,
    /// Exogenous fundamental price.
    pub index_ticks: u32,
    /// Best bid, 0 if none.
    pub bid_ticks: u32,
    /// Best offer, 0 if none.
    pub ask_ticks: u32,
    /// Bid depth within 50 bp of the mid.
    pub bid_depth_50bp_lots: u64,
    /// Offer depth within 50 bp of the mid.
    pub ask_depth_50bp_lots: u64,
    /// Traded quantity since.
    pub traded_lots: u64,
    /// The fund's position, signed.
    pub fund_position_lots: i64,
}

/// One number of `summary.json`, or one text.
#[derive(Clone, Debug, Default, PartialEq, ParquetRecordWriter)]
pub struct MeasureRow {
    /// Of the measures M1 to M24 the one it belongs to; 0 for none.
    pub number: u32,
    /// Its path.
    pub path: String,
    /// The number, if it is one and there is one.
    pub value: Option<f64>,
    /// The text, if it is one.
    pub text: Option<String>,
}

/// Latency histograms of one flow.
#[derive(Clone, Debug)]
pub struct FlowHistograms {
    /// `maker`, `taker` or `forced`.
    pub flow: &'static str,
    /// Order to acknowledgement, in nanoseconds.
    pub order_to_ack: hdrhistogram::Histogram<u64>,
    /// Order to first fill, in nanoseconds.
    pub order_to_fill: hdrhistogram::Histogram<u64>,
}

/// Everything a run leaves besides its summary; what a report is made from.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The market over time.
    pub timeline: Vec<TimelineRow>,
    /// Every liquidation; empty, as the next two are, where a [`super::hand_over::TableSink`] took them.
    pub liquidations: Vec<LiquidationRow>,
    /// Every auto-deleveraging.
    pub deleverages: Vec<DeleverageRow>,
    /// Every change of the fund.
    pub fund: Vec<FundRow>,
    /// Every market over time, by market; empty where there is only one.
    pub markets: Vec<MarketRow>,
    /// Latency histograms by flow.
    pub histograms: Vec<FlowHistograms>,
}
