//! The book as it was some time ago.

use std::collections::VecDeque;

use crate::agents::Quote;

/// Quotes on their way to those who see them a fixed latency after they were made.
#[derive(Debug)]
pub(super) struct Feed {
    market: usize,
    latency_ns: u64,
    under_way: VecDeque<(u64, Quote)>,
    seen: Quote,
}

impl Feed {
    /// Of a market, so many nanoseconds late.
    pub(super) fn new(market: usize, latency_ns: u64) -> Self {
        Self {
            market,
            latency_ns,
            under_way: VecDeque::with_capacity(4_096),
            seen: Quote::default(),
        }
    }

    /// Which market is seen.
    pub(super) fn market(&self) -> usize {
        self.market
    }

    /// How late the market is seen, in nanoseconds.
    pub(super) fn latency_ns(&self) -> u64 {
        self.latency_ns
    }

    /// The quote changed at a time; times never decrease.
    #[inline]
    pub(super) fn publish(&mut self, time_ns: u64, quote: Quote) {
        self.under_way.push_back((time_ns + self.latency_ns, quote));
    }

    /// What is seen now; times never decrease.
    #[inline]
    pub(super) fn see(&mut self, now_ns: u64) -> Quote {
        while let Some((_, quote)) =
            self.under_way.front().filter(|(time_ns, _)| *time_ns <= now_ns)
        {
            self.seen = *quote;
            self.under_way.pop_front();
        }
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_seen_a_latency_later() {
        let mut feed = Feed::new(0, 10);
        let quote = |bid_ticks| Quote { bid_ticks, ..Quote::default() };
        feed.publish(5, quote(1));
        feed.publish(6, quote(2));
        assert_eq!(feed.see(14), Quote::default());
        assert_eq!(feed.see(15), quote(1));
        assert_eq!(feed.see(100), quote(2));
    }
}
