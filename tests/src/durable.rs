//! A scripted run of a durable shard: inputs in batches, snapshots in between, and what it told
//! its clients by the time it ended.

use std::collections::BTreeSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_engine::core::{Engine, ShardConfig};
use seawall_engine::durability::{
    CommandLog, Durability, LogError, LogOptions, Recovered, RecoveryError, Storage, recover,
    write_snapshot,
};
use seawall_engine::types::{NoEvents, Seq, Sequenced};

use crate::generator::Generator;
use crate::reference::Reference;

/// Names the logs of scripted runs.
pub const GENESIS: u128 = 0x5ea_3a11;

/// What a run does.
#[derive(Clone, Debug)]
pub struct Script {
    /// The shard.
    pub config: ShardConfig,
    /// Its inputs.
    pub inputs: Vec<Sequenced>,
    /// Hash of the state after each input, that of the empty shard first.
    pub hashes: Vec<u128>,
    /// Ends of the batches.
    pub batches: Vec<usize>,
    /// Batches after which a snapshot is taken.
    pub snapshot_every: usize,
    /// Length of a segment.
    pub segment_bytes: u64,
    /// Level.
    pub durability: Durability,
}

impl Script {
    /// A run of `commands` generated inputs in batches of one to nine.
    pub fn new(seed: u64, commands: usize) -> Self {
        let mut generator = Generator::new(seed);
        let config = generator.setup().build().expect("the generator's rules are valid");
        let mut reference = Reference::new(&config);
        let mut engine = Engine::new(&config);
        let (mut inputs, mut hashes) = (Vec::new(), vec![engine.state_hash()]);
        for _ in 0..commands {
            let input = generator.next(&reference);
            reference.apply(&input, &mut Vec::new());
            engine.apply(&input, &mut NoEvents);
            inputs.push(input);
            hashes.push(engine.state_hash());
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut batches = Vec::new();
        let mut end = 0;
        while end < commands {
            end = (end + 1 + usize::try_from(random.next_u64() % 9).expect("small")).min(commands);
            batches.push(end);
        }
        Self {
            config,
            inputs,
            hashes,
            batches,
            snapshot_every: 60,
            segment_bytes: 16 * 1024,
            durability: Durability::Group,
        }
    }

    /// How its log is written.
    pub fn options(&self) -> LogOptions {
        let Self { segment_bytes, durability, .. } = *self;
        LogOptions { genesis: GENESIS, segment_bytes, durability }
    }

    /// Starts or goes on with the run on what a storage holds, to its end or to the first error.
    /// Returns the last input that clients were told of.
    pub fn run<S: Storage + Clone>(&self, storage: &S, told: &mut Seq) -> Result<(), String> {
        let recovered = self.recover(storage).map_err(|error| error.to_string())?;
        self.go_on(storage, recovered, told).map_err(|error| error.to_string())
    }

    /// What a storage holds.
    pub fn recover<S: Storage>(&self, storage: &S) -> Result<Recovered, RecoveryError> {
        recover(storage, &self.config, GENESIS, |_, _| {})
    }

    fn go_on<S: Storage + Clone>(
        &self,
        storage: &S,
        recovered: Recovered,
        told: &mut Seq,
    ) -> Result<(), LogError> {
        let mut log = CommandLog::resume(storage.clone(), self.options(), &recovered)?;
        let mut engine = recovered.engine;
        let mut next = usize::try_from(engine.seq().0).expect("a short script");
        for (number, end) in self.batches.iter().enumerate() {
            if *end <= next {
                continue;
            }
            for input in &self.inputs[next..*end] {
                log.append(input)?;
                engine.apply(input, &mut NoEvents);
            }
            next = *end;
            let committed = log.commit();
            // Whoever looks may be told before the commit has returned.
            *told = log.acknowledged();
            committed?;
            if (number + 1).is_multiple_of(self.snapshot_every) {
                write_snapshot(storage, &engine, GENESIS)
                    .map_err(|source| LogError::Io { step: "given a snapshot", source })?;
            }
        }
        Ok(())
    }

    /// Where the log commits: at the end of each batch, and where a segment was full before.
    pub fn commit_ends<S: Storage + Clone>(&self, storage: &S) -> BTreeSet<Seq> {
        let fresh = self.recover(storage).expect("an empty storage");
        let log = CommandLog::resume(storage.clone(), self.options(), &fresh);
        let mut log = log.expect("it begins");
        let mut ends = BTreeSet::from([Seq(0)]);
        let mut next = 0;
        for end in &self.batches {
            for input in &self.inputs[next..*end] {
                log.append(input).expect("nothing fails");
                ends.insert(log.acknowledged());
            }
            ends.insert(log.commit().expect("nothing fails"));
            next = *end;
        }
        ends
    }

    /// Whether an engine is exactly as the script has it after its last input.
    pub fn is_right(&self, engine: &Engine) -> bool {
        let seq = usize::try_from(engine.seq().0).expect("a short script");
        self.hashes.get(seq) == Some(&engine.state_hash())
    }
}
