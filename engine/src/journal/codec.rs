//! One input as bytes: fixed length per kind, little-endian, padding zero.
//!
//! The codec accepts exactly what the types can hold. An id that names nothing in a shard is not a
//! decoding error: refusing it is the engine's answer, and the answer is part of the replay.

use thiserror::Error;

use crate::types::{
    AccountId, AssetId, Input, Money, NewOrder, OrderId, OrderKind, PRICE_TICKS_MAX, Ppm, Price,
    QTY_LOTS_MAX, Qty, Reference, SelfTrade, Seq, Sequenced, Side, SymbolId, Trail,
};

/// Longest body of an input.
pub const BODY_BYTES_MAX: usize = 40;
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
    /// An order whose kind needs a second number.
    LongOrder = 10,
    SelfTrade = 11,
    MassCancel = 12,
    CancelOnDisconnect = 13,
    Disconnect = 14,
    Kill = 15,
    Index = 16,
    Link = 17,
    Halt = 18,
    Reopen = 19,
    Indicative = 20,
    MarginMode = 24,
    AssetPrice = 25,
    DepositAsset = 26,
    WithdrawAsset = 27,
}

impl Code {
    const fn of(input: &Input) -> Self {
        match input {
            Input::Order(order) if is_long(order.kind) => Self::LongOrder,
            Input::Order(_) => Self::Order,
            Input::Cancel { .. } => Self::Cancel,
            Input::Replace { .. } => Self::Replace,
            Input::Mark { .. } => Self::Mark,
            Input::Deposit { .. } => Self::Deposit,
            Input::Withdraw { .. } => Self::Withdraw,
            Input::Leverage { .. } => Self::Leverage,
            Input::Block { .. } => Self::Block,
            Input::Step => Self::Step,
            Input::SelfTrade { .. } => Self::SelfTrade,
            Input::MassCancel { .. } => Self::MassCancel,
            Input::CancelOnDisconnect { .. } => Self::CancelOnDisconnect,
            Input::Disconnect { .. } => Self::Disconnect,
            Input::Kill { .. } => Self::Kill,
            Input::Index { .. } => Self::Index,
            Input::Link { .. } => Self::Link,
            Input::Halt { .. } => Self::Halt,
            Input::Reopen { .. } => Self::Reopen,
            Input::Indicative { .. } => Self::Indicative,
            Input::MarginMode { .. } => Self::MarginMode,
            Input::AssetPrice { .. } => Self::AssetPrice,
            Input::DepositAsset { .. } => Self::DepositAsset,
            Input::WithdrawAsset { .. } => Self::WithdrawAsset,
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
            10 => Self::LongOrder,
            11 => Self::SelfTrade,
            12 => Self::MassCancel,
            13 => Self::CancelOnDisconnect,
            14 => Self::Disconnect,
            15 => Self::Kill,
            16 => Self::Index,
            17 => Self::Link,
            18 => Self::Halt,
            19 => Self::Reopen,
            20 => Self::Indicative,
            24 => Self::MarginMode,
            25 => Self::AssetPrice,
            26 => Self::DepositAsset,
            27 => Self::WithdrawAsset,
            _ => return None,
        })
    }

    const fn body_bytes(self) -> usize {
        match self {
            Self::Step
            | Self::MassCancel
            | Self::CancelOnDisconnect
            | Self::Disconnect
            | Self::Kill
            | Self::Halt
            | Self::Reopen
            | Self::Indicative
            | Self::MarginMode => COMMON_BYTES,
            Self::Cancel
            | Self::Mark
            | Self::Deposit
            | Self::Withdraw
            | Self::Leverage
            | Self::Index
            | Self::SelfTrade
            | Self::AssetPrice
            | Self::DepositAsset
            | Self::WithdrawAsset => 24,
            Self::Order | Self::Replace | Self::Block | Self::Link => 32,
            Self::LongOrder => BODY_BYTES_MAX,
        }
    }
}

impl Code {
    /// The bits of the detail byte that mean something.
    const fn detail_mask(self) -> u8 {
        match self {
            Self::Order => KIND_MASK | SELL_BIT | REDUCE_ONLY_BIT,
            Self::LongOrder => KIND_MASK | SELL_BIT | REDUCE_ONLY_BIT | WATCH_MASK | PROFIT_BIT,
            Self::SelfTrade => KIND_MASK,
            Self::MassCancel => NAMED_BIT | SIDED_BIT | SELL_BIT,
            Self::CancelOnDisconnect | Self::MarginMode => ON_BIT,
            Self::Kill => NAMED_BIT | ON_BIT,
            _ => 0,
        }
    }
}

const KIND_MASK: u8 = 0b0000_0111;
const SELL_BIT: u8 = 0b0000_1000;
const REDUCE_ONLY_BIT: u8 = 0b0001_0000;
/// The reference that a stop order watches.
const WATCH_MASK: u8 = 0b0110_0000;
const WATCH_SHIFT: u32 = 5;
const PROFIT_BIT: u8 = 0b1000_0000;
/// The distance of a trailing stop is a part of the price.
const PART_BIT: u8 = PROFIT_BIT;
/// An optional field is there: the symbol of a mass cancel, the account of a kill switch.
const NAMED_BIT: u8 = 0b0000_0001;
/// A mass cancel is of one side.
const SIDED_BIT: u8 = 0b0000_0010;
/// What is set is set to on.
const ON_BIT: u8 = 0b0000_0100;

/// Whether an order of that kind has a second number.
const fn is_long(kind: OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::GoodTill { .. }
            | OrderKind::AtLeast { .. }
            | OrderKind::Iceberg { .. }
            | OrderKind::Stop { .. }
            | OrderKind::TrailingStop { .. }
    )
}

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
        Input::Mark { symbol, price } | Input::Index { symbol, price } => {
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
        Input::Link { symbol, account, order, other } => {
            put_target(body, symbol, account);
            put_u64(body, 16, order.0);
            put_u64(body, 24, other.0);
        }
        Input::Halt { symbol } | Input::Reopen { symbol } | Input::Indicative { symbol } => {
            put_u16(body, 2, symbol.0);
        }
        Input::Step => {}
        _ => encode_account_input(&message.input, body),
    }
    code.body_bytes()
}

fn encode_account_input(input: &Input, body: &mut [u8; BODY_BYTES_MAX]) {
    let flag = |bit: u8, on: bool| if on { bit } else { 0 };
    match *input {
        Input::SelfTrade { account, mode, group } => {
            body[1] = mode as u8;
            put_u32(body, 4, account.0);
            put_u32(body, 16, group);
        }
        Input::MassCancel { account, symbol, side } => {
            body[1] = flag(NAMED_BIT, symbol.is_some())
                | flag(SIDED_BIT, side.is_some())
                | flag(SELL_BIT, side == Some(Side::Sell));
            put_target(body, symbol.unwrap_or(SymbolId(0)), account);
        }
        Input::CancelOnDisconnect { account, enabled } => {
            body[1] = flag(ON_BIT, enabled);
            put_u32(body, 4, account.0);
        }
        Input::MarginMode { account, cross } => {
            body[1] = flag(ON_BIT, cross);
            put_u32(body, 4, account.0);
        }
        Input::AssetPrice { asset, price } => {
            put_u16(body, 2, asset.0);
            put_u32(body, 16, price.ticks());
        }
        Input::DepositAsset { account, asset, qty }
        | Input::WithdrawAsset { account, asset, qty } => {
            put_target(body, SymbolId(asset.0), account);
            put_u32(body, 16, qty.lots());
        }
        Input::Disconnect { account } => put_u32(body, 4, account.0),
        Input::Kill { account, engaged } => {
            body[1] = flag(NAMED_BIT, account.is_some()) | flag(ON_BIT, engaged);
            put_u32(body, 4, account.map_or(0, |id| id.0));
        }
        _ => unreachable!("the other inputs are written by encode_body"),
    }
}

#[inline]
fn encode_order(order: &NewOrder, body: &mut [u8; BODY_BYTES_MAX]) {
    let (kind, second) = match order.kind {
        OrderKind::GoodTill { expiry_s, .. } => (0, expiry_s),
        OrderKind::AtLeast { min, .. } => (1, min.lots()),
        OrderKind::Iceberg { display, .. } => (2, display.lots()),
        OrderKind::Stop { watch, take_profit, trigger, .. } => {
            let profit = if take_profit { PROFIT_BIT } else { 0 };
            (3 | (watch as u8) << WATCH_SHIFT | profit, trigger.ticks())
        }
        OrderKind::TrailingStop { watch, by } => {
            let (part, distance) = match by {
                Trail::Ticks(ticks) => (0, ticks),
                Trail::Part(part) => (PART_BIT, part.parts()),
            };
            (4 | (watch as u8) << WATCH_SHIFT | part, distance)
        }
        kind => (short_kind(kind), 0),
    };
    put_u32(body, 32, second);
    let sell = if order.side == Side::Sell { SELL_BIT } else { 0 };
    let reduce = if order.reduce_only { REDUCE_ONLY_BIT } else { 0 };
    body[1] = kind | sell | reduce;
    put_target(body, order.symbol, order.account);
    put_u64(body, 16, order.order.0);
    put_u32(body, 24, order.kind.price().map_or(0, Price::ticks));
    put_u32(body, 28, order.qty.lots());
}

const fn short_kind(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::Limit(_) => 0,
        OrderKind::PostOnly(_) => 1,
        OrderKind::ImmediateOrCancel(_) => 2,
        OrderKind::FillOrKill(_) => 3,
        OrderKind::Market => 4,
        OrderKind::PostOnlySlide(_) => 5,
        OrderKind::MarketToLimit => 6,
        OrderKind::GoodTill { .. }
        | OrderKind::AtLeast { .. }
        | OrderKind::Iceberg { .. }
        | OrderKind::Stop { .. }
        | OrderKind::TrailingStop { .. } => {
            unreachable!()
        }
    }
}

/// Reads a body back. `seq` and `time_ns` are the frame's.
pub fn decode_body(seq: Seq, time_ns: u64, body: &[u8]) -> Result<Sequenced, DecodeError> {
    let fields = Fields { body };
    let code = fields.code()?;
    let ingress_ns = fields.u64(8);
    if ingress_ns > time_ns {
        return Err(error(8, "ingress time", ingress_ns, "at most the frame's time"));
    }
    let allowed = code.detail_mask();
    if body[1] & !allowed != 0 {
        return Err(error(1, "detail", u64::from(body[1]), "only bits that this input has"));
    }
    let input = match code {
        Code::Order | Code::LongOrder => fields.order(code)?,
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
            let (symbol, price) = fields.reference()?;
            Input::Mark { symbol, price }
        }
        Code::Index => {
            let (symbol, price) = fields.reference()?;
            Input::Index { symbol, price }
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
        Code::Link => {
            let (symbol, account) = fields.target();
            let (order, other) = (OrderId(fields.u64(16)), OrderId(fields.u64(24)));
            Input::Link { symbol, account, order, other }
        }
        Code::Halt => Input::Halt { symbol: fields.symbol_alone()? },
        Code::Reopen => Input::Reopen { symbol: fields.symbol_alone()? },
        Code::Indicative => Input::Indicative { symbol: fields.symbol_alone()? },
        Code::AssetPrice => {
            let (asset, price) = fields.reference()?;
            Input::AssetPrice { asset: AssetId(asset.0), price }
        }
        Code::DepositAsset | Code::WithdrawAsset => fields.asset_transfer(code)?,
        Code::Step => {
            fields.zero_u16(2, "symbol")?;
            fields.zero_u32(4, "account")?;
            Input::Step
        }
        Code::SelfTrade
        | Code::MassCancel
        | Code::CancelOnDisconnect
        | Code::Disconnect
        | Code::MarginMode
        | Code::Kill => fields.account_input(code)?,
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
            return Err(error(0, "body length", 0, "16, 24, 32 or 40 bytes"));
        };
        let Some(code) = Code::from_byte(byte) else {
            return Err(error(0, "input code", u64::from(byte), "1 to 20 or 24 to 27"));
        };
        if bytes != code.body_bytes() {
            let expected = match code.body_bytes() {
                COMMON_BYTES => "16 bytes for this input",
                24 => "24 bytes for this input",
                BODY_BYTES_MAX => "40 bytes for this input",
                _ => "32 bytes for this input",
            };
            return Err(error(0, "body length", bytes as u64, expected));
        }
        Ok(code)
    }

    fn order(&self, code: Code) -> Result<Input, DecodeError> {
        let detail = self.body[1];
        let kind = match code {
            Code::LongOrder if detail & KIND_MASK == 3 => self.stop(detail)?,
            Code::LongOrder if detail & KIND_MASK == 4 => self.trailing_stop(detail)?,
            Code::LongOrder => self.long_kind(detail & (KIND_MASK | WATCH_MASK | PROFIT_BIT))?,
            _ => self.short_kind(detail & KIND_MASK)?,
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

    fn short_kind(&self, kind: u8) -> Result<OrderKind, DecodeError> {
        let unpriced = |kind| self.zero_u32(24, "price of a market order").map(|()| kind);
        Ok(match kind {
            0 => OrderKind::Limit(self.price(24)?),
            1 => OrderKind::PostOnly(self.price(24)?),
            2 => OrderKind::ImmediateOrCancel(self.price(24)?),
            3 => OrderKind::FillOrKill(self.price(24)?),
            4 => unpriced(OrderKind::Market)?,
            5 => OrderKind::PostOnlySlide(self.price(24)?),
            6 => unpriced(OrderKind::MarketToLimit)?,
            other => return Err(error(1, "order kind", u64::from(other), "0 to 6")),
        })
    }

    fn long_kind(&self, kind: u8) -> Result<OrderKind, DecodeError> {
        self.zero_u32(36, "padding")?;
        let price = self.price(24)?;
        Ok(match kind {
            0 => OrderKind::GoodTill { price, expiry_s: self.u32(32) },
            1 => OrderKind::AtLeast { price, min: self.qty(32)? },
            2 => OrderKind::Iceberg { price, display: self.qty(32)? },
            other => return Err(error(1, "long order kind", u64::from(other), "0 to 4")),
        })
    }

    fn watch(detail: u8) -> Result<Reference, DecodeError> {
        let watch = (detail & WATCH_MASK) >> WATCH_SHIFT;
        let known = Reference::ALL.get(usize::from(watch)).copied();
        known.ok_or_else(|| error(1, "reference of a stop order", u64::from(watch), "0 to 2"))
    }

    fn trailing_stop(&self, detail: u8) -> Result<OrderKind, DecodeError> {
        self.zero_u32(36, "padding")?;
        self.zero_u32(24, "price of a trailing stop")?;
        let watch = Self::watch(detail)?;
        let part = detail & PART_BIT != 0;
        let by = if part { Trail::Part(self.ppm(32)?) } else { Trail::Ticks(self.u32(32)) };
        Ok(OrderKind::TrailingStop { watch, by })
    }

    fn stop(&self, detail: u8) -> Result<OrderKind, DecodeError> {
        self.zero_u32(36, "padding")?;
        let watch = Self::watch(detail)?;
        let limit = match self.u32(24) {
            0 => None,
            _ => Some(self.price(24)?),
        };
        let trigger = self.price(32)?;
        Ok(OrderKind::Stop { watch, take_profit: detail & PROFIT_BIT != 0, trigger, limit })
    }

    fn account_input(&self, code: Code) -> Result<Input, DecodeError> {
        let detail = self.body[1];
        let (symbol, account) = self.target();
        let has = |bit| detail & bit != 0;
        if code != Code::MassCancel || !has(NAMED_BIT) {
            self.zero_u16(2, "symbol")?;
        }
        Ok(match code {
            Code::SelfTrade => {
                self.zero_u32(20, "padding")?;
                let Some(&mode) = SelfTrade::ALL.get(usize::from(detail)) else {
                    return Err(error(1, "self-trade mode", u64::from(detail), "0 to 4"));
                };
                Input::SelfTrade { account, mode, group: self.u32(16) }
            }
            Code::MassCancel => {
                if has(SELL_BIT) && !has(SIDED_BIT) {
                    return Err(error(1, "detail", u64::from(detail), "no side without its bit"));
                }
                let side = if has(SELL_BIT) { Side::Sell } else { Side::Buy };
                let symbol = has(NAMED_BIT).then_some(symbol);
                Input::MassCancel { account, symbol, side: has(SIDED_BIT).then_some(side) }
            }
            Code::CancelOnDisconnect => Input::CancelOnDisconnect { account, enabled: has(ON_BIT) },
            Code::MarginMode => Input::MarginMode { account, cross: has(ON_BIT) },
            Code::Disconnect => Input::Disconnect { account },
            _ => {
                if !has(NAMED_BIT) {
                    self.zero_u32(4, "account")?;
                }
                let account = has(NAMED_BIT).then_some(account);
                Input::Kill { account, engaged: has(ON_BIT) }
            }
        })
    }

    fn symbol_alone(&self) -> Result<SymbolId, DecodeError> {
        self.zero_u32(4, "account")?;
        Ok(self.target().0)
    }

    fn asset_transfer(&self, code: Code) -> Result<Input, DecodeError> {
        self.zero_u32(20, "padding")?;
        let (SymbolId(asset), account) = self.target();
        let (asset, qty) = (AssetId(asset), self.qty(16)?);
        Ok(if code == Code::DepositAsset {
            Input::DepositAsset { account, asset, qty }
        } else {
            Input::WithdrawAsset { account, asset, qty }
        })
    }

    fn reference(&self) -> Result<(SymbolId, Price), DecodeError> {
        self.zero_u32(4, "account")?;
        self.zero_u32(20, "padding")?;
        Ok((self.target().0, self.price(16)?))
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
