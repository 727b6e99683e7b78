//! What an order must clear before it may trade: limits and margin (`docs/MATCHING.md`, Margin
//! check). Admission reads; it changes nothing.

use super::market::{Market, initial_rate};
use crate::risk::{Ledger, Position, Reach};
use crate::types::{AccountId, Money, Ppm, Price, Qty, RejectReason, Side, parts_ceil};

/// What is to be admitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) qty: Qty,
    /// Worst price at which it may trade.
    pub(super) limit: Price,
    /// Best opposite price, if it would trade with it at once.
    pub(super) touch: Option<Price>,
    /// Fee rate to set aside.
    pub(super) fee: Ppm,
    /// Reserve and lots of the resting order that it replaces.
    pub(super) replaces: (Money, u32),
    pub(super) reduce_only: bool,
}

impl Market {
    /// Whether limits and free cash admit it.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    pub(super) fn admit(&self, ledger: &Ledger, order: &Admission) -> Result<(), RejectReason> {
        let account = ledger.account(order.account);
        if account.is_cross() {
            return self.admit_cross(ledger, order);
        }
        let position = self.position(order.account);
        let loss = self.closing_loss(position, order);
        let opening =
            if order.reduce_only { Money::ZERO } else { self.opening_cost(position, order)? };
        if account.cash + order.replaces.0 < opening + loss {
            return Err(RejectReason::InsufficientMargin);
        }
        Ok(())
    }

    /// The same for a cross account (`docs/MARGIN.md`, Cross margin).
    #[cold]
    fn admit_cross(&self, ledger: &Ledger, order: &Admission) -> Result<(), RejectReason> {
        let mark = self.mark.ok_or(RejectReason::NoReference)?;
        let room = ledger.room(order.account);
        let slip = self.slip(order.side, u64::from(order.qty.lots()), order.limit, mark);
        let fits = if order.reduce_only {
            slip == Money::ZERO || slip.wide() * i128::from(Ppm::SCALE) <= room.headroom
        } else {
            let opening = self.opening_cost(self.position(order.account), order)?;
            self.check_reach(room.reach, order)?;
            room.available + order.replaces.0 >= opening + slip
        };
        if fits { Ok(()) } else { Err(RejectReason::InsufficientMargin) }
    }

    /// Whether what a cross account reaches in all symbols, with the order, is bounded.
    fn check_reach(&self, all: Reach, order: &Admission) -> Result<(), RejectReason> {
        let position = self.position(order.account);
        let mut with_order = *position;
        let open_lots = &mut with_order.open_lots[order.side.index()];
        // What it replaces is not among what rests any more.
        *open_lots -= order.replaces.1;
        let mut more = [0; 2];
        more[order.side.index()] = u64::from(order.qty.lots());
        let of = |lots| Reach::of(&self.rules, lots);
        let (before, after) = (of(position.reach_lots([0; 2])), of(with_order.reach_lots(more)));
        let fits = (all - before + after).is_within_bounds();
        if fits { Ok(()) } else { Err(RejectReason::PositionLimit) }
    }

    /// Initial margin and fee of the whole order at its most expensive price.
    #[allow(
        clippy::inline_always,
        reason = "a call would pass the order through memory: a tenth more instructions"
    )]
    #[inline(always)]
    fn opening_cost(&self, position: &Position, order: &Admission) -> Result<Money, RejectReason> {
        let held = position.lots_on(order.side);
        let resting = position.open_lots[order.side.index()] - order.replaces.1;
        let exposure = held + u64::from(resting) + u64::from(order.qty.lots());
        if exposure > u64::from(self.rules.position_lots_max) {
            return Err(RejectReason::PositionLimit);
        }
        if let Some(carry) = &self.carry {
            self.check_open_interest(carry, order)?;
        }
        let value_at = |price| self.rules.contract.value(price, u64::from(order.qty.lots()));
        let mut worst = (value_at(order.limit), order.limit);
        if let Some(touch) = order.touch {
            let value = value_at(touch);
            if value > worst.0 {
                worst = (value, touch);
            }
        }
        let initial = initial_rate(&self.rules, position);
        let (tier, _) = self.rules.tier(self.rules.contract.value(worst.1, exposure));
        if tier.initial > initial || self.scaled_initial(tier.initial) > initial {
            return Err(RejectReason::LeverageTooHigh);
        }
        Ok(parts_ceil(worst.0, initial.parts() + order.fee.parts()))
    }

    /// What closing at the limit would lose beyond the margin that it sets free.
    #[inline]
    fn closing_loss(&self, position: &Position, order: &Admission) -> Money {
        match position.closing_lots(order.side, u64::from(order.qty.lots())) {
            0 => Money::ZERO,
            lots => self.loss_of(position, lots, order.limit),
        }
    }

    /// What closing so many lots at a price would lose beyond the margin that it sets free.
    #[inline(never)]
    fn loss_of(&self, position: &Position, lots: u64, price: Price) -> Money {
        let value = self.rules.contract.value(price, lots);
        let proceeds = position.closing(self.rules.contract, lots, value).proceeds();
        (-proceeds).max(Money::ZERO)
    }
}
