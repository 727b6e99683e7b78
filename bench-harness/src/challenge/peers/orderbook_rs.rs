//! `orderbook-rs`: a lock-free book that tells a listener of its trades.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orderbook_rs::{Id, OrderBook, TimeInForce};
use seawall_engine::types::Side;

use super::Peer;

/// The book, and how often it has traded.
pub(super) struct OrderbookRs {
    book: OrderBook<()>,
    trades: Arc<AtomicU64>,
}

impl Default for OrderbookRs {
    fn default() -> Self {
        let trades = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&trades);
        let book = OrderBook::with_trade_listener(
            "challenge",
            Arc::new(move |result| {
                let trades = result.match_result.trades().len() as u64;
                counter.fetch_add(trades, Ordering::Relaxed);
            }),
        );
        Self { book, trades }
    }
}

impl Peer for OrderbookRs {
    fn submit(&mut self, order: u64, (side, price, qty): (Side, i64, u32), ioc: bool) -> u64 {
        let side = match side {
            Side::Buy => orderbook_rs::Side::Buy,
            Side::Sell => orderbook_rs::Side::Sell,
        };
        let force = if ioc { TimeInForce::Ioc } else { TimeInForce::Gtc };
        let (id, price) = (Id::Sequential(order), u128::from(price.unsigned_abs()));
        let before = self.trades.load(Ordering::Relaxed);
        // An immediate-or-cancel order that is not filled is an error to it, and none to us.
        let _ = self.book.add_limit_order(id, price, u64::from(qty), side, force, None);
        self.trades.load(Ordering::Relaxed) - before
    }

    fn cancel(&mut self, order: u64) -> bool {
        self.book.cancel_order(Id::Sequential(order)).is_ok_and(|gone| gone.is_some())
    }
}
