//! Who takes what the book did not: the fund, then profitable positions, then everybody.
//!
//! The rules are in `docs/LIQUIDATION.md`, A forced step (5), Auto-deleveraging, Solvency.

use super::Engine;
use super::forced::Remainder;
use super::market::Market;
use crate::liquidation::{AdlPrice, Case, Residual, lots_worth, shares, weighted_shares};
use crate::types::{
    AccountId, Event, EventSink, FundCause, MONEY_MAX_UNITS, Money, Price, Qty, SymbolId,
};

/// Most that a fund's positions may be worth at any price of their markets, in money units: two of
/// the largest positions that an account may have.
const FUND_WORTH_MAX: i128 = 2 * MONEY_MAX_UNITS as i128;

impl Engine {
    /// Disposes of a remainder, in the waterfall's order.
    pub(super) fn dispose(&mut self, part: Remainder, mark: Price, sink: &mut impl EventSink) {
        let price = self.takeover_price(&part, mark);
        let mut handed = Remainder { price, ..part };
        let taken = self.takeover_lots(&handed, mark);
        self.take_over(&handed, taken, sink);
        let left = Remainder { lots: part.lots - taken, ..part };
        if left.lots == 0 {
            return;
        }
        handed.lots = self.deleverage(&left, mark, sink);
        // What no fund can hold stays where it is and is tried again.
        let held = handed.lots.min(self.bound_lots(&handed));
        self.take_over(&handed, held, sink);
    }

    /// How many lots more of that side the fund can hold so that its positions are worth at most
    /// [`FUND_WORTH_MAX`] at any price.
    fn bound_lots(&self, part: &Remainder) -> u64 {
        let market = &self.markets[part.symbol.index()];
        let others: i128 = self
            .fund_symbols
            .iter()
            .map(|symbol| &self.markets[symbol.index()])
            .filter(|other| other.fund == market.fund && other.symbol != market.symbol)
            .map(|other| other.rules.worth_max(other.position(market.fund).size()))
            .sum();
        let held = i128::from(market.position(market.fund).lots() * part.side.sign());
        let room = (FUND_WORTH_MAX - others).max(0) / market.rules.worth_max(1) - held;
        u64::try_from(room.max(0)).expect("a price is worth something")
    }

    /// The price at which positions are taken over.
    fn takeover_price(&self, part: &Remainder, mark: Price) -> Price {
        let market = &self.markets[part.symbol.index()];
        match self.rules.venue.backstop.discount {
            None => part.price,
            Some(discount) => market.beyond(mark, part.side.opposite(), discount),
        }
    }

    /// How many lots the fund can take without holding more than it may, or losing more at the
    /// mark than it may.
    fn takeover_lots(&mut self, part: &Remainder, mark: Price) -> u64 {
        let lots = part.lots.min(self.room_lots(part, mark)).min(self.bound_lots(part));
        let contract = self.markets[part.symbol.index()].rules.contract;
        let entry = contract.value(part.price, lots);
        let loss = -contract.profit(part.side, entry, contract.value(mark, lots));
        let fund = self.markets[part.symbol.index()].fund;
        let equity = self.fund_equity(fund).max(Money::ZERO);
        let watch = &mut self.fund_watches[fund.index()];
        let allowance = watch.allowance(&self.rules.venue.fund, equity);
        if loss <= allowance {
            return lots;
        }
        if self.rules.venue.fund.has_peak() {
            watch.stop();
        }
        let affordable = allowance.wide() * i128::from(lots) / loss.wide();
        u64::try_from(affordable).expect("a part of the remainder")
    }

    /// How many lots more of that side the fund may hold.
    fn room_lots(&self, part: &Remainder, mark: Price) -> u64 {
        let most = self.rules.venue.backstop.notional_max;
        if most.units() == i64::MAX {
            return u64::MAX;
        }
        let market = &self.markets[part.symbol.index()];
        let held = market.position(market.fund);
        let room = lots_worth(market.rules.contract, mark, most);
        if held.side() == Some(part.side) {
            room.saturating_sub(held.size())
        } else {
            room.saturating_add(held.size())
        }
    }

    /// The fund's account takes `lots` of a position over, at its bankruptcy price.
    fn take_over(&mut self, part: &Remainder, lots: u64, sink: &mut impl EventSink) {
        let Some(qty) = u32::try_from(lots).ok().and_then(Qty::new) else {
            assert!(lots == 0, "no more is taken over than one forced order held");
            return;
        };
        let Remainder { symbol, account, side, price, .. } = *part;
        sink.event(Event::TakenOver { symbol, account, side, qty, price });
        let keeps_margin = self.rules.venue.order.keeps_margin;
        let market = &mut self.markets[symbol.index()];
        let fund = market.fund;
        let (_, mut settlement) = market.split(&mut self.ledger, sink);
        let value = settlement.value(price, lots);
        let released = settlement.book(account, side.opposite(), lots, value);
        settlement.note_answering(account);
        if keeps_margin {
            settlement.keep_margin(account, released, Money::ZERO);
        }
        settlement.cover_shortfall(account);
        let released = settlement.book(fund, side, lots, value);
        settlement.note_fund(FundCause::Deleverage, released);
        self.note_fund_symbol(symbol);
    }

    /// Closes a remainder against positions of the other side. Returns the lots that found none.
    fn deleverage(&mut self, part: &Remainder, mark: Price, sink: &mut impl EventSink) -> u64 {
        let Remainder { symbol, account, side, lots, .. } = *part;
        let price = self.adl_price(symbol, mark).unwrap_or(part.price);
        let keeps_margin = self.rules.venue.order.keeps_margin;
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
            settlement.note_answering(account);
            if account == settlement.fund {
                settlement.note_fund(FundCause::Deleverage, released);
            } else if keeps_margin {
                settlement.keep_margin(account, released, Money::ZERO);
            }
            settlement.book(counterparty, side, lots, value);
            settlement.cover_shortfall(account);
            settlement.finish_taker(counterparty);
            left -= lots;
        }
        self.note_fund_symbol(symbol);
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

    /// A fund's cash, what its collateral counts for, and the profit of its positions at their
    /// marks.
    pub fn fund_equity(&self, fund: AccountId) -> Money {
        let own = |symbol: &&SymbolId| self.markets[symbol.index()].fund == fund;
        let profits = self.fund_symbols.iter().filter(own).map(|symbol| self.fund_profit(*symbol));
        let assets: Money = self.assets.iter().map(|asset| asset.value(fund)).sum();
        self.ledger.account(fund).cash + profits.sum() + assets
    }

    /// The first symbol of a fund's group, which stands for all of it.
    pub(super) fn first_symbol_of(&self, fund: AccountId) -> SymbolId {
        let own = |market: &&Market| market.fund == fund;
        self.markets.iter().find(own).map_or(SymbolId(0), |market| market.symbol)
    }

    fn fund_profit(&self, symbol: SymbolId) -> Money {
        let market = &self.markets[symbol.index()];
        let mark = market.mark.expect("the fund takes over at a mark");
        market.position(market.fund).profit(market.rules.contract, mark)
    }

    /// Makes the list of symbols where their funds hold something, ascending.
    pub(super) fn note_fund_symbols(&mut self) {
        self.fund_symbols.clear();
        self.fund_symbols.extend(held_by_funds(&self.markets));
    }

    /// Keeps that list after what may have changed in one symbol, however many there are.
    pub(super) fn note_fund_symbol(&mut self, symbol: SymbolId) {
        let found = self.fund_symbols.binary_search(&symbol);
        match (found, holds(&self.markets[symbol.index()])) {
            (Err(place), true) => self.fund_symbols.insert(place, symbol),
            (Ok(place), false) => {
                self.fund_symbols.remove(place);
            }
            _ => {}
        }
    }

    /// Whether the list is what it should be. Looks at every symbol.
    pub(super) fn knows_fund_symbols(&self) -> bool {
        held_by_funds(&self.markets).eq(self.fund_symbols.iter().copied())
    }

    /// Deleverages insolvent funds and shares out what is still missing, one after the other.
    #[inline]
    pub(super) fn check_funds(&mut self, sink: &mut impl EventSink) {
        // Almost always there is one fund, which holds nothing and owes nothing.
        let owes = self.ledger.account(AccountId::FUND).cash.is_negative();
        if owes || self.watched_funds > 0 || !self.fund_symbols.is_empty() {
            self.check_each_fund(sink);
        }
    }

    #[inline(never)]
    fn check_each_fund(&mut self, sink: &mut impl EventSink) {
        for fund in (0..self.ledger.funds()).map(AccountId) {
            self.check_fund(fund, sink);
        }
    }

    fn check_fund(&mut self, fund: AccountId, sink: &mut impl EventSink) {
        if self.rules.venue.fund.has_peak() {
            let equity = self.fund_equity(fund);
            let watch = &mut self.fund_watches[fund.index()];
            watch.note(&self.rules.venue.fund, equity, self.time_ns);
        }
        let cash = self.ledger.account(fund).cash;
        if self.fund_symbols.is_empty() && !cash.is_negative() {
            return;
        }
        if self.fund_equity(fund).is_negative() {
            self.resolve_fund(fund, sink);
        }
    }

    #[cold]
    #[inline(never)]
    fn resolve_fund(&mut self, fund: AccountId, sink: &mut impl EventSink) {
        // A copy: deleveraging changes the list.
        let mut symbols = ::core::mem::take(&mut self.scratch_symbols);
        symbols.clear();
        let own = |symbol: &&SymbolId| self.markets[symbol.index()].fund == fund;
        symbols.extend(self.fund_symbols.iter().filter(own));
        for symbol in &symbols {
            let symbol = *symbol;
            self.heat(symbol);
            let others = self.fund_equity(fund) - self.fund_profit(symbol);
            let market = &self.markets[symbol.index()];
            let mark = market.mark.expect("the fund takes over at a mark");
            let position = market.position(fund);
            let side = position.side().expect("a symbol of the fund's is one with a position");
            let (lots, entry) = (position.size(), position.entry());
            let price = market.rules.zero_price(side, lots, entry, others);
            let remainder = Remainder { symbol, account: fund, side, lots, price };
            self.deleverage(&remainder, mark, sink);
        }
        self.scratch_symbols = symbols;
        let equity = self.fund_equity(fund);
        if equity.is_negative() {
            match self.rules.venue.residual {
                Residual::Gate(for_ns) => self.gated_until_ns = self.time_ns + for_ns,
                _ => self.socialise(fund, -equity, sink),
            }
        }
    }

    /// Whether an account shares losses of a fund: with several funds, who holds something in one
    /// of its markets.
    fn shares_losses(&self, fund: AccountId, account: AccountId) -> bool {
        let holds = |market: &Market| market.fund == fund && market.position(account).lots() != 0;
        let is_own = self.ledger.funds() == 1 || self.markets.iter().any(holds);
        !self.ledger.is_fund(account) && is_own
    }

    /// What decides an account's share of a fund's loss.
    fn share_weight(&self, fund: AccountId, account: AccountId) -> i128 {
        let of_market = |market: &Market| {
            let Some(mark) = market.mark else { return 0 };
            let position = market.position(account);
            let contract = market.rules.contract;
            match self.rules.venue.residual {
                Residual::OpenInterest => contract.value(mark, position.size()).wide(),
                _ => position.profit(contract, mark).wide().max(0),
            }
        };
        self.markets.iter().filter(|market| market.fund == fund).map(of_market).sum()
    }

    fn socialise(&mut self, fund: AccountId, deficit: Money, sink: &mut impl EventSink) {
        let [mut payers, mut first] = ::core::mem::take(&mut self.scratch_shares);
        let pays = |account| self.shares_losses(fund, account);
        if matches!(self.rules.venue.residual, Residual::OpenInterest | Residual::Winners) {
            let weight = |account| self.share_weight(fund, account);
            weighted_shares(&self.ledger, deficit, pays, weight, &mut first, &mut payers);
        } else {
            shares(&self.ledger, deficit, pays, &mut payers);
        }
        let mut paid = Money::ZERO;
        for (account, amount) in &payers {
            self.ledger.account_mut(*account).cash -= *amount;
            if self.ledger.account(*account).is_cross() {
                self.ledger.note_due(*account);
            }
            paid += *amount;
            sink.event(Event::Socialised { account: *account, amount: *amount });
        }
        self.scratch_shares = [payers, first];
        if paid.is_positive() {
            let account = self.ledger.account_mut(fund);
            account.cash += paid;
            let balance = account.cash;
            let (symbol, cause) = (self.first_symbol_of(fund), FundCause::Socialised);
            sink.event(Event::Fund { symbol, cause, amount: paid, balance });
        }
    }
}

/// The symbols in which their funds have a position, ascending.
fn held_by_funds(markets: &[Market]) -> impl Iterator<Item = SymbolId> {
    markets.iter().filter(|market| holds(market)).map(|market| market.symbol)
}

/// Whether a market's fund has a position in it.
fn holds(market: &Market) -> bool {
    market.accounts_used > 0 && market.position(market.fund).lots() != 0
}
