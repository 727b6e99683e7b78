//! Reads canonical bytes and believes none of them.

use thiserror::Error;

use super::Canonical;

/// Bytes that are no state: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {at} of the state: expected {expected}")]
pub struct StateError {
    /// Offset of the byte after which reading stopped.
    pub at: usize,
    /// What was expected.
    pub expected: String,
}

/// Bytes and the place up to which they were read.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(array) = rest.first_chunk::<N>() else {
            return Err(self.refuse(format!("{N} more bytes")));
        };
        self.at += N;
        Ok(*array)
    }

    /// The next value.
    #[inline]
    pub(crate) fn get<T: Canonical>(&mut self) -> Result<T, StateError> {
        T::get(self)
    }

    /// The length of a list of at most `max` members.
    pub(crate) fn count(&mut self, max: usize, of: &str) -> Result<usize, StateError> {
        let count = self.get::<u32>()? as usize;
        self.check(count <= max, || format!("at most {max} {of}"))?;
        Ok(count)
    }

    /// A list of at most `max` members.
    pub(crate) fn list<T: Canonical>(
        &mut self,
        max: usize,
        of: &str,
    ) -> Result<Vec<T>, StateError> {
        let mut list = Vec::new();
        for _ in 0..self.count(max, of)? {
            list.push(self.get()?);
        }
        Ok(list)
    }

    /// Goes on if a condition holds.
    pub(crate) fn check(
        &self,
        holds: bool,
        expected: impl FnOnce() -> String,
    ) -> Result<(), StateError> {
        if holds { Ok(()) } else { Err(self.refuse(expected())) }
    }

    /// An error at this place.
    #[cold]
    pub(crate) fn refuse(&self, expected: impl Into<String>) -> StateError {
        StateError { at: self.at, expected: expected.into() }
    }

    /// Checks that nothing is left.
    pub(crate) fn finish(self) -> Result<(), StateError> {
        let left = self.bytes.len() - self.at;
        self.check(left == 0, || format!("the end, found {left} more bytes"))
    }
}

/// Whether an amount may stand in a snapshot.
pub(crate) fn within(units: i64) -> bool {
    units.unsigned_abs() <= super::AMOUNT_MAX_UNITS.unsigned_abs()
}
