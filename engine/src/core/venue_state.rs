//! Canonical bytes of what only some venues' rules remember. A shard of the generic rules has none
//! of it and writes none: which of the two a shard is, its configuration says.

use super::Engine;
use crate::liquidation::{Discipline, FundRules, FundWatch, Plan, VenueRules, Waiting};
use crate::state::{Decoder, Encoder, StateError, put};
use crate::types::{AccountId, SymbolId};

impl Engine {
    /// Whether the rules remember anything beyond the generic ones.
    pub(super) fn remembers(&self) -> bool {
        let plan = matches!(self.rules.plan, Plan::Throttled { .. } | Plan::PartThenAll { .. });
        plan || self.rules.venue != VenueRules::default()
    }

    /// Writes it, after the queue.
    pub(super) fn put_venue(&self, out: &mut Encoder<'_>) {
        if !self.remembers() {
            return;
        }
        for (waiting, is_undrawn) in &self.queue.in_order() {
            put!(out; &waiting.first_ns, is_undrawn);
        }
        put!(out; &self.queue.window());
        for watch in &self.fund_watches {
            out.put(watch);
        }
        // What is over decides nothing.
        let gated_until_ns = Some(self.gated_until_ns).filter(|until_ns| *until_ns > self.time_ns);
        put!(out; &gated_until_ns);
        let whole = self.whole_until_ns.iter().zip(0..).flat_map(|(accounts, symbol)| {
            accounts.iter().zip(0..).map(move |(ns, account)| (symbol, account, *ns))
        });
        let whole: Vec<(u16, u32, u64)> = whole.filter(|(.., ns)| *ns > self.time_ns).collect();
        out.count(whole.len());
        for (symbol, account, until_ns) in &whole {
            put!(out; symbol, account, until_ns);
        }
    }

    /// Reads it back and fills the queue with what waits.
    pub(super) fn restore_venue(
        &mut self,
        mut waiting: Vec<Waiting>,
        input: &mut Decoder<'_>,
    ) -> Result<(), StateError> {
        let mut undrawn = vec![false; waiting.len()];
        let mut window = 0;
        if self.remembers() {
            for (waiting, undrawn) in waiting.iter_mut().zip(&mut undrawn) {
                (waiting.first_ns, *undrawn) = (input.get()?, input.get()?);
                let fits = waiting.first_ns <= self.time_ns.min(waiting.since_ns)
                    && (!*undrawn || self.rules.venue.draw.is_some())
                    && (!*undrawn || waiting.since_ns <= self.time_ns);
                input.check(fits, || "a position triggered before it waits".to_owned())?;
            }
            window = input.get()?;
            let most = match self.rules.discipline {
                Discipline::RateLimited { interval_ns, .. } => self.time_ns / interval_ns,
                _ => 0,
            };
            input.check(window <= most, || "a window that has begun".to_owned())?;
            for watch in &mut self.fund_watches {
                *watch = input.get()?;
                let watched = watch.suits(&self.rules.venue.fund, self.time_ns);
                input.check(watched, || "a peak of the fund's rules".to_owned())?;
            }
            self.gated_until_ns = input.get::<Option<u64>>()?.unwrap_or(0);
            self.restore_whole(input)?;
        }
        self.queue.restore(waiting, &undrawn, window, self.time_ns);
        Ok(())
    }

    fn restore_whole(&mut self, input: &mut Decoder<'_>) -> Result<(), StateError> {
        let cells = self.whole_until_ns.iter().map(Vec::len).sum();
        for _ in 0..input.count(cells, "positions of which a part was sent")? {
            let (symbol, account): (SymbolId, AccountId) = (input.get()?, input.get()?);
            let until_ns = input.get()?;
            let accounts = self.whole_until_ns.get_mut(symbol.index());
            match accounts.and_then(|accounts| accounts.get_mut(account.index())) {
                Some(cell) => *cell = until_ns,
                None => return Err(input.refuse("a symbol and an account that exist")),
            }
        }
        Ok(())
    }
}

impl FundWatch {
    /// No peak without a rule, and none of a window to come.
    fn suits(&self, rules: &FundRules, time_ns: u64) -> bool {
        if rules.has_peak() {
            self.is_possible(time_ns / rules.window_ns)
        } else {
            *self == Self::default()
        }
    }
}
