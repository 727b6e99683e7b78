//! What a market with funding keeps beside its positions: what they owe, and where they stand in
//! the trigger index (`docs/MARGIN.md`, Funding).

use super::market::Market;
use super::settle::Settlement;
use crate::liquidation::FundedIndex;
use crate::risk::{Accrual, Due, Ledger, MarketRules, Position};
use crate::types::{AccountId, Event, EventSink, FundCause, Money, Price, Side};

/// Funding and open interest of one market.
#[derive(Debug)]
pub(super) struct Carry {
    pub(super) accrual: Accrual,
    /// Paid per lot when a position's funding was last realised; empty without funding.
    pub(super) checkpoints: Vec<i128>,
    /// The other side of what has been realised.
    pub(super) pool: Money,
    /// Lots of all positions, longs and shorts.
    pub(super) open_lots: u64,
    pub(super) index: FundedIndex,
}

/// An account and its place among those that a mark triggers: longs first, nearest first.
pub(super) type Ranked = ((u8, i64), AccountId);

impl Carry {
    /// What a market needs of it, if anything.
    pub(super) fn new(rules: &MarketRules, accounts_max: u32) -> Option<Box<Self>> {
        let price_rules = rules.price_rules();
        let funded = price_rules.funding.is_some();
        if !funded && price_rules.open_interest == <_>::default() {
            return None;
        }
        let accounts = if funded { accounts_max as usize } else { 0 };
        let tiers = if funded { rules.tiers().len() } else { 0 };
        Some(Box::new(Self {
            accrual: Accrual::new(rules.contract()),
            checkpoints: vec![0; accounts],
            pool: Money::ZERO,
            open_lots: 0,
            index: FundedIndex::new(tiers, accounts),
        }))
    }

    /// Whether the market has funding.
    pub(super) fn is_funded(&self) -> bool {
        !self.checkpoints.is_empty()
    }

    fn checkpoint(&self, account: AccountId) -> i128 {
        self.checkpoints.get(account.index()).copied().unwrap_or(self.accrual.per_lot)
    }

    /// What a position is owed and has not been given.
    pub(super) fn owed(&self, account: AccountId, position: &Position) -> Money {
        self.accrual.owed(position.lots(), self.checkpoint(account))
    }

    /// The position with what it is owed in its margin.
    pub(super) fn effective(&self, account: AccountId, position: &Position) -> Position {
        let mut effective = *position;
        effective.add_margin(self.owed(account, position));
        effective
    }

    /// Gives a position what it is owed: into its margin, or the fund's cash. Returns what that was.
    pub(super) fn realise(
        &mut self,
        account: AccountId,
        position: &mut Position,
        ledger: &mut Ledger,
    ) -> Money {
        if !self.is_funded() {
            return Money::ZERO;
        }
        let owed = self.owed(account, position);
        self.checkpoints[account.index()] = self.accrual.per_lot;
        if owed != Money::ZERO {
            self.pool -= owed;
            if position.is_fund() || position.is_cross() {
                ledger.account_mut(account).cash += owed;
            } else {
                position.add_margin(owed);
            }
        }
        owed
    }

    /// Keeps count of open lots; with the last position gone, what rounding left is the venue's.
    pub(super) fn note_lots(&mut self, before: u64, after: u64, ledger: &mut Ledger) {
        self.open_lots = self.open_lots + after - before;
        if self.open_lots == 0 {
            ledger.fees += self.pool;
            self.pool = Money::ZERO;
        }
    }

    /// Puts a position where its keys say, or takes it out.
    pub(super) fn place(&mut self, rules: &MarketRules, account: AccountId, position: &Position) {
        let checkpoint = self.checkpoint(account);
        let placed = position.is_plain().then_some((position, checkpoint));
        self.index.place(rules, &self.accrual, account, placed);
    }

    /// Puts a cross account's position, with the margin it is given, where its keys say.
    pub(super) fn place_cross(
        &mut self,
        rules: &MarketRules,
        account: AccountId,
        position: &Position,
    ) {
        let checkpoint = self.checkpoint(account);
        self.index.place(rules, &self.accrual, account, Some((position, checkpoint)));
    }

    /// Takes an account out of the index.
    pub(super) fn unplace(&mut self, rules: &MarketRules, account: AccountId) {
        self.index.place(rules, &self.accrual, account, None);
    }
}

impl Market {
    /// The market's funding, if it has any.
    #[inline]
    pub(super) fn funded(&self) -> Option<&Carry> {
        self.carry.as_deref().filter(|carry| carry.is_funded())
    }

    /// What a position is owed and has not been given.
    pub(super) fn owed(&self, account: AccountId) -> Money {
        self.carry.as_ref().map_or(Money::ZERO, |c| c.owed(account, self.position(account)))
    }

    /// Makes a payment; the fund gets its part at once.
    pub(super) fn pay_funding(
        &mut self,
        due: &Due,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
    ) {
        let (contract, symbol) = (self.rules.contract, self.symbol);
        let carry = self.carry.as_mut().expect("a market with funding keeps its carry");
        if !carry.accrual.pay(contract, due, self.rules.position_lots_max) {
            return;
        }
        let (rate_ppb, price) = (due.rate_ppb, due.price);
        sink.event(Event::Funded { symbol, rate_ppb, price });
        let fund = self.fund;
        let amount = carry.realise(fund, &mut self.positions[fund.index()], ledger);
        if amount != Money::ZERO {
            let balance = ledger.account(fund).cash;
            sink.event(Event::Fund { symbol, cause: FundCause::Funding, amount, balance });
        }
    }

    /// Gives an account what its position is owed.
    pub(super) fn realise(&mut self, account: AccountId, ledger: &mut Ledger) {
        if let Some(carry) = &mut self.carry {
            let position = &mut self.positions[account.index()];
            carry.realise(account, position, ledger);
            if position.is_cross() {
                ledger.note_due(account);
            } else {
                self.refresh(account);
            }
        }
    }

    /// Gives every account what its position is owed.
    pub(super) fn realise_all(&mut self, ledger: &mut Ledger) {
        if self.funded().is_some() {
            for account in (1..).map(AccountId).take(self.accounts_used.saturating_sub(1)) {
                // The funds' is realised with each payment.
                self.realise(account, ledger);
            }
        }
    }

    /// Accounts that the mark may make unhealthy, ascending, into `looked`.
    pub(super) fn funded_reached(&self, mark: Price, looked: &mut Vec<AccountId>) {
        match self.funded() {
            Some(carry) => carry.index.reached(&self.rules, &carry.accrual, mark, looked),
            None => looked.clear(),
        }
    }

    /// Accounts that the mark makes unhealthy, in the order in which they trigger, into `found`;
    /// `looked` are those that were looked at.
    pub(super) fn funded_unhealthy(
        &self,
        mark: Price,
        looked: &mut Vec<AccountId>,
        found: &mut Vec<Ranked>,
    ) {
        found.clear();
        self.funded_reached(mark, looked);
        let Some(carry) = self.funded() else { return };
        for &account in looked.iter().filter(|id| !self.position(**id).is_cross()) {
            let position = carry.effective(account, self.position(account));
            if !self.rules.is_unhealthy(&position, mark) {
                continue;
            }
            let side = position.side().expect("only positions are in the index");
            let trigger = self.rules.trigger_price(&position).expect("it is unhealthy somewhere");
            let ticks = i64::from(trigger.ticks());
            let rank = if side == Side::Buy { (0, -ticks) } else { (1, ticks) };
            found.push((rank, account));
        }
        found.sort_unstable();
    }
}

impl<S: EventSink> Settlement<'_, S> {
    /// Before a booking: what the position is owed is given.
    #[cold]
    pub(super) fn realise(&mut self, account: AccountId) {
        if let Some(carry) = self.carry.as_deref_mut() {
            carry.realise(account, &mut self.positions[account.index()], self.ledger);
        }
    }

    /// After a booking that found a position of `before` lots.
    #[cold]
    pub(super) fn note_lots(&mut self, account: AccountId, before: u64) {
        let after = self.positions[account.index()].size();
        if let Some(carry) = self.carry.as_deref_mut() {
            carry.note_lots(before, after, self.ledger);
        }
    }
}
