//! What a replay found: how far the engine agrees with the record, and where it does not.

use serde::Serialize;

use crate::feeds::bitstamp::pairing::PairingCounts;

/// Most disagreements that are listed in full; the rest are counted by cause.
pub(super) const DISAGREEMENTS_LISTED_MAX: usize = 10_000;

/// Why the engine and the record differ, as far as the record tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The exchange passed over an order that stood ahead by arrival, by id and by price: it had
    /// a priority that the record does not show.
    HiddenPriority,
    /// As above, but an order involved entered the window late, so its place is inferred.
    LateEntry,
    /// The recorded sweep touched an order that the record never entered.
    UnknownOrder,
    /// The record executed at a worse price although a better one was displayed.
    BetterPriceDisplayed,
    /// The same orders in the same order, but other quantities.
    Quantity,
    /// A row reduced or deleted an order at another price, side or by more than was left of it.
    RowMismatch,
    /// An order entered under an id that already rested.
    DuplicateOrder,
    /// An order joined the record at a price where the book still held opposite orders.
    CrossedEntry,
    /// An order lies outside the price domain of the book.
    OutOfDomain,
}

/// One maker's part of a sweep, as recorded or as the engine filled it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct MakerFill {
    /// The maker's order.
    pub order: u64,
    /// Shares.
    pub size: u32,
    /// Price, in price units of the format.
    pub price: u64,
}

/// One place where engine and record differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Disagreement {
    /// Line of the file, or number of its message: for a sweep, its first.
    pub line: u64,
    /// Nanoseconds on the feed's clock.
    pub time_ns: u64,
    /// Class.
    pub cause: Cause,
    /// Order the record passed over, or that did not fit.
    pub order: Option<u64>,
    /// What the record executed; empty unless it is about a sweep.
    pub recorded: Vec<MakerFill>,
    /// What the engine filled.
    pub engine: Vec<MakerFill>,
}

/// Disagreements by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CauseCount<C = Cause> {
    /// Class.
    pub cause: C,
    /// How many.
    pub count: u64,
}

/// Rows by event type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RowCounts {
    /// Type 1.
    pub adds: u64,
    /// Type 2.
    pub reductions: u64,
    /// Type 3.
    pub deletions: u64,
    /// Type 4.
    pub executions: u64,
    /// Type 5: never touch the displayed book.
    pub hidden_executions: u64,
    /// Type 6: skipped.
    pub crosses: u64,
    /// Type 7: skipped.
    pub halts: u64,
    /// Orders whose price or size no market of the engine can hold: left out.
    pub beyond: u64,
}

/// Executed shares, displayed and hidden.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct TradeStatistics {
    /// Shares executed against displayed orders.
    pub visible_shares: u64,
    /// Shares executed against hidden orders.
    pub hidden_shares: u64,
    /// Hidden shares over all.
    pub hidden_fraction: f64,
    /// Average price of all executed shares, in dollars.
    pub vwap_dollars: Option<f64>,
    /// Displayed shares that the engine gave to another order than the record did.
    pub misallocated_shares: u64,
}

/// Why a level of the order-book file is not what the engine's book holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BookCause {
    /// The level of the row's own message: one of the two files has another size or price.
    OwnLevel,
    /// Another level: a message is missing, or the row belongs to another message.
    OtherLevel,
    /// The replay listed a disagreement at this row: the engine's book went another way.
    EngineDiffers,
}

/// One level of one row that begins to differ; it is listed again only if the difference changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BookDisagreement {
    /// Line of both files.
    pub line: u64,
    /// Nanoseconds on the feed's clock.
    pub time_ns: u64,
    /// Class.
    pub cause: BookCause,
    /// `ask` or `bid`.
    pub side: &'static str,
    /// Price, in price units of the format.
    pub price: u64,
    /// Shares in the order-book file, 0 if the level is not there.
    pub recorded: u64,
    /// Shares in the engine's book, with what was taken over on first sight.
    pub engine: i64,
}

/// How far the engine's book agrees with an order-book file, row by row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BookAgreement {
    /// The order-book file.
    pub file: String,
    /// Levels of each side in it.
    pub levels: usize,
    /// Rows, one for each message.
    pub rows: u64,
    /// Rows in which every known level is identical, and no other is there.
    pub rows_identical: u64,
    /// Rows in which a level came into sight that holds more or less than the messages said.
    pub rows_taken_over: u64,
    /// Those levels: what they hold was taken over from the file.
    pub levels_taken_over: u64,
    /// Known levels of all rows.
    pub levels_compared: u64,
    /// Those that are identical.
    pub levels_identical: u64,
    /// Differences by cause, each counted where it begins.
    pub causes: Vec<CauseCount<BookCause>>,
    /// Each of them, the first 10,000.
    pub disagreements: Vec<BookDisagreement>,
}

/// The result of a replay.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Agreement {
    /// File.
    pub file: String,
    /// Format.
    pub format: &'static str,
    /// Rows.
    pub messages: u64,
    /// Aggressor sweeps whose orders the record had all entered.
    pub sweeps: u64,
    /// Those that the engine filled alike, order by order.
    pub sweeps_identical: u64,
    /// Their ratio.
    pub sweeps_identical_fraction: Option<f64>,
    /// Further sweeps, not in `sweeps`, that touched orders resting before the record began.
    pub sweeps_seeded: u64,
    /// Those of them that agree once the orders are seeded.
    pub sweeps_seeded_identical: u64,
    /// Sweeps of more than one order.
    pub sweeps_multi_fill: u64,
    /// Sweeps of more than one price.
    pub sweeps_multi_level: u64,
    /// Recorded executions of displayed orders.
    pub executions: u64,
    /// Those at the best displayed price, once the orders from before the record are seeded.
    pub executions_at_best: u64,
    /// Comparison with the order-book file; none without it.
    pub books: Option<BookAgreement>,
    /// Messages per second of processing, decompression not counted.
    pub msgs_per_s: f64,
    /// Messages per second, decompression counted.
    pub msgs_per_s_with_reading: f64,
    /// Rows by type.
    pub rows: RowCounts,
    /// Executed shares.
    pub trades: TradeStatistics,
    /// Orders that rested before the record began and were seeded when first executed.
    pub orders_seeded: u64,
    /// Reductions and deletions of orders that the record never entered; they change nothing.
    pub rows_of_unknown_orders: u64,
    /// Orders that entered the window late, below an id seen before.
    pub late_entries: u64,
    /// Those that had to enter ahead of orders at their price.
    pub late_entries_reordered: u64,
    /// Orders entered again behind them.
    pub orders_reentered: u64,
    /// Orders resting at the end.
    pub orders_resting: u64,
    /// Trades with both their orders, where the format makes that a question.
    pub pairing: Option<PairingCounts>,
    /// Disagreements by cause.
    pub causes: Vec<CauseCount>,
    /// Each disagreement, the first 10,000 of them.
    pub disagreements: Vec<Disagreement>,
}
