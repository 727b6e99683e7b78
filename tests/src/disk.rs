//! A disk in memory that does what a disk may do when the power goes, and worse on demand.
//!
//! Writes reach it in sectors of 512 bytes, each whole or not at all. Until a file is synced, any of
//! its written sectors may be missing, in any order, and its length may fall short. Names are
//! kept in the order in which they were given, up to some point, until the directory is synced.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;
use seawall_engine::durability::{Storage, StorageFile};

/// What is written whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// What happens at an operation, counted from 1 over everything that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies in the middle of the operation.
    Die,
    /// The operation fails; if it is a sync, what waited for it is lost in part and forgotten.
    Fail,
    /// There is no room: making a file fails.
    Full,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    /// What survives.
    durable: Vec<u8>,
    /// What a reader sees.
    live: Vec<u8>,
    /// Sectors written since the last sync, in order.
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(String, usize),
    Removed(String),
}

#[derive(Clone, Debug, Default)]
struct State {
    files: Vec<Contents>,
    durable_names: BTreeMap<String, usize>,
    live_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    operations: u64,
    syncs: u64,
    fault: Option<(u64, Fault)>,
    is_dead: bool,
}

/// The disk. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

/// An open file of it.
#[derive(Debug)]
pub struct DiskFile {
    disk: Disk,
    file: usize,
}

fn refused(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same disk as a thing of its own, without faults.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = State { fault: None, is_dead: false, ..self.state().clone() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Lets a fault happen at that operation.
    pub fn plan(&self, operation: u64, fault: Fault) {
        self.state().fault = Some((operation, fault));
    }

    /// Operations so far that changed the disk.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Syncs so far, those that failed included.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// What may be left after the power has gone: one possibility of many.
    #[must_use]
    pub fn after_power_cut(&self, random: &mut Xoshiro256PlusPlus) -> Self {
        let state = self.state();
        let mut left = State::default();
        let kept = below(random, state.pending_names.len() + 1);
        left.durable_names.clone_from(&state.durable_names);
        for change in &state.pending_names[..kept] {
            change.apply(&mut left.durable_names);
        }
        left.live_names.clone_from(&left.durable_names);
        left.files = state.files.iter().map(|file| file.after_power_cut(random)).collect();
        Self(Arc::new(Mutex::new(left)))
    }

    /// Names and contents, to damage them.
    pub fn damage(&self, harm: impl FnOnce(&mut BTreeMap<String, &mut Vec<u8>>)) {
        let mut state = self.state();
        let State { files, live_names, .. } = &mut *state;
        let mut by_name: BTreeMap<usize, String> =
            live_names.iter().map(|(name, file)| (*file, name.clone())).collect();
        let mut contents = BTreeMap::new();
        for (number, file) in files.iter_mut().enumerate() {
            if let Some(name) = by_name.remove(&number) {
                contents.insert(name, &mut file.live);
            }
        }
        harm(&mut contents);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics while holding the disk")
    }

    /// Counts one operation; what it is to come to.
    fn begin(&self) -> io::Result<(MutexGuard<'_, State>, Option<Fault>)> {
        let mut state = self.state();
        if state.is_dead {
            return Err(refused("the process is dead"));
        }
        state.operations += 1;
        let fault = state.fault.filter(|(at, _)| *at == state.operations).map(|(_, fault)| fault);
        if fault == Some(Fault::Die) {
            state.is_dead = true;
        }
        Ok((state, fault))
    }
}

fn below(random: &mut Xoshiro256PlusPlus, bound: usize) -> usize {
    usize::try_from(random.next_u64() % bound.max(1) as u64).expect("below a usize")
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set(name, file) => {
                names.retain(|_, other| other != file);
                names.insert(name.clone(), *file);
            }
            Self::Removed(name) => {
                names.remove(name);
            }
        }
    }
}

impl Contents {
    fn after_power_cut(&self, random: &mut Xoshiro256PlusPlus) -> Self {
        let mut bytes = self.durable.clone();
        // Usually most of it is lost or most of it is there.
        let odds = [5, 50, 95][below(random, 3)];
        let mut lost = Vec::new();
        for (sector, written) in &self.pending {
            // A later write to a sector is not there without the earlier one.
            if lost.contains(sector) || below(random, 100) >= odds {
                lost.push(*sector);
                continue;
            }
            put_sector(&mut bytes, *sector, written);
        }
        if bytes.len() < self.live.len() && below(random, 2) == 0 {
            bytes.resize(self.live.len(), 0);
        }
        Self { live: bytes.clone(), durable: bytes, pending: Vec::new() }
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.live);
        self.pending.clear();
    }
}

fn put_sector(bytes: &mut Vec<u8>, sector: usize, written: &[u8]) {
    let start = sector * SECTOR_BYTES;
    if bytes.len() < start + written.len() {
        bytes.resize(start + written.len(), 0);
    }
    bytes[start..start + written.len()].copy_from_slice(written);
}

impl Storage for Disk {
    type File = DiskFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state().live_names.keys().cloned().collect())
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<DiskFile> {
        let (mut state, fault) = self.begin()?;
        if state.live_names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if fault == Some(Fault::Full) || fault == Some(Fault::Fail) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = state.files.len();
        let zeros = vec![0; usize::try_from(bytes).expect("a small file")];
        let pending =
            zeros.chunks(SECTOR_BYTES).map(<[u8]>::to_vec).enumerate().collect::<Vec<_>>();
        state.files.push(Contents { durable: Vec::new(), live: zeros, pending });
        let change = NameChange::Set(name.to_owned(), file);
        change.apply(&mut state.live_names);
        state.pending_names.push(change);
        if fault == Some(Fault::Die) {
            return Err(refused("died"));
        }
        Ok(DiskFile { disk: self.clone(), file })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let state = self.state();
        let file = state.live_names.get(name).copied();
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        drop(state);
        Ok(DiskFile { disk: self.clone(), file })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (mut state, fault) = self.begin()?;
        let file = state.live_names.get(from).copied();
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let change = NameChange::Set(to.to_owned(), file);
        change.apply(&mut state.live_names);
        state.pending_names.push(change);
        if fault.is_some() { Err(refused("died or failed")) } else { Ok(()) }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (mut state, fault) = self.begin()?;
        let change = NameChange::Removed(name.to_owned());
        change.apply(&mut state.live_names);
        state.pending_names.push(change);
        if fault.is_some() { Err(refused("died or failed")) } else { Ok(()) }
    }

    fn sync_names(&self) -> io::Result<()> {
        let (mut state, fault) = self.begin()?;
        if fault.is_some() {
            return Err(refused("died or failed"));
        }
        let State { pending_names, durable_names, .. } = &mut *state;
        for change in pending_names.drain(..) {
            change.apply(durable_names);
        }
        Ok(())
    }
}

impl StorageFile for DiskFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].live.len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state();
        let live = &state.files[self.file].live;
        let offset = usize::try_from(offset).expect("a small file").min(live.len());
        let read = out.len().min(live.len() - offset);
        out[..read].copy_from_slice(&live[offset..offset + read]);
        Ok(read)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut state, fault) = self.disk.begin()?;
        if fault == Some(Fault::Fail) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let Contents { live, pending, .. } = &mut state.files[self.file];
        let offset = usize::try_from(offset).expect("a small file");
        let end = offset + bytes.len();
        if live.len() < end {
            live.resize(end, 0);
        }
        live[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            let start = sector * SECTOR_BYTES;
            let whole = live[start..live.len().min(start + SECTOR_BYTES)].to_vec();
            pending.push((sector, whole));
        }
        if fault == Some(Fault::Die) { Err(refused("died")) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut state, fault) = self.disk.begin()?;
        state.syncs += 1;
        let contents = &mut state.files[self.file];
        match fault {
            None | Some(Fault::Full) => {
                contents.sync();
                Ok(())
            }
            Some(Fault::Die) => Err(refused("died")),
            Some(Fault::Fail) => {
                // The system forgets what it could not write: a second sync would succeed.
                contents.pending.clear();
                Err(refused("the disk did not take it"))
            }
        }
    }
}
