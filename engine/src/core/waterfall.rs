//! Who takes what the book did not: the fund, then profitable positions, then everybody.
//!
//! The rules are in `docs/LIQUIDATION.md`, A forced step (5), Auto-deleveraging, Solvency.

use super::Engine;
use super::forced::Remainder;
use crate::liquidation::{AdlPrice, Case, shares};
use crate::types::{AccountId, Event, EventSink, FundCause, Money, Price, Qty, SymbolId};

impl Engine {
    /// Disposes of a remainder, in the waterfall's order.
    pub(super) fn dispose(&mut self, part: Remainder, mark: Price, sink: &mut impl EventSink) {
        let taken = self.takeover_lots(&part, mark);
        self.take_over(&part, taken, sink);
        let left = Remainder { lots: part.lots - taken, ..part };
        if left.lots == 0 {
            return;
        }
        let unmatched = self.deleverage(&left, mark, sink);
        self.take_over(&left, unmatched, sink);
    }

    /// How many lots the fund can take without its equity at the mark falling below zero.
    fn takeover_lots(&self, part: &Remainder, mark: Price) -> u64 {
        let contract = self.markets[part.symbol.index()].rules.contract;
        let entry = contract.value(part.price, part.lots);
        let loss = -contract.profit(part.side, entry, contract.value(mark, part.lots));
        let equity = self.fund_equity().max(Money::ZERO);
        if loss <= equity {
            return part.lots;
        }
        let lots = equity.wide() * i128::from(part.lots) / loss.wide();
        u64::try_from(lots).expect("a part of the remainder")
    }

    /// The fund's account takes `lots` of a position over, at its bankruptcy price.
    fn take_over(&mut self, part: &Remainder, lots: u64, sink: &mut impl EventSink) {
        let Some(qty) = u32::try_from(lots).ok().and_then(Qty::new) else {
            assert!(lots == 0, "no more is taken over than one forced order held");
            return;
        };
        let Remainder { symbol, account, side, price, .. } = *part;
        sink.event(Event::TakenOver { symbol, account, side, qty, price });
        let market = &mut self.markets[symbol.index()];
        let (_, mut settlement) = market.split(&mut self.ledger, sink);
        let value = settlement.value(price, lots);
        settlement.book(account, side.opposite(), lots, value);
        settlement.cover_shortfall(account);
        let released = settlement.book(AccountId::FUND, side, lots, value);
        settlement.note_fund(FundCause::Deleverage, released);
        self.note_fund_symbols();
    }

    /// Closes a remainder against positions of the other side. Returns the lots that found none.
    fn deleverage(&mut self, part: &Remainder, mark: Price, sink: &mut impl EventSink) -> u64 {
        let Remainder { symbol, account, side, lots, .. } = *part;
        let price = self.adl_price(symbol, mark).unwrap_or(part.price);
        let draw = (self.seq.0 << 16) + u64::from(self.deleveragings);
        self.deleveragings += 1;
        let market = &mut self.markets[symbol.index()];
        market.realise_all(&mut self.ledger);
        self.deleveraging.share_out(
            &self.rules.venue.adl,
            &Case {
                rules: &market.rules,
                positions: &market.positions[..market.accounts_used],
                ledger: &self.ledger,
                excluded: account,
                side,
                lots,
                price,
                mark,
                draw,
            },
        );
        let mut left = lots;
        for number in 0.. {
            let Some((counterparty, lots)) = self.deleveraging.share(number) else { break };
            let Some(qty) = u32::try_from(lots).ok().and_then(Qty::new) else {
                assert!(lots == 0, "a share is a part of a position");
                continue;
            };
            sink.event(Event::Deleveraged { symbol, account, counterparty, side, qty, price });
            let (_, mut settlement) = market.split(&mut self.ledger, sink);
            let value = settlement.value(price, lots);
            let released = settlement.book(account, side.opposite(), lots, value);
            if account == AccountId::FUND {
                settlement.note_fund(FundCause::Deleverage, released);
            }
            settlement.book(counterparty, side, lots, value);
            settlement.cover_shortfall(account);
            settlement.finish_taker(counterparty);
            left -= lots;
        }
        self.note_fund_symbols();
        left
    }

    /// The price at which deleveraged positions close, if it is not the bankrupt one's own.
    fn adl_price(&self, symbol: SymbolId, mark: Price) -> Option<Price> {
        let market = &self.markets[symbol.index()];
        match self.rules.venue.adl.price {
            AdlPrice::Bankruptcy => None,
            AdlPrice::Mark => Some(mark),
            AdlPrice::PreviousMark => Some(market.previous_mark.unwrap_or(mark)),
            AdlPrice::Oracle => Some(market.index_price.unwrap_or(mark)),
        }
    }

    /// The fund's cash and the profit of its positions at their marks.
    pub(super) fn fund_equity(&self) -> Money {
        let profits = self.fund_symbols.iter().map(|symbol| self.fund_profit(*symbol));
        self.ledger.account(AccountId::FUND).cash + profits.sum()
    }

    fn fund_profit(&self, symbol: SymbolId) -> Money {
        let market = &self.markets[symbol.index()];
        let mark = market.mark.expect("the fund takes over at a mark");
        market.position(AccountId::FUND).profit(market.rules.contract, mark)
    }

    /// Keeps the list of symbols where the fund holds something, ascending.
    pub(super) fn note_fund_symbols(&mut self) {
        let holds = |market: &&super::market::Market| {
            market.accounts_used > 0 && market.position(AccountId::FUND).lots() != 0
        };
        self.fund_symbols.clear();
        self.fund_symbols.extend(self.markets.iter().filter(holds).map(|market| market.symbol));
    }

    /// Deleverages an insolvent fund and shares out what is still missing.
    #[inline]
    pub(super) fn check_fund(&mut self, sink: &mut impl EventSink) {
        let cash = self.ledger.account(AccountId::FUND).cash;
        if self.fund_symbols.is_empty() && !cash.is_negative() {
            return;
        }
        if self.fund_equity().is_negative() {
            self.resolve_fund(sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn resolve_fund(&mut self, sink: &mut impl EventSink) {
        // A copy: deleveraging changes the list.
        let mut symbols = ::core::mem::take(&mut self.scratch_symbols);
        symbols.clear();
        symbols.extend_from_slice(&self.fund_symbols);
        for symbol in &symbols {
            let symbol = *symbol;
            self.heat(symbol);
            let others = self.fund_equity() - self.fund_profit(symbol);
            let market = &self.markets[symbol.index()];
            let mark = market.mark.expect("the fund takes over at a mark");
            let position = market.position(AccountId::FUND);
            let side = position.side().expect("a symbol of the fund's is one with a position");
            let (lots, entry) = (position.size(), position.entry());
            let price = market.rules.zero_price(side, lots, entry, others);
            let account = AccountId::FUND;
            self.deleverage(&Remainder { symbol, account, side, lots, price }, mark, sink);
        }
        self.scratch_symbols = symbols;
        let equity = self.fund_equity();
        if equity.is_negative() {
            self.socialise(-equity, sink);
        }
    }

    fn socialise(&mut self, deficit: Money, sink: &mut impl EventSink) {
        let mut payers = ::core::mem::take(&mut self.scratch_shares);
        shares(&self.ledger, deficit, &mut payers);
        let mut paid = Money::ZERO;
        for (account, amount) in &payers {
            self.ledger.account_mut(*account).cash -= *amount;
            if self.ledger.account(*account).is_cross() {
                self.ledger.note_due(*account);
            }
            paid += *amount;
            sink.event(Event::Socialised { account: *account, amount: *amount });
        }
        self.scratch_shares = payers;
        if paid.is_positive() {
            let fund = self.ledger.account_mut(AccountId::FUND);
            fund.cash += paid;
            let balance = fund.cash;
            let (symbol, cause) = (SymbolId(0), FundCause::Socialised);
            sink.event(Event::Fund { symbol, cause, amount: paid, balance });
        }
    }
}
