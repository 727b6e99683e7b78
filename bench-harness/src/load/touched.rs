//! Memory that is there before it is needed: a page that is touched for the first time costs a fault,
//! and a fault in a measured run is measured.

use std::hint::black_box;

/// A list of so many zeros, all of whose pages were written.
pub(super) fn touched<T: Copy + Default>(len: usize) -> Vec<T> {
    let mut list = vec![T::default(); len];
    // The allocator gives zeros without writing them, and the compiler knows.
    black_box(&mut list[..]).fill(T::default());
    list
}

/// An empty list with room for so many, all of whose pages were written.
pub(super) fn room<T: Copy + Default>(capacity: usize) -> Vec<T> {
    let mut list = touched(capacity);
    list.clear();
    list
}
