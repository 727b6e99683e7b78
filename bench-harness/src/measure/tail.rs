//! Tails of what liquidations lost: probability and expected shortfall beyond bankruptcy, and
//! slippage at risk.

use super::summary::{BeyondBankruptcy, SlippageAtRisk};

/// Exponent of the concentration multiplier (Sepper, arXiv:2603.09164).
const CONCENTRATION_EXPONENT: f64 = 1.5;

/// Mean of the worst part of sorted losses: of the last `ceil(part · N)`.
fn expected_shortfall(sorted: &[f64], part: f64) -> Option<f64> {
    let count = worst(sorted.len(), part);
    let tail = &sorted[sorted.len() - count..];
    (!tail.is_empty()).then(|| tail.iter().sum::<f64>() / tail.len() as f64)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a length, clamped to it"
)]
fn worst(length: usize, part: f64) -> usize {
    ((length as f64 * part).ceil() as usize).min(length)
}

/// From gains against the bankruptcy price, one for each liquidation (positive is better).
pub(super) fn beyond_bankruptcy(gains_bp: &[f64]) -> BeyondBankruptcy {
    if gains_bp.is_empty() {
        return BeyondBankruptcy::default();
    }
    let mut losses: Vec<f64> = gains_bp.iter().map(|gain| -gain).collect();
    losses.sort_unstable_by(f64::total_cmp);
    let beyond = losses.iter().filter(|loss| **loss > 0.0).count();
    BeyondBankruptcy {
        probability: Some(beyond as f64 / losses.len() as f64),
        es95_bp: expected_shortfall(&losses, 0.05),
        es99_bp: expected_shortfall(&losses, 0.01),
    }
}

/// From losses against the mark at the trigger and the notional of each liquidation.
pub(super) fn slippage_at_risk(losses_bp: &[f64], notional: &[f64]) -> SlippageAtRisk {
    if losses_bp.is_empty() {
        return SlippageAtRisk::default();
    }
    let mut losses = losses_bp.to_vec();
    losses.sort_unstable_by(f64::total_cmp);
    let quantile = |part: f64| losses[losses.len() - worst(losses.len(), 1.0 - part).max(1)];
    let total: f64 = notional.iter().sum();
    let hhi = notional.iter().map(|value| (value / total) * (value / total)).sum::<f64>();
    let multiplier = 1.0 + libm::pow(hhi, CONCENTRATION_EXPONENT);
    let esar99 = expected_shortfall(&losses, 0.01);
    SlippageAtRisk {
        sar95_bp: Some(quantile(0.95)),
        sar99_bp: Some(quantile(0.99)),
        esar95_bp: expected_shortfall(&losses, 0.05),
        esar99_bp: esar99,
        tsar99: Some(quantile(0.99) / 1e4 * total),
        hhi: Some(hhi),
        adjusted_esar99_bp: esar99.map(|loss| loss * multiplier),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_means_of_the_worst() {
        // Gains -49 .. 50 bp: 49 of 100 beyond, the worst five lose 49 to 45.
        let gains: Vec<f64> = (-49..=50).map(f64::from).collect();
        let beyond = beyond_bankruptcy(&gains);
        assert_eq!(beyond.probability, Some(0.49));
        assert_eq!((beyond.es95_bp, beyond.es99_bp), (Some(47.0), Some(49.0)));
        assert_eq!(beyond_bankruptcy(&[]), BeyondBankruptcy::default());
    }

    #[test]
    fn concentration_raises_the_tail() {
        let losses = [10.0, 20.0];
        let even = slippage_at_risk(&losses, &[50.0, 50.0]);
        let one = slippage_at_risk(&losses, &[100.0, 0.0]);
        assert_eq!((even.hhi, one.hhi), (Some(0.5), Some(1.0)));
        assert_eq!((even.sar99_bp, even.tsar99), (Some(20.0), Some(0.2)));
        assert_eq!(one.adjusted_esar99_bp, Some(40.0));
    }
}
