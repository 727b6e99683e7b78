//! A set of small integers that finds the next member up or down in a handful of steps.
//!
//! A 64-way tree of bits: a bit of level 0 is a member, a bit of level `n + 1` says that a word of
//! level `n` is not zero. Five levels hold 2^30 values. Words are zeroed lazily by the operating
//! system, so memory follows the values used.

const LEVELS: usize = 5;
const BITS: u32 = 6;
/// Levels that every change writes.
const WRITTEN: usize = 2;

/// A set of integers below a fixed bound.
#[derive(Debug)]
pub(crate) struct Occupancy {
    levels: [Vec<u64>; LEVELS],
}

#[inline]
const fn word(index: u32) -> usize {
    (index >> BITS) as usize
}

#[inline]
const fn bit(index: u32) -> u64 {
    1 << (index & 63)
}

impl Occupancy {
    /// The empty set of integers below `bound`.
    pub(crate) fn new(bound: u32) -> Self {
        assert!(bound <= 1 << (BITS * 5), "the bound fits five levels");
        let mut len = bound as usize;
        Self {
            levels: ::core::array::from_fn(|_| {
                len = len.div_ceil(64).max(1);
                vec![0; len]
            }),
        }
    }

    /// Whether a value is a member.
    #[inline]
    pub(crate) fn has(&self, value: u32) -> bool {
        self.levels[0][word(value)] & bit(value) != 0
    }

    /// Adds a value.
    ///
    /// The two lowest levels are written whatever stood there: whether a word was empty is what no
    /// processor foresees.
    #[inline]
    pub(crate) fn insert(&mut self, value: u32) {
        let [members, words, ..] = &mut self.levels;
        members[word(value)] |= bit(value);
        let index = value >> BITS;
        let cell = &mut words[word(index)];
        let was_empty = *cell == 0;
        *cell |= bit(index);
        if was_empty {
            self.insert_above(index >> BITS);
        }
    }

    /// Notes in the levels above that a word of the second is no longer empty.
    #[inline(never)]
    fn insert_above(&mut self, mut index: u32) {
        for level in &mut self.levels[WRITTEN..] {
            let cell = &mut level[word(index)];
            let was_empty = *cell == 0;
            *cell |= bit(index);
            if !was_empty {
                return;
            }
            index >>= BITS;
        }
    }

    /// Removes a value.
    #[inline]
    pub(crate) fn remove(&mut self, value: u32) {
        let [members, words, ..] = &mut self.levels;
        let cell = &mut members[word(value)];
        *cell &= !bit(value);
        let is_empty = u64::from(*cell == 0);
        let index = value >> BITS;
        let cell = &mut words[word(index)];
        *cell &= !(is_empty << (index & 63));
        if *cell == 0 {
            self.remove_above(index >> BITS);
        }
    }

    /// Notes in the levels above that a word of the second is empty.
    #[inline(never)]
    fn remove_above(&mut self, mut index: u32) {
        for level in &mut self.levels[WRITTEN..] {
            let cell = &mut level[word(index)];
            *cell &= !bit(index);
            if *cell != 0 {
                return;
            }
            index >>= BITS;
        }
    }

    /// The least member at or above `value`.
    #[inline]
    pub(crate) fn at_or_above(&self, value: u32) -> Option<u32> {
        let mut index = value;
        for n in 0..LEVELS {
            let cells = &self.levels[n];
            let here = cells.get(word(index)).copied().unwrap_or(0) & (u64::MAX << (index & 63));
            if here != 0 {
                return Some(self.least_below(n, (index & !63) | here.trailing_zeros()));
            }
            index = (index >> BITS) + 1;
        }
        None
    }

    /// The greatest member at or below `value`.
    #[inline]
    pub(crate) fn at_or_below(&self, value: u32) -> Option<u32> {
        let mut index = value;
        for n in 0..LEVELS {
            let here = self.levels[n][word(index)] & (u64::MAX >> (63 - (index & 63)));
            if here != 0 {
                return Some(self.greatest_below(n, (index & !63) | here.ilog2()));
            }
            index = (index >> BITS).checked_sub(1)?;
        }
        None
    }

    /// Follows the least members from a bit of level `n` down to level 0.
    #[inline]
    fn least_below(&self, n: usize, mut index: u32) -> u32 {
        for level in self.levels[..n].iter().rev() {
            index = (index << BITS) | level[index as usize].trailing_zeros();
        }
        index
    }

    /// Follows the greatest members from a bit of level `n` down to level 0.
    #[inline]
    fn greatest_below(&self, n: usize, mut index: u32) -> u32 {
        for level in self.levels[..n].iter().rev() {
            index = (index << BITS) | level[index as usize].ilog2();
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::Occupancy;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_set(
            ops in prop::collection::vec(
                (0_u32..70_000, any::<bool>(), 0_u32..70_000),
                1..if cfg!(miri) { 100 } else { 400 },
            )
        ) {
            let mut set = Occupancy::new(70_000);
            let mut model = BTreeSet::new();
            for (value, insert, probe) in ops {
                if insert {
                    set.insert(value);
                    model.insert(value);
                } else if model.remove(&value) {
                    set.remove(value);
                }
                prop_assert_eq!(set.at_or_above(probe), model.range(probe..).next().copied());
                prop_assert_eq!(set.at_or_below(probe), model.range(..=probe).next_back().copied());
            }
            while let Some(value) = model.pop_last() {
                prop_assert!(set.has(value));
                set.remove(value);
                prop_assert!(!set.has(value));
                prop_assert_eq!(set.at_or_below(69_999), model.last().copied());
            }
        }
    }
}
