//! Snapshots: loading any bytes never panics, and what is accepted is canonical and consistent.

use seawall_engine::core::Engine;
use seawall_engine::durability::decode_snapshot;
use seawall_engine::types::{NoEvents, Seq, Sequenced};

use crate::Bytes;
use crate::marks::reach;

/// What a run of many cases must reach.
pub const MARKS: &[&str] =
    &["a changed state is refused", "a changed state is another one", "a snapshot file is refused"];

/// Runs one case: the bytes as a file and as a state, and a good state with some bytes changed.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let config = bytes.config();
    if decode_snapshot(data, &config, 1).is_err() {
        reach("a snapshot file is refused");
    }
    check(&config, data);
    let mut engine = Engine::new(&config);
    for seq in 1..=u64::from(bytes.byte()) {
        let input = bytes.input();
        let input = Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: seq, input };
        engine.apply(&input, &mut NoEvents);
    }
    let mut state = engine.state_bytes();
    let good = Engine::from_state_bytes(&config, &state).expect("a state is read back");
    assert_eq!(good.state_hash(), engine.state_hash(), "as it was");
    for _ in 0..1 + bytes.byte() % 4 {
        let at = bytes.below(u32::try_from(state.len()).expect("a small state")) as usize;
        state[at] ^= bytes.byte();
    }
    let accepted = check(&config, &state);
    reach(if accepted { "a changed state is another one" } else { "a changed state is refused" });
}

/// Whether the bytes are a state.
fn check(config: &seawall_engine::core::ShardConfig, bytes: &[u8]) -> bool {
    let Ok(engine) = Engine::from_state_bytes(config, bytes) else { return false };
    assert!(engine.state_bytes() == bytes, "what is accepted is canonical");
    engine.assert_consistent();
    true
}
