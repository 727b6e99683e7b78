//! Messages of a slot's whole size through the rings, one thread at both ends: what the code costs
//! where no line moves between cores.

use std::hint::black_box;

use seawall_engine::ring::{broadcast, spsc};

/// What fills a slot of one cache line beside its sequence number.
type Message = [u64; 7];

const ROUNDS: usize = 100;
const SLOTS: usize = 1_024;
/// Messages of one call of the batch entry points.
const BATCH: usize = 64;

/// Messages through the rings of one case.
const MESSAGES: usize = ROUNDS * SLOTS;

/// The end of the ring that is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Publishing.
    Push,
    /// Taking.
    Pop,
}

/// Hands work to `counted` or does it unseen, as the end is the one looked at or not.
fn at(end: End, wanted: End, counted: fn(&mut dyn FnMut()), work: &mut dyn FnMut()) {
    if end == wanted { counted(work) } else { work() }
}

/// Fills the ring and empties it so many times, the wanted end within `counted`.
fn through(
    wanted: End,
    counted: fn(&mut dyn FnMut()),
    push: &mut dyn FnMut(),
    pop: &mut dyn FnMut(),
) -> usize {
    for _ in 0..ROUNDS {
        at(End::Push, wanted, counted, push);
        at(End::Pop, wanted, counted, pop);
    }
    MESSAGES
}

/// Empties the ring by sixty-four.
fn drained(mut batch: impl FnMut(usize, fn(Message)) -> usize) {
    for _ in 0..SLOTS / BATCH {
        let taken = batch(BATCH, |message| {
            black_box(message);
        });
        assert_eq!(taken, BATCH, "all of them");
    }
}

/// One message a call through the ring of a gateway.
pub(crate) fn one_by_one(wanted: End, counted: fn(&mut dyn FnMut())) -> usize {
    let (mut sender, mut receiver) = spsc::<Message>(SLOTS);
    let message = black_box([3; 7]);
    let mut push = || {
        for _ in 0..SLOTS {
            sender.push(message).expect("room for all");
        }
    };
    let mut pop = || {
        for _ in 0..SLOTS {
            black_box(receiver.pop().expect("all of them"));
        }
    };
    through(wanted, counted, &mut push, &mut pop)
}

/// Sixty-four messages a call through the ring of a gateway.
pub(crate) fn batches(wanted: End, counted: fn(&mut dyn FnMut())) -> usize {
    let (mut sender, mut receiver) = spsc::<Message>(SLOTS);
    let messages = black_box([[3; 7]; BATCH]);
    let mut push = || {
        for _ in 0..SLOTS / BATCH {
            assert_eq!(sender.push_batch(&messages), BATCH, "room for all");
        }
    };
    let mut pop = || drained(|most, each| receiver.drain(most, each));
    through(wanted, counted, &mut push, &mut pop)
}

/// One event a call to one reader, which takes sixty-four at a time.
pub(crate) fn to_reader(wanted: End, counted: fn(&mut dyn FnMut())) -> usize {
    let (mut publisher, mut readers) = broadcast::<Message>(SLOTS, &["recorder"]);
    let mut reader = readers.pop().expect("the one reader");
    let message = black_box([3; 7]);
    let mut push = || {
        for _ in 0..SLOTS {
            publisher.push(message).expect("room for all");
        }
    };
    let mut pop = || drained(|most, each| reader.drain(most, each));
    through(wanted, counted, &mut push, &mut pop)
}
