//! Who pays when the book does not: takeover, auto-deleveraging, solvency, socialised losses.

use seawall_engine::liquidation::Residual;
use seawall_engine::types::{Event, FundCause, Side};

use super::market::{MILLION, floor_div, sign};
use super::{Reference, account_id, money, price as to_price, qty, symbol_id};

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
        let handed_at = self.takeover_price(symbol, side, at);
        let affordable = self.affordable(symbol, side, lots, handed_at);
        self.take_over(symbol, account, side, affordable, handed_at);
        let left = self.deleverage(symbol, account, side, lots - affordable, at);
        let held = left.min(self.holdable(symbol, side));
        self.take_over(symbol, account, side, held, handed_at);
    }

    /// How many lots more of that side the fund can hold: its positions are worth at most 2^61 at the
    /// tops of their domains.
    fn holdable(&self, symbol: usize, side: Side) -> i128 {
        let own = &self.markets[symbol];
        let mut room = 1 << 61;
        for (number, market) in self.markets.iter().enumerate() {
            if number != symbol && market.fund == own.fund {
                room -= market.positions[own.fund].lots.abs() * market.unit * market.high;
            }
        }
        let held = own.positions[own.fund].lots * sign(side);
        (room.max(0) / (own.unit * own.high) - held).max(0)
    }

    /// The price at which positions are taken over.
    fn takeover_price(&self, symbol: usize, side: Side, at: i128) -> i128 {
        let market = &self.markets[symbol];
        let Some(discount) = self.rules.venue.backstop.discount else { return at };
        let mark = market.mark.expect("only a mark triggers");
        market.held(mark - sign(side) * floor_div(mark * i128::from(discount.parts()), MILLION))
    }

    /// How many of the lots the fund may take at that price.
    fn affordable(&mut self, symbol: usize, side: Side, lots: i128, at: i128) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let fund_account = market.fund;
        let held = market.positions[fund_account].lots * sign(side);
        let most = self.rules.venue.backstop.notional_max.wide();
        let mut allowed = lots;
        if most < i128::from(i64::MAX) {
            // One lot after the other, as long as it fits; what it holds on the other side does.
            allowed = 0;
            while allowed < lots
                && (held + allowed < 0 || {
                    let next = held + allowed + 1;
                    market.value(mark, next) <= most
                })
            {
                allowed += 1;
            }
        }
        let allowed = allowed.min(self.holdable(symbol, side));
        let equity = self.fund_equity(fund_account).max(0);
        let fund = self.rules.venue.fund;
        let watched = fund.drawdown.parts() < 1_000_000;
        let may_lose = match (watched, self.stopped[fund_account]) {
            (false, _) => equity,
            (true, true) => 0,
            (true, false) => (equity - self.below_peak(fund_account, fund.drawdown.parts())).max(0),
        };
        let market = &self.markets[symbol];
        let loss = -market.profit(side, market.value(at, allowed), market.value(mark, allowed));
        if loss <= may_lose {
            return allowed;
        }
        self.stopped[fund_account] = watched;
        floor_div(may_lose * allowed, loss)
    }

    /// A fund's peak less a part of it.
    fn below_peak(&self, fund: usize, parts: u32) -> i128 {
        let (_, before, now) = self.peaks[fund];
        let peak = before.max(now);
        peak - floor_div(peak * i128::from(parts), MILLION)
    }

    /// Notes a fund's equity, where a fall from its peak matters.
    fn watch_fund(&mut self, number: usize) {
        let fund = self.rules.venue.fund;
        if fund.drawdown.parts() == 1_000_000 {
            return;
        }
        let equity = self.fund_equity(number);
        let window = self.time_ns / fund.window_ns;
        let peaks = &mut self.peaks[number];
        if window == peaks.0 + 1 {
            *peaks = (window, peaks.2, 0);
        } else if window > peaks.0 {
            *peaks = (window, 0, 0);
        }
        peaks.2 = peaks.2.max(equity);
        if equity >= self.below_peak(number, fund.resume.parts()) {
            self.stopped[number] = false;
        }
    }

    /// Cash of a fund and the profit of all its positions at their marks.
    pub(super) fn fund_equity(&self, fund: usize) -> i128 {
        let mut equity = self.cash[fund].expect("a fund is open") + self.collateral_value(fund);
        for market in &self.markets {
            if let Some(mark) = market.mark {
                equity += market.profit_at(&market.positions[fund], mark);
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
        let closed = self.book(symbol, account, side.opposite(), lots, value);
        self.give_back(symbol, account, closed.margin + closed.profit);
        self.shortfall(symbol, account);
        let fund = self.markets[symbol].fund;
        let closed = self.book(symbol, fund, side, lots, value);
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
            if self.is_fund(account) {
                self.say_fund_profit(symbol, FundCause::Deleverage, closed);
            } else {
                self.give_back(symbol, account, closed.margin + closed.profit);
            }
            self.book(symbol, counterparty, side, part, value);
            if !self.is_fund(account) {
                self.shortfall(symbol, account);
            }
            self.shortfall(symbol, counterparty);
        }
        left
    }

    /// The funds' solvency check.
    pub(super) fn solvency(&mut self) {
        for fund in 0..self.funds {
            self.solvency_of(fund);
        }
    }

    fn solvency_of(&mut self, fund: usize) {
        self.watch_fund(fund);
        if self.fund_equity(fund) >= 0 {
            return;
        }
        for symbol in 0..self.markets.len() {
            let market = &self.markets[symbol];
            let Some(mark) = market.mark else { continue };
            let position = market.positions[fund];
            if position.lots == 0 {
                continue;
            }
            let without = self.fund_equity(fund) - market.profit_at(&position, mark);
            let zero = market.zero_price(&position, without);
            self.deleverage(symbol, fund, position.side(), position.lots.abs(), zero);
        }
        let missing = -self.fund_equity(fund);
        if missing > 0 {
            match self.rules.venue.residual {
                Residual::Gate(for_ns) => self.gated_until_ns = self.time_ns + for_ns,
                Residual::Cash => self.socialise(fund, missing, None),
                Residual::OpenInterest => self.socialise(fund, missing, Some(true)),
                Residual::Winners => self.socialise(fund, missing, Some(false)),
            }
        }
    }

    /// Whether an account bears losses of a fund: with several funds, if it holds something there.
    fn bears(&self, fund: usize, account: usize) -> bool {
        let mut own = self.markets.iter().filter(|market| market.fund == fund);
        let holds = own.any(|market| market.positions[account].lots != 0);
        !self.is_fund(account) && (self.funds == 1 || holds)
    }

    /// Takes what a fund lacks from everybody who bears its losses: in proportion to free cash, or first in proportion
    /// to the value of positions or to their gains.
    fn socialise(&mut self, fund: usize, missing: i128, by_value: Option<bool>) {
        let free: Vec<i128> = (0..self.cash.len())
            .map(|account| {
                let cash = self.cash[account].unwrap_or(0).max(0);
                if self.bears(fund, account) { cash } else { 0 }
            })
            .collect();
        let total: i128 = free.iter().skip(1).sum();
        if total == 0 {
            return;
        }
        let target = missing.min(total);
        let mut shares = vec![0_i128; free.len()];
        if let Some(by_value) = by_value {
            let weights: Vec<i128> =
                (0..free.len()).map(|account| self.stake(fund, account, by_value)).collect();
            let pays = |account: &usize| free[*account] > 0;
            let sum: i128 = (0..free.len()).filter(pays).map(|account| weights[account]).sum();
            for account in (0..free.len()).filter(pays) {
                if sum > 0 {
                    shares[account] = floor_div(missing * weights[account], sum).min(free[account]);
                }
            }
        }
        let rest = missing - shares.iter().sum::<i128>();
        let free: Vec<i128> = free.iter().zip(&shares).map(|(free, paid)| free - paid).collect();
        for (share, more) in shares.iter_mut().zip(in_proportion(rest, &free)) {
            *share += more;
        }
        for (account, share) in shares.into_iter().enumerate() {
            if share > 0 {
                *self.cash_of(account) -= share;
                let event =
                    Event::Socialised { account: account_id(account), amount: money(share) };
                self.out.push(event);
            }
        }
        self.fund(self.first_of(fund), FundCause::Socialised, target);
    }

    /// What an account has in positions of a fund's markets: their value, or what they gain.
    fn stake(&self, fund: usize, account: usize, by_value: bool) -> i128 {
        let mut stake = 0;
        for market in self.markets.iter().filter(|market| market.fund == fund) {
            let Some(mark) = market.mark else { continue };
            let position = &market.positions[account];
            stake += if by_value {
                market.value(mark, position.lots.abs())
            } else {
                market.profit_at(position, mark).max(0)
            };
        }
        stake
    }
}

/// Shares an amount out in proportion to free cash, the fund's aside: all of it if that is too
/// little; units left by rounding go to the first that can pay them.
fn in_proportion(amount: i128, free: &[i128]) -> Vec<i128> {
    let total: i128 = free.iter().skip(1).sum();
    let mut shares = vec![0; free.len()];
    if total <= amount {
        shares[1..].copy_from_slice(&free[1..]);
        return shares;
    }
    for account in 1..free.len() {
        shares[account] = floor_div(amount * free[account], total);
    }
    let mut rest = amount - shares.iter().sum::<i128>();
    for account in 1..free.len() {
        if rest > 0 && free[account] > shares[account] {
            shares[account] += 1;
            rest -= 1;
        }
    }
    assert!(rest == 0, "less than a unit per payer is left to rounding");
    shares
}
