//! One row of a message file, parsed strictly.

use seawall_engine::types::{OrderId, Price, Qty, Side};

use crate::feeds::columns::{columns, unsigned};
use crate::feeds::{Message, MessageKind, Record, RowError};

/// The columns, for error messages.
pub(super) const COLUMNS: &str = "6 (time,type,order id,size,price,direction)";

/// Parses one row.
pub(super) fn parse(row: &[u8], line: u64) -> Result<Record, RowError> {
    let [time, kind, order, size, price, direction] = columns(row, COLUMNS)?;
    let time_ns = parse_time(time)?;
    let kind = match kind {
        b"1" => MessageKind::Add,
        b"2" => MessageKind::Reduce,
        b"3" => MessageKind::Delete,
        b"4" => MessageKind::Execute,
        b"5" => MessageKind::ExecuteHidden,
        b"6" | b"7" => {
            // Their other columns carry codes (order -1, price -1, 0 or 1); they must be numbers.
            for (name, column) in
                [("order id", order), ("size", size), ("price", price), ("direction", direction)]
            {
                signed(column).ok_or_else(|| RowError::column(name, column, "a whole number"))?;
            }
            return Ok(match kind {
                b"6" => Record::Cross { time_ns },
                _ => Record::Halt { time_ns },
            });
        }
        _ => return Err(RowError::column("type", kind, "a whole number from 1 to 7")),
    };
    Ok(Record::Message(Message {
        line,
        time_ns,
        kind,
        order: parse_order(order, kind)?,
        size: unsigned(size)
            .and_then(|shares| Qty::new(u32::try_from(shares).ok()?))
            .ok_or_else(|| RowError::column("size", size, "a whole number of shares, 1 to 2^31"))?,
        price: unsigned(price)
            .and_then(|price| Price::new(u32::try_from(price).ok()?))
            .ok_or_else(|| {
                RowError::column("price", price, "a price in 1e-4 dollars, 1 to 2^28")
            })?,
        side: match direction {
            b"1" => Side::Buy,
            b"-1" => Side::Sell,
            _ => return Err(RowError::column("direction", direction, "1 (buy) or -1 (sell)")),
        },
    }))
}

fn parse_order(order: &[u8], kind: MessageKind) -> Result<OrderId, RowError> {
    let id = unsigned(order).map(OrderId);
    match id {
        Some(id) if id.is_client() || kind == MessageKind::ExecuteHidden => Ok(id),
        _ => Err(RowError::column("order id", order, "a whole number, 1 to 2^63-1")),
    }
}

/// Most decimals of a second that a file may show.
const DECIMALS_MAX: usize = 12;

/// Seconds with decimals (trailing zeros may be missing), as nanoseconds.
fn parse_time(time: &[u8]) -> Result<u64, RowError> {
    const EXPECTED: &str = "seconds after midnight, 0 to 86400, with at most 12 decimals";
    const DAY_NS: u64 = 86_400 * 1_000_000_000;
    let (seconds, decimals) = match time.iter().position(|byte| *byte == b'.') {
        Some(at) => (&time[..at], Some(&time[at + 1..])),
        None => (time, None),
    };
    let nanoseconds = match decimals {
        None => Some(0),
        Some(decimals) => scaled_decimals(decimals),
    };
    match (unsigned(seconds), nanoseconds) {
        (Some(seconds), Some(nanoseconds)) if seconds <= 86_400 => {
            let time_ns = seconds * 1_000_000_000 + nanoseconds;
            if time_ns <= DAY_NS {
                Ok(time_ns)
            } else {
                Err(RowError::column("time", time, EXPECTED))
            }
        }
        _ => Err(RowError::column("time", time, EXPECTED)),
    }
}

/// Decimals of a second as nanoseconds. Beyond the ninth they are the noise of a binary fraction
/// that was printed in full (`35821.088778456004`), so they are rounded away.
fn scaled_decimals(decimals: &[u8]) -> Option<u64> {
    const DIGITS: usize = 9;
    let value = unsigned(decimals)?;
    let places = decimals.len();
    if places <= DIGITS {
        return Some((places..DIGITS).fold(value, |value, _| value * 10));
    }
    let unit = (DIGITS..places).fold(1, |unit, _| unit * 10);
    (places <= DECIMALS_MAX).then(|| (value + unit / 2) / unit)
}

fn signed(digits: &[u8]) -> Option<i64> {
    let (negative, digits) = match digits.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    let value = i64::try_from(unsigned(digits)?).ok()?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(row: &str) -> Message {
        match parse(row.as_bytes(), 7) {
            Ok(Record::Message(message)) => message,
            other => panic!("{row}: {other:?}"),
        }
    }

    #[test]
    fn every_kind_of_row_is_read() {
        let add = message("34200.00426064,1,16113584,18,5853200,-1");
        assert_eq!(
            add.time_ns, 34_200_004_260_640,
            "trailing zeros of the decimals may be missing"
        );
        assert_eq!((add.line, add.kind, add.order), (7, MessageKind::Add, OrderId(16_113_584)));
        assert_eq!((add.size.lots(), add.price.ticks(), add.side), (18, 5_853_200, Side::Sell));
        assert_eq!(message("1,2,3,4,5,1").kind, MessageKind::Reduce);
        assert_eq!(message("1.5,3,3,4,5,1").kind, MessageKind::Delete);
        assert_eq!(message("1.123456789,4,3,4,5,1").kind, MessageKind::Execute);
        assert_eq!(message("1.088778456004,4,3,4,5,1").time_ns, 1_088_778_456);
        assert_eq!(message("1.088778455998,4,3,4,5,1").time_ns, 1_088_778_456);
        assert_eq!(message("1,5,0,4,5,1").order, OrderId(0), "a hidden order has no id");
        assert_eq!(
            parse(b"2,6,-1,100,5853300,-1", 1),
            Ok(Record::Cross { time_ns: 2_000_000_000 })
        );
        assert_eq!(parse(b"2,7,0,0,-1,-1", 1), Ok(Record::Halt { time_ns: 2_000_000_000 }));
    }

    #[test]
    fn a_malformed_row_says_what_was_expected() {
        for (row, complaint) in [
            ("", "1 columns, expected 6 (time,type,order id,size,price,direction)"),
            ("34200.1,1,16113575,18,5853300", "5 columns, expected 6"),
            ("34200.1,1,16113575,18,5853300,1,0", "7 columns, expected 6"),
            ("time,type,order,size,price,direction", "column `time` is \"time\", expected seconds"),
            ("34200.1234567891234,1,1,18,5853300,1", "at most 12 decimals"),
            ("34200.,1,1,18,5853300,1", "column `time` is \"34200.\""),
            ("-1,1,1,18,5853300,1", "column `time` is \"-1\""),
            ("86400.1,1,1,18,5853300,1", "0 to 86400"),
            ("1,0,1,18,5853300,1", "column `type` is \"0\", expected a whole number from 1 to 7"),
            ("1,8,1,18,5853300,1", "column `type` is \"8\""),
            ("1,1,0,18,5853300,1", "column `order id` is \"0\""),
            ("1,1,9223372036854775808,18,5853300,1", "1 to 2^63-1"),
            ("1,1,99999999999999999999999999,18,5853300,1", "column `order id`"),
            ("1,1,1,0,5853300,1", "column `size` is \"0\""),
            ("1,1,1,1.5,5853300,1", "column `size` is \"1.5\""),
            ("1,1,1,4294967297,5853300,1", "1 to 2^31"),
            ("1,1,1,18,0,1", "column `price` is \"0\""),
            ("1,1,1,18,268435457,1", "1 to 2^28"),
            ("1,1,1,18, 5,1", "column `price` is \" 5\""),
            ("1,1,1,18,5853300,0", "column `direction` is \"0\", expected 1 (buy) or -1 (sell)"),
            ("1,7,x,0,-1,-1", "column `order id` is \"x\", expected a whole number"),
        ] {
            let error = parse(row.as_bytes(), 1).expect_err(row).to_string();
            assert!(error.contains(complaint), "{row:?}: {error}");
        }
    }
}
