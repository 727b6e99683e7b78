//! Draws from a distribution given by its cumulative shares.

use super::keyed::Draw;
use super::number::real;

/// A distribution of whole numbers; see [`crate::scenario::order_flow::Curve`].
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// Value and the share that is at most that.
    pairs: Vec<(f64, f64)>,
}

impl Curve {
    pub(super) fn new(pairs: &[[u64; 2]]) -> Self {
        let pairs = pairs.iter().map(|[value, ppm]| (real(*value), real(*ppm) / 1e6));
        Self { pairs: pairs.collect() }
    }

    /// The greatest value.
    pub(super) fn most(&self) -> f64 {
        self.pairs.last().map_or(0.0, |pair| pair.0)
    }

    /// The value below which a share lies; `None` beyond the last share.
    pub(super) fn at(&self, share: f64) -> Option<f64> {
        let place = self.pairs.partition_point(|pair| pair.1 < share);
        let &(value, upto) = self.pairs.get(place)?;
        let Some(&(below, from)) = place.checked_sub(1).and_then(|before| self.pairs.get(before))
        else {
            return Some(value);
        };
        // Whole numbers between two pairs are equally likely: those above the lower one.
        Some((below + (value - below) * (share - from) / (upto - from)).ceil())
    }

    /// One value; `None` with what is missing of the shares.
    pub(super) fn draw(&self, draw: &mut Draw) -> Option<f64> {
        // Above zero, so that an empty first pair is never drawn.
        self.at(1.0 - draw.unit())
    }

    /// What is left of a span of this distribution that is met at a random time: the longer a
    /// span, the likelier it is met, and the time of meeting is uniform over it (the equilibrium
    /// distribution of renewal theory). Spans without an end count as if they were the longest
    /// that has one; `None` if such a one is met.
    pub(super) fn draw_residual(&self, draw: &mut Draw) -> Option<f64> {
        let mut below = (0.0, 0.0);
        let weights = self.pairs.iter().map(|&(value, upto)| {
            let weight = (upto - below.1) * f64::midpoint(below.0, value);
            below = (value, upto);
            weight
        });
        let weights: Vec<f64> = weights.collect();
        let endless = (1.0 - below.1) * self.most();
        let mut left = draw.unit() * (weights.iter().sum::<f64>() + endless);
        let (across, of_it) = (draw.unit(), draw.unit());
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                let from = place.checked_sub(1).map_or(0.0, |before| self.pairs[before].0);
                // Within a pair the density rises with the span: invert its quadratic sum.
                let to = self.pairs[place].0;
                let span = (from * from + across * (to * to - from * from)).sqrt();
                return Some(span * of_it);
            }
            left -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::keyed::{Key, Purpose};

    #[test]
    fn whole_numbers_between_pairs_are_equally_likely() {
        // A tenth is 1, the next three tenths are 2 to 4, the rest is 100.
        let curve = Curve::new(&[[1, 100_000], [4, 400_000], [99, 400_000], [100, 1_000_000]]);
        let key = Key::new(1, 0, Purpose::FlowOrder);
        let mut counts = std::collections::BTreeMap::new();
        for tick in 0..100_000 {
            let value = curve.draw(&mut key.at(tick)).expect("the curve is whole");
            *counts.entry(format!("{value}")).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.keys().collect::<Vec<_>>(), ["1", "100", "2", "3", "4"]);
        for (value, expected) in [("1", 10_000), ("3", 10_000), ("100", 60_000)] {
            assert!(counts[value].abs_diff(expected) < 600, "{value}: {counts:?}");
        }
    }

    #[test]
    fn what_is_missing_of_the_shares_has_no_value() {
        let curve = Curve::new(&[[10, 250_000]]);
        let key = Key::new(1, 0, Purpose::FlowOrder);
        let ends = (0..10_000).filter(|tick| curve.draw(&mut key.at(*tick)).is_some()).count();
        assert!(ends.abs_diff(2_500) < 150, "{ends}");
    }

    #[test]
    fn a_span_met_at_random_is_a_long_one_half_gone() {
        // Half of the spans are 10, half are 90: nine of ten that are met are long.
        let curve = Curve::new(&[[9, 0], [10, 500_000], [89, 500_000], [90, 1_000_000]]);
        let key = Key::new(1, 0, Purpose::FlowOpening);
        let n = 100_000_u32;
        let mean = |curve: &Curve| {
            let left = (0..n).filter_map(|tick| curve.draw_residual(&mut key.at(tick.into())));
            left.sum::<f64>() / f64::from(n)
        };
        // E[X²] / 2E[X] = (0.5 · 100 + 0.5 · 8100) / 100 = 41.
        assert!((mean(&curve) - 41.0).abs() < 0.7, "{}", mean(&curve));
        // Within one pair too: spans spread evenly up to 90 leave a third of it.
        let even = Curve::new(&[[0, 0], [90, 1_000_000]]);
        assert!((mean(&even) - 30.0).abs() < 0.4, "{}", mean(&even));
    }
}
