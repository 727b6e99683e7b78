//! Canonical bytes of a market's mark, funding and open interest. A market whose mark is given and
//! that has neither of the others has none of it and writes none: which it is, its rules say.

use super::carry::Carry;
use super::market::{Market, Watch};
use crate::liquidation::TriggerIndex;
use crate::risk::{Ledger, MarkState, Premium, PriceRules, account_state};
use crate::state::{AMOUNT_MAX_UNITS, Decoder, Encoder, StateError, put};
use crate::types::AccountId;

impl Market {
    fn remembers_prices(&self) -> bool {
        *self.rules.price_rules() != PriceRules::default()
    }

    /// Writes it, before the market itself.
    pub(super) fn put_prices(&self, out: &mut Encoder<'_>) {
        if !self.remembers_prices() {
            return;
        }
        put!(out; &self.marked_ns, &self.mark_state, &self.premium);
        let Some(carry) = &self.carry else { return };
        put!(out; &carry.accrual.per_lot, &carry.pool);
        let checkpoints = (0..).map(AccountId).zip(&carry.checkpoints);
        let held =
            || checkpoints.clone().filter(|(account, _)| self.position(*account).lots() != 0);
        out.count(held().count());
        for (account, checkpoint) in held() {
            put!(out; &account, checkpoint);
        }
    }

    /// Reads it back into an empty market.
    pub(super) fn restore_prices(
        &mut self,
        input: &mut Decoder<'_>,
        time_ns: u64,
    ) -> Result<(), StateError> {
        if !self.remembers_prices() {
            return Ok(());
        }
        self.marked_ns = input.get()?;
        input.check(self.marked_ns <= time_ns, || "a mark of a time that was".to_owned())?;
        let rules = *self.rules.price_rules();
        self.mark_state = input.get::<MarkState>()?;
        let kept = self.mark_state.suits(&rules.mark, self.rules.domain(), time_ns);
        input.check(kept, || "a memory of the mark's rule".to_owned())?;
        self.premium = input.get::<Premium>()?;
        let made = self.premium.suits(rules.funding.as_ref(), time_ns);
        input.check(made, || "a premium of the funding's rules".to_owned())?;
        if let Some(mut carry) = self.carry.take() {
            self.restore_carry(&mut carry, input)?;
            self.carry = Some(carry);
        }
        Ok(())
    }

    fn restore_carry(&self, carry: &mut Carry, input: &mut Decoder<'_>) -> Result<(), StateError> {
        let lots_max = self.rules.position_lots_max;
        carry.accrual.per_lot = input.get()?;
        carry.pool = input.get()?;
        let payable = |per_lot| carry.accrual.is_payable(per_lot, lots_max);
        let funded = carry.is_funded() || carry.accrual.per_lot == 0;
        input.check(funded && payable(carry.accrual.per_lot), || {
            "payments of funding within their bound".to_owned()
        })?;
        let mut next = 0;
        for _ in 0..input.count(carry.checkpoints.len(), "positions that funding moves")? {
            let (account, checkpoint): (AccountId, i128) = (input.get()?, input.get()?);
            let fits = (next..carry.checkpoints.len()).contains(&account.index())
                && carry.accrual.is_payable(checkpoint, lots_max);
            input.check(fits, || "checkpoints by rising account, within their bound".to_owned())?;
            next = account.index() + 1;
            carry.checkpoints[account.index()] = checkpoint;
        }
        Ok(())
    }

    /// Once the positions are there: what follows from them and from the accounts' margin modes.
    pub(super) fn restore_modes(
        &mut self,
        ledger: &Ledger,
        input: &Decoder<'_>,
    ) -> Result<(), StateError> {
        let mut any_cross = false;
        for (id, account) in ledger.accounts().filter(|(_, account)| account.is_cross()) {
            let position = &mut self.positions[id.index()];
            position.set_cross(true);
            position.set_locked(account.state & account_state::LOCKED != 0);
            any_cross = true;
        }
        if any_cross && self.watch == Watch::Prices {
            self.cross_index = Some(Box::new(TriggerIndex::new(self.rules.domain())));
        }
        let funded = self.funded().is_some();
        for (id, position) in (0..).map(AccountId).zip(&self.positions) {
            let margin = position.margin();
            let fits = if position.is_cross() {
                margin.units() == 0 && (position.lots() == 0 || self.mark.is_some())
            } else {
                !margin.is_negative() || funded
            };
            let owed = self.owed(id);
            input.check(fits && owed.units().unsigned_abs() <= AMOUNT_MAX_UNITS as u64, || {
                "margins that a position of its account can have".to_owned()
            })?;
        }
        if let Some(carry) = &mut self.carry {
            carry.open_lots = self.positions.iter().map(crate::risk::Position::size).sum();
        }
        Ok(())
    }
}
