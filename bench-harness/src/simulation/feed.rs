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

    /// It is `now_ns`, and the quote will change at a time; times never decrease. What somebody who looked now
    /// would see is put aside, so that quotes do not pile up where nobody looks any more.
    #[inline]
    pub(super) fn publish(&mut self, now_ns: u64, time_ns: u64, quote: Quote) {
        self.see(now_ns);
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
        feed.publish(4, 5, quote(1));
        feed.publish(5, 6, quote(2));
        assert_eq!(feed.see(14), Quote::default());
        assert_eq!(feed.see(15), quote(1));
        assert_eq!(feed.see(100), quote(2));
    }

    #[test]
    fn quotes_that_nobody_looks_at_do_not_pile_up() {
        let mut feed = Feed::new(0, 10);
        for now in 0..1_000_u32 {
            let quote = Quote { bid_ticks: now, ..Quote::default() };
            feed.publish(now.into(), u64::from(now) + 1, quote);
        }
        assert!(feed.under_way.len() < 13, "{}", feed.under_way.len());
        assert_eq!(feed.see(1_000).bid_ticks, 989);
    }
}
