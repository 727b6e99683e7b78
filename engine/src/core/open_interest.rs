//! What open interest allows (`docs/MARGIN.md`, Open interest).

use super::admission::Admission;
use super::carry::Carry;
use super::market::Market;
use crate::types::{ContractKind, Money, Ppm, Price, RejectReason};

impl Market {
    /// Whether what an order opens stays within the market's bound.
    pub(super) fn check_open_interest(
        &self,
        carry: &Carry,
        order: &Admission,
    ) -> Result<(), RejectReason> {
        let most = self.rules.price_rules.open_interest.lots_max;
        let lots = u64::from(order.qty.lots());
        let opening = lots - self.position(order.account).closing_lots(order.side, lots);
        if most != 0 && opening > 0 && carry.open_lots / 2 + opening > most {
            return Err(RejectReason::OpenInterestCap);
        }
        Ok(())
    }

    /// An initial margin rate, raised by what is open: from nothing at the start of the scale to
    /// all at its end, rounded up (dYdX).
    #[inline]
    pub(super) fn scaled_initial(&self, initial: Ppm) -> Ppm {
        match (&self.carry, self.mark) {
            (Some(carry), Some(mark)) => self.scaled_at(carry, mark, initial),
            _ => initial,
        }
    }

    #[inline(never)]
    fn scaled_at(&self, carry: &Carry, mark: Price, initial: Ppm) -> Ppm {
        let rules = &self.rules.price_rules.open_interest;
        if rules.scale_to == Money::ZERO {
            return initial;
        }
        let beyond = self.wide_value(mark, carry.open_lots / 2) - rules.scale_from.wide();
        let (width, rest) = (rules.scale_to - rules.scale_from, Ppm::SCALE - initial.parts());
        let beyond = beyond.clamp(0, width.wide());
        let added = -(-beyond * i128::from(rest)).div_euclid(width.wide());
        let added = u32::try_from(added).expect("at most what is missing to all");
        Ppm::new(initial.parts() + added).expect("at most all")
    }

    /// The value of many lots, which 64 bits may not hold.
    pub(super) fn wide_value(&self, price: Price, lots: u64) -> i128 {
        let scaled = i128::from(lots) * i128::from(self.rules.contract.unit);
        match self.rules.contract.kind {
            ContractKind::Linear => scaled * i128::from(price.ticks()),
            ContractKind::Inverse => scaled / i128::from(price.ticks()),
        }
    }
}
