//! The rings against a queue in one thread, against themselves in several, and at their ends.
//! Under Miri the same tests run with fewer messages.

use std::collections::VecDeque;
use std::thread;

use proptest::prelude::*;

use super::{
    ArrayQueueRing, Full, PAYLOAD_BYTES_MAX, Producer, RingReceiver, RingSender, SeqSlotRing,
    Transport, WaitStrategy, Waiter, broadcast, spsc,
};

const MESSAGES: u64 = if cfg!(miri) { 300 } else { 1_000_000 };

fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 6 } else { 256 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A message that fills a slot and shows when it was torn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wide([u64; 7]);
const _: () = assert!(size_of::<Wide>() == PAYLOAD_BYTES_MAX);

impl Wide {
    fn new(n: u64) -> Self {
        Self([n, !n, n.rotate_left(1), n ^ 0x55, n.wrapping_mul(3), n >> 1, n << 1])
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push,
    PushBatch(usize),
    Pop,
    Drain(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Push),
        2 => (0_usize..12).prop_map(Step::PushBatch),
        3 => Just(Step::Pop),
        2 => (0_usize..12).prop_map(Step::Drain),
    ];
    proptest::collection::vec(step, 0..if cfg!(miri) { 40 } else { 400 })
}

/// Walks a ring and a `VecDeque` of the same capacity through the same steps.
fn check_against_queue<R: Transport>(capacity: usize, steps: &[Step]) {
    let (mut sender, mut receiver) = R::channel::<Wide>(capacity);
    let capacity = capacity.next_power_of_two();
    let mut queue = VecDeque::new();
    let mut sent = 0;
    for step in steps {
        match *step {
            Step::Push => {
                let message = Wide::new(sent);
                if queue.len() == capacity {
                    assert_eq!(sender.push(message), Err(Full(message)));
                } else {
                    assert_eq!(sender.push(message), Ok(()));
                    queue.push_back(message);
                    sent += 1;
                }
            }
            Step::PushBatch(count) => {
                let messages: Vec<_> = (sent..sent + count as u64).map(Wide::new).collect();
                let pushed = sender.push_batch(&messages);
                assert_eq!(pushed, count.min(capacity - queue.len()));
                queue.extend(&messages[..pushed]);
                sent += pushed as u64;
            }
            Step::Pop => assert_eq!(receiver.pop(), queue.pop_front()),
            Step::Drain(max) => {
                let mut got = Vec::new();
                let taken = receiver.drain(max, |message| got.push(message));
                let expected: Vec<_> = queue.drain(..max.min(queue.len())).collect();
                assert_eq!((taken, got), (expected.len(), expected));
            }
        }
    }
    drop(sender);
    assert_eq!(receiver.is_finished(), queue.is_empty());
    assert_eq!(receiver.drain(usize::MAX, |_| {}), queue.len());
    assert!(receiver.is_finished());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_ring_is_a_bounded_queue(capacity in 1_usize..20, steps in steps()) {
        check_against_queue::<SeqSlotRing>(capacity, &steps);
        check_against_queue::<ArrayQueueRing>(capacity, &steps);
    }

    #[test]
    fn what_is_staged_is_seen_when_it_is_published(
        capacity in 1_usize..20, steps in proptest::collection::vec((0_u8..5, 1_usize..12), 0..200)
    ) {
        let (mut producer, mut consumer) = spsc::<Wide>(capacity);
        let capacity = producer.capacity() as u64;
        // Positions: what was taken, what may be taken, what was sent.
        let (mut taken, mut visible, mut sent) = (0_u64, 0_u64, 0_u64);
        for (step, count) in steps {
            match step {
                0 | 1 => for _ in 0..count {
                    let message = Wide::new(sent);
                    let stages = step == 0;
                    let sending = if stages { Producer::stage } else { Producer::push };
                    if sent - taken == capacity {
                        prop_assert_eq!(sending(&mut producer, message), Err(Full(message)));
                        visible = sent;
                    } else {
                        prop_assert_eq!(sending(&mut producer, message), Ok(()));
                        let nothing_waits = visible == sent;
                        sent += 1;
                        if nothing_waits && !stages {
                            visible = sent;
                        }
                    }
                },
                2 => {
                    producer.publish();
                    visible = sent;
                }
                _ => {
                    let mut found = Vec::new();
                    consumer.drain(count, |message| found.push(message));
                    let until = visible.min(taken + count as u64);
                    let expected: Vec<_> = (taken..until).map(Wide::new).collect();
                    prop_assert_eq!(found, expected);
                    taken = until;
                }
            }
        }
        drop(producer);
        prop_assert_eq!(consumer.drain(usize::MAX, |_| {}) as u64, sent - taken, "leaving publishes");
        prop_assert!(consumer.is_finished());
    }

    #[test]
    fn every_reader_of_a_broadcast_sees_everything(
        capacity in 1_usize..20, steps in proptest::collection::vec((0_usize..4, 0_usize..12), 0..200)
    ) {
        let (mut publisher, mut readers) = broadcast::<Wide>(capacity, &["a", "b", "c"]);
        let capacity = publisher.capacity();
        let mut sent = 0_u64;
        let mut seen = [0_u64; 3];
        for (who, count) in steps {
            let slowest = *seen.iter().min().expect("three readers");
            if let Some(reader) = readers.get_mut(who) {
                let at = &mut seen[who];
                let taken = reader.drain(count, |message| {
                    assert_eq!(message, Wide::new(*at));
                    *at += 1;
                });
                prop_assert!(taken == count || *at == sent);
            } else {
                let messages: Vec<_> = (sent..sent + count as u64).map(Wide::new).collect();
                let waiting = usize::try_from(sent - slowest).expect("small");
                let pushed = publisher.push_batch(&messages);
                prop_assert_eq!(pushed, count.min(capacity - waiting));
                sent += pushed as u64;
            }
            let behind = seen.iter().map(|at| usize::try_from(sent - at).expect("small")).max();
            prop_assert_eq!(publisher.slowest().expect("three readers").behind, behind);
        }
    }
}

/// One thread sends a counted stream in single messages and batches, the other checks it.
fn stress<R: Transport>(capacity: usize, strategy: WaitStrategy) {
    let (mut sender, mut receiver) = R::channel::<Wide>(capacity);
    let producer = thread::spawn(move || {
        let mut waiter = Waiter::new(strategy);
        let mut next = 0;
        while next < MESSAGES {
            let batch: Vec<_> = (next..MESSAGES.min(next + next % 7)).map(Wide::new).collect();
            let pushed = match batch.as_slice() {
                [] => u64::from(sender.push(Wide::new(next)).is_ok()),
                batch => sender.push_batch(batch) as u64,
            };
            next += pushed;
            if pushed == 0 { waiter.idle() } else { waiter.reset() }
        }
    });
    let mut waiter = Waiter::new(strategy);
    let mut expected = 0;
    while !receiver.is_finished() {
        let taken = receiver.drain(5, |message| {
            assert_eq!(message, Wide::new(expected), "in order, once, whole");
            expected += 1;
        });
        if taken == 0 { waiter.idle() } else { waiter.reset() }
    }
    producer.join().expect("the producer is done");
    assert_eq!(expected, MESSAGES, "nothing is lost");
}

#[test]
fn two_threads_lose_nothing() {
    stress::<SeqSlotRing>(64, WaitStrategy::Yielding);
    stress::<SeqSlotRing>(2, WaitStrategy::Yielding);
    stress::<SeqSlotRing>(1024, WaitStrategy::Parking);
}

#[test]
fn two_threads_lose_nothing_through_an_array_queue() {
    stress::<ArrayQueueRing>(64, WaitStrategy::Yielding);
}

#[test]
fn readers_of_a_broadcast_lose_nothing() {
    let (mut publisher, readers) = broadcast::<Wide>(16, &["journal", "recorder"]);
    let threads: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            thread::spawn(move || {
                let mut waiter = Waiter::new(WaitStrategy::Yielding);
                let mut expected = 0;
                while !reader.is_finished() {
                    let taken = reader.drain(7, |message| {
                        assert_eq!(message, Wide::new(expected), "in order, once, whole");
                        expected += 1;
                    });
                    if taken == 0 { waiter.idle() } else { waiter.reset() }
                }
                expected
            })
        })
        .collect();
    let mut waiter = Waiter::new(WaitStrategy::Yielding);
    for n in 0..MESSAGES {
        while publisher.push(Wide::new(n)).is_err() {
            waiter.idle();
        }
        waiter.reset();
    }
    drop(publisher);
    for thread in threads {
        assert_eq!(thread.join().expect("the reader is done"), MESSAGES);
    }
}

#[test]
fn a_consumer_takes_what_was_sent_before_the_producer_left() {
    let (mut producer, mut consumer) = spsc::<u64>(4);
    producer.push_batch(&[1, 2]);
    assert!(!consumer.is_finished());
    drop(producer);
    assert!(!consumer.is_finished(), "two messages wait");
    assert_eq!([consumer.pop(), consumer.pop(), consumer.pop()], [Some(1), Some(2), None]);
    assert!(consumer.is_finished());
}

#[test]
fn a_producer_learns_that_the_consumer_left() {
    let (mut producer, consumer) = spsc::<u64>(2);
    assert!(!producer.is_abandoned());
    drop(consumer);
    assert!(producer.is_abandoned());
    assert_eq!(producer.push_batch(&[1, 2, 3]), 2, "and a full ring still answers");
    assert_eq!(producer.push(3), Err(Full(3)));
}

#[test]
fn the_slowest_reader_gates_and_is_named_until_it_is_dropped() {
    let (mut publisher, mut readers) = broadcast::<u64>(4, &["journal", "recorder"]);
    assert_eq!(publisher.push_batch(&[1, 2, 3, 4, 5]), 4);
    let recorder = readers.pop().expect("two readers");
    let mut journal = readers.pop().expect("two readers");
    assert_eq!(journal.name(), "journal");
    assert_eq!(journal.drain(9, |_| {}), 4);
    assert_eq!(publisher.push(5), Err(Full(5)), "the recorder has read nothing");
    let slowest = publisher.slowest().expect("two readers");
    assert_eq!((slowest.name, slowest.behind), ("recorder", Some(4)));
    drop(recorder);
    assert_eq!(publisher.push(5), Ok(()), "a dead reader gates nobody");
    let lags: Vec<_> = publisher.readers().map(|lag| (lag.name, lag.behind)).collect();
    assert_eq!(lags, [("journal", Some(1)), ("recorder", None)]);
    drop(journal);
    assert!(publisher.slowest().is_none());
    assert_eq!(publisher.push_batch(&[6; 20]), 4, "without readers there is always some room");
}

#[test]
fn a_finished_broadcast_is_drained_first() {
    let (mut publisher, mut readers) = broadcast::<u64>(4, &["recorder"]);
    let mut reader = readers.pop().expect("one reader");
    assert_eq!(publisher.push(7), Ok(()));
    drop(publisher);
    assert!(!reader.is_finished());
    assert_eq!(reader.pop(), Some(7));
    assert!(reader.is_finished());
}
