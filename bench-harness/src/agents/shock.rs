//! The exogenous shock: a sell metaorder in equal child orders at the market.

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::number::qty;
use super::{Agent, Latencies, Outbox, View, order_id};
use crate::scenario::{Scenario, small};

/// The seller of the metaorder.
#[derive(Debug)]
pub struct Shock {
    symbol: SymbolId,
    account: AccountId,
    latencies: Latencies,
    start_ns: u64,
    interval_ns: u64,
    children: u32,
    lots: u64,
    sent: u32,
}

impl Shock {
    /// The shock of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.shock;
        let children = small(spec.sell_duration_ms / spec.sell_interval_ms).max(1);
        Self {
            symbol: scenario.symbol(),
            account: AccountId(scenario.roles().shock),
            latencies: Latencies::of_takers(scenario),
            start_ns: spec.start_ms * 1_000_000,
            interval_ns: spec.sell_interval_ms * 1_000_000,
            children: if spec.sell_lots == 0 { 0 } else { children },
            lots: spec.sell_lots,
            sent: 0,
        }
    }

    /// Lots sold by the first `n` children: the total is spread to the lot.
    fn cumulative(&self, n: u32) -> u64 {
        self.lots * u64::from(n) / u64::from(self.children)
    }
}

impl Agent for Shock {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        if self.sent == self.children {
            return u64::MAX;
        }
        self.start_ns + u64::from(self.sent) * self.interval_ns
    }

    fn wake(&mut self, _view: &View<'_>, out: &mut Outbox<'_>) {
        let lots = self.cumulative(self.sent + 1) - self.cumulative(self.sent);
        self.sent += 1;
        if lots == 0 {
            return;
        }
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account: self.account,
            order: order_id(self.account, self.sent),
            side: Side::Sell,
            qty: qty(small(lots)),
            kind: OrderKind::Market,
            reduce_only: false,
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::agents::{IndexPath, Quote};
    use crate::scenario::load;

    #[test]
    fn children_sell_the_whole_order_on_time() {
        let sets = ["shock.sell_lots=1003", "shock.sell_duration_ms=1000"].map(str::to_owned);
        let scenario = load("flash-crash", &sets, None).expect("it is valid");
        let index = IndexPath::new(&scenario);
        let mut shock = Shock::new(&scenario);
        let mut lines = [VecDeque::new()];
        let mut last_ns = 0;
        while shock.next_wake_ns() != u64::MAX {
            last_ns = shock.next_wake_ns();
            let view = View { now_ns: last_ns, quote: Quote::default(), index: &index, work: 0 };
            let (new, cancel) = ((0, last_ns), (0, last_ns));
            shock.wake(&view, &mut Outbox { lines: &mut lines, new, cancel, sent_ns: last_ns });
        }
        let lots = lines[0].iter().map(|pending| match pending.input {
            Input::Order(order) => u64::from(order.qty.lots()),
            _ => 0,
        });
        assert_eq!(lots.sum::<u64>(), 1_003);
        assert_eq!(lines[0].len(), 20);
        assert_eq!(last_ns, 60_950_000_000);
    }
}
