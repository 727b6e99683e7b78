//! Independent jobs on every core, results in the order of the jobs.
//!
//! A job's result may depend on its number and on nothing else, so the answer is the same however
//! many workers there are.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Workers that this machine has room for.
pub fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Does jobs `0 .. jobs` and returns their results in that order.
///
/// Panics if a job does.
pub fn map<T: Send>(workers: NonZeroUsize, jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            // Only the number is shared, so no order with other memory is needed.
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                return done;
            }
            done.push((number, job(number)));
        }
    };
    let mut results: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers.get().min(jobs)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().expect("a job does not panic")).collect()
    });
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for workers in 1..5 {
            let workers = NonZeroUsize::new(workers).expect("at least one");
            assert_eq!(map(workers, 100, |n| n * n), (0..100).map(|n| n * n).collect::<Vec<_>>());
            assert!(map(workers, 0, |n| n).is_empty());
        }
    }
}
