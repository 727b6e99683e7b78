//! The back-ends keep the interface's promises: in order, once, room and end told.

use std::thread;

use seawall_engine::ring::{
    ArrayQueueRing, Full, RingReceiver, RingSender, SeqSlotRing, Transport, WaitStrategy, Waiter,
};

use super::{DisruptorRing, RingbufRing, RtrbRing};

fn promises<R: Transport>() {
    let name = R::NAME;
    let (mut sender, mut receiver) = R::channel::<u64>(4);
    assert_eq!(receiver.pop(), None, "{name}");
    assert_eq!(sender.push_batch(&[1, 2, 3]), 3, "{name}");
    assert_eq!(sender.push_batch(&[4, 5, 6]), 1, "{name}: as many as there is room for");
    assert_eq!(sender.push(5), Err(Full(5)), "{name}");
    assert_eq!(receiver.pop(), Some(1), "{name}");
    let mut seen = Vec::new();
    assert_eq!(receiver.drain(2, |message| seen.push(message)), 2, "{name}");
    assert_eq!(seen, [2, 3], "{name}");
    assert_eq!(sender.push(5), Ok(()), "{name}");
    drop(sender);
    assert!(!receiver.is_finished(), "{name}: two messages wait");
    assert_eq!(receiver.drain(9, |message| seen.push(message)), 2, "{name}");
    assert_eq!(seen, [2, 3, 4, 5], "{name}");
    assert!(receiver.is_finished(), "{name}");
    let (sender, receiver) = R::channel::<u64>(1);
    assert!(!sender.is_abandoned(), "{name}");
    drop(receiver);
    assert!(sender.is_abandoned(), "{name}");
}

fn two_threads<R: Transport>() {
    const MESSAGES: u64 = 200_000;
    let (mut sender, mut receiver) = R::channel::<u64>(64);
    let sending = thread::spawn(move || {
        let mut waiter = Waiter::new(WaitStrategy::Yielding);
        let mut next = 0;
        while next < MESSAGES {
            let batch: Vec<u64> = (next..MESSAGES.min(next + 1 + next % 9)).collect();
            let sent = sender.push_batch(&batch) as u64;
            next += sent;
            if sent == 0 { waiter.idle() } else { waiter.reset() }
        }
    });
    let (mut waiter, mut expected) = (Waiter::new(WaitStrategy::Yielding), 0);
    while !receiver.is_finished() {
        let taken = receiver.drain(7, |message| {
            assert_eq!(message, expected, "{}", R::NAME);
            expected += 1;
        });
        if taken == 0 { waiter.idle() } else { waiter.reset() }
    }
    assert_eq!(expected, MESSAGES, "{}", R::NAME);
    sending.join().expect("the sender is done");
}

#[test]
fn every_back_end_keeps_the_promises() {
    promises::<SeqSlotRing>();
    promises::<RtrbRing>();
    promises::<RingbufRing>();
    promises::<DisruptorRing>();
    promises::<ArrayQueueRing>();
}

#[test]
fn every_back_end_loses_nothing_between_threads() {
    two_threads::<SeqSlotRing>();
    two_threads::<RtrbRing>();
    two_threads::<RingbufRing>();
    two_threads::<DisruptorRing>();
    two_threads::<ArrayQueueRing>();
}
