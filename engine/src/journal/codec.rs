//! One input as bytes: fixed length per kind, little-endian, padding zero.
//!
//! The codec accepts exactly what the types can hold. An id that names nothing in a shard is not a
//! decoding error: refusing it is the engine's answer, and the answer is part of the replay.

use thiserror::Error;

use crate::types::{
    AccountId, Input, Money, NewOrder, OrderId, OrderKind, PRICE_TICKS_MAX, Ppm, Price,
    QTY_LOTS_MAX, Qty, Seq, Sequenced, Side, SymbolId,
};

/// Longest body of an input.
pub const BODY_BYTES_MAX: usize = 32;
/// Bytes that every body starts with: code, detail, symbol, account, ingress time.
const COMMON_BYTES: usize = 16;

// The messages below name these bounds.
const _: () = assert!(PRICE_TICKS_MAX == 1 << 28 && QTY_LOTS_MAX == 1 << 31);

/// Bytes that are no input: which field, what it holds, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} at body offset {offset} is {found}, expected {expected}")]
pub struct DecodeError {
    /// Where the field starts in the body.
    pub offset: usize,
    /// The field's name.
    pub field: &'static str,
    /// What was found, as an unsigned number.
    pub found: u64,
    /// What was expected.
    pub expected: &'static str,
}

/// The kind of an input; numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Code {
    Order = 1,
    Cancel = 2,
    Replace = 3,
    Mark = 4,
    Deposit = 5,
    Withdraw = 6,
    Leverage = 7,
    Block = 8,
    Step = 9,
}

impl Code {
    const fn of(input: &Input) -> Self {
        match input {
            Input::Order(_) => Self::Order,
            Input::Cancel { .. } => Self::Cancel,
            Input::Replace { .. } => Self::Replace,
            Input::Mark { .. } => Self::Mark,
            Input::Deposit { .. } => Self::Deposit,
            Input::Withdraw { .. } => Self::Withdraw,
            Input::Leverage { .. } => Self::Leverage,
            Input::Block { .. } => Self::Block,
            Input::Step => Self::Step,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Order,
            2 => Self::Cancel,
            3 => Self::Replace,
            4 => Self::Mark,
            5 => Self::Deposit,
            6 => Self::Withdraw,
            7 => Self::Leverage,
            8 => Self::Block,
            9 => Self::Step,
            _ => return None,
        })
    }

    const fn body_bytes(self) -> usize {
        match self {
            Self::Step => COMMON_BYTES,
            Self::Cancel | Self::Mark | Self::Deposit | Self::Withdraw | Self::Leverage => 24,
            Self::Order | Self::Replace | Self::Block => BODY_BYTES_MAX,
        }
    }
}

const KIND_MASK: u8 = 0b0000_0111;
const SELL_BIT: u8 = 0b0000_1000;
const REDUCE_ONLY_BIT: u8 = 0b0001_0000;

/// Writes the body of `message` to the front of `body` and says how long it is. The rest of
/// `body` is zero. Sequence number and time stand in the frame, not in the body.
#[inline]
pub fn encode_body(message: &Sequenced, body: &mut [u8; BODY_BYTES_MAX]) -> usize {
    *body = [0; BODY_BYTES_MAX];
    let code = Code::of(&message.input);
    body[0] = code as u8;
    put_u64(body, 8, message.ingress_ns);
    match message.input {
        Input::Order(order) => encode_order(&order, body),
        Input::Cancel { symbol, account, order } => {
            put_target(body, symbol, account);
            put_u64(body, 16, order.0);
        }
        Input::Replace { symbol, account, order, price, qty } => {
            put_target(body, symbol, account);
            put_u64(body, 16, order.0);
            put_u32(body, 24, price.ticks());
            put_u32(body, 28, qty.lots());
        }
        Input::Mark { symbol, price } => {
            put_u16(body, 2, symbol.0);
            put_u32(body, 16, price.ticks());
        }
        Input::Deposit { account, amount } | Input::Withdraw { account, amount } => {
            put_u32(body, 4, account.0);
            put_u64(body, 16, amount.units().cast_unsigned());
        }
        Input::Leverage { symbol, account, initial } => {
            put_target(body, symbol, account);
            put_u32(body, 16, initial.parts());
        }
        Input::Block { symbol, buyer, seller, price, qty } => {
            put_target(body, symbol, buyer);
            put_u32(body, 16, seller.0);
            put_u32(body, 20, price.ticks());
            put_u32(body, 24, qty.lots());
        }
        Input::Step => {}
    }
    code.body_bytes()
}

#[inline]
fn encode_order(order: &NewOrder, body: &mut [u8; BODY_BYTES_MAX]) {
    let kind = match order.kind {
        OrderKind::Limit(_) => 0,
        OrderKind::PostOnly(_) => 1,
        OrderKind::ImmediateOrCancel(_) => 2,
        OrderKind::FillOrKill(_) => 3,
        OrderKind::Market => 4,
    };
    let sell = if order.side == Side::Sell { SELL_BIT } else { 0 };
    let reduce = if order.reduce_only { REDUCE_ONLY_BIT } else { 0 };
    body[1] = kind | sell | reduce;
    put_target(body, order.symbol, order.account);
    put_u64(body, 16, order.order.0);
    put_u32(body, 24, order.kind.price().map_or(0, Price::ticks));
    put_u32(body, 28, order.qty.lots());
}

/// Reads a body back. `seq` and `time_ns` are the frame's.
pub fn decode_body(seq: Seq, time_ns: u64, body: &[u8]) -> Result<Sequenced, DecodeError> {
    let fields = Fields { body };
    let code = fields.code()?;
    let ingress_ns = fields.u64(8);
    if ingress_ns > time_ns {
        return Err(error(8, "ingress time", ingress_ns, "at most the frame's time"));
    }
    if code != Code::Order && body[1] != 0 {
        return Err(error(1, "detail", u64::from(body[1]), "zero, only orders have one"));
    }
    let input = match code {
        Code::Order => fields.order()?,
        Code::Cancel => {
            let (symbol, account) = fields.target();
            Input::Cancel { symbol, account, order: OrderId(fields.u64(16)) }
        }
        Code::Replace => {
            let (symbol, account) = fields.target();
            let order = OrderId(fields.u64(16));
            Input::Replace {
                symbol,
                account,
                order,
                price: fields.price(24)?,
                qty: fields.qty(28)?,
            }
        }
        Code::Mark => {
            fields.zero_u32(4, "account")?;
            fields.zero_u32(20, "padding")?;
            Input::Mark { symbol: fields.target().0, price: fields.price(16)? }
        }
        Code::Deposit => {
            let (account, amount) = fields.transfer()?;
            Input::Deposit { account, amount }
        }
        Code::Withdraw => {
            let (account, amount) = fields.transfer()?;
            Input::Withdraw { account, amount }
        }
        Code::Leverage => {
            let (symbol, account) = fields.target();
            fields.zero_u32(20, "padding")?;
            Input::Leverage { symbol, account, initial: fields.ppm(16)? }
        }
        Code::Block => {
            let (symbol, buyer) = fields.target();
            let seller = AccountId(fields.u32(16));
            fields.zero_u32(28, "padding")?;
            Input::Block { symbol, buyer, seller, price: fields.price(20)?, qty: fields.qty(24)? }
        }
        Code::Step => {
            fields.zero_u16(2, "symbol")?;
            fields.zero_u32(4, "account")?;
            Input::Step
        }
    };
    Ok(Sequenced { seq, time_ns, ingress_ns, input })
}

/// Typed reads at fixed offsets. The length was checked against the code before any of them.
struct Fields<'a> {
    body: &'a [u8],
}

impl Fields<'_> {
    fn code(&self) -> Result<Code, DecodeError> {
        let bytes = self.body.len();
        let Some(&byte) = self.body.first() else {
            return Err(error(0, "body length", 0, "16, 24 or 32 bytes"));
        };
        let Some(code) = Code::from_byte(byte) else {
            return Err(error(0, "input code", u64::from(byte), "1 to 9"));
        };
        if bytes != code.body_bytes() {
            let expected = match code.body_bytes() {
                COMMON_BYTES => "16 bytes for this input",
                24 => "24 bytes for this input",
                _ => "32 bytes for this input",
            };
            return Err(error(0, "body length", bytes as u64, expected));
        }
        Ok(code)
    }

    fn order(&self) -> Result<Input, DecodeError> {
        let detail = self.body[1];
        if detail & !(KIND_MASK | SELL_BIT | REDUCE_ONLY_BIT) != 0 {
            return Err(error(1, "order detail", u64::from(detail), "zero in bits 5 to 7"));
        }
        let kind = match detail & KIND_MASK {
            0 => OrderKind::Limit(self.price(24)?),
            1 => OrderKind::PostOnly(self.price(24)?),
            2 => OrderKind::ImmediateOrCancel(self.price(24)?),
            3 => OrderKind::FillOrKill(self.price(24)?),
            4 => {
                self.zero_u32(24, "price of a market order")?;
                OrderKind::Market
            }
            other => return Err(error(1, "order kind", u64::from(other), "0 to 4")),
        };
        let (symbol, account) = self.target();
        Ok(Input::Order(NewOrder {
            symbol,
            account,
            order: OrderId(self.u64(16)),
            side: if detail & SELL_BIT == 0 { Side::Buy } else { Side::Sell },
            qty: self.qty(28)?,
            kind,
            reduce_only: detail & REDUCE_ONLY_BIT != 0,
        }))
    }

    fn transfer(&self) -> Result<(AccountId, Money), DecodeError> {
        self.zero_u16(2, "symbol")?;
        Ok((AccountId(self.u32(4)), Money::new(self.u64(16).cast_signed())))
    }

    fn target(&self) -> (SymbolId, AccountId) {
        (SymbolId(self.u16(2)), AccountId(self.u32(4)))
    }

    fn price(&self, offset: usize) -> Result<Price, DecodeError> {
        let ticks = self.u32(offset);
        Price::new(ticks)
            .ok_or_else(|| error(offset, "price", u64::from(ticks), "1 to 268435456 ticks"))
    }

    fn qty(&self, offset: usize) -> Result<Qty, DecodeError> {
        let lots = self.u32(offset);
        Qty::new(lots)
            .ok_or_else(|| error(offset, "quantity", u64::from(lots), "1 to 2147483648 lots"))
    }

    fn ppm(&self, offset: usize) -> Result<Ppm, DecodeError> {
        let parts = self.u32(offset);
        Ppm::new(parts).ok_or_else(|| error(offset, "rate", u64::from(parts), "0 to 1000000 ppm"))
    }

    fn zero_u16(&self, offset: usize, field: &'static str) -> Result<(), DecodeError> {
        match self.u16(offset) {
            0 => Ok(()),
            found => Err(error(offset, field, u64::from(found), "zero")),
        }
    }

    fn zero_u32(&self, offset: usize, field: &'static str) -> Result<(), DecodeError> {
        match self.u32(offset) {
            0 => Ok(()),
            found => Err(error(offset, field, u64::from(found), "zero")),
        }
    }

    fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(array(self.body, offset))
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(array(self.body, offset))
    }

    fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(array(self.body, offset))
    }
}

/// The `N` bytes at `offset`.
#[inline]
pub(super) fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[offset..offset + N]);
    out
}

#[inline]
fn put_target(body: &mut [u8; BODY_BYTES_MAX], symbol: SymbolId, account: AccountId) {
    put_u16(body, 2, symbol.0);
    put_u32(body, 4, account.0);
}

#[inline]
pub(super) fn put_u16(bytes: &mut [u8], offset: usize, value: u16) {
    bytes[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
}

#[inline]
pub(super) fn put_u32(bytes: &mut [u8], offset: usize, value: u32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

#[inline]
pub(super) fn put_u64(bytes: &mut [u8], offset: usize, value: u64) {
    bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
}

#[cold]
const fn error(
    offset: usize,
    field: &'static str,
    found: u64,
    expected: &'static str,
) -> DecodeError {
    DecodeError { offset, field, found, expected }
}
