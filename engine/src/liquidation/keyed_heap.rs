//! A heap of accounts, largest key first, in which an account can be moved and taken out.

use crate::types::AccountId;

/// Accounts by key. Its memory is there from the start.
#[derive(Debug)]
pub(crate) struct KeyedHeap {
    heap: Vec<(i128, AccountId)>,
    /// Where an account stands, counted from 1; 0 if it does not.
    places: Vec<u32>,
}

impl KeyedHeap {
    /// An empty one for that many accounts.
    pub(crate) fn new(accounts_max: usize) -> Self {
        Self { heap: Vec::with_capacity(accounts_max), places: vec![0; accounts_max] }
    }

    /// The key of an account that stands in it.
    pub(crate) fn key(&self, account: AccountId) -> Option<i128> {
        let place = self.places[account.index()].checked_sub(1)?;
        Some(self.heap[place as usize].0)
    }

    /// Puts an account where its key says.
    pub(crate) fn set(&mut self, account: AccountId, key: i128) {
        let place = match self.places[account.index()].checked_sub(1) {
            Some(place) => place as usize,
            None => {
                self.heap.push((key, account));
                self.heap.len() - 1
            }
        };
        let old = self.heap[place].0;
        self.put(place, (key, account));
        if key >= old { self.rise(place) } else { self.sink(place) }
    }

    /// Takes an account out, if it stands in it.
    pub(crate) fn remove(&mut self, account: AccountId) {
        let Some(place) = self.places[account.index()].checked_sub(1) else { return };
        self.places[account.index()] = 0;
        let last = self.heap.pop().expect("there is one");
        let place = place as usize;
        if last.1 != account {
            self.put(place, last);
            self.rise(place);
            self.sink(self.places[last.1.index()] as usize - 1);
        }
    }

    /// Adds every account with a greater key to `out`: costs what it finds.
    pub(crate) fn above(&self, key: i128, out: &mut Vec<AccountId>) {
        self.above_from(0, key, out);
    }

    /// The depth is that of the heap.
    fn above_from(&self, place: usize, key: i128, out: &mut Vec<AccountId>) {
        if let Some((_, account)) = self.heap.get(place).filter(|(other, _)| *other > key) {
            out.push(*account);
            self.above_from(2 * place + 1, key, out);
            self.above_from(2 * place + 2, key, out);
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 >= self.heap[place].0 {
                return;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let Some((key, _)) = self.heap.get(left) else { return };
            let right_is_larger = self.heap.get(left + 1).is_some_and(|(other, _)| other > key);
            let child = if right_is_larger { left + 1 } else { left };
            if self.heap[place].0 >= self.heap[child].0 {
                return;
            }
            self.swap(place, child);
            place = child;
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        let (first, second) = (self.heap[one], self.heap[other]);
        self.put(one, second);
        self.put(other, first);
    }

    fn put(&mut self, place: usize, entry: (i128, AccountId)) {
        self.heap[place] = entry;
        self.places[entry.1.index()] = u32::try_from(place).expect("accounts are few enough") + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_was_put_and_finds_what_is_above(
            moves in prop::collection::vec((0_u32..20, prop::option::of(-9_i128..9)), 0..200),
            threshold in -10_i128..10,
        ) {
            let mut heap = KeyedHeap::new(20);
            let mut plain = [None; 20];
            for (account, key) in moves {
                plain[account as usize] = key;
                match key {
                    Some(key) => heap.set(AccountId(account), key),
                    None => heap.remove(AccountId(account)),
                }
            }
            for (account, key) in (0..).map(AccountId).zip(plain) {
                prop_assert_eq!(heap.key(account), key);
            }
            let mut found = Vec::new();
            heap.above(threshold, &mut found);
            found.sort_unstable();
            let expected = (0..).map(AccountId).zip(plain);
            let expected: Vec<AccountId> =
                expected.filter(|(_, key)| key.is_some_and(|key| key > threshold)).map(|(a, _)| a).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
