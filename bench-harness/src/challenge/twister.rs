//! The Mersenne Twister of C++'s `std::mt19937` and the draws that the challenge makes from it.
//!
//! The published hashes rest on the last bit of `ln`, `cos` and `sqrt` as the C library computes
//! them, so these draws call the standard library and not the pure-Rust `libm` that the agents use.
#![allow(
    clippy::disallowed_methods,
    reason = "the published hashes need the C library's transcendental functions"
)]

use std::f64::consts::PI;

const SIZE: usize = 624;
const SHIFT: usize = 397;
const UPPER: u32 = 0x8000_0000;

/// MT19937 (Matsumoto and Nishimura 1998), 32 bits per draw.
pub(super) struct Twister {
    state: Box<[u32; SIZE]>,
    next: usize,
}

impl Twister {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = Box::new([0; SIZE]);
        let mut word = seed;
        for (n, slot) in (0_u32..).zip(state.iter_mut()) {
            if n > 0 {
                word = (word ^ (word >> 30)).wrapping_mul(1_812_433_253).wrapping_add(n);
            }
            *slot = word;
        }
        Self { state, next: SIZE }
    }

    fn refill(&mut self) {
        let state = &mut self.state;
        for n in 0..SIZE {
            let mixed = (state[n] & UPPER) | (state[(n + 1) % SIZE] & !UPPER);
            let twist = if mixed & 1 == 0 { 0 } else { 0x9908_b0df };
            state[n] = state[(n + SHIFT) % SIZE] ^ (mixed >> 1) ^ twist;
        }
        self.next = 0;
    }

    fn word(&mut self) -> u32 {
        if self.next == SIZE {
            self.refill();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// Uniform in `[0, 1)` with 53 random bits, from two words.
    pub(super) fn uniform(&mut self) -> f64 {
        let high = f64::from(self.word() >> 5);
        let low = f64::from(self.word() >> 6);
        (high * 67_108_864.0 + low) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `low ..= high`.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a uniform draw times a 32-bit count is a 32-bit count"
    )]
    pub(super) fn uniform_int(&mut self, low: u32, high: u32) -> u32 {
        low + (self.uniform() * f64::from(high - low + 1)) as u32
    }

    /// Whole part of a uniform draw below `bound`.
    pub(super) fn below(&mut self, bound: f64) -> i64 {
        whole(self.uniform() * bound)
    }

    /// Standard normal: the cosine half of Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = self.positive();
        let angle = self.uniform();
        (-2.0 * radius.ln()).sqrt() * (2.0 * PI * angle).cos()
    }

    /// Whole part of an exponential draw of that rate.
    pub(super) fn exponential(&mut self, rate: f64) -> i64 {
        whole(-self.positive().ln() / rate)
    }

    /// Uniform, kept away from zero for the logarithm.
    fn positive(&mut self) -> f64 {
        self.uniform().max(1e-300)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "draws are far below 2^63")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use super::Twister;

    #[test]
    fn draws_are_those_of_the_standard() {
        // C++ [rand.predef]: the 10,000th draw of a default-seeded mt19937 is 4123659995.
        let mut twister = Twister::new(5489);
        let last = (0..10_000).map(|_| twister.word()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn uniform_draws_stay_in_their_range() {
        let mut twister = Twister::new(1);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&twister.uniform()));
            assert!((3..=5).contains(&twister.uniform_int(3, 5)));
        }
    }
}
