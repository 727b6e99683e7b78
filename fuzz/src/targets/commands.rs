//! Commands as bytes: decoding is total and exact, and what decodes, the engine answers.

use seawall_engine::core::Engine;
use seawall_engine::journal::{BODY_BYTES_MAX, decode_body, encode_body};
use seawall_engine::types::{Event, Input, Seq, Sequenced};

use crate::Bytes;
use crate::marks::reach;

/// What a run of many cases must reach.
pub const MARKS: &[&str] =
    &["a command decodes", "a body is refused", "a command is refused by name", "a trade"];

/// Runs one case: bodies one after the other, into one engine. They are the bytes as they come, or
/// a command of the small market, written down and then changed a little or not at all.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut engine = Engine::new(&bytes.config());
    let mut seq = Seq(0);
    let mut events: Vec<Event> = Vec::new();
    while !bytes.is_empty() {
        let body = if bytes.byte() % 2 == 0 { raw(&mut bytes) } else { written(&mut bytes) };
        let body = body.as_slice();
        let Ok(message) = decode_body(seq.next(), u64::MAX / 2, body) else {
            reach("a body is refused");
            continue;
        };
        reach("a command decodes");
        let mut again = [0; BODY_BYTES_MAX];
        let bytes = encode_body(&message, &mut again);
        assert_eq!(&again[..bytes], body, "a body that decodes is the encoding of what it says");
        seq = seq.next();
        events.clear();
        engine.apply(&message, &mut events);
        let answered = !events.is_empty() || message.input == Input::Step;
        assert!(answered, "every command is answered or refused by name");
        for event in &events {
            match event {
                Event::Rejected { .. } => reach("a command is refused by name"),
                Event::Trade { .. } => reach("a trade"),
                _ => {}
            }
        }
        engine.assert_consistent();
    }
}

fn raw(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let length = [16, 24, 32, 40][usize::from(bytes.byte() % 4)];
    (0..length).map(|_| bytes.byte()).collect()
}

fn written(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let message = Sequenced { seq: Seq(0), time_ns: 0, ingress_ns: 0, input: bytes.input() };
    let mut body = [0; BODY_BYTES_MAX];
    let length = encode_body(&message, &mut body);
    for _ in 0..bytes.byte() % 3 {
        body[usize::from(bytes.byte()) % length] ^= bytes.byte();
    }
    body[..length].to_vec()
}
