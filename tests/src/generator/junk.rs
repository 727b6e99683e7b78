//! Inputs that are wrong on purpose, one wrong thing at a time.

use seawall_engine::types::{
    AccountId, Input, MONEY_MAX_UNITS, Money, NewOrder, OrderId, OrderKind, Ppm, Price, Qty,
    SelfTrade, SymbolId,
};

use super::Generator;
use crate::reference::Reference;

impl Generator {
    pub(super) fn junk(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        match self.dice.range(1, 15) {
            15 => self.wrong_collateral(),
            13 => self.wrong_account_input(),
            1..=4 => self.wrong_order(shard, symbol),
            5 => Input::Mark { symbol: self.nowhere(), price: Price::MIN },
            6 if self.dice.percent(30) => Input::Index { symbol, price: self.outside(symbol) },
            6 => Input::Mark { symbol, price: self.outside(symbol) },
            7 => {
                let account = self.nobody();
                Input::Deposit { account, amount: Money::new(1) }
            }
            8 => {
                let amount = self.dice.pick(&[0, -1, i64::MIN, MONEY_MAX_UNITS, i64::MAX]);
                Input::Deposit { account: self.client(), amount: Money::new(amount) }
            }
            9 => {
                let account = self.dice.pick(&[AccountId::FUND, AccountId(1)]);
                let amount = self.dice.pick(&[0, -5, 1, i64::MAX]);
                Input::Withdraw { account, amount: Money::new(amount) }
            }
            10 => {
                let account = self.dice.pick(&[AccountId::FUND, AccountId(u32::MAX)]);
                let symbol = if self.dice.percent(30) { self.nowhere() } else { symbol };
                Input::Leverage { symbol, account, initial: Ppm::ONE }
            }
            11 => self.wrong_block(shard, symbol),
            _ => self.wrong_replace(shard, symbol),
        }
    }

    fn nowhere(&mut self) -> SymbolId {
        self.dice.pick(&[SymbolId(9), SymbolId(u16::MAX)])
    }

    fn nobody(&mut self) -> AccountId {
        let beyond = AccountId(self.setup.accounts_max);
        self.dice.pick(&[beyond, AccountId(u32::MAX)])
    }

    /// A price that the market's domain does not hold.
    fn outside(&mut self, symbol: SymbolId) -> Price {
        let (low, high) = self.domain(symbol);
        let below = low.checked_sub(1).and_then(Price::new);
        let above = Price::new(high + 1);
        let prices = [below, above, Some(Price::MAX)];
        prices[self.dice.index(prices.len())].unwrap_or(Price::MAX)
    }

    fn wrong_order(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let Input::Order(order) = self.order(shard, symbol) else { return Input::Step };
        Input::Order(match self.dice.range(1, 9) {
            1 => NewOrder { symbol: self.nowhere(), ..order },
            2 => NewOrder { account: self.fund(), ..order },
            3 => NewOrder { account: self.nobody(), ..order },
            4 => NewOrder { order: OrderId(self.dice.pick(&[0, 1 << 63, u64::MAX])), ..order },
            5 => NewOrder { qty: Qty::MAX, ..order },
            6 => NewOrder { kind: OrderKind::Limit(self.outside(symbol)), ..order },
            7 => {
                let kind = order
                    .kind
                    .price()
                    .map_or(order.kind, |price| OrderKind::Iceberg { price, display: order.qty });
                NewOrder { reduce_only: true, kind, ..order }
            }
            8 => match shard.orders(symbol).first() {
                Some(live) => NewOrder { order: live.order, ..order },
                None => order,
            },
            _ => {
                let most = self.setup.markets[symbol.index()].order_lots_max;
                NewOrder { qty: Qty::new(most + 1).expect("small"), ..order }
            }
        })
    }

    fn wrong_account_input(&mut self) -> Input {
        let nobody = self.nobody();
        let account = self.dice.pick(&[AccountId::FUND, nobody, AccountId(1)]);
        match self.dice.range(1, 7) {
            7 => Input::MarginMode { account, cross: true },
            1 => Input::SelfTrade { account, mode: SelfTrade::Allow, group: 0 },
            2 => Input::MassCancel { account, symbol: Some(self.nowhere()), side: None },
            3 => Input::MassCancel { account, symbol: None, side: None },
            4 => Input::CancelOnDisconnect { account, enabled: true },
            5 => Input::Disconnect { account },
            _ => Input::Kill { account: Some(account), engaged: false },
        }
    }

    fn wrong_block(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let Input::Block { symbol, buyer, seller, price, qty } = self.block(shard, symbol) else {
            unreachable!("a block trade was asked for")
        };
        match self.dice.range(1, 7) {
            1 => Input::Block { symbol: self.nowhere(), buyer, seller, price, qty },
            2 => Input::Block { symbol, buyer: self.fund(), seller, price, qty },
            3 => Input::Block { symbol, buyer, seller: self.fund(), price, qty },
            4 => Input::Block { symbol, buyer, seller: self.nobody(), price, qty },
            5 => Input::Block { symbol, buyer, seller: buyer, price, qty },
            6 => Input::Block { symbol, buyer, seller, price, qty: Qty::MAX },
            _ => Input::Block { symbol, buyer, seller, price: self.outside(symbol), qty },
        }
    }

    fn wrong_replace(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let replace = self.replace(shard, symbol);
        let Input::Replace { symbol, account, order, price, qty } = replace else {
            return replace;
        };
        match self.dice.range(1, 5) {
            1 => Input::Replace { symbol: self.nowhere(), account, order, price, qty },
            2 => Input::Replace { symbol, account: self.fund(), order, price, qty },
            3 => Input::Replace { symbol, account: self.nobody(), order, price, qty },
            4 => Input::Replace { symbol, account, order, price, qty: Qty::MAX },
            _ => Input::Replace { symbol, account, order, price: self.outside(symbol), qty },
        }
    }
}
