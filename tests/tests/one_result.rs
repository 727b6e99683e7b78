//! The same inputs have the same events and the same state, whichever way they come: applied one by
//! one, read back from a log, from a snapshot on, and through rings on a thread, alone or as one
//! shard of many at a time. (`.ci/run` compares debug and release builds.)

use std::thread;

use conformance::durable::Script;
use seawall_engine::core::{Engine, EventHasher};
use seawall_engine::journal::{JournalReader, JournalWriter};
use seawall_engine::pipeline::{Inbound, Outbound, ShardLoop, Timing, Turn};
use seawall_engine::ring::{Full, Reader, SeqSlotRing, Transport, broadcast};
use seawall_engine::types::{EventSink, Sequenced};

const COMMANDS: usize = 1_500;
const SHARDS: u64 = 6;

/// Hash of all events, and of the state at the end.
type Hashes = (u128, u128);

fn apply(engine: &mut Engine, inputs: &[Sequenced], hasher: &mut EventHasher) {
    for input in inputs {
        engine.apply(input, hasher);
    }
}

fn directly(script: &Script) -> Hashes {
    let (mut engine, mut hasher) = (Engine::new(&script.config), EventHasher::default());
    apply(&mut engine, &script.inputs, &mut hasher);
    (hasher.digest(), engine.state_hash())
}

fn from_a_log(script: &Script) -> Hashes {
    let mut writer = JournalWriter::new(Vec::new(), 1);
    for input in &script.inputs {
        writer.append(input).expect("a vector takes everything");
    }
    let bytes = writer.finish().expect("a vector takes everything");
    let reader = JournalReader::new(bytes.as_slice()).expect("a log");
    let inputs: Vec<_> = reader.collect::<Result<_, _>>().expect("a whole log");
    directly(&Script { inputs, ..script.clone() })
}

fn from_a_snapshot(script: &Script, cut: usize) -> Hashes {
    let (mut engine, mut hasher) = (Engine::new(&script.config), EventHasher::default());
    apply(&mut engine, &script.inputs[..cut], &mut hasher);
    let bytes = engine.state_bytes();
    drop(engine);
    let mut engine = Engine::from_state_bytes(&script.config, &bytes).expect("a state");
    apply(&mut engine, &script.inputs[cut..], &mut hasher);
    (hasher.digest(), engine.state_hash())
}

/// What a reader of the shard's ring sees, until the shard is gone.
fn listen(mut reader: Reader<Outbound>) -> u128 {
    let mut hasher = EventHasher::default();
    while !reader.is_finished() {
        if reader.drain(64, |out| hasher.event(out.event)) == 0 {
            thread::yield_now();
        }
    }
    hasher.digest()
}

/// Gateway, shard and reader each on a thread of its own.
fn through_rings(script: &Script) -> Hashes {
    let (mut gateway, receiver) = SeqSlotRing::channel(16);
    let (publisher, mut readers) = broadcast(64, &["reader"]);
    let engine = Engine::new(&script.config);
    let mut shard = ShardLoop::new(engine, vec![receiver], publisher, Timing::Recorded);
    let reader = readers.pop().expect("one reader");
    thread::scope(|scope| {
        let events = scope.spawn(|| listen(reader));
        let state = scope.spawn(|| {
            while shard.turn() != Turn::Finished {
                thread::yield_now();
            }
            shard.into_parts().0.state_hash()
        });
        for input in &script.inputs {
            let Sequenced { seq, time_ns, ingress_ns, input } = *input;
            let mut message = Inbound { tag: seq.0, time_ns, ingress_ns, input };
            while let Err(Full(back)) = gateway.push(message) {
                message = back;
                thread::yield_now();
            }
        }
        drop(gateway);
        let state = state.join().expect("the shard is done");
        (events.join().expect("the reader is done"), state)
    })
}

#[test]
fn every_way_has_the_same_events_and_the_same_state() {
    let scripts: Vec<Script> = (40..40 + SHARDS).map(|s| Script::new(s, COMMANDS)).collect();
    let expected: Vec<Hashes> = scripts.iter().map(directly).collect();
    for (script, expected) in scripts.iter().zip(&expected) {
        assert_eq!(expected.1, script.hashes[COMMANDS], "the state when the script was made");
        assert_eq!(from_a_log(script), *expected, "read back from a log");
        for cut in [0, 1, COMMANDS / 3, COMMANDS / 2, COMMANDS - 1, COMMANDS] {
            assert_eq!(from_a_snapshot(script, cut), *expected, "a snapshot after {cut} inputs");
        }
        assert_eq!(through_rings(script), *expected, "one shard behind rings");
    }
    let together: Vec<Hashes> = thread::scope(|scope| {
        let shards: Vec<_> =
            scripts.iter().map(|script| scope.spawn(move || through_rings(script))).collect();
        shards.into_iter().map(|shard| shard.join().expect("it is done")).collect()
    });
    assert_eq!(together, expected, "as one of {SHARDS} shards at a time");
    let distinct: std::collections::BTreeSet<_> = expected.iter().collect();
    assert_eq!(distinct.len(), scripts.len(), "shards differ from each other");
}
