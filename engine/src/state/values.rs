//! Canonical bytes of numbers and of the types that carry the domain.

use super::{Canonical, Decoder, Encoder, StateError, put, within};
use crate::types::{
    AccountId, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty, Reference, Seq, Side,
    SymbolId, Trail,
};

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Canonical for $number {
            #[inline]
            fn put(&self, out: &mut Encoder<'_>) {
                out.bytes(&self.to_le_bytes());
            }

            #[inline]
            fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
                input.array().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i64, i128);

/// Ids: any number is one; what it names is checked where it is used.
macro_rules! ids {
    ($($id:ident($number:ty)),*) => {$(
        impl Canonical for $id {
            fn put(&self, out: &mut Encoder<'_>) {
                self.0.put(out);
            }

            fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
                <$number>::get(input).map(Self)
            }
        }
    )*};
}

ids!(AccountId(u32), SymbolId(u16), OrderId(u64), Seq(u64));

/// Types that check their number themselves.
macro_rules! checked {
    ($($name:ident: $of:ident, $what:literal);*) => {$(
        impl Canonical for $name {
            fn put(&self, out: &mut Encoder<'_>) {
                self.$of().put(out);
            }

            fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
                let number = input.get()?;
                Self::new(number).ok_or_else(|| input.refuse($what))
            }
        }
    )*};
}

checked!(Price: ticks, "a price"; Qty: lots, "a quantity"; Ppm: parts, "a rate");

impl Canonical for bool {
    fn put(&self, out: &mut Encoder<'_>) {
        u8::from(*self).put(out);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        match u8::get(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(input.refuse("0 or 1")),
        }
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn put(&self, out: &mut Encoder<'_>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        if bool::get(input)? { T::get(input).map(Some) } else { Ok(None) }
    }
}

impl Canonical for Money {
    fn put(&self, out: &mut Encoder<'_>) {
        self.units().put(out);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let units = i64::get(input)?;
        input.check(within(units), || "an amount within its bound".to_owned())?;
        Ok(Self::new(units))
    }
}

impl Canonical for Side {
    fn put(&self, out: &mut Encoder<'_>) {
        (*self == Self::Sell).put(out);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        Ok(if bool::get(input)? { Self::Sell } else { Self::Buy })
    }
}

impl Canonical for Reference {
    fn put(&self, out: &mut Encoder<'_>) {
        (*self as u8).put(out);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let number = u8::get(input)?;
        Self::ALL
            .get(usize::from(number))
            .copied()
            .ok_or_else(|| input.refuse("a reference, 0 to 2"))
    }
}

impl Canonical for OrderKind {
    fn put(&self, out: &mut Encoder<'_>) {
        match self {
            Self::Limit(price) => put!(out; &0_u8, price),
            Self::PostOnly(price) => put!(out; &1_u8, price),
            Self::ImmediateOrCancel(price) => put!(out; &2_u8, price),
            Self::FillOrKill(price) => put!(out; &3_u8, price),
            Self::Market => put!(out; &4_u8),
            Self::PostOnlySlide(price) => put!(out; &5_u8, price),
            Self::MarketToLimit => put!(out; &6_u8),
            Self::GoodTill { price, expiry_s } => put!(out; &7_u8, price, expiry_s),
            Self::AtLeast { price, min } => put!(out; &8_u8, price, min),
            Self::Iceberg { price, display } => put!(out; &9_u8, price, display),
            Self::Stop { watch, take_profit, trigger, limit } => {
                put!(out; &10_u8, watch, take_profit, trigger, limit);
            }
            Self::TrailingStop { watch, by: Trail::Ticks(ticks) } => {
                put!(out; &11_u8, watch, ticks);
            }
            Self::TrailingStop { watch, by: Trail::Part(part) } => put!(out; &12_u8, watch, part),
        }
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        Ok(match input.get::<u8>()? {
            0 => Self::Limit(input.get()?),
            1 => Self::PostOnly(input.get()?),
            2 => Self::ImmediateOrCancel(input.get()?),
            3 => Self::FillOrKill(input.get()?),
            4 => Self::Market,
            5 => Self::PostOnlySlide(input.get()?),
            6 => Self::MarketToLimit,
            7 => Self::GoodTill { price: input.get()?, expiry_s: input.get()? },
            8 => Self::AtLeast { price: input.get()?, min: input.get()? },
            9 => Self::Iceberg { price: input.get()?, display: input.get()? },
            10 => Self::Stop {
                watch: input.get()?,
                take_profit: input.get()?,
                trigger: input.get()?,
                limit: input.get()?,
            },
            11 => Self::TrailingStop { watch: input.get()?, by: Trail::Ticks(input.get()?) },
            12 => Self::TrailingStop { watch: input.get()?, by: Trail::Part(input.get()?) },
            _ => return Err(input.refuse("a kind of order, 0 to 12")),
        })
    }
}

impl Canonical for NewOrder {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { symbol, account, order, side, qty, kind, reduce_only } = self;
        put!(out; symbol, account, order, side, qty, kind, reduce_only);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        Ok(Self {
            symbol: input.get()?,
            account: input.get()?,
            order: input.get()?,
            side: input.get()?,
            qty: input.get()?,
            kind: input.get()?,
            reduce_only: input.get()?,
        })
    }
}
