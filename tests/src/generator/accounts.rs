//! What accounts set, and cancels of many orders at once.

use seawall_engine::types::{Input, SelfTrade, SymbolId};

use super::Generator;
use crate::reference::Reference;

impl Generator {
    /// Kill switches are mostly let go: a shard that takes no orders teaches nothing.
    pub(super) fn account_setting(&mut self) -> Input {
        let account = self.client();
        match self.dice.range(1, 10) {
            1..=5 => {
                let mode = self.dice.pick(&SelfTrade::ALL);
                Input::SelfTrade { account, mode, group: self.dice.range_u32(0, 2) }
            }
            6 | 7 => Input::CancelOnDisconnect { account, enabled: self.dice.percent(90) },
            8 => {
                self.killed = self.dice.percent(20);
                Input::Kill { account: None, engaged: self.killed }
            }
            _ => Input::Kill { account: Some(account), engaged: self.dice.percent(10) },
        }
    }

    /// Mostly of an account that has nothing open yet.
    pub(super) fn margin_mode(&mut self, shard: &Reference) -> Input {
        let mut account = self.client();
        for _ in 0..6 {
            let busy = shard.symbols().any(|symbol| shard.position(symbol, account).lots != 0);
            if shard.is_open(account) && !busy {
                break;
            }
            account = self.client();
        }
        Input::MarginMode { account, cross: self.dice.percent(self.habits.cross) }
    }

    /// Now and then of an account whose forced order rests: it must stay.
    pub(super) fn mass_cancel(&mut self, shard: &Reference, symbol: SymbolId) -> Input {
        let forced = shard.orders(symbol).into_iter().find(|order| order.order.is_derived());
        let account = match forced.filter(|_| self.dice.percent(40)) {
            Some(order) => order.account,
            None => self.client(),
        };
        if self.dice.percent(60) {
            return Input::Disconnect { account };
        }
        let symbol = self.dice.pick(&[None, Some(symbol)]);
        let side = self.side();
        let side = self.dice.pick(&[None, Some(side)]);
        Input::MassCancel { account, symbol, side }
    }
}
