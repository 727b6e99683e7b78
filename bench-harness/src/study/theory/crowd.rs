//! Zero-intelligence order flow, after Cont, Stoikov and Talreja: every kind of order arrives at
//! a rate of its own, and the book decides the rest.
//!
//! Time is in minutes. All sizes are one lot. Limit orders come at 1 to 5 ticks from the opposite
//! best price, market orders at either side, and each resting order of the crowd is cancelled at
//! a rate that depends on its distance. The spread is one tick, so the quotes are fixed until
//! the first move of the mid; a path ends there.

use seawall_engine::types::{Price, Side};

use super::noise::{Noise, exponential};
use super::oracles::ORACLES;
use super::venue::{Owner, Venue, ticks};

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];
const BID: u32 = 16;
const DISTANCES: usize = 5;
/// Orders behind the best prices when a path begins; what happens there cannot move the mid.
const DEEPER: u32 = 2;
/// Every resting order adds to the cancellations, so queues of a dozen are long.
const ORDERS_MAX: u32 = 1 << 12;

/// Rates of the flow, a minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Limit orders of each side by distance.
    limit: [f64; DISTANCES],
    /// Cancellations of each resting order by distance.
    cancel: [f64; DISTANCES],
    /// Market buys and market sells.
    market: [f64; 2],
    /// All but the cancellations together.
    steady: f64,
}

impl Rates {
    /// The paper's, with market sells multiplied.
    pub(super) fn with_sells_times(multiple: f64) -> Self {
        let cst = &ORACLES.cont_stoikov_talreja;
        let market = [cst.market, cst.market * multiple];
        let limit: f64 = cst.limit.iter().sum();
        let steady = 2.0 * limit + market[0] + market[1];
        Self { limit: cst.limit, cancel: cst.cancel, market, steady }
    }
}

/// Where a path begins: orders at the best prices, the watched ones last among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) bids: u32,
    pub(super) asks: u32,
    /// Whether a watched order is the last of the bids, and of the asks.
    pub(super) own: [bool; 2],
}

/// What one event did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// A watched order filled: on that side.
    pub(super) filled: Option<Side>,
    /// The mid moved up (`Buy`) or down (`Sell`).
    pub(super) moved: Option<Side>,
    /// The horizon came before the event, which therefore did not happen.
    pub(super) at_horizon: bool,
}

/// A market and its crowd.
#[derive(Debug)]
pub(super) struct Crowd<V> {
    venue: V,
    rates: Rates,
    noise: Noise,
    own: [bool; 2],
    /// The crowd's orders at each level of a side as the book counts them, times their rate of
    /// cancellation. A level is counted anew after whatever happened there.
    cancel: [[f64; DISTANCES]; 2],
    time: f64,
}

/// The price at a distance from the opposite best price, less one.
const fn price(side: Side, level: usize) -> Price {
    #[allow(clippy::cast_possible_truncation, reason = "a level is below 5")]
    let level = level as u32;
    match side {
        Side::Buy => ticks(BID - level),
        Side::Sell => ticks(BID + 1 + level),
    }
}

impl<V: Venue> Crowd<V> {
    pub(super) fn new(rates: Rates, noise: Noise) -> Self {
        let venue = V::with_room(ORDERS_MAX);
        Self { venue, rates, noise, own: [false; 2], cancel: [[0.0; DISTANCES]; 2], time: 0.0 }
    }

    /// Minutes since the start of the path, as far as it was stepped with a horizon.
    pub(super) const fn time(&self) -> f64 {
        self.time
    }

    /// Begins a path.
    pub(super) fn start(&mut self, start: Start) {
        self.venue.clear();
        self.time = 0.0;
        self.own = [false; 2];
        for (side, count) in SIDES.into_iter().zip([start.bids, start.asks]) {
            let own = start.own[side.index()];
            for _ in u32::from(own)..count {
                self.venue.rest(Owner::Crowd, side, price(side, 0));
            }
            if own {
                self.join(side);
            }
            for level in 1..DISTANCES {
                for _ in 0..DEEPER {
                    self.venue.rest(Owner::Crowd, side, price(side, level));
                }
            }
            for level in 0..DISTANCES {
                self.count(side, level);
            }
        }
    }

    /// Puts a watched order at the end of the best queue of a side.
    pub(super) fn join(&mut self, side: Side) {
        self.own[side.index()] = true;
        self.venue.rest(Owner::Own, side, price(side, 0));
        self.count(side, 0);
    }

    /// Asks the book how many of the crowd wait at a level.
    #[inline]
    fn count(&mut self, side: Side, level: usize) {
        let own = level == 0 && self.own[side.index()];
        let crowd = self.venue.waiting(price(side, level)) - u64::from(own);
        self.cancel[side.index()][level] = self.rates.cancel[level] * crowd as f64;
    }

    /// The next event, unless the horizon comes first. Without a horizon time is not kept.
    #[inline]
    pub(super) fn step(&mut self, horizon: Option<f64>) -> Step {
        let cancel = self.cancel;
        let total = self.rates.steady + cancel.iter().flatten().sum::<f64>();
        // Drawn all the same: what happens does not depend on whether anybody looks at the clock.
        let wait = self.noise.unit();
        if let Some(horizon) = horizon {
            self.time += exponential(wait) / total;
            if self.time > horizon {
                self.time = horizon;
                return Step { at_horizon: true, ..Step::default() };
            }
        }
        let mut rest = self.noise.unit() * total;
        for (side, rate) in SIDES.into_iter().zip(self.rates.market) {
            if rest < rate {
                return self.market(side);
            }
            rest -= rate;
        }
        for side in SIDES {
            for level in 0..DISTANCES {
                let rate = self.rates.limit[level];
                if rest < rate {
                    self.venue.rest(Owner::Crowd, side, price(side, level));
                    self.count(side, level);
                    return Step::default();
                }
                rest -= rate;
            }
        }
        for (side, rates) in SIDES.into_iter().zip(cancel) {
            for (level, rate) in rates.into_iter().enumerate() {
                if rest < rate {
                    return self.cancel(side, level);
                }
                rest -= rate;
            }
        }
        // The sum of the parts fell short of the total by rounding: nothing happens.
        Step::default()
    }

    #[inline]
    fn market(&mut self, side: Side) -> Step {
        let fill = self.venue.take(side).expect("both sides hold an order until the mid moves");
        let filled = (fill.owner == Owner::Own as u32).then(|| side.opposite());
        if let Some(side) = filled {
            self.own[side.index()] = false;
        }
        self.count(side.opposite(), 0);
        Step { filled, moved: self.moved(), at_horizon: false }
    }

    #[inline]
    fn cancel(&mut self, side: Side, level: usize) -> Step {
        let own = level == 0 && self.own[side.index()];
        let crowd = self.venue.waiting(price(side, level)) - u64::from(own);
        let rank = self.noise.below(crowd);
        self.venue.cancel(price(side, level), rank);
        self.count(side, level);
        Step { filled: None, moved: self.moved(), at_horizon: false }
    }

    /// Asks the book whether a best price is gone.
    #[inline]
    fn moved(&self) -> Option<Side> {
        if self.venue.best(Side::Sell) != Some(price(Side::Sell, 0)) {
            Some(Side::Buy)
        } else if self.venue.best(Side::Buy) != Some(price(Side::Buy, 0)) {
            Some(Side::Sell)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::venue::RealBook;
    use super::*;

    #[test]
    fn one_event_follows_the_rates() {
        // P(the next event of the best bid queue is an arrival) = limit / (limit + market + n cancel).
        let cst = &ORACLES.cont_stoikov_talreja;
        let mut crowd =
            Crowd::<RealBook>::new(Rates::with_sells_times(1.0), Noise::new("one event", 0, 0));
        let (bids, mut arrivals, mut all) = (3, 0_u32, 0_u32);
        for _ in 0..100_000 {
            crowd.start(Start { bids, asks: 3, own: [false; 2] });
            crowd.step(None);
            let now = crowd.venue.waiting(price(Side::Buy, 0));
            arrivals += u32::from(now > u64::from(bids));
            all += u32::from(now != u64::from(bids));
        }
        let expected = cst.limit[0] / (cst.limit[0] + cst.market + 3.0 * cst.cancel[0]);
        let measured = f64::from(arrivals) / f64::from(all);
        assert!((measured - expected).abs() < 0.015, "{measured} is not {expected}");
    }

    #[test]
    fn a_horizon_ends_a_path_before_the_event() {
        let mut crowd =
            Crowd::<RealBook>::new(Rates::with_sells_times(1.0), Noise::new("horizon", 0, 0));
        crowd.start(Start { bids: 1, asks: 1, own: [true, false] });
        let step = crowd.step(Some(1e-12));
        assert!(step.at_horizon && step.filled.is_none() && step.moved.is_none());
        assert!((crowd.time() - 1e-12).abs() < 1e-24);
        assert_eq!(crowd.venue.waiting(price(Side::Buy, 0)), 1);
    }
}
