//! The order in which a shard took the inputs of several gateways: written down, read back, replayed.

use seawall_engine::core::{Engine, EventHasher, ShardConfig};
use seawall_engine::journal::{JournalError, JournalReader, JournalWriter};
use seawall_engine::types::Sequenced;

/// Hash of the events that a new engine makes of the inputs after they went through the journal's
/// format.
pub fn replay_hash(config: &ShardConfig, taken: &[Sequenced]) -> Result<u128, JournalError> {
    let mut writer = JournalWriter::new(Vec::new(), 0);
    for input in taken {
        writer.append(input)?;
    }
    let bytes = writer.finish()?;
    let mut engine = Engine::new(config);
    let mut hasher = EventHasher::default();
    for input in JournalReader::new(bytes.as_slice())? {
        engine.apply(&input?, &mut hasher);
    }
    Ok(hasher.digest())
}
