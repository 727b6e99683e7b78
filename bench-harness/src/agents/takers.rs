//! Takers: orders that arrive as a Poisson process, or as a self-exciting one (Hawkes) in which
//! every order makes further ones likelier for a while; sizes follow a power law.

use seawall_engine::types::{AccountId, Input, NewOrder, OrderKind, Side, SymbolId};

use super::keyed::{Draw, Key, PowerLaw, Purpose};
use super::number::{nanoseconds, price_ceil, price_floor, qty, real, whole};
use super::{Agent, Latencies, Outbox, View, order_id};
use crate::scenario::{Scenario, small};

/// All takers together: the superposition of their Poisson processes is one.
/// `orders_per_second` is the mean rate with and without excitation.
#[derive(Debug)]
pub struct Takers {
    symbol: SymbolId,
    latencies: Latencies,
    first: u32,
    count: u32,
    arrivals: Key,
    orders: Key,
    mean_gap_ns: f64,
    size: PowerLaw,
    size_max: u32,
    market: f64,
    tolerance: f64,
    tilt: f64,
    next_ns: u64,
    number: u32,
    excitations: Key,
    /// Orders that one order sets off, on average.
    excitation: f64,
    decay_per_ns: f64,
    /// Rate of orders set off by former ones just after the last one, per nanosecond.
    excited: f64,
}

impl Takers {
    /// The takers of a scenario; the first comes after the warm-up.
    pub fn new(scenario: &Scenario) -> Self {
        let spec = &scenario.takers;
        let roles = scenario.roles();
        let excitation = real(spec.excitation_ppm) / 1e6;
        let market = scenario.lane_number();
        let mut takers = Self {
            symbol: scenario.symbol(),
            latencies: Latencies::of_takers(scenario),
            excitations: Key::new(scenario.seed, market, Purpose::TakerExcitation),
            excitation,
            decay_per_ns: 1.0 / (real(spec.excitation_memory_ms) * 1e6),
            excited: 0.0,
            first: roles.takers.start,
            count: small(spec.count),
            arrivals: Key::new(scenario.seed, market, Purpose::TakerArrival),
            orders: Key::new(scenario.seed, market, Purpose::TakerOrder),
            mean_gap_ns: 1e9 / (spec.orders_per_second * (1.0 - excitation)),
            size: PowerLaw::new(
                real(spec.size_min_lots),
                real(spec.size_max_lots),
                spec.size_exponent,
            ),
            size_max: small(spec.size_max_lots),
            market: real(spec.market_ppm) / 1e6,
            tolerance: real(spec.tolerance_bp) / 1e4,
            tilt: real(spec.value_tilt_ppm) / 1e6,
            next_ns: scenario.clock.warmup_ms * 1_000_000,
            number: 0,
        };
        takers.schedule();
        takers
    }

    fn schedule(&mut self) {
        let own = self.arrivals.at(u64::from(self.number)).exponential() * self.mean_gap_ns;
        let gap = if self.excitation > 0.0 { own.min(self.excited_gap(own)) } else { own };
        self.next_ns += nanoseconds(gap).max(1);
    }

    /// Time to the next order that a former one sets off (Dassios and Zhao 2013: with a kernel that
    /// decays exponentially the wait is exact, without thinning), and the rate after whichever
    /// order comes first.
    fn excited_gap(&mut self, own: f64) -> f64 {
        let hit = self.excitations.at(u64::from(self.number)).exponential();
        // The wait solves excited / decay * (1 - exp(-decay * wait)) = hit; it may never come.
        let left = 1.0 - hit * self.decay_per_ns / self.excited.max(f64::MIN_POSITIVE);
        let wait = if left > 0.0 { -libm::log(left) / self.decay_per_ns } else { f64::INFINITY };
        let gap = own.min(wait);
        self.excited *= libm::exp(-self.decay_per_ns * gap);
        self.excited += self.excitation * self.decay_per_ns;
        wait
    }

    /// More buyers come when the book is below the index, more sellers when it is above.
    fn side(&self, view: &View<'_>, draw: &mut Draw) -> Side {
        let index = view.index.at(view.now_ns);
        let discount_bp = view.quote.mid().map_or(0.0, |mid| (index - mid) / index * 1e4);
        let buys = 0.5 + (discount_bp * self.tilt).clamp(-0.45, 0.45);
        if draw.unit() < buys { Side::Buy } else { Side::Sell }
    }

    fn kind(&self, view: &View<'_>, side: Side, draw: &mut Draw) -> OrderKind {
        let is_market = draw.unit() < self.market;
        let index = view.index.at(view.now_ns);
        let seen = |ticks: u32| if ticks == 0 { index } else { f64::from(ticks) };
        match side {
            _ if is_market => OrderKind::Market,
            Side::Buy => {
                let limit = seen(view.quote.ask_ticks) * (1.0 + self.tolerance);
                OrderKind::ImmediateOrCancel(price_ceil(limit))
            }
            Side::Sell => {
                let limit = seen(view.quote.bid_ticks) * (1.0 - self.tolerance);
                OrderKind::ImmediateOrCancel(price_floor(limit))
            }
        }
    }
}

impl Agent for Takers {
    fn latencies(&self) -> Latencies {
        self.latencies
    }

    fn next_wake_ns(&self) -> u64 {
        self.next_ns
    }

    fn wake(&mut self, view: &View<'_>, out: &mut Outbox<'_>) {
        let mut draw = self.orders.at(u64::from(self.number));
        self.number += 1;
        let account = AccountId(self.first + draw.below(self.count));
        let lots = whole(self.size.draw(&mut draw), 1, self.size_max);
        let side = self.side(view, &mut draw);
        let kind = self.kind(view, side, &mut draw);
        out.send(Input::Order(NewOrder {
            symbol: self.symbol,
            account,
            order: order_id(account, self.number),
            side,
            qty: qty(lots),
            kind,
            reduce_only: false,
        }));
        self.schedule();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    /// Arrivals in windows of ten seconds: mean and variance over mean.
    fn arrivals(excitation_ppm: u64) -> (f64, f64) {
        let sets = [format!("takers.excitation_ppm={excitation_ppm}")];
        let scenario = load("flash-crash", &sets, Some(5)).expect("it is valid");
        let mut takers = Takers::new(&scenario);
        let windows = 400_usize;
        let mut counts = vec![0.0; windows];
        let start_ns = scenario.clock.warmup_ms * 1_000_000;
        loop {
            let window = (takers.next_ns - start_ns) / 10_000_000_000;
            let Some(count) = counts.get_mut(usize::try_from(window).expect("a small number"))
            else {
                break;
            };
            *count += 1.0;
            takers.number += 1;
            takers.schedule();
        }
        let mean = counts.iter().sum::<f64>() / real(400);
        let variance = counts.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / real(399);
        (mean, variance / mean)
    }

    #[test]
    fn excitation_keeps_the_rate_and_clusters_arrivals() {
        let (mean, dispersion) = arrivals(0);
        assert!((mean - 1_200.0).abs() < 12.0 && (dispersion - 1.0).abs() < 0.25, "{dispersion}");
        // A Hawkes process over windows far longer than its memory: 1 / (1 - n)² = 4.
        let (mean, dispersion) = arrivals(500_000);
        assert!((mean - 1_200.0).abs() < 24.0, "{mean}");
        assert!((dispersion - 4.0).abs() < 1.0, "{dispersion}");
    }
}
