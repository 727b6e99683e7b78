//! The sender of prices from outside: a mix of the index and of the book, and the index where the
//! venue makes its mark or its funding of it.

use seawall_engine::types::Input;

use super::number::{price, real, whole};
use super::{Agent, Line, Outbox, Quote, View};
use crate::scenario::{SYMBOL, Scenario};

/// Sends a mark every period.
#[derive(Debug)]
pub struct Oracle {
    period_ns: u64,
    book_weight: f64,
    sends_index: bool,
    next_ns: u64,
}

impl Oracle {
    /// The oracle of a scenario; the first mark comes with the end of the warm-up.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            period_ns: scenario.mark.period_ms * 1_000_000,
            book_weight: real(scenario.mark.book_weight_ppm) / 1e6,
            sends_index: scenario.sends_index(),
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
    fn line(&self) -> Line {
        Line::Oracle
    }

    fn next_wake_ns(&self) -> u64 {
        self.next_ns
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let index = view.index.at(view.now_ns);
        let book = book_price(view.quote).unwrap_or(index);
        if self.sends_index {
            let price = price(whole(index, 1, u32::MAX));
            out.send(Input::Index { symbol: SYMBOL, price });
        }
        let mark = index + (book - index) * self.book_weight;
        out.send(Input::Mark { symbol: SYMBOL, price: price(whole(mark, 1, u32::MAX)) });
        self.next_ns += self.period_ns;
    }
}
