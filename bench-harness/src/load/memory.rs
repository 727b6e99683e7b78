//! Memory in place before the clock starts, and what was not.

use std::fs;

use rustix::mm::{MlockAllFlags, mlockall, munlockall};

/// All memory that the process has, mapped and kept there while this lives.
#[derive(Debug)]
pub(super) struct Locked(());

impl Locked {
    /// Maps everything now; `None` where the system refuses (`ulimit -l`).
    pub(super) fn take() -> Option<Self> {
        mlockall(MlockAllFlags::CURRENT).ok().map(|()| Self(()))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // It cannot fail for a process that could lock; if it did, memory would stay where it is.
        let _ = munlockall();
    }
}

/// Pages that this process touched for the first time so far, none of them read from a disk; `None`
/// where the system does not say.
pub(super) fn page_faults() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(7)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn first_touches_are_counted() {
        const PAGES: usize = 4_096;
        let before = page_faults().expect("Linux says it");
        let mut list = vec![0_u8; PAGES * 4_096];
        std::hint::black_box(&mut list[..]).fill(1);
        let after = page_faults().expect("Linux says it");
        // With huge pages there are fewer, but not none.
        assert!(after > before, "{before} {after}");
    }
}
