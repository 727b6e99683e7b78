//! Random numbers of the validation: a stream for each (test, cell, chunk), so the draws of one
//! chunk do not depend on what ran before it or where.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Fixed once; nobody picked it for its results.
const SEED: u64 = 20_251_010;
/// 2^-53: a 53-bit whole number times it lies in [0, 1).
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

/// One stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Noise(Xoshiro256PlusPlus);

impl Noise {
    /// The stream of one chunk of one cell of a test.
    pub(super) fn new(test: &str, cell: usize, chunk: usize) -> Self {
        let named = xxh3_64_with_seed(test.as_bytes(), SEED);
        let mut place = [0_u8; 16];
        place[..8].copy_from_slice(&(cell as u64).to_le_bytes());
        place[8..].copy_from_slice(&(chunk as u64).to_le_bytes());
        Self(Xoshiro256PlusPlus::seed_from_u64(xxh3_64_with_seed(&place, named)))
    }

    /// Uniform in [0, 1).
    #[inline]
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * UNIT
    }

    /// Exponential with mean one.
    #[inline]
    pub(super) fn exponential(&mut self) -> f64 {
        exponential(self.unit())
    }

    /// Uniform in `0 .. n`, for `n` of at least one.
    #[inline]
    pub(super) fn below(&mut self, n: u64) -> u64 {
        let high = (u128::from(self.0.next_u64()) * u128::from(n)) >> 64;
        u64::try_from(high).expect("a part of n is below n")
    }
}

/// The exponential draw, of mean one, that a uniform one makes.
#[inline]
pub(super) fn exponential(unit: f64) -> f64 {
    -libm::log(1.0 - unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_apart_and_repeatable() {
        let first = |test, cell, chunk| Noise::new(test, cell, chunk).unit().to_bits();
        assert_eq!(first("a", 1, 2), first("a", 1, 2));
        assert_ne!(first("a", 1, 2), first("a", 2, 1));
        assert_ne!(first("a", 1, 2), first("b", 1, 2));
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut noise = Noise::new("moments", 0, 0);
        let n = 200_000;
        let mean =
            |draw: &mut dyn FnMut() -> f64| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || noise.unit()) - 0.5).abs() < 0.004);
        assert!((mean(&mut || noise.exponential()) - 1.0).abs() < 0.012);
        assert!((mean(&mut || noise.below(5) as f64) - 2.0).abs() < 0.016);
    }
}
