//! The pipeline with a shard that does next to nothing.

use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::ring::{
    Full, Producer, Reader, RingSender, SeqSlotRing, Transport, WaitStrategy, broadcast,
};
use crate::types::{EventSink, Input, Price, Sequenced, SymbolId};

fn message(tag: u64) -> Inbound {
    let price = Price::new(u32::try_from(tag % 1000).expect("small") + 1).expect("in the domain");
    let input = Input::Mark { symbol: SymbolId(0), price };
    Inbound { tag, time_ns: tag, ingress_ns: tag, input }
}

type Ring = crate::ring::Consumer<Inbound>;
type Parts<S> = (Vec<Producer<Inbound>>, ShardLoop<S, Ring>, Vec<Reader<Outbound>>);

fn pipeline<S: Shard>(shard: S, gateways: usize, egress_slots: usize) -> Parts<S> {
    let (senders, receivers) = (0..gateways).map(|_| SeqSlotRing::channel(16)).unzip();
    let (publisher, readers) = broadcast(egress_slots, &["journal", "recorder"]);
    (senders, ShardLoop::new(shard, receivers, publisher, Timing::Recorded), readers)
}

#[test]
fn gateways_take_turns_and_readers_see_one_order() {
    let (mut senders, mut shard, mut readers) = pipeline(NullShard, 2, 64);
    for tag in 0..3 {
        senders[1].push(message(100 + tag)).expect("room");
        senders[0].push(message(tag)).expect("room");
    }
    assert_eq!(shard.turn(), Turn::Applied(6));
    for reader in &mut readers {
        let mut seen = Vec::new();
        reader.drain(100, |out| seen.push((out.seq.0, out.tag)));
        assert_eq!(seen, [(1, 0), (2, 1), (3, 2), (4, 100), (5, 101), (6, 102)]);
    }
    assert_eq!(shard.turn(), Turn::Applied(0));
    drop(senders);
    assert_eq!(shard.turn(), Turn::Finished);
    let (_, counts) = shard.into_parts();
    assert_eq!(counts, ShardCounts { applied: 6, published: 6, gated_turns: 0 });
    assert!(readers.iter().all(Reader::is_finished));
}

#[test]
fn a_full_gateway_is_an_answer() {
    let (mut senders, mut shard, readers) = pipeline(NullShard, 1, 64);
    for tag in 0..16 {
        senders[0].push(message(tag)).expect("room");
    }
    assert!(matches!(senders[0].push(message(16)), Err(Full(refused)) if refused.tag == 16));
    assert_eq!(shard.turn(), Turn::Applied(16));
    assert!(senders[0].push(message(16)).is_ok());
    drop(readers);
}

#[test]
fn a_slow_reader_gates_the_shard_and_is_named() {
    let (mut senders, mut shard, mut readers) = pipeline(NullShard, 1, 4);
    for tag in 0..10 {
        senders[0].push(message(tag)).expect("room");
    }
    assert_eq!(shard.turn(), Turn::Applied(10));
    assert_eq!(shard.turn(), Turn::Gated);
    assert_eq!(readers[0].drain(100, |_| {}), 4);
    assert_eq!(shard.turn(), Turn::Gated, "the recorder still gates");
    assert_eq!(shard.slowest_reader(), Some(("recorder".to_owned(), 4)));
    assert_eq!(
        shard.slowest_reader_place().map(|place| shard.reader_names()[place].clone()),
        Some("recorder".to_owned())
    );
    let mut tags = Vec::new();
    while tags.len() < 10 {
        readers[0].drain(100, |_| {});
        readers[1].drain(100, |out| tags.push(out.tag));
        shard.turn();
    }
    assert_eq!(tags, (0..10).collect::<Vec<_>>(), "nothing is lost and nothing overtakes");
}

#[test]
fn a_thread_drains_before_it_ends() {
    const MESSAGES: u64 = 50_000;
    let (mut senders, shard, mut readers) = pipeline(NullShard, 1, 64);
    let engine = EngineThread::start(shard, None, WaitStrategy::Yielding).expect("a thread");
    readers.truncate(1);
    let mut reader = readers.pop().expect("one reader");
    let reading = thread::spawn(move || {
        let mut next = 0;
        while !reader.is_finished() {
            let taken = reader.drain(64, |out| {
                assert_eq!((out.tag, out.seq.0), (next, next + 1));
                next += 1;
            });
            if taken == 0 {
                thread::yield_now();
            }
        }
        next
    });
    let mut sender = senders.pop().expect("one gateway");
    for tag in 0..MESSAGES {
        while sender.push(message(tag)).is_err() {
            thread::yield_now();
        }
    }
    assert!(engine.is_alive());
    drop(sender);
    let (_, counts) = engine.join().expect("a clean end");
    assert_eq!(counts.applied, MESSAGES);
    assert_eq!(reading.join().expect("a clean end"), MESSAGES);
}

/// Fails on its third input.
struct Faulty(u32);

impl Shard for Faulty {
    fn apply(&mut self, _: &Sequenced, _: &mut impl EventSink) {
        self.0 += 1;
        assert!(self.0 < 3, "the third input is never applied");
    }
}

#[test]
fn a_dead_engine_is_noticed_by_everybody() {
    let (mut senders, shard, readers) = pipeline(Faulty(0), 1, 64);
    let engine = EngineThread::start(shard, None, WaitStrategy::Yielding).expect("a thread");
    for tag in 0..5 {
        senders[0].push(message(tag)).expect("room");
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while engine.is_alive() && Instant::now() < deadline {
        thread::yield_now();
    }
    assert!(!engine.is_alive());
    assert!(senders[0].is_abandoned(), "gateways learn that nobody listens");
    assert!(readers.iter().all(Reader::is_finished), "readers learn that nothing follows");
    let error = engine.join().err().expect("it died");
    let text = error.to_string();
    assert!(text.contains("the third input is never applied"), "{text}");
}

#[test]
fn recorded_time_never_falls_and_arrival_never_follows_it() {
    struct Times(Vec<(u64, u64)>);
    impl Shard for Times {
        fn apply(&mut self, input: &Sequenced, _: &mut impl EventSink) {
            self.0.push((input.time_ns, input.ingress_ns));
        }
    }
    let (mut senders, mut shard, _readers) = pipeline(Times(Vec::new()), 2, 64);
    senders[0].push(message(50)).expect("room");
    senders[1].push(message(20)).expect("room");
    let late = Inbound { ingress_ns: 90, ..message(70) };
    senders[1].push(late).expect("room");
    shard.turn();
    assert_eq!(shard.into_parts().0.0, [(50, 50), (50, 20), (70, 70)]);
}

#[test]
fn a_live_shard_takes_the_time_of_its_clock() {
    struct Last(u64);
    impl Shard for Last {
        fn apply(&mut self, input: &Sequenced, _: &mut impl EventSink) {
            self.0 = input.time_ns;
        }
    }
    let (mut sender, receiver) = SeqSlotRing::channel(4);
    let (publisher, _readers) = broadcast(4, &["recorder"]);
    let timing = Timing::Live(|| 1234);
    let mut shard = ShardLoop::new(Last(0), vec![receiver], publisher, timing);
    RingSender::push(&mut sender, message(1)).expect("room");
    shard.turn();
    assert_eq!(shard.into_parts().0.0, 1234);
}

#[test]
fn the_layout_follows_the_cores() {
    let names = [&[][..], &[3], &[0, 1], &[0, 1, 2], &[0, 1, 2, 3, 4]]
        .map(|cores| (Topology::choose(cores).name(), Topology::choose(cores).to_string()));
    let expected = ["one thread", "one thread", "two threads", "three threads", "three threads"];
    assert_eq!(names.each_ref().map(|(name, _)| *name), expected);
    assert!(names[2].1.contains("engine on core 1"), "{}", names[2].1);
    assert!(names[4].1.contains("generator on core 1"), "{}", names[4].1);
    assert_eq!(Topology::choose(&[7]).wait_strategy(), WaitStrategy::Yielding);
}
