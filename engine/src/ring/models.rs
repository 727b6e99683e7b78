//! Every interleaving of small rings, by loom: `RUSTFLAGS="--cfg loom" cargo test --release -p
//! seawall-engine --lib ring::models -- --nocapture`. Each model prints how many there were.
//! `SEAWALL_LOOM_MESSAGES=4` sends four messages where a model sends three; that takes longer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use loom::thread;

use super::{Consumer, ReaderSpec, WhenSlow, broadcast, broadcast_with, spsc};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The last message of a model, and how many it sends. Three: one more than the ring holds.
fn last() -> u64 {
    static LAST: OnceLock<u64> = OnceLock::new();
    let asked = || std::env::var("SEAWALL_LOOM_MESSAGES").map(|n| n.parse().expect("a number"));
    *LAST.get_or_init(|| asked().unwrap_or(3))
}

/// Prints how many interleavings a model has had when it ends, well or not.
struct Counted<'a> {
    name: &'a str,
    before: u64,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let count = COUNT.load(Ordering::Relaxed) - self.before;
        println!("loom: {}: {count} interleavings", self.name);
    }
}

/// Checks `model` over every interleaving and prints their number.
fn every_interleaving(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let _counted = Counted { name, before: COUNT.load(Ordering::Relaxed) };
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = None;
    builder.check(move || {
        COUNT.fetch_add(1, Ordering::Relaxed);
        model();
    });
}

/// One test, so that the count is one model's at a time.
#[test]
fn rings_keep_their_promises_in_every_interleaving() {
    println!("loom: {} messages", last());
    every_interleaving("spsc, capacity 2, one after the other", single_messages);
    every_interleaving("spsc, capacity 2, a batch of two is seen whole, then the rest", a_batch);
    every_interleaving("spsc, the producer leaves and nothing is lost", the_producer_leaves);
    every_interleaving("spsc, capacity 2, staged messages are seen together", staged);
    every_interleaving("broadcast, capacity 2, one reader", one_reader);
    every_interleaving("broadcast, capacity 1, two readers", two_readers);
    every_interleaving("broadcast, capacity 1, a slow reader is dropped or sees all", a_drop);
}

fn single_messages() {
    let (mut producer, mut consumer) = spsc::<u64>(2);
    let sending = thread::spawn(move || {
        for message in 1..=last() {
            while producer.push(message).is_err() {
                thread::yield_now();
            }
        }
    });
    for expected in 1..=last() {
        let message = loop {
            match consumer.pop() {
                Some(message) => break message,
                None => thread::yield_now(),
            }
        };
        assert_eq!(message, expected, "in order, once");
    }
    assert_eq!(consumer.pop(), None);
    sending.join().expect("the producer is done");
}

fn a_batch() {
    let (mut producer, mut consumer) = spsc::<u64>(2);
    let sending = thread::spawn(move || {
        assert_eq!(producer.push_batch(&[1, 2]), 2);
        for message in 3..=last() {
            while producer.push_batch(&[message]) == 0 {
                thread::yield_now();
            }
        }
    });
    let mut seen = Vec::new();
    while seen.last() != Some(&last()) {
        take_first_two_together(&mut consumer, &mut seen);
    }
    assert_eq!(seen, (1..=last()).collect::<Vec<_>>());
    sending.join().expect("the producer is done");
}

/// Takes what there is, which at first is nothing or more than one message.
fn take_first_two_together(consumer: &mut Consumer<u64>, seen: &mut Vec<u64>) {
    let first = seen.is_empty();
    let taken = consumer.drain(3, |message| seen.push(message));
    if first {
        assert_ne!(taken, 1, "what is sent together is seen together or not at all");
    }
    if taken == 0 {
        thread::yield_now();
    }
}

fn the_producer_leaves() {
    let (mut producer, mut consumer) = spsc::<u64>(2);
    let sending = thread::spawn(move || {
        producer.push_batch(&[1, 2]);
    });
    let mut seen = 0;
    while !consumer.is_finished() {
        let taken = consumer.drain(2, |_| seen += 1);
        if taken == 0 {
            thread::yield_now();
        }
    }
    assert_eq!(seen, 2, "finished means everything was taken");
    sending.join().expect("the producer is done");
}

/// Two are staged and fill the ring; the third finds it full, which shows the two to the consumer. What
/// is staged last becomes visible when the producer leaves.
fn staged() {
    let (mut producer, mut consumer) = spsc::<u64>(2);
    let sending = thread::spawn(move || {
        for message in 1..=last() {
            while producer.stage(message).is_err() {
                thread::yield_now();
            }
        }
    });
    let mut seen = Vec::new();
    while !consumer.is_finished() {
        take_first_two_together(&mut consumer, &mut seen);
    }
    assert_eq!(seen, (1..=last()).collect::<Vec<_>>());
    sending.join().expect("the producer is done");
}

fn one_reader() {
    let (mut publisher, mut readers) = broadcast::<u64>(2, &["reader"]);
    let mut reader = readers.pop().expect("one reader");
    let sending = thread::spawn(move || {
        for message in 1..=last() {
            while publisher.push(message).is_err() {
                thread::yield_now();
            }
        }
    });
    let mut expected = 1;
    while expected <= last() {
        let taken = reader.drain(3, |message| {
            assert_eq!(message, expected, "in order, once");
            expected += 1;
        });
        if taken == 0 {
            thread::yield_now();
        }
    }
    sending.join().expect("the publisher is done");
}

/// Nobody waits here, so that there is an end to the interleavings of three threads.
fn two_readers() {
    let (mut publisher, readers) = broadcast::<u64>(1, &["a", "b"]);
    let reading: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            thread::spawn(move || {
                let first = reader.pop();
                (reader, first)
            })
        })
        .collect();
    let mut sent = 0;
    for message in 1..=2 {
        sent += u64::from(publisher.push(message).is_ok());
    }
    for thread in reading {
        let (mut reader, first) = thread.join().expect("the reader is done");
        let mut seen: Vec<u64> = first.into_iter().collect();
        reader.drain(2, |message| seen.push(message));
        assert_eq!(seen, (1..=sent).collect::<Vec<_>>(), "everything that was sent, in order");
    }
}

fn a_drop() {
    let spec = ReaderSpec { name: "slow", when_slow: WhenSlow::Drop };
    let (mut publisher, mut readers) = broadcast_with::<u64>(1, &[spec]);
    let mut reader = readers.pop().expect("one reader");
    let sending = thread::spawn(move || {
        for message in 1..=2 {
            while publisher.push(message).is_err() {
                thread::yield_now();
            }
        }
    });
    let mut expected = 1;
    while !reader.is_finished() {
        let taken = reader.drain(2, |message| {
            assert_eq!(message, expected, "in order, once, whole");
            expected += 1;
        });
        if taken == 0 {
            thread::yield_now();
        }
    }
    assert!(expected == 3 || reader.is_dropped(), "it saw everything or knows that it did not");
    sending.join().expect("the publisher is done");
}
