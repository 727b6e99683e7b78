//! One row of a file, parsed strictly.

use seawall_engine::types::{OrderId, Price, Side};

use crate::feeds::RowError;
use crate::feeds::columns::{columns, scaled, unsigned};

/// The columns, for error messages.
pub(super) const COLUMNS: &str =
    "7 (id,timestamp,exchange.timestamp,price,volume,action,direction)";
/// The header that a file begins with.
pub(super) const HEADER: &[u8] = b"id,timestamp,exchange.timestamp,price,volume,action,direction";

/// What happened to an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Created,
    Changed,
    Deleted,
}

/// One row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) time_ns: u64,
    pub(super) order: OrderId,
    pub(super) side: Side,
    /// In cents; `None` where no market of the engine could hold it.
    pub(super) price: Option<Price>,
    /// What is left of it, in 1e-8 bitcoin.
    pub(super) volume: u64,
    pub(super) action: Action,
}

/// What the two times hold.
const MS: &str = "milliseconds since 1970";

/// Parses one row.
pub(super) fn parse(row: &[u8], line: u64) -> Result<Row, RowError> {
    let [id, time, exchange_time, price, volume, action, direction] = columns(row, COLUMNS)?;
    let time_ns = unsigned(time).and_then(|ms| ms.checked_mul(1_000_000));
    unsigned(exchange_time)
        .ok_or_else(|| RowError::column("exchange.timestamp", exchange_time, MS))?;
    let cents = scaled(price, 2)
        .ok_or_else(|| RowError::column("price", price, "a price with at most two decimals"))?;
    Ok(Row {
        line,
        time_ns: time_ns.ok_or_else(|| RowError::column("timestamp", time, MS))?,
        order: unsigned(id)
            .map(OrderId)
            .filter(|id| id.is_client())
            .ok_or_else(|| RowError::column("id", id, "a whole number, 1 to 2^63-1"))?,
        side: match direction {
            b"bid" => Side::Buy,
            b"ask" => Side::Sell,
            _ => return Err(RowError::column("direction", direction, "bid or ask")),
        },
        price: u32::try_from(cents).ok().and_then(Price::new),
        volume: unsigned(volume)
            .ok_or_else(|| RowError::column("volume", volume, "a whole number of 1e-8 bitcoin"))?,
        action: match action {
            b"created" => Action::Created,
            b"changed" => Action::Changed,
            b"deleted" => Action::Deleted,
            _ => return Err(RowError::column("action", action, "created, changed or deleted")),
        },
    })
}
