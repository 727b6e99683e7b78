//! "Queue": the key of a position.

use seawall_engine::liquidation::{Outlook, Plan, PriorityKey};

use super::Reference;
use super::market::{MILLION, Position, ceil_div, floor_div, sign};

const BILLION: i128 = 1_000_000_000;

impl Reference {
    /// The key of a position that is not flat.
    pub(super) fn key(&self, symbol: usize, position: &Position) -> i128 {
        let market = &self.markets[symbol];
        let mark = market.mark.expect("only a mark triggers");
        let value = market.value(mark, position.lots.abs());
        let equity = position.margin + market.profit_at(position, mark);
        let distance = sign(position.side()) * (mark - market.bankruptcy(position));
        let buffer = floor_div(distance * MILLION, mark);
        match self.rules.key {
            PriorityKey::TriggerTime => 0,
            PriorityKey::MarginRatio => floor_div(equity * MILLION, value.max(1)),
            PriorityKey::BankruptcyDistance => buffer,
            PriorityKey::Notional => -value,
            PriorityKey::FillableDistance(fillable) => {
                let needed = market.maintenance(value);
                let (factor, spread) =
                    (i128::from(fillable.adjustment_ppm), i128::from(fillable.spread_ppm));
                let lack = floor_div(factor * (needed - equity), needed.max(1)).clamp(0, MILLION);
                let away = floor_div(lack * spread * needed, value.max(1) * MILLION);
                -(away * (1 << 64) + value)
            }
            PriorityKey::ExpectedShortfall(outlook) => {
                let (mean, sigma, place) = expected(outlook, buffer);
                let loss = if place < -32 * MILLION {
                    0
                } else if place >= 32 * MILLION {
                    mean * BILLION
                } else {
                    sigma * between(place, |z| z * below(z) + density(z))
                };
                -(value * loss)
            }
            PriorityKey::CMu(outlook) => {
                let (_, _, place) = expected(outlook, buffer);
                if place.abs() >= 32 * MILLION {
                    return 0;
                }
                let held = position.lots.abs();
                let steps = match self.rules.plan {
                    Plan::Fraction { part, lots_min } => {
                        let share = ceil_div(held * i128::from(part.parts()), MILLION);
                        ceil_div(held, share.max(i128::from(lots_min)))
                    }
                    _ => 1,
                };
                floor_div(-value * between(place.abs(), density), steps)
            }
        }
    }
}

/// Mean loss beyond bankruptcy and its deviation in ppm of the price, and their ratio in eighths
/// times a million.
fn expected(outlook: Outlook, buffer: i128) -> (i128, i128, i128) {
    let (sigma, cost) = (i128::from(outlook.sigma.parts()), i128::from(outlook.cost.parts()));
    let mean = cost - buffer;
    (mean, sigma, floor_div(mean * 8 * MILLION, sigma))
}

/// A function's value between two eighths, both taken in billionths, on the line between them.
fn between(place: i128, function: impl Fn(f64) -> f64) -> i128 {
    let eighth = floor_div(place, MILLION);
    let at = |eighth: i128| {
        let z = f64::from(i16::try_from(eighth).expect("a few eighths")) / 8.0;
        #[allow(clippy::cast_possible_truncation, reason = "below 5 billion")]
        let scaled = (function(z) * 1e9).round() as i64;
        i128::from(scaled)
    };
    let (low, high) = (at(eighth), at(eighth + 1));
    low + floor_div((high - low) * (place - eighth * MILLION), MILLION)
}

/// The density of the normal distribution.
fn density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Its integral from minus infinity, by Simpson's rule from zero.
fn below(z: f64) -> f64 {
    let steps = 512_u32;
    let width = z / f64::from(steps);
    let sum: f64 = (0..=steps)
        .map(|n| {
            let weight = if n == 0 || n == steps { 1.0 } else { 2.0 + 2.0 * f64::from(n % 2) };
            weight * density(width * f64::from(n))
        })
        .sum();
    0.5 + sum * width / 3.0
}
