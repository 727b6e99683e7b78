//! Study orders: limit orders at fixed times and prices, sent for their effect to be measured.

use seawall_engine::types::{AccountId, Input, NewOrder, OrderId, OrderKind, Price, Qty, Side};

use super::{Agent, Latencies, Outbox, View, order_id};
use crate::scenario::{SYMBOL, Scenario};

/// One study order. It is never cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudyOrder {
    /// When it is sent; it arrives a taker's gateway latency later.
    pub time_ns: u64,
    /// Bid or offer.
    pub side: Side,
    /// Limit.
    pub price: Price,
    /// Quantity.
    pub qty: Qty,
}

/// Sends study orders from the background's account, with a taker's latency.
#[derive(Debug)]
pub struct StudyOrders<'a> {
    account: AccountId,
    latencies: Latencies,
    orders: &'a [StudyOrder],
    sent: usize,
}

impl<'a> StudyOrders<'a> {
    /// The sender of `orders`, which are in order of time.
    pub fn new(scenario: &Scenario, orders: &'a [StudyOrder]) -> Self {
        Self {
            account: AccountId(scenario.roles().background),
            latencies: Latencies::of_takers(scenario),
            orders,
            sent: 0,
        }
    }
}

/// The id of the `n`-th study order, from 0.
pub fn study_order_id(scenario: &Scenario, n: u32) -> OrderId {
    order_id(AccountId(scenario.roles().background), n + 1)
}

impl Agent for StudyOrders<'_> {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        self.orders.get(self.sent).map_or(u64::MAX, |order| order.time_ns)
    }

    fn wake(&mut self, _view: &View<'_>, out: &mut Outbox<'_>) {
        let StudyOrder { side, price, qty, .. } = self.orders[self.sent];
        self.sent += 1;
        let number = u32::try_from(self.sent).expect("a handful of orders");
        out.send(Input::Order(NewOrder {
            symbol: SYMBOL,
            account: self.account,
            order: order_id(self.account, number),
            side,
            qty,
            kind: OrderKind::PostOnly(price),
            reduce_only: false,
        }));
    }
}
