//! "Deposit, Withdraw, Leverage, Block, Step".

use seawall_engine::types::{
    AccountId, Event, MONEY_MAX_UNITS, Money, Ppm, Price, Qty, RejectReason, Side, SymbolId,
};

use super::orders::Intent;
use super::{Reference, Refusal};

impl Reference {
    pub(super) fn deposit(&mut self, account: AccountId, amount: Money) -> Result<(), Refusal> {
        let refuse = |reason| Err((account.index(), reason));
        if account.index() >= self.cash.len() {
            return refuse(RejectReason::UnknownAccount);
        }
        let units = amount.wide();
        if units <= 0 || self.net_deposits + units > i128::from(MONEY_MAX_UNITS) {
            return refuse(RejectReason::AmountOutOfRange);
        }
        let cash = self.cash[account.index()].unwrap_or(0);
        self.cash[account.index()] = Some(cash + units);
        self.net_deposits += units;
        if self.is_fund(account.index()) {
            self.told[account.index()] += units;
        }
        self.out.push(Event::Deposited { account, amount });
        Ok(())
    }

    pub(super) fn withdraw(&mut self, account: AccountId, amount: Money) -> Result<(), Refusal> {
        let refuse = |reason| Err((account.index(), reason));
        if self.is_fund(account.index()) {
            return refuse(RejectReason::FundAccount);
        }
        let a = self.known_account(account)?;
        let units = amount.wide();
        if units <= 0 {
            return refuse(RejectReason::AmountOutOfRange);
        }
        if self.time_ns < self.gated_until_ns {
            return refuse(RejectReason::WithdrawalsGated);
        }
        if self.withdrawable(a) < units {
            return refuse(RejectReason::InsufficientCash);
        }
        *self.cash_of(a) -= units;
        self.net_deposits -= units;
        self.out.push(Event::Withdrawn { account, amount });
        Ok(())
    }

    pub(super) fn leverage(
        &mut self,
        symbol: SymbolId,
        account: AccountId,
        parts: u32,
    ) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, account)?;
        let refuse = |reason| Err((account.index(), reason));
        if self.is_fund(account.index()) {
            return refuse(RejectReason::FundAccount);
        }
        let a = self.known_account(account)?;
        let market = &mut self.markets[s];
        let initial = i128::from(parts);
        if initial < market.tiers[0].initial {
            return refuse(RejectReason::AmountOutOfRange);
        }
        let resting = market.orders.iter().any(|order| order.account == a);
        if market.positions[a].lots != 0 || resting {
            return refuse(RejectReason::LeverageInUse);
        }
        market.positions[a].initial = initial;
        let initial = Ppm::new(parts).expect("it came as a rate");
        self.out.push(Event::LeverageSet { symbol, account, initial });
        Ok(())
    }

    pub(super) fn block(
        &mut self,
        symbol: SymbolId,
        buyer: AccountId,
        seller: AccountId,
        price: Price,
        qty: Qty,
    ) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, buyer)?;
        let parties = [(buyer, Side::Buy), (seller, Side::Sell)];
        for (party, _) in parties {
            if self.is_fund(party.index()) {
                return Err((party.index(), RejectReason::FundAccount));
            }
        }
        for (party, _) in parties {
            self.known_account(party)?;
        }
        for (party, _) in parties {
            self.not_killed(party.index())?;
        }
        if self.markets[s].halted {
            return Err((buyer.index(), RejectReason::Halted));
        }
        if buyer == seller {
            return Err((buyer.index(), RejectReason::SelfBlock));
        }
        let (ticks, lots) = (i128::from(price.ticks()), i128::from(qty.lots()));
        let market = &self.markets[s];
        if lots > market.order_lots_max {
            return Err((buyer.index(), RejectReason::QtyTooLarge));
        }
        if ticks != market.held(ticks) {
            return Err((buyer.index(), RejectReason::PriceOutOfDomain));
        }
        for (party, _) in parties {
            if market.positions[party.index()].locked {
                return Err((party.index(), RejectReason::InLiquidation));
            }
        }
        for (party, side) in parties {
            self.margin_check(&Intent {
                symbol: s,
                account: party.index(),
                side,
                lots,
                price: ticks,
                worst: ticks,
                fee: 0,
                reduce_only: false,
            })?;
        }
        let value = self.markets[s].value(ticks, lots);
        self.out.push(Event::Block { symbol, buyer, seller, price, qty });
        for (party, side) in parties {
            self.book(s, party.index(), side, lots, value);
            self.shortfall(s, party.index());
        }
        Ok(())
    }
}
