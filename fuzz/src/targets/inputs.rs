//! Any inputs into the whole engine: nothing panics, book, positions, index and ledger agree, no
//! money is made or lost.

use crate::Bytes;
use seawall_engine::core::Engine;
use seawall_engine::types::{NoEvents, Seq, Sequenced};

/// Runs one case.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut engine = Engine::new(&bytes.config());
    let mut seq = Seq(0);
    let mut time_ns = 0;
    while !bytes.is_empty() {
        seq = seq.next();
        time_ns += u64::from(bytes.byte() % 4);
        let ingress_ns = time_ns - time_ns.min(u64::from(bytes.byte() % 4));
        let input = bytes.input();
        engine.apply(&Sequenced { seq, time_ns, ingress_ns, input }, &mut NoEvents);
        engine.assert_consistent();
    }
}
