//! Mark inputs: from a given price to the market's mark (`docs/MARGIN.md`, Mark).

use super::Engine;
use super::market::Market;
use super::orders::Checked;
use crate::liquidation::priority;
use crate::risk::{Ledger, Seen};
use crate::types::{Event, EventSink, HaltCause, Price, RejectReason, Side, SymbolId};

impl Engine {
    pub(super) fn set_mark(
        &mut self,
        symbol: SymbolId,
        price: Price,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        self.check_symbol(symbol)?;
        let time_ns = self.time_ns;
        let market = &self.markets[symbol.index()];
        if !market.book.in_domain(price) {
            return Err(RejectReason::PriceOutOfDomain);
        }
        let made = if self.baskets.is_empty() { None } else { self.made_index(symbol)? };
        let market = &mut self.markets[symbol.index()];
        market.look(time_ns);
        if made.is_none() && market.rules.marks_given {
            market.previous_mark = market.mark;
            market.mark = Some(price);
            market.marked_ns = time_ns;
            sink.event(Event::Marked { symbol, price });
        } else {
            market.make_mark((price, made), time_ns, &mut self.ledger, sink)?;
        }
        self.rekey(symbol);
        let market = &mut self.markets[symbol.index()];
        if market.mark.is_some_and(|mark| market.leaves_band(mark)) {
            market.halt(sink, HaltCause::Mark);
            self.note_halt(symbol);
        }
        Ok(())
    }

    /// A mark has moved: positions that wait in its symbol take their keys at the new one.
    #[inline]
    fn rekey(&mut self, symbol: SymbolId) {
        if self.rules.venue.rekey && self.queue.len() > 0 {
            self.rekey_waiting(symbol);
        }
    }

    #[inline(never)]
    fn rekey_waiting(&mut self, symbol: SymbolId) {
        let market = &self.markets[symbol.index()];
        let Some(mark) = market.mark else { return };
        let rule = (self.rules.key, self.rules.plan);
        self.queue.rekey(|waiting| {
            let position = market.position(waiting.account);
            (waiting.symbol == symbol && !position.is_cross())
                .then(|| priority(rule, &market.rules, position, mark))
                .flatten()
        });
    }

    /// The index of a symbol that has a basket, once all of its marks are there.
    #[cold]
    fn made_index(&self, symbol: SymbolId) -> Checked<Option<Price>> {
        let Some(basket) = self.baskets.iter().find(|basket| basket.symbol == symbol) else {
            return Ok(None);
        };
        let Some(made) = basket.price(|part| self.markets[part.index()].mark) else {
            return Ok(None);
        };
        let price = made?;
        self.markets[symbol.index()].check_price(price)?;
        Ok(Some(price))
    }
}

impl Market {
    /// Whether the mark is too old to trigger anything.
    #[inline]
    pub(super) fn is_stale(&self, time_ns: u64) -> bool {
        let stale_ns = self.rules.price_rules.mark.stale_ns;
        stale_ns != 0 && time_ns - self.marked_ns > stale_ns
    }

    #[cold]
    fn make_mark(
        &mut self,
        (given, made): (Price, Option<Price>),
        time_ns: u64,
        ledger: &mut Ledger,
        sink: &mut impl EventSink,
    ) -> Checked<()> {
        let rules = self.rules.price_rules;
        let (premium, due) = match &rules.funding {
            Some(funding) => self.premium.at(funding, time_ns, (self.mark, self.index_price)),
            None => (self.premium, None),
        };
        let interval_ns = rules.funding.map_or(0, |funding| funding.interval_ns);
        let seen = Seen {
            given,
            index: made.or(self.index_price),
            last: self.last,
            bid: self.book.best_in_call(Side::Buy),
            ask: self.book.best_in_call(Side::Sell),
            time_ns,
            rate_ppb: premium.rate_ppb,
            left_ns: if interval_ns == 0 { 0 } else { interval_ns - time_ns % interval_ns },
            interval_ns,
        };
        let domain = self.rules.domain;
        let fresh = self.mark_state.advance(&rules.mark, &seen, domain)?;
        self.premium = premium;
        if let Some(price) = made {
            self.index_price = Some(price);
            sink.event(Event::Indexed { symbol: self.symbol, price });
        }
        if let Some(due) = due {
            self.pay_funding(&due, ledger, sink);
        }
        if let Some(price) = fresh {
            self.previous_mark = self.mark;
            self.mark = Some(price);
            self.marked_ns = time_ns;
        }
        let price = self.mark.expect("the first mark input makes a mark");
        if let Some(funding) = &rules.funding {
            self.premium.sample(funding, &seen, price);
        }
        sink.event(Event::Marked { symbol: self.symbol, price });
        Ok(())
    }
}
