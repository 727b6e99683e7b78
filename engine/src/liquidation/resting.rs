//! Positions whose forced orders rest in the book, and what such orders have left.
//!
//! They wait apart from the queue. All of them rest for the same time, so the order in which they
//! came is that of their deadlines; a table by symbol and account says where each one stands.

use std::collections::VecDeque;

use crate::types::{AccountId, OrderId, SymbolId};

/// A position whose forced order rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    pub(crate) symbol: SymbolId,
    pub(crate) account: AccountId,
    pub(crate) order: OrderId,
    /// From then on it is withdrawn.
    pub(crate) until_ns: u64,
    /// When the position was triggered.
    pub(crate) first_ns: u64,
}

/// What is known of one account in one symbol.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// The number of its entry, 0 for none.
    number: u64,
    /// What its order left when it was withdrawn, in lots: to be disposed of.
    left_lots: u32,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct RestingOrders {
    /// In the order of their deadlines; those that have left leave a gap until they are first.
    entries: VecDeque<Option<Resting>>,
    /// The number of the first entry.
    first: u64,
    len: usize,
    /// By symbol and account; empty where the rules let nothing rest.
    cells: Vec<Vec<Cell>>,
    /// Whether something may have changed for all of them since somebody looked. Outside the hash:
    /// who must leave, the state says.
    pub(crate) has_moved: bool,
}

/// Beyond so many at one time the list grows by allocating.
const PREALLOCATED: usize = 1 << 20;

impl RestingOrders {
    /// Without room for anything unless the rules let orders rest.
    pub(crate) fn new(symbols: usize, accounts_max: usize, rests: bool) -> Self {
        let (cells, room) = if rests {
            let room = symbols.saturating_mul(accounts_max).saturating_mul(2).min(PREALLOCATED);
            (vec![vec![Cell::default(); accounts_max]; symbols], room)
        } else {
            (Vec::new(), 0)
        };
        let entries = VecDeque::with_capacity(room);
        Self { entries, first: 1, len: 0, cells, has_moved: false }
    }

    /// How many rest.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds one, whose deadline is not before those of the others.
    pub(crate) fn push(&mut self, resting: Resting) {
        if self.entries.len() == self.entries.capacity() && self.len < self.entries.len() {
            self.close_gaps();
        }
        let number = self.first + self.entries.len() as u64;
        let cell = &mut self.cells[resting.symbol.index()][resting.account.index()];
        assert!(cell.number == 0, "one order of a position rests");
        cell.number = number;
        self.entries.push_back(Some(resting));
        self.len += 1;
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, symbol: SymbolId, account: AccountId) -> Option<Resting> {
        let cell = self.cells.get_mut(symbol.index())?.get_mut(account.index())?;
        let number = std::mem::take(&mut cell.number);
        let place = usize::try_from(number.checked_sub(self.first)?).expect("a place in the list");
        let resting = self.entries[place].take();
        self.len -= usize::from(resting.is_some());
        while self.entries.front().is_some_and(Option::is_none) {
            self.entries.pop_front();
            self.first += 1;
        }
        resting
    }

    /// Numbers what is left anew, without gaps.
    fn close_gaps(&mut self) {
        self.entries.retain(Option::is_some);
        for (resting, number) in self.entries.iter().flatten().zip(self.first..) {
            self.cells[resting.symbol.index()][resting.account.index()].number = number;
        }
    }

    /// The entry of a position.
    pub(crate) fn get(&self, symbol: SymbolId, account: AccountId) -> Option<&Resting> {
        let cell = self.cells.get(symbol.index())?.get(account.index())?;
        let place = usize::try_from(cell.number.checked_sub(self.first)?).ok()?;
        self.entries.get(place)?.as_ref()
    }

    /// All of them, the first to end first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resting> {
        self.entries.iter().flatten()
    }

    /// Those whose time is over.
    pub(crate) fn overdue(&self, now_ns: u64) -> impl Iterator<Item = &Resting> {
        self.iter().take_while(move |resting| resting.until_ns <= now_ns)
    }

    /// Notes what an order that was withdrawn has left.
    pub(crate) fn leave(&mut self, symbol: SymbolId, account: AccountId, lots: u32) {
        self.cells[symbol.index()][account.index()].left_lots = lots;
    }

    /// What the order of a position that waits in the queue has left, in lots.
    pub(crate) fn left(&self, symbol: SymbolId, account: AccountId) -> u32 {
        self.cells.get(symbol.index()).map_or(0, |cells| cells[account.index()].left_lots)
    }

    /// The same, to be disposed of now.
    pub(crate) fn take_left(&mut self, symbol: SymbolId, account: AccountId) -> u32 {
        match self.cells.get_mut(symbol.index()) {
            Some(cells) => std::mem::take(&mut cells[account.index()].left_lots),
            None => 0,
        }
    }

    /// Everything that orders have left: symbol, account and lots, ascending.
    pub(crate) fn all_left(&self) -> impl Iterator<Item = (u16, u32, u32)> + '_ {
        let of_symbol = |(symbol, cells): (u16, &'_ Vec<Cell>)| {
            let cells = (0..).zip(cells.clone());
            cells.map(move |(account, cell)| (symbol, account, cell.left_lots))
        };
        (0..).zip(&self.cells).flat_map(of_symbol).filter(|(.., lots)| *lots > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resting(account: u32, until_ns: u64) -> Resting {
        let (symbol, account) = (SymbolId(0), AccountId(account));
        Resting { symbol, account, order: OrderId(until_ns), until_ns, first_ns: 0 }
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in_the_order_of_time(
            moves in prop::collection::vec((0_u32..12, any::<bool>()), 0..300),
        ) {
            let mut list = RestingOrders::new(1, 12, true);
            let mut plain: Vec<Resting> = Vec::new();
            for ((account, comes), now_ns) in moves.into_iter().zip(1..) {
                let id = AccountId(account);
                let at = plain.iter().position(|other| other.account == id);
                match (comes, at) {
                    (true, None) => {
                        list.push(resting(account, now_ns));
                        plain.push(resting(account, now_ns));
                    }
                    (false, at) => {
                        let found = at.map(|at| plain.remove(at));
                        prop_assert_eq!(list.remove(SymbolId(0), id), found);
                    }
                    _ => {}
                }
                prop_assert_eq!(list.len(), plain.len());
                prop_assert!(list.iter().eq(plain.iter()));
                let found = list.get(SymbolId(0), id);
                prop_assert_eq!(found, plain.iter().find(|other| other.account == id));
                let half = now_ns / 2;
                prop_assert!(list.overdue(half).eq(plain.iter().filter(|r| r.until_ns <= half)));
            }
        }
    }

    #[test]
    fn gaps_are_closed_before_the_list_grows() {
        let mut list = RestingOrders::new(1, 12, true);
        let room = list.entries.capacity();
        assert!(list.is_empty());
        list.push(resting(0, 0));
        for now_ns in 1..10 * room as u64 {
            list.push(resting(1, now_ns));
            assert_eq!(list.remove(SymbolId(0), AccountId(1)), Some(resting(1, now_ns)));
        }
        assert_eq!((list.entries.capacity(), list.len(), list.is_empty()), (room, 1, false));
        assert_eq!(list.get(SymbolId(0), AccountId(0)), Some(&resting(0, 0)));
    }

    #[test]
    fn what_orders_leave_is_kept_until_it_is_disposed_of() {
        let mut list = RestingOrders::new(2, 3, true);
        assert_eq!(list.all_left().count(), 0);
        for (symbol, account, lots) in [(1, 2, 5), (0, 1, 7)] {
            list.leave(SymbolId(symbol), AccountId(account), lots);
        }
        assert!(list.all_left().eq([(0, 1, 7), (1, 2, 5)]));
        assert_eq!(list.left(SymbolId(1), AccountId(2)), 5);
        assert_eq!(list.take_left(SymbolId(1), AccountId(2)), 5);
        assert_eq!(list.left(SymbolId(1), AccountId(2)), 0);
        assert_eq!(RestingOrders::new(2, 3, false).left(SymbolId(1), AccountId(2)), 0);
    }
}
