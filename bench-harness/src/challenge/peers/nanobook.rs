//! `nanobook`: an exchange that keeps every order it ever saw until it is told to forget.

use nanobook::{Exchange, OrderId, Price, TimeInForce};
use seawall_engine::types::Side;

use super::{OwnIds, Peer};

/// The exchange, and its names for the challenge's orders.
#[derive(Default)]
pub(super) struct Nanobook {
    exchange: Exchange,
    ids: OwnIds,
}

impl Peer for Nanobook {
    fn submit(&mut self, order: u64, (side, price, qty): (Side, i64, u32), ioc: bool) -> u64 {
        let side = match side {
            Side::Buy => nanobook::Side::Buy,
            Side::Sell => nanobook::Side::Sell,
        };
        let force = if ioc { TimeInForce::IOC } else { TimeInForce::GTC };
        let result = self.exchange.submit_limit(side, Price(price), u64::from(qty), force);
        self.ids.set(order, result.order_id.0);
        result.trades.len() as u64
    }

    fn cancel(&mut self, order: u64) -> bool {
        self.ids.get(order).is_some_and(|own| self.exchange.cancel(OrderId(own)).success)
    }
}
