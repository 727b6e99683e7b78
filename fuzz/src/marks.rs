//! What a target has reached. A target that never gets past the door keeps every promise; its marks
//! say that it got further.

use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static REACHED: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// Notes that the running case has come here.
pub fn reach(mark: &'static str) {
    REACHED.with_borrow_mut(|reached| reached.insert(mark));
}

/// What this thread's cases have reached since the last call.
pub fn take() -> BTreeSet<&'static str> {
    REACHED.take()
}
