//! Puts the two halves of a trade together.
//!
//! A fill shows at a bid and at an ask as a drop of volume, at nearly the same time and of nearly
//! the same size: the exchange computes one of the two from the amount of dollars, so they differ
//! by up to two units of 1e-8 (on the five hours of 1 May 2015: 480 pairs agree to the unit, 64
//! more to two units, none more up to ten).

use std::collections::{HashMap, VecDeque};

use seawall_engine::types::{OrderId, Side};
use serde::Serialize;

use super::row::{Action, Row};

/// Longest time between the two halves of a trade.
pub const WINDOW_NS: u64 = 2_000_000_000;
/// Largest difference between the two halves of a trade, in 1e-8 bitcoin.
pub const TOLERANCE_UNITS: u64 = 2;

/// How many trades have both their orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PairingCounts {
    /// Trades: pairs, and fills of known size whose other half is missing.
    pub trades: u64,
    /// Trades of which both orders are known.
    pub paired: u64,
    /// Those of them whose resting order is older than the record, so that only one size is known.
    pub paired_with_older: u64,
}

/// What a fill did to the volume of its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Drop {
    /// By so many units.
    Units(u64),
    /// By an unknown number: the order is older than the record.
    Unknown,
}

/// The other half of a fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Half {
    /// The other order.
    pub(super) order: OrderId,
    /// Its row's number in [`Pairing`].
    pub(super) number: u64,
    /// Whether this half is the resting order's.
    pub(super) is_maker: bool,
    /// Size of the trade in units.
    pub(super) units: u64,
}

/// A row in the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) row: Row,
    pub(super) number: u64,
    drop: Option<Drop>,
    pub(super) half: Option<Half>,
    /// Already told with the order that caused it.
    pub(super) told: bool,
}

impl Slot {
    /// Volume that a fill without its other half took, if this is one.
    pub(super) const fn one_sided(&self) -> Option<u64> {
        match (self.half, self.drop) {
            (None, Some(Drop::Units(units))) => Some(units),
            _ => None,
        }
    }
}

/// What is known of an order that has not ended.
#[derive(Clone, Copy, Debug)]
struct Known {
    volume: u64,
    created: u64,
}

/// Rows of the last seconds, and who met whom among them. Memory is the window and the live orders.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    window: VecDeque<Slot>,
    known: HashMap<OrderId, Known>,
    /// Number of the next row.
    next: u64,
    pub(super) counts: PairingCounts,
}

impl Pairing {
    /// Takes the next row and pairs it if it can.
    pub(super) fn push(&mut self, row: Row) {
        let number = self.next;
        self.next += 1;
        let created = self.known.get(&row.order).map(|known| known.created);
        let drop = self.note(&row, number);
        self.window.push_back(Slot { row, number, drop, half: None, told: false });
        if let Some(Drop::Units(units)) = drop {
            let other = self.nearest(row.side, |drop| {
                matches!(drop, Drop::Units(other) if other.abs_diff(units) <= TOLERANCE_UNITS)
            });
            if let Some(other) = other {
                self.pair(other, self.window.len() - 1, units, created);
            }
        }
    }

    /// The oldest row, once nothing can pair with it any more (`all`: the file has ended).
    pub(super) fn pop(&mut self, all: bool) -> Option<Slot> {
        let newest_ns = self.window.back()?.row.time_ns;
        let oldest = *self.window.front()?;
        if !all && newest_ns.saturating_sub(oldest.row.time_ns) <= WINDOW_NS {
            return None;
        }
        if oldest.half.is_none() && oldest.drop.is_some() {
            self.pair_with_older(oldest);
        }
        let slot = self.window.pop_front()?;
        match (slot.half, slot.drop) {
            (Some(half), _) => self.counts.trades += u64::from(half.is_maker),
            (None, Some(Drop::Units(_))) => self.counts.trades += 1,
            _ => {}
        }
        Some(slot)
    }

    /// Rows that the window holds of `order`, oldest first.
    pub(super) fn later_of(&mut self, order: OrderId) -> impl Iterator<Item = &mut Slot> {
        self.window.iter_mut().filter(move |slot| slot.row.order == order)
    }

    /// The row of that number, if the window still holds it.
    pub(super) fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let first = self.window.front()?.number;
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.window.get_mut(at)
    }

    /// Follows the order's volume; says what a fill took, if the row is one.
    fn note(&mut self, row: &Row, number: u64) -> Option<Drop> {
        let Row { order, volume, .. } = *row;
        if row.action == Action::Created {
            self.known.insert(order, Known { volume, created: number });
            return None;
        }
        let before = self.known.get(&order).map(|known| known.volume);
        match row.action {
            Action::Deleted => {
                self.known.remove(&order);
            }
            _ => {
                if let Some(known) = self.known.get_mut(&order) {
                    known.volume = volume;
                }
            }
        }
        match before {
            Some(before) if volume < before => Some(Drop::Units(before - volume)),
            Some(_) => None,
            None => (row.action == Action::Changed || volume == 0).then_some(Drop::Unknown),
        }
    }

    /// The youngest unpaired fill of the other side that `fits`, as a place in the window.
    fn nearest(&self, side: Side, fits: impl Fn(Drop) -> bool) -> Option<usize> {
        let newest_ns = self.window.back()?.row.time_ns;
        self.window.iter().rposition(|slot| {
            newest_ns.saturating_sub(slot.row.time_ns) <= WINDOW_NS
                && slot.row.side != side
                && slot.half.is_none()
                && slot.drop.is_some_and(&fits)
        })
    }

    /// Pairs the row at `earlier` with the one at `later`, whose order was created as `created`.
    fn pair(&mut self, earlier: usize, later: usize, units: u64, created: Option<u64>) {
        let (one, two) = (self.window[earlier], self.window[later]);
        let one_created = self.known.get(&one.row.order).map(|known| known.created);
        // An order that ended with this fill is no longer known, so look for its creation in the
        // window: what is not there is older than all that is.
        let one_created = one_created.or_else(|| self.created_in_window(one.row.order));
        let two_is_maker = created < one_created;
        let half = |other: &Slot, is_maker| {
            Some(Half { order: other.row.order, number: other.number, is_maker, units })
        };
        self.window[earlier].half = half(&two, !two_is_maker);
        self.window[later].half = half(&one, two_is_maker);
        self.counts.paired += 1;
    }

    fn created_in_window(&self, order: OrderId) -> Option<u64> {
        let created = |slot: &&Slot| slot.row.order == order && slot.row.action == Action::Created;
        self.window.iter().find(created).map(|slot| slot.number)
    }

    /// Pairs the oldest row with a fill of which one size is unknown: an order older than the
    /// record against one of the record.
    fn pair_with_older(&mut self, oldest: Slot) {
        let wants_unknown = oldest.drop != Some(Drop::Unknown);
        let Some(at) = self.window.iter().position(|slot| {
            slot.row.side != oldest.row.side
                && slot.half.is_none()
                && match slot.drop {
                    Some(Drop::Unknown) => wants_unknown,
                    Some(Drop::Units(_)) => !wants_unknown,
                    None => false,
                }
        }) else {
            return;
        };
        let drops = (oldest.drop, self.window[at].drop);
        let ((Some(Drop::Units(units)), _) | (_, Some(Drop::Units(units)))) = drops else {
            return;
        };
        let other = self.window[at];
        let half = |other: &Slot, is_maker| {
            Some(Half { order: other.row.order, number: other.number, is_maker, units })
        };
        self.window[0].half = half(&other, !wants_unknown);
        self.window[at].half = half(&oldest, wants_unknown);
        self.counts.paired += 1;
        self.counts.paired_with_older += 1;
    }
}
