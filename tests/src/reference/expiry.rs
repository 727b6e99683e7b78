//! "Good till a time" of `docs/ORDERS.md`.

use seawall_engine::types::{CancelCause, OrderId};

use super::Reference;

/// Most orders that expire before one input.
const EXPIRIES_PER_INPUT_MAX: usize = 64;

/// When a second begins, in nanoseconds.
pub(super) fn begin_ns(second: u32) -> u64 {
    u64::from(second) * 1_000_000_000
}

impl Reference {
    /// Cancels what has expired, the earliest first.
    pub(super) fn expire(&mut self) {
        for _ in 0..EXPIRIES_PER_INPUT_MAX {
            let Some((expiry_s, symbol, id)) = self.next_expiry() else { return };
            if begin_ns(expiry_s) > self.time_ns {
                return;
            }
            let orders = &self.markets[symbol].orders;
            let account = orders.iter().find(|order| order.id == id).expect("it rests").account;
            let lots = self.withdraw_order(symbol, id);
            self.say_cancelled(symbol, account, OrderId(id), lots, CancelCause::Expired);
        }
    }

    /// Second, symbol and id of the order that expires next.
    pub(super) fn next_expiry(&self) -> Option<(u32, usize, u64)> {
        let mut all = Vec::new();
        for (symbol, market) in self.markets.iter().enumerate() {
            for order in &market.orders {
                all.extend(order.expiry_s.map(|expiry_s| (expiry_s, symbol, order.id)));
            }
        }
        all.into_iter().min()
    }
}
