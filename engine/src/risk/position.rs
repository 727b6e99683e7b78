//! One account's isolated position in one symbol, and the arithmetic of opening and closing it.

use zerocopy::FromZeros;

use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{Contract, Money, Ppm, Price, Side};

/// A position, one cache line. All zeros is "none": accounts come to life without being written.
#[derive(Clone, Copy, Debug, FromZeros)]
#[repr(C, align(64))]
pub struct Position {
    lots: i64,
    entry: Money,
    margin: Money,
    /// Lots of resting bids and offers.
    pub(crate) open_lots: [u32; 2],
    /// Initial margin rate in ppm; 0 until the account chose one.
    initial_ppm: u32,
    /// Bits of [`flag`].
    flags: u8,
    pub(crate) trigger_side: u8,
    spare: u16,
    /// First and last of the account's resting orders, by slot.
    pub(crate) orders: [u32; 2],
    /// Its place in the trigger index: price, and neighbours at that price.
    pub(crate) trigger_ticks: u32,
    pub(crate) trigger_prev: u32,
    pub(crate) trigger_next: u32,
    /// Lots of resting reduce-only orders.
    pub(crate) reduce_lots: u32,
}

const _: () = assert!(size_of::<Position>() == 64, "a position is one cache line");

/// Bits of a position's flags.
mod flag {
    /// It is in the liquidation queue's custody.
    pub(super) const LOCKED: u8 = 1;
    /// It shares its account's margin.
    pub(super) const CROSS: u8 = 2;
    /// It is of an insurance fund, which posts no margin and is never liquidated.
    pub(super) const FUND: u8 = 4;
}

/// What closing a part of a position sets free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Entry value of the part.
    pub entry: Money,
    /// Margin of the part.
    pub margin: Money,
    /// Profit of the part, negative for a loss.
    pub profit: Money,
}

impl Released {
    /// Margin and profit together: what comes back to the account.
    #[inline]
    pub fn proceeds(&self) -> Money {
        self.margin + self.profit
    }
}

impl Position {
    /// Signed quantity in lots.
    #[inline]
    pub const fn lots(&self) -> i64 {
        self.lots
    }

    /// Quantity in lots, whatever the side.
    #[inline]
    pub const fn size(&self) -> u64 {
        self.lots.unsigned_abs()
    }

    /// Side, or `None` when flat.
    #[inline]
    pub const fn side(&self) -> Option<Side> {
        match self.lots {
            0 => None,
            1.. => Some(Side::Buy),
            _ => Some(Side::Sell),
        }
    }

    /// Quantity in lots if the position is on that side, otherwise nothing.
    #[inline]
    pub const fn lots_on(&self, side: Side) -> u64 {
        let lots = self.lots * side.sign();
        // By its sign bit: nobody foresees on which side a position is.
        (lots & !(lots >> 63)).unsigned_abs()
    }

    /// The most lots that it and its resting orders can come to on one side, with so many more on
    /// each.
    pub(crate) fn reach_lots(&self, more: [u64; 2]) -> u64 {
        let on = |side: Side| {
            let n = side.index();
            self.lots_on(side) + u64::from(self.open_lots[n]) + more[n]
        };
        on(Side::Buy).max(on(Side::Sell))
    }

    /// Value at which it was entered.
    #[inline]
    pub const fn entry(&self) -> Money {
        self.entry
    }

    /// Isolated margin.
    #[inline]
    pub const fn margin(&self) -> Money {
        self.margin
    }

    /// Adds to its margin, or takes from it: funding alone may take it below zero.
    #[inline]
    pub(crate) fn add_margin(&mut self, amount: Money) {
        self.margin += amount;
    }

    /// Whether it waits in the liquidation queue.
    #[inline]
    pub const fn is_locked(&self) -> bool {
        self.flags & flag::LOCKED != 0
    }

    /// Whether it shares its account's margin.
    #[inline]
    pub const fn is_cross(&self) -> bool {
        self.flags & flag::CROSS != 0
    }

    /// Whether it is of an insurance fund.
    #[inline]
    pub(crate) const fn is_fund(&self) -> bool {
        self.flags & flag::FUND != 0
    }

    /// Makes it one of an insurance fund.
    pub(crate) fn set_fund(&mut self) {
        self.flags |= flag::FUND;
    }

    /// Whether it is a client's, and neither in the queue's custody nor a cross account's.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        self.flags == 0
    }

    /// Sets whether it shares its account's margin.
    pub(crate) fn set_cross(&mut self, cross: bool) {
        self.flags = if cross { self.flags | flag::CROSS } else { self.flags & !flag::CROSS };
    }

    /// The same with another margin.
    pub(crate) fn with_margin(&self, margin: Money) -> Self {
        Self { margin, ..*self }
    }

    /// Puts it into or takes it out of the liquidation queue's custody.
    #[inline]
    pub(crate) fn set_locked(&mut self, locked: bool) {
        self.flags = if locked { self.flags | flag::LOCKED } else { self.flags & !flag::LOCKED };
    }

    /// The initial margin rate the account chose, if it did.
    #[inline]
    pub fn initial(&self) -> Option<Ppm> {
        if self.initial_ppm == 0 { None } else { Ppm::new(self.initial_ppm) }
    }

    /// Sets the initial margin rate.
    #[inline]
    pub(crate) fn set_initial(&mut self, initial: Ppm) {
        self.initial_ppm = initial.parts();
    }

    /// Lots of `f` that close it when the account trades on `side`.
    #[inline]
    pub fn closing_lots(&self, side: Side, lots: u64) -> u64 {
        lots.min(self.lots_on(side.opposite()))
    }

    /// Profit at a price.
    #[inline]
    pub fn profit(&self, contract: Contract, price: Price) -> Money {
        match self.side() {
            None => Money::ZERO,
            Some(side) => contract.profit(side, self.entry, contract.value(price, self.size())),
        }
    }

    /// What closing `lots` of it for `value` sets free. Margin rounds down; entry value rounds in
    /// favour of the part that is closed, so that closing at the bankruptcy price never lacks a
    /// unit (`docs/MATCHING.md`).
    #[inline]
    pub fn closing(&self, contract: Contract, lots: u64, value: Money) -> Released {
        let side = self.side().expect("only a position can be closed");
        let size = self.size();
        let entry = if contract.direction(side) > 0 {
            self.entry.share_floor(lots, size)
        } else {
            self.entry.share_ceil(lots, size)
        };
        let margin = self.margin.share_floor(lots, size);
        Released { entry, margin, profit: contract.profit(side, entry, value) }
    }

    /// Closes `lots`, setting free what [`Position::closing`] said.
    #[inline]
    pub(crate) fn close(&mut self, lots: u64, released: &Released) {
        let lots = i64::try_from(lots).expect("a position fits an i64");
        assert!(lots <= self.lots.abs(), "no more is closed than there is");
        self.lots -= self.lots.signum() * lots;
        self.entry -= released.entry;
        self.margin -= released.margin;
        assert!(self.lots != 0 || (self.entry, self.margin) == (Money::ZERO, Money::ZERO));
    }

    /// Grows it by `lots` on `side`, entered for `value` with `margin`.
    #[inline]
    pub(crate) fn open(&mut self, side: Side, lots: u64, value: Money, margin: Money) {
        assert!(self.side() != Some(side.opposite()), "a position is closed before it turns");
        self.lots += side.sign() * i64::try_from(lots).expect("a position fits an i64");
        self.entry += value;
        self.margin += margin;
    }
}

impl Position {
    /// Whether it waits in the queue for itself: a cross account's lock is the account's.
    const fn waits_alone(&self) -> bool {
        self.is_locked() && !self.is_cross()
    }

    /// Whether there is something to write: a quantity, a rate that the account chose, or a place
    /// in the liquidation queue, which a position keeps when its own resting orders close it.
    pub(crate) const fn is_state(&self) -> bool {
        self.lots != 0 || self.initial_ppm != 0 || self.waits_alone()
    }
}

impl Canonical for Position {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self {
            lots,
            entry,
            margin,
            initial_ppm,
            flags: _,
            spare: _,
            // These follow from the resting orders.
            open_lots: _,
            orders: _,
            reduce_lots: _,
            // And these from the position itself.
            trigger_side: _,
            trigger_ticks: _,
            trigger_prev: _,
            trigger_next: _,
        } = self;
        put!(out; lots, entry, margin, initial_ppm, &self.waits_alone());
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let mut position: Self = FromZeros::new_zeroed();
        position.lots = input.get()?;
        position.entry = input.get()?;
        position.margin = input.get()?;
        position.initial_ppm = input.get()?;
        position.set_locked(input.get()?);
        let flat = position.lots == 0;
        let is_one = position.initial_ppm <= Ppm::SCALE
            && !position.entry.is_negative()
            && position.is_state()
            && !(flat && (position.entry, position.margin) != (Money::ZERO, Money::ZERO));
        input.check(is_one, || "a position or a chosen rate".to_owned())?;
        Ok(position)
    }
}
