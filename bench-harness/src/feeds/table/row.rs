//! One row, whatever it was stored in.

use seawall_engine::types::{OrderId, Price, Qty, Side};

use crate::feeds::{Message, MessageKind, Record, RowError};

/// The columns, for error messages.
pub(super) const COLUMNS: &str = "6 (time_ns,action,order,side,price,qty)";
/// The names of the columns.
pub(super) const NAMES: [&str; 6] = ["time_ns", "action", "order", "side", "price", "qty"];

/// A row's fields before they are checked; a number is `None` where it is not one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) time_ns: Option<u64>,
    pub(super) action: &'a [u8],
    pub(super) order: Option<u64>,
    pub(super) side: &'a [u8],
    pub(super) price: Option<u64>,
    pub(super) qty: Option<u64>,
}

/// Checks a row and makes its record. `shown` gives a column's text for an error.
pub(super) fn record<'a>(
    fields: Fields<'_>,
    line: u64,
    shown: impl Fn(usize) -> &'a [u8],
) -> Result<Record, RowError> {
    let refused = |column: usize, expected| {
        let name = NAMES.get(column).copied().unwrap_or("row");
        RowError::column(name, shown(column), expected)
    };
    let time_ns = fields.time_ns.ok_or_else(|| refused(0, "nanoseconds, a whole number"))?;
    let kind = match fields.action {
        b"add" => MessageKind::Add,
        b"reduce" => MessageKind::Reduce,
        b"delete" => MessageKind::Delete,
        b"execute" => MessageKind::Execute,
        b"execute-hidden" => MessageKind::ExecuteHidden,
        b"cross" => return Ok(Record::Cross { time_ns }),
        b"halt" => return Ok(Record::Halt { time_ns }),
        _ => {
            return Err(refused(1, "add, reduce, delete, execute, execute-hidden, cross or halt"));
        }
    };
    let order = fields.order.map(OrderId);
    let order = order
        .filter(|id| id.is_client() || kind == MessageKind::ExecuteHidden)
        .ok_or_else(|| refused(2, "a whole number, 1 to 2^63-1"))?;
    let side = match fields.side {
        b"buy" => Side::Buy,
        b"sell" => Side::Sell,
        _ => return Err(refused(3, "buy or sell")),
    };
    let narrow = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
    let price = narrow(fields.price).and_then(Price::new);
    let price = price.ok_or_else(|| refused(4, "a price in 1e-4 of the currency, 1 to 2^28"))?;
    let size = narrow(fields.qty).and_then(Qty::new);
    let size = size.ok_or_else(|| refused(5, "a whole number of lots, 1 to 2^31"))?;
    Ok(Record::Message(Message { line, time_ns, kind, order, size, price, side }))
}
