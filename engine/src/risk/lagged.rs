//! Values that are taken once in a window and come into force some time later.

use std::collections::VecDeque;

use super::mark::LAG_WINDOWS_MAX;
use crate::state::{Canonical, Decoder, Encoder, StateError, put};

/// Most values that were taken and are not in force: a lag is less than 64 windows.
const PENDING_MAX: usize = 65;
const _: () = assert!(PENDING_MAX as u64 == LAG_WINDOWS_MAX + 1);

/// What was taken and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lagged<T> {
    /// With the times at which they were taken.
    pending: VecDeque<(u64, T)>,
    /// The window of the last one.
    window: Option<u64>,
}

impl<T> Default for Lagged<T> {
    fn default() -> Self {
        Self { pending: VecDeque::with_capacity(PENDING_MAX), window: None }
    }
}

impl<T: Copy> Lagged<T> {
    /// Takes a value if its window has none yet; returns what comes into force now. The very first
    /// one does at once.
    pub(crate) fn take(
        &mut self,
        value: T,
        time_ns: u64,
        interval_ns: u64,
        lag_ns: u64,
    ) -> Option<T> {
        let window = time_ns / interval_ns;
        if self.window.is_none() {
            self.window = Some(window);
            return Some(value);
        }
        if self.window != Some(window) {
            self.window = Some(window);
            self.pending.push_back((time_ns, value));
        }
        let mut current = None;
        while let Some((taken_ns, value)) = self.pending.front()
            && time_ns - taken_ns >= lag_ns
        {
            current = Some(*value);
            self.pending.pop_front();
        }
        current
    }

    /// Whether a first value was taken.
    pub(crate) const fn has_begun(&self) -> bool {
        self.window.is_some()
    }

    /// Whether windows of that length could have made it by then of such values.
    pub(crate) fn suits(&self, interval_ns: u64, time_ns: u64, value: impl Fn(&T) -> bool) -> bool {
        let taken = self.pending.iter().map(|(taken_ns, _)| *taken_ns);
        self.window.map_or(self.pending.is_empty(), |window| window <= time_ns / interval_ns)
            && taken.clone().all(|taken_ns| taken_ns <= time_ns)
            && taken.is_sorted()
            && self.pending.iter().all(|(_, of)| value(of))
    }
}

impl<T: Canonical> Canonical for Lagged<T> {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { pending, window } = self;
        put!(out; window);
        out.count(pending.len());
        for (taken_ns, value) in pending {
            put!(out; taken_ns, value);
        }
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let window = input.get()?;
        let mut pending = VecDeque::with_capacity(PENDING_MAX);
        for _ in 0..input.count(PENDING_MAX, "values that lag")? {
            pending.push_back((input.get()?, input.get()?));
        }
        Ok(Self { pending, window })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_cannot_have_made_is_refused() {
        let suits = |window: Option<u64>, pending: &[(u64, u32)]| {
            let lagged = Lagged { pending: pending.iter().copied().collect(), window };
            lagged.suits(10, 35, |value| *value < 5)
        };
        assert!(suits(None, &[]));
        assert!(suits(Some(3), &[(20, 4), (20, 0), (35, 4)]));
        assert!(!suits(None, &[(20, 4)]), "nothing was taken");
        assert!(!suits(Some(4), &[(20, 4)]), "a window to come");
        assert!(!suits(Some(3), &[(36, 4)]), "a time to come");
        assert!(!suits(Some(3), &[(21, 4), (20, 4)]), "not in order");
        assert!(!suits(Some(3), &[(20, 4), (21, 5)]), "no such value");
    }

    #[test]
    fn a_value_is_in_force_once_its_lag_is_over() {
        let mut lagged = Lagged::default();
        assert!(!lagged.has_begun());
        let mut take = |value, time_ns| lagged.take(value, time_ns, 10, 15);
        let taken = [(1, 5), (2, 9), (3, 10), (4, 24), (5, 25), (6, 60)].map(|(v, t)| take(v, t));
        assert_eq!(taken, [Some(1), None, None, None, Some(3), Some(4)]);
        assert!(lagged.has_begun());
    }
}
