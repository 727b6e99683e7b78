//! One message, taken apart.

use seawall_engine::types::Side;

use crate::feeds::RowError;

/// Bytes of each message by its type. A file with another length is not ITCH 5.0.
const LENGTHS: [(u8, usize); 23] = [
    (b'S', 12),
    (b'R', 39),
    (b'H', 25),
    (b'Y', 20),
    (b'L', 26),
    (b'V', 35),
    (b'W', 12),
    (b'K', 28),
    (b'J', 35),
    (b'h', 21),
    (b'A', 36),
    (b'F', 40),
    (b'E', 31),
    (b'C', 36),
    (b'X', 23),
    (b'D', 19),
    (b'U', 35),
    (b'P', 44),
    (b'Q', 40),
    (b'B', 19),
    (b'I', 50),
    (b'N', 20),
    (b'O', 48),
];

/// The types, for error messages.
const TYPES: &str = "one of S R H Y L V W K J h A F E C X D U P Q B I N O";

/// A stock's symbol, padded with spaces.
pub(super) type Symbol = [u8; 8];

/// What every message begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// The stock's number of the day.
    pub(super) locate: u16,
    /// Nanoseconds after midnight.
    pub(super) time_ns: u64,
}

/// The messages that matter for one stock's book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    /// R: the stock's number is announced.
    Directory { symbol: Symbol },
    /// A, F: an order joined the book.
    Add { symbol: Symbol, order: u64, side: Side, shares: u32, price: u32 },
    /// E, C: a resting order was executed.
    Execute { order: u64, shares: u32 },
    /// X: part of an order was cancelled.
    Cancel { order: u64, shares: u32 },
    /// D: an order was cancelled.
    Delete { order: u64 },
    /// U: an order was replaced by a new one, which joins the end of its level.
    Replace { order: u64, new: u64, shares: u32, price: u32 },
    /// P: an execution against a hidden order.
    Hidden { side: Side, shares: u32, price: u32 },
    /// Q: a cross.
    Cross,
    /// H, h: halted, paused or resumed.
    Halt,
    /// Anything else.
    Other,
}

/// Takes a message apart.
pub(super) fn parse(message: &[u8]) -> Result<(Header, Body), RowError> {
    let kind = *message.first().ok_or(RowError::Truncated { found: 0, expected: 1 })?;
    let Some((_, expected)) = LENGTHS.iter().find(|(known, _)| *known == kind) else {
        let found = char::from(kind).to_string();
        return Err(RowError::MessageType { found, expected: TYPES });
    };
    if message.len() != *expected {
        let (kind, found) = (char::from(kind), message.len());
        return Err(RowError::MessageLength { kind, found, expected: *expected });
    }
    let time_ns = u64::from(be16(message, 5)) << 32 | u64::from(be32(message, 7));
    let header = Header { locate: be16(message, 1), time_ns };
    Ok((header, body(kind, message)?))
}

/// The body of a message whose length is that of its type.
fn body(kind: u8, message: &[u8]) -> Result<Body, RowError> {
    Ok(match kind {
        b'R' => Body::Directory { symbol: symbol(message, 11) },
        b'A' | b'F' => Body::Add {
            order: be64(message, 11),
            side: side(message[19])?,
            shares: be32(message, 20),
            symbol: symbol(message, 24),
            price: be32(message, 32),
        },
        b'E' | b'C' => Body::Execute { order: be64(message, 11), shares: be32(message, 19) },
        b'X' => Body::Cancel { order: be64(message, 11), shares: be32(message, 19) },
        b'D' => Body::Delete { order: be64(message, 11) },
        b'U' => Body::Replace {
            order: be64(message, 11),
            new: be64(message, 19),
            shares: be32(message, 27),
            price: be32(message, 31),
        },
        b'P' => Body::Hidden {
            side: side(message[19])?,
            shares: be32(message, 20),
            price: be32(message, 32),
        },
        b'Q' => Body::Cross,
        b'H' | b'h' => Body::Halt,
        _ => Body::Other,
    })
}

fn side(code: u8) -> Result<Side, RowError> {
    match code {
        b'B' => Ok(Side::Buy),
        b'S' => Ok(Side::Sell),
        _ => Err(RowError::column("side", &[code], "B (buy) or S (sell)")),
    }
}

fn symbol(message: &[u8], at: usize) -> Symbol {
    array(message, at)
}

fn be16(message: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(array(message, at))
}

fn be32(message: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array(message, at))
}

fn be64(message: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(array(message, at))
}

fn array<const N: usize>(message: &[u8], at: usize) -> [u8; N] {
    let field = message.get(at..at + N).and_then(|field| field.try_into().ok());
    field.expect("a message has the length of its type, which holds all its fields")
}
