//! Who pays when the book does not: takeover, auto-deleveraging, solvency, socialised losses.

use seawall_engine::types::{Event, FundCause, Side};

use super::market::floor_div;
use super::{FUND, Reference, account_id, money, price as to_price, qty, symbol_id};

impl Reference {
    /// Disposes of what the book left of a plan: takeover, deleveraging, takeover after all.
    pub(super) fn dispose(
        &mut self,
        symbol: usize,
        account: usize,
        side: Side,
        lots: i128,
        at: i128,
    ) {
        let affordable = self.affordable(symbol, side, lots, at);
        self.take_over(symbol, account, side, affordable, at);
        let left = self.deleverage(symbol, account, side, lots - affordable, at);
        self.take_over(symbol, account, side, left, at);
    }

    /// How many of the lots the fund's equity can carry at that price.
    fn affordable(&self, symbol: usize, side: Side, lots: i128, at: i128) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let equity = self.fund_equity().max(0);
        let loss = -market.profit(side, market.value(at, lots), market.value(mark, lots));
        if loss <= equity { lots } else { floor_div(equity * lots, loss) }
    }

    /// Cash of the fund and the profit of all its positions at their marks.
    pub(super) fn fund_equity(&self) -> i128 {
        let mut equity = self.cash[FUND].expect("the fund is open");
        for market in &self.markets {
            if let Some(mark) = market.mark {
                equity += market.profit_at(&market.positions[FUND], mark);
            }
        }
        equity
    }

    fn take_over(&mut self, symbol: usize, account: usize, side: Side, lots: i128, at: i128) {
        if lots == 0 {
            return;
        }
        self.out.push(Event::TakenOver {
            symbol: symbol_id(symbol),
            account: account_id(account),
            side,
            qty: qty(lots),
            price: to_price(at),
        });
        let value = self.markets[symbol].value(at, lots);
        self.book(symbol, account, side.opposite(), lots, value);
        self.shortfall(symbol, account);
        let closed = self.book(symbol, FUND, side, lots, value);
        self.say_fund_profit(symbol, FundCause::Deleverage, closed);
    }

    /// Closes lots of an account on one side against positions of the other; returns
    /// what nobody took.
    fn deleverage(
        &mut self,
        symbol: usize,
        account: usize,
        side: Side,
        lots: i128,
        at: i128,
    ) -> i128 {
        if lots == 0 {
            return 0;
        }
        self.realise_everybody(symbol);
        let mut left = lots;
        let price = self.adl_price(symbol, at);
        for (counterparty, part) in self.givers(symbol, account, side, lots, price) {
            left -= part;
            self.out.push(Event::Deleveraged {
                symbol: symbol_id(symbol),
                account: account_id(account),
                counterparty: account_id(counterparty),
                side,
                qty: qty(part),
                price: to_price(price),
            });
            let value = self.markets[symbol].value(price, part);
            let closed = self.book(symbol, account, side.opposite(), part, value);
            if account == FUND {
                self.say_fund_profit(symbol, FundCause::Deleverage, closed);
            }
            self.book(symbol, counterparty, side, part, value);
            if account != FUND {
                self.shortfall(symbol, account);
            }
            self.shortfall(symbol, counterparty);
        }
        left
    }

    /// The fund's solvency check.
    pub(super) fn solvency(&mut self) {
        if self.fund_equity() >= 0 {
            return;
        }
        for symbol in 0..self.markets.len() {
            let market = &self.markets[symbol];
            let Some(mark) = market.mark else { continue };
            let position = market.positions[FUND];
            if position.lots == 0 {
                continue;
            }
            let without = self.fund_equity() - market.profit_at(&position, mark);
            let zero = market.zero_price(&position, without);
            self.deleverage(symbol, FUND, position.side(), position.lots.abs(), zero);
        }
        let missing = -self.fund_equity();
        if missing > 0 {
            self.socialise(missing);
        }
    }

    /// Takes what is missing from everybody in proportion to free cash.
    fn socialise(&mut self, missing: i128) {
        let free = |cash: &Option<i128>| cash.unwrap_or(0).max(0);
        let total: i128 = self.cash.iter().skip(1).map(free).sum();
        if total == 0 {
            return;
        }
        let target = missing.min(total);
        let mut shares: Vec<i128> = Vec::new();
        for cash in &self.cash {
            shares.push(floor_div(missing * free(cash), total).min(free(cash)));
        }
        shares[FUND] = 0;
        let mut rest = target - shares.iter().sum::<i128>();
        for (account, share) in shares.iter_mut().enumerate().skip(1) {
            if rest > 0 && free(&self.cash[account]) > *share {
                *share += 1;
                rest -= 1;
            }
        }
        assert!(rest == 0, "less than a unit per payer is left to rounding");
        for (account, share) in shares.into_iter().enumerate() {
            if share > 0 {
                *self.cash_of(account) -= share;
                let event =
                    Event::Socialised { account: account_id(account), amount: money(share) };
                self.out.push(event);
            }
        }
        self.fund(0, FundCause::Socialised, target);
    }
}
