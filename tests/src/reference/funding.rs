//! "Funding" of `docs/MARGIN.md`: every payment is kept, and what a position is owed is summed over
//! those since it was last realised.

use seawall_engine::types::{Event, FundCause};

use super::market::{Market, Position, floor_div};
use super::{Reference, price as to_price, symbol_id};

/// Most that the largest position may have paid or received since the start.
const PAID_MAX: i128 = 1 << 58;

impl Market {
    /// Parts of a money unit in which payments per lot are counted.
    fn funding_unit(&self) -> i128 {
        if self.inverse { 1_000_000_000 << 16 } else { 1_000_000_000 }
    }

    /// What a position is owed.
    pub(super) fn owed(&self, position: &Position) -> i128 {
        let paid: i128 = self.payments[position.payments_realised..].iter().sum();
        floor_div(-position.lots * paid, self.funding_unit())
    }

    /// What closing a payment moves a lot by.
    fn per_lot(&self, rate: i128, price: i128) -> i128 {
        if self.inverse {
            floor_div(self.unit * rate * (1 << 16), price)
        } else {
            self.unit * price * rate
        }
    }
}

impl Reference {
    /// Makes a payment of that rate on the value at that price.
    pub(super) fn pay_funding(&mut self, symbol: usize, rate: i128, price: i128) {
        let market = &mut self.markets[symbol];
        let payment = market.per_lot(rate, price);
        let total: i128 = market.payments.iter().sum::<i128>() + payment;
        if total.abs() * market.position_lots_max / market.funding_unit() > PAID_MAX {
            return;
        }
        market.payments.push(payment);
        self.out.push(Event::Funded {
            symbol: symbol_id(symbol),
            rate_ppb: i64::try_from(rate).expect("a rate is small"),
            price: to_price(price),
        });
        let fund = self.markets[symbol].fund;
        let before = *self.cash_of(fund);
        self.realise(symbol, fund);
        let given = *self.cash_of(fund) - before;
        if given != 0 {
            self.say_fund(symbol, FundCause::Funding, given);
        }
    }

    /// Gives a position what it is owed, out of the market's pool.
    pub(super) fn realise(&mut self, symbol: usize, account: usize) {
        let to_cash = self.is_fund(account) || self.cross[account];
        let market = &mut self.markets[symbol];
        let position = market.positions[account];
        let owed = market.owed(&position);
        if owed == 0 {
            market.positions[account].payments_realised = market.payments.len();
            return;
        }
        market.pool -= owed;
        market.positions[account].payments_realised = market.payments.len();
        if to_cash {
            *self.cash_of(account) += owed;
        } else {
            market.positions[account].margin += owed;
        }
    }

    pub(super) fn realise_everybody(&mut self, symbol: usize) {
        for account in 1..self.cash.len() {
            self.realise(symbol, account);
        }
    }

    /// With the last position gone, what rounding left in the pool is the venue's.
    pub(super) fn sweep_pool(&mut self, symbol: usize) {
        let market = &mut self.markets[symbol];
        if market.positions.iter().all(|position| position.lots == 0) {
            self.fees += market.pool;
            market.pool = 0;
        }
    }

    /// What rounding has left in the pools: never less than nothing.
    pub(super) fn check_pools(&self) {
        for market in &self.markets {
            let owed: i128 = market.positions.iter().map(|position| market.owed(position)).sum();
            assert!(market.pool >= owed, "a pool pays what it owes");
        }
    }
}

impl Market {
    /// A position with what it is owed in its margin.
    pub(super) fn effective(&self, position: &Position) -> Position {
        Position { margin: position.margin + self.owed(position), ..*position }
    }
}
