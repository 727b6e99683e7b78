//! Canonical bytes of the engine's state: what a snapshot holds and what the state hash hashes.
//!
//! Every struct of state writes itself by taking itself apart: `let Self { a, b, c: _ } = self`,
//! never with `..`. A field that is added and not written does not compile until somebody has
//! decided whether it is state, and said why if it is not. Hash and snapshot are the same bytes, so
//! neither can know less than the other.
//!
//! Numbers are little-endian and of fixed length, lists start with their length as a `u32`,
//! what may be missing starts with one byte 0 or 1. Equal states have equal bytes: what decides
//! nothing, such as the slot an order happens to lie in, is not written.
//!
//! Reading trusts nothing: every value is checked against its domain, no length sizes an
//! allocation, and what does not fit is an error with its place.

mod decoder;
mod encoder;
mod values;

pub use decoder::StateError;
pub(crate) use decoder::{Decoder, within};
pub(crate) use encoder::Encoder;

use crate::types::MONEY_MAX_UNITS;

/// Something with canonical bytes.
pub(crate) trait Canonical: Sized {
    /// Writes it.
    fn put(&self, out: &mut Encoder<'_>);
    /// Reads it back.
    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError>;
}

/// Writes several values, each given as a reference, one after the other.
macro_rules! put {
    ($out:expr; $($value:expr),+ $(,)?) => {{
        $($crate::state::Canonical::put($value, $out);)+
    }};
}
pub(crate) use put;

/// Largest amount, either way, that a snapshot may hold. Twice the bound of what accounts own:
/// any two of them still add up within an `i64`.
pub(crate) const AMOUNT_MAX_UNITS: i64 = 2 * MONEY_MAX_UNITS;

const _: () = assert!(AMOUNT_MAX_UNITS <= i64::MAX / 2);

/// The bytes that somebody writes.
#[cfg(test)]
pub(crate) fn bytes_of(put: impl FnOnce(&mut Encoder<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| bytes.extend_from_slice(piece);
    let mut out = Encoder::new(&mut take);
    put(&mut out);
    out.finish();
    bytes
}
