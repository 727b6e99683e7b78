//! Logs: reading any bytes never panics, yields only what chains, and recovery of any directory is a
//! value.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use seawall_engine::durability::{LogTail, Storage, StorageFile, recover};
use seawall_engine::journal::{JournalReader, JournalWriter, SegmentHeader};
use seawall_engine::types::{Seq, Sequenced};

use crate::Bytes;
use crate::marks::reach;

/// What a run of many cases must reach.
pub const MARKS: &[&str] = &[
    "a log that is read to its end",
    "a log that breaks off",
    "recovered",
    "recovered without its torn tail",
    "refused",
];

/// Runs one case. The first byte says how the rest is meant: as a segment, as what follows a
/// header, or as changes to a log of the inputs that the bytes also are.
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    let segment = match mode % 3 {
        0 => rest.to_vec(),
        1 => {
            let header = SegmentHeader { synced: mode & 4 != 0, ..SegmentHeader::first(1) };
            [&header.encode()[..], rest].concat()
        }
        _ => changed_log(rest),
    };
    if let Ok(mut reader) = JournalReader::new(segment.as_slice()) {
        let mut next = reader.header().first_seq;
        for input in reader.by_ref() {
            let Ok(input) = input else {
                reach("a log that breaks off");
                break;
            };
            assert_eq!(input.seq.0, next, "no gap");
            next += 1;
        }
        if next > reader.header().first_seq {
            reach("a log that is read to its end");
        }
    }
    let config = Bytes(rest).config();
    let name = "log-0000000000-00000000000000000001.swl".to_owned();
    match recover(&Memory(BTreeMap::from([(name, segment)])), &config, 1, |_, _| {}) {
        Ok(found) if found.tail == LogTail::Clean => reach("recovered"),
        Ok(_) => reach("recovered without its torn tail"),
        Err(_) => reach("refused"),
    }
}

/// A good log of a few inputs with some of its bytes changed.
fn changed_log(data: &[u8]) -> Vec<u8> {
    let mut bytes = Bytes(data);
    let mut writer = JournalWriter::new(Vec::new(), 1);
    for seq in 1..=u64::from(bytes.byte() % 32) {
        let input = bytes.input();
        let input = Sequenced { seq: Seq(seq), time_ns: seq, ingress_ns: seq, input };
        writer.append(&input).expect("a vector takes everything");
        if bytes.byte() % 4 == 0 {
            writer.commit().expect("a vector takes everything");
        }
    }
    let mut log = writer.finish().expect("a vector takes everything");
    while !bytes.is_empty() {
        let at = bytes.below(u32::try_from(log.len()).expect("a short log")) as usize;
        log[at] ^= bytes.byte();
    }
    log
}

/// Files that are only read.
#[derive(Debug)]
struct Memory(BTreeMap<String, Vec<u8>>);

#[derive(Debug)]
struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl Storage for Memory {
    type File = MemoryFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn create(&self, _: &str, _: u64) -> io::Result<MemoryFile> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let bytes = self.0.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(MemoryFile(Arc::new(Mutex::new(bytes.clone()))))
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }
}

impl StorageFile for MemoryFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.lock().expect("nobody panics").len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.lock().expect("nobody panics");
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let read = out.len().min(bytes.len() - from);
        out[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    fn write_at(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
