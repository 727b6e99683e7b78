//! Randomness by key: a draw is a function of (seed, agent, purpose, tick) and of nothing that
//! happened before, so a changed decision does not shift later noise.
//!
//! Transcendental functions come from `libm`, which gives the same bits on every machine.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// What a draw is for. Numbers are part of the key and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Steps of the index.
    Index = 1,
    /// What distinguishes one maker from another.
    MakerTraits = 2,
    /// When and how a maker requotes.
    MakerRequote = 3,
    /// When the next taker comes.
    TakerArrival = 4,
    /// What a taker does.
    TakerOrder = 5,
    /// A holder's leverage, size and entry.
    Holder = 6,
    /// When an arbitrageur looks, and how much it takes.
    Arbitrageur = 7,
    /// Whether and how a holder defends itself.
    Defender = 8,
    /// The price of blockspace and the luck of keepers.
    Keeper = 9,
    /// Who opens again after auto-deleveraging.
    Reentry = 10,
    /// The index's volatility.
    IndexVolatility = 11,
    /// Jumps of the index.
    IndexJump = 12,
    /// When a taker comes that another one set off.
    TakerExcitation = 13,
    /// Whether a holder's account is cross.
    MarginMode = 14,
    /// When the next order of the order flow comes.
    FlowArrival = 15,
    /// What it is.
    FlowOrder = 16,
    /// The order flow's book at the start.
    FlowOpening = 17,
    /// What one who holds several markets has, and whether it hedges.
    Portfolio = 18,
}

/// A stream of draws by tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The draws of one agent for one purpose.
    pub fn new(seed: u64, agent: u32, purpose: Purpose) -> Self {
        let own = u64::from(agent) << 8 | purpose as u64;
        Self(mix(mix(seed).wrapping_add(own)))
    }

    /// The draws at one tick.
    #[inline]
    pub fn at(self, tick: u64) -> Draw {
        // The generator's first output mixes this sum; two ticks or keys never share a state
        // sequence, because the tick is mixed before it is added.
        Draw(SplitMix64::from_seed(self.0.wrapping_add(mix(tick)).to_le_bytes()))
    }
}

#[inline]
fn mix(value: u64) -> u64 {
    SplitMix64::from_seed(value.to_le_bytes()).next_u64()
}

/// The draws of one key at one tick.
#[derive(Debug)]
pub struct Draw(SplitMix64);

/// 2^-53: a 53-bit whole number times it lies in [0, 1).
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

impl Draw {
    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        let bits = self.bits() >> 11;
        super::number::real(bits) * UNIT
    }

    /// Uniform in 0 .. n, for n of at least one.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        let high = (u128::from(self.bits()) * u128::from(n)) >> 64;
        u32::try_from(high).expect("a part of n is below n")
    }

    /// Exponential with mean one.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// Normal with mean zero and variance one (Box and Muller's transform).
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }
}

/// A power law cut off at both ends: the density falls as `x^-(exponent + 1)`.
#[derive(Clone, Copy, Debug)]
pub struct PowerLaw {
    low: f64,
    cut: f64,
    inverse: f64,
}

impl PowerLaw {
    /// Between `low` and `high`, both above zero.
    pub fn new(low: f64, high: f64, exponent: f64) -> Self {
        let cut = 1.0 - libm::pow(low / high, exponent);
        Self { low, cut, inverse: -1.0 / exponent }
    }

    /// One value.
    #[inline]
    pub fn draw(&self, draw: &mut Draw) -> f64 {
        self.low * libm::pow(1.0 - draw.unit() * self.cut, self.inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_and_nothing_else() {
        let key = Key::new(7, 3, Purpose::Index);
        let first = key.at(5).bits();
        let _ = key.at(6).bits();
        assert_eq!(first, key.at(5).bits());
        assert_ne!(first, key.at(6).bits());
        assert_ne!(first, Key::new(8, 3, Purpose::Index).at(5).bits());
        assert_ne!(first, Key::new(7, 4, Purpose::Index).at(5).bits());
        assert_ne!(first, Key::new(7, 3, Purpose::Holder).at(5).bits());
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let key = Key::new(1, 0, Purpose::Index);
        let n = 200_000_u32;
        let mean = |value: &dyn Fn(&mut Draw) -> f64| {
            (0..n).map(|tick| value(&mut key.at(u64::from(tick)))).sum::<f64>() / f64::from(n)
        };
        assert!((mean(&Draw::unit) - 0.5).abs() < 0.005);
        assert!((mean(&Draw::exponential) - 1.0).abs() < 0.01);
        assert!(mean(&Draw::normal).abs() < 0.01);
        assert!((mean(&|draw| draw.normal() * draw.normal()).abs()) < 0.02);
        let square = |draw: &mut Draw| {
            let z = draw.normal();
            z * z
        };
        assert!((mean(&square) - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_power_law_has_its_tail() {
        let key = Key::new(1, 0, Purpose::Index);
        let law = PowerLaw::new(1.0, 1e9, 2.0);
        let n = 100_000_u32;
        let beyond = (0..n).filter(|tick| law.draw(&mut key.at(u64::from(*tick))) > 10.0).count();
        // P(X > 10) = 10^-2.
        assert!((800..1_200).contains(&beyond), "{beyond} of {n} are beyond 10");
        let flat = PowerLaw::new(3.0, 3.0, 1.5);
        assert!((flat.draw(&mut key.at(0)) - 3.0).abs() < 1e-12);
    }
}
