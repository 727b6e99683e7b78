//! Any inputs into the whole engine: nothing panics, book, positions, index and ledger agree, no
//! money is made or lost.

use crate::Bytes;
use crate::marks::reach;
use seawall_engine::core::Engine;
use seawall_engine::types::{Event, Seq, Sequenced};

/// What a run of many cases must reach.
pub const MARKS: &[&str] =
    &["a trade", "a trigger", "a recovery", "a takeover", "a deleveraging", "a socialised loss"];

/// Runs one case.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut engine = Engine::new(&bytes.config());
    let mut events: Vec<Event> = Vec::new();
    let mut seq = Seq(0);
    let mut time_ns = 0;
    while !bytes.is_empty() {
        seq = seq.next();
        time_ns += u64::from(bytes.byte() % 4);
        let ingress_ns = time_ns - time_ns.min(u64::from(bytes.byte() % 4));
        let input = bytes.input();
        events.clear();
        engine.apply(&Sequenced { seq, time_ns, ingress_ns, input }, &mut events);
        events.iter().for_each(note);
        engine.assert_consistent();
    }
}

fn note(event: &Event) {
    match event {
        Event::Trade { .. } => reach("a trade"),
        Event::Triggered { .. } => reach("a trigger"),
        Event::Recovered { .. } => reach("a recovery"),
        Event::TakenOver { .. } => reach("a takeover"),
        Event::Deleveraged { .. } => reach("a deleveraging"),
        Event::Socialised { .. } => reach("a socialised loss"),
        _ => {}
    }
}
