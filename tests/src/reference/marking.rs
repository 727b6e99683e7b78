//! "Mark" and the rates of "Funding" of `docs/MARGIN.md`.
//!
//! Nothing is carried along but the history: what is smoothed, taken or averaged is computed from
//! all of it each time.

use seawall_engine::risk::{
    Fair, FundingRules, MarkInput, MarkRule, MarkRules, PriceRules, Smoothing,
};
use seawall_engine::types::{AccountId, Event, HaltCause, Price, RejectReason, Side, SymbolId};

use super::market::{MILLION, Market, ceil_div, floor_div};
use super::{FUND, Reference, Refusal, price as to_price};

const BILLION: i128 = 1_000_000_000;
const MICRO: i128 = 1_000_000;

/// What a market remembers of its marks.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) rules: PriceRules,
    /// Distances from the index, with their times.
    distances: Vec<(u64, i128)>,
    /// Given prices that an oracle rule took, with their times.
    taken: Vec<(u64, i128)>,
    /// How many of them have come into force.
    in_force: usize,
    /// Premium samples of the interval, and which one it is.
    premiums: Vec<i128>,
    interval: Option<u64>,
    pub(super) rate: i128,
    pub(super) marked_ns: u64,
}

impl History {
    pub(super) fn new(rules: PriceRules) -> Self {
        Self { rules, ..Self::default() }
    }
}

/// What a mark is made of.
struct Now {
    given: i128,
    time_ns: u64,
    rate: i128,
}

impl Market {
    /// Whether the mark may trigger something at that time.
    pub(super) fn live_mark(&self, time_ns: u64) -> Option<i128> {
        let stale_ns = self.history.rules.mark.stale_ns;
        let old = stale_ns > 0 && time_ns > self.history.marked_ns + stale_ns;
        self.mark.filter(|_| !old)
    }

    fn last_or(&self, given: i128) -> i128 {
        self.last.unwrap_or(given)
    }

    /// A fair price in halves of a tick.
    fn fair_halves(&self, fair: Fair, given: i128) -> i128 {
        let best = |side| self.best(side).map(|order| order.price);
        match (fair, best(Side::Buy), best(Side::Sell)) {
            (Fair::Mid, Some(bid), Some(ask)) => bid + ask,
            (Fair::Last | Fair::Mid, ..) => 2 * self.last_or(given),
            (Fair::BookMedian, bid, ask) => {
                let there: Vec<i128> = [bid, ask, self.last].into_iter().flatten().collect();
                2 * if there.is_empty() { given } else { median(there) }
            }
            (Fair::Mark, ..) => 2 * self.mark.unwrap_or(given),
        }
    }

    fn price_of(&self, input: MarkInput, now: &Now) -> i128 {
        let index = self.index.unwrap_or(now.given);
        match input {
            MarkInput::Given => now.given,
            MarkInput::Index => index,
            MarkInput::Last => self.last_or(now.given),
            MarkInput::Mid => ceil_div(self.fair_halves(Fair::Mid, now.given), 2),
            MarkInput::BookMedian => self.fair_halves(Fair::BookMedian, now.given) / 2,
            MarkInput::DecayingBasis => match self.history.rules.funding {
                None => index,
                Some(funding) => {
                    let interval = i128::from(funding.interval_ns);
                    let left = interval - i128::from(now.time_ns) % interval;
                    index + nearest(index * now.rate * left, BILLION * interval)
                }
            },
            MarkInput::SmoothedBasis => {
                let smoothed = smoothed(self.history.rules.mark.smoothing, &self.history.distances);
                nearest(index * MICRO + smoothed, MICRO)
            }
        }
    }

    /// The mark that comes into force.
    fn next_mark(&mut self, now: &Now) -> Result<Option<i128>, RejectReason> {
        let MarkRules { rule, fair, .. } = self.history.rules.mark;
        let inputs: Vec<MarkInput> = match rule {
            MarkRule::One(input) => vec![input],
            MarkRule::Median(inputs) => inputs.iter().collect(),
            MarkRule::Oracle { interval_ns, lag_ns } => {
                return Ok(self.oracle(now, interval_ns, lag_ns));
            }
        };
        let before = self.history.distances.len();
        if let (Some(index), true) = (self.index, inputs.contains(&MarkInput::SmoothedBasis)) {
            let distance = self.fair_halves(fair, now.given) * (MICRO / 2) - index * MICRO;
            self.history.distances.push((now.time_ns, distance));
        }
        let mark = median(inputs.into_iter().map(|input| self.price_of(input, now)).collect());
        if mark != self.held(mark) {
            self.history.distances.truncate(before);
            return Err(RejectReason::PriceOutOfDomain);
        }
        Ok(Some(mark))
    }

    fn oracle(&mut self, now: &Now, interval_ns: u64, lag_ns: u64) -> Option<i128> {
        let History { taken, in_force, .. } = &mut self.history;
        let window = |time_ns: u64| time_ns / interval_ns;
        if taken.last().is_none_or(|(time_ns, _)| window(*time_ns) != window(now.time_ns)) {
            taken.push((now.time_ns, now.given));
        }
        let old = taken.iter().filter(|(time_ns, _)| time_ns + lag_ns <= now.time_ns).count();
        // The very first one is in force at once.
        let old = old.max(1);
        if old == *in_force {
            return None;
        }
        *in_force = old;
        Some(taken[old - 1].1)
    }

    /// Ends the interval of the samples if the time is beyond it; the rate that is to be paid.
    fn end_interval(&mut self, funding: &FundingRules, time_ns: u64) -> i128 {
        let interval = time_ns / funding.interval_ns;
        let history = &mut self.history;
        let over = history.interval.is_some_and(|of_samples| of_samples != interval);
        history.interval = Some(interval);
        if !over {
            return 0;
        }
        let made = rate_of(funding, &history.premiums);
        let paid = if funding.later { history.rate } else { made };
        history.premiums.clear();
        history.rate = made;
        paid
    }

    fn sample_premium(&mut self, funding: &FundingRules, given: i128) {
        let Some(index) = self.index else { return };
        let above = self.fair_halves(funding.fair, given) - 2 * index;
        self.history.premiums.push(floor_div(above * BILLION, 2 * index));
    }
}

impl Reference {
    /// The index of a symbol with a basket, if all of its marks are there.
    fn basket_index(&self, s: usize) -> Result<Option<i128>, Refusal> {
        let Some(basket) = self.baskets.iter().find(|basket| basket.symbol.index() == s) else {
            return Ok(None);
        };
        let mut sum = 0;
        for part in &basket.parts {
            let Some(mark) = self.markets[part.symbol.index()].mark else { return Ok(None) };
            sum += mark * i128::from(part.weight_ppm);
        }
        let index = nearest(sum, MILLION);
        if index != self.markets[s].held(index) {
            return Err((FUND, RejectReason::PriceOutOfDomain));
        }
        Ok(Some(index))
    }

    pub(super) fn mark_input(&mut self, symbol: SymbolId, price: Price) -> Result<(), Refusal> {
        let s = self.known_symbol(symbol, AccountId(0))?;
        let (given, time_ns) = (i128::from(price.ticks()), self.time_ns);
        if given != self.markets[s].held(given) {
            return Err((FUND, RejectReason::PriceOutOfDomain));
        }
        let index = self.basket_index(s)?;
        self.look(s);
        let market = &mut self.markets[s];
        let funding = market.history.rules.funding;
        let before = market.clone();
        if index.is_some() {
            market.index = index;
        }
        let paid = funding.map_or(0, |rules| market.end_interval(&rules, time_ns));
        let now = Now { given, time_ns, rate: market.history.rate };
        let made = match market.next_mark(&now) {
            Ok(made) => made,
            Err(reason) => {
                *market = before;
                return Err((FUND, reason));
            }
        };
        if let Some(index) = index {
            self.out.push(Event::Indexed { symbol, price: to_price(index) });
        }
        let base = match funding {
            Some(FundingRules { on_index: true, .. }) => before.index,
            _ => before.mark,
        };
        if let (true, Some(base)) = (paid != 0, base) {
            self.pay_funding(s, paid, base);
        }
        let market = &mut self.markets[s];
        if let Some(mark) = made {
            market.mark_before = market.mark;
            market.mark = Some(mark);
            market.history.marked_ns = time_ns;
        }
        if let Some(mark) = market.mark {
            if let Some(funding) = funding {
                market.sample_premium(&funding, given);
            }
            self.out.push(Event::Marked { symbol, price: to_price(mark) });
        }
        self.rekey(s);
        let market = &self.markets[s];
        let band = market.halt_band().filter(|_| !market.halted);
        if let (Some((low, high)), Some(mark)) = (band, market.mark)
            && (mark < low || mark > high)
        {
            self.halt(s, HaltCause::Mark);
        }
        Ok(())
    }
}

/// The rate of one payment.
fn rate_of(funding: &FundingRules, premiums: &[i128]) -> i128 {
    let Some(count) = i128::try_from(premiums.len()).ok().filter(|count| *count > 0) else {
        return 0;
    };
    let premium = floor_div(premiums.iter().sum(), count);
    let (clamp, cap) = (i128::from(funding.clamp_ppb), i128::from(funding.cap_ppb));
    let interest = i128::from(funding.interest_ppb) - premium;
    let rate = premium + interest.max(-clamp).min(clamp);
    floor_div(rate.max(-cap).min(cap), i128::from(funding.divisor))
}

/// The smoothed distance over all samples.
pub(super) fn smoothed(form: Smoothing, samples: &[(u64, i128)]) -> i128 {
    let Some(&(mut before_ns, first)) = samples.first() else { return 0 };
    let (mut smoothed, mut weight) = (first, 1);
    for &(time_ns, sample) in &samples[1..] {
        let elapsed = i128::from(time_ns - before_ns);
        before_ns = time_ns;
        match form {
            Smoothing::Average { tau_ns } => {
                let old = (smoothed - sample) * decay(elapsed, i128::from(tau_ns));
                smoothed = sample + floor_div(old, BILLION);
            }
            Smoothing::Weighted { tau_ns } => {
                let tau = i128::from(tau_ns);
                let kept = decay(elapsed, tau);
                let counts = elapsed.min(32 * tau);
                let old = floor_div(weight * kept, BILLION);
                weight = old + counts;
                if weight > 0 {
                    smoothed = floor_div(smoothed * old + sample * counts, weight);
                }
            }
            Smoothing::Mean { .. } => {}
        }
    }
    if let Smoothing::Mean { points } = form {
        let points = usize::try_from(points).expect("few points");
        let last = &samples[samples.len().saturating_sub(points)..];
        let total: i128 = last.iter().map(|(_, sample)| sample).sum();
        return floor_div(total, i128::try_from(last.len()).expect("few points"));
    }
    smoothed
}

/// `w(t)`: a billion times `e^(−elapsed / tau)`, by the fraction's series from its small end and as
/// many factors `1/e` as there are whole time constants.
fn decay(elapsed: i128, tau: i128) -> i128 {
    let one = 1_i128 << 60;
    let times = |a: i128, b: i128| (a * b) >> 60;
    // e^-x = 1 - x (1 - x/2 (1 - x/3 (...)))
    let series = |x: i128| (1..=24).rev().fold(one, |inner, n| one - times(x, inner) / n);
    if elapsed >= 21 * tau {
        return 0;
    }
    let fraction = ((elapsed % tau) << 60) / tau;
    let whole = (0..elapsed / tau).fold(one, |power, _| times(power, series(one)));
    (times(whole, series(fraction)) * BILLION) >> 60
}

/// The middle one, or the middle two's mean rounded down.
fn median(mut prices: Vec<i128>) -> i128 {
    prices.sort_unstable();
    let middle = prices.len() / 2;
    if prices.len() % 2 == 1 {
        prices[middle]
    } else {
        floor_div(prices[middle - 1] + prices[middle], 2)
    }
}

/// The nearest whole number, halves upwards.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    floor_div(2 * numerator + denominator, 2 * denominator)
}
