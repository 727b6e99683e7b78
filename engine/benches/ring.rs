//! What a hand-off between two cores costs: round trip of one message, throughput by batch.
//!
//! Compare within one sitting, and distrust throughput of single messages: it depends on whether
//! the consumer happens to lag and drain bursts. Needs two cores to mean anything.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seawall_engine::pipeline::pin_to;
use seawall_engine::ring::{
    ArrayQueueRing, RingReceiver, RingSender, SeqSlotRing, Transport, WaitStrategy, Waiter,
};

/// A message that fills its slot; the first word of the last one of a run is not zero.
type Message = [u64; 7];

const SLOTS: usize = 1024;

/// Pins the calling thread to the n-th core that is ours, where there is one.
fn pin(n: usize) {
    if let Some(core) = core_affinity::get_core_ids().unwrap_or_default().get(n) {
        pin_to(core.id);
    }
}

fn wait_for<T>(mut poll: impl FnMut() -> Option<T>) -> T {
    let mut waiter = Waiter::new(WaitStrategy::SpinYield);
    loop {
        match poll() {
            Some(value) => return value,
            None => waiter.idle(),
        }
    }
}

/// Runs `body` on one core with a peer on another that sends back what `answers` lets through.
fn with_peer<R: Transport>(
    answers: impl Fn(&Message) -> bool + Send,
    body: impl FnOnce(&mut R::Sender<Message>, &mut R::Receiver<Message>) + Send,
) {
    let (mut there, mut there_end) = R::channel::<Message>(SLOTS);
    let (mut back, mut back_end) = R::channel::<Message>(SLOTS);
    // Cores are looked up before anything is pinned: afterwards only the pinned one is seen.
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let mut waiter = Waiter::new(WaitStrategy::SpinYield);
            while !there_end.is_finished() {
                let taken = there_end.drain(64, |message| {
                    if answers(&message) {
                        let full = back.push(message);
                        assert!(full.is_ok(), "few answers are on their way");
                    }
                });
                if taken == 0 { waiter.idle() } else { waiter.reset() }
            }
        });
        scope.spawn(move || {
            pin(0);
            body(&mut there, &mut back_end);
        });
    });
}

fn round_trip<R: Transport>(count: u64) -> Duration {
    let mut elapsed = Duration::ZERO;
    with_peer::<R>(
        |_| true,
        |sender, receiver| {
            let start = Instant::now();
            for n in 0..count {
                wait_for(|| sender.push([n; 7]).ok());
                assert_eq!(wait_for(|| receiver.pop())[6], n, "the answer to what was sent");
            }
            elapsed = start.elapsed();
        },
    );
    elapsed
}

fn stream<R: Transport>(count: u64, batch: usize) -> Duration {
    let mut elapsed = Duration::ZERO;
    with_peer::<R>(
        |message| message[0] != 0,
        |sender, receiver| {
            let messages = vec![[0; 7]; batch];
            let start = Instant::now();
            let mut left = count;
            while left > 0 {
                let wanted = usize::try_from(left.min(batch as u64)).expect("at most a batch");
                let sent = match batch {
                    1 => usize::from(sender.push(messages[0]).is_ok()),
                    _ => sender.push_batch(&messages[..wanted]),
                };
                left -= sent as u64;
                if sent == 0 {
                    std::hint::spin_loop();
                }
            }
            wait_for(|| sender.push([1; 7]).ok());
            wait_for(|| receiver.pop());
            elapsed = start.elapsed();
        },
    );
    elapsed
}

fn benches_of<R: Transport>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("ring/{}", R::NAME));
    group.bench_function("round trip", |bencher| bencher.iter_custom(round_trip::<R>));
    group.throughput(Throughput::Elements(1));
    for batch in [1, 16, 64] {
        group.bench_function(format!("stream by {batch}"), |bencher| {
            bencher.iter_custom(|count| stream::<R>(count, batch));
        });
    }
    group.finish();
}

fn rings(criterion: &mut Criterion) {
    benches_of::<SeqSlotRing>(criterion);
    benches_of::<ArrayQueueRing>(criterion);
}

criterion_group!(benches, rings);
criterion_main!(benches);
