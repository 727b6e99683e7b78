//! "Reduce-only" of `docs/ORDERS.md`: what rests to reduce a position never exceeds it.

use seawall_engine::types::CancelCause;

use super::Reference;
use super::market::Resting;

impl Reference {
    /// Cuts reduce-only orders to what they can still reduce, youngest first.
    pub(super) fn clip(&mut self) {
        for symbol in 0..self.markets.len() {
            for account in 0..self.cash.len() {
                self.clip_account(symbol, account);
            }
        }
    }

    fn clip_account(&mut self, symbol: usize, account: usize) {
        let market = &self.markets[symbol];
        let position = market.positions[account];
        let mut own: Vec<Resting> = market.orders.clone();
        own.retain(|order| order.account == account && order.reduce_only);
        own.sort_unstable_by_key(|order| std::cmp::Reverse(order.joined));
        let reduces = |order: &Resting| position.on(order.side.opposite()) > 0;
        let sum: i128 = own.iter().filter(|order| reduces(order)).map(|order| order.lots).sum();
        let mut excess = (sum - position.lots.abs()).max(0);
        for order in own {
            let mut cut = order.lots;
            if reduces(&order) {
                cut = cut.min(excess);
                excess -= cut;
            }
            if cut > 0 {
                self.cut_order(symbol, order.id, cut, CancelCause::ReduceOnly);
            }
        }
    }
}
