//! The sender of prices from outside: a mix of the index and of the book, and the index where the
//! venue makes its mark or its funding of it.

use core::ops::Range;

use seawall_engine::types::{Input, SymbolId};

use super::number::{price, real, whole};
use super::{Agent, Latencies, Outbox, Quote, View};
use crate::scenario::{COIN, Scenario};

/// Sends a mark every period.
#[derive(Debug)]
pub struct Oracle {
    symbol: SymbolId,
    latencies: Latencies,
    period_ns: u64,
    book_weight: f64,
    sends_index: bool,
    sends_coin: bool,
    next_ns: u64,
    /// How old the index is that it reads.
    lag_ns: u64,
    /// When it sends nothing.
    freeze: Range<u64>,
    /// When it sends a wrong price, and what of the right one.
    spike: Range<u64>,
    spike_factor: f64,
}

fn since(start_ms: u64, length_ms: u64) -> Range<u64> {
    start_ms * 1_000_000..(start_ms + length_ms) * 1_000_000
}

impl Oracle {
    /// The oracle of a scenario; the first mark comes with the end of the warm-up.
    pub fn new(scenario: &Scenario) -> Self {
        let latency = &scenario.latency;
        Self {
            symbol: scenario.symbol(),
            latencies: Latencies {
                new_ns: latency.oracle_gateway_ns,
                cancel_ns: latency.oracle_gateway_ns,
                ack_ns: latency.egress_ns,
                feed_ns: latency.maker_feed_ns,
            },
            lag_ns: scenario.mark.lag_ms * 1_000_000,
            freeze: since(scenario.mark.freeze_start_ms, scenario.mark.freeze_ms),
            spike: since(scenario.mark.spike_start_ms, scenario.mark.spike_ms),
            spike_factor: 1.0 - real(scenario.mark.spike_down_bp) / 1e4,
            period_ns: scenario.mark.period_ms * 1_000_000,
            book_weight: real(scenario.mark.book_weight_ppm) / 1e6,
            sends_index: scenario.sends_index(),
            // The coin is the first market's.
            sends_coin: scenario.collateral.enabled && scenario.lane_number() == 0,
            next_ns: scenario.clock.warmup_ms * 1_000_000,
        }
    }
}

/// The median of best bid, best offer and last, as several venues form their marks; `None` while
/// a side is missing.
fn book_price(quote: Quote) -> Option<f64> {
    let mid = quote.mid()?;
    if quote.last_ticks == 0 {
        return Some(mid);
    }
    Some(f64::from(quote.last_ticks.clamp(quote.bid_ticks, quote.ask_ticks.max(quote.bid_ticks))))
}

impl Agent for Oracle {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        self.next_ns
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        self.next_ns += self.period_ns;
        if self.freeze.contains(&view.now_ns) {
            return;
        }
        let symbol = self.symbol;
        let index = view.index.at(view.now_ns.saturating_sub(self.lag_ns));
        let book = book_price(view.quote).unwrap_or(index);
        if self.sends_index {
            let price = price(whole(index, 1, u32::MAX));
            out.send(Input::Index { symbol, price });
        }
        if self.sends_coin {
            let price = price(whole(index, 1, u32::MAX));
            out.send(Input::AssetPrice { asset: COIN, price });
        }
        let mut mark = index + (book - index) * self.book_weight;
        if self.spike.contains(&view.now_ns) {
            mark *= self.spike_factor;
        }
        out.send(Input::Mark { symbol, price: price(whole(mark, 1, u32::MAX)) });
    }
}
