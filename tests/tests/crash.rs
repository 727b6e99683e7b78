//! The power goes at every write and sync of a run; disks fail, fill up and lie.
//!
//! `SEAWALL_CRASHES=N` and `SEAWALL_CORRUPTIONS=N` go on with further scripts until so many were
//! made.

use std::collections::{BTreeMap, BTreeSet};

use conformance::disk::{Disk, Fault, SECTOR_BYTES};
use conformance::durable::{GENESIS, Script};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use seawall_engine::durability::{CommandLog, Durability, LogError, LogTail, recover};
use seawall_engine::types::Seq;

const COMMANDS: usize = 1_000;

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, expected a number")))
}

/// Says something past the test runner.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}

/// How many operations a whole run takes.
fn operations(script: &Script) -> u64 {
    let disk = Disk::new();
    script.run(&disk, &mut Seq(0)).expect("nothing fails");
    let recovered = script.recover(&disk).expect("clean");
    assert_eq!(recovered.tail, LogTail::Clean);
    assert!(script.is_right(&recovered.engine));
    disk.operations()
}

/// Dies at one operation, loses power in some way, recovers and goes on.
fn crash_at(
    (script, ends): (&Script, &BTreeSet<Seq>),
    operation: u64,
    random: &mut Xoshiro256PlusPlus,
    goes_on: bool,
) {
    let disk = Disk::new();
    disk.plan(operation, Fault::Die);
    let mut acknowledged = Seq(0);
    script.run(&disk, &mut acknowledged).expect_err("it dies");
    let left = disk.after_power_cut(random);
    let recovered = script.recover(&left).unwrap_or_else(|error| {
        panic!("operation {operation}: a crash leaves a log that recovers: {error}")
    });
    let reached = recovered.engine.seq();
    assert!(
        reached >= acknowledged,
        "operation {operation}: {reached} but {acknowledged} acknowledged"
    );
    assert!(ends.contains(&reached), "operation {operation}: half a batch, up to {reached}");
    assert!(script.is_right(&recovered.engine), "operation {operation}: the state after {reached}");
    if !goes_on {
        return;
    }
    let mut acknowledged = Seq(0);
    script.run(&left, &mut acknowledged).expect("it goes on");
    let recovered = script.recover(&left).expect("clean");
    assert_eq!(recovered.engine.seq(), Seq(script.inputs.len() as u64));
    assert!(script.is_right(&recovered.engine), "operation {operation}: the end after a crash");
    assert_eq!(recovered.tail, LogTail::Clean);
}

#[test]
fn power_lost_at_every_write_and_sync() {
    let wanted = from_environment("SEAWALL_CRASHES").unwrap_or(0);
    let (mut crashes, mut seed) = (0, 0);
    loop {
        let script = Script::new(seed, COMMANDS);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let ends = script.commit_ends(&Disk::new());
        for operation in 1..=operations(&script) {
            let goes_on = operation.is_multiple_of(5);
            crash_at((&script, &ends), operation, &mut random, goes_on);
            crashes += 1;
        }
        seed += 1;
        if crashes >= wanted {
            break;
        }
    }
    told(format_args!("{crashes} crashes of {seed} scripts of {COMMANDS} commands"));
}

#[test]
fn buffered_survives_the_process_and_each_command_alone_too() {
    for durability in [Durability::Buffered, Durability::Each] {
        let script = Script { durability, ..Script::new(3, 300) };
        for operation in (1..=operations(&script)).step_by(7) {
            let disk = Disk::new();
            disk.plan(operation, Fault::Die);
            let mut acknowledged = Seq(0);
            script.run(&disk, &mut acknowledged).expect_err("it dies");
            // The machine goes on: what was written is there.
            let recovered = script.recover(&disk.copy()).expect("it recovers");
            assert!(recovered.engine.seq() >= acknowledged && script.is_right(&recovered.engine));
        }
    }
}

#[test]
fn a_failed_sync_closes_the_log_and_is_never_retried() {
    let script = Script::new(1, 200);
    let mut closed = 0;
    for operation in 1..=operations(&script) {
        let disk = Disk::new();
        disk.plan(operation, Fault::Fail);
        let mut acknowledged = Seq(0);
        let Err(_) = script.run(&disk, &mut acknowledged) else { continue };
        closed += 1;
        let left = disk.after_power_cut(&mut Xoshiro256PlusPlus::seed_from_u64(operation));
        let recovered = script.recover(&left).expect("it recovers");
        assert!(recovered.engine.seq() >= acknowledged && script.is_right(&recovered.engine));
    }
    assert!(closed > 50, "{closed} operations failed");

    let disk = Disk::new();
    let fresh = recover(&disk, &script.config, GENESIS, |_, _| {}).expect("an empty disk");
    let mut log = CommandLog::resume(disk.clone(), script.options(), &fresh).expect("it begins");
    log.append(&script.inputs[0]).expect("buffered");
    log.commit().expect("nothing fails yet");
    disk.plan(disk.operations() + 2, Fault::Fail);
    log.append(&script.inputs[1]).expect("buffered");
    let error = log.commit().expect_err("the sync fails");
    assert!(error.to_string().contains("cannot be synced"), "{error}");
    let syncs = disk.syncs();
    log.append(&script.inputs[2]).expect("only buffered");
    assert!(matches!(log.commit(), Err(LogError::Poisoned)), "it stays closed");
    assert_eq!(log.acknowledged(), Seq(1));
    assert!(log.close().is_err());
    assert_eq!(disk.syncs(), syncs, "no second attempt");
}

#[test]
fn a_full_disk_is_said_by_name() {
    let script = Script::new(2, 600);
    let disk = Disk::new();
    let fresh = script.recover(&disk).expect("an empty disk");
    let mut log = CommandLog::resume(disk.clone(), script.options(), &fresh).expect("it begins");
    // The next file that is made finds no room.
    let mut error = None;
    for input in &script.inputs {
        disk.plan(disk.operations() + 2, Fault::Full);
        if let Err(found) = log.append(input).and_then(|()| log.commit().map(|_| ())) {
            error = Some(found);
            break;
        }
    }
    let error = error.expect("the segment fills up");
    assert!(error.to_string().contains("cannot be given a new segment"), "{error}");
    let recovered = script.recover(&disk.copy()).expect("it recovers");
    assert!(recovered.engine.seq() >= log.acknowledged() && script.is_right(&recovered.engine));
}

/// What a lying disk does to a file.
fn harm(
    random: &mut Xoshiro256PlusPlus,
    files: &mut BTreeMap<String, &mut Vec<u8>>,
) -> &'static str {
    let mut below = |bound: usize| {
        usize::try_from(random.next_u64() % bound.max(1) as u64).expect("below a usize")
    };
    let names: Vec<String> = files.keys().cloned().collect();
    let name = &names[below(names.len())];
    let used = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let len = used(files[name]);
    match below(5) {
        0 => {
            let at = below(len);
            files.get_mut(name).expect("listed")[at] ^= 1 << below(8);
            "a flipped bit"
        }
        1 => {
            let start = below(len) / SECTOR_BYTES * SECTOR_BYTES;
            let bytes = files.get_mut(name).expect("listed");
            let end = bytes.len().min(start + SECTOR_BYTES);
            for byte in &mut bytes[start..end] {
                *byte = u8::try_from(below(256)).expect("below 256");
            }
            "a sector of noise"
        }
        2 => {
            let start = below(len) / SECTOR_BYTES * SECTOR_BYTES;
            let bytes = files.get_mut(name).expect("listed");
            let end = bytes.len().min(start + SECTOR_BYTES);
            bytes[start..end].fill(0);
            "a lost sector"
        }
        3 => {
            let other = &names[below(names.len())];
            let from = below(len) / SECTOR_BYTES * SECTOR_BYTES;
            let to = below(used(files[other])) / SECTOR_BYTES * SECTOR_BYTES;
            let source = &files[name];
            let sector = source[from..source.len().min(from + SECTOR_BYTES)].to_vec();
            let target = files.get_mut(other).expect("listed");
            let room = target.len().saturating_sub(to).min(sector.len());
            target[to..to + room].copy_from_slice(&sector[..room]);
            "a misdirected write"
        }
        _ => {
            let at = below(len);
            files.get_mut(name).expect("listed").truncate(at);
            "a file cut short"
        }
    }
}

#[test]
fn a_disk_that_lies_is_refused_or_gives_a_state_that_was() {
    let wanted = from_environment("SEAWALL_CORRUPTIONS").unwrap_or(3_000);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(88);
    let (mut done, mut seed) = (0, 100);
    let mut outcomes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    while done < wanted {
        let script = Script { snapshot_every: 40, ..Script::new(seed, 400) };
        let disk = Disk::new();
        script.run(&disk, &mut Seq(0)).expect("nothing fails");
        let last = Seq(script.inputs.len() as u64);
        for _ in 0..wanted.min(1_000) {
            let lying = disk.copy();
            let mut how = "";
            lying.damage(|files| how = harm(&mut random, files));
            let outcome = match script.recover(&lying) {
                Err(_) => "refused",
                Ok(recovered) => {
                    let right = script.is_right(&recovered.engine);
                    assert!(right, "{how}: a state that never was");
                    let whole = recovered.engine.seq() == last;
                    match (whole, &recovered.tail, recovered.damaged_snapshots.is_empty()) {
                        (true, _, true) => "whole",
                        (true, _, false) => "whole, by an older snapshot",
                        (false, LogTail::Torn { .. }, _) => "last batches dropped, said",
                        (false, LogTail::Clean, _) => "last batches missing, not told",
                    }
                }
            };
            *outcomes.entry((how, outcome)).or_default() += 1;
            done += 1;
        }
        seed += 1;
    }
    told(format_args!("{done} corruptions:"));
    for ((how, outcome), count) in &outcomes {
        told(format_args!("  {count:>7}  {how}: {outcome}"));
        // What was cut off without a trace cannot be seen by what is left.
        let traceless = ["a lost sector", "a file cut short"].contains(how);
        assert!(traceless || *outcome != "last batches missing, not told", "{how}: {outcome}");
    }
}
