//! Trailing stops: which triggers follow a reference, and where to (`docs/ORDERS.md`, Trailing).
//!
//! Of two trailing stops of one direction the older one has seen every price that the younger one
//! has, so along the list by age the best prices only get worse: those that a new price improves
//! are the youngest ones, a tail of the list. Finding them costs one look beyond what moves.

use super::stops::{Note, Watch};
use crate::book::{RestingOrder, Slot};
use crate::types::{Price, Side, Trail};

/// The trailing stops of one reference by age: those whose triggers lie below it and rise, and
/// those whose triggers lie above it and fall.
#[derive(Debug, Default)]
pub(super) struct Trailing {
    lists: [List; 2],
}

/// First and last of a list threaded through the notes, 0 for none.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    oldest: u32,
    youngest: u32,
}

impl Trailing {
    /// Adds the youngest.
    pub(super) fn push(&mut self, notes: &mut [Note], stands_on: Side, slot: Slot) {
        let list = &mut self.lists[stands_on.index()];
        let older = list.youngest;
        (notes[slot.index()].older, notes[slot.index()].younger) = (older, 0);
        list.youngest = slot.raw();
        if older == 0 {
            list.oldest = slot.raw();
        } else {
            notes[older as usize].younger = slot.raw();
        }
    }

    pub(super) fn remove(&mut self, notes: &mut [Note], stands_on: Side, slot: Slot) {
        let list = &mut self.lists[stands_on.index()];
        let Note { older, younger, .. } = notes[slot.index()];
        if older == 0 {
            list.oldest = younger;
        } else {
            notes[older as usize].younger = younger;
        }
        if younger == 0 {
            list.youngest = older;
        } else {
            notes[younger as usize].older = older;
        }
    }

    /// The list from the oldest on.
    pub(super) fn by_age<'a>(
        &self,
        notes: &'a [Note],
        stands_on: Side,
    ) -> impl Iterator<Item = Slot> + use<'a> {
        let oldest = Slot::from_raw(self.lists[stands_on.index()].oldest);
        let younger = move |slot: &Slot| Slot::from_raw(notes[slot.index()].younger);
        std::iter::successors(oldest, younger)
    }

    /// Whether a slot is in the list.
    pub(super) fn lists_it(&self, notes: &[Note], stands_on: Side, slot: Slot) -> bool {
        let list = &self.lists[stands_on.index()];
        notes[slot.index()].older != 0 || list.oldest == slot.raw()
    }

    /// One that stood in one slot stands in another now, with the same note.
    fn moved(&mut self, notes: &mut [Note], stands_on: Side, from: Slot, to: Slot) {
        let list = &mut self.lists[stands_on.index()];
        let note = notes[from.index()];
        notes[to.index()] = note;
        if note.older == 0 {
            list.oldest = to.raw();
        } else {
            notes[note.older as usize].younger = to.raw();
        }
        if note.younger == 0 {
            list.youngest = to.raw();
        } else {
            notes[note.younger as usize].older = to.raw();
        }
    }
}

/// Where the trigger lies that follows a best price, if that is a price at all.
pub(super) fn trigger_behind(by: Trail, stands_on: Side, best: Price) -> Option<Price> {
    let distance = by.distance(best)?;
    let ticks = match stands_on {
        Side::Buy => best.ticks().checked_sub(distance)?,
        Side::Sell => best.ticks().checked_add(distance)?,
    };
    Price::new(ticks)
}

impl Watch {
    /// Moves the triggers that follow a reference which is at `price` now.
    pub(super) fn follow(&mut self, price: Price) {
        for stands_on in [Side::Buy, Side::Sell] {
            let mut cursor = self.first_improved(stands_on, price);
            while let Some(slot) = cursor {
                cursor = Slot::from_raw(self.notes[slot.index()].younger);
                self.move_behind(slot, price);
            }
        }
    }

    /// The oldest trailing stop whose best price is worse than `price`.
    fn first_improved(&self, stands_on: Side, price: Price) -> Option<Slot> {
        let mut cursor = Slot::from_raw(self.trailing.lists[stands_on.index()].youngest);
        let mut first = None;
        while let Some(slot) = cursor {
            let note = &self.notes[slot.index()];
            let improves = match stands_on {
                Side::Buy => note.best < price.ticks(),
                Side::Sell => note.best > price.ticks(),
            };
            if !improves {
                break;
            }
            first = Some(slot);
            cursor = Slot::from_raw(note.older);
        }
        first
    }

    /// A trailing stop has seen a better price: its trigger follows, or stays where it is.
    fn move_behind(&mut self, slot: Slot, best: Price) {
        let stop = self.waiting.order(slot);
        self.notes[slot.index()].best = best.ticks();
        let by = self.notes[slot.index()].trail(stop.flags);
        let trigger = trigger_behind(by, stop.side, best);
        let price = trigger.expect("a trigger that improves stays between two prices");
        if price == stop.price {
            return;
        }
        self.waiting.remove(slot);
        let to = self.waiting.insert_flagged(RestingOrder { price, ..stop });
        if to != slot {
            self.trailing.moved(&mut self.notes, stop.side, slot, to);
        }
    }

    /// Whether what the search for improved ones rests on holds: an older one has seen every price
    /// that a younger one has.
    pub(super) fn trailing_holds(&self) -> bool {
        [Side::Buy, Side::Sell].into_iter().all(|stands_on| {
            let bests = self.trailing.by_age(&self.notes, stands_on);
            let bests = bests.map(|slot| self.notes[slot.index()].best);
            match stands_on {
                Side::Buy => bests.is_sorted_by(|older, younger| older >= younger),
                Side::Sell => bests.is_sorted(),
            }
        })
    }
}
