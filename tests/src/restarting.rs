//! An engine that is put aside and taken up again from its own snapshot every few inputs.

use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::types::{Event, Sequenced};

use crate::reference::Reference;
use crate::venue::{Snapshot, Venue};

/// Inputs between two restarts: few, and no divisor of anything in the generator.
pub const RESTART_EVERY: u64 = 13;

/// The engine, restarted from its canonical bytes every [`RESTART_EVERY`] inputs. Held against the
/// reference event by event, it shows that nothing that matters is missing from a snapshot.
#[derive(Debug)]
pub struct Restarting {
    config: ShardConfig,
    engine: Engine,
}

impl Restarting {
    /// The engine as it stands.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The engine that a snapshot of this one gives.
///
/// Panics if there is none, or its bytes or its hash differ.
pub fn restarted(config: &ShardConfig, engine: &Engine) -> Engine {
    let bytes = engine.state_bytes();
    let again = Engine::from_state_bytes(config, &bytes)
        .unwrap_or_else(|error| panic!("a snapshot is read back: {error}"));
    assert!(again.state_bytes() == bytes, "a snapshot gives the state it was taken of");
    assert_eq!(again.state_hash(), engine.state_hash(), "and so does its hash");
    again
}

impl Venue for Restarting {
    fn open(config: &ShardConfig) -> Self {
        Self { config: config.clone(), engine: Engine::new(config) }
    }

    fn apply(&mut self, input: &Sequenced, events: &mut Vec<Event>) {
        if input.seq.0.is_multiple_of(RESTART_EVERY) {
            self.engine = restarted(&self.config, &self.engine);
        }
        self.engine.apply(input, events);
    }

    fn snapshot(&self, like: &Reference) -> Snapshot {
        self.engine.snapshot(like)
    }
}
