//! From a sample to a curve of the scenario: few pairs that stay within a stated distance of all
//! shares.

use super::sample::Distribution;
use crate::scenario::order_flow::Curve;

/// How far a curve may be from the share it stands for.
const NEAR: f64 = 0.003;
/// In the upper tail: as a part of the share that lies beyond.
const NEAR_IN_TAIL: f64 = 0.15;
/// Nowhere nearer than this: shares are whole parts per million.
const NEAR_LEAST: f64 = 1e-4;

/// The curve of a distribution of whole numbers.
pub(super) fn of(distribution: &Distribution) -> Curve {
    let values = distribution.values();
    let n = values.len() as f64;
    let mut seen = 0.0;
    let mut steps: Vec<(u64, f64)> = Vec::new();
    for tied in values.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        seen += tied.len() as f64;
        steps.push((whole(tied[0]), seen / n));
    }
    of_steps(&steps)
}

/// The curve of a share that rises in steps: whole numbers and the share up to each.
pub(super) fn of_steps(steps: &[(u64, f64)]) -> Curve {
    // Before a step the share is still what it was.
    let mut points: Vec<(u64, f64)> = Vec::with_capacity(steps.len() * 2);
    for &(value, share) in steps {
        match points.last_mut() {
            Some(last) if last.0 == value => last.1 = share,
            Some(&mut (before, so_far)) if before + 1 < value => {
                points.extend([(value - 1, so_far), (value, share)]);
            }
            None if value > 0 => points.extend([(value - 1, 0.0), (value, share)]),
            _ => points.push((value, share)),
        }
    }
    let chosen = chosen(&points);
    chosen.into_iter().map(|place| [points[place].0, ppm(points[place].1)]).collect()
}

/// Places of the points between which straight lines stay near all of them: the farthest is added
/// until none is too far (Ramer, Douglas and Peucker, with vertical distances).
fn chosen(points: &[(u64, f64)]) -> Vec<usize> {
    let Some(last) = points.len().checked_sub(1) else { return Vec::new() };
    let mut chosen = vec![0, last];
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let line = |value: u64| {
            let (a, b) = (points[from], points[to]);
            a.1 + (b.1 - a.1) * (value - a.0) as f64 / (b.0 - a.0).max(1) as f64
        };
        let far = |place: &usize| {
            let (value, share) = points[*place];
            let near = (NEAR_IN_TAIL * (1.0 - share)).clamp(NEAR_LEAST, NEAR);
            (share - line(value)).abs() / near
        };
        let farthest = (from + 1..to).max_by(|a, b| far(a).total_cmp(&far(b)));
        if let Some(place) = farthest.filter(|place| far(place) > 1.0) {
            chosen.push(place);
            open.extend([(from, place), (place, to)]);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// A share in parts per million.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies between zero and one"
)]
pub(super) fn ppm(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1e6).round() as u64
}

/// A number without its fraction.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the whole numbers that a float holds exactly"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9.0e15).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of a curve up to a value.
    fn share(curve: &Curve, value: u64) -> f64 {
        let place = curve.partition_point(|pair| pair[0] <= value);
        let at = |place: usize| (curve[place][0] as f64, curve[place][1] as f64 / 1e6);
        match place {
            0 => 0.0,
            place if place == curve.len() => at(place - 1).1,
            place => {
                let ((a, from), (b, to)) = (at(place - 1), at(place));
                from + (to - from) * (value as f64 - a) / (b - a)
            }
        }
    }

    #[test]
    fn few_pairs_stay_near_atoms_and_a_long_tail() {
        let mut sizes = vec![100.0; 4_000];
        sizes.extend((1..=2_000).map(f64::from));
        sizes.extend((1..=4_000).map(|n| (1e6 / f64::from(n)).round()));
        let sizes = Distribution::new(sizes);
        let curve = of(&sizes);
        assert!(curve.len() < 120, "{} pairs", curve.len());
        for value in sizes.values() {
            let far = (share(&curve, whole(*value)) - sizes.share(*value)).abs();
            assert!(far < 0.0031, "{far} at {value}");
        }
        assert_eq!(curve.last(), Some(&[1_000_000, 1_000_000]));
    }

    #[test]
    fn one_value_is_one_step() {
        assert_eq!(of(&Distribution::new(vec![7.0; 3])), [[6, 0], [7, 1_000_000]]);
        assert_eq!(of(&Distribution::new(vec![0.0; 3])), [[0, 1_000_000]]);
    }
}
