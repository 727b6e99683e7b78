//! Whether an input has company: almost always nothing expires, nobody waits in the queue, the fund
//! holds nothing and no trigger is reached, and an order is all there is to do.

use super::Engine;
use super::market::{Market, Watch};
use crate::liquidation::{Discipline, LiquidationRules};
use crate::types::{AccountId, SymbolId};

/// What is known of what an input may bring with it.
#[derive(Debug)]
pub(super) struct Company {
    /// Whether something beside the next input itself may have to be done.
    pub(super) expected: bool,
    /// Whether the rules remember every input, or its time.
    counts_inputs: bool,
}

impl Company {
    /// Before the first input: nothing is known.
    pub(super) fn new(rules: &LiquidationRules, watched_funds: u32) -> Self {
        let remembers = match rules.discipline {
            Discipline::Strict { .. } | Discipline::Fifo { .. } => false,
            Discipline::Weighted { .. } | Discipline::RateLimited { .. } => true,
        };
        let counts_inputs = remembers || rules.venue.draw.is_some() || watched_funds > 0;
        Self { expected: true, counts_inputs }
    }
}

impl Engine {
    /// Whether there may be more to do after an input that touched a symbol.
    #[inline]
    pub(super) fn must_attend(&mut self, touched: Option<SymbolId>) -> bool {
        if !self.company.expected {
            self.company.expected = self.has_work();
        }
        let calm = |symbol: SymbolId| self.markets[symbol.index()].is_calm(self.time_ns);
        self.company.expected || !touched.is_none_or(calm)
    }

    /// Whether something may have to be done beside inputs, whatever they are.
    #[inline]
    pub(super) fn has_work(&self) -> bool {
        // Orders that expire, markets to reopen, symbols and cross accounts to look at, positions in
        // the queue, what the fund holds. One sum: none of it is likely.
        let waiting = self.expiries.len()
            | self.halted.len()
            | self.hot.len()
            | self.ledger.due.len()
            | self.queue.len()
            | self.fund_symbols.len();
        let asked = self.cares | self.company.counts_inputs;
        asked || waiting != 0 || self.ledger.account(AccountId::FUND).cash.is_negative()
    }
}

impl Market {
    /// Whether nobody in it can trigger now.
    #[inline]
    fn is_calm(&self, time_ns: u64) -> bool {
        let Some(mark) = self.mark else { return true };
        // Cross accounts are looked at even where positions do not trigger: in a halt, at an old mark.
        let cross = self.cross_index.as_ref().and_then(|index| index.reached(mark));
        let own = || self.index.reached(mark).filter(|_| !self.halted && !self.is_stale(time_ns));
        self.watch != Watch::Keys && cross.or_else(own).is_none()
    }
}
