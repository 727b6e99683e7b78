//! Commands as bytes: decoding is total and exact, and what decodes, the engine answers.

use seawall_engine::core::Engine;
use seawall_engine::journal::{BODY_BYTES_MAX, decode_body, encode_body};
use seawall_engine::types::{Event, Input, Seq};

use crate::Bytes;

/// Runs one case: bodies of 16 to 40 bytes, one after the other, into one engine.
pub fn run(data: &[u8]) {
    let mut engine = Engine::new(&Bytes(data).config());
    let mut seq = Seq(0);
    let mut events: Vec<Event> = Vec::new();
    let mut rest = data.get(1..).unwrap_or_default();
    while let Some((&length, after)) = rest.split_first() {
        let length = [16, 24, 32, 40][usize::from(length % 4)].min(after.len());
        let (body, after) = after.split_at(length);
        rest = after;
        let Ok(message) = decode_body(seq.next(), u64::MAX / 2, body) else { continue };
        let mut again = [0; BODY_BYTES_MAX];
        let bytes = encode_body(&message, &mut again);
        assert_eq!(&again[..bytes], body, "a body that decodes is the encoding of what it says");
        seq = seq.next();
        events.clear();
        engine.apply(&message, &mut events);
        let answered = !events.is_empty() || message.input == Input::Step;
        assert!(answered, "every command is answered or refused by name");
        engine.assert_consistent();
    }
}
