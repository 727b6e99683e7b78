//! Random choices.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A seeded source of choices.
#[derive(Clone, Debug)]
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(super) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `low` to `high`, both included. The bias of a remainder does not matter here.
    pub(super) fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.any() % (high - low + 1)
    }

    pub(super) fn range_u32(&mut self, low: u32, high: u32) -> u32 {
        u32::try_from(self.range(u64::from(low), u64::from(high))).expect("between two u32")
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.range(1, 100) <= chance
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    pub(super) fn index(&mut self, len: usize) -> usize {
        let last = u64::try_from(len - 1).expect("a length fits");
        usize::try_from(self.range(0, last)).expect("an index fits")
    }
}
